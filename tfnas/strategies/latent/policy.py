"""`Policy`: an LSTM that says where in a latent space to go next."""

from __future__ import annotations

import importlib
from typing import Any

import numpy as np

from tfnas._keras import graph_keras, tensorflow
from tfnas.models.autoregressive.weights import glorot

tf_keras = graph_keras()
tf = tensorflow()
tfp = importlib.import_module("tensorflow_probability")
tfd = tfp.distributions


class Policy(tf_keras.Model):
    """A normal distribution of actions around a mean that an LSTM makes of the points so far.

    arch2vec, section 3.3.1 and appendix A, where its covariance is one and actions are points. Local actions, which are
    not in the paper, are steps from the last point, in units that follow from how wide the points lie.

    Args:
        width: D, the size of a point.
        hidden: Size of the LSTM's state.
        seed: For the first weights.
        deviation: Standard deviation of an action, in units.
        is_local: Whether actions are steps from the last point.
    """

    def __init__(self, width: int, hidden: int, seed: int, deviation: float = 1.0, is_local: bool = False) -> None:
        super().__init__()
        self._deviation, self._is_local = deviation, is_local
        self._centre = tf.Variable(tf.zeros([width]), trainable=False)
        self._unit = tf.Variable(1.0, trainable=False)
        self._cell = tf_keras.layers.LSTMCell(hidden)
        self._mean = tf_keras.layers.Dense(width)
        self._means(tf.zeros([1, width]))
        first = glorot(self.trainable_variables, np.random.default_rng(seed))
        for variable, array in zip(self.trainable_variables, first):
            if np.ptp(variable.numpy()) > 0:
                variable.assign(array)
        self.points = tf.TensorSpec([None, width], tf.float32)
        self.means = tf.function(self._means, input_signature=[self.points])

    @property
    def deviation(self) -> float:
        """Standard deviation of an action."""
        return self._deviation * float(self._unit)

    def measure(self, points: np.ndarray) -> None:
        """Sets the unit of local actions: the root of the mean variance of the coordinates of points, [C, D]."""
        self._centre.assign(points.mean(0))
        self._unit.assign(max(float(np.sqrt(points.var(0).mean())), float(np.finfo(np.float32).eps)))

    def gained(self, points, actions, advantages):
        """Returns the mean of the advantages times the log-probabilities of the actions, of an episode of T steps.

        Args:
            points: Where the steps began, [T, D].
            actions: What was drawn there, [T, D].
            advantages: What came of it, [T].
        """
        drawn = tfd.MultivariateNormalDiag(self._means(points), self._deviation * self._unit * tf.ones_like(actions))
        return tf.reduce_mean(advantages * drawn.log_prob(actions))

    def _means(self, points):
        """Returns the means of the actions at the points of an episode, in order. [T, D] to [T, D]."""
        zeros = tf.zeros([1, self._cell.units])
        length = tf.shape(points)[0]
        seen = (points - self._centre) / self._unit

        def body(step, carry, hidden, found):
            output, (hidden, carry) = self._cell(seen[step][None], [hidden, carry])
            return step + 1, carry, hidden, found.write(step, output[0])

        found = tf.TensorArray(tf.float32, length, element_shape=[self._cell.units])
        _, _, _, found = tf.while_loop(lambda step, *_: step < length, body, (0, zeros, zeros, found))
        means = self._mean(found.stack())
        return points + self._deviation * self._unit * means if self._is_local else means


class PolicyLearner:
    """Adam on a policy's weights.

    Args:
        policy: What learns.
        rate: Learning rate.
    """

    def __init__(self, policy: Policy, rate: float) -> None:
        self.policy = policy
        self._optimizer = tf_keras.optimizers.Adam(rate)
        self._optimizer.build(policy.trainable_variables)
        signature = [policy.points, policy.points, tf.TensorSpec([None], tf.float32)]
        self.learn = tf.function(self._learn, input_signature=signature)

    @property
    def state(self) -> list[Any]:
        """All variables, the optimiser's too."""
        return [*self.policy.variables, *self._optimizer.variables]

    def _learn(self, points, actions, advantages):
        """Makes a step up `Policy.gained`, and returns what that was before."""
        with tf.GradientTape() as tape:
            gained = self.policy.gained(points, actions, advantages)
            loss = -gained
        variables = self.policy.trainable_variables
        self._optimizer.apply_gradients(zip(tape.gradient(loss, variables), variables))
        return gained

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
    """A normal distribution of actions around a mean that an LSTM makes of the points so far; its covariance is one.

    arch2vec, section 3.3.1 and appendix A.

    Args:
        width: D, the size of a point.
        hidden: Size of the LSTM's state.
        seed: For the first weights.
    """

    def __init__(self, width: int, hidden: int, seed: int) -> None:
        super().__init__()
        self._cell = tf_keras.layers.LSTMCell(hidden)
        self._mean = tf_keras.layers.Dense(width)
        self._means(tf.zeros([1, width]))
        first = glorot(self.trainable_variables, np.random.default_rng(seed))
        for variable, array in zip(self.trainable_variables, first):
            if np.ptp(variable.numpy()) > 0:
                variable.assign(array)
        self.points = tf.TensorSpec([None, width], tf.float32)
        self.means = tf.function(self._means, input_signature=[self.points])

    def gained(self, points, actions, advantages):
        """Returns the mean of the advantages times the log-probabilities of the actions, of an episode of T steps.

        Args:
            points: Where the steps began, [T, D].
            actions: What was drawn there, [T, D].
            advantages: What came of it, [T].
        """
        drawn = tfd.MultivariateNormalDiag(self._means(points), tf.ones_like(actions))
        return tf.reduce_mean(advantages * drawn.log_prob(actions))

    def _means(self, points):
        """Returns the means of the actions at the points of an episode, in order. [T, D] to [T, D]."""
        zeros = tf.zeros([1, self._cell.units])
        length = tf.shape(points)[0]

        def body(step, carry, hidden, found):
            output, (hidden, carry) = self._cell(points[step][None], [hidden, carry])
            return step + 1, carry, hidden, found.write(step, output[0])

        found = tf.TensorArray(tf.float32, length, element_shape=[self._cell.units])
        _, _, _, found = tf.while_loop(lambda step, *_: step < length, body, (0, zeros, zeros, found))
        return self._mean(found.stack())


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

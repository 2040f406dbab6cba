"""`JointLearner`: a policy and the encoder of its points, which learn from the same rewards."""

from __future__ import annotations

from typing import Any

import numpy as np

from tfnas._keras import graph_keras, tensorflow
from tfnas.models.supervised_encoder.network import SupervisedEncoder
from tfnas.strategies.latent.policy import Policy

tf_keras = graph_keras()
tf = tensorflow()


class JointLearner:
    """Adam on a policy's weights and an encoder's, through the points at which the policy was.

    Actions, and which candidates were nearest to them, are what they were: no gradient flows through these.

    Args:
        policy: Says where to go.
        encoder: Makes points of graphs.
        rate: Learning rate of both.
        seed: For the encoder's first weights.
    """

    def __init__(self, policy: Policy, encoder: SupervisedEncoder, rate: float, seed: int) -> None:
        self.policy, self.encoder = policy, encoder
        encoder.start(np.random.default_rng([seed, 2]))
        self._trained = [*policy.trainable_variables, *encoder.trainable_variables]
        self._optimizer = tf_keras.optimizers.Adam(rate)
        self._optimizer.build(self._trained)
        signature = [*encoder.signature, policy.points, tf.TensorSpec([None], tf.float32)]
        self.learn = tf.function(self._learn, input_signature=signature)

    @property
    def state(self) -> list[Any]:
        """All variables, the optimiser's too."""
        return [*self.policy.variables, *self.encoder.variables, *self._optimizer.variables]

    def _learn(self, adjacency, ops, actions, advantages):
        """Makes a step up `Policy.gained` of an episode of T graphs, and returns what that was before."""
        with tf.GradientTape() as tape:
            gained = self.policy.gained(self.encoder.vectors(adjacency, ops, training=True), actions, advantages)
            loss = -gained
        self._optimizer.apply_gradients(zip(tape.gradient(loss, self._trained), self._trained))
        return gained

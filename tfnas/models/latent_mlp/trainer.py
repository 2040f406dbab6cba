"""`JointTrainer`: the autoencoders' trainer, with a value for each graph."""

from __future__ import annotations

from typing import Any

import numpy as np

from tfnas._keras import tensorflow
from tfnas.models.autoencoder.config import TrainingConfig
from tfnas.models.autoencoder.trainer import Trainer
from tfnas.models.latent_mlp.network import JointNetwork

tf = tensorflow()


class JointTrainer(Trainer):
    """Minimises `JointNetwork.loss_of`; see `Trainer` for the rest, which it shares.

    Args:
        network: What is trained, in place.
        config: How.
        y: What the graphs are worth that `fit` is given. Shape [B].
        seed: For the order, the points that are drawn, and dropout.
    """

    def __init__(self, network: JointNetwork, config: TrainingConfig, y: np.ndarray, *, seed: int = 0) -> None:
        super().__init__(network, config, seed=seed)
        self._y = tf.constant(y, network.dtype)
        size = network.form.nodes
        self._run = tf.function(
            self._joint_steps,
            input_signature=[
                tf.TensorSpec([None, size, size], tf.int32),
                tf.TensorSpec([None, size], tf.int32),
                tf.TensorSpec([None], network.dtype),
                tf.TensorSpec([None, None], tf.int32),
            ],
        )

    def _train(self, tensors: tuple[Any, ...], order: np.ndarray) -> float:
        return super()._train((*tensors, self._y), order)

    def _joint_steps(self, adjacency, ops, y, rows):
        def body(index, total):
            batch = (tf.gather(array, rows[index]) for array in (adjacency, ops, y))
            return index + 1, total + self._joint_step(*batch)

        count = tf.shape(rows)[0]
        start = tf.constant(0), tf.constant(0.0, self.network.dtype)
        _, total = tf.while_loop(lambda index, _: index < count, body, start)
        return total / tf.cast(count, total.dtype)

    def _joint_step(self, adjacency, ops, y):
        variables = self.network.trainable_variables
        seed = tf.stack([tf.constant(self._seed, tf.int64), self._optimizer.steps])
        with tf.GradientTape() as tape:
            loss = self.network.loss_of(adjacency, ops, y, tf.cast(seed, tf.int32))
        self._optimizer.apply(tape.gradient(loss, variables))
        return loss

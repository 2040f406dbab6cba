"""`JointNetwork`: an autoencoder's network and an MLP on its means."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tfnas._keras import graph_keras, tensorflow
from tfnas.models.autoencoder.network import AutoencoderNetwork
from tfnas.models.autoregressive.weights import glorot
from tfnas.models.latent_mlp.config import LatentMLPConfig

tf_keras = graph_keras()
tf = tensorflow()
layers = tf_keras.layers


class JointNetwork(tf_keras.Model):
    """Predicts a value from the mean of a graph's posterior; a point of several nodes is read as one vector.

    Args:
        autoencoder: With its variables.
        config: Sizes and weights.
    """

    def __init__(self, autoencoder: AutoencoderNetwork, config: LatentMLPConfig) -> None:
        super().__init__(dtype=autoencoder.dtype)
        self.form, self._config, self._autoencoder = autoencoder.form, config, autoencoder
        self._width = math.prod(autoencoder.latent_shape)
        hidden = [layers.Dense(size, activation="relu", dtype=self.dtype) for size in config.hidden]
        self._mlp = tf_keras.Sequential([*hidden, layers.Dense(1, dtype=self.dtype)])
        self._mlp.build([None, self._width])
        size = self.form.nodes
        graphs = tf.TensorSpec([None, size, size], tf.int32), tf.TensorSpec([None, size], tf.int32)
        self.predicted = tf.function(lambda *graphs: self.values(*graphs, training=False), input_signature=graphs)

    def start(self, value: float, rng: np.random.Generator) -> None:
        """Draws new weights for the MLP; its last bias becomes a value."""
        variables = self._mlp.trainable_variables
        for variable, drawn in zip(variables, glorot(variables, rng)):
            variable.assign(drawn)
        variables[-1].assign([value])

    def values(self, adjacency: Any, ops: Any, *, training: bool) -> Any:
        """Returns what is predicted of B graphs. [B]."""
        mean = self._autoencoder.posterior(adjacency, ops, training=training).mean()
        return self._mlp(tf.reshape(mean, [-1, self._width]))[:, 0]

    def loss_of(self, adjacency: Any, ops: Any, y: Any, seed: Any) -> Any:
        """Returns what a step of training minimises, a scalar.

        Args:
            adjacency: See `GraphArrays`. Int, shape [B, N, N].
            ops: See `GraphArrays`. Int, shape [B, N].
            y: What the graphs are worth. Float, shape [B].
            seed: Stateless seed, int32 [2].
        """
        error = tf.reduce_mean((self.values(adjacency, ops, training=True) - y) ** 2)
        share = self._config.share
        # where it weighs nothing, the decoder is not run
        return (1 - share) * error + (share * self._autoencoder.loss_of(adjacency, ops, seed) if share else 0.0)

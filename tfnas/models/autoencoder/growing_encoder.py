"""`GrowingEncoder`: the encoder of SVGe and DGMG, section III-A of SVGe."""

from __future__ import annotations

import importlib
from typing import Any

from tfnas._keras import graph_keras, tensorflow
from tfnas.models.autoencoder.graph_tensors import NODES, dense, graph_tensor
from tfnas.models.autoencoder.growing_config import GrowingConfig
from tfnas.models.autoencoder.growing_messages import GatedSums, Propagation

tf_keras = graph_keras()
tf = tensorflow()
tfp = importlib.import_module("tensorflow_probability")
tfd = tfp.distributions
layers = tf_keras.layers


class GrowingEncoder(layers.Layer):
    """States of nodes begin with what is learned of their operators, and end up in a mean and a log-variance.

    All is a sum over nodes, so it does not depend on their order.

    Args:
        operators: V.
        config: Sizes and forms.
        parts: See `Propagation`; all parts of a state begin alike.
    """

    def __init__(self, operators: int, config: GrowingConfig, parts: Any) -> None:
        super().__init__(dtype=config.dtype)
        self._parts = len(parts)
        self._embedding = layers.Embedding(operators, config.hidden // len(parts), dtype=config.dtype)
        self._propagation = Propagation(config.hidden, config.rounds, parts, config.dtype)
        self._sums = GatedSums(config.latent, config.dtype)

    def call(self, adjacency, ops):
        """Returns the posterior of B graphs, see `AutoencoderNetwork.posterior`; events have the shape [latent]."""
        graph = graph_tensor(adjacency, ops)
        h = tf.tile(self._embedding(graph.node_sets[NODES]["op"]), [1, self._parts])
        shares = self._sums(self._propagation(graph, h))
        mean, log_variance = tf.split(tf.reduce_sum(dense(shares, ops), 1), 2, -1)
        return tfd.Independent(tfd.Normal(mean, tf.exp(log_variance / 2)), 1)

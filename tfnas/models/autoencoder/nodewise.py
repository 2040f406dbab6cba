"""`NodewiseNetwork`: autoencoders with a latent point for each node, equations 1 and 3 to 5 of arch2vec."""

from __future__ import annotations

import abc
import importlib
from typing import Any

from tfnas._keras import graph_keras, tensorflow
from tfnas.models.autoencoder.choices import FreeChoices, LawfulChoices
from tfnas.models.autoencoder.graph_form import GraphForm
from tfnas.models.autoencoder.graph_tensors import NODES, dense, graph_tensor
from tfnas.models.autoencoder.network import AutoencoderNetwork, GraphDecoder
from tfnas.models.autoencoder.nodewise_config import NodewiseConfig

tf_keras = graph_keras()
tf = tensorflow()
tfp = importlib.import_module("tensorflow_probability")
tfd = tfp.distributions
layers = tf_keras.layers

_PAIRS = 64
"""Size of the layers of `SymmetricPairs`."""


class InnerProduct(layers.Layer):
    """Equation 3: the logit of an edge is the inner product of its nodes' points."""

    def call(self, z):
        """Returns logits. [B, N, D] to [B, N, N]."""
        return tf.matmul(z, z, transpose_b=True)


class SymmetricPairs(layers.Layer):
    """A general symmetric function of two points: an MLP of the sum of what another MLP makes of each.

    With the inner product, nodes of equal points, which the encoder cannot tell apart, always seem linked; here
    they need not be. Not in the paper.
    """

    def __init__(self, size: int, dtype: str) -> None:
        super().__init__(dtype=dtype)
        self._each = tf_keras.Sequential(
            [layers.Dense(size, activation="relu", dtype=dtype), layers.Dense(size, dtype=dtype)]
        )
        self._both = layers.Dense(1, dtype=dtype)

    def call(self, z):
        """Returns logits. [B, N, D] to [B, N, N]."""
        each = self._each(z)
        return self._both(tf.nn.relu(each[:, :, None] + each[:, None]))[..., 0]


class NodewiseNetwork(AutoencoderNetwork):
    """The encoder is permutation-equivariant, and the decoder reads each node's point, so nodes keep their order.

    Subclasses are final and say how nodes hear of each other.

    Args:
        form: Of the graphs.
        config: Sizes and forms.
    """

    def __init__(self, form: GraphForm, config: NodewiseConfig) -> None:
        super().__init__(form, config)
        self._layers = [self._layer(size, config.dtype) for size in config.hidden]
        self._mean = layers.Dense(config.latent, dtype=config.dtype)
        # scales start at one
        self._log_scale = (
            layers.Dense(config.latent, kernel_initializer="zeros", dtype=config.dtype)
            if config.is_variational
            else None
        )
        self._ops = layers.Dense(len(form.operators), dtype=config.dtype)
        is_product = config.pairs == "inner_product"
        self._pairs = InnerProduct(dtype=config.dtype) if is_product else SymmetricPairs(_PAIRS, config.dtype)

    @abc.abstractmethod
    def _layer(self, size: int, dtype: str) -> Any:
        """Returns a layer of the encoder: ``layer(graph, h, training)`` maps states of the nodes to others."""

    @property
    def latent_shape(self) -> tuple[int, ...]:
        return self.form.nodes, self._config.latent

    def posterior(self, adjacency, ops, *, training: bool) -> Any:
        graph = graph_tensor(adjacency, ops)
        h = tf.one_hot(graph.node_sets[NODES]["op"], len(self.form.operators), dtype=self.dtype)
        for layer in self._layers:
            h = layer(graph, h, training)
        mean = dense(self._mean(h), ops)
        if self._log_scale is None:
            return tfd.Independent(tfd.Deterministic(mean), 2)
        # where there is no node the scale is one, so the divergence is zero
        return tfd.Independent(tfd.Normal(mean, tf.exp(dense(self._log_scale(h), ops))), 2)

    def decoder(self, z, *, training: bool = False, seed: Any = None) -> GraphDecoder:
        if training and self._config.dropout:
            z = tf.nn.experimental.stateless_dropout(z, self._config.dropout, seed)
        ops, edges = self._ops(z), self._pairs(z)
        if self._config.grammar:
            return LawfulChoices(ops, edges, self.form.rules)
        return FreeChoices(ops, edges)

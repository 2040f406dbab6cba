"""`SupervisedEncoder`: graph isomorphism layers, tanh, and the mean over nodes."""

from __future__ import annotations

from typing import Any

import numpy as np

from tfnas._keras import graph_keras, tensorflow
from tfnas.models.arch2vec.network import GraphIsomorphism
from tfnas.models.autoencoder.graph_form import GraphArrays, GraphForm
from tfnas.models.autoencoder.graph_tensors import NODES, dense, graph_tensor
from tfnas.models.autoregressive.weights import glorot
from tfnas.models.supervised_encoder.config import SupervisedEncoderConfig

tf_keras = graph_keras()
tf = tensorflow()
layers = tf_keras.layers

_CHUNK = 1024
"""Graphs that are encoded at once."""


class SupervisedEncoder(tf_keras.Model):
    """Maps graphs to vectors: arch2vec's encoder (equation 2) up to a node's vector, tanh of that, mean over nodes.

    Batch normalisation has no running statistics: outside of training it goes by the graphs of the last training step
    or, after it, of `settle`. Running ones would lag behind the weights, which learn from a few graphs in a few steps.

    Args:
        form: Of the graphs.
        config: Sizes.
    """

    def __init__(self, form: GraphForm, config: SupervisedEncoderConfig) -> None:
        super().__init__()
        self.form = form
        self._layers = [GraphIsomorphism(size, "float32") for size in config.layers]
        self._vector = layers.Dense(config.latent, activation="tanh")
        nodes = form.nodes
        self.signature = tf.TensorSpec([None, nodes, nodes], tf.int32), tf.TensorSpec([None, nodes], tf.int32)
        self.vectors(np.triu(np.ones((1, nodes, nodes), np.int32), 1), np.zeros((1, nodes), np.int32), training=True)
        for part in self.submodules:
            if isinstance(part, layers.BatchNormalization):
                part.momentum = 0.0
        self._first = [variable.numpy() for variable in self.variables]
        self._embed = tf.function(lambda *graphs: self.vectors(*graphs, training=False), input_signature=self.signature)
        self._settle = tf.function(lambda *graphs: self.vectors(*graphs, training=True), input_signature=self.signature)

    def start(self, rng: np.random.Generator) -> None:
        """Draws new weights."""
        for variable, value in zip(self.variables, self._first):
            variable.assign(value)
        for variable, drawn in zip(self.trainable_variables, glorot(self.trainable_variables, rng)):
            if variable.shape.rank == 2:
                variable.assign(drawn)

    def vectors(self, adjacency: Any, ops: Any, *, training: bool) -> Any:
        """Returns the vectors of B graphs. [B, D].

        Args:
            adjacency: See `GraphArrays`. Int, shape [B, N, N].
            ops: See `GraphArrays`. Int, shape [B, N].
            training: Whether batch normalisation goes by these graphs, and remembers them.
        """
        graph = graph_tensor(adjacency, ops)
        h = tf.one_hot(graph.node_sets[NODES]["op"], len(self.form.operators), dtype=self.dtype)
        for layer in self._layers:
            h = layer(graph, h, training)
        count = tf.reduce_sum(tf.cast(ops >= 0, self.dtype), 1, keepdims=True)
        return tf.reduce_sum(dense(self._vector(h), ops), 1) / count

    def settle(self, graphs: GraphArrays) -> None:
        """Makes batch normalisation go by all of some graphs."""
        self._settle(*graphs)

    def embed(self, graphs: GraphArrays) -> np.ndarray:
        """Returns the vectors of B graphs. Float32, shape [B, D]."""
        starts = range(0, len(graphs.ops), _CHUNK)
        return np.concatenate([self._embed(*graphs.take(slice(start, start + _CHUNK))).numpy() for start in starts])

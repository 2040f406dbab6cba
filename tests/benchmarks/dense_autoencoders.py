"""The arithmetic of the graph autoencoders with dense matrices in place of edge lists, to compare with."""

from __future__ import annotations

import contextlib
from typing import Any, Iterator
from unittest import mock

from tfnas._keras import graph_keras, tensorflow
from tfnas.models.arch2vec.network import GraphIsomorphism
from tfnas.models.autoencoder import growing_encoder, growing_network
from tfnas.models.autoencoder.growing_messages import MessageRound, Propagation
from tfnas.models.autoencoder.nodewise import NodewiseNetwork
from tfnas.models.gae.network import GraphConvolution

graph_keras()
tf = tensorflow()


class DenseGraphs:
    """B graphs of N nodes each, empty ones among them.

    Args:
        adjacency: Int, shape [B, N, N].
        ops: Int, shape [B, N].
    """

    def __init__(self, adjacency: Any, ops: Any) -> None:
        self.along = tf.cast(adjacency, tf.float32)
        self.there = tf.cast(ops >= 0, tf.float32)[..., None]
        self.ops, self.nodes = ops, adjacency.shape[1]

    def neighbours(self, h: Any, is_along: bool) -> Any:
        """Returns the sums of what is sent along the edges, or against them. [B N, D] to [B N, D]."""
        states = tf.reshape(h, [-1, self.nodes, h.shape[-1]])
        return tf.reshape(tf.matmul(self.along, states, transpose_a=is_along), [-1, h.shape[-1]])

    def degrees(self, is_along: bool) -> Any:
        """Returns how many edges each node receives by. [B N, 1]."""
        return tf.reshape(tf.reduce_sum(self.along, 1 if is_along else 2), [-1, 1])


@contextlib.contextmanager
def dense() -> Iterator[None]:
    """Within it networks that are traced use dense matrices; weights and results stay the same."""

    def message_round(self, graph, h, degrees):
        total = []
        for (sender, _), linear, bias in zip(self._ways, self._linear, self._bias):
            is_along = sender == 0
            degree = graph.degrees(is_along)
            total.append(linear(tf.concat([graph.neighbours(h, is_along), degree * h], -1)) + degree * bias)
        return self._cell(tf.add_n(total), [h])[0]

    def propagation(self, graph, h):
        states = tf.split(h, self._parts, -1)
        for each in self._rounds:
            states = [layer(graph, state, None) for layer, state in zip(each, states)]
        return tf.concat(states, -1)

    def encoder(self, adjacency, ops):
        graph = DenseGraphs(adjacency, ops)
        h = tf.tile(self._embedding(tf.reshape(tf.maximum(ops, 0), [-1])), [1, self._parts])
        shares = self._sums(self._propagation(graph, h))
        shares = tf.reshape(shares, [-1, graph.nodes, shares.shape[-1]]) * graph.there
        mean, log_variance = tf.split(tf.reduce_sum(shares, 1), 2, -1)
        tfd = growing_encoder.tfd
        return tfd.Independent(tfd.Normal(mean, tf.exp(log_variance / 2)), 1)

    def isomorphism(self, graph, h, training):
        received = (1 + self._epsilon) * h + graph.neighbours(h, True) + graph.neighbours(h, False)
        for linear, normal in zip(self._linear, self._normal):
            received = tf.nn.relu(normal(linear(received), training=training))
        return received

    def convolution(self, graph, h, training):
        scale = tf.math.rsqrt(1 + graph.degrees(True) + graph.degrees(False))
        scaled = scale * self._linear(h)
        received = scaled + graph.neighbours(scaled, True) + graph.neighbours(scaled, False)
        return tf.nn.relu(self._normal(scale * received, training=training))

    def posterior(self, adjacency, ops, *, training):
        tfd = growing_encoder.tfd
        graph = DenseGraphs(adjacency, ops)
        h = tf.one_hot(tf.reshape(ops, [-1]), len(self.form.operators), dtype=self.dtype)
        for layer in self._layers:
            h = layer(graph, h, training)

        def of_nodes(values):
            return tf.reshape(values, [-1, graph.nodes, values.shape[-1]]) * graph.there

        mean = of_nodes(self._mean(h))
        if self._log_scale is None:
            return tfd.Independent(tfd.Deterministic(mean), 2)
        return tfd.Independent(tfd.Normal(mean, tf.exp(of_nodes(self._log_scale(h)))), 2)

    with contextlib.ExitStack() as stack:
        for kind, name, function in (
            (MessageRound, "call", message_round),
            (Propagation, "call", propagation),
            (growing_encoder.GrowingEncoder, "call", encoder),
            (GraphIsomorphism, "call", isomorphism),
            (GraphConvolution, "call", convolution),
            (NodewiseNetwork, "posterior", posterior),
            (growing_network, "graph_tensor", DenseGraphs),
        ):
            stack.enter_context(mock.patch.object(kind, name, function))
        yield

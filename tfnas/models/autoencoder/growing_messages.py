"""The layers that pass messages in SVGe and DGMG: equations 2 to 4 of SVGe."""

from __future__ import annotations

import importlib
from typing import Any

from tfnas._keras import graph_keras, tensorflow
from tfnas.models.autoencoder.graph_tensors import EDGES

tf_keras = graph_keras()
tf = tensorflow()
tfgnn = importlib.import_module("tensorflow_gnn")
layers = tf_keras.layers

unconverted = tf.autograph.experimental.do_not_convert
"""For what has no loops but Python's: AutoGraph's search for others takes longer than all else in tracing."""

_ALONG, _AGAINST = (tfgnn.SOURCE, tfgnn.TARGET), (tfgnn.TARGET, tfgnn.SOURCE)

APART = ((_ALONG,), (_AGAINST,))
"""One half of a state receives messages along the edges, the other half against them, as in SVGe."""

TOGETHER = ((_ALONG, _AGAINST),)
"""All of a state receives both, as in DGMG."""


class MessageRound(layers.Layer):
    """One round of equation 2: a GRU gets the sum of the messages that reach a node.

    A message is linear in the states of both its ends, [h_j, h_i], and twice as wide as a state. So the messages of
    a node's d neighbours add up to the same map of [sum of h_j, d h_i], and d times the bias, and nothing so wide is
    computed for each edge.

    Args:
        size: Of a state.
        ways: The sender and the receiver of each kind of message, which has weights of its own.
        dtype: Of the weights.
    """

    def __init__(self, size: int, ways: tuple[tuple[int, int], ...], dtype: str) -> None:
        super().__init__(dtype=dtype)
        self._ways = ways
        self._linear = [layers.Dense(2 * size, use_bias=False, dtype=dtype) for _ in ways]
        self._bias = [self.add_weight(name="bias", shape=[2 * size], initializer="zeros") for _ in ways]
        self._cell = layers.GRUCell(size, dtype=dtype)

    def call(self, graph, h, degrees):
        """Returns the next states. [n, size] to [n, size].

        Args:
            graph: Of `graph_tensor`.
            h: States of its nodes.
            degrees: Number of messages that reach each node, [n, 1], by receiver.
        """
        total = []
        for (sender, receiver), linear, bias in zip(self._ways, self._linear, self._bias):
            sent = tfgnn.broadcast_node_to_edges(graph, EDGES, sender, feature_value=h)
            received = tfgnn.pool_edges_to_node(graph, EDGES, receiver, "sum", feature_value=sent)
            degree = degrees[receiver]
            total.append(linear(tf.concat([received, degree * h], -1)) + degree * bias)
        return self._cell(tf.add_n(total), [h])[0]


class Propagation(layers.Layer):
    """All rounds, each with its own weights.

    Args:
        size: Of a state.
        rounds: Their number.
        parts: Which messages each part of a state receives: `APART` or `TOGETHER`.
        dtype: Of the weights.
    """

    def __init__(self, size: int, rounds: int, parts: Any, dtype: str) -> None:
        super().__init__(dtype=dtype)
        self._parts = len(parts)
        self._rounds = [[MessageRound(size // len(parts), ways, dtype) for ways in parts] for _ in range(rounds)]

    def call(self, graph, h):
        """Returns the states after all rounds. [n, size] to [n, size]."""
        degrees = {
            end: tf.cast(tfgnn.node_degree(graph, EDGES, end), h.dtype)[:, None] for end in (tfgnn.SOURCE, tfgnn.TARGET)
        }
        states = tf.split(h, self._parts, -1)
        for each in self._rounds:
            states = [layer(graph, state, degrees) for layer, state in zip(each, states)]
        return tf.concat(states, -1)


class GatedSums(layers.Layer):
    """Equation 4, twice: what nodes add to two sums over a graph; a gate is one number for all entries.

    Args:
        size: Of each sum.
        dtype: Of the weights.
    """

    def __init__(self, size: int, dtype: str) -> None:
        super().__init__(dtype=dtype)
        self._size = size
        self._linear = layers.Dense(2 + 2 * size, dtype=dtype)

    def call(self, h, is_gated=True):
        """Returns the shares of both sums, one after the other. [n, D] to [n, 2 size]."""
        gates, values = tf.split(self._linear(h), [2, 2 * self._size], -1)
        return values * tf.repeat(tf.sigmoid(gates), self._size, -1) if is_gated else values

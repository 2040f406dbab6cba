"""Who chooses while graphs grow: the graphs that are there, chance, or what is most probable."""

from __future__ import annotations

import importlib
from typing import Any

import numpy as np

from tfnas._keras import graph_keras, tensorflow
from tfnas.models.autoencoder.choices import most_probable_edges
from tfnas.models.autoencoder.growing_network import Choices
from tfnas.models.autoregressive.likelihood import EdgesIn, limits
from tfnas.models.autoregressive.rules import Rules

graph_keras()
tf = tensorflow()
tfp = importlib.import_module("tensorflow_probability")
tfd = tfp.distributions

_IMPOSSIBLE = -1e9
"""A logarithm of zero that keeps gradients finite."""


class GrowthBounds:
    """The distributions of single choices within the rules of growth.

    Args:
        rules: Of `growth_rules`.
    """

    def __init__(self, rules: Rules) -> None:
        self.limits = limits(rules)
        ends = np.flatnonzero(rules.ends)
        self.end = int(ends[0]) if len(ends) else None
        self.candidates = np.maximum(rules.free.sum(1), 1)
        self._largest = int(rules.high.max()) if rules.is_counted else None

    def operators(self, logits: Any, nodes: Any) -> Any:
        """Returns the distribution of operators, for logits, [B, V] or [B, N, V].

        Args:
            logits: What a network says.
            nodes: The node, or a slice of all.
        """
        impossible = tf.constant(_IMPOSSIBLE, logits.dtype)
        return tfd.Categorical(logits=tf.where(self.limits.allowed[nodes], logits, impossible))

    def edges(self, logits: Any, nodes: Any) -> EdgesIn:
        """Returns the distribution of edges from the first nodes, for logits, [B, n] or [B, N, N].

        Args:
            logits: What a network says.
            nodes: The node that the edges run into, or a slice of all.
        """
        count, bounds = logits.shape[-1], self.limits
        forced, free = bounds.forced[nodes][..., :count], bounds.free[nodes][..., :count]
        return EdgesIn(logits, forced, free, bounds.low[nodes], bounds.high[nodes], self._largest)

    def admit(self, adjacency: Any, ops: Any) -> Any:
        """Returns which of B graphs, in the order of growth, can grow. Bool, shape [B]."""
        bounds, there = self.limits, ops >= 0
        into = tf.transpose(adjacency, [0, 2, 1]) > 0
        counts = tf.reduce_sum(tf.cast(into & bounds.free, tf.int32), -1)
        allowed = bounds.allowed & tf.one_hot(ops, bounds.allowed.shape[-1], True, False)
        fine = tf.reduce_any(allowed, -1) & (counts >= bounds.low) & (counts <= bounds.high)
        fine &= tf.reduce_all(tf.where(into, bounds.free | bounds.forced, ~bounds.forced), -1)
        fine |= ~there
        if self.end is not None:
            last = tf.reduce_sum(tf.cast(there, tf.int32), 1, keepdims=True) - 1
            fine &= (ops == self.end) == (tf.range(ops.shape[1]) == last)
        return tf.reduce_all(fine, -1)


class Taught(Choices):
    """The choices that made B graphs, in the order of growth; keeps what the network says of each.

    Args:
        adjacency: See `GraphArrays`. Int, shape [B, N, N].
        ops: See `GraphArrays`. Int, shape [B, N].
    """

    def __init__(self, adjacency: Any, ops: Any) -> None:
        self._adjacency, self._ops = adjacency, tf.maximum(ops, 0)
        self._of_ops: list = []
        self._of_edges: list = []

    def operator(self, node, logits):
        self._of_ops.append(logits)
        return self._ops[:, node]

    def edges(self, node, logits):
        self._of_edges.append(logits)
        return self._adjacency[:, :node, node]

    def logits(self) -> tuple[Any, Any]:
        """Returns the logits of the operators, [B, N, V], and those of the edges into each node, [B, N, N]."""
        size = len(self._of_ops)
        ops = tf.stack(self._of_ops, 1)
        rows = [tf.pad(row, [[0, 0], [0, size - row.shape[1]]]) for row in self._of_edges]
        return ops, tf.stack([tf.zeros([tf.shape(ops)[0], size], ops.dtype), *rows], 1)


class Drawn(Choices):
    """Draws, each choice with a seed of its own.

    Args:
        bounds: Rules.
        seed: Stateless seed, int32 [2].
    """

    def __init__(self, bounds: GrowthBounds, seed: Any) -> None:
        self._bounds = bounds
        size = bounds.limits.allowed.shape[0]
        self._seeds = tf.unstack(tfp.random.split_seed(seed, n=2 * size))

    def operator(self, node, logits):
        return self._bounds.operators(logits, node).sample(seed=self._seeds[2 * node])

    def edges(self, node, logits):
        drawn = self._bounds.edges(logits, node).sample(seed=self._seeds[2 * node + 1])
        return tf.cast(drawn, tf.int32)


class MostProbable(Choices):
    """Takes the most probable operator, then the most probable edges given that, and so on.

    Args:
        bounds: Rules.
    """

    def __init__(self, bounds: GrowthBounds) -> None:
        self._bounds = bounds

    def operator(self, node, logits):
        return self._bounds.operators(logits, node).mode()

    def edges(self, node, logits):
        limits = self._bounds.limits
        forced, free = limits.forced[node, :node], limits.free[node, :node]
        return most_probable_edges(logits, forced, free, limits.low[node], limits.high[node])

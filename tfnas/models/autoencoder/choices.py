"""`Choices`: decoders whose operators and edges are independent, given the latent point."""

from __future__ import annotations

import importlib
from typing import Any

import numpy as np

from tfnas._keras import graph_keras, tensorflow
from tfnas.models.autoencoder.network import GraphDecoder
from tfnas.models.autoregressive.likelihood import Limits, NodeDistribution, Parameters
from tfnas.models.autoregressive.rules import Rules

graph_keras()
tf = tensorflow()
tfp = importlib.import_module("tensorflow_probability")
tfd = tfp.distributions


class FreeChoices(GraphDecoder):
    """A categorical distribution for each node's operator, a Bernoulli for each pair of nodes i < j.

    Args:
        ops: Logits of the operators. Float, shape [B, N, V].
        edges: Logits of the edges from node i to node j, at [b, i, j]. Float, shape [B, N, N].
    """

    def __init__(self, ops: Any, edges: Any) -> None:
        self._ops, self._edges = tfd.Categorical(logits=ops), tfd.Bernoulli(logits=edges)
        size = ops.shape[1]
        self._pairs = np.triu(np.ones((size, size), bool), 1)

    def log_prob(self, adjacency, ops):
        there = ops >= 0
        pairs = there[:, :, None] & there[:, None, :] & self._pairs
        of_ops, of_edges = self._ops.log_prob(tf.maximum(ops, 0)), self._edges.log_prob(adjacency)
        total = tf.reduce_sum(tf.where(there, of_ops, tf.zeros_like(of_ops)), 1)
        return total + tf.reduce_sum(tf.where(pairs, of_edges, tf.zeros_like(of_edges)), [1, 2])

    def sample(self, seed):
        for_ops, for_edges = tf.unstack(tfp.random.split_seed(seed, n=2))
        return tf.where(self._pairs, self._edges.sample(seed=for_edges), 0), self._ops.sample(seed=for_ops)

    def mode(self):
        return tf.where(self._pairs, self._edges.mode(), 0), self._ops.mode()


class LawfulChoices(GraphDecoder):
    """The same, renormalised after the rules of a grammar have struck out what they forbid.

    `log_prob` takes for granted that graphs keep the rules.

    Args:
        ops: As in `FreeChoices`.
        edges: As in `FreeChoices`.
        rules: Of the graphs, of at most N nodes.
    """

    def __init__(self, ops: Any, edges: Any, rules: Rules) -> None:
        self._limits = padded_limits(rules, ops.shape[1])
        self._into = tf.transpose(edges, [0, 2, 1])  # as in rules, rows are targets
        one_component, one_label = tf.zeros_like(self._into[..., :1]), tf.zeros_like(self._into)[..., None]
        parameters = Parameters(one_component, self._into[..., None, :], one_label, ops)
        self._nodes = NodeDistribution(parameters, self._limits, int(rules.high.max()) if rules.is_counted else None)

    def log_prob(self, adjacency, ops):
        each = self._nodes.log_prob(tf.maximum(ops, 0), tf.transpose(adjacency, [0, 2, 1]))
        return tf.reduce_sum(tf.where(ops >= 0, each, tf.zeros_like(each)), 1)

    def sample(self, seed):
        ops, edges = self._nodes.sample(seed)
        return tf.transpose(edges, [0, 2, 1]), ops

    def mode(self):
        limits = self._limits
        edges = most_probable_edges(self._into, limits.forced, limits.free, limits.low, limits.high)
        return tf.transpose(edges, [0, 2, 1]), self._nodes.ops.mode()


def most_probable_edges(logits: Any, forced: Any, free: Any, low: Any, high: Any) -> Any:
    """Returns the most probable edges into nodes whose numbers of free edges are limited. Int32, shape [..., N].

    Args:
        logits: Of the edges. Float, shape [..., N].
        forced: Bool, shape [..., N].
        free: Bool, shape [..., N].
        low: Smallest number of free edges that are there. Shape [...].
        high: Largest number. Shape [...].
    """
    logits = tf.where(free, logits, tf.constant(-np.inf, logits.dtype))
    likely = tf.reduce_sum(tf.cast(logits > 0, tf.int32), -1)
    count = tf.clip_by_value(likely, low, high)
    rank = tf.argsort(tf.argsort(logits, direction="DESCENDING", stable=True))
    return tf.cast((free & (rank < count[..., None])) | forced, tf.int32)


def padded_limits(rules: Rules, nodes: int) -> Limits:
    """Returns the limits of N nodes; those past the last one of the rules are free of any."""
    more = nodes - rules.nodes
    square = [(0, more), (0, more)]
    return Limits(
        tf.constant(np.pad(rules.allowed, [(0, more), (0, 0)], constant_values=True)),
        tf.constant(np.pad(rules.forced, square)),
        tf.constant(np.pad(rules.free, square)),
        tf.constant(np.pad(rules.low, (0, more))),
        tf.constant(np.pad(rules.high, (0, more))),
    )

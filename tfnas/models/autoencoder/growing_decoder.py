"""`GrowingDecoder`: the distribution of graphs that grow node by node in one direction."""

from __future__ import annotations

from typing import Any

import numpy as np

from tfnas._keras import tensorflow
from tfnas.models.autoencoder.growing_choices import Drawn, GrowthBounds, MostProbable, Taught
from tfnas.models.autoencoder.growing_messages import unconverted
from tfnas.models.autoencoder.growing_network import GrowingNetwork
from tfnas.models.autoencoder.network import GraphDecoder
from tfnas.models.autoregressive.rules import Rules

tf = tensorflow()


class GrowingDecoder(GraphDecoder):
    """The distribution of B graphs that a `GrowingNetwork` grows; probabilities of all graphs add up to one.

    A choice of a graph depends on its own states, summaries and point alone. In the code published with SVGe the
    edges are scored with summaries and points of other graphs of the batch, which are stored in another order.

    Args:
        network: What says how a partial graph goes on.
        z: Points, [B, latent].
        rules: Of `growth_rules`.
        backward: Whether growth begins at the last node; graphs that come in and go out have the ordinary order.
        weighting: See `GrowingConfig.objective`.
    """

    def __init__(self, network: GrowingNetwork, z: Any, rules: Rules, *, backward: bool, weighting: str) -> None:
        self._network, self._z, self._backward, self._weighting = network, z, backward, weighting
        self._bounds = GrowthBounds(rules)

    @unconverted
    def log_prob(self, adjacency, ops):
        adjacency, ops = self._turned(adjacency, ops)
        of_ops, of_edges = self._logarithms(adjacency, ops)
        total = _over_nodes(of_ops + of_edges, ops)
        return tf.where(self._bounds.admit(adjacency, ops), total, tf.constant(-np.inf, total.dtype))

    @unconverted
    def objective(self, adjacency, ops):
        adjacency, ops = self._turned(adjacency, ops)
        of_ops, of_edges = self._logarithms(adjacency, ops)
        if self._weighting == "mean":
            of_edges /= tf.constant(self._bounds.candidates, of_edges.dtype)
        return _over_nodes(of_ops + of_edges, ops)

    def sample(self, seed):
        return self._turned(*self.grown(seed))

    def mode(self):
        return self._turned(*self.grown())

    @unconverted
    def grown(self, seed: Any = None) -> tuple[Any, Any]:
        """Returns what `sample` does, or `mode` without a seed, in the order of growth and cut by `until_end`."""
        choices = MostProbable(self._bounds) if seed is None else Drawn(self._bounds, seed)
        return until_end(*self._network.grow(self._z, choices), self._bounds.end)

    def _turned(self, adjacency, ops):
        return reversed_graphs(adjacency, ops) if self._backward else (adjacency, ops)

    def _logarithms(self, adjacency, ops):
        """Returns the logarithms of the probabilities of each node's operator, and of all edges into it. [B, N]."""
        taught = Taught(adjacency, ops)
        self._network.grow(self._z, taught)
        for_ops, for_edges = taught.logits()
        of_ops, of_edges = self._bounds.operators(for_ops, slice(None)), self._bounds.edges(for_edges, slice(None))
        into = tf.cast(tf.transpose(adjacency, [0, 2, 1]), for_edges.dtype)
        return of_ops.log_prob(tf.maximum(ops, 0)), of_edges.log_prob(into)


def until_end(adjacency: Any, ops: Any, end: int | None) -> tuple[Any, Any]:
    """Returns B graphs without what comes after the first node that has the operator `end`; it stays ended.

    In the code published with SVGe a graph that has ended can go on, as what marks it may be lost.

    Args:
        adjacency: Int, shape [B, N, N].
        ops: Int, shape [B, N]; those that are left out become minus one.
        end: None for graphs that nothing ends.
    """
    if end is None:
        return adjacency, ops
    after = tf.cumsum(tf.cast(ops == end, tf.int32), 1, exclusive=True) > 0
    return tf.where(after[:, :, None] | after[:, None, :], 0, adjacency), tf.where(after, -1, ops)


def reversed_graphs(adjacency: Any, ops: Any, sizes: Any = None) -> tuple[Any, Any]:
    """Returns B graphs with their nodes in opposite order and their edges turned round.

    Args:
        adjacency: See `GraphArrays`. Int, shape [B, N, N].
        ops: See `GraphArrays`. Int, shape [B, N].
        sizes: Number of nodes that change places, the first ones, int [B]; those of the graphs by default.
    """
    if sizes is None:
        sizes = tf.reduce_sum(tf.cast(ops >= 0, tf.int32), 1)
    nodes = tf.range(ops.shape[1])
    place = tf.where(nodes < sizes[:, None], sizes[:, None] - 1 - nodes, nodes)
    rows = tf.gather(adjacency, place, axis=1, batch_dims=1)
    return tf.transpose(tf.gather(rows, place, axis=2, batch_dims=1), [0, 2, 1]), tf.gather(ops, place, batch_dims=1)


def _over_nodes(values: Any, ops: Any) -> Any:
    """Returns sums over the nodes that there are. [B, N] to [B]."""
    return tf.reduce_sum(tf.where(ops >= 0, values, tf.zeros_like(values)), 1)

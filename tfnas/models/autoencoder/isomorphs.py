"""Pairs of isomorphic graphs, which an encoder should map to one point (SVGe, section III-D)."""

from __future__ import annotations

import numpy as np

from tfnas.checks import check_positive, check_seed
from tfnas.errors import ConfigError
from tfnas.models.autoencoder.autoencoder import GraphAutoencoder
from tfnas.models.autoencoder.graph_form import GraphArrays


def isomorphic_pairs(graphs: GraphArrays, count: int, seed: int = 0) -> tuple[GraphArrays, GraphArrays]:
    """Draws pairs of different arrays of one graph.

    Of each of the graphs that `written_otherwise` finds, in random order, topological orders are drawn, with the first
    and the last node in place, until one changes the arrays. The paper has 11,606 pairs and does not say how they were
    found.

    Args:
        graphs: Graphs to draw from.
        count: Number of pairs.
        seed: Of the draws.

    Returns:
        Both sides of the pairs.

    Raises:
        ConfigError: If fewer graphs have another array.
    """
    check_positive(count=count)
    check_seed(seed)
    rows = np.flatnonzero(written_otherwise(graphs))
    if len(rows) < count:
        raise ConfigError(
            "isomorphic pairs", expected=f"{count} graphs that can be written otherwise", received=str(len(rows))
        )
    rng = np.random.default_rng(seed)
    one = graphs.take(rng.permutation(rows)[:count])
    other = GraphArrays(one.adjacency.copy(), one.ops.copy())
    same = np.arange(count)
    while len(same):
        drawn = _reordered(one.take(same), rng)
        other.adjacency[same], other.ops[same] = drawn
        same = same[~_differ(one.take(same), drawn)]
    return one, other


def written_otherwise(graphs: GraphArrays) -> np.ndarray:
    """Returns which graphs have other arrays with the first and the last node in place. Bool, shape [B].

    All orders of a graph are joined by swaps of neighbours without an edge between them, so there is another array
    where one such swap changes the arrays.
    """
    found = np.zeros(len(graphs.ops), bool)
    size = (graphs.ops >= 0).sum(1)
    for node in range(1, graphs.ops.shape[1] - 2):
        order = np.arange(graphs.ops.shape[1])
        order[[node, node + 1]] = node + 1, node
        changed = _differ(graphs, GraphArrays(graphs.adjacency[:, order][:, :, order], graphs.ops[:, order]))
        found |= changed & (graphs.adjacency[:, node, node + 1] == 0) & (node + 1 < size - 1)
    return found


def same_points(autoencoder: GraphAutoencoder, one: GraphArrays, other: GraphArrays, *, within: float = 1e-5) -> float:
    """Returns the share of pairs whose embeddings differ by at most `within` in every entry."""
    distance = np.abs(autoencoder.embed(one) - autoencoder.embed(other)).max(1)
    return float((distance <= within).mean())


def _differ(one: GraphArrays, other: GraphArrays) -> np.ndarray:
    return (one.adjacency != other.adjacency).any((1, 2)) | (one.ops != other.ops).any(1)


def _reordered(graphs: GraphArrays, rng: np.random.Generator) -> GraphArrays:
    """Returns the graphs in topological orders that are drawn, each node among those that may be next."""
    count, nodes = graphs.ops.shape
    size, place = (graphs.ops >= 0).sum(1), np.arange(nodes)
    left = (place > 0) & (place < size[:, None] - 1)
    order = np.tile(place, (count, 1))
    for position in range(1, nodes - 1):
        rows = np.flatnonzero(position < size - 1)
        waiting = (graphs.adjacency[rows] * left[rows, :, None]).any(1)
        chosen = np.where(left[rows] & ~waiting, rng.random((len(rows), nodes)), -1.0).argmax(1)
        order[rows, position] = chosen
        left[rows, chosen] = False
    rows = np.arange(count)[:, None]
    return GraphArrays(graphs.adjacency[rows[:, None], order[:, :, None], order[:, None]], graphs.ops[rows, order])

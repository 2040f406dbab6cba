"""Pairs of isomorphic graphs, which an encoder should map to one point (SVGe, section III-D)."""

from __future__ import annotations

import itertools

import numpy as np

from tfnas.checks import check_positive, check_seed
from tfnas.errors import ConfigError
from tfnas.models.autoencoder.autoencoder import GraphAutoencoder
from tfnas.models.autoencoder.graph_form import GraphArrays


def isomorphic_pairs(graphs: GraphArrays, count: int, seed: int = 0) -> tuple[GraphArrays, GraphArrays]:
    """Draws pairs of different arrays of one graph.

    Of each graph, in random order, all permutations of the nodes between the first and the last are tried that leave
    edges running forward; one that changes the arrays makes a pair. The paper has 11,606 pairs and does not say how
    they were found.

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
    rng = np.random.default_rng(seed)
    pairs = []
    for row in rng.permutation(len(graphs.ops)).tolist():
        adjacency, ops = graphs.adjacency[row], graphs.ops[row]
        others = _others(adjacency, ops)
        if others:
            pairs.append((adjacency, ops, *others[rng.integers(len(others))]))
        if len(pairs) == count:
            one, one_ops, other, other_ops = (np.array(part) for part in zip(*pairs))
            return GraphArrays(one, one_ops), GraphArrays(other, other_ops)
    raise ConfigError(
        "isomorphic pairs", expected=f"{count} graphs that can be written otherwise", received=str(len(pairs))
    )


def same_points(autoencoder: GraphAutoencoder, one: GraphArrays, other: GraphArrays, *, within: float = 1e-5) -> float:
    """Returns the share of pairs whose embeddings differ by at most `within` in every entry."""
    distance = np.abs(autoencoder.embed(one) - autoencoder.embed(other)).max(1)
    return float((distance <= within).mean())


def _others(adjacency: np.ndarray, ops: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
    """Returns the other arrays of a graph, each once."""
    size = int((ops >= 0).sum())
    found: dict[bytes, tuple[np.ndarray, np.ndarray]] = {}
    for middle in itertools.permutations(range(1, size - 1)):
        order = np.array([0, *middle, size - 1, *range(size, len(ops))])
        moved, renamed = adjacency[np.ix_(order, order)], ops[order]
        if np.tril(moved).any():
            continue
        if not (np.array_equal(moved, adjacency) and np.array_equal(renamed, ops)):
            found.setdefault(moved.tobytes() + renamed.tobytes(), (moved, renamed))
    return list(found.values())

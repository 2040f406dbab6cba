"""How many NAS-Bench-101 cells there are, and one of each up to isomorphism."""

from __future__ import annotations

import functools
import itertools
import math
from typing import Iterator, Sequence

import numpy as np

Pair = tuple[int, int]
LISTED = 7
"""Vertices up to which all graphs can be listed."""

Order = tuple[int, ...]
"""Vertex k goes to place ``order[k]``; the first and the last vertex stay."""


@functools.cache
def count_graphs(nodes: int, max_edges: int, placed: int = 1, unread: int = 1) -> int:
    """Counts the graphs with ascending edges and every vertex on a path from the first to the last.

    In such a graph every vertex but the first is fed and every vertex but the last is read.

    Args:
        nodes: Number of vertices.
        max_edges: Largest number of edges.
        placed: Vertices that are there already; the ways to place the others are counted.
        unread: How many of these are not read yet.
    """
    if placed == nodes:
        return int(unread == 1)
    return sum(ways for _, _, ways in _steps(nodes, max_edges, placed, unread))


def draw_graph(nodes: int, max_edges: int, rng: np.random.Generator) -> tuple[Pair, ...]:
    """Draws the sorted edges of such a graph, uniformly: vertex by vertex, by the number of ways to go on."""
    unread, read, edges = [0], [], []
    for node in range(1, nodes):
        steps = list(_steps(nodes, max_edges - len(edges), node, len(unread)))
        weights = np.array([float(ways) for _, _, ways in steps])
        fresh, again, _ = steps[int(rng.choice(len(steps), p=weights / weights.sum()))]
        unread, read = rng.permutation(unread).tolist(), rng.permutation(read).astype(int).tolist()
        edges += [(source, node) for source in unread[:fresh] + read[:again]]
        unread, read = [*unread[fresh:], node], read + unread[:fresh]
    return tuple(sorted(edges))


def _steps(nodes: int, max_edges: int, placed: int, unread: int) -> Iterator[tuple[int, int, int]]:
    """Yields how many unread and how many read vertices feed the next one, and in how many ways all can be done."""
    for fresh, again in itertools.product(range(unread + 1), range(placed - unread + 1)):
        if 0 < fresh + again <= max_edges:
            ways = math.comb(unread, fresh) * math.comb(placed - unread, again)
            rest = count_graphs(nodes, max_edges - fresh - again, placed + 1, unread - fresh + 1)
            if rest:
                yield fresh, again, ways * rest


def graphs(nodes: int, max_edges: int) -> Iterator[tuple[Pair, ...]]:
    """Yields the sorted edges of every such graph, in a fixed order.

    All matrices are looked at, as integers whose bits are the entries above the diagonal, row by row,
    the first one highest; the order is theirs.

    Args:
        nodes: Number of vertices, at most `LISTED`: there are 2 ** (nodes * (nodes - 1) / 2) matrices.
        max_edges: Largest number of edges.
    """
    pairs = _pairs(nodes)
    for code in _codes(pairs, max_edges).tolist():
        yield _edges(code, pairs)


def unlabelled(nodes: int, max_edges: int) -> Iterator[tuple[tuple[Pair, ...], tuple[Order, ...]]]:
    """Yields the first of `graphs` of each isomorphism class.

    Args:
        nodes: Number of vertices, at most `LISTED`.
        max_edges: Largest number of edges.

    Yields:
        The sorted edges, and the orders that map the graph onto itself.
    """
    pairs = _pairs(nodes)
    orders = [(0, *order, nodes - 1) for order in itertools.permutations(range(1, nodes - 1))]
    codes = _codes(pairs, max_edges)
    for order in orders:
        codes = codes[_images(codes, pairs, order) >= codes]
    same = np.array([_images(codes, pairs, order) == codes for order in orders])
    for k, code in enumerate(codes.tolist()):
        yield _edges(code, pairs), tuple(orders[j] for j in np.flatnonzero(same[:, k]))


def _pairs(nodes: int) -> tuple[Pair, ...]:
    return tuple(itertools.combinations(range(nodes), 2))


def _edges(code: int, pairs: Sequence[Pair]) -> tuple[Pair, ...]:
    return tuple(pair for pair, bit in zip(pairs, f"{code:0{len(pairs)}b}") if bit == "1")


def _bit(pairs: Sequence[Pair], pair: Pair) -> int:
    return 1 << (len(pairs) - 1 - pairs.index(pair))


def _codes(pairs: Sequence[Pair], max_edges: int) -> np.ndarray:
    """Returns the graphs in which every vertex is on a path, as ascending integers."""
    codes = np.arange(1 << len(pairs), dtype=np.int32)
    last = pairs[-1][1]
    for node in range(last):
        codes = codes[codes & sum(_bit(pairs, pair) for pair in pairs if pair[0] == node) != 0]
        codes = codes[codes & sum(_bit(pairs, pair) for pair in pairs if pair[1] == node + 1) != 0]
    return codes[sum((codes >> k & 1 for k in range(len(pairs))), np.int32(0)) <= max_edges]


def _images(codes: np.ndarray, pairs: Sequence[Pair], order: Order) -> np.ndarray:
    """Returns the graphs with their vertices in another order; the largest integer where an edge would descend."""
    images = np.zeros_like(codes)
    descends = 0
    for source, target in pairs:
        bit = _bit(pairs, (source, target))
        if order[source] < order[target]:
            images[codes & bit != 0] |= _bit(pairs, (order[source], order[target]))
        else:
            descends |= bit
    images[codes & descends != 0] = np.iinfo(codes.dtype).max
    return images


@functools.lru_cache(maxsize=256)
def labellings(labels: tuple[str, ...], automorphisms: tuple[Order, ...]) -> tuple[tuple[str, ...], ...]:
    """Returns the labellings of a graph's interior vertices, one for each class under its automorphisms.

    Args:
        labels: What a vertex may be labelled with.
        automorphisms: The orders that map the graph onto itself.
    """
    interior = range(1, len(automorphisms[0]) - 1)
    return tuple(
        tuple(labels[k] for k in choice)
        for choice in itertools.product(range(len(labels)), repeat=len(interior))
        if all(choice <= tuple(choice[order[node] - 1] for node in interior) for order in automorphisms)
    )

"""Pruning of NAS-Bench-101 cells, and the edits that lead from one to the next."""

from __future__ import annotations

import itertools
from typing import Collection, Iterator, Sequence

import numpy as np

from tfnas.blueprints.nasbench101 import OPERATORS

Pair = tuple[int, int]
Edges = tuple[Pair, ...]
Cell = tuple[tuple[str, ...], Edges]
"""Operators, ``"input"`` first and ``"output"`` last, and sorted edges."""


def on_paths(nodes: int, edges: Collection[Pair]) -> set[int]:
    """Returns the vertices that lie on a path from the first to the last; none if there is no path.

    Args:
        nodes: Number of vertices.
        edges: Ascending pairs, in any order.
    """
    forward, backward = {0}, {nodes - 1}
    ordered = sorted(edges)
    for source, target in ordered:
        if source in forward:
            forward.add(target)
    for source, target in reversed(ordered):
        if target in backward:
            backward.add(source)
    return forward & backward if nodes - 1 in forward else set()


def pruned(ops: Sequence[str], edges: Collection[Pair]) -> Cell | None:
    """Returns the cell without the vertices that lie on no path; None if there is no path."""
    kept = sorted(on_paths(len(ops), edges))
    place = {node: k for k, node in enumerate(kept)}
    rest = sorted((place[a], place[b]) for a, b in edges if a in place and b in place)
    return (tuple(ops[node] for node in kept), tuple(rest)) if kept else None


def relabelled(cell: Cell, node: int, op: str) -> Cell:
    """Returns the cell with another operator at a vertex."""
    ops, edges = cell
    return (*ops[:node], op, *ops[node + 1 :]), edges


def flipped(cell: Cell, edge: Pair) -> Cell | None:
    """Returns the cell with an edge more or less; None if a vertex would be left on no path."""
    ops, edges = cell
    if edge not in edges:
        return ops, tuple(sorted((*edges, edge)))
    rest = tuple(other for other in edges if other != edge)
    still_read = any(source == edge[0] for source, _ in rest)
    still_fed = any(target == edge[1] for _, target in rest)
    return (ops, rest) if still_read and still_fed else None


def inserted(cell: Cell, edge: Pair, node: int, op: str) -> Cell:
    """Returns the cell with a new vertex on an edge, numbered `node`, above its source and not above its target."""
    ops, edges = cell
    rest = [_shifted(other, node, 1) for other in edges if other != edge]
    return (*ops[:node], op, *ops[node:]), tuple(sorted([*rest, (edge[0], node), (node, edge[1] + 1)]))


def removed(cell: Cell, node: int) -> Cell | None:
    """Inverse of `inserted`; None if the vertex does not stand on one edge, or that edge is there already."""
    ops, edges = cell
    sources = [source for source, target in edges if target == node]
    targets = [target for source, target in edges if source == node]
    if len(sources) > 1 or len(targets) > 1 or (sources[0], targets[0]) in edges:
        return None
    rest = [edge for edge in edges if node not in edge] + [(sources[0], targets[0])]
    return (*ops[:node], *ops[node + 1 :]), tuple(sorted(_shifted(edge, node, -1) for edge in rest))


def _shifted(edge: Pair, node: int, by: int) -> Pair:
    source, target = edge
    return source + by * (source >= node), target + by * (target >= node)


def _places(edges: Edges) -> list[tuple[Pair, int]]:
    """Returns where a vertex can be inserted: the edge, and the new vertex's number."""
    return [(edge, node) for edge in edges for node in range(edge[0] + 1, edge[1] + 1)]


def edited(cell: Cell) -> Iterator[Cell]:
    """Yields what one edit makes of a cell, each result once; limits are not looked at."""
    ops, edges = cell
    last = len(ops) - 1
    for node in range(1, last):
        for op in OPERATORS:
            if op != ops[node]:
                yield relabelled(cell, node, op)
    for pair in itertools.combinations(range(last + 1), 2):
        if other := flipped(cell, pair):
            yield other
    # Of two neighbours with one operator it can be all the same which of them comes or goes.
    yield from dict.fromkeys(other for node in range(1, last) if (other := removed(cell, node)))
    yield from dict.fromkeys(inserted(cell, edge, node, op) for edge, node in _places(edges) for op in OPERATORS)


def drawn(cell: Cell, rng: np.random.Generator) -> Cell | None:
    """Draws one of the four kinds of edit, then an edit of that kind, each uniformly; None if it gives no cell."""
    ops, edges = cell
    last = len(ops) - 1
    kind = int(rng.integers(4))
    if kind == 0:
        pairs = list(itertools.combinations(range(last + 1), 2))
        return flipped(cell, pairs[int(rng.integers(len(pairs)))])
    if kind == 1:
        places = _places(edges)
        edge, node = places[int(rng.integers(len(places)))]
        return inserted(cell, edge, node, OPERATORS[int(rng.integers(len(OPERATORS)))])
    if last == 1:
        return None
    node = int(rng.integers(1, last))
    if kind == 2:
        return removed(cell, node)
    others = [op for op in OPERATORS if op != ops[node]]
    return relabelled(cell, node, others[int(rng.integers(len(others)))])

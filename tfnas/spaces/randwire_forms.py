"""The forms in which users give and get the graph of a RandWire component: edges, matrices and text.

A graph is a set of edges ``(source, target)`` among the nodes 0 .. N-1, source before target. The
subject of every error is the space, by name.
"""

from __future__ import annotations

import json
from typing import Any, Iterable, Sequence

import numpy as np

from tfnas.checks import is_integer
from tfnas.errors import InvalidArchitectureError
from tfnas.spaces.parts import as_tuple

Graph = Iterable[tuple[int, int]]
"""Edges ``(source, target)`` among the nodes 0 .. N-1, source before target."""

_EXAMPLE = "[[[],[0],[0,1]]]"


def read_edges(space: str, nodes: int, graph: object) -> set[tuple[int, int]]:
    """Returns the graph of some pairs: tuples, lists, or the rows of an array of shape [E, 2].

    Raises:
        InvalidArchitectureError: If they are none, or an edge does not ascend or leaves the graph.
    """
    subject, expected = f"edges of {space}", f"pairs (source, target) with 0 <= source < target < {nodes}"
    found = set()
    for edge in as_tuple(subject, graph, expected):
        pair = as_tuple(subject, edge, expected)
        if len(pair) != 2 or not all(map(is_integer, pair)) or not 0 <= pair[0] < pair[1] < nodes:
            raise InvalidArchitectureError(
                subject,
                expected=expected,
                received=f"{edge!r:.80}",
                remedy="Number the nodes in topological order.",
            )
        found.add((int(pair[0]), int(pair[1])))
    return found


def read_matrix(space: str, nodes: int, matrix: Any) -> set[tuple[int, int]]:
    """Returns the graph of a matrix, N x N of zeros and ones; row i has a one in column j < i where i reads j.

    Raises:
        InvalidArchitectureError: If the matrix has another shape, other values, or ones elsewhere.
    """
    subject, expected = f"matrix of {space}", f"shape ({nodes}, {nodes}), zeros and ones"
    try:
        array = np.asarray(matrix)
    except (TypeError, ValueError) as error:
        raise InvalidArchitectureError(
            subject, expected=expected, received=f"rows of different lengths, {matrix!r:.80}"
        ) from error
    is_binary = array.dtype.kind in "biuf" and np.isin(array, (0, 1)).all()
    if array.shape != (nodes, nodes) or not is_binary:
        received = f"shape {array.shape}, {array.dtype} values {array.ravel()[:5].tolist()!r:.80}"
        raise InvalidArchitectureError(subject, expected=expected, received=received)
    above = np.argwhere(np.triu(array))
    if len(above):
        upper = not np.tril(array).any()
        raise InvalidArchitectureError(
            subject,
            expected="a lower-triangular matrix, in which row i names the nodes that node i reads",
            received="an upper-triangular one" if upper else f"a one at {tuple(above[0].tolist())}",
            remedy="Pass matrix.T." if upper else "Number the nodes in topological order.",
        )
    return {(int(source), int(target)) for target, source in np.argwhere(array)}


def write_matrix(nodes: int, graph: Graph) -> np.ndarray:
    """Inverse of `read_matrix`: N x N, uint8."""
    matrix = np.zeros((nodes, nodes), np.uint8)
    for source, target in graph:
        matrix[target, source] = 1
    return matrix


def predecessors(nodes: int, graph: Graph) -> list[list[int]]:
    """Returns, for each node, the nodes that it reads, ascending."""
    found: list[list[int]] = [[] for _ in range(nodes)]
    for source, target in sorted(graph):
        found[target].append(source)
    return found


def write_text(nodes: int, graphs: Iterable[Graph]) -> str:
    """Returns JSON: the `predecessors` of each graph."""
    return json.dumps([predecessors(nodes, graph) for graph in graphs], separators=(",", ":"))


def read_text(space: str, nodes: int, components: Sequence[str], native: object) -> list[set[tuple[int, int]]]:
    """Inverse of `write_text`: one graph for each of the components, which are given by name.

    Raises:
        InvalidArchitectureError: If the text is of another form.
    """

    def malformed(received: str) -> InvalidArchitectureError:
        return InvalidArchitectureError(
            f"text of {space}",
            expected=f"{len(components)} JSON lists, one for each component, of {nodes} ascending lists of the "
            "earlier nodes that a node reads",
            received=received,
            remedy=f"With three nodes, for example {_EXAMPLE!r}.",
        )

    if not isinstance(native, str):
        raise malformed(f"{type(native).__name__} {native!r:.80}")
    try:
        value = json.loads(native)
    except (ValueError, RecursionError) as error:
        raise malformed(f"{native!r:.120}, which is no JSON") from error
    if not isinstance(value, list) or len(value) != len(components):
        raise malformed(f"{native!r:.120}")
    graphs = []
    for name, rows in zip(components, value):
        if not isinstance(rows, list) or len(rows) != nodes:
            raise malformed(f"{rows!r:.120} for {name}")
        graph = set()
        for target, sources in enumerate(rows):
            plain = isinstance(sources, list) and all(type(source) is int for source in sources)
            if not plain or sources != sorted(set(sources) & set(range(target))):
                raise malformed(f"{sources!r:.120} for node {target} of {name}")
            graph |= {(source, target) for source in sources}
        graphs.append(graph)
    return graphs

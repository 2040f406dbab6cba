"""Adjacency matrices and one-hot operators."""

from __future__ import annotations

from typing import Any, Mapping, Sequence

import numpy as np

from tfnas.architecture import Architecture
from tfnas.errors import InvalidArchitectureError
from tfnas.spaces.base import SearchSpace


def adjacency(arch: Architecture) -> np.ndarray:
    """Returns the adjacency matrix of an architecture.

    Returns:
        Ones at ``[source, target]`` of each edge, zeros elsewhere; strictly upper triangular.
        Shape [N, N], float32.
    """
    matrix = np.zeros((len(arch.ops), len(arch.ops)), np.float32)
    for edge in arch.edges:
        matrix[edge] = 1.0
    return matrix


def one_hot(space: SearchSpace, archs: Sequence[Architecture]) -> np.ndarray:
    """Returns the operator of every node, one-hot over ``space.op_names``.

    Args:
        space: The space of all the architectures.
        archs: B members.

    Returns:
        Rows past an architecture's last node are zero. Shape [B, N, V], float32, where N is
        ``space.max_nodes``.

    Raises:
        InvalidArchitectureError: If one is of another space, too large, or has an operator outside
            the vocabulary.
    """
    check_members(space, archs)
    column_of = {operator: index for index, operator in enumerate(space.op_names)}
    result = np.zeros((len(archs), space.max_nodes, len(column_of)), np.float32)
    for row, arch in enumerate(archs):
        columns = [_find(column_of, operator, arch) for operator in arch.ops]
        result[row, range(len(columns)), columns] = 1.0
    return result


def choices(space: SearchSpace, archs: Sequence[Architecture]) -> np.ndarray:
    """Returns what ``space.grammar`` leaves open at the nodes: operators and attributes, one-hot.

    Every node has its own columns, one for each operator that is allowed there, and likewise for
    each attribute; where there is no choice there is no column. A node that not all members have
    is a choice. Components keep their columns whatever the lengths of the others are, and nodes
    that a member lacks are zero. Edges are not in it: see `tfnas.encodings.path_counts`.

    Args:
        space: The space of all the architectures.
        archs: B members.

    Returns:
        Shape [B, D], float32.

    Raises:
        InvalidArchitectureError: If one is of another space, too large, or has an operator or
            attribute where the grammar does not allow it.
    """
    check_members(space, archs)
    nodes, width = _columns(space)
    result = np.zeros((len(archs), width), np.float32)
    for row, arch in enumerate(archs):
        attributes = dict(arch.attrs)
        start = 0
        for component, (_, size) in zip(nodes, arch.components):
            for node, columns_of in enumerate(component[:size], start=start):
                for name, column_of in columns_of.items():
                    values = arch.ops if name is None else attributes.get(name)
                    column = _find(column_of, None if values is None else values[node], arch)
                    if column >= 0:
                        result[row, column] = 1.0
            start += size
    return result


def free_edges(space: SearchSpace, archs: Sequence[Architecture]) -> np.ndarray:
    """Returns which of the edges that ``space.grammar`` leaves free each member has.

    Args:
        space: The space of all the architectures.
        archs: B members.

    Returns:
        One column for each free edge, components in order and edges sorted. Shape [B, D], float32.

    Raises:
        InvalidArchitectureError: If one is of another space or too large.
    """
    check_members(space, archs)
    columns: dict[tuple[int, int, int], int] = {}
    for index, component in enumerate(space.grammar.components):
        for source, target in sorted(component.free):
            columns[index, source, target] = len(columns)
    result = np.zeros((len(archs), len(columns)), np.float32)
    for row, arch in enumerate(archs):
        place = [(index, node) for index, (_, size) in enumerate(arch.components) for node in range(size)]
        for source, target in arch.edges:
            component, node = place[source]
            column = columns.get((component, node, place[target][1]))
            if column is not None:
                result[row, column] = 1.0
    return result


def _columns(space: SearchSpace) -> tuple[list[list[dict[str | None, dict[Any, int]]]], int]:
    """Returns a column for each value of each attribute (None: the operator) of each node, and their number.

    A value without alternative has column -1.
    """
    width, components = 0, []
    for component in space.grammar.components:
        nodes: list[dict[str | None, dict[Any, int]]] = []
        for node in range(component.max_nodes):
            columns_of: dict[str | None, dict[Any, int]] = {}
            for name, allowed in ((None, component.ops), *component.attrs.items()):
                values = allowed[node]
                if len(values) > 1 or node >= component.min_nodes:
                    columns_of[name] = {value: width + index for index, value in enumerate(values)}
                    width += len(values)
                else:
                    columns_of[name] = dict.fromkeys(values, -1)
            nodes.append(columns_of)
        components.append(nodes)
    return components, width


def check_members(space: SearchSpace, archs: Sequence[Architecture]) -> None:
    """Raises `InvalidArchitectureError` if one is of another space or does not fit its components."""
    largest = [component.max_nodes for component in space.grammar.components]
    for arch in archs:
        if arch.space != space.name:
            raise InvalidArchitectureError(
                f"architecture {arch}",
                expected=f"a member of {space.name!r}",
                received=f"a member of {arch.space!r}",
            )
        sizes = [size for _, size in arch.components]
        if len(sizes) != len(largest) or any(size > limit for size, limit in zip(sizes, largest)):
            raise InvalidArchitectureError(
                f"components of {arch}",
                expected=f"{len(largest)} of at most {', '.join(map(str, largest))} nodes",
                received=repr(arch.components),
            )


def _find(column_of: Mapping[Any, int], value: Any, arch: Architecture) -> int:
    try:
        return column_of[value]
    except (KeyError, TypeError):
        raise InvalidArchitectureError(
            f"architecture {arch}",
            expected=f"one of {', '.join(map(str, column_of))}",
            received=repr(value),
            remedy="SearchSpace.validate names the rule that is broken.",
        ) from None

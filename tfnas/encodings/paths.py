"""Counts of live paths: what an architecture computes between its inputs and its outputs."""

from __future__ import annotations

import collections
from typing import Collection, Sequence

import numpy as np

from tfnas.architecture import Architecture
from tfnas.encodings.arrays import check_members
from tfnas.spaces.base import SearchSpace
from tfnas.spaces.grammar import ComponentGrammar

Path = tuple[str, ...]
"""A component's name, then the operators from one of its inputs to its output, both included."""


def path_counts(
    space: SearchSpace, archs: Sequence[Architecture], vocabulary: Sequence[Path] = ()
) -> tuple[np.ndarray, tuple[Path, ...]]:
    """Counts the operator sequences on the paths from input to output.

    The path encoding of BANANAS (White, Neiswanger and Savani, AAAI 2021), in two ways changed: a
    path through an operator that gives zero is none, and identities are left out of the sequence
    (`SearchSpace.zero_ops`, `SearchSpace.identity_ops`); and paths are counted where the paper says
    only whether there are any. Members with isomorphic live networks thus have equal counts.

    A component's inputs are the nodes that the grammar gives no incoming edge; its output is its
    last node. Some graphs have exponentially many different paths, and then this takes as long:
    see `most_paths`.

    Args:
        space: The space of all the architectures.
        archs: B members.
        vocabulary: Paths that get the first columns, in this order, for example the vocabulary of
            an earlier call: its columns stay where they are.

    Returns:
        The counts, of shape [B, P] and dtype int64, and the vocabulary of their columns: the one
        that was given, followed by the new paths in the order in which they turned up.

    Raises:
        InvalidArchitectureError: If one is of another space or too large.
    """
    check_members(space, archs)
    inputs = [component.inputs for component in space.grammar.components]
    column = {path: index for index, path in enumerate(vocabulary)}
    rows = []
    for arch in archs:
        found = _paths(space, arch, inputs)
        rows.append({column.setdefault(path, len(column)): number for path, number in found.items()})
    matrix = np.zeros((len(archs), len(column)), np.int64)
    for target, counts in zip(matrix, rows):
        target[list(counts)] = list(counts.values())
    return matrix, tuple(column)


def _paths(space: SearchSpace, arch: Architecture, inputs: Sequence[Collection[int]]) -> collections.Counter[Path]:
    incoming: list[list[int]] = [[] for _ in arch.ops]
    for source, target in arch.edges:
        incoming[target].append(source)
    result: collections.Counter[Path] = collections.Counter()
    start = 0
    for (name, size), beginnings in zip(arch.components, inputs):
        arriving: dict[int, dict[Path, int]] = {}
        for node in range(start, start + size):
            operator = arch.ops[node]
            counts: dict[Path, int] = {}
            if node - start in beginnings:
                counts[name, operator] = 1
            elif operator not in space.zero_ops:
                suffix = () if operator in space.identity_ops else (operator,)
                for source in incoming[node]:
                    for path, number in arriving[source].items():
                        longer = path + suffix
                        counts[longer] = counts.get(longer, 0) + number
            arriving[node] = counts
        result.update(arriving.get(start + size - 1, {}))
        start += size
    return result


def most_paths(space: SearchSpace) -> int:
    """Returns a bound on the number of paths of a member, from the grammar: all edges, as far as degrees allow.

    By it one sees beforehand whether `path_counts` is a small encoding for a space.
    """
    return sum(_most_paths(component) for component in space.grammar.components)


def _most_paths(component: ComponentGrammar) -> int:
    last = component.max_nodes - 1
    bounds: list[int] = []
    for node in range(component.max_nodes):
        if node in component.inputs:
            bounds.append(1)
            continue
        forced = [bounds[k] for k in range(node) if (k, node) in component.forced]
        possible = component.open_outputs and node == last
        free = sorted((bounds[k] for k in range(node) if possible or (k, node) in component.free), reverse=True)
        if component.in_degree and not possible:
            free = free[: component.in_degree[node][1] - len(forced)]
        bounds.append(max(1, sum(forced) + sum(free)))
    return bounds[last]

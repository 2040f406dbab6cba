"""Canonical forms of DARTS cells: what a cell computes once zeros and identities are out of the way."""

from __future__ import annotations

from collections import Counter

from tfnas.blueprints.darts import NONE, SKIP, STEPS, Cell
from tfnas.spaces.canonical import canonical_form
from tfnas.spaces.darts_cell import INPUTS


def live_cell(cell: Cell, reduction: bool) -> tuple[tuple[str, ...], dict[tuple[int, int], int]]:
    """Reduces a cell to the network that really computes.

    Branches with ``none``, and those that only zeros reach, go. An identity becomes edges: what reads a
    sum reads its terms, as often as they occur. ``skip_connect`` is an identity but for a reduction
    cell's inputs, where it is a strided convolution. The four sums stay even where they are zero,
    since they are channels of the result.

    Args:
        cell: Eight branches.
        reduction: Whether its branches from the two inputs halve the resolution.

    Returns:
        Labels of the nodes (two inputs, live branches, four results) and the multiplicity of each edge.
    """
    labels = list(INPUTS)
    edges: dict[tuple[int, int], int] = {}
    terms = [Counter({0: 1}), Counter({1: 1})]

    def add(label: str, read: Counter[int]) -> int:
        edges.update({(source, len(labels)): count for source, count in read.items()})
        labels.append(label)
        return len(labels) - 1

    for step in range(STEPS):
        total: Counter[int] = Counter()
        for operator, source in cell[2 * step : 2 * step + 2]:
            if operator == SKIP and not (reduction and source < 2):
                total += terms[source]
            elif operator != NONE and terms[source]:
                total[add(operator, terms[source])] += 1
        terms.append(total)
    for total in terms[2:]:
        add("slot", total)
    return tuple(labels), edges


def cell_key(cell: Cell, reduction: bool) -> str:
    """Names the live network of a cell; equal iff two cells' are isomorphic."""
    return canonical_form(*live_cell(cell, reduction))

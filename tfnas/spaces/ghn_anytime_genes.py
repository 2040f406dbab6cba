"""The operator nodes of GHN anytime cells, one by one: what they may be, and how they vary."""

from __future__ import annotations

from typing import Sequence

import numpy as np

from tfnas.blueprints.ghn_anytime import CELL_SCALES, OPERATORS
from tfnas.spaces.ghn_nodes import count_edits, count_parents, edited_parents, read_parents
from tfnas.spaces.parts import as_integer, as_operator, as_tuple

Gene = tuple[str, int, int, tuple[int, ...]]
"""An operator node: its operator, its scale, whether it is an exit (0 or 1), and the earlier nodes of its
cell that it reads, ascending; 0 is the cell's input."""

Slot = tuple[int, int]
"""Cell and number, from 0, of an operator node: it may read the cell's input and the nodes with lower numbers."""


def read_gene(space: str, slot: Slot, gene: object, max_inputs: int) -> Gene:
    """Returns a node that a user gives.

    Raises:
        InvalidArchitectureError: If it has not four parts, or one is not allowed.
    """
    cell, k = slot
    node = f"node {k + 1} of cell{cell + 1} of {space}"
    operator, scale, is_exit, parents = as_tuple(node, gene, "(operator, scale, exit, nodes that are read)", 4)
    return (
        as_operator(f"operator of {node}", operator, OPERATORS),
        as_integer(f"scale of {node}", scale, CELL_SCALES[cell]),
        as_integer(f"exit of {node}", is_exit, (0, 1)),
        read_parents(node, parents, 1 + k, max_inputs),
    )


def count_genes(slot: Slot, max_inputs: int) -> int:
    """Returns how many operators, scales and sets of nodes to read there are together."""
    cell, k = slot
    return len(OPERATORS) * len(CELL_SCALES[cell]) * count_parents(1 + k, max_inputs)


def edited_genes(slot: Slot, gene: Gene, max_inputs: int) -> list[Gene]:
    """Returns the nodes with another operator, another scale, or one node that they read dropped, added or
    exchanged."""
    cell, k = slot
    operator, scale, is_exit, parents = gene
    return [
        *((other, scale, is_exit, parents) for other in OPERATORS if other != operator),
        *((operator, other, is_exit, parents) for other in CELL_SCALES[cell] if other != scale),
        *((operator, scale, is_exit, edited) for edited in edited_parents(parents, 1 + k, max_inputs)),
    ]


def count_edited_genes(slot: Slot, gene: Gene, max_inputs: int) -> int:
    """Returns the number of `edited_genes`."""
    cell, k = slot
    return len(OPERATORS) - 1 + len(CELL_SCALES[cell]) - 1 + count_edits(gene[3], 1 + k, max_inputs)


def with_moved_exit(genes: Sequence[Gene], move: int) -> list[Gene]:
    """Returns the nodes of all cells with one exit at one of the nodes that are none.

    Args:
        genes: In a row.
        move: From 0 to exits * (nodes - exits) - 1.
    """
    exits = [position for position, gene in enumerate(genes) if gene[2]]
    others = [position for position, gene in enumerate(genes) if not gene[2]]
    old, new = divmod(move, len(others))
    swapped = {exits[old], others[new]}
    return [
        (operator, scale, is_exit ^ (position in swapped), parents)
        for position, (operator, scale, is_exit, parents) in enumerate(genes)
    ]


def mixed_genes(first: Sequence[Gene], second: Sequence[Gene], rng: np.random.Generator) -> list[Gene]:
    """Takes each node from either of two members, and as many exits as each of them has.

    Args:
        first: The nodes of all cells in a row.
        second: Likewise, with as many exits.
        rng: Decides for each node with probability one half. Exits are those that both have, and as many
            of the others as are missing.
    """
    pairs = list(zip(first, second))
    kept = [position for position, (a, b) in enumerate(pairs) if a[2] and b[2]]
    others = [position for position, (a, b) in enumerate(pairs) if a[2] != b[2]]
    # each of the two has half of the others
    exits = {*kept, *(others[k] for k in rng.permutation(len(others))[: len(others) // 2].tolist())}
    take = rng.integers(2, size=len(pairs)).tolist()
    genes = []
    for position, (taken, pair) in enumerate(zip(take, pairs)):
        operator, scale, _, parents = pair[taken]
        genes.append((operator, scale, int(position in exits), parents))
    return genes

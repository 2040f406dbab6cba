"""What the two spaces of graph hypernetworks share: nodes that read a few of the nodes before them."""

from __future__ import annotations

import json
import math
from typing import Sequence

import numpy as np

from tfnas.architecture import Architecture
from tfnas.checks import is_integer
from tfnas.errors import InvalidArchitectureError
from tfnas.spaces.parts import as_tuple


def count_parents(earlier: int, most: int) -> int:
    """Returns the number of sets of 1 to `most` out of `earlier` nodes."""
    return sum(math.comb(earlier, count) for count in range(1, most + 1))


def draw_parents(earlier: int, most: int, rng: np.random.Generator) -> tuple[int, ...]:
    """Draws how many nodes are read, uniformly from 1 to `most`, and then which, uniformly."""
    count = int(rng.integers(1, min(earlier, most) + 1))
    return tuple(sorted(rng.choice(earlier, size=count, replace=False).tolist()))


def edited_parents(parents: Sequence[int], earlier: int, most: int) -> list[tuple[int, ...]]:
    """Returns the sets of 1 to `most` nodes that differ by one node: dropped, added or exchanged."""
    others = [node for node in range(earlier) if node not in parents]
    dropped = [tuple(node for node in parents if node != gone) for gone in parents]
    found = dropped if len(parents) > 1 else []
    found = found + ([(*parents, new) for new in others] if len(parents) < most else [])
    found += [(*rest, new) for rest in dropped for new in others]
    return [tuple(sorted(nodes)) for nodes in found]


def count_edits(parents: Sequence[int], earlier: int, most: int) -> int:
    """Returns the number of `edited_parents`."""
    count, others = len(parents), earlier - len(parents)
    return (count if count > 1 else 0) + (others if count < most else 0) + count * others


def locate(choice: int, counts: Sequence[int]) -> tuple[int, int]:
    """Returns in which of several rows of these lengths, laid end to end, a position is, and where in it."""
    row = 0
    while choice >= counts[row]:
        choice -= counts[row]
        row += 1
    return row, choice


def read_parents(node: str, parents: object, earlier: int, most: int) -> tuple[int, ...]:
    """Returns the nodes that a node reads, as a user gives them.

    Raises:
        InvalidArchitectureError: If they are not 1 to `most` ascending numbers below `earlier`.
    """
    subject, expected = f"nodes that {node} reads", f"1 to {most} different ones, ascending, from 0 to {earlier - 1}"
    given = as_tuple(subject, parents, expected)
    plain = all(is_integer(source) and 0 <= source < earlier for source in given)
    if not plain or not 1 <= len(given) <= most or list(given) != sorted(set(given)):
        raise InvalidArchitectureError(subject, expected=expected, received=f"{list(given)!r:.80}")
    return tuple(int(source) for source in given)


def check_leaves(space: str, arch: Architecture, right: Architecture) -> None:
    """Raises `InvalidArchitectureError` unless the output edges are those of `right`."""
    wrong = set(arch.edges) ^ set(right.edges)
    if wrong:
        edge = min(wrong)
        raise InvalidArchitectureError(
            f"output of {space}",
            expected="an output that reads exactly the operator nodes that no other node reads",
            received=f"{'an edge too many' if edge in arch.edges else 'no edge'}, {edge}",
        )


def read_nodes(space: str, native: object, example: str) -> list:
    """Returns the JSON list in a text.

    Raises:
        InvalidArchitectureError: If it is none.
    """
    try:
        value = json.loads(native) if isinstance(native, str) else None
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, list):
        raise InvalidArchitectureError(
            f"text of {space}",
            expected="a JSON list of nodes",
            received=f"{type(native).__name__} {native!r:.80}",
            remedy=f"For example {example!r}.",
        )
    return value

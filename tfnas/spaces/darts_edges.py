"""DARTS cells in edge-labelled form: two inputs and four steps, operators on the edges between them.

A step has two branches, in order, and both may read one predecessor, so that a label can say more than
one operator:

- ``"no_edge"``: no branch reads this predecessor; ``"none"`` is a branch whose operator is ``none``.
- ``"sep_conv_3x3"``: one branch. Of a step's two, the one with the earlier predecessor comes first,
- ``"first:sep_conv_3x3"``: unless the one with the later predecessor says so.
- ``"sep_conv_3x3+skip_connect"``: both branches, in their order.

Members that `DARTS.sample` draws by default have labels of the first two kinds alone.
"""

from __future__ import annotations

import itertools
from typing import Sequence

from tfnas.blueprints.darts import OPERATORS, STEPS, Cell
from tfnas.errors import InvalidArchitectureError
from tfnas.spaces.parts import as_tuple

NO_EDGE = "no_edge"
PAIRS = tuple((source, target) for target in range(2, 2 + STEPS) for source in range(target))
"""(predecessor, step) of each edge; the inputs are 0 and 1, the steps 2 to 5."""

_MARK = "first:"
_FIRST = {_MARK + operator: operator for operator in OPERATORS}
_BOTH = {"+".join(pair): pair for pair in itertools.product(OPERATORS, repeat=2)}
LABELS = (NO_EDGE, *OPERATORS, *_FIRST, *_BOTH)


def to_labels(cell: Cell) -> tuple[str, ...]:
    """Returns one label for each pair."""
    labels = dict.fromkeys(PAIRS, NO_EDGE)
    for step in range(STEPS):
        (first, earlier), (second, later) = cell[2 * step : 2 * step + 2]
        target = 2 + step
        if earlier == later:
            labels[earlier, target] = f"{first}+{second}"
        else:
            labels[earlier, target] = first if earlier < later else _MARK + first
            labels[later, target] = second
    return tuple(labels.values())


def from_labels(labels: Sequence[str]) -> Cell:
    """Inverse of `to_labels`.

    Raises:
        InvalidArchitectureError: If the labels are not those of a cell.
    """
    expected = f"{len(PAIRS)} labels, one for each of the pairs {PAIRS}"
    labels = as_tuple("edge-labelled view of a DARTS cell", labels, expected, len(PAIRS))
    for pair, label in zip(PAIRS, labels):
        if not isinstance(label, str) or label not in LABELS:
            raise InvalidArchitectureError(
                f"label of edge {pair} of a DARTS cell",
                expected=f"{NO_EDGE}, {', '.join(OPERATORS)}, one of them behind {_MARK!r}, or two joined by '+'",
                received=repr(label),
            )
    cell: list[tuple[str, int]] = []
    for target in range(2, 2 + STEPS):
        found = [(label, source) for (source, step), label in zip(PAIRS, labels) if step == target and label != NO_EDGE]
        cell += _branches(found, target)
    return tuple(cell)


def _branches(found: Sequence[tuple[str, int]], target: int) -> list[tuple[str, int]]:
    """Returns the two branches that the labels of a step's edges, by ascending predecessor, stand for."""
    names = [label for label, _ in found]
    if len(found) == 1 and names[0] in _BOTH:
        return [(operator, found[0][1]) for operator in _BOTH[names[0]]]
    if len(found) == 2 and names[0] in OPERATORS and names[1] in OPERATORS:
        return list(found)
    if len(found) == 2 and names[0] in OPERATORS and names[1] in _FIRST:
        return [(_FIRST[names[1]], found[1][1]), found[0]]
    raise InvalidArchitectureError(
        f"edges into step {target} of a DARTS cell",
        expected="one operator on each of two edges, of which the later one may be marked as the first, or two on one",
        received=", ".join(f"{label} from {source}" for label, source in found) or "no operator",
    )

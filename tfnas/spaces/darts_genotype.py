"""The published text of a pair of DARTS cells: ``Genotype(normal=[...], normal_concat=[...], ...)``."""

from __future__ import annotations

import re

from tfnas.blueprints.darts import Cell
from tfnas.errors import InvalidArchitectureError

_BRANCH = re.compile(r"\('([a-z0-9_]+)',([0-9]{1,4})\)")
_CELL = re.compile(rf"(?:{_BRANCH.pattern}(?:,|$))*")
_GENOTYPE = re.compile(r"Genotype\(normal=\[(.*?)\],normal_concat=(.*?),reduce=\[(.*?)\],reduce_concat=([^=]*?),?\)")
_CONCAT = "[2, 3, 4, 5]"
_CONCATS = ("[2,3,4,5]", "range(2,6)")


def write_genotype(normal: Cell, reduce: Cell) -> str:
    """Returns the text of two cells."""
    return f"Genotype(normal={list(normal)}, normal_concat={_CONCAT}, reduce={list(reduce)}, reduce_concat={_CONCAT})"


def read_genotype(text: str) -> tuple[Cell, Cell]:
    """Returns the two cells of a text, whatever their operators and predecessors are.

    Spaces and line breaks do not matter. ``range(2, 6)``, as some files write it, is the list of the
    four steps.

    Raises:
        InvalidArchitectureError: If the text is of another form, or concatenates anything else.
    """
    match = _GENOTYPE.fullmatch("".join(text.split())) if isinstance(text, str) else None
    if match is None:
        raise _malformed(f"{text!r:.200}")
    cells = []
    for name, branches, concat in (("normal", match[1], match[2]), ("reduce", match[3], match[4])):
        if _CELL.fullmatch(branches) is None:
            raise _malformed(f"{name}=[{branches:.200}]")
        if concat not in _CONCATS:
            raise InvalidArchitectureError(
                f"{name}_concat of a DARTS genotype",
                expected=f"{_CONCAT}, all four steps",
                received=f"{concat:.80}",
            )
        cells.append(tuple((operator, int(source)) for operator, source in _BRANCH.findall(branches)))
    return cells[0], cells[1]


def _malformed(received: str) -> InvalidArchitectureError:
    return InvalidArchitectureError(
        "DARTS genotype",
        expected=f"Genotype(normal=[('operator', predecessor), ...], normal_concat={_CONCAT}, reduce=[...], "
        f"reduce_concat={_CONCAT})",
        received=received,
        remedy="For example one of those in genotypes.py of the published code.",
    )

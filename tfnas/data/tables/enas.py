"""D-VAE's ENAS networks of six layers, valued with shared weights on CIFAR-10 (Zhang et al., NeurIPS 2019)."""

from __future__ import annotations

import json
import os
import pathlib
from typing import Any, Callable

import numpy as np

from tfnas.data.tables.table import Table
from tfnas.errors import InvalidArchitectureError, TableError
from tfnas.spaces.enas_macro import ENASMacro
from tfnas.trial import Split

NAME = "enas_dvae"
LAYERS = 6
LINES = 20_020
"""Lines of the published file."""

BURN_IN = 1_000
"""Lines at the start that D-VAE drops: the shared weights were not trained enough when they were valued."""

_NOTE = (
    "ws_accuracy was measured with the shared weights of a super-network, not with weights of its own, and depends "
    "on the skip connections alone, not on the operators."
)
_REMEDY = "The file may be damaged or cut short: get it again."


def read(path: str | os.PathLike[str], *, on_progress: Callable[[int, int], None] | None = None) -> Table:
    """Reads ``final_structures6.txt``, one network a line: ``[[op], [op, bit], [op, bit, bit], ...], accuracy``.

    ``ws_accuracy`` is the accuracy, from 0 to 1, of the network with the weights of ENAS's super-network on
    batches of CIFAR-10 validation images; no network was trained on its own.

    The values depend on the skip connections alone, never on the operators: of the 3,548 patterns of skips
    that stand on several lines, with different operators, none has two values. (ENAS's code as published
    runs the same operator in every layer, whatever was chosen.) So a predictor that looks at operators can
    only overfit, and of networks that differ in operators alone no one is better.

    The first 1,000 lines are dropped, as in D-VAE. Five of the other 19,020 repeat an earlier one with the
    same value and are one row with it: 19,015 rows.

    Args:
        path: The file.
        on_progress: Called with the lines that are read, and their number.

    Raises:
        TableError: If the file cannot be read, has no line end at its end, where the published one has one,
            or has another number of lines; with the line, if one is not a network and an accuracy, or
            gives an earlier network another value.
    """
    path = pathlib.Path(path)
    space = ENASMacro(layers=LAYERS)
    lines = _lines(path)
    found: dict[str, tuple[int, float]] = {}
    for number, line in enumerate(lines, start=1):
        native, accuracy = _read_line(path, number, line, space)
        if number > BURN_IN:
            first, known = found.setdefault(native, (number, accuracy))
            if known != accuracy:
                raise TableError(
                    f"{path}, line {number}",
                    expected=f"the accuracy {known} that {native} has in line {first}",
                    received=f"{accuracy}",
                    remedy=_REMEDY,
                )
        if on_progress is not None:
            on_progress(number, len(lines))
    accuracies = np.array([accuracy for _, accuracy in found.values()])
    return Table(space, NAME, tuple(found), {"ws_accuracy": accuracies}, {"ws_accuracy": Split.VALIDATION}, _NOTE)


def _lines(path: pathlib.Path) -> list[str]:
    try:
        text = path.read_bytes().decode("ascii")
    except (OSError, UnicodeDecodeError) as error:
        raise TableError(
            str(path),
            expected="a text file",
            received=getattr(error, "strerror", None) or str(error),
            remedy=_REMEDY,
        ) from error
    if not text.endswith("\n"):
        raise TableError(
            str(path),
            expected="a line end at the end, as the published file has",
            received=f"{text[-20:]!r}: the last number may be cut short",
            remedy=_REMEDY,
        )
    lines = text.removesuffix("\n").split("\n")
    if len(lines) != LINES:
        raise TableError(str(path), expected=f"{LINES:,} lines", received=f"{len(lines):,}", remedy=_REMEDY)
    return lines


def _read_line(path: pathlib.Path, number: int, line: str, space: ENASMacro) -> tuple[str, float]:
    """Returns the published form and the accuracy of a line."""
    try:
        found: Any = json.loads(f"[{line}]")
        if len(found) != 2 or type(found[1]) is not float or not 0 <= found[1] <= 1:
            raise ValueError("no accuracy from 0 to 1 behind the network")
        return space.to_native(space.from_native(json.dumps(found[0]))), found[1]
    except (ValueError, RecursionError) as error:
        reason = error.received if isinstance(error, InvalidArchitectureError) else str(error)
        raise TableError(
            f"{path}, line {number}",
            expected=f"a network of {space.name} and an accuracy from 0 to 1",
            received=f"{line[:120]!r}: {reason}"[:300],
            remedy=_REMEDY,
        ) from error

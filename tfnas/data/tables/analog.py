"""A NAS-Bench-201 table that comes from PyPI: digital and analog CIFAR-10 accuracies of all 15,625 cells."""

from __future__ import annotations

import os
import pathlib
from typing import Any, Callable

import numpy as np

from tfnas.data import pickles
from tfnas.data.tables.table import Table
from tfnas.errors import TableError
from tfnas.spaces.nasbench201 import NASBench201
from tfnas.trial import Split

NAME = "nasbench201_analog"
PACKAGE = "analog-nasbench"
VERSION = "0.1.3"
_NOTE = (
    f"Every column of {NAME} was measured on CIFAR-10 test images; there is no validation column. "
    "baseline_accuracy is the plain digital network, the others are quantised or analog variants of it."
)
_LIMIT = 64 * 2**20
"""Bytes that the file, of 5.6 MB, may have."""

_MODULE = "analognasbench"
_ARCHITECTURE, _DRIFT = f"{_MODULE}.data.Architecture", f"{_MODULE}.data.DriftMeasurement"
_OPERATORS = ("skip_connect", "none", "nor_conv_3x3", "nor_conv_1x1", "avg_pool_3x3")
_PLACES = (0, 1, 3, 2, 4, 5)
"""Where the edges 0-1, 0-2, 1-2, 0-3, 1-3, 2-3 of a published string stand in a key of the file."""

_ACCURACIES = ("baseline_accuracy", "ptq_accuracy", "qat_accuracy", "noisy_accuracy", "analog_accuracy")
_DRIFTS = tuple(f"{kind}_drift_{seconds}" for kind in ("baseline", "analog") for seconds in (60, 3600, 86400, 2592000))


def read(path: str | os.PathLike[str], *, on_progress: Callable[[int, int], None] | None = None) -> Table:
    """Reads ``data.anb`` of the package analog-nasbench, without running anything of it.

    All values are percentages of CIFAR-10 test images that were classified right, so all columns are
    test columns; there is no validation column. ``baseline_accuracy`` is the digital network,
    ``ptq_accuracy`` and ``qat_accuracy`` the network quantised after and during training,
    ``noisy_accuracy`` the baseline on simulated analog hardware, ``analog_accuracy`` the network that was
    trained for it, and the drift columns are the last two after so many seconds, with their uncertainty.

    The package does not document its keys. Read as the operators of the edges 0-1, 0-2, 0-3, 1-2, 1-3 and
    2-3 with 0 skip connection, 1 none, 2 convolution 3x3, 3 convolution 1x1 and 4 average pooling, the
    baseline agrees with the published accuracies after 200 epochs: Pearson .9994, Spearman .991 over
    all 15,625 cells (a test measures that where the published table is there).

    Args:
        path: The file.
        on_progress: Not called: this takes a few seconds.

    Raises:
        DataError: If the file is damaged, or names anything but the package's two records.
        TableError: If cells are missing, or a value is no percentage.
    """
    path = pathlib.Path(path)
    space = NASBench201()
    found = pickles.load(path, records=(_ARCHITECTURE, _DRIFT), limit=_LIMIT)
    if not isinstance(found, dict) or len(found) != space.size:
        received = f"{len(found)} entries" if isinstance(found, dict) else type(found).__name__
        raise TableError(str(path), expected=f"a dictionary of {space.size} cells", received=received)
    natives = []
    values: dict[str, list[float]] = {name: [] for name in _ACCURACIES}
    values |= {f"{name}{part}": [] for name in _DRIFTS for part in ("", "_uncertainty")}
    for key, record in found.items():
        natives.append(_native(path, key))
        fields = _fields(path, key, record, _ARCHITECTURE)
        for name in _ACCURACIES:
            values[name].append(_percentage(path, key, name, fields.get(name)))
        for name in _DRIFTS:
            drift = _fields(path, key, fields.get(name), _DRIFT)
            values[name].append(_percentage(path, key, name, drift.get("value")))
            values[f"{name}_uncertainty"].append(_percentage(path, key, name, drift.get("uncertainty")))
    columns = {name: np.array(column) for name, column in values.items()}
    return Table(space, NAME, tuple(natives), columns, dict.fromkeys(columns, Split.TEST), _NOTE)


def _native(path: pathlib.Path, key: Any) -> str:
    if not isinstance(key, tuple) or len(key) != 6 or any(type(digit) is not int for digit in key):
        raise _wrong(path, key, "six digits as a key", pickles.shown(key))
    if not all(0 <= digit < len(_OPERATORS) for digit in key):
        raise _wrong(path, key, "digits from 0 to 4", pickles.shown(key))
    a, b, c, d, e, f = (_OPERATORS[key[place]] for place in _PLACES)
    return f"|{a}~0|+|{b}~0|{c}~1|+|{d}~0|{e}~1|{f}~2|"


def _fields(path: pathlib.Path, key: Any, record: Any, kind: str) -> dict[str, Any]:
    if not isinstance(record, pickles.Record) or record.kind != kind:
        raise _wrong(path, key, f"a record {kind}", getattr(record, "kind", type(record).__name__))
    return record.fields


def _percentage(path: pathlib.Path, key: Any, name: str, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value <= 100:
        raise _wrong(path, key, f"{name} from 0 to 100", pickles.shown(value))
    return float(value)


def _wrong(path: pathlib.Path, key: Any, expected: str, received: str) -> TableError:
    return TableError(
        f"{path}, cell {pickles.shown(key)}",
        expected=expected,
        received=f"{received:.120}",
        remedy=f"Run: pip install --force-reinstall {PACKAGE}=={VERSION}",
    )

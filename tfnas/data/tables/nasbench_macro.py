"""NAS-Bench-Macro: 6,561 networks, each trained three times on CIFAR-10 (Su et al., CVPR 2021)."""

from __future__ import annotations

import json
import numbers
import os
import pathlib
import reprlib
from typing import Any, Callable, NoReturn

import numpy as np

from tfnas.data.tables.table import Table
from tfnas.errors import InvalidArchitectureError, TableError
from tfnas.spaces.nasbench_macro import NASBenchMacro
from tfnas.trial import Split

NAME = "nasbench_macro"
REPEATS = 3

_NOTE = (
    f"Both accuracies of {NAME} were measured on CIFAR-10 test images, at the best epoch by them; there is no "
    "validation column."
)
_TOLERANCE = 1e-4
"""How far a published mean may be from that of its values; it is written with fewer digits than computed."""

_REMEDY = "The file may be damaged or cut short: get it again."


def read(path: str | os.PathLike[str], *, on_progress: Callable[[int, int], None] | None = None) -> Table:
    """Reads ``nas-bench-macro_cifar10.json``.

    ``test_accuracy``, shape [R, 3], and ``mean_accuracy``, shape [R], are percentages of CIFAR-10 test
    images, each of the best epoch by that test accuracy; the benchmark has no validation accuracies, so a
    search on it sees what it is judged by. ``mean_accuracy`` is as published and is checked to be the mean
    of the three. ``parameters`` and ``flops`` (multiply-accumulates) are checked to be the network's. The
    published ``std`` is left out.

    All 6,561 networks must be there: the benchmark has no file with fewer. 3,969 were trained; the others
    have the values of the same network in another form, with its identities elsewhere.

    Args:
        path: The file.
        on_progress: Called with the networks that are read, and their number.

    Raises:
        TableError: If the file cannot be read or is no JSON, with the line; if it has other networks, or
            one twice, or a value is missing or out of its range, with the network.
    """
    path = pathlib.Path(path)
    space = NASBenchMacro()
    networks = _networks(path)
    natives, accuracies, means, sizes = [], [], [], []
    for done, (name, entry) in enumerate(networks, start=1):
        try:
            arch = space.from_native(name)
        except InvalidArchitectureError as error:
            _refuse(path, name, f"an architecture of {space.name}", str(error))
        natives.append(space.to_native(arch))
        accuracies.append(_accuracies(path, name, entry))
        means.append(_number(path, name, "mean_acc", entry.get("mean_acc"), 100))
        if abs(means[-1] - float(np.mean(accuracies[-1]))) > _TOLERANCE:
            _refuse(path, name, f"the mean of {accuracies[-1]} as 'mean_acc'", f"{means[-1]}")
        cost = space.cost(arch)
        sizes.append((cost.params, cost.macs))
        for field, size in zip(("params", "flops"), sizes[-1]):
            if entry.get(field) != size:
                _refuse(path, name, f"{size} as {field!r}, which the network has", reprlib.repr(entry.get(field)))
        if on_progress is not None:
            on_progress(done, len(networks))
    if len(set(natives)) != space.size or len(natives) != space.size:
        raise TableError(
            str(path),
            expected=f"each of the {space.size:,} networks once",
            received=f"{len(natives):,}, of which {len(set(natives)):,} differ",
            remedy=_REMEDY,
        )
    parameters, flops = np.array(sizes).T
    return Table(
        space,
        NAME,
        tuple(natives),
        {
            "test_accuracy": np.array(accuracies),
            "mean_accuracy": np.array(means),
            "parameters": parameters,
            "flops": flops,
        },
        {
            "test_accuracy": Split.TEST,
            "mean_accuracy": Split.TEST,
            "parameters": Split.TRAIN,
            "flops": Split.TRAIN,
        },
        _NOTE,
    )


def _networks(path: pathlib.Path) -> list[tuple[str, Any]]:
    """Returns the names and the entries of the file, in its order; a name that is there twice, twice."""
    try:
        found = json.loads(path.read_bytes().decode("utf-8"), object_pairs_hook=_Pairs)
    except (OSError, ValueError, RecursionError) as error:
        raise TableError(
            str(path),
            expected="a JSON file",
            received=(getattr(error, "strerror", None) or str(error))[:200],
            remedy=_REMEDY,
        ) from error
    if not isinstance(found, _Pairs):
        raise TableError(str(path), expected="an object of networks", received=f"a {type(found).__name__}")
    return list(found.pairs)


class _Pairs:
    """A JSON object whose names may be there twice."""

    def __init__(self, pairs: list[tuple[str, Any]]) -> None:
        self.pairs = pairs
        self.get = dict(pairs).get


def _accuracies(path: pathlib.Path, name: str, entry: Any) -> list[float]:
    if not isinstance(entry, _Pairs):
        _refuse(path, name, "an object of values", f"a {type(entry).__name__}")
    found = entry.get("test_acc")
    if not isinstance(found, list) or len(found) != REPEATS:
        _refuse(path, name, f"{REPEATS} values as 'test_acc'", reprlib.repr(found))
    return [_number(path, name, "test_acc", value, 100) for value in found]


def _number(path: pathlib.Path, name: str, field: str, value: Any, largest: float) -> float:
    if not isinstance(value, numbers.Real) or isinstance(value, bool) or not 0 <= value <= largest:
        _refuse(path, name, f"{field!r} from 0 to {largest:g}", reprlib.repr(value))
    return float(value)


def _refuse(path: pathlib.Path, name: str, expected: str, received: str) -> NoReturn:
    raise TableError(f"{path}, network {name!r:.40}", expected=expected, received=received, remedy=_REMEDY)

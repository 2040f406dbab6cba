"""NAS-Bench-101 from an object of the benchmark's own package, to a `Table`."""

from __future__ import annotations

from array import array
from typing import Any, Iterator, Mapping

import numpy as np

from tfnas.checks import is_integer
from tfnas.data.tables.nasbench101_draft import Draft, find_unfit
from tfnas.data.tables.table import Table
from tfnas.errors import InvalidArchitectureError, TableError

_FIELDS = ("training_time", "train_accuracy", "validation_accuracy", "test_accuracy")
"""In the order of `tfnas.data.tables.nasbench101_draft.QUANTITIES`."""

_MOMENTS = ("halfway", "final")


def from_api(api: Any) -> Table:
    """Returns what ``nasbench.api.NASBench`` has read, as `tfnas.data.tables.nasbench101.read` reads the file.

    Nothing of the package is called: the dictionaries ``fixed_statistics`` (by hash: adjacency,
    operations, parameters) and ``computed_statistics`` (by hash and epochs: a list of repeats) are read,
    and checked as the file is. A cell with fewer repeats than others has nan in their place.

    Args:
        api: An object with these two dictionaries.

    Raises:
        TableError: Naming the cell, if one of them is missing or says what cannot be.
    """
    try:
        fixed, computed = api.fixed_statistics, api.computed_statistics
        differ = not fixed or fixed.keys() != computed.keys()
    except AttributeError:
        raise TableError(
            "NAS-Bench-101 API",
            expected="an object with the dictionaries fixed_statistics and computed_statistics",
            received=type(api).__name__,
            remedy="Give nasbench.api.NASBench('nasbench_only108.tfrecord').",
        ) from None
    if differ:
        raise TableError(
            "NAS-Bench-101 API",
            expected="the same cells in fixed_statistics and computed_statistics, at least one",
            received=f"{len(fixed)} and {len(computed)}",
        )
    draft, keys = Draft(), list(fixed)
    modules, epochs, values = array("i"), array("i"), array("d")
    for key in keys:
        try:
            module = _module(draft, key, fixed[key])
            for budget, training in _trainings(computed[key]):
                modules.append(module)
                epochs.append(budget)
                values.extend(training)
        except (TableError, InvalidArchitectureError) as error:
            raise _wrong(key, f"{error.subject}, {error.expected}", error.received) from None
        except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
            raise _wrong(key, "the statistics that nasbench.api has", f"{type(error).__name__}: {error}") from error
    measured = np.array(values).reshape(-1, len(_MOMENTS), len(_FIELDS))
    unfit = find_unfit(measured)
    if unfit:
        training, moment, expected, received = unfit
        raise _wrong(keys[modules[training]], f"{_MOMENTS[moment]}, {epochs[training]} epochs, {expected}", received)
    draft.add(modules, epochs, measured)
    return draft.table("nasbench101")


def _module(draft: Draft, key: str, fixed: Mapping[str, Any]) -> int:
    parameters = fixed["trainable_parameters"]
    if not is_integer(parameters):
        raise TableError("parameters", expected="an integer", received=repr(parameters))
    digits = "".join(map(str, np.asarray(fixed["module_adjacency"]).ravel().tolist()))
    return draft.module(key, digits, ",".join(fixed["module_operations"]), int(parameters))


def _trainings(computed: Mapping[int, Any]) -> Iterator[tuple[int, list[float]]]:
    """Yields the epochs and the values of each training of a cell, those half-way first."""
    if not any(computed.values()):
        raise TableError("trainings", expected="at least one", received="none")
    for epochs, repeats in computed.items():
        if not is_integer(epochs) or epochs < 1:
            raise TableError("epochs", expected="positive integers", received=repr(epochs))
        for repeat in repeats:
            yield epochs, [repeat[f"{moment}_{field}"] for moment in _MOMENTS for field in _FIELDS]


def _wrong(key: Any, expected: str, received: str) -> TableError:
    return TableError(f"NAS-Bench-101 API, cell {key!r:.60}", expected=expected, received=f"{received:.200}")

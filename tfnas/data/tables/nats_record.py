"""The records of one architecture in NATS-Bench's topology archive: what is kept of them, and what is refused."""

from __future__ import annotations

import numbers
from dataclasses import dataclass
from typing import Any, Mapping, Sequence

from tfnas.data.pickles import shown

BUDGETS = (12, 200)
"""Epochs of training; the benchmark calls them hyper-parameters, ``hp``."""

EVALUATIONS: Mapping[str, tuple[str, ...]] = {
    "cifar10-valid": ("train", "x-valid", "ori-test"),
    "cifar10": ("train", "ori-test"),
    "cifar100": ("train", "x-valid", "x-test", "ori-test"),
    "ImageNet16-120": ("train", "x-valid", "x-test", "ori-test"),
}
"""What every network was evaluated on, by the data that it was trained on."""

_RECORD = frozenset(("name", "epochs", "params", "flop", "train_acc1es", "train_times", "eval_acc1es", "eval_times"))
_RUN = "run"
"""Where the hook leaves what is kept of a record."""

_HUGE = 1e9
"""More than any time in seconds, or size in millions."""

_SEEDS = 2**32
"""More than any seed of NumPy; of longer integers, many can have one hash."""


class Wrong(Exception):
    """Something in the file is not what the benchmark writes; whoever knows the place makes an error of it."""

    def __init__(self, expected: str, received: str) -> None:
        self.expected, self.received = expected, received
        super().__init__()


@dataclass(frozen=True, slots=True)
class Run:
    """What is kept of one training: the last accuracies in per cent, by evaluation, and its costs."""

    data: str
    epochs: int
    accuracies: Mapping[str, float]
    seconds: float
    parameters: float
    flop: float


def read_row(info: Any, index: int, native: str) -> dict[str, list[float]]:
    """Returns the values of one architecture by column."""
    row: dict[str, list[float]] = {}
    for epochs in BUDGETS:
        results = entry(info, str(epochs))
        _same(entry(results, "arch_index"), index)
        _same(entry(results, "arch_str"), native)
        seeds, records = entry(results, "dataset_seed"), entry(results, "all_results")
        if not isinstance(seeds, dict) or set(seeds) != set(EVALUATIONS):
            raise Wrong(f"seeds of {', '.join(EVALUATIONS)} as 'dataset_seed'", shown(seeds))
        for data, evaluations in EVALUATIONS.items():
            runs = [_run(records, data, seed, epochs) for seed in _seeds(seeds[data], data)]
            for evaluation in evaluations:
                row[f"{data}:{evaluation}@{epochs}"] = [run.accuracies[evaluation] for run in runs]
            row[f"{data}:seconds@{epochs}"] = [run.seconds for run in runs]
            if epochs == BUDGETS[0]:
                row[f"{data}:parameters"] = [runs[0].parameters]
                row[f"{data}:flop"] = [runs[0].flop]
        if len(records) != sum(map(len, seeds.values())):
            raise Wrong("one record for each seed of 'dataset_seed'", f"{len(records)} records")
    return row


def _same(found: Any, expected: Any) -> None:
    if type(found) is not type(expected) or found != expected:
        raise Wrong("records of this architecture", f"those of {shown(found)}")


def entry(found: Any, key: Any) -> Any:
    """Returns the value of a key; raises `Wrong` where there is no such key, or no dictionary."""
    if not isinstance(found, dict) or key not in found:
        received = "none" if isinstance(found, dict) else type(found).__name__
        raise Wrong(f"a dictionary with the key {shown(key)}", received)
    return found[key]


def _seeds(found: Any, data: str) -> Sequence[int]:
    if not isinstance(found, list) or not found or not all(type(seed) is int and 0 <= seed < _SEEDS for seed in found):
        raise Wrong(f"a list of seeds for {data}", shown(found))
    if len(set(found)) < len(found):
        raise Wrong(f"every seed of {data} once", shown(found))
    return found


def _run(records: Any, data: str, seed: int, epochs: int) -> Run:
    place = f"record {shown((data, seed))}"
    record = entry(records, (data, seed))
    run = record.get(_RUN) if isinstance(record, dict) else None
    if isinstance(run, Wrong):
        raise Wrong(f"{run.expected} in the {place}", run.received)
    if not isinstance(run, Run):
        raise Wrong(f"{', '.join(sorted(_RECORD))} in the {place}", shown(record))
    if (run.data, run.epochs) != (data, epochs):
        raise Wrong(f"{data} for {epochs} epochs in the {place}", f"{run.data} for {run.epochs}")
    return run


def condense(found: dict[Any, Any]) -> None:
    """Replaces the content of a record, which has hundreds of values an epoch, by a `Run` or what is wrong with it."""
    if not _RECORD <= found.keys():
        return
    try:
        run: Run | Wrong = _read_run(found)
    except Wrong as wrong:
        run = wrong
    for values in list(found.values()):  # a record may contain itself
        if isinstance(values, dict):
            values.clear()  # the reader remembers every dictionary, so that dropping it would free nothing
    found.clear()
    found[_RUN] = run


def _read_run(record: Mapping[str, Any]) -> Run:
    data, epochs = record["name"], record["epochs"]
    if not isinstance(data, str) or data not in EVALUATIONS:
        raise Wrong(f"one of {', '.join(EVALUATIONS)} as 'name'", shown(data))
    if type(epochs) is not int or epochs not in BUDGETS:
        raise Wrong("12 or 200 'epochs'", shown(epochs))
    accuracies = {
        evaluation: _number(record, "train_acc1es", epochs - 1, 100)
        if evaluation == "train"
        else _number(record, "eval_acc1es", f"{evaluation}@{epochs - 1}", 100)
        for evaluation in EVALUATIONS[data]
    }
    seconds = sum(_number(record, "train_times", epoch) for epoch in range(epochs))
    if "x-valid" in accuracies:
        seconds += sum(_number(record, "eval_times", f"x-valid@{epoch}") for epoch in range(epochs)) / epochs
    return Run(data, epochs, accuracies, seconds, _number(record, "params"), _number(record, "flop"))


def _number(record: Mapping[str, Any], field: str, key: Any = None, largest: float = _HUGE) -> float:
    """Returns a value of a record, or of one of its dictionaries, that is in its range."""
    value, name = record[field], repr(field)
    if key is not None:
        name = f"{field}[{key!r}]"
        value = value.get(key) if isinstance(value, dict) else None
    if not isinstance(value, numbers.Real) or isinstance(value, bool):
        raise Wrong(f"a number as {name}", shown(value))
    if not 0 <= value <= largest:
        raise Wrong(f"{name} from 0 to {largest}", shown(value))
    return float(value)

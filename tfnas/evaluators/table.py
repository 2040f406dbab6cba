"""`TableEvaluator`: looks measurements up in a benchmark table."""

from __future__ import annotations

import math
import numbers
import pathlib
from typing import Any, Iterator, Mapping, Sequence

import numpy as np

from tfnas.architecture import Architecture
from tfnas.data.tables import Table
from tfnas.errors import ConfigError, InvalidArchitectureError
from tfnas.evaluators.base import Evaluator, Outcome
from tfnas.trial import Failure, Measurement, Proposal, Split

REPEATS = ("mean", "random")


class TableEvaluator(Evaluator):
    """Answers from a `Table`. A search sees the column `signal`; columns of `test` wait for the end.

    A member is looked up as the table names it. Where that is its published form, isomorphic members
    may have different values. What a search did not name stays behind this class: nothing but
    `finalize` reads it.

    A signal of the form ``quantity@epochs`` stands for one training budget. A proposal's fidelity asks
    for another one, in epochs, of the same quantity; so does the cost column where it is named alike.

    Args:
        table: The table.
        signal: The column whose values a search sees.
        test: Columns that only `finalize` reads, all declared as test columns; the first one is
            the objective there. Repeats are averaged.
        cost: Seconds that a query would have taken, for simulated clocks: a column, or one number
            for all queries. Nothing is slept.
        repeat: What a query gives where the table has repeats: their ``"mean"``, or one of them, drawn by
            the query's seed, ``"random"``; its own cost comes with it. Benchmarks of searches draw.
        absent: Objective of what the table does not have, at no cost, in the table's sign; None makes
            it a failure. Baselines of NAS-Bench-101 give such cells an accuracy of 0.
        benchmark_study: Allow a test column as the signal. Every measurement then says that it
            was taken on test examples, and `config` records the study.
        direction: ``"max"``, or ``"min"`` where smaller values are better. Objectives are negated
            here then, those of `finalize` too; metrics keep the table's sign.

    Raises:
        UnknownNameError: If the table lacks a column; the error lists those it has.
        ConfigError: If the signal is a test column without `benchmark_study`, the cost is one, a column of
            `test` is not one or is the signal, a cost is negative, or another argument cannot work.
    """

    def __init__(
        self,
        table: Table,
        signal: str,
        *,
        test: str | Sequence[str] = (),
        cost: str | float | None = None,
        repeat: str = "mean",
        absent: float | None = None,
        benchmark_study: bool = False,
        direction: str = "max",
    ) -> None:
        self._table = table
        self.space = table.space
        self.signal = signal
        self.test = (test,) if isinstance(test, str) else tuple(test)
        self.benchmark_study = benchmark_study
        self.direction = direction
        self.repeat = repeat
        self.cost = cost if cost is None or isinstance(cost, str) else _number("cost", cost)
        self.absent = None if absent is None else _number("absent", absent)
        for name, value, allowed in (("direction", direction, ("max", "min")), ("repeat", repeat, REPEATS)):
            if value not in allowed:
                raise ConfigError(name, expected=" or ".join(map(repr, allowed)), received=repr(value))
        self._sign = 1.0 if direction == "max" else -1.0
        self._check_splits()
        self._signal = _Answers(table, signal, repeat)
        self._cost = _Answers(table, cost, repeat) if isinstance(cost, str) else None
        self._check_cost()

    @property
    def is_repeatable(self) -> bool:  # type: ignore[override]
        return self.repeat == "mean" or not self._signal.has_repeats

    def stream(self, proposals: Sequence[Proposal], *, seeds: Sequence[int]) -> Iterator[tuple[int, Outcome]]:
        for index, (proposal, seed) in enumerate(zip(proposals, seeds)):
            yield index, self._answer(proposal, seed)

    def finalize(
        self, architecture: Architecture, *, seed: int, directory: pathlib.Path | None = None
    ) -> Outcome | None:
        """Reads the columns of `test`; None where there are none."""
        if not self.test:
            return None
        row = self._row(architecture)
        if isinstance(row, Failure):
            return row
        values = {name: float(np.nanmean(self._table.column(name)[row], dtype=np.float64)) for name in self.test}
        return Measurement(self._sign * values[self.test[0]], values, Split.TEST)

    def config(self) -> dict[str, Any]:
        table = self._table
        return {
            "name": "table",
            "space": self.space.name,
            "table": table.name,
            "rows": len(table),
            "checksum": table.checksum,
            "note": table.note,
            "signal": self.signal,
            "split": table.splits[self.signal].value,
            "test": list(self.test),
            "cost": self.cost,
            "repeat": self.repeat,
            "absent": self.absent,
            "direction": self.direction,
            "benchmark_study": self.benchmark_study,
        }

    def _check_splits(self) -> None:
        """Raises `ConfigError` where a search would see what it must not, or the end what it cannot."""
        splits = self._table.splits
        seen = [("signal", self.signal)] + ([("cost", self.cost)] if isinstance(self.cost, str) else [])
        for role, name in seen:
            self._table.column(name)
            for column in (name, *self._table.budgets(name).values()):
                if splits[column] is not Split.TEST or (role == "signal" and self.benchmark_study):
                    continue
                free = [other for other, split in splits.items() if split is not Split.TEST]
                raise ConfigError(
                    f"{role} {column!r}",
                    expected=f"a column that was not measured on test examples: {', '.join(free) or 'none here'}",
                    received="a test column",
                    remedy="To study a search on test values all the same, pass benchmark_study=True "
                    "(--benchmark-study)."
                    if role == "signal"
                    else "",
                )
        for name in self.test:
            self._table.column(name)
            if name == self.signal:
                raise ConfigError(
                    f"test column {name!r}",
                    expected="a column that the search does not see",
                    received="its signal",
                    remedy="Leave it away: its value is the search's own.",
                )
            if splits[name] is not Split.TEST:
                raise ConfigError(
                    f"test column {name!r}",
                    expected="a column measured on test examples",
                    received=f"a {splits[name].value} column",
                    remedy=f"If it was, load the table with splits={{{name!r}: 'test'}}, or on the command line "
                    f"import it with --split {name}=test.",
                )

    def _check_cost(self) -> None:
        """Raises `ConfigError` where a query would have no cost, or a negative one."""
        if self._cost is None:
            least = self.cost or 0.0
        else:
            least = min(float(np.nanmin(values)) for _, values in self._cost.columns.values())
            for epochs, (column, values) in self._signal.columns.items():
                if self._cost.budget(epochs) not in self._cost.columns:
                    raise ConfigError(
                        f"cost {self.cost!r}",
                        expected=f"a cost for each budget of {self.signal}",
                        received=f"none for {column}",
                    )
                costs = self._cost.columns[self._cost.budget(epochs)][1]
                if costs.ndim == 2 and not (
                    costs.shape == values.shape and np.isfinite(costs[np.isfinite(values)]).all()
                ):
                    raise ConfigError(
                        f"cost {self.cost!r}",
                        expected=f"a value for each repeat of {column}",
                        received="another number of them",
                        remedy="Take repeat='mean'.",
                    )
        if least < 0:
            raise ConfigError(
                "cost", expected="seconds, none negative", received=f"{self.cost!r} with a minimum of {least}"
            )

    def _answer(self, proposal: Proposal, seed: int) -> Outcome:
        row = self._row(proposal.architecture)
        split = self._table.splits[self.signal]
        if isinstance(row, Failure):
            if self.absent is None:
                return row
            return Measurement(self._sign * self.absent, {self.signal: self.absent}, split)
        epochs = self._signal.budget(proposal.fidelity)
        if epochs not in self._signal.columns:
            return Failure(
                f"table {self._table.name!r} has no {self.signal} at {epochs} epochs; "
                f"it has {', '.join(map(str, self._signal.columns))}"
            )
        column, values = self._signal.columns[epochs]
        repeat = 0
        if values.ndim == 2:
            there = np.flatnonzero(np.isfinite(values[row]))
            repeat = there[np.random.default_rng(seed).integers(len(there))]
        value = _at(values, row, repeat)
        cost = self.cost or 0.0
        if self._cost is not None:
            cost = _at(self._cost.columns[self._cost.budget(epochs)][1], row, repeat)
        return Measurement(self._sign * value, {column: value}, split, epochs, cost)

    def _row(self, arch: Architecture) -> int | Failure:
        try:
            self.space.validate(arch)
        except InvalidArchitectureError as error:
            return Failure(f"not a member of {self.space.name}: {error}")
        row = self._table.find(arch)
        if row is None:
            return Failure(f"table {self._table.name!r} has no row for {self.space.to_native(arch)}")
        return row


class _Answers:
    """The columns of one quantity.

    Attributes:
        columns: Name and values by epochs; under None where the quantity has no budgets. Values have
            shape [R], or [R, K] where repeats are drawn.
    """

    def __init__(self, table: Table, name: str, repeat: str) -> None:
        budgets: Mapping[int | None, str] = table.budgets(name) or {None: name}  # type: ignore[assignment]
        read = table.mean if repeat == "mean" else table.column
        self.columns = {epochs: (column, read(column)) for epochs, column in budgets.items()}
        self._given = next(epochs for epochs, column in budgets.items() if column == name)

    def budget(self, asked: int | None) -> int | None:
        """Returns the epochs of an answer: those asked for, where the quantity has budgets."""
        return self._given if asked is None or None in self.columns else asked

    @property
    def has_repeats(self) -> bool:
        """Whether there is something to draw."""
        return any(values.ndim == 2 for _, values in self.columns.values())


def _at(values: np.ndarray, row: int, repeat: int) -> float:
    return float(values[row, repeat] if values.ndim == 2 else values[row])


def _number(name: str, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, numbers.Real) or not math.isfinite(value):
        what = "a column name, a finite number of seconds or None" if name == "cost" else "a finite number or None"
        raise ConfigError(name, expected=what, received=repr(value))
    return float(value)

"""`TableEvaluator`: looks measurements up in a benchmark table."""

from __future__ import annotations

import math
import numbers
import pathlib
from typing import Any, Iterator, Sequence

import numpy as np

from tfnas.architecture import Architecture
from tfnas.data.tables import Table
from tfnas.errors import ConfigError, InvalidArchitectureError
from tfnas.evaluators.base import Evaluator, Outcome
from tfnas.trial import Failure, Measurement, Proposal, Split


class TableEvaluator(Evaluator):
    """Answers from a `Table`. A search sees the column `signal`; columns of `test` wait for the end.

    A member is looked up by its own published form: isomorphic members may have different values.
    Seeds and the fidelity of a proposal are ignored, for a table has one value a column.

    Args:
        table: The table.
        signal: The column whose values a search sees.
        test: Columns that only `finalize` reads, all declared as test columns; the first one is
            the objective there.
        cost: Seconds that a query would have taken, for simulated clocks: a column, or one number
            for all queries. Nothing is slept.
        benchmark_study: Allow a test column as the signal. Every measurement then says that it
            was taken on test examples, and `config` records the study.
        direction: ``"max"``, or ``"min"`` where smaller values are better. Objectives are negated
            here then, those of `finalize` too; metrics keep the table's sign.

    Raises:
        UnknownNameError: If the table lacks a column; the error lists those it has.
        ConfigError: If the signal is a test column without `benchmark_study`, a column of `test`
            is not one, a cost is negative, or the direction is another word.
    """

    is_repeatable = True

    def __init__(
        self,
        table: Table,
        signal: str,
        *,
        test: str | Sequence[str] = (),
        cost: str | float | None = None,
        benchmark_study: bool = False,
        direction: str = "max",
    ) -> None:
        self.table = table
        self.space = table.space
        self.signal = signal
        self.test = (test,) if isinstance(test, str) else tuple(test)
        self.benchmark_study = benchmark_study
        self.direction = direction
        self._signal = table.column(signal)
        self._split = table.splits[signal]
        if direction not in ("max", "min"):
            raise ConfigError("direction", expected="'max' or 'min'", received=repr(direction))
        self._sign = 1.0 if direction == "max" else -1.0
        if self._split is Split.TEST and not benchmark_study:
            validation = [name for name, split in table.splits.items() if split is Split.VALIDATION]
            raise ConfigError(
                f"signal {signal!r}",
                expected=f"a column that was not measured on test examples: {', '.join(validation) or 'none here'}",
                received="a test column",
                remedy="To study a search on test values all the same, pass benchmark_study=True (--benchmark-study).",
            )
        for name in self.test:
            table.column(name)
            if table.splits[name] is not Split.TEST:
                raise ConfigError(
                    f"test column {name!r}",
                    expected="a column measured on test examples",
                    received=f"a {table.splits[name].value} column",
                    remedy=f"If it was, load the table with splits={{{name!r}: 'test'}}.",
                )
        self.cost = cost if cost is None or isinstance(cost, str) else _seconds(cost)
        self._costs = table.column(cost) if isinstance(cost, str) else np.full(len(table), self.cost or 0.0)
        if (self._costs < 0).any():
            raise ConfigError(
                "cost", expected="seconds, none negative", received=f"{cost!r} with a minimum of {self._costs.min()}"
            )

    def stream(self, proposals: Sequence[Proposal], *, seeds: Sequence[int]) -> Iterator[tuple[int, Outcome]]:
        for index, proposal in enumerate(proposals):
            row = self._row(proposal.architecture)
            if isinstance(row, Failure):
                yield index, row
                continue
            value = float(self._signal[row])
            yield (
                index,
                Measurement(self._sign * value, {self.signal: value}, self._split, cost_s=float(self._costs[row])),
            )

    def finalize(
        self, architecture: Architecture, *, seed: int, directory: pathlib.Path | None = None
    ) -> Outcome | None:
        """Reads the columns of `test`; None where there are none."""
        if not self.test:
            return None
        row = self._row(architecture)
        if isinstance(row, Failure):
            return row
        values = {name: float(self.table.columns[name][row]) for name in self.test}
        return Measurement(self._sign * values[self.test[0]], values, Split.TEST)

    def config(self) -> dict[str, Any]:
        return {
            "name": "table",
            "space": self.space.name,
            "table": self.table.name,
            "rows": len(self.table),
            "checksum": self.table.checksum,
            "signal": self.signal,
            "split": self._split.value,
            "test": list(self.test),
            "cost": self.cost,
            "direction": self.direction,
            "benchmark_study": self.benchmark_study,
        }

    def _row(self, arch: Architecture) -> int | Failure:
        try:
            self.space.validate(arch)
        except InvalidArchitectureError as error:
            return Failure(f"not a member of {self.space.name}: {error}")
        row = self.table.find(arch)
        if row is None:
            return Failure(f"table {self.table.name!r} has no row for {self.space.to_native(arch)}")
        return row


def _seconds(cost: object) -> float:
    if isinstance(cost, bool) or not isinstance(cost, numbers.Real) or not math.isfinite(cost):
        raise ConfigError("cost", expected="a column name, a finite number of seconds or None", received=repr(cost))
    return float(cost)

"""A run folder, read: the record, and the leaderboard with what each network is and costs."""

from __future__ import annotations

import inspect
import itertools
import pathlib
from dataclasses import dataclass, replace
from typing import Any, Mapping

import tfnas.spaces
from tfnas.leaderboard import leaderboard
from tfnas.report.data import Entry, Size
from tfnas.report.values import Scale
from tfnas.runlog import Event, RunRecord, read_events
from tfnas.spaces.base import SearchSpace
from tfnas.trial import Failure, Trial


@dataclass(frozen=True)
class Source:
    """A run folder, read.

    Attributes:
        events: All events.
        record: The same in typed form.
        space: The space, None where it is not registered in this process.
        entries: The leaderboard.
        scale: How objectives are shown.
    """

    events: tuple[Event, ...]
    record: RunRecord
    space: SearchSpace | None
    entries: tuple[Entry, ...]
    scale: Scale

    @property
    def evaluator(self) -> Mapping[str, Any]:
        """Configuration of the evaluator."""
        return self.record.start["evaluator"]

    @property
    def strategy(self) -> str:
        """Name of the strategy."""
        return self.record.start["strategy"]["name"]

    @property
    def best(self) -> Entry | None:
        """The chosen network, the first one as long as none is chosen, None without values."""
        chosen = (entry for entry in self.entries if entry.chosen)
        return next(itertools.chain(chosen, self.entries), None)

    @property
    def tied(self) -> tuple[int, ...]:
        """Trials that tie with `best`."""
        return tuple(entry.trial for entry in self.entries if entry.tied)

    @property
    def done(self) -> int:
        """Trials that have an outcome."""
        return sum(trial.outcome is not None for trial in self.record.trials)

    @property
    def failed(self) -> int:
        """Trials that failed."""
        return sum(isinstance(trial.outcome, Failure) for trial in self.record.trials)

    @property
    def on_test_column(self) -> bool:
        """Whether the search saw test values: a benchmark study."""
        return bool(self.evaluator.get("benchmark_study")) and self.evaluator.get("split", "test") == "test"

    @property
    def seconds(self) -> float:
        """Time between the events, without the pauses before each resume."""
        pairs = itertools.pairwise(self.events)
        return sum(max(0.0, later["time"] - event["time"]) for event, later in pairs if later["event"] != "resume")


def read(directory: pathlib.Path) -> Source:
    """Reads a run folder, whatever stage the run is in.

    Raises:
        RunFolderError: If the folder has no log, or a damaged one.
    """
    events = read_events(directory)
    record = RunRecord.from_events(events)
    evaluator, name = record.start["evaluator"], record.start["space"]
    space = tfnas.spaces.get(name) if name.partition(",")[0] in tfnas.spaces.names() else None
    rows = leaderboard(record.trials, record.rechecks, evaluator.get("validation_size"))
    chosen = record.choice["trial"] if record.choice else None
    tied = set(record.choice["tied"]) if record.choice else {row.trial.id for row in rows[1:] if row.tied}
    natives = {trial.id: native for trial, native in zip(record.trials, record.natives)}
    if evaluator.get("validation_size"):
        rows = tuple(replace(row, interval=clipped(row.interval)) for row in rows)
    entries = tuple(
        Entry(
            row=row,
            native=natives[row.trial.id],
            size=None if space is None else size_of(space, row.trial, evaluator),
            chosen=row.trial.id == chosen,
            tied=row.trial.id in tied,
        )
        for row in rows
    )
    scale = Scale.of(evaluator, max((abs(row.value) for row in rows), default=0.0))
    return Source(events, record, space, entries, scale)


def clipped(interval: tuple[float, float] | None) -> tuple[float, float] | None:
    """Returns the part of an interval in which a proportion can lie; a negated one keeps its sign."""
    if interval is None:
        return None
    low, high = (0.0, 1.0) if interval[1] >= 0 else (-1.0, 0.0)
    return max(interval[0], low), min(interval[1], high)


def size_of(space: SearchSpace, trial: Trial, evaluator: Mapping[str, Any]) -> Size | None:
    """Returns what a network costs in the skeleton that the evaluator trained.

    The evaluator's configuration gives ``input_shape``, ``num_classes`` and ``skeleton``. Where it
    does not (a table), the space's own default skeleton is taken, which is the published one; a
    space whose `cost` has no defaults gives None.
    """
    if "input_shape" in evaluator and "num_classes" in evaluator:
        where = {
            "input_shape": tuple(evaluator["input_shape"]),
            "num_classes": evaluator["num_classes"],
            **evaluator.get("skeleton", {}),
        }
    else:
        parameters = inspect.signature(space.cost).parameters
        if any(parameters[name].default is inspect.Parameter.empty for name in ("input_shape", "num_classes")):
            return None
        where = {}
    built = space.cost(trial.architecture, live_only=True, **where)
    published = space.cost(trial.architecture, **where)
    return Size(built.params, built.macs, published.params, published.macs)

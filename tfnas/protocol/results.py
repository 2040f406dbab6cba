"""`Results`: the folder of a study, and what is in it so far."""

from __future__ import annotations

import contextlib
import os
import pathlib
from typing import TYPE_CHECKING

from tfnas import search, spaces
from tfnas.errors import RunFolderError
from tfnas.models.distribution import ArchitectureDistribution
from tfnas.protocol.retraining import Retrained, path_of, read_result
from tfnas.runlog import RunRecord, has_run, outcome_of, read_events
from tfnas.trial import Failure

if TYPE_CHECKING:
    from tfnas.protocol.study import Study

SEARCHES = "searches"


class Results:
    """What a study has found so far.

    Args:
        study: The study.
        directory: Its folder; it need not be there yet. Runs are in ``searches/<row>/seed<number>``, trained networks
            in ``retrained/<name>``.
    """

    def __init__(self, study: Study, directory: str | os.PathLike[str]) -> None:
        self.study = study
        self.directory = pathlib.Path(directory)
        self._records: dict[pathlib.Path, RunRecord] = {}
        self._distributions: dict[str, ArchitectureDistribution] = {}

    def run_folder(self, row: str, number: int) -> pathlib.Path:
        """Returns the folder of a run, numbered from 0."""
        return self.directory / SEARCHES / row / f"seed{self.study.row(row).run(number).seed}"

    def is_over(self, row: str, number: int) -> bool:
        """Whether a run has done all it was to do."""
        return self._record(self.run_folder(row, number)) is not None

    def records(self, row: str) -> tuple[RunRecord, ...]:
        """Returns the logs of a row's runs that are over, in the order of their seeds."""
        numbers = range(self.study.row(row).seeds)
        found = (self._record(self.run_folder(row, number)) for number in numbers)
        return tuple(record for record in found if record is not None)

    def first_record(self, row: str) -> RunRecord | None:
        """Returns the log of a row's first run; None where it is not over."""
        return self._record(self.run_folder(row, 0))

    def distribution(self, row: str) -> ArchitectureDistribution | None:
        """Returns what a row's first run has learned; None where it is not over, or has learned nothing."""
        if row not in self._distributions and self.is_over(row, 0):
            with contextlib.suppress(RunFolderError):  # it has learned nothing
                self._distributions[row] = search.load_distribution(self.run_folder(row, 0))
        return self._distributions.get(row)

    def retrained(self, name: str) -> tuple[Retrained, ...]:
        """Returns the networks of a retraining with what is measured of them.

        Raises:
            RunFolderError: If results are damaged, or those of other settings.
        """
        part = self.study.retraining(name)
        found = []
        for number, chosen in enumerate(part.source.choose(self, spaces.get(part.config.space)), start=1):
            paths = [path_of(self.directory, part, number, seed) for seed in range(part.seeds)]
            kept = [fields for path in paths if (fields := read_result(path, part, chosen)) is not None]
            outcomes = [outcome_of(fields) for fields in kept]
            measured = tuple(outcome for outcome in outcomes if not isinstance(outcome, Failure))
            found.append(Retrained(chosen, kept[0]["parameters"] if kept else None, measured, len(kept)))
        return tuple(found)

    def is_retrained(self, name: str) -> bool:
        """Whether every network of a retraining has an outcome for every seed."""
        networks = self.retrained(name)
        seeds = self.study.retraining(name).seeds
        return bool(networks) and all(network.finished == seeds for network in networks)

    def _record(self, folder: pathlib.Path) -> RunRecord | None:
        if folder not in self._records and has_run(folder):
            events = read_events(folder)
            # the last event of a run that did all it was to do; an interrupted one may lack its last measurements
            if any(event["event"] == "ledger" for event in events):
                self._records[folder] = RunRecord.from_events(events)
        return self._records.get(folder)

"""Searches by the seconds that their queries would have taken: values in columns, curves of regret."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Mapping, NamedTuple, Sequence

import numpy as np

from tfnas.errors import RunFolderError
from tfnas.plotting import theme
from tfnas.protocol.columns import Values
from tfnas.protocol.figures import Figure
from tfnas.protocol.incumbents import incumbents
from tfnas.protocol.results import Results
from tfnas.protocol.tables import Line

if TYPE_CHECKING:
    import matplotlib.figure

KEPT = "seed*.json"
"""Files, in a folder of the study, of runs that are no searches of `tfnas.job`: ``seconds``, and values by column."""

_WIDTH, _HEIGHT, _POINTS = 8.0, 3.6, 200
_COLOURS, _DASHES = (*theme.SERIES, theme.MUTED), ("-", "--")


class Timed(NamedTuple):
    """A run. `values` are of the incumbent after `seconds`, both of shape [queries]."""

    seconds: np.ndarray
    values: np.ndarray

    def after(self, seconds: float) -> float | None:
        """Returns the value after some seconds, the last one of a run that was shorter; None before the first."""
        done = int(np.searchsorted(self.seconds, seconds, side="right"))
        return float(self.values[done - 1]) if done else None


def timed(results: Results, row: str, column: str) -> list[Timed]:
    """Returns the runs of a row that are over.

    Args:
        results: The study's results.
        row: A row of the study, or the name of a folder in the study's with files as `KEPT` says.
        column: Name of the column of the table that is read for the incumbents.

    Raises:
        RunFolderError: If a file is damaged.
    """
    if row in results.study.names:
        search = results.study.row(row).search
        return [
            Timed(
                np.cumsum([trial.outcome.cost_s if trial.outcome else 0.0 for trial in record.trials]),
                np.array(incumbents(record, search, column)),
            )
            for record in results.records(row)
        ]
    return [_kept(path, column) for path in sorted((results.directory / row).glob(KEPT))]


def _kept(path, column: str) -> Timed:
    try:
        kept = json.loads(path.read_text("utf-8"))
        return Timed(np.array(kept["seconds"], float), np.array(kept["columns"][column], float))
    except (OSError, ValueError, KeyError) as error:
        raise RunFolderError(
            str(path), expected="a run as it was written", received=repr(error), remedy="Delete the file."
        ) from error


def after_seconds(
    column: str, seconds: float, *, beside: Mapping[str, str] | None = None, scale: float = 1.0
) -> Values:
    """A column of the table for the incumbent of each run after so many seconds, for a column of a study's table.

    Args:
        column: Name of the column; repeats are averaged.
        seconds: Seconds that the queries would have taken.
        beside: Folders of runs that are no row, see `timed`, by the label of their line.
        scale: Factor to what is shown.
    """

    def values(results: Results, line: Line) -> list[float]:
        row = line.row or (beside or {}).get(line.label)
        runs = [] if row is None else timed(results, row, column)
        return [scale * value for run in runs if (value := run.after(seconds)) is not None]

    return values


@dataclass(frozen=True)
class Regrets(Figure):
    """Regret over seconds, the mean over runs, and the distribution over runs of the last one (arch2vec, Figure 6).

    Attributes:
        name: Its name.
        rows: Names of the rows.
        column: Column of the table, a share; the incumbent is chosen by what the search saw.
        best: The largest value in the column.
        seconds: The last second that is shown.
        beside: Folders of runs that are no row, see `timed`, by what they are called.
        first: The first second that is shown.
    """

    name: str
    rows: tuple[str, ...]
    column: str
    best: float
    seconds: float
    beside: Mapping[str, str] = field(default_factory=dict)
    first: float = 1e3

    retrainings = ()

    def draw(self, results: Results) -> Mapping[str, matplotlib.figure.Figure]:
        found = {row: timed(results, row, self.column) for row in self.rows}
        found |= {label: timed(results, folder, self.column) for label, folder in self.beside.items()}
        found = {name: runs for name, runs in found.items() if runs}
        if not found:
            return {}
        return {self.name: self._over_seconds(found), f"{self.name}-distribution": self._distribution(found)}

    def _over_seconds(self, found: Mapping[str, Sequence[Timed]]) -> matplotlib.figure.Figure:
        grid = np.geomspace(self.first, self.seconds, _POINTS)
        with theme.style():
            figure, axes = theme.chart(_WIDTH, _HEIGHT)
            for number, (name, runs) in enumerate(found.items()):
                # nan until every run has a value
                values = np.array([[_or_nan(run.after(second)) for second in grid] for run in runs])
                axes.plot(grid, self.best - values.mean(axis=0), label=name, **_line(number))
            axes.set(xscale="log", yscale="log", xlabel="seconds", ylabel=f"regret, {self.column}")
            axes.legend(frameon=False)
            return figure

    def _distribution(self, found: Mapping[str, Sequence[Timed]]) -> matplotlib.figure.Figure:
        with theme.style():
            figure, axes = theme.chart(_WIDTH, _HEIGHT)
            for number, (name, runs) in enumerate(found.items()):
                axes.ecdf([self.best - _or_nan(run.after(self.seconds)) for run in runs], label=name, **_line(number))
            axes.set(xlabel=f"regret after {self.seconds:,.0f} s, {self.column}", ylabel="share of runs")
            axes.legend(frameon=False)
            return figure


def _or_nan(value: float | None) -> float:
    return np.nan if value is None else value


def _line(number: int) -> dict[str, object]:
    turn, colour = divmod(number, len(_COLOURS))
    return {"color": _COLOURS[colour], "linestyle": _DASHES[turn % len(_DASHES)], "linewidth": 2.0}

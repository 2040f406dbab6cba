"""Figures of a study: curves over queries, clouds of graphs, drawings of networks."""

from __future__ import annotations

import abc
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Mapping, Sequence

import numpy as np

from tfnas import plotting, spaces
from tfnas.encodings.graph_statistics import average_path_length, clustering_coefficient, undirected_graph
from tfnas.protocol.curves import mean_curves
from tfnas.protocol.incumbents import incumbents
from tfnas.protocol.sources import Source
from tfnas.trial import Measurement

if TYPE_CHECKING:
    import matplotlib.figure

    from tfnas.protocol.results import Results

FOLDER = "figures"


class Figure(abc.ABC):
    """Something to draw."""

    name: str
    """Its name, for files."""

    rows: Sequence[str]
    """Names of the rows that it shows."""

    retrainings: Sequence[str]
    """Names of the retrainings that it shows."""

    @abc.abstractmethod
    def draw(self, results: Results) -> Mapping[str, matplotlib.figure.Figure]:
        """Returns what can be drawn so far, by the names of the files without their suffix."""


@dataclass(frozen=True)
class Curves(Figure):
    """Mean over the runs of each row, and one standard deviation, of the incumbent after each query.

    Attributes:
        name: Its name.
        rows: Names of the rows.
        column: Column of the table; the incumbent is chosen by what the search saw.
        label: What is on the axis, with its unit.
        error: Whether what is missing to 1 is drawn.
        scale: Factor to what is drawn.
    """

    name: str
    rows: tuple[str, ...]
    column: str
    label: str
    error: bool = False
    scale: float = 1.0

    retrainings = ()

    def draw(self, results: Results) -> Mapping[str, matplotlib.figure.Figure]:
        curves = {}
        for row in self.rows:
            search = results.study.row(row).search
            runs = [incumbents(record, search, self.column, error=self.error) for record in results.records(row)]
            if runs:
                shortest = min(map(len, runs))
                curves[row] = self.scale * np.array([run[:shortest] for run in runs])
        return {self.name: mean_curves(curves, label=self.label)} if curves else {}


@dataclass(frozen=True)
class Clouds(Figure):
    """Clustering coefficient against average path length of the last networks of each row's first run.

    Attributes:
        name: Its name.
        rows: Names of the rows.
        last: Number of trials from the end on.
        scale: Factor from values to what the colours say.
        label: What the colours say, with its unit.
    """

    name: str
    rows: tuple[str, ...]
    last: int
    scale: float = 100.0
    label: str = "validation accuracy (%)"

    retrainings = ()

    def draw(self, results: Results) -> Mapping[str, matplotlib.figure.Figure]:
        clouds = {}
        for row in self.rows:
            space = spaces.get(results.study.row(row).search.space)
            record = results.first_record(row)
            points = []
            for trial in record.trials[-self.last :] if record else ():
                graph = undirected_graph(space, trial.architecture)
                length = average_path_length(graph)
                if isinstance(trial.outcome, Measurement) and math.isfinite(length):
                    points.append((length, clustering_coefficient(graph), self.scale * trial.outcome.objective, 1))
            if points:
                clouds[row] = points
        return {self.name: plotting.graph_clouds(clouds, label=self.label)} if clouds else {}


@dataclass(frozen=True)
class Drawings(Figure):
    """Networks, one file each, named by the method and a number.

    Attributes:
        name: Its name.
        sources: Which networks, by the name of the method.
        space: Their space.
    """

    name: str
    sources: Mapping[str, Source]
    space: str

    @property
    def rows(self) -> Sequence[str]:
        return [row for source in self.sources.values() for row in source.rows]

    @property
    def retrainings(self) -> Sequence[str]:
        return [part for source in self.sources.values() for part in source.retrainings]

    def draw(self, results: Results) -> Mapping[str, matplotlib.figure.Figure]:
        space = spaces.get(self.space)
        return {
            f"{self.name}-{method}-{number}": plotting.draw(chosen.architecture, space=space)
            for method, source in self.sources.items()
            for number, chosen in enumerate(source.choose(results, space), start=1)
        }


def write(results: Results) -> list[str]:
    """Draws what can be drawn so far into ``figures/`` of the study's folder; returns the files' names."""
    names = []
    for figure in results.study.figures:
        for name, drawn in figure.draw(results).items():
            plotting.save(drawn, results.directory / FOLDER / f"{name}.svg")
            names.append(f"{FOLDER}/{name}.svg")
    return names

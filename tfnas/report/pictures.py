"""The pictures of a report."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Iterator

from tfnas import plotting
from tfnas.report.data import Entry, Learned, ReportData
from tfnas.report.wording import likely_title, network_title

if TYPE_CHECKING:
    from matplotlib.figure import Figure

CELLS = 5


@dataclass(frozen=True)
class Picture:
    """A figure with its place in the report.

    Attributes:
        name: Name of its file, without a suffix.
        caption: One line below it; also what a reader hears who cannot see it.
        figure: The figure.
    """

    name: str
    caption: str
    figure: Figure


def pictures(data: ReportData) -> dict[str, Picture]:
    """Returns all pictures that the data allow, by name."""
    return {picture.name: picture for picture in _draw(data)}


def cell_name(place: int) -> str:
    """Returns the name of the picture of the network at a place of the leaderboard, from 1."""
    return f"cell_{place}"


def top_cells(data: ReportData) -> tuple[Entry, ...]:
    """Returns the networks that are drawn: the chosen one, then the first others."""
    if data.best is None or data.space is None:
        return ()
    others = [entry for entry in data.entries if entry is not data.best]
    return (data.best, *others)[:CELLS]


def likely_name(place: int) -> str:
    """Returns the name of the picture of one of the most probable networks, from 1."""
    return f"likely_{place}"


def _draw(data: ReportData) -> Iterator[Picture]:
    scale = data.scale
    curves = {run.name: run.curve for run in data.runs if any(value is not None for value in run.curve)}
    if curves:
        figure = plotting.best_so_far(curves, label=scale.axis, minimise=scale.minimise)
        caption = "Best value so far against the number of trials."
        yield Picture("best_so_far", caption, figure)
    if len(data.entries) > 1:
        rows = [entry.row for entry in data.entries]
        caption = "The first networks with their 95 % intervals." if rows[0].interval else "The first networks."
        yield Picture("leaderboard", caption, plotting.leaderboard_chart(rows, label=scale.axis, scale=scale.factor))
    points = {entry.trial: (entry.size.params, entry.row.value * scale.factor) for entry in data.entries if entry.size}
    if len(points) > 2:
        figure = plotting.tradeoff(
            points.values(), best=points.get(data.best.trial), y_label=scale.axis, minimise=scale.minimise
        )
        yield Picture("value_against_size", "Value against parameters, a dot a network.", figure)
    for place, entry in enumerate(top_cells(data), start=1):
        figure = plotting.draw(entry.architecture, space=data.space)
        yield Picture(cell_name(place), network_title(entry, scale), figure)
    if data.learned is not None:
        yield from _draw_learned(data, data.learned)


def _draw_learned(data: ReportData, learned: Learned) -> Iterator[Picture]:
    if len(learned.curve) > 1:
        caption = "Entropy of the distribution against the number of queries, with its 95 % band."
        yield Picture("entropy", caption, plotting.entropy_curve(learned.curve))
    if learned.clouds:
        clouds = {cloud.name: cloud.points for cloud in learned.clouds}
        figure = plotting.graph_clouds(clouds, label=data.scale.axis, minimise=data.scale.minimise)
        yield Picture(
            "graphs",
            "How networks are wired; networks that agree in both are one larger dot, coloured by their mean value.",
            figure,
        )
    if data.space is not None:
        for place, likely in enumerate(learned.likely, start=1):
            figure = plotting.draw(likely.architecture, space=data.space)
            yield Picture(likely_name(place), likely_title(likely), figure)

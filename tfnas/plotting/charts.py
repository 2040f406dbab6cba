"""Charts of a run: best-so-far curves, the leaderboard with its intervals, value against size."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any, Callable, Iterable, Mapping, Sequence

import numpy as np

from tfnas.errors import ConfigError
from tfnas.leaderboard import Row
from tfnas.plotting import theme

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_WIDTH = 8.0
TOP = 15
_MANY = 1000  # points from which on they are an image in a vector file, which stays small


def best_so_far(
    curves: Mapping[str, Sequence[float | None]], *, label: str = "validation value", minimise: bool = False
) -> Figure:
    """Draws the best value so far against the number of trials, one curve a run.

    Single trials are faint dots, failed ones crosses on the axis. Trials far worse than the rest
    would flatten everything else: they are triangles at the edge.

    Args:
        curves: For each run, by name, the value of every trial in order; None for a failed one.
        label: What the values are, with their unit, for the axis.
        minimise: Whether smaller is better.

    Raises:
        ConfigError: If there is no run, or more runs than there are colours.
    """
    if not 1 <= len(curves) <= len(theme.SERIES):
        raise ConfigError("curves", expected=f"one to {len(theme.SERIES)} runs", received=f"{len(curves)} runs")
    with theme.style():
        figure, axes = theme.chart(_WIDTH, 3.6)
        handles: dict[str, Any] = {}
        kinds: set[str] = set()
        outside = _limits([value for run in curves.values() for value in run if value is not None], axes, minimise)
        edge = axes.get_xaxis_transform()  # trial number across, fraction of the height upwards
        for index, (name, run) in enumerate(curves.items()):
            colour = theme.SERIES[index]
            at = np.arange(1, len(run) + 1)
            values = np.array([np.nan if value is None else value for value in run], dtype=float)
            best = (np.fmin if minimise else np.fmax).accumulate(values)
            failed, off = np.isnan(values), outside(values)
            dots = dict(s=11, color=colour, alpha=0.4, linewidths=0, rasterized=len(run) > _MANY)
            axes.scatter(at[~off], values[~off], zorder=2, **dots)
            side = 0.985 if minimise else 0.015
            dots |= dict(s=13, marker="^" if minimise else "v", alpha=0.5)
            axes.scatter(at[off], np.full(off.sum(), side), transform=edge, zorder=2, **dots)
            dots |= dict(s=18, marker="x", alpha=1.0, linewidths=1.1)
            axes.scatter(at[failed], np.zeros(failed.sum()), transform=edge, zorder=5, clip_on=False, **dots)
            dashes = "-" if index == 0 else (0, (5, 1.6))
            (line,) = axes.plot(
                at, best, drawstyle="steps-post", color=colour, linewidth=2.0, linestyle=dashes, zorder=4
            )
            axes.plot(at[-1:], best[-1:], "o", color=colour, markersize=4.5, zorder=4)
            handles[name] = line
            kinds |= {"trial"} if (~failed & ~off).any() else set()
            kinds |= {"failed"} if failed.any() else set()
            kinds |= {"off the scale"} if off.any() else set()
        trials = max(len(run) for run in curves.values())
        axes.set_xlim(0.5 - 0.01 * trials, max(trials, 1) + 0.5 + 0.01 * trials)
        axes.xaxis.get_major_locator().set_params(integer=True, min_n_ticks=1)
        axes.grid(axis="y")
        axes.set_xlabel("trials")
        axes.set_ylabel(label)
        marks = {"trial": ("o", 3.0), "off the scale": ("^" if minimise else "v", 4.0), "failed": ("x", 4.5)}
        for kind, (marker, size) in marks.items():
            if kind in kinds:
                handles[kind] = _mark(marker, size, theme.MUTED)
        _legend(axes, handles)
        return figure


def leaderboard_chart(
    rows: Sequence[Row],
    *,
    label: str = "validation value",
    names: Sequence[str] | None = None,
    scale: float = 1.0,
    top: int = TOP,
) -> Figure:
    """Draws the first rows of a leaderboard with their 95 % intervals.

    Rows that tie with the first are coloured, the others grey. A filled mark is a mean of fresh
    measurements, a hollow one the search's own value, which tends to be too high.

    Args:
        rows: Rows of `tfnas.leaderboard.leaderboard`, the best first.
        label: What the values are, with their unit, for the axis.
        names: One name a row; by default rank and trial number.
        scale: Factor from stored to shown values: 100 for percent, -1 for a negated minimum.
        top: How many rows to draw.

    Raises:
        ConfigError: If there are no rows, or the numbers of names and rows differ.
    """
    if not rows:
        raise ConfigError("rows", expected="at least one row", received="none")
    if names is not None and len(names) != len(rows):
        raise ConfigError("names", expected=f"{len(rows)}, one a row", received=str(len(names)))
    shown = rows[:top]
    with theme.style():
        figure, axes = theme.chart(_WIDTH, 0.95 + 0.24 * len(shown))
        first = shown[0].value * scale
        axes.axvline(first, color=theme.LINE, linewidth=1.0, linestyle=(0, (4, 3)), zorder=1)
        used = set()
        for place, row in enumerate(shown):
            colour = theme.SERIES[0] if row.tied else theme.MUTED
            value = row.value * scale
            if row.interval is not None:
                ends = sorted(end * scale for end in row.interval)
                axes.plot(ends, [place, place], color=colour, linewidth=1.8, solid_capstyle="butt", zorder=2)
                axes.plot(ends, [place, place], color=colour, linestyle="", marker="|", markersize=6, zorder=2)
            axes.plot(
                value, place, "o", markersize=6, color=colour, markerfacecolor=colour if row.fresh else theme.PAPER,
                markeredgewidth=1.4, zorder=3,
            )  # fmt: skip
            used.add((row.tied, row.fresh > 0))
        names = [f"{row.rank}.  trial {row.trial.id}" for row in rows] if names is None else names
        axes.set_yticks(range(len(shown)), names[:top])
        axes.tick_params(axis="y", labelcolor=theme.INK)
        axes.set_ylim(len(shown) - 0.4, -0.6)
        axes.grid(axis="x")
        axes.set_xlabel(f"{label}, with 95 % interval" if any(row.interval for row in shown) else label)
        _leaderboard_legend(axes, used)
        return figure


def tradeoff(
    points: Iterable[tuple[float, float]],
    *,
    best: tuple[float, float] | None = None,
    x_label: str = "parameters",
    y_label: str = "validation value",
    minimise: bool = False,
) -> Figure:
    """Draws values against sizes on a logarithmic axis, a dot a network.

    Args:
        points: ``(size, value)`` of each network; sizes are positive.
        best: The one to mark.
        x_label: What the sizes are.
        y_label: What the values are, with their unit.
        minimise: Whether smaller is better.

    Raises:
        ConfigError: If there are no points, or a size is not positive.
    """
    points = list(points)
    if not points or min(size for size, _ in points) <= 0:
        raise ConfigError(
            "points", expected="at least one, with positive sizes", received="a size below one" if points else "none"
        )
    with theme.style():
        from matplotlib.ticker import FuncFormatter, NullLocator

        figure, axes = theme.chart(_WIDTH, 3.2)
        axes.set_xscale("log")
        sizes, values = np.array(points, dtype=float).T
        off = _limits(values, axes, minimise)(values)
        dots = dict(s=16, color=theme.SERIES[0], alpha=0.4, linewidths=0, rasterized=len(points) > _MANY)
        axes.scatter(sizes[~off], values[~off], **dots)
        side, marker = np.full(off.sum(), 0.985 if minimise else 0.015), "^" if minimise else "v"
        axes.scatter(sizes[off], side, marker=marker, transform=axes.get_xaxis_transform(), **dots)
        handles = {"trial": _mark("o", 4.0, theme.SERIES[0])}
        if off.any():
            handles["off the scale"] = _mark(marker, 4.0, theme.SERIES[0])
        if best is not None:
            axes.scatter(*best, s=130, marker="*", color=theme.SERIES[1], linewidths=0, zorder=3)
            handles["chosen"] = _mark("*", 10.0, theme.SERIES[1])
        _legend(axes, handles)
        ticks = _log_ticks(min(sizes), max(sizes))
        axes.set_xticks(ticks)
        axes.xaxis.set_minor_locator(NullLocator())
        axes.xaxis.set_major_formatter(FuncFormatter(lambda size, _: short_count(size)))
        axes.set_xlim(min(sizes) / 1.15, max(sizes) * 1.15)
        axes.grid(True)
        axes.set_xlabel(x_label)
        axes.set_ylabel(y_label)
        return figure


def short_count(count: float) -> str:
    """Returns a count in three digits with its unit, for example ``"802 k"`` or ``"1.60 M"``."""
    for unit, size in (("G", 1e9), ("M", 1e6), ("k", 1e3)):
        if count >= 0.9995 * size:
            return f"{count / size:.0f} {unit}" if count >= 99.95 * size else f"{count / size:#.3g} {unit}"
    return f"{count:.0f}"


def _limits(values: Sequence[float], axes: Axes, minimise: bool) -> Callable[[np.ndarray], np.ndarray]:
    """Fits the value axis to all but far worse values; returns which of some values lie outside."""
    if len(values) == 0:
        axes.set_ylim(0.0, 1.0)
        axes.set_yticks([])
        return lambda found: np.zeros(len(found), bool)
    signed = -np.asarray(values) if minimise else np.asarray(values)
    low, high = np.percentile(signed, [25, 75])
    spread = max(high - low, 0.02 * (signed.max() - signed.min()))
    floor = max(signed.min(), low - 1.5 * spread)
    room = 0.06 * (signed.max() - floor) or 0.05 * abs(floor) or 0.5
    floor, ceiling = floor - room, signed.max() + room
    axes.set_ylim(*((-ceiling, -floor) if minimise else (floor, ceiling)))
    return lambda found: (-found if minimise else found) < floor


def _log_ticks(low: float, high: float) -> list[float]:
    """Returns round numbers between `low` and `high`, at most seven, at least one."""
    powers = range(int(np.floor(np.log10(low))), int(np.ceil(np.log10(high))) + 1)
    ticks: list[float] = []
    for steps in ((1,), (1, 3), (1, 2, 5), (1, 1.5, 2, 3, 4, 5, 6, 8), tuple(k / 10 for k in range(10, 100, 2))):
        finer = [step * 10.0**power for power, step in itertools.product(powers, steps)]
        finer = [tick for tick in finer if low / 1.15 <= tick <= high * 1.15]
        if len(finer) > 7 and ticks:
            break
        ticks = finer
    return ticks[:: -(-len(ticks) // 7)]


def _mark(marker: str, size: float, colour: str, face: str | None = None) -> Any:
    from matplotlib.lines import Line2D

    return Line2D([], [], marker=marker, markersize=size, linestyle="", color=colour, markerfacecolor=face or colour)


def _leaderboard_legend(axes: Axes, used: set[tuple[bool, bool]]) -> None:
    words = {
        (True, True): "first and ties, measured again",
        (False, True): "others, measured again",
        (True, False): "first and ties, search's own value",
        (False, False): "others, search's own value",
    }
    handles = {}
    for (tied, fresh), text in words.items():
        if (tied, fresh) in used:
            colour = theme.SERIES[0] if tied else theme.MUTED
            face = colour if fresh else theme.PAPER
            handles[text] = _mark("o", 6.0, colour, face)
    _legend(axes, handles)


def _legend(axes: Axes, handles: Mapping[str, Any]) -> None:
    """Puts a legend above the axes."""
    axes.legend(
        list(handles.values()), list(handles), loc="lower left", bbox_to_anchor=(0.0, 1.0), ncols=5, frameon=False,
        borderaxespad=0.2, handletextpad=0.5, columnspacing=1.4, borderpad=0.2,
    )  # fmt: skip

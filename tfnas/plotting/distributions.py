"""Charts of a learned distribution: its entropy, and the graphs that it draws."""

from __future__ import annotations

import collections
from typing import TYPE_CHECKING, Mapping, Sequence

import numpy as np

from tfnas.errors import ConfigError
from tfnas.plotting import theme

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_WIDTH = 8.0
_NORMAL = 1.96  # standard errors in half a 95 % interval
_SHADES = ("#7a62bd", "#2a78b5", "#2f9d84", "#c9a227")
"""From the worst to the best: each reads on a light and on a dark page, and none is one of `theme.SERIES`."""

_LEVELS = 24
_SMALL, _LARGE = 22.0, 220.0
_ALIKE = 9  # decimals to which two graphs must agree to be one dot

Point = tuple[float, float, float, int]


def entropy_curve(rows: Sequence[tuple[int, float, float]]) -> Figure:
    """Draws entropy against the number of queries with its 95 % band.

    Args:
        rows: ``(queries, entropy, standard error)``, in order.

    Raises:
        ConfigError: If there are fewer than two rows.
    """
    if len(rows) < 2:
        raise ConfigError("rows", expected="at least two", received=str(len(rows)))
    with theme.style():
        figure, axes = theme.chart(_WIDTH, 2.8)
        queries, entropy, error = np.array(rows, dtype=float).T
        colour, half = theme.SERIES[0], _NORMAL * error
        axes.fill_between(queries, entropy - half, entropy + half, color=colour, alpha=0.18, linewidth=0)
        axes.plot(queries, entropy, "o-", color=colour, linewidth=2.0, markersize=4.5)
        axes.xaxis.get_major_locator().set_params(integer=True)
        axes.grid(axis="y")
        axes.set_xlabel("queries")
        axes.set_ylabel("entropy (nats)")
        return figure


def graph_clouds(
    clouds: Mapping[str, Sequence[Point]], *, label: str = "validation value", minimise: bool = False
) -> Figure:
    """Draws clustering coefficients against average path lengths, side by side, coloured by value.

    Networks whose graphs agree in both are one dot, the larger the more they are, in the colour of their mean. Dots
    of equal size and colour mean the same in all parts. The scale of colours ends where far worse values begin.

    Args:
        clouds: By name, ``(average path length, clustering coefficient, value, number of networks)``.
        label: What the values are, with their unit.
        minimise: Whether smaller is better.

    Raises:
        ConfigError: If there is nothing to draw.
    """
    if not clouds or not all(clouds.values()):
        raise ConfigError("clouds", expected="at least one, with points", received=f"{len(clouds)}")
    merged = {name: _merged(points) for name, points in clouds.items()}
    every = np.concatenate(list(merged.values()))
    with theme.style():
        from matplotlib.cm import ScalarMappable
        from matplotlib.colors import LinearSegmentedColormap, Normalize
        from matplotlib.figure import Figure

        shades = _SHADES[::-1] if minimise else _SHADES
        colours = LinearSegmentedColormap.from_list("tfnas", shades, N=_LEVELS)
        low, high = _colour_limits(every[:, 2], minimise)
        norm = Normalize(low, high, clip=True)
        figure = Figure(figsize=(_WIDTH, 3.4), layout="constrained")
        parts = figure.subplots(1, len(merged), sharex=True, sharey=True, squeeze=False)[0]
        largest = every[:, 3].max()
        for axes, (name, points) in zip(parts, merged.items()):
            length, clustering, value, count = points[np.argsort(-points[:, 3], kind="stable")].T
            area = _SMALL + (_LARGE - _SMALL) * (count - 1) / max(largest - 1, 1)
            axes.scatter(length, clustering, s=area, c=colours(norm(value)), linewidths=0.6, edgecolors=theme.PAPER)
            axes.spines[["top", "right", "left"]].set_visible(False)
            axes.tick_params(axis="y", length=0)
            axes.set_axisbelow(True)
            axes.grid(True)
            axes.margins(0.08)
            axes.xaxis.get_major_locator().set_params(nbins=5)
            axes.set_title(name, fontsize=theme.TEXT_SIZE, color=theme.MUTED, loc="left")
            axes.set_xlabel("average path length")
        parts[0].set_ylabel("clustering coefficient")
        below, above = every[:, 2].min() < low, every[:, 2].max() > high
        bar = figure.colorbar(
            ScalarMappable(norm, colours), ax=list(parts), label=label, aspect=28, pad=0.02,
            extend="min" if below else "max" if above else "neither",
        )  # fmt: skip
        bar.outline.set_visible(False)
        bar.solids.set_edgecolor("face")  # or the page shows between the steps
        figure.draw_without_rendering()
        figure.set_layout_engine("none")  # laying out again would move things by a millionth
        return figure


def _merged(points: Sequence[Point]) -> np.ndarray:
    """Returns one row for points at one place: the place, the mean of the values, the number of networks."""
    groups: dict[tuple[float, float], list[tuple[float, int]]] = collections.defaultdict(list)
    for length, clustering, value, count in points:
        groups[round(length, _ALIKE), round(clustering, _ALIKE)].append((value, count))
    rows = []
    for place, members in groups.items():
        values, counts = np.array(members, dtype=float).T
        rows.append((*place, np.average(values, weights=counts), counts.sum()))
    return np.array(rows)


def _colour_limits(values: np.ndarray, minimise: bool) -> tuple[float, float]:
    """Returns the ends of the scale of colours: the best value, and the worst that is not far worse than most."""
    signed = -values if minimise else values
    low, high = np.percentile(signed, [25, 75])
    worst, best = max(signed.min(), low - 1.5 * (high - low)), signed.max()
    if worst == best:
        worst, best = worst - 0.5, best + 0.5
    return (-best, -worst) if minimise else (worst, best)

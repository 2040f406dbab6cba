"""`mean_curves`: runs of several methods, each method one curve with a band."""

from __future__ import annotations

from typing import TYPE_CHECKING, Mapping

import numpy as np

from tfnas.errors import ConfigError
from tfnas.plotting import theme

if TYPE_CHECKING:
    import matplotlib.figure

_WIDTH, _HEIGHT = 8.0, 3.6
_COLOURS = (*theme.SERIES, theme.MUTED)
_MORE = 3.0


def mean_curves(curves: Mapping[str, np.ndarray], *, label: str) -> matplotlib.figure.Figure:
    """Draws the mean over runs against the number of queries, with a band of one standard deviation.

    The first queries of random networks are far off. The axis shows what the second half of the curves needs, and
    three times as much on either side.

    Args:
        curves: By name, values after 1, 2, ... queries. Shape [runs, queries]; nan where there is nothing yet.
        label: What the values are, with their unit.

    Raises:
        ConfigError: If there are no curves, or more than five.
    """
    if not 1 <= len(curves) <= len(_COLOURS):
        raise ConfigError("curves", expected=f"one to {len(_COLOURS)}", received=str(len(curves)))
    with theme.style():
        figure, axes = theme.chart(_WIDTH, _HEIGHT)
        late = []
        for colour, (name, runs) in zip(_COLOURS, curves.items()):
            queries = np.arange(1, runs.shape[1] + 1)
            mean = runs.mean(axis=0)
            half = runs.std(axis=0, ddof=1) if len(runs) > 1 else np.zeros_like(mean)
            axes.fill_between(queries, mean - half, mean + half, color=colour, alpha=0.15, linewidth=0)
            axes.plot(queries, mean, color=colour, linewidth=2.0, label=name)
            late += [(mean - half)[len(mean) // 2 :], (mean + half)[len(mean) // 2 :]]
        low, high = np.nanmin(np.concatenate(late)), np.nanmax(np.concatenate(late))
        margin = _MORE * (high - low) or 1.0
        drawn = axes.get_ylim()
        axes.set_ylim(max(drawn[0], low - margin), min(drawn[1], high + margin))
        axes.xaxis.get_major_locator().set_params(integer=True)
        axes.grid(axis="y")
        axes.set_xlabel("queries")
        axes.set_ylabel(label)
        axes.legend(frameon=False)
        return figure

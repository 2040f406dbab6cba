"""Colours of values: from the worst to the best, and where the scale ends."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from matplotlib.colors import LinearSegmentedColormap

SHADES = ("#7a62bd", "#2a78b5", "#2f9d84", "#c9a227")
"""From the worst to the best: each reads on a light and on a dark page, and none is one of `theme.SERIES`."""

LEVELS = 24
"""Steps of the scale."""


def colour_map() -> LinearSegmentedColormap:
    """Returns the scale for Matplotlib."""
    from matplotlib.colors import LinearSegmentedColormap

    return LinearSegmentedColormap.from_list("tfnas", SHADES, N=LEVELS)


def colour_limits(values: np.ndarray) -> tuple[float, float]:
    """Returns the ends of the scale: the worst value that is not far worse than most, and the best, the largest.

    Args:
        values: Finite values, at least one.
    """
    low, high = np.percentile(values, [25, 75])
    worst, best = float(max(values.min(), low - 1.5 * (high - low))), float(values.max())
    return (worst, best) if worst < best else (worst - 0.5, best + 0.5)

"""`map_data`: what the map of a page draws in the browser, as JSON values."""

from __future__ import annotations

from typing import Any, Iterable, Mapping, Sequence

import numpy as np

from tfnas.plotting import theme, value_colours
from tfnas.plotting.sketches import Sketch, Sketcher

_STEPS = 10_000
"""Places are whole numbers up to this, finer than a screen."""

_ZERO = ord("A")


def map_data(
    sketcher: Sketcher,
    sketches: Sequence[Sketch],
    natives: Sequence[str],
    values: np.ndarray,
    projections: Mapping[str, np.ndarray],
    label: str,
) -> dict[str, Any]:
    """Returns JSON values for ``map.js``; cells come from the worst to the best, those of no known value first.

    A cell is ``[published form, value, shade or -1, operators of nodes, edges]``. The last two are lists of numbers
    as text, a letter a number, of which "A" is 0 and "@" is `PLAIN`; an edge is source, target, and its operator, if
    the sketch has operators on edges.

    Args:
        sketcher: That made the sketches.
        sketches: Of B cells.
        natives: Their published forms.
        values: Their values, NaN where not known. Float, shape [B].
        projections: Places by name. Each float, shape [B, 2].
        label: What the values are.
    """
    known = np.isfinite(values)
    low, high = value_colours.colour_limits(values[known]) if known.any() else (0.0, 1.0)
    shade = np.clip((values - low) / (high - low) * value_colours.LEVELS, 0, value_colours.LEVELS - 1)
    shade = np.where(known, shade, -1.0).astype(int).tolist()
    order = np.argsort(np.where(known, values, -np.inf), kind="stable").tolist()
    return {
        "label": label,
        "low": number(low),
        "high": number(high),
        "below": bool(known.any() and values[known].min() < low),
        "shades": _hexes(value_colours.colour_map()(np.arange(value_colours.LEVELS))),
        "names": list(sketcher.names),
        "colours": list(sketcher.colours),
        "inks": [None if colour is None else theme.text_on(colour) for colour in sketcher.colours],
        "places": {name: _whole(np.asarray(places)[order]) for name, places in projections.items()},
        "cells": [
            [
                natives[row],
                number(values[row]) if known[row] else "",
                shade[row],
                _letters(sketches[row].nodes),
                "".join(_letters(edge if sketches[row].on_edges else edge[:2]) for edge in sketches[row].edges),
            ]
            for row in order
        ],
    }


def number(value: float) -> str:
    """Returns a value as pages show it: four digits."""
    return f"{value:#.4g}"


def _letters(numbers: Iterable[int]) -> str:
    return "".join(chr(_ZERO + number) for number in numbers)


def _whole(places: np.ndarray) -> list[list[int]]:
    """Fits places into a square, one unit equally long both ways, in its middle; y grows downwards, as on screens."""
    low, high = places.min(0), places.max(0)
    size = (high - low).max() or 1.0
    scaled = (places - (low + high) / 2) / size + 0.5
    scaled[:, 1] = 1.0 - scaled[:, 1]
    return np.rint(scaled * _STEPS).astype(int).tolist()


def _hexes(colours: np.ndarray) -> list[str]:
    return ["#" + bytes(np.rint(255 * colour[:3]).astype(int).tolist()).hex() for colour in colours]

"""Drawings on HTML pages that are light or dark."""

from __future__ import annotations

import re

from tfnas.plotting import theme

_VARIABLES = {
    theme.INK: "var(--ink)",
    theme.MUTED: "var(--muted)",
    theme.LINE: "var(--line)",
    theme.GRID: "var(--grid)",
    theme.PAPER: "var(--paper)",
    **{colour: f"var(--series-{index})" for index, colour in enumerate(theme.SERIES)},
}


_PATH = re.compile(r' d="([^"]*)"')
_NUMBER = re.compile(r"-?\d+\.\d+")


def for_page(svg: str) -> str:
    """Gives a drawing of `to_svg` the page's own neutral colours and colours of curves, its CSS variables.

    Lines are written with one decimal, a seven-hundredth of an inch, and so take half the room.
    """
    for colour, variable in _VARIABLES.items():
        svg = svg.replace(colour, variable)
    return _PATH.sub(_shortened, svg)


def _shortened(path: re.Match[str]) -> str:
    numbers = _NUMBER.sub(lambda number: f"{round(float(number[0]), 1) + 0.0:g}", path[1])
    return f' d="{" ".join(numbers.split())}"'

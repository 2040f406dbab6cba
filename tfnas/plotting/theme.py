"""Colours, type and sizes that every picture shares."""

from __future__ import annotations

import contextlib
import functools
from typing import TYPE_CHECKING, Any, Iterator

from tfnas.plotting.kinds import chosen_operators
from tfnas.spaces.base import SearchSpace

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

INK = "#1f2933"
MUTED = "#66727f"
LINE = "#b9c2cc"
GRID = "#e4e8ec"
PAPER = "#fdfdfd"
FOREGROUND = (INK, MUTED, LINE, GRID, PAPER)
"""The neutral colours. No other colour equals one of them, so a page may exchange them for its own."""

SERIES = ("#0f6fb8", "#b3560b", "#5b4b9a", "#2f7d5b")
"""Colours of curves, in order; each reads on a light and on a dark page."""

MARK = "#d7263d"
"""Colour of the ring around marked boxes; none of `PALETTE`."""

PALETTE = ("#009e73", "#56b4e9", "#0072b2", "#e69f00", "#d55e00", "#cc79a7", "#f0e442")
"""Operator colours: those of Okabe and Ito (2008) without black, which stay apart for colour-blind readers."""

FONT = "DejaVu Sans"
TEXT_SIZE = 9.0
SMALL = 7.5


@contextlib.contextmanager
def style(**changes: Any) -> Iterator[None]:
    """Draws with fixed settings, whatever the user's own are, and puts those back.

    Text is literal: a dollar sign in an operator's name starts no formula.
    """
    import matplotlib.style

    settings = {
        "font.family": [FONT],
        "font.size": TEXT_SIZE,
        "text.parse_math": False,
        "text.color": INK,
        "axes.labelcolor": INK,
        "axes.edgecolor": LINE,
        "axes.facecolor": "none",
        "figure.facecolor": PAPER,
        "xtick.color": LINE,
        "ytick.color": LINE,
        "xtick.labelcolor": MUTED,
        "ytick.labelcolor": MUTED,
        "grid.color": GRID,
        "svg.fonttype": "none",
        **changes,
    }
    with matplotlib.style.context(["default", settings]):
        yield


def chart(width: float, height: float) -> tuple[Figure, Axes]:
    """Returns an empty figure, sized in inches, with one pair of axes: no frame, a faint grid."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout="constrained")
    axes = figure.add_subplot()
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.tick_params(axis="y", length=0)
    axes.set_axisbelow(True)
    return figure, axes


def canvas(width: float, height: float) -> tuple[Figure, Axes]:
    """Returns an empty figure whose axes are invisible and measure inches from the lower left corner."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height))
    axes = figure.add_axes((0.0, 0.0, 1.0, 1.0))
    axes.set_xlim(0.0, width)
    axes.set_ylim(0.0, height)
    axes.set_axis_off()
    return figure, axes


@functools.lru_cache(maxsize=4096)
def text_width(text: str, size: float = TEXT_SIZE) -> float:
    """Returns the width of one line of text in inches; `size` is in points."""
    from matplotlib.font_manager import FontProperties
    from matplotlib.textpath import TextPath

    with style():
        path = TextPath((0.0, 0.0), text, size=size, prop=FontProperties(family=FONT))
    return float(path.get_extents().x1) / 72 if len(path.vertices) else 0.0


def operator_colours(space: SearchSpace) -> dict[str, str | None]:
    """Returns the colour of each operator of a space; None, neutral, for what cannot be chosen.

    Neutral are the operators that only stand where there is no other (inputs, sums, outputs) or that
    end a component, and the label that means "no edge". The others take the colours of `PALETTE` in
    the order of ``space.op_names``, then darker ones, then lighter ones; 21 are distinct.
    """
    absent = {view.no_edge for view in space.grammar.edge_labelled}
    colours: dict[str, str | None] = {name: None for name in space.op_names}
    for index, name in enumerate(name for name in chosen_operators(space) if name not in absent):
        colours[name] = _shade(PALETTE[index % len(PALETTE)], index // len(PALETTE) % 3)
    return colours


def text_on(colour: str) -> str:
    """Returns black or white, whichever stands out more on `colour` (contrast of WCAG 2)."""
    return "#000000" if (_luminance(colour) + 0.05) ** 2 > 0.05 * 1.05 else "#ffffff"


def _shade(colour: str, turn: int) -> str:
    target = (0, 0, 255)[turn]
    weight = (0.0, 0.45, 0.55)[turn]
    mixed = [round(part + weight * (target - part)) for part in bytes.fromhex(colour[1:])]
    return "#" + bytes(mixed).hex()


def _luminance(colour: str) -> float:
    linear = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
        for part in (byte / 255 for byte in bytes.fromhex(colour[1:]))
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

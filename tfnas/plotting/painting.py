"""Scenes onto a figure."""

from __future__ import annotations

from math import dist
from typing import TYPE_CHECKING, Any, Sequence

from tfnas.plotting import theme
from tfnas.plotting.scene import RING, Band, Box, Curve, Point, Scene

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_MARGIN = 0.18
_BETWEEN = 0.5  # components
_CAPTION = 0.36  # height of one line above
_NOTE = 0.2  # height of one line below
_WIDEST = 9.8
_MANY = 150  # thin lines, from which on they are thinner


def compose(scenes: Sequence[Scene], title: str | None) -> Figure:
    """Flows scenes into rows, sizes the figure to them and paints everything."""
    named = len(scenes) > 1
    rows: list[list[Scene]] = []
    used = 0.0
    for scene in scenes:
        left, _, right, _ = scene.bounds
        width = right - left
        if not rows or used + _BETWEEN + width > _WIDEST:
            rows.append([])
            used = -_BETWEEN
        rows[-1].append(scene)
        used += _BETWEEN + width
    notes = list(dict.fromkeys(note for scene in scenes for note in scene.notes))

    placed: list[Scene] = []
    captions: list[tuple[float, float, str]] = []
    y, widest = -_MARGIN, 0.0
    if title:
        y -= _CAPTION
        widest = theme.text_width(title, theme.TEXT_SIZE + 2)
    for row in rows:
        height = max(scene.bounds[3] - scene.bounds[1] for scene in row)
        y -= _CAPTION if named else 0.0
        x = _MARGIN
        for scene in row:
            left, bottom, right, top = scene.bounds
            if named:
                captions.append((x, y + _CAPTION / 2, scene.name))
            placed.append(scene.moved(x - left, y - height / 2 - (bottom + top) / 2))
            x += right - left + _BETWEEN
        widest = max(widest, x - _BETWEEN - _MARGIN)
        y -= height + (_BETWEEN / 2 if row is not rows[-1] else 0.0)
    if notes:
        y -= 0.12 + _NOTE * len(notes)
        widest = max(widest, *(theme.text_width(note, theme.TEXT_SIZE - 1) for note in notes))
    width, height = widest + 2 * _MARGIN, -y + _MARGIN

    figure, axes = theme.canvas(width, height)
    size = theme.TEXT_SIZE
    if title:
        axes.text(
            _MARGIN, height - _MARGIN - _CAPTION / 2, title, size=size + 2, weight="bold", va="center", gid="title"
        )
    for x, top, name in captions:
        axes.text(x, top + height, name, size=size + 1, color=theme.MUTED, weight="bold", va="center")
    for line, note in enumerate(reversed(notes)):
        axes.text(_MARGIN, _MARGIN + 0.05 + _NOTE * line, note, size=size - 1, color=theme.MUTED, va="center")
    for scene in placed:
        _paint(axes, scene.moved(0.0, height))
    return figure


def _paint(axes: Axes, scene: Scene) -> None:
    for band in scene.bands:
        _paint_band(axes, band)
    groups: dict[tuple[Any, ...], list[Curve]] = {}
    for curve in scene.curves:
        # Thin lines let others shine through, but not those that they share a way with.
        bundle = curve.points[0] if curve.thin else None
        groups.setdefault((curve.live, curve.thin, curve.colour, bundle), []).append(curve)
    thin = 0.8 if sum(curve.thin for curve in scene.curves) < _MANY else 0.5
    for curves in groups.values():
        _paint_curves(axes, curves, thin if curves[0].thin else 1.6)
    for box in scene.boxes:
        _paint_box(axes, box)


def _paint_band(axes: Axes, band: Band) -> None:
    from matplotlib.patches import FancyBboxPatch

    rounding = 0.05
    axes.add_patch(
        FancyBboxPatch(
            (band.left + rounding, band.bottom + rounding),
            band.right - band.left - 2 * rounding,
            band.top - band.bottom - 2 * rounding,
            boxstyle=f"round,pad={rounding}",
            facecolor=theme.GRID,
            edgecolor="none",
            alpha=0.6,
            zorder=0,
        )
    )


def _paint_curves(axes: Axes, curves: Sequence[Curve], width: float) -> None:
    """Paints curves of one kind as one path; `width` is in points."""
    from matplotlib.collections import PolyCollection
    from matplotlib.patches import PathPatch
    from matplotlib.path import Path

    live, thin = curves[0].live, curves[0].thin
    colour = (curves[0].colour or theme.MUTED) if live else theme.LINE
    lines, heads = [], []
    for curve in curves:
        points, head = _headed(curve) if curve.arrow else (curve.points, None)
        lines.append(Path(points))
        heads += [head] if head else []
    axes.add_patch(
        PathPatch(
            Path.make_compound_path(*lines),
            fill=False,
            edgecolor=colour,
            linewidth=width if live else 1.0,
            linestyle="-" if live else (0, (4, 3)),
            capstyle="butt",
            alpha=0.65 if thin else None,
            zorder=2 if live else 1,
        )
    )
    if heads:
        axes.add_collection(
            PolyCollection(list(dict.fromkeys(heads)), facecolor=colour, edgecolor="none", zorder=2), autolim=False
        )


def _headed(curve: Curve) -> tuple[tuple[Point, ...], tuple[Point, ...]]:
    """Returns the line up to the arrow head, and the corners of the head."""
    length, half = (0.065, 0.028) if curve.thin else (0.1, 0.042)
    tip = curve.points[-1]
    body = [point for point in curve.points if dist(point, tip) > length] or [curve.points[0]]
    far = dist(tip, body[-1])
    ux, uy = (tip[0] - body[-1][0]) / far, (tip[1] - body[-1][1]) / far
    back = (tip[0] - length * ux, tip[1] - length * uy)
    head = (tip, (back[0] - half * uy, back[1] + half * ux), (back[0] + half * uy, back[1] - half * ux))
    return (*body, back), head


def _paint_box(axes: Axes, box: Box) -> None:
    filled = box.colour is not None and box.live
    face = box.colour if filled else theme.PAPER
    edge = theme.LINE if not box.live else box.colour if filled else theme.INK
    line = "-" if box.live else (0, (3, 2))
    if box.shape in ("box", "circle"):
        if box.marked:
            _paint_outline(axes, box, RING, facecolor=theme.PAPER, edgecolor=theme.MARK, linewidth=1.8, zorder=3)
        width = 1.2 if box.live else 0.9
        _paint_outline(axes, box, 0.0, facecolor=face, edgecolor=edge, linewidth=width, linestyle=line, zorder=3)
    colour = theme.text_on(box.colour) if filled else theme.INK if box.live else theme.MUTED
    size = theme.TEXT_SIZE
    if box.shape == "caption":
        colour, size = theme.MUTED, theme.SMALL
    elif box.shape == "circle" and box.width < 0.27:
        size = 30 * box.width
    axes.text(
        box.x,
        box.y,
        box.text,
        color=colour,
        size=size,
        ha="center",
        va="center" if "\n" in box.text else "center_baseline",
        zorder=4,
        linespacing=1.15,
    )


def _paint_outline(axes: Axes, box: Box, margin: float, **settings: Any) -> None:
    from matplotlib.patches import Circle, FancyBboxPatch

    width, height = box.width + 2 * margin, box.height + 2 * margin
    if box.shape == "circle":
        axes.add_patch(Circle((box.x, box.y), width / 2, **settings))
        return
    rounding = 0.05 + margin
    axes.add_patch(
        FancyBboxPatch(
            (box.x - width / 2 + rounding, box.y - height / 2 + rounding),
            width - 2 * rounding,
            height - 2 * rounding,
            boxstyle=f"round,pad={rounding}",
            **settings,
        )
    )

"""`draw`: a picture of an architecture that a person can read."""

from __future__ import annotations

from math import dist
from typing import TYPE_CHECKING, Sequence

import tfnas.spaces
from tfnas.architecture import Architecture
from tfnas.plotting import theme
from tfnas.plotting.edge_cells import edge_scene, has_ends
from tfnas.plotting.layered import layered_scene
from tfnas.plotting.liveness import live_nodes
from tfnas.plotting.scene import Box, Curve, Scene
from tfnas.spaces.base import SearchSpace
from tfnas.spaces.grammar import EdgeLabelled

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_MARGIN = 0.18
_BETWEEN = 0.5  # components
_CAPTION = 0.36  # height of one line above or below
_WIDEST = 12.0
_NOTE = "dashed: reaches no output, computes nothing"


def draw(arch: Architecture, *, space: SearchSpace | None = None, title: str | None = None) -> Figure:
    """Draws a member of any space.

    Where operators sit on edges, the original nodes stand in a row and each edge is an arc that
    carries its operator; elsewhere operators are boxes in layers from left to right. What reaches
    no output is faint and dashed, so the rest is the network that really computes; an edge that
    the space does not even store is not drawn. Several components stand side by side under their
    names, in further rows where they get too wide.

    Args:
        arch: A member.
        space: Its space; by default the one registered under ``arch.space``.
        title: A line above the picture.

    Returns:
        A figure of its own, outside pyplot, as large as its content asks for.

    Raises:
        UnknownNameError: If no space is given and none is registered under that name.
        InvalidArchitectureError: If `arch` is not a member.
    """
    space = space if space is not None else tfnas.spaces.get(arch.space)
    space.validate(arch)
    scenes = component_scenes(space, arch)
    with theme.style():
        return _compose(scenes, title)


def component_scenes(space: SearchSpace, arch: Architecture) -> tuple[Scene, ...]:
    """Lays out every component of a member; see `draw`."""
    colours = theme.operator_colours(space)
    live = live_nodes(space, arch)
    if not space.grammar.edge_labelled:
        return tuple(
            layered_scene(arch, index, live, colours, space.grammar.components[index])
            for index in range(len(arch.components))
        )
    scenes, start = [], 0
    for grammar, component, view, (_, size) in zip(
        space.grammar.edge_labelled,
        space.grammar.components,
        space.to_edge_labelled(arch),
        arch.components,
        strict=True,
    ):
        nodes = range(start, start + size)
        ops = [arch.ops[node] for node in nodes]
        alive = _live_labels(view, grammar.no_edge, ops, [live[node] for node in nodes])
        stored = ops.count(grammar.no_edge) == view.labels.count(grammar.no_edge)
        drawn = [stored or label != grammar.no_edge for label in view.labels]
        scenes.append(edge_scene(grammar, view, alive, drawn, colours, has_ends(component, grammar)))
        start += size
    return tuple(scenes)


def _live_labels(
    view: EdgeLabelled, no_edge: str | None, ops: Sequence[str], live: Sequence[bool]
) -> tuple[bool, ...]:
    """Carries liveness over from the nodes of the stored form to the labels of the edge view.

    The stored form keeps the operators in the order of the pairs, with or without those that mean
    "no edge". Where a space keeps another order, every operator counts as live: a picture must not
    call dead what may compute.
    """
    present = [label != no_edge for label in view.labels]
    operators = [(op, alive) for op, alive in zip(ops, live) if op in view.labels and op != no_edge]
    if [op for op, _ in operators] != [label for label in view.labels if label != no_edge]:
        return tuple(present)
    remaining = iter(operators)
    return tuple(there and next(remaining)[1] for there in present)


def _compose(scenes: Sequence[Scene], title: str | None) -> Figure:
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
    has_dead = any(not box.live for scene in scenes for box in scene.boxes)

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
    if has_dead:
        y -= _CAPTION
        widest = max(widest, theme.text_width(_NOTE, theme.TEXT_SIZE - 1))
    width, height = widest + 2 * _MARGIN, -y + _MARGIN

    figure, axes = theme.canvas(width, height)
    size = theme.TEXT_SIZE
    if title:
        axes.text(
            _MARGIN, height - _MARGIN - _CAPTION / 2, title, size=size + 2, weight="bold", va="center", gid="title"
        )
    for x, top, name in captions:
        axes.text(x, top + height, name, size=size + 1, color=theme.MUTED, weight="bold", va="center")
    if has_dead:
        axes.text(_MARGIN, _MARGIN + 0.05, _NOTE, size=size - 1, color=theme.MUTED, va="center")
    for scene in placed:
        _paint(axes, scene.moved(0.0, height))
    return figure


def _paint(axes: Axes, scene: Scene) -> None:
    for curve in sorted(scene.curves, key=lambda curve: curve.live):
        _paint_curve(axes, curve)
    for box in scene.boxes:
        _paint_box(axes, box)


def _paint_curve(axes: Axes, curve: Curve) -> None:
    from matplotlib.patches import PathPatch, Polygon
    from matplotlib.path import Path

    colour = (curve.colour or theme.MUTED) if curve.live else theme.LINE
    points = curve.points
    if curve.arrow:
        length, half = 0.1, 0.042
        tip = points[-1]
        body = [point for point in points if dist(point, tip) > length] or [points[0]]
        far = dist(tip, body[-1])
        ux, uy = (tip[0] - body[-1][0]) / far, (tip[1] - body[-1][1]) / far
        back = (tip[0] - length * ux, tip[1] - length * uy)
        corners = [tip, (back[0] - half * uy, back[1] + half * ux), (back[0] + half * uy, back[1] - half * ux)]
        axes.add_patch(Polygon(corners, closed=True, facecolor=colour, edgecolor="none", zorder=2))
        points = (*body, back)
    axes.add_patch(
        PathPatch(
            Path(points),
            fill=False,
            edgecolor=colour,
            linewidth=1.6 if curve.live else 1.0,
            linestyle="-" if curve.live else (0, (4, 3)),
            capstyle="butt",
            zorder=2 if curve.live else 1,
        )
    )


def _paint_box(axes: Axes, box: Box) -> None:
    from matplotlib.patches import Circle, FancyBboxPatch

    filled = box.colour is not None and box.live
    face = box.colour if filled else theme.PAPER
    edge = theme.LINE if not box.live else box.colour if filled else theme.INK
    settings = dict(
        facecolor=face,
        edgecolor=edge,
        linewidth=1.2 if box.live else 0.9,
        linestyle="-" if box.live else (0, (3, 2)),
        zorder=3,
    )
    if box.shape == "circle":
        axes.add_patch(Circle((box.x, box.y), box.width / 2, **settings))
    elif box.shape == "box":
        rounding = 0.05
        axes.add_patch(
            FancyBboxPatch(
                (box.x - box.width / 2 + rounding, box.y - box.height / 2 + rounding),
                box.width - 2 * rounding,
                box.height - 2 * rounding,
                boxstyle=f"round,pad={rounding}",
                **settings,
            )
        )
    colour = theme.text_on(box.colour) if filled else theme.INK if box.live else theme.MUTED
    axes.text(
        box.x, box.y, box.text, color=colour, ha="center", va="center_baseline", zorder=4, linespacing=1.15
    )

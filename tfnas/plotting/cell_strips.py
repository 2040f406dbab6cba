"""`cell_strip`: a sequence of cells side by side, with what changes from one to the next."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Sequence

from tfnas.errors import ConfigError
from tfnas.plotting import theme
from tfnas.plotting.painting import compose
from tfnas.plotting.scene import Box, Curve, Point, Scene, bezier, caption_box, label_box
from tfnas.plotting.sketches import PLAIN, Changes, Sketch, Sketcher, changes

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_PITCH, _TIGHT = 0.36, 0.3  # from node to node: of few, of many
_LABELLED = 0.54  # where edges have boxes
_SIDE = 0.2  # of a circle
_CLEAR = 0.09  # from the boxes that an arc passes to it, beside the rise
_RISE, _LABELLED_RISE = 0.13, 0.28  # of arcs, for each node that they pass
_WIDEST = 1.3  # how far arcs may reach in all
_FEW = 10  # nodes
_MANY = 16  # edges from which on lines are thin
_STEPS = 14  # of an arc; even, so that one is in its middle
_WIDTH = 9.3
_FOOTER = 0.12  # from the last box to the middle of the line below
_BOLD = 1.12  # how much wider bold text is
_NOTE = "red: new since the cell before; dashed: gone"


def cell_strip(
    sketches: Sequence[Sketch],
    sketcher: Sketcher,
    captions: Sequence[str],
    *,
    footers: Sequence[str] = (),
    title: str | None = None,
) -> Figure:
    """Draws cells as columns of nodes, edges that pass nodes as arcs, and marks the changes from cell to cell.

    Boxes have the letter of their operator; what the letters mean stands below.

    Args:
        sketches: The cells, in order.
        sketcher: That made them.
        captions: A short line above each cell.
        footers: A short line below each cell; none by default.
        title: A line above all.

    Returns:
        A figure of its own, outside pyplot, as large as its content asks for.

    Raises:
        ConfigError: If there are no cells, or not as many captions or footers.
    """
    footers = footers or [""] * len(sketches)
    if not sketches or {len(captions), len(footers)} != {len(sketches)}:
        raise ConfigError(
            "cells",
            expected="at least one, with a caption and a footer each",
            received=f"{len(sketches)}, {len(captions)} captions, {len(footers)} footers",
        )
    with theme.style():
        before = [sketches[0], *sketches[:-1]]
        scenes = [
            _scene(sketch, sketcher, caption, footer, changes(old, sketch))
            for old, sketch, caption, footer in zip(before, sketches, captions, footers)
        ]
        lows, rights = zip(*((scene.bounds[1], scene.bounds[2]) for scene in scenes))
        left, top = min(scene.bounds[0] for scene in scenes), max(scene.bounds[3] for scene in scenes)
        cells = [_framed(scene, (left, min(lows), max(rights), top)) for scene in scenes]
        return compose([_legend(sketcher), *cells], title)


def _framed(scene: Scene, bounds: tuple[float, float, float, float]) -> Scene:
    """Gives a scene the room of the largest one, so that cells stand in columns with their first nodes in line."""
    left, bottom, right, top = bounds
    corners = [Box(x, y, 0.0, 0.0, "", shape="plain") for x, y in ((left, bottom), (right, top))]
    return replace(scene, boxes=(*scene.boxes, *corners))


def _scene(sketch: Sketch, sketcher: Sketcher, caption: str, footer: str, changed: Changes) -> Scene:
    pitch = _LABELLED if sketch.on_edges else _PITCH if len(sketch.nodes) <= _FEW else _TIGHT
    boxes = [_node(sketch, sketcher, node, -node * pitch, node in changed.nodes) for node in range(len(sketch.nodes))]
    rise = min(_LABELLED_RISE if sketch.on_edges else _RISE, _WIDEST / max(1, len(boxes) - 2))
    thin = len(sketch.edges) > _MANY
    curves = [Curve(_line(boxes[source : target + 1], rise), live=False) for source, target, _ in changed.gone]
    labels = []
    for source, target, op in sketch.edges:
        new = (source, target) in changed.edges
        points = _line(boxes[source : target + 1], rise)
        curves.append(Curve(points, theme.MARK if new else sketcher.colours[op] if op != PLAIN else None, thin=thin))
        if op != PLAIN:
            labels.append(_lettered(sketcher, op, *points[len(points) // 2], new))
    left, bottom = min(box.x - box.outer[0] / 2 for box in boxes), boxes[-1].y - boxes[-1].outer[1] / 2
    end = Box(left + theme.text_width(caption, theme.TEXT_SIZE + 1) * _BOLD, 0.0, 0.0, 0.0, "", shape="plain")
    below = [caption_box(left, bottom - _FOOTER, footer)] if footer else []
    return Scene(caption, (*boxes, *labels, end, *below), tuple(curves))


def _node(sketch: Sketch, sketcher: Sketcher, node: int, y: float, marked: bool) -> Box:
    op = sketch.nodes[node]
    if op == PLAIN:
        return Box(0.0, y, _SIDE, _SIDE, str(node), shape="circle", marked=marked)
    return _lettered(sketcher, op, 0.0, y, marked)


def _lettered(sketcher: Sketcher, op: int, x: float, y: float, marked: bool) -> Box:
    box = label_box(x, y, sketcher.letters[op] or sketcher.names[op], sketcher.colours[op])
    return replace(box, height=_SIDE, marked=marked)


def _line(boxes: Sequence[Box], rise: float) -> tuple[Point, ...]:
    """Returns a straight line from the first box to the last one, or an arc around the right of those between."""
    source, target = boxes[0], boxes[-1]
    if len(boxes) == 2:
        start, end = source.y - source.height / 2, target.y + target.height / 2
        return ((0.0, start), (0.0, (start + end) / 2), (0.0, end))
    first, last = source.width / 2, target.width / 2
    apex = max(box.width for box in boxes[1:-1]) / 2 + _CLEAR + rise * (len(boxes) - 2)
    control = (8 * apex - first - last) / 6  # so that the middle of the curve is at the apex
    return bezier((first, source.y), (control, source.y), (control, target.y), (last, target.y), _STEPS)


def _legend(sketcher: Sketcher) -> Scene:
    """Returns a row of its own with the letters and the names that they stand for."""
    boxes, x, y = [Box(_WIDTH, 0.0, 0.0, 0.0, "", shape="plain")], 0.0, 0.0
    for op, letter in enumerate(sketcher.letters):
        if letter is None:
            continue
        box, width = _lettered(sketcher, op, 0.0, 0.0, False), theme.text_width(sketcher.names[op])
        if x and x + box.width + width > _WIDTH:
            x, y = 0.0, y - 0.3
        boxes.append(replace(box, x=x + box.width / 2, y=y))
        boxes.append(Box(x + box.width + 0.06 + width / 2, y, width, 0.15, sketcher.names[op], shape="plain"))
        x += box.width + width + 0.26
    return Scene("", tuple(boxes), (), notes=(_NOTE,))

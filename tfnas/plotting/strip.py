"""A chain of layers as a strip of boxes, with arcs above it for what skips some of them."""

from __future__ import annotations

from dataclasses import replace
from typing import Sequence

from tfnas.plotting.scene import WIDE, Band, Box, Curve, Point, Scene, bezier, caption_box, sources_and_targets

_GAP = 0.22
_LEAST_GAP, _LEAST_CIRCLE_GAP = 0.14, 0.07  # where skips ask for one row
_BETWEEN_ROWS = 0.36
_BAND = 0.07  # from a box to the edge of its stage above and below, and beside, as far as there is room
_CAPTION = 0.19
_BULGE = 0.25
_PORT = 0.2  # from a box's corner, and from its middle, to where arcs may end, as a part of half the box
_LOWEST, _RISE = 0.24, 0.17  # of arcs: height of the shortest, and more for each layer
_HIGHEST = 2.6


def strip_scene(
    name: str,
    boxes: Sequence[Box],
    edges: Sequence[tuple[int, int]],
    stages: Sequence[str | None] = (),
) -> Scene:
    """Lays out a chain. It goes on in a new row where it gets too wide, unless there are skips.

    Args:
        name: Of the component.
        boxes: One a node, at any place.
        edges: Sorted pairs; all ``(k, k + 1)`` are among them.
        stages: The stage of each node, None for nodes of none; empty for no stages.
    """
    skips = [(source, target) for source, target in edges if target > source + 1]
    rows = [list(boxes)] if skips else _rows(boxes)
    staged = len(set(stages) - {None}) > 1
    height = max(box.height for box in boxes)
    below = height / 2 + (_BAND + _CAPTION if staged else 0.0)
    pitch = below + _BETWEEN_ROWS + height / 2 + (_BAND if staged else 0.0)
    circles = any(box.shape == "circle" for box in boxes)
    gap = _GAP
    if skips:
        fitting = (WIDE - sum(box.width for box in boxes)) / (len(boxes) - 1)
        gap = max(_LEAST_CIRCLE_GAP if circles else _LEAST_GAP, min(_GAP, fitting))
    placed: list[Box] = []
    for number, row in enumerate(rows):
        x = 0.0
        for box in row:
            placed.append(replace(box, x=x + box.width / 2, y=-number * pitch))
            x += box.width + gap
    curves = []
    for first, second in zip(placed, placed[1:]):
        start, end = (first.x + first.width / 2, first.y), (second.x - second.width / 2, second.y)
        points = (start, end) if start[1] == end[1] else _return(start, end, start[1] - below - _BETWEEN_ROWS / 2)
        curves.append(Curve(points, live=first.live and second.live, thin=circles))
    curves += _arcs(placed, skips)
    scene = Scene(name, tuple(placed), tuple(curves))
    return _with_stages(scene, stages, gap) if staged else scene


def _rows(boxes: Sequence[Box]) -> list[list[Box]]:
    """Returns as few rows as fit, about equally long."""

    def filled(limit: float) -> list[list[Box]]:
        rows: list[list[Box]] = [[]]
        x = 0.0
        for box in boxes:
            if rows[-1] and x + box.width > limit:
                rows.append([])
                x = 0.0
            rows[-1].append(box)
            x += box.width + _GAP
        return rows

    fewest = len(filled(WIDE))
    limit = WIDE
    while len(filled(limit - 0.1)) == fewest and limit > 1.0:
        limit -= 0.1
    return filled(limit)


def _return(start: Point, end: Point, middle: float) -> tuple[Point, ...]:
    """Returns a line from the end of a row, between the rows, to the begin of the next one."""
    right, left = start[0] + _BULGE, end[0] - _BULGE
    return (
        *bezier(start, (right, start[1]), (right, middle), (start[0], middle), 16),
        *bezier((end[0], middle), (left, middle), (left, end[1]), end, 16),
    )


def _arcs(boxes: Sequence[Box], skips: Sequence[tuple[int, int]]) -> list[Curve]:
    """Returns an arc for each skip. It leaves the right half of a box and enters the left half of another.

    The longest arc of a box is the outermost at either end, so that those of one box do not cross.
    """
    sources, targets = sources_and_targets(skips, len(boxes))
    most = max((target - source for source, target in skips), default=0)
    rise = min(_RISE, _HIGHEST / max(1, most))
    curves = []
    for source, target in skips:
        first, second = boxes[source], boxes[target]
        out = sorted(targets[source], reverse=True).index(target)
        into = sorted(sources[target], reverse=True).index(source)
        start = first.x + _port(out, len(targets[source]), first.width)
        end = second.x - second.width / 2 + _port(into, len(sources[target]), second.width)
        bottom = first.y + first.height / 2
        top = bottom + (_LOWEST + rise * (target - source - 2)) * 4 / 3
        points = bezier((start, bottom), (start, top), (end, top), (end, second.y + second.height / 2), 48)
        curves.append(Curve(points, first.colour, first.live and second.live, thin=True))
    return curves


def _port(index: int, count: int, width: float) -> float:
    """Returns a place on the right half of a box, from its middle; ports are evenly spread."""
    return width / 2 * (_PORT + (1 - 2 * _PORT) * (index + 0.5) / count)


def _with_stages(scene: Scene, stages: Sequence[str | None], gap: float) -> Scene:
    """Puts a band with a caption behind the boxes of each stage, one in each row."""
    bands, captions = [], []
    nodes = [node for node in range(len(stages)) if stages[node] is not None]
    runs: list[list[int]] = []
    for node in nodes:
        last = runs[-1][-1] if runs else None
        together = last == node - 1 and stages[last] == stages[node] and scene.boxes[last].y == scene.boxes[node].y
        if together:
            runs[-1].append(node)
        else:
            runs.append([node])
    height = max(box.height for box in scene.boxes) / 2
    side = min(_BAND, 0.35 * gap)
    for run in runs:
        first, last = scene.boxes[run[0]], scene.boxes[run[-1]]
        left, right = first.x - first.width / 2, last.x + last.width / 2
        bottom = first.y - height - _BAND - _CAPTION
        bands.append(Band(left - side, bottom, right + side, first.y + height + _BAND))
        captions.append(caption_box(left, bottom + _CAPTION / 2 + 0.02, str(stages[run[0]])))
    return replace(scene, boxes=(*scene.boxes, *captions), bands=tuple(bands))

"""A component with operators on its nodes as boxes in layers, from left to right."""

from __future__ import annotations

from dataclasses import replace
from typing import Sequence

from tfnas.plotting import theme
from tfnas.plotting.kinds import edge_operators, is_wiring
from tfnas.plotting.layering import Layers, arrange
from tfnas.plotting.scene import WIDE, Band, Box, Curve, Point, Scene, bezier, caption_box
from tfnas.spaces.grammar import ComponentGrammar

_WIDE_ROWS = 10.5
_CROWD = 0.02  # more room for each line between two layers, if there are few in all
_BAND = 0.06  # from a row's boxes to the edge of its band


def layered_scene(
    name: str,
    boxes: Sequence[Box],
    edges: Sequence[tuple[int, int]],
    grammar: ComponentGrammar,
    rows: Sequence[object] | None = None,
    row_name: str = "",
) -> Scene:
    """Lays out one component; `tfnas.plotting.layering` says how.

    What is too wide gets less room between layers, and labels of two lines, the latter later
    if there are rows, which are high enough. Where members differ in
    their edges alone, lines are many, and thin.

    Args:
        name: Of the component.
        boxes: One a node, at any place.
        edges: Sorted pairs.
        grammar: The component's grammar.
        rows: A number for each node; those with the smallest stand at the top.
        row_name: What the numbers are.
    """
    wiring, on_edges = is_wiring(grammar), edge_operators(grammar)
    values = sorted(set(rows)) if rows is not None else []
    row_of = [values.index(value) for value in rows] if rows is not None else None
    most, least, crowd = (1.1, 0.1, 0.0) if wiring else (0.42, 0.28, _CROWD)  # room between layers
    lane, between = (0.07, 0.07) if wiring else (0.12, 0.16 if rows is None else 0.1)

    def laid(boxes: Sequence[Box], gap: float, crowd: float) -> tuple[Layers, list[tuple[float, float]]]:
        heights = [box.outer[1] for box in boxes]
        layers = arrange(edges, heights, late=on_edges, rows=row_of, lane=lane, between=between)
        return layers, _columns(layers, boxes, gap, crowd)

    layers, spans = laid(boxes, most, crowd)
    gaps = max(1, len(spans) - 1)
    if spans[-1][1] - gaps * (most - least) > (WIDE if rows is None else _WIDE_ROWS):
        boxes = [_broken(box) for box in boxes]
        layers, spans = laid(boxes, most, crowd)
    if spans[-1][1] > WIDE:
        spans = _columns(layers, boxes, max(least, most - (spans[-1][1] - WIDE) / gaps), crowd)
    placed = [
        replace(box, x=sum(spans[layers.of[node]]) / 2, y=layers.ys[node, layers.of[node]])
        for node, box in enumerate(boxes)
    ]
    curves = []
    for source, target in edges:
        lanes = [(spans[at], layers.ys[source, at]) for at in range(layers.of[source] + 1, layers.of[target])]
        live = placed[source].live and placed[target].live
        route = _route(placed[source], placed[target], lanes, 12 if wiring else 32)
        curves.append(Curve(route, live=live, arrow=target not in on_edges, thin=wiring))
    scene = Scene(name, tuple(placed), tuple(curves))
    return _with_rows(scene, layers.rows, [f"{row_name} {value}" for value in values]) if values else scene


def _broken(box: Box) -> Box:
    """Returns a box whose text is broken into two lines, if that makes it narrower."""
    if box.shape != "box" or "\n" in box.text:
        return box
    text = box.text
    breaks = [k + 1 for k, mark in enumerate(text[:-1]) if mark in "_- "]
    sizes = [k for k in breaks if text[k].isdigit()]
    if not breaks:
        return box
    at = sizes[0] if sizes else min(breaks, key=lambda k: max(k, len(text) - k))
    lines = text[:at], text[at:]
    width = box.width - theme.text_width(text) + max(map(theme.text_width, lines))
    return replace(box, text="\n".join(lines), width=width, height=box.height + 0.15)


def _columns(layers: Layers, boxes: Sequence[Box], gap: float, crowd: float) -> list[tuple[float, float]]:
    """Returns the left and right end of each layer; crowded links get more room."""
    spans, x = [], 0.0
    for number in range(len(layers.items)):
        width = max((box.outer[0] for node, box in enumerate(boxes) if layers.of[node] == number), default=0.0)
        spans.append((x, x + width))
        lines = sum(first[1] == number for first, _ in layers.links)
        x += width + gap + crowd * max(0, lines - 4)
    return spans


def _route(
    source: Box, target: Box, lanes: Sequence[tuple[tuple[float, float], float]], steps: int
) -> tuple[Point, ...]:
    """Returns a line from box to box that is level inside each lane and swings, in steps, between them."""
    points: list[Point] = [(source.x + source.outer[0] / 2, source.y)]
    for (left, right), y in [*lanes, ((target.x - target.outer[0] / 2,) * 2, target.y)]:
        x, level = points[-1]
        bend = (left - x) / 2
        points += bezier((x, level), (x + bend, level), (left - bend, y), (left, y), steps)[1:]
        points.append((right, y))
    return tuple(points[:-1])


def _with_rows(scene: Scene, rows: Sequence[tuple[float, float]], texts: Sequence[str]) -> Scene:
    """Puts a band with a caption behind each row."""
    left, _, right, _ = scene.bounds
    width = max(theme.text_width(text, theme.SMALL) for text in texts) + 0.2
    bands = tuple(Band(left - width, low - _BAND, right + 0.1, high + _BAND) for low, high in rows)
    captions = tuple(caption_box(left - width + 0.08, (low + high) / 2, text) for text, (low, high) in zip(texts, rows))
    return replace(scene, boxes=(*scene.boxes, *captions), bands=bands)

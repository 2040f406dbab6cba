"""Layout of a component with operators on its nodes: boxes in layers from left to right."""

from __future__ import annotations

from dataclasses import replace
from typing import Mapping, Sequence

from tfnas.architecture import Architecture
from tfnas.plotting.scene import Box, Curve, Point, Scene, bezier, label_box
from tfnas.spaces.grammar import ComponentGrammar

_BETWEEN_LAYERS = 0.42
_BETWEEN_BOXES = 0.16
_LANE = 0.12  # height that a line passing a layer takes
_CHAIN_WIDTH = 11.0
_SWEEPS = 8

Item = tuple[int, int]
"""``(node, layer)``: a node's box in its own layer, or in a later one the lane of what leaves it."""


def layered_scene(
    arch: Architecture,
    component: int,
    live: Sequence[bool],
    colours: dict[str, str | None],
    grammar: ComponentGrammar,
) -> Scene:
    """Lays out one component after Sugiyama, Tagawa and Toda (1981).

    A node stands one layer after the last of its predecessors. Lines that pass a layer get a lane
    of their own there; those that leave one node share it. Layers are ordered by barycentres and
    then pulled straight. A plain chain that is too wide goes on in a new row.

    Args:
        arch: The architecture.
        component: Which component.
        live: For each of the N nodes of `arch` whether it reaches an output.
        colours: Colour of each operator.
        grammar: The component's grammar; names its attributes.
    """
    start = sum(size for _, size in arch.components[:component])
    name, size = arch.components[component]
    boxes = [
        label_box(0.0, 0.0, _text(arch, start + node), colours.get(arch.ops[start + node]), live[start + node])
        for node in range(size)
    ]
    edges = [(a - start, b - start) for a, b in arch.edges if start <= a < start + size]
    if edges == [(node, node + 1) for node in range(size - 1)]:
        return _chain(name, boxes)
    layer = [0] * size
    for source, target in edges:  # sorted, so a source is settled before it is used
        layer[target] = max(layer[target], layer[source] + 1)
    layers, links = _lanes(layer, edges)
    _order(layers, links)
    ys = _straighten(layers, links, {(node, layer[node]): box.height for node, box in enumerate(boxes)})
    spans = _columns(layers, links, {(node, layer[node]): box.width for node, box in enumerate(boxes)})
    placed = tuple(
        replace(box, x=sum(spans[layer[node]]) / 2, y=ys[node, layer[node]]) for node, box in enumerate(boxes)
    )
    curves = []
    for source, target in edges:
        lanes = [(spans[at], ys[source, at]) for at in range(layer[source] + 1, layer[target])]
        live_edge = placed[source].live and placed[target].live
        curves.append(Curve(_route(placed[source], placed[target], lanes), live=live_edge))
    return Scene(name, placed, tuple(curves))


def _text(arch: Architecture, node: int) -> str:
    shown = [f"{name} {values[node]}" for name, values in arch.attrs if values[node] is not None]
    return "\n".join([arch.ops[node], *shown])


def _lanes(layer: Sequence[int], edges: Sequence[tuple[int, int]]) -> tuple[list[list[Item]], list[tuple[Item, Item]]]:
    """Returns the items of each layer and the links between items of neighbouring layers."""
    reach = list(layer)
    for source, target in edges:
        reach[source] = max(reach[source], layer[target] - 1)
    layers: list[list[Item]] = [[] for _ in range(max(layer) + 1)]
    for node, (first, last) in enumerate(zip(layer, reach)):
        for at in range(first, last + 1):
            layers[at].append((node, at))
    links = [((node, at), (node, at + 1)) for node in range(len(layer)) for at in range(layer[node], reach[node])]
    links += [((source, layer[target] - 1), (target, layer[target])) for source, target in edges]
    return layers, links


def _order(layers: list[list[Item]], links: Sequence[tuple[Item, Item]]) -> None:
    """Sorts each layer by the mean place of its neighbours, forth and back, and keeps the fewest crossings."""
    neighbours = _neighbours(links)
    best, fewest = [list(items) for items in layers], _crossings(layers, links)
    for sweep in range(_SWEEPS):
        numbers = range(1, len(layers)) if sweep % 2 == 0 else range(len(layers) - 2, -1, -1)
        for number in numbers:
            beside = layers[number - 1] if sweep % 2 == 0 else layers[number + 1]
            place = {item: index for index, item in enumerate(beside)}
            middle = {}
            for index, item in enumerate(layers[number]):
                found = [place[other] for other in neighbours.get(item, ()) if other in place]
                middle[item] = sum(found) / len(found) if found else index
            layers[number].sort(key=middle.__getitem__)
        count = _crossings(layers, links)
        if count < fewest:
            best, fewest = [list(items) for items in layers], count
    layers[:] = best


def _neighbours(links: Sequence[tuple[Item, Item]]) -> dict[Item, list[Item]]:
    found: dict[Item, list[Item]] = {}
    for first, second in links:
        found.setdefault(first, []).append(second)
        found.setdefault(second, []).append(first)
    return found


def _crossings(layers: Sequence[Sequence[Item]], links: Sequence[tuple[Item, Item]]) -> int:
    place = {item: index for items in layers for index, item in enumerate(items)}
    total = 0
    for number in range(len(layers) - 1):
        pairs = sorted((place[first], place[second]) for first, second in links if first[1] == number)
        total += sum(a[0] < b[0] and a[1] > b[1] for k, a in enumerate(pairs) for b in pairs[k + 1 :])
    return total


def _straighten(
    layers: Sequence[Sequence[Item]], links: Sequence[tuple[Item, Item]], heights: Mapping[Item, float]
) -> dict[Item, float]:
    """Returns the height of each item: near the mean of its neighbours', in the order of its layer."""
    neighbours = _neighbours(links)
    ys: dict[Item, float] = {}
    gaps: list[list[float]] = []
    for items in layers:
        sizes = [heights[item] + _BETWEEN_BOXES if item in heights else _LANE for item in items]
        gaps.append([(upper + lower) / 2 for upper, lower in zip(sizes, sizes[1:])])
        y = sum(gaps[-1]) / 2
        for item, gap in zip(items, [*gaps[-1], 0.0]):
            ys[item] = y
            y -= gap
    for sweep in range(2 * _SWEEPS):
        numbers = range(len(layers)) if sweep % 2 == 0 else reversed(range(len(layers)))
        for number in numbers:
            items = layers[number]
            wanted = [
                sum(ys[other] for other in neighbours[item]) / len(neighbours[item]) if item in neighbours else ys[item]
                for item in items
            ]
            ys.update(zip(items, _descending(wanted, gaps[number])))
    return ys


def _descending(wanted: Sequence[float], gaps: Sequence[float]) -> list[float]:
    """Returns the values nearest to `wanted` (least squares) that fall by at least `gaps`.

    Adding the summed gaps turns the rule into "does not rise", which pooling adjacent violators solves.
    """
    offsets = [0.0]
    for gap in gaps:
        offsets.append(offsets[-1] + gap)
    pools: list[tuple[float, int]] = []
    for value, offset in zip(wanted, offsets):
        pools.append((value + offset, 1))
        while len(pools) > 1 and pools[-1][0] > pools[-2][0]:
            (upper, above), (lower, below) = pools[-2:]
            pools[-2:] = [((upper * above + lower * below) / (above + below), above + below)]
    flat = [value for value, count in pools for _ in range(count)]
    return [value - offset for value, offset in zip(flat, offsets)]


def _columns(
    layers: Sequence[Sequence[Item]], links: Sequence[tuple[Item, Item]], widths: Mapping[Item, float]
) -> list[tuple[float, float]]:
    """Returns the left and right end of each layer; crowded links get more room."""
    spans, x = [], 0.0
    for number, items in enumerate(layers):
        width = max(widths.get(item, 0.0) for item in items)
        spans.append((x, x + width))
        crowd = sum(first[1] == number for first, _ in links)
        x += width + _BETWEEN_LAYERS + 0.02 * max(0, crowd - 4)
    return spans


def _route(source: Box, target: Box, lanes: Sequence[tuple[tuple[float, float], float]]) -> tuple[Point, ...]:
    """Returns a line from box to box that is level inside each lane and swings between them."""
    points: list[Point] = [(source.x + source.width / 2, source.y)]
    for (left, right), y in [*lanes, ((target.x - target.width / 2,) * 2, target.y)]:
        x, level = points[-1]
        bend = (left - x) / 2
        points += bezier((x, level), (x + bend, level), (left - bend, y), (left, y))[1:]
        points.append((right, y))
    return tuple(points[:-1])


def _chain(name: str, boxes: Sequence[Box]) -> Scene:
    """Lays out a plain chain; where it gets too wide it goes on in a new row."""
    rows: list[list[Box]] = [[]]
    x = 0.0
    for box in boxes:
        if rows[-1] and x + box.width > _CHAIN_WIDTH:
            rows.append([])
            x = 0.0
        y = -(len(rows) - 1) * (max(box.height for box in boxes) + 0.42)
        rows[-1].append(replace(box, x=x + box.width / 2, y=y))
        x += box.width + _BETWEEN_LAYERS
    placed = [box for row in rows for box in row]
    curves = []
    for first, second in zip(placed, placed[1:]):
        start, end = (first.x + first.width / 2, first.y), (second.x - second.width / 2, second.y)
        points: tuple[Point, ...] = (start, end)
        if start[1] != end[1]:
            middle, bulge = (start[1] + end[1]) / 2, 0.3
            points = (
                *bezier(start, (start[0] + bulge, start[1]), (start[0] + bulge, middle), (start[0], middle), 16),
                *bezier((end[0], middle), (end[0] - bulge, middle), (end[0] - bulge, end[1]), end, 16),
            )
        curves.append(Curve(points, live=first.live and second.live))
    return Scene(name, tuple(placed), tuple(curves))

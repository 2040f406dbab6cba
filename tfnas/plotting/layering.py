"""Layers, their order and the places in them, after Sugiyama, Tagawa and Toda (1981)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Collection, Mapping, Sequence

_BETWEEN_ROWS = 0.16
_SWEEPS = 8

Item = tuple[int, int]
"""``(node, layer)``: a node's box in its own layer, or in a later one the lane of what leaves it."""


@dataclass(frozen=True, slots=True)
class Layers:
    """Where the nodes of a component and the lanes between them are.

    Attributes:
        of: The layer of each node.
        items: Of each layer, from top to bottom.
        links: Pairs of items of neighbouring layers that a line joins.
        ys: Height of each item.
        rows: Lowest and highest point of each row of nodes.
    """

    of: tuple[int, ...]
    items: tuple[tuple[Item, ...], ...]
    links: tuple[tuple[Item, Item], ...]
    ys: Mapping[Item, float]
    rows: tuple[tuple[float, float], ...]


def arrange(
    edges: Sequence[tuple[int, int]],
    heights: Sequence[float],
    *,
    late: Collection[int] = (),
    rows: Sequence[int] | None = None,
    lane: float = 0.12,
    between: float = 0.16,
) -> Layers:
    """Finds layer and height of each node.

    A node stands one layer after the last of its predecessors. Lines that pass a layer get a lane of
    their own there; those that leave one node share it. Layers are ordered by barycentres and then
    pulled straight.

    Args:
        edges: Sorted pairs.
        heights: Of the boxes.
        late: Nodes with one successor that stand one layer before it instead.
        rows: The row of each node, from 0 at the top; by default there is one row. Rows keep apart in
            all layers.
        lane: Height that a line passing a layer takes.
        between: Least distance of two boxes.
    """
    of = [0] * len(heights)
    for source, target in edges:  # sorted, so a source is settled before it is used
        of[target] = max(of[target], of[source] + 1)
    for source, target in edges:
        if source in late:
            of[source] = of[target] - 1
    row_of = list(rows) if rows is not None else [0] * len(heights)
    layers, links = _lanes(of, edges)
    for items in layers:
        items.sort(key=lambda item: row_of[item[0]])
    _order(layers, links, row_of)
    sizes = {(node, of[node]): height for node, height in enumerate(heights)}
    ys: dict[Item, float] = {}
    extents, top = [], 0.0
    for row in range(max(row_of) + 1):
        inside = [[item for item in items if row_of[item[0]] == row] for items in layers]
        within = [link for link in links if row_of[link[0][0]] == row_of[link[1][0]] == row]
        found = _straighten(inside, within, sizes, lane, between)
        highest = max(y + sizes.get(item, lane) / 2 for item, y in found.items()) if found else 0.0
        lowest = min(y - sizes.get(item, lane) / 2 for item, y in found.items()) if found else -between
        ys.update((item, y - highest + top) for item, y in found.items())
        extents.append((top - highest + lowest, top))
        top += lowest - highest - _BETWEEN_ROWS
    return Layers(tuple(of), tuple(map(tuple, layers)), tuple(links), ys, tuple(extents))


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


def _order(layers: list[list[Item]], links: Sequence[tuple[Item, Item]], row_of: Sequence[int]) -> None:
    """Sorts each layer by the mean place of its neighbours, forth and back, and keeps the fewest crossings."""
    neighbours = _neighbours(links)
    between: list[list[tuple[Item, Item]]] = [[] for _ in layers]
    for link in links:
        between[link[0][1]].append(link)
    best, fewest = [list(items) for items in layers], _crossings(layers, between)
    for sweep in range(_SWEEPS):
        numbers = range(1, len(layers)) if sweep % 2 == 0 else range(len(layers) - 2, -1, -1)
        for number in numbers:
            beside = layers[number - 1] if sweep % 2 == 0 else layers[number + 1]
            place = {item: index for index, item in enumerate(beside)}
            middle = {}
            for index, item in enumerate(layers[number]):
                found = [place[other] for other in neighbours.get(item, ()) if other in place]
                middle[item] = row_of[item[0]], sum(found) / len(found) if found else index
            layers[number].sort(key=middle.__getitem__)
        count = _crossings(layers, between)
        if count < fewest:
            best, fewest = [list(items) for items in layers], count
    layers[:] = best


def _neighbours(links: Sequence[tuple[Item, Item]]) -> dict[Item, list[Item]]:
    found: dict[Item, list[Item]] = {}
    for first, second in links:
        found.setdefault(first, []).append(second)
        found.setdefault(second, []).append(first)
    return found


def _crossings(layers: Sequence[Sequence[Item]], between: Sequence[Sequence[tuple[Item, Item]]]) -> int:
    place = {item: index for items in layers for index, item in enumerate(items)}
    total = 0
    for links in between:
        pairs = sorted((place[first], place[second]) for first, second in links)
        total += sum(a[0] < b[0] and a[1] > b[1] for k, a in enumerate(pairs) for b in pairs[k + 1 :])
    return total


def _straighten(
    layers: Sequence[Sequence[Item]],
    links: Sequence[tuple[Item, Item]],
    heights: Mapping[Item, float],
    lane: float,
    between: float,
) -> dict[Item, float]:
    """Returns the height of each item: near the mean of its neighbours', in the order of its layer."""
    neighbours = _neighbours(links)
    ys: dict[Item, float] = {}
    gaps: list[list[float]] = []
    for items in layers:
        sizes = [heights[item] + between if item in heights else lane for item in items]
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
            ys.update(zip(items, descending(wanted, gaps[number])))
    return ys


def descending(wanted: Sequence[float], gaps: Sequence[float]) -> list[float]:
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

"""Layout of a component with operators on its edges: nodes on a line, edges as arcs that carry labels."""

from __future__ import annotations

from math import dist
from typing import Sequence

from tfnas.plotting.liveness import component_ends
from tfnas.plotting.scene import NODE_SIZE, Box, Curve, Point, Scene, bezier, label_box
from tfnas.plotting.theme import text_width
from tfnas.spaces.grammar import ComponentGrammar, EdgeLabelled, EdgeLabelledGrammar

_ROW = 0.56  # height of one more arc above or below the line
_ROOM = 0.62  # of an edge between neighbours, beside its label and the nodes
_STEPS = 96
_GAP = 0.05
_SHIFTS = tuple(0.5 + sign * step / 100 for step in range(0, 33, 2) for sign in (1, -1))


def edge_scene(
    grammar: EdgeLabelledGrammar,
    view: EdgeLabelled,
    live: Sequence[bool],
    drawn: Sequence[bool],
    colours: dict[str, str | None],
    named_ends: bool,
) -> Scene:
    """Lays out one component.

    Args:
        grammar: Its nodes and the pairs that may carry an operator.
        view: The operator of each pair.
        live: For each pair whether its operator reaches an output.
        drawn: For each pair whether to draw it at all.
        colours: Colour of each operator.
        named_ends: Whether to call the first node "input" and the last one "output".
    """
    chosen = [index for index, shown in enumerate(drawn) if shown]
    pairs, live = [grammar.pairs[index] for index in chosen], [live[index] for index in chosen]
    texts = [view.labels[index] for index in chosen]
    labels = [label_box(0.0, 0.0, text, colours.get(text), alive) for text, alive in zip(texts, live)]
    spacing = max((box.width for box in labels), default=0.0) + NODE_SIZE + _ROOM
    used = {node for pair, alive in zip(pairs, live) if alive for node in pair}
    used |= {0, grammar.num_nodes - 1}
    circles = [
        Box(node * spacing, 0.0, NODE_SIZE, NODE_SIZE, str(node), live=node in used, shape="circle")
        for node in range(grammar.num_nodes)
    ]
    arcs = [
        _arc(circles[source], circles[target], level) for (source, target), level in zip(pairs, arc_levels(pairs, live))
    ]
    placed: list[Box] = []
    for index, box in enumerate(labels):
        others = [point for k, arc in enumerate(arcs) if k != index for point in arc]
        placed.append(_place(box, arcs[index], others, [*circles, *placed]))
    curves = tuple(Curve(arc, box.colour if alive else None, alive) for arc, box, alive in zip(arcs, labels, live))
    ends = (_beside(circles[0], "input", -1), _beside(circles[-1], "output", 1)) if named_ends else ()
    return Scene(grammar.name, (*circles, *ends, *placed), curves)


def has_ends(component: ComponentGrammar, grammar: EdgeLabelledGrammar) -> bool:
    """Whether the first original node alone is the input and the last one alone the output.

    Told from the stored form, where it has one node for each pair: the operators on edges into the
    last node, and no others, must lead to the component's outputs.
    """
    operators = [node for node, allowed in enumerate(component.ops) if set(allowed) & set(grammar.labels)]
    if len(operators) != len(grammar.pairs):
        return False
    _, outputs = component_ends(component, component.max_nodes)
    edges = component.forced | component.free
    fed = {
        target
        for node, (_, target) in zip(operators, grammar.pairs)
        if any((node, output) in edges for output in outputs)
    }
    entered = {target for _, target in grammar.pairs}
    return fed == {grammar.num_nodes - 1} and entered == set(range(1, grammar.num_nodes))


def _beside(circle: Box, text: str, side: int) -> Box:
    width = text_width(text)
    return Box(circle.x + side * (NODE_SIZE / 2 + 0.07 + width / 2), 0.0, width, 0.15, text, shape="plain")


def arc_levels(pairs: Sequence[tuple[int, int]], live: Sequence[bool]) -> tuple[int, ...]:
    """Gives each edge a height: 0 on the line, positive above it, negative below it.

    Neighbours are joined on the line. Of the others short ones and live ones choose first, each the
    side where it crosses fewer arcs, then where it can stay lower, then the emptier one.
    """
    levels = [0] * len(pairs)
    sides: dict[int, list[int]] = {1: [], -1: []}

    def cost(index: int, side: int) -> tuple[int, int, int]:
        source, target = pairs[index]
        meets = [k for k in sides[side] if pairs[k][0] < target and source < pairs[k][1]]
        crossed = sum(
            pairs[k][0] < source < pairs[k][1] < target or source < pairs[k][0] < target < pairs[k][1] for k in meets
        )
        return crossed, 1 + max((abs(levels[k]) for k in meets), default=0), len(sides[side])

    order = sorted(range(len(pairs)), key=lambda k: (pairs[k][1] - pairs[k][0], not live[k], pairs[k]))
    for index in order:
        if pairs[index][1] - pairs[index][0] == 1:
            continue
        side = min((1, -1), key=lambda side: cost(index, side))
        levels[index] = side * cost(index, side)[1]
        sides[side].append(index)
    return tuple(levels)


def _arc(source: Box, target: Box, level: int) -> tuple[Point, ...]:
    """Returns a symmetric arc from rim to rim whose top is `level` rows away from the line."""
    width, rise = target.x - source.x, level * _ROW * 4 / 3
    inset = 0.12 * width
    points = bezier(
        (source.x, source.y), (source.x + inset, rise), (target.x - inset, rise), (target.x, target.y), _STEPS
    )
    rim = NODE_SIZE / 2 + 0.015
    return tuple(
        point
        for point in points
        if dist(point, (source.x, source.y)) >= rim and dist(point, (target.x, target.y)) >= rim
    )


def _place(box: Box, arc: Sequence[Point], others: Sequence[Point], taken: Sequence[Box]) -> Box:
    """Puts a label on its arc, as near to the middle as it touches no other label, node or arc."""

    def at(t: float) -> Box:
        x, y = arc[round(t * (len(arc) - 1))]
        return Box(x, y, box.width, box.height, box.text, box.colour, box.live)

    def hits(candidate: Box) -> tuple[int, int]:
        return (
            sum(candidate.overlaps(other, _GAP) for other in taken),
            sum(candidate.covers(point, _GAP) for point in others),
        )

    candidates = [at(t) for t in _SHIFTS]
    free = next((candidate for candidate in candidates if hits(candidate) == (0, 0)), None)
    return free or min(candidates, key=hits)

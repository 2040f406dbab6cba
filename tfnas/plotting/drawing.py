"""`draw`: a picture of an architecture that a person can read."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Sequence

import tfnas.spaces
from tfnas.architecture import Architecture
from tfnas.errors import ConfigError
from tfnas.plotting import kinds, theme
from tfnas.plotting.edge_cells import edge_scene, has_ends
from tfnas.plotting.layered import layered_scene
from tfnas.plotting.liveness import live_nodes
from tfnas.plotting.painting import compose
from tfnas.plotting.scene import NODE_SIZE, Box, Scene, label_box
from tfnas.plotting.strip import strip_scene
from tfnas.spaces.base import SearchSpace
from tfnas.spaces.grammar import ComponentGrammar, EdgeLabelled

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_IMAGE = 256  # a side that can be halved often
_SMALL_NODE = 0.22
_FEW = 12  # nodes that may be large
_DEAD = "dashed: reaches no output, computes nothing"
_STAGES = "shaded: layers of one resolution, as a part of the image's height and width"


def draw(arch: Architecture, *, space: SearchSpace | None = None, title: str | None = None) -> Figure:
    """Draws a member of any space, in the way that its grammar asks for.

    - A chain is a strip of boxes; what skips some of them is an arc above it. Layers of one resolution
      share a shade, where the network says what they are.
    - Where operators sit on edges, the original nodes are small circles, and each edge carries its
      operator; with one input, the nodes stand in a row and the edges are arcs.
    - Where members differ in their edges alone, nodes are small circles and edges thin lines.
    - Elsewhere operators are boxes in layers from left to right. An attribute that is a number orders
      them into rows, one that is 0 or 1 puts a ring around some of them, others are written down.

    What reaches no output is faint and dashed, so the rest is the network that really computes; an edge
    that the space does not even store is not drawn. Several components stand side by side under their
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
    with theme.style():
        return compose(component_scenes(space, arch), title)


def component_scenes(space: SearchSpace, arch: Architecture) -> tuple[Scene, ...]:
    """Lays out every component of a member; see `draw`."""
    colours = theme.operator_colours(space)
    live = live_nodes(space, arch)
    scenes, start = [], 0
    for index, (grammar, (name, size)) in enumerate(zip(space.grammar.components, arch.components, strict=True)):
        if space.grammar.edge_labelled and not kinds.edge_operators(grammar):
            scene = _edge_scene(space, arch, index, start, live, colours)
        else:
            scene = _node_scene(space, arch, name, grammar, range(start, start + size), live, colours)
        scenes.append(scene)
        start += size
    return tuple(scenes)


def _node_scene(
    space: SearchSpace,
    arch: Architecture,
    name: str,
    grammar: ComponentGrammar,
    nodes: range,
    live: Sequence[bool],
    colours: dict[str, str | None],
) -> Scene:
    """Lays out a component as it is stored."""
    start, attrs = nodes.start, dict(arch.attrs)
    edges = [(source - start, target - start) for source, target in arch.edges if source in nodes]
    flag, row = kinds.flag_attribute(grammar), kinds.row_attribute(grammar)
    boxes = _boxes(arch, grammar, nodes, live, colours, flag, row)
    circles = dict.fromkeys(arch.ops[node] for node, box in zip(nodes, boxes) if box.shape == "circle")
    notes = [f"circles: {', '.join(circles)}"] if circles else []
    notes += [f"red ring: {flag}"] if any(box.marked for box in boxes) else []
    notes += _dead_note(boxes)
    if kinds.is_strip(edges, len(boxes), grammar):
        scene = strip_scene(name, boxes, edges, _resolutions(space, arch, nodes))
        notes = [_STAGES, *notes] if scene.bands else notes
    else:
        rows = [attrs[row][node] for node in nodes] if row else None
        scene = layered_scene(name, boxes, edges, grammar, rows, row or "")
    return replace(scene, notes=tuple(notes))


def _boxes(
    arch: Architecture,
    grammar: ComponentGrammar,
    nodes: range,
    live: Sequence[bool],
    colours: dict[str, str | None],
    flag: str | None,
    row: str | None,
) -> list[Box]:
    """Returns a box for each node: circles, numbered from 0, where there is no choice of an operator."""
    fixed = kinds.junctions(grammar)
    side = NODE_SIZE if len(fixed) <= _FEW else _SMALL_NODE
    boxes = []
    for place, node in enumerate(nodes):
        if place in fixed:
            number = str(fixed.index(place))
            boxes.append(Box(0.0, 0.0, side, side, number, live=live[node], shape="circle"))
            continue
        values = {name: values[node] for name, values in arch.attrs}
        lines = [f"{name} {value}" for name, value in values.items() if value is not None and name not in (flag, row)]
        op = arch.ops[node]
        box = label_box(0.0, 0.0, "\n".join([op, *lines]), colours.get(op), live[node])
        boxes.append(replace(box, marked=flag is not None and values[flag] == 1))
    return boxes


def _resolutions(space: SearchSpace, arch: Architecture, nodes: range) -> list[str | None]:
    """Returns the resolution of each node's result, as a part of the image's; None where it has none or several.

    A node between two others that the network leaves out computes nothing, and keeps the resolution.
    """
    try:
        blueprint = space.blueprint(arch, (_IMAGE, _IMAGE, 3))
    except ConfigError:  # no network for such images
        return []
    found: dict[int, set[str]] = {}
    for node in blueprint.nodes:
        if node.place in nodes and len(node.shape) == 3:
            found.setdefault(node.place, set()).add(_part(node.shape[0]))
    if any(len(parts) > 1 for parts in found.values()):
        return []
    stages = [next(iter(found.get(node, {None}))) for node in nodes]
    for node in range(1, len(stages) - 1):
        stages[node] = stages[node] or stages[node - 1]
    return stages


def _part(side: int) -> str:
    return "1" if side == _IMAGE else f"1/{_IMAGE / side:.4g}"


def _edge_scene(
    space: SearchSpace,
    arch: Architecture,
    index: int,
    start: int,
    live: Sequence[bool],
    colours: dict[str, str | None],
) -> Scene:
    """Lays out a component with its operators on edges."""
    grammar, view = space.grammar.edge_labelled[index], space.to_edge_labelled(arch)[index]
    nodes = range(start, start + arch.components[index][1])
    ops = [arch.ops[node] for node in nodes]
    alive = _live_labels(view, grammar.no_edge, ops, [live[node] for node in nodes])
    stored = ops.count(grammar.no_edge) == view.labels.count(grammar.no_edge)
    drawn = [stored or label != grammar.no_edge for label in view.labels]
    scene = edge_scene(grammar, view, alive, drawn, colours, has_ends(space.grammar.components[index], grammar))
    return replace(scene, notes=tuple(_dead_note(scene.boxes)))


def _dead_note(boxes: Sequence[Box]) -> list[str]:
    return [_DEAD] if any(not box.live for box in boxes) else []


def _live_labels(view: EdgeLabelled, no_edge: str | None, ops: Sequence[str], live: Sequence[bool]) -> tuple[bool, ...]:
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

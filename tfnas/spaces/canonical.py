"""Canonical forms of small labelled DAGs: equal text for isomorphic graphs, and only for them."""

from __future__ import annotations

from typing import Collection, Mapping, Sequence

Edges = Mapping[tuple[int, int], int]

_ESCAPES = str.maketrans({mark: "\\" + mark for mark in "\\,|"})


def live_graph(
    ops: Sequence[str],
    edges: Collection[tuple[int, int]],
    *,
    zero: Collection[str] = (),
    identity: Collection[str] = (),
) -> tuple[tuple[str, ...], dict[tuple[int, int], int]]:
    """Reduces a cell whose nodes sum their inputs to the network that really computes.

    The first node is the input and the last one the output. Nodes with a `zero` operator go, nodes
    with an `identity` operator become edges (two parallel identities add up to an edge of
    multiplicity two), and what lies on no path from input to output goes. Every other operator
    stays an instance of its own: two pools of the same tensor remain two.

    Args:
        ops: N operators in topological order.
        edges: Pairs ``(source, target)``, source before target.
        zero: Operators whose result is zero.
        identity: Operators that return their input.

    Returns:
        The labels of the nodes that are left, in topological order, and the multiplicity of each
        edge between them. Input and output are always there, even when nothing connects them.
    """
    total = len(ops)
    successors: list[dict[int, int]] = [{} for _ in range(total)]
    predecessors: list[dict[int, int]] = [{} for _ in range(total)]
    for source, target in edges:
        if ops[source] not in zero and ops[target] not in zero:
            successors[source][target] = 1
            predecessors[target][source] = 1
    for node in range(1, total - 1):
        if ops[node] not in identity:
            continue
        for source, first in predecessors[node].items():
            del successors[source][node]
            for target, second in successors[node].items():
                count = successors[source].get(target, 0) + first * second
                successors[source][target] = predecessors[target][source] = count
        for target in successors[node]:
            del predecessors[target][node]
        predecessors[node], successors[node] = {}, {}
    reached = _closure(0, successors) & _closure(total - 1, predecessors)
    kept = sorted(reached | {0, total - 1})
    index = {node: position for position, node in enumerate(kept)}
    return tuple(ops[node] for node in kept), {
        (index[source], index[target]): count
        for source in kept
        if source in reached
        for target, count in successors[source].items()
        if target in reached
    }


def _closure(start: int, neighbours: Sequence[Mapping[int, int]]) -> set[int]:
    found, todo = {start}, [start]
    while todo:
        for node in neighbours[todo.pop()]:
            if node not in found:
                found.add(node)
                todo.append(node)
    return found


def canonical_form(labels: Sequence[str], edges: Edges) -> str:
    """Names a labelled directed multigraph so that two graphs share a name iff they are isomorphic.

    Colour refinement, then every choice inside the first ambiguous colour class, and the smallest
    text wins. Two equal texts are an automorphism, and choices that one maps onto each other are
    tried once (McKay, Congressus Numerantium 1981). Exact for any graph; slow only for large
    regular graphs with little symmetry.

    Args:
        labels: One label a node.
        edges: Multiplicity of each edge ``(source, target)``.

    Returns:
        Text such as ``"in,conv,out|0>1,1>2*2"``; commas, bars and backslashes in labels are escaped.
    """
    rank = {label: rank for rank, label in enumerate(sorted(set(labels)))}
    incoming: list[list[tuple[int, int]]] = [[] for _ in labels]
    outgoing: list[list[tuple[int, int]]] = [[] for _ in labels]
    for (source, target), count in edges.items():
        outgoing[source].append((target, count))
        incoming[target].append((source, count))
    best: tuple[str, list[int], tuple[int, ...]] | None = None  # text, nodes in its order, choices
    automorphisms: list[dict[int, int]] = []

    def visit(colours: list[int], choices: tuple[int, ...]) -> int:
        """Tries what can follow these choices; returns how many of them are still worth varying."""
        nonlocal best
        classes: dict[int, list[int]] = {}
        for node, colour in enumerate(colours):
            classes.setdefault(colour, []).append(node)
        ambiguous = [colour for colour, nodes in classes.items() if len(nodes) > 1]
        if not ambiguous:
            text, order = _text(labels, edges, colours), sorted(range(len(labels)), key=colours.__getitem__)
            if best is not None and text == best[0]:
                # This maps the choices behind the best text to these: whatever else follows the
                # first choice that differs is an image of what was tried before.
                automorphisms.append(dict(zip(best[1], order)))
                return next(k for k, (a, b) in enumerate(zip(choices, best[2])) if a != b)
            if best is None or text < best[0]:
                best = text, order, choices
            return len(choices)
        tried: list[int] = []
        for chosen in classes[min(ambiguous)]:
            maps = [image for image in automorphisms if all(image[node] == node for node in choices)]
            if chosen in _closure_under(maps, tried):
                continue
            split = [2 * colour + 1 for colour in colours]
            split[chosen] -= 1
            depth = visit(_refine(split, incoming, outgoing), (*choices, chosen))
            if depth < len(choices):
                return depth
            tried.append(chosen)
        return len(choices)

    visit(_refine([rank[label] for label in labels], incoming, outgoing), ())
    assert best is not None
    return best[0]


def _closure_under(maps: Sequence[Mapping[int, int]], nodes: Sequence[int]) -> set[int]:
    """Returns where repeated application of the maps takes the nodes."""
    found, todo = set(nodes), list(nodes)
    while todo:
        node = todo.pop()
        for image in maps:
            if image[node] not in found:
                found.add(image[node])
                todo.append(image[node])
    return found


def _refine(
    colours: list[int],
    incoming: list[list[tuple[int, int]]],
    outgoing: list[list[tuple[int, int]]],
) -> list[int]:
    """Splits colour classes by their neighbours' colours until nothing changes."""
    number = len(set(colours))
    while True:
        signatures = [
            (
                colours[node],
                sorted((colours[source], count) for source, count in incoming[node]),
                sorted((colours[target], count) for target, count in outgoing[node]),
            )
            for node in range(len(colours))
        ]
        ranks: list[int] = [0] * len(colours)
        rank, previous = -1, None
        for node in sorted(range(len(colours)), key=signatures.__getitem__):
            if signatures[node] != previous:
                rank, previous = rank + 1, signatures[node]
            ranks[node] = rank
        if rank + 1 == number:
            return ranks
        colours, number = ranks, rank + 1


def _text(labels: Sequence[str], edges: Edges, position: Sequence[int]) -> str:
    ordered = sorted(range(len(labels)), key=position.__getitem__)
    arrows = sorted((position[source], position[target], count) for (source, target), count in edges.items())
    return (
        ",".join(labels[node].translate(_ESCAPES) for node in ordered)
        + "|"
        + ",".join(f"{a}>{b}" if count == 1 else f"{a}>{b}*{count}" for a, b, count in arrows)
    )

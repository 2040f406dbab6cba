"""Which operators of an architecture compute anything that reaches an output."""

from __future__ import annotations

from typing import Collection

from tfnas.architecture import Architecture
from tfnas.spaces.base import SearchSpace
from tfnas.spaces.grammar import ComponentGrammar


def live_nodes(space: SearchSpace, arch: Architecture) -> tuple[bool, ...]:
    """Returns for each of the N nodes whether it lies on a path from an input to an output.

    A component's inputs are the nodes that no edge can enter, its outputs those that none can
    leave; in a component of variable length the last node is the output. An operator whose result
    is zero blocks a path.
    """
    blocked = space.zero_ops | {view.no_edge for view in space.grammar.edge_labelled}
    live: list[bool] = []
    for (_, size), grammar in zip(arch.components, space.grammar.components, strict=True):
        start = len(live)
        nodes = [node for node in range(size) if arch.ops[start + node] not in blocked]
        edges = [(source - start, target - start) for source, target in arch.edges if start <= source < start + size]
        edges = [(source, target) for source, target in edges if source in nodes and target in nodes]
        inputs, outputs = component_ends(grammar, size)
        reached = _closure(inputs & set(nodes), edges)
        reaching = _closure(outputs & set(nodes), [(target, source) for source, target in reversed(edges)])
        live += [node in reached and node in reaching for node in range(size)]
    return tuple(live)


def component_ends(grammar: ComponentGrammar, size: int) -> tuple[set[int], set[int]]:
    """Returns the inputs and the outputs of a component with `size` nodes."""
    edges = grammar.forced | grammar.free
    inputs = {0} if grammar.open_inputs else set(range(size)) - {target for _, target in edges}
    if size < grammar.max_nodes or grammar.end_op is not None or grammar.open_outputs:
        return inputs - {size - 1}, {size - 1}
    return inputs, set(range(size)) - {source for source, _ in edges}


def _closure(starts: Collection[int], edges: Collection[tuple[int, int]]) -> set[int]:
    """Returns what can be reached; `edges` are in topological order, seen from the starts."""
    found = set(starts)
    for source, target in edges:
        if source in found:
            found.add(target)
    return found

"""What a grammar says about how its nodes are to be drawn."""

from __future__ import annotations

from typing import Collection

from tfnas.plotting.liveness import component_ends
from tfnas.spaces.base import SearchSpace
from tfnas.spaces.grammar import ComponentGrammar

_ROWS = 4


def chosen_operators(space: SearchSpace) -> tuple[str, ...]:
    """Returns the operators that a node can have instead of others; not inputs, sums, outputs."""
    found: set[str] = set()
    for component in space.grammar.components:
        for allowed in component.ops:
            names = set(allowed) - {component.end_op}
            found |= names if len(names) > 1 else set()
    return tuple(name for name in space.op_names if name in found)


def is_strip(edges: Collection[tuple[int, int]], size: int, grammar: ComponentGrammar) -> bool:
    """Whether a component is a chain of all its nodes, and what else there is skips some of it.

    Where the chain is an accident, further edges are skips only if edges are all that members differ in.
    """
    chain = {(node, node + 1) for node in range(size - 1)}
    return chain <= set(edges) and (len(edges) == len(chain) or chain <= grammar.forced or is_wiring(grammar))


def junctions(grammar: ComponentGrammar) -> tuple[int, ...]:
    """Returns the nodes between inputs and outputs that have no choice of an operator, as sums have none."""
    inputs, outputs = component_ends(grammar, grammar.max_nodes)
    return tuple(node for node, allowed in enumerate(grammar.ops) if len(allowed) == 1 and node not in inputs | outputs)


def is_wiring(grammar: ComponentGrammar) -> bool:
    """Whether members differ in their edges alone."""
    inputs, outputs = component_ends(grammar, grammar.max_nodes)
    return len(junctions(grammar)) == grammar.max_nodes - len(inputs | outputs) > 0


def edge_operators(grammar: ComponentGrammar) -> frozenset[int]:
    """Returns the operators that read one node and feed one junction, and so stand on an edge."""
    if not grammar.in_degree or grammar.open_outputs:
        return frozenset()
    fixed, found = junctions(grammar), []
    for node, allowed in enumerate(grammar.ops):
        targets = [target for source, target in grammar.forced | grammar.free if source == node]
        always = len(targets) == 1 and (node, targets[0]) in grammar.forced and targets[0] in fixed
        if len(allowed) > 1 and grammar.in_degree[node] == (1, 1) and always:
            found.append(node)
    return frozenset(found)


def flag_attribute(grammar: ComponentGrammar) -> str | None:
    """Returns the name of an attribute that is 0 or 1: where it is 1, a node is marked."""
    for name, values in grammar.attrs.items():
        if {value for allowed in values for value in allowed} == {0, 1}:
            return name
    return None


def row_attribute(grammar: ComponentGrammar) -> str | None:
    """Returns the name of an attribute that is one of a few numbers: nodes stand in rows by it."""
    for name, values in grammar.attrs.items():
        found = {value for allowed in values for value in allowed}
        numbers = all(type(value) in (int, float) for value in found)
        if name != flag_attribute(grammar) and numbers and len(found) <= _ROWS:
            return name
    return None

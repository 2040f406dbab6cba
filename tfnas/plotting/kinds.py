"""What a grammar says about how its nodes are to be drawn."""

from __future__ import annotations

from tfnas.plotting.liveness import component_ends
from tfnas.spaces.grammar import ComponentGrammar


def is_strip(grammar: ComponentGrammar) -> bool:
    """Whether every member has the chain of all nodes; further edges skip some of it."""
    return len(grammar.ops) > 2 and all((node, node + 1) in grammar.forced for node in range(len(grammar.ops) - 1))


def junctions(grammar: ComponentGrammar) -> tuple[int, ...]:
    """Returns the nodes between inputs and outputs that have no choice of an operator, as sums have none."""
    inputs, outputs = component_ends(grammar, grammar.max_nodes)
    return tuple(
        node for node, allowed in enumerate(grammar.ops) if len(allowed) == 1 and node not in inputs | outputs
    )


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
    """Returns the name of an attribute that is a number: nodes stand in rows by its values."""
    for name, values in grammar.attrs.items():
        found = {value for allowed in values for value in allowed}
        if name != flag_attribute(grammar) and all(type(value) in (int, float) for value in found):
            return name
    return None

"""One DARTS cell as a component of an architecture: its nodes and edges, its rules, its variations.

A cell is eight branches ``(operator, predecessor)``, two a step; its component has 15 nodes.
"""

from __future__ import annotations

from typing import Collection, Sequence

import numpy as np

from tfnas.blueprints.darts import NODES, OPERATORS, STEPS, Cell, branch_node
from tfnas.errors import InvalidArchitectureError
from tfnas.spaces.parts import as_integer, as_operator, as_tuple

INPUTS = ("input_prev_prev", "input_prev")
SUM, OUTPUT = "sum", "output"
BRANCHES = 2 * STEPS

CHOICES = tuple(2 + branch // 2 for branch in range(BRANCHES))
"""Number of predecessors that each branch can choose from."""

ALTERNATIVES = tuple(len(OPERATORS) - 1 + choices - 1 for choices in CHOICES)
"""Number of branches that differ from a given one in operator or predecessor."""

_BRANCH_NODES = tuple(branch_node(branch) for branch in range(BRANCHES))
_SUM_NODES = tuple(4 + 3 * step for step in range(STEPS))
_PREDECESSORS = (0, 1, *_SUM_NODES)
_PREDECESSOR_OF = {node: source for source, node in enumerate(_PREDECESSORS)}

_FIXED = {0: INPUTS[0], 1: INPUTS[1], **dict.fromkeys(_SUM_NODES, SUM), NODES - 1: OUTPUT}
OPS = tuple((_FIXED[node],) if node in _FIXED else OPERATORS for node in range(NODES))
"""Operators allowed at each node."""

FORCED = frozenset(
    [(node, _SUM_NODES[branch // 2]) for branch, node in enumerate(_BRANCH_NODES)]
    + [(node, NODES - 1) for node in _SUM_NODES]
)
FREE = frozenset(
    (_PREDECESSORS[source], node) for node, choices in zip(_BRANCH_NODES, CHOICES) for source in range(choices)
)
IN_DEGREE = tuple(
    (1, 1) if node in _BRANCH_NODES else (sum(target == node for _, target in FORCED),) * 2 for node in range(NODES)
)


def component(cell: Cell) -> tuple[tuple[str, ...], tuple[tuple[int, int], ...]]:
    """Returns the operators and the sorted edges of a cell's component."""
    ops = [_FIXED.get(node, "") for node in range(NODES)]
    edges = set(FORCED)
    for node, (operator, source) in zip(_BRANCH_NODES, cell):
        ops[node] = operator
        edges.add((_PREDECESSORS[source], node))
    return tuple(ops), tuple(sorted(edges))


def branches(ops: Sequence[str], edges: Collection[tuple[int, int]]) -> Cell:
    """Returns the cell that a component is; inverse of `component`."""
    sources = {target: source for source, target in edges}
    return tuple((ops[node], _PREDECESSOR_OF[sources[node]]) for node in _BRANCH_NODES)


def read_cell(name: str, cell: object) -> Cell:
    """Returns eight branches that a user gives.

    Raises:
        InvalidArchitectureError: If there are not eight, or one is no pair of an operator and a predecessor.
    """
    found = []
    pairs = as_tuple(f"branches of the {name} cell", cell, f"{BRANCHES}, two a step", BRANCHES)
    for number, (pair, choices) in enumerate(zip(pairs, CHOICES), start=1):
        branch = f"branch {number} of the {name} cell"
        operator, source = as_tuple(branch, pair, "(operator, predecessor)", 2)
        remedy = "0 and 1 are the cell's inputs, 2 is its first step."
        found.append(
            (
                as_operator(f"operator of {branch}", operator, OPERATORS),
                as_integer(f"predecessor of {branch}", source, range(choices), remedy),
            )
        )
    return tuple(found)


def check_component(name: str, ops: Sequence[str], edges: Collection[tuple[int, int]]) -> None:
    """Checks the operators and edges of a component, whose nodes are numbered from 0.

    Raises:
        InvalidArchitectureError: Naming the rule that is broken.
    """
    for node, operator in enumerate(ops):
        as_operator(f"operator of node {node} of the {name} cell", operator, OPS[node])
    for edge in sorted(FORCED - set(edges)):
        raise InvalidArchitectureError(
            f"edges of the {name} cell",
            expected="each branch to feed its step's sum, and each sum the output",
            received=f"no edge {edge}",
        )
    for edge in sorted(set(edges) - FORCED - FREE):
        raise InvalidArchitectureError(
            f"edges of the {name} cell",
            expected="branches to read an input or an earlier sum, and nothing else to be joined",
            received=f"edge {edge}",
        )
    for node in _BRANCH_NODES:
        sources = sorted(source for source, target in edges if target == node)
        if len(sources) != 1:
            raise InvalidArchitectureError(
                f"node {node} of the {name} cell",
                expected="one incoming edge: a branch reads one input or sum",
                received=f"edges from {sources}",
            )


def variants(cell: Cell, branch: int) -> list[Cell]:
    """Returns the cells that differ in the operator or the predecessor of one branch, `ALTERNATIVES` of them."""
    operator, source = cell[branch]
    others = [(other, source) for other in OPERATORS if other != operator]
    others += [(operator, other) for other in range(CHOICES[branch]) if other != source]
    return [(*cell[:branch], other, *cell[branch + 1 :]) for other in others]


def draw(rng: np.random.Generator, operators: Sequence[str], repeats: bool) -> Cell:
    """Draws operators uniformly, and the two predecessors of each step uniformly and independently.

    Without `repeats` they are distinct and in ascending order.
    """
    chosen = [operators[k] for k in rng.integers(len(operators), size=BRANCHES).tolist()]
    sources: list[int] = []
    for step in range(STEPS):
        pair = rng.choice(2 + step, size=2, replace=repeats).tolist()
        sources += pair if repeats else sorted(pair)
    return tuple(zip(chosen, sources))

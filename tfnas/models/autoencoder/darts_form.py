"""`DARTSForm`: one DARTS cell as arch2vec's graph of 11 nodes."""

from __future__ import annotations

from typing import Sequence

import numpy as np

from tfnas.architecture import Architecture
from tfnas.blueprints.darts import OPERATORS
from tfnas.checks import check_positive
from tfnas.errors import ConfigError
from tfnas.models.autoencoder.graph_form import GraphArrays, GraphForm
from tfnas.models.autoregressive.rules import Rules
from tfnas.spaces.base import SearchSpace
from tfnas.spaces.darts_cell import BRANCHES, CHOICES, INPUTS, OUTPUT, branches, component

_NODES = 2 + BRANCHES + 1
_FIRST = 2


class DARTSForm(GraphForm):
    """A cell as the two inputs, the eight branches and the output (arch2vec, appendix A.3).

    A branch that reads a step has an edge from both of the step's branches, one that reads an input has one from
    there, and each branch has an edge to the output. There are no sums, other than in `Architecture`.

    Args:
        space: DARTS with one cell, ``darts,shared=True``.
        nodes: N; 11 by default.

    Raises:
        ConfigError: If the space has two cells, or `nodes` is too small.
    """

    def __init__(self, space: SearchSpace, nodes: int | None = None) -> None:
        if space.name != "darts,shared=True":
            raise ConfigError("space", expected="darts,shared=True", received=space.name)
        self.space = space
        self.nodes = _NODES if nodes is None else nodes
        check_positive(nodes=self.nodes)
        if self.nodes < _NODES:
            raise ConfigError("nodes of a graph of DARTS", expected=f"at least {_NODES}", received=str(nodes))
        self.operators = (*INPUTS, *OPERATORS, OUTPUT)
        self.end = len(self.operators) - 1
        self.rules = _rules(len(self.operators))

    def encode(self, archs: Sequence[Architecture]) -> GraphArrays:
        adjacency = np.zeros((len(archs), self.nodes, self.nodes), np.int32)
        ops = np.full((len(archs), self.nodes), -1, np.int32)
        number = {name: k for k, name in enumerate(self.operators)}
        for row, arch in enumerate(archs):
            self.space.validate(arch)
            ops[row, [0, 1, _NODES - 1]] = 0, 1, self.end
            for branch, (operator, source) in enumerate(branches(arch.ops, arch.edges)):
                ops[row, _FIRST + branch] = number[operator]
                adjacency[row, _sources(source), _FIRST + branch] = 1
        adjacency[:, _FIRST : _NODES - 1, _NODES - 1] = 1
        return GraphArrays(adjacency, ops)

    def decode(self, graphs: GraphArrays) -> list[Architecture | None]:
        beyond = (graphs.ops[:, _NODES:] >= 0).any(1) | graphs.adjacency[:, :, _NODES:].any((1, 2))
        edges = graphs.adjacency[:, :_NODES, :_NODES].transpose(0, 2, 1)
        fits = ~beyond & self.are_whole(graphs.ops) & self.rules.admit(edges, graphs.ops[:, :_NODES])
        return [self._member(edges[row], graphs.ops[row]) if fits[row] else None for row in range(len(graphs.ops))]

    def _member(self, edges: np.ndarray, ops: np.ndarray) -> Architecture | None:
        cell = []
        for branch, choices in enumerate(CHOICES):
            read = np.flatnonzero(edges[_FIRST + branch]).tolist()
            source = next((source for source in range(choices) if _sources(source) == read), None)
            if source is None:
                return None
            cell.append((self.operators[ops[_FIRST + branch]], source))
        names, pairs = component(tuple(cell))
        return Architecture(self.space.name, names, pairs, (("cell", len(names)),))


def _sources(source: int) -> list[int]:
    """Returns the nodes that stand for a predecessor: 0 and 1 are the inputs, then come the steps."""
    return [source] if source < _FIRST else [_FIRST + 2 * (source - _FIRST), _FIRST + 2 * (source - _FIRST) + 1]


def _rules(operators: int) -> Rules:
    """Returns what of the rules is local: that a step is read from both its branches is not."""
    allowed, (forced, free) = np.zeros((_NODES, operators), bool), np.zeros((2, _NODES, _NODES), bool)
    allowed[[0, 1, -1], [0, 1, -1]] = True
    allowed[_FIRST:-1, _FIRST : _FIRST + len(OPERATORS)] = True
    forced[-1, _FIRST:-1] = True
    for branch, choices in enumerate(CHOICES):
        free[_FIRST + branch, [node for source in range(choices) for node in _sources(source)]] = True
    chosen = free.any(1)
    low, high = chosen.astype(np.int32), np.minimum(2 * chosen, free.sum(1)).astype(np.int32)
    return Rules("cell", allowed, forced, free, low, high, 1, np.zeros(operators, bool))

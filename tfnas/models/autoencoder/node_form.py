"""`NodeForm`: members of a space of one component, as they are stored."""

from __future__ import annotations

from typing import Sequence

import numpy as np

from tfnas.architecture import Architecture
from tfnas.checks import check_positive
from tfnas.errors import ConfigError
from tfnas.models.autoencoder.graph_form import GraphArrays, GraphForm
from tfnas.models.autoregressive.node_view import NodeView
from tfnas.models.autoregressive.view import ComponentArrays
from tfnas.spaces.base import SearchSpace


class NodeForm(GraphForm):
    """Operators on nodes, as `Architecture` has them; per-node attributes are part of the operators.

    Nodes that no choice joins to others are left out, such as the input and the output of RandWire; see `NodeView`.

    Args:
        space: A space of one component.
        nodes: N; the largest number of nodes of a member by default.

    Raises:
        ConfigError: If the space has several components, or `nodes` is too small.
    """

    def __init__(self, space: SearchSpace, nodes: int | None = None) -> None:
        if len(space.grammar.components) != 1:
            raise ConfigError(
                f"graphs of {space.name}",
                expected="a space of one component",
                received=f"one of {len(space.grammar.components)}",
                remedy="DARTS has a form with one cell, 'darts,shared=True'.",
            )
        self.space = space
        self._view = NodeView(space)
        (self.rules,) = self._view.rules
        self.nodes = self.rules.nodes if nodes is None else nodes
        check_positive(nodes=self.nodes)
        if self.nodes < self.rules.nodes:
            raise ConfigError(
                f"nodes of a graph of {space.name}", expected=f"at least {self.rules.nodes}", received=str(nodes)
            )
        names = self._view.names()[0]["operators"]
        self.operators = tuple(
            ",".join([name["op"], *(f"{key}={value}" for key, value in name["attrs"].items())]) for name in names
        )
        self.end = self._find_end()

    def _find_end(self) -> int | None:
        rules = self.rules
        if rules.ends.any():
            return int(np.flatnonzero(rules.ends)[0])
        last = np.flatnonzero(rules.allowed[-1])
        alone = len(last) == 1 and rules.nodes > 1 and not rules.allowed[:-1, last[0]].any()
        return int(last[0]) if alone else None

    def encode(self, archs: Sequence[Architecture]) -> GraphArrays:
        for arch in archs:
            self.space.validate(arch)
        (part,) = self._view.encode(archs)
        more = self.nodes - self.rules.nodes
        adjacency = np.pad((part.edges > 0).transpose(0, 2, 1), [(0, 0), (0, more), (0, more)])
        return GraphArrays(
            adjacency.astype(np.int32), np.pad(part.ops, [(0, 0), (0, more)], constant_values=-1).astype(np.int32)
        )

    def decode(self, graphs: GraphArrays) -> list[Architecture | None]:
        size = self.rules.nodes
        fits = (graphs.ops[:, size:] < 0).all(1) & ~graphs.adjacency[:, :, size:].any((1, 2))
        edges = np.ascontiguousarray(graphs.adjacency[:, :size, :size].transpose(0, 2, 1))
        part = ComponentArrays(edges, graphs.ops[:, :size])
        fits &= self.are_whole(graphs.ops) & self._view.drawable([part])
        found: list[Architecture | None] = [None] * len(graphs.ops)
        rows = np.flatnonzero(fits)
        if len(rows):
            members = self._view.decode([ComponentArrays(part.edges[rows], part.ops[rows])])
            for row, arch in zip(rows, members):
                found[row] = arch
        return found

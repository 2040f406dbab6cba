"""NAS-Bench-101: cells of up to seven vertices and nine edges (Ying et al., ICML 2019)."""

from __future__ import annotations

import functools
import itertools
import math
from typing import Any, Iterator, Sequence

import numpy as np

from tfnas.architecture import Architecture
from tfnas.blueprints import Blueprint
from tfnas.blueprints.nasbench101 import INPUT, OPERATORS, OUTPUT, network
from tfnas.errors import ConfigError, InvalidArchitectureError
from tfnas.spaces import nasbench101_edits as edits
from tfnas.spaces.base import SearchSpace, variant_name
from tfnas.spaces.grammar import ComponentGrammar, Grammar
from tfnas.spaces.nasbench101_enumeration import LISTED, count_graphs, draw_graph, graphs, labellings, unlabelled
from tfnas.spaces.nasbench101_forms import check_ops, no_path, read_pruned, read_text, write_matrix, write_text
from tfnas.spaces.nasbench101_hash import module_hash
from tfnas.spaces.parts import integer_option

_LARGEST = 10


class NASBench101(SearchSpace):
    """Directed acyclic graphs with one of three operators at each interior vertex; 423,624 networks.

    Members are pruned: every vertex lies on a path from the input to the output, and the limits hold
    for what is left, as in the benchmark. `from_matrix` prunes first. Vertices may be numbered in any
    topological order, so a network has several members, which share the canonical key. Their costs can
    differ by the place of a channel: where channels do not divide evenly, the vertices with the lower
    numbers get more (see `tfnas.blueprints.nasbench101.vertex_channels`).

    Args:
        max_nodes: Largest number of vertices, input and output included; from 3 to 10.
        max_edges: Largest number of edges; at least ``max_nodes - 1``, so that the longest chain is in, and
            at most 45, which ten vertices have.

    Raises:
        ConfigError: If an option is out of its range.
    """

    name = "nasbench101"

    def __init__(self, max_nodes: int = 7, max_edges: int = 9) -> None:
        self._max_nodes = integer_option("max_nodes", max_nodes, 3, _LARGEST)
        self._max_edges = integer_option("max_edges", max_edges, self._max_nodes - 1, math.comb(_LARGEST, 2))
        self.name = variant_name("nasbench101", max_nodes=(self._max_nodes, 7), max_edges=(self._max_edges, 9))
        self.num_networks = 423_624 if self.name == "nasbench101" else None
        self.key_can_collide = self._max_nodes > 7 and self._max_edges > 9  # see `module_hash`

    @property
    def op_names(self) -> tuple[str, ...]:
        return (INPUT, *OPERATORS, OUTPUT)

    @property
    def max_nodes(self) -> int:
        return self._max_nodes

    @property
    def max_edges(self) -> int:
        """Largest number of edges of a member."""
        return self._max_edges

    @functools.cached_property
    def size(self) -> int:
        return sum(self._members_by_length.values())

    @functools.cached_property
    def _members_by_length(self) -> dict[int, int]:
        return {n: count_graphs(n, self._max_edges) * len(OPERATORS) ** (n - 2) for n in self._lengths}

    @functools.cached_property
    def grammar(self) -> Grammar:
        interior = (*OPERATORS, OUTPUT)
        return Grammar(
            components=(
                ComponentGrammar(
                    name="cell",
                    ops=((INPUT,), *(interior for _ in range(self._max_nodes - 2)), (OUTPUT,)),
                    forced=frozenset(),
                    free=frozenset(itertools.combinations(range(self._max_nodes), 2)),
                    min_nodes=2,
                    end_op=OUTPUT,
                ),
            ),
            is_local=False,
        )

    @property
    def _lengths(self) -> range:
        return range(2, self._max_nodes + 1)

    def validate(self, arch: Architecture) -> None:
        self._check_name(arch)
        total = len(arch.ops)
        if arch.components != (("cell", total),) or arch.attrs:
            raise InvalidArchitectureError(
                "NAS-Bench-101 cell",
                expected="one component 'cell' without attributes",
                received=f"components {arch.components}, attributes {arch.attrs}",
            )
        check_ops(arch.ops)
        if total > self._max_nodes:
            raise InvalidArchitectureError(
                "vertices of a NAS-Bench-101 cell",
                expected=f"at most {self._max_nodes}, input and output included",
                received=str(total),
                remedy=f"max_nodes={total} gives a space with such cells." if total <= _LARGEST else "",
            )
        if len(arch.edges) > self._max_edges:
            raise InvalidArchitectureError(
                "edges of a NAS-Bench-101 cell",
                expected=f"at most {self._max_edges}",
                received=str(len(arch.edges)),
                remedy=f"max_edges={len(arch.edges)} gives a space with such cells.",
            )
        live = edits.on_paths(total, arch.edges)
        if not live:
            raise no_path(arch.edges)
        if len(live) < total:
            raise InvalidArchitectureError(
                "vertices of a NAS-Bench-101 cell",
                expected="every vertex on a path from the input to the output",
                received=f"dangling vertices {sorted(set(range(total)) - live)}",
                remedy="NASBench101.from_matrix removes them.",
            )

    def sample(self, rng: np.random.Generator) -> Architecture:
        """Draws uniformly over all members, which are networks in every numbering of their vertices.

        Deviation from the benchmark's examples, which draw a matrix of seven vertices, prune it, and
        draw again until it keeps the limits: one of three hundred cells has seven vertices then, as 85%
        of the networks have.
        """
        lengths = list(self._members_by_length)
        weights = np.array([float(count) for count in self._members_by_length.values()])
        nodes = lengths[int(rng.choice(len(lengths), p=weights / weights.sum()))]
        interior = rng.integers(len(OPERATORS), size=nodes - 2).tolist()
        edges = draw_graph(nodes, self._max_edges, rng)
        return self._member((INPUT, *(OPERATORS[k] for k in interior), OUTPUT), edges)

    def neighbors(self, arch: Architecture) -> Iterator[Architecture]:
        """Yields the members that one edit of the pruned cell gives.

        An interior vertex takes another operator; an edge comes or goes, which leaves every vertex on
        a path; an interior vertex is put on an edge, with any operator and any number between its
        neighbours'; or one that stands on a single edge is taken off it, where that edge is not there
        already. Each edit has its inverse, and they connect the whole space.

        Deviation from the benchmark's mutations, which edit a seven-vertex matrix and prune: one of
        theirs can remove several vertices, and no single one brings them back.
        """
        for ops, edges in edits.edited((arch.ops, arch.edges)):
            if len(ops) <= self._max_nodes and len(edges) <= self._max_edges:
                yield self._member(ops, edges)

    def mutate(self, arch: Architecture, rng: np.random.Generator) -> Architecture:
        """Draws one of the four kinds of edit, then an edit of that kind, each uniformly, until a member comes."""
        while True:
            cell = edits.drawn((arch.ops, arch.edges), rng)
            if cell and len(cell[0]) <= self._max_nodes and len(cell[1]) <= self._max_edges:
                return self._member(*cell)

    def canonical_key(self, arch: Architecture) -> str:
        """Returns the benchmark's hash; exact up to seven vertices or nine edges, see `module_hash`."""
        return module_hash(arch.ops, arch.edges)

    def unique(self) -> Iterator[Architecture]:
        """Yields one member of each network, in a fixed order: 423,624 with the default limits.

        Graphs are listed once up to isomorphism, and then labelled once up to their automorphisms, so
        no two members are isomorphic and no hash is needed.

        Raises:
            ConfigError: If there are more than seven vertices.
        """
        self._check_listed()
        for nodes in self._lengths:
            for edges, automorphisms in unlabelled(nodes, self._max_edges):
                for interior in labellings(OPERATORS, automorphisms):
                    yield self._member((INPUT, *interior, OUTPUT), edges)

    def enumerate(self) -> Iterator[Architecture]:
        self._check_listed()
        for nodes in self._lengths:
            for edges in graphs(nodes, self._max_edges):
                for interior in itertools.product(OPERATORS, repeat=nodes - 2):
                    yield self._member((INPUT, *interior, OUTPUT), edges)

    @property
    def is_enumerable(self) -> bool:
        return self._max_nodes <= LISTED

    def _check_listed(self) -> None:
        if not self.is_enumerable:
            raise ConfigError(
                f"enumerating {self.name}",
                expected=f"at most {LISTED} vertices",
                received=str(self._max_nodes),
                remedy="Draw members with sample(rng) instead.",
            )

    def to_native(self, arch: Architecture) -> str:
        """Returns adjacency and operators as the benchmark's records have them, joined by a colon.

        The adjacency is N * N digits 0 or 1, row by row; that of source and target is 1 for an edge.
        For example ``010001000:input,conv3x3-bn-relu,output``.
        """
        return write_text(arch.ops, arch.edges)

    def from_native(self, native: str) -> Architecture:
        """Inverse of `to_native`. A cell that is not pruned is refused.

        Raises:
            InvalidArchitectureError: If the text is not a member's published form.
        """
        arch = self._member(*read_text(native))
        self.validate(arch)
        return arch

    def to_matrix(self, arch: Architecture) -> tuple[np.ndarray, list[str]]:
        """Returns the adjacency, [N, N] of 0 and 1 above the diagonal, and the N operators."""
        return write_matrix(len(arch.ops), arch.edges), list(arch.ops)

    def from_matrix(self, matrix: Any, ops: Sequence[str]) -> Architecture:
        """Prunes a cell and returns it as a member; the limits hold for what is left.

        Args:
            matrix: Adjacency, [N, N] of 0 and 1 above the diagonal; N may exceed `max_nodes`.
            ops: N operators, the first ``"input"``, the last ``"output"``.

        Raises:
            InvalidArchitectureError: If this is no cell, no path leads from the input to the output, or
                the pruned cell exceeds a limit.
        """
        arch = self._member(*read_pruned(matrix, ops))
        self.validate(arch)
        return arch

    @staticmethod
    def prune(matrix: Any, ops: Sequence[str]) -> tuple[np.ndarray, list[str]]:
        """Removes the vertices that lie on no path from the input to the output, whatever the limits.

        Args:
            matrix: Adjacency, [N, N] of 0 and 1 above the diagonal.
            ops: N operators, the first ``"input"``, the last ``"output"``.

        Returns:
            The adjacency and the operators of the vertices that are left.

        Raises:
            InvalidArchitectureError: If this is no cell, or no path leads from the input to the output.
        """
        kept, edges = read_pruned(matrix, ops)
        return write_matrix(len(kept), edges), list(kept)

    def _blueprint(
        self,
        arch: Architecture,
        input_shape: tuple[int, int, int],
        *,
        live_only: bool,
        stem_channels: int = 128,
        num_stacks: int = 3,
        modules_per_stack: int = 3,
    ) -> Blueprint:
        # The vertices that feed the output share its channels. A search must not fail at some member:
        # each of the most that any member has, with an edge to the output and one of its own, needs one.
        feeding = min(self._max_nodes - 2, self._max_edges // 2)
        if stem_channels < feeding:
            raise ConfigError(
                "stem_channels",
                expected=f"at least {feeding}, one for each of the vertices that may feed the output",
                received=str(stem_channels),
            )
        # Members are pruned: every operator is live.
        sizes = {"stem_channels": stem_channels, "num_stacks": num_stacks, "modules_per_stack": modules_per_stack}
        return network(arch.ops, arch.edges, input_shape, **sizes)

    def quick_skeleton(self, input_shape: Sequence[int]) -> dict[str, Any]:
        return {"stem_channels": 16, "modules_per_stack": 1}

    def _member(self, ops: tuple[str, ...], edges: tuple[tuple[int, int], ...]) -> Architecture:
        return Architecture(self.name, ops, edges, (("cell", len(ops)),))

"""RandWire: networks whose stages are wired by any acyclic graph (Xie et al., ICCV 2019)."""

from __future__ import annotations

import functools
import itertools
from typing import Any, Iterator, Sequence

import numpy as np

from tfnas.architecture import Architecture
from tfnas.blueprints import Blueprint
from tfnas.blueprints.randwire import SEPARABLE, STAGES, network
from tfnas.checks import check_flag
from tfnas.errors import InvalidArchitectureError
from tfnas.spaces import randwire_forms as forms
from tfnas.spaces.base import SearchSpace, variant_name
from tfnas.spaces.canonical import canonical_form
from tfnas.spaces.grammar import ComponentGrammar, Grammar
from tfnas.spaces.parts import integer_option
from tfnas.spaces.random_graphs import bernoulli
from tfnas.spaces.randwire_forms import Graph

INPUT, OUTPUT = "input", "output"


class RandWire(SearchSpace):
    """All acyclic graphs of N separable convolutions, as GraphPNAS searches them (section 4.1, appendix E.1).

    A component is ``input``, N operator nodes, ``output``. The edges among the operator nodes are free;
    the input feeds exactly the nodes that no other node feeds, and the output reads exactly the nodes
    that no other node reads. So there are 2 ** (N (N - 1) / 2) members, 2.05e149 for N = 32 (the paper
    prints 2.1e149).

    Args:
        nodes: N, the operator nodes of a component, from 2, or there is nothing to wire, to 200.
        stages: Whether each of the three stages has a graph of its own, ``stage1`` to ``stage3``
            (GraphPNAS, appendix B), instead of one ``stage`` for all.

    Raises:
        ConfigError: If an option is out of its range.
    """

    name = "randwire"

    def __init__(self, nodes: int = 32, stages: bool = False) -> None:
        check_flag(stages=stages)
        self.nodes = integer_option("nodes", nodes, 2, 200)
        self.component_names = tuple(f"stage{k}" for k in range(1, STAGES + 1)) if stages else ("stage",)
        self.name = variant_name("randwire", nodes=(self.nodes, 32), stages=(bool(stages), False))

    @property
    def op_names(self) -> tuple[str, ...]:
        return (INPUT, SEPARABLE, OUTPUT)

    @property
    def max_nodes(self) -> int:
        return len(self.component_names) * (self.nodes + 2)

    @property
    def size(self) -> int:
        return 2 ** (len(self.component_names) * len(self._pairs))

    @functools.cached_property
    def grammar(self) -> Grammar:
        ops = ((INPUT,), *((SEPARABLE,),) * self.nodes, (OUTPUT,))
        free = frozenset((source + 1, target + 1) for source, target in self._pairs)
        return Grammar(
            components=tuple(
                ComponentGrammar(name, ops, frozenset(), free, open_inputs=True, open_outputs=True)
                for name in self.component_names
            )
        )

    def from_edges(self, *graphs: Graph) -> Architecture:
        """Builds a member from the edges among the operator nodes, for example from `random_graphs`.

        Args:
            *graphs: One for each component: pairs ``(source, target)`` of nodes 0 .. N-1, in any order, or
                an array of shape [E, 2].

        Raises:
            InvalidArchitectureError: If the number of graphs is wrong, or an edge does not ascend or
                leaves the graph.
        """
        if len(graphs) != len(self.component_names):
            raise InvalidArchitectureError(
                f"graphs of {self.name}",
                expected=f"{len(self.component_names)}, one for each of {', '.join(self.component_names)}",
                received=f"{len(graphs)}",
            )
        return self._member([forms.read_edges(self.name, self.nodes, graph) for graph in graphs])

    def graphs(self, arch: Architecture) -> tuple[frozenset[tuple[int, int]], ...]:
        """Returns the edges among the operator nodes of each component; inverse of `from_edges`."""
        total, last = self.nodes + 2, self.nodes + 1
        found: list[set[tuple[int, int]]] = [set() for _ in self.component_names]
        for source, target in arch.edges:
            component, source = divmod(source, total)
            target -= component * total
            if source != 0 and target != last:
                found[component].add((source - 1, target - 1))
        return tuple(frozenset(graph) for graph in found)

    def from_matrix(self, *matrices: Any) -> Architecture:
        """Builds a member from the published form.

        Args:
            *matrices: One for each component: N x N of zeros and ones; row i has a one in column j < i
                where node i reads node j.

        Raises:
            InvalidArchitectureError: If a matrix has another shape, other values, or ones elsewhere.
        """
        return self.from_edges(*(forms.read_matrix(self.name, self.nodes, matrix) for matrix in matrices))

    def to_matrix(self, arch: Architecture, component: int = 0) -> np.ndarray:
        """Returns a component in the published form: N x N, uint8, lower-triangular; see `from_matrix`."""
        return forms.write_matrix(self.nodes, self.graphs(arch)[component])

    def validate(self, arch: Architecture) -> None:
        self._check_name(arch)
        sizes = tuple((name, self.nodes + 2) for name in self.component_names)
        if arch.components != sizes or arch.attrs:
            raise InvalidArchitectureError(
                f"components of {self.name}",
                expected=f"{sizes} without attributes",
                received=f"{arch.components}, attributes {arch.attrs}",
                remedy="Build members with RandWire.from_native, from_edges or from_matrix.",
            )
        expected = self._ops * len(sizes)
        for node, (received, right) in enumerate(zip(arch.ops, expected)):
            if received != right:
                raise InvalidArchitectureError(
                    f"operator of node {node} of {self.name}", expected=repr(right), received=repr(received)
                )
        wrong = set(arch.edges) ^ set(self._member(self.graphs(arch)).edges)
        if wrong:
            edge = min(wrong)
            extra = "an edge too many" if edge in arch.edges else "no edge"
            raise InvalidArchitectureError(
                f"wiring of {self.name}",
                expected="an input that feeds exactly the nodes that no other node feeds, and an output that reads "
                "exactly the nodes that no other node reads",
                received=f"{extra}, {edge}",
                remedy="RandWire.from_edges adds the edges of input and output.",
            )

    def sample(self, rng: np.random.Generator) -> Architecture:
        """Draws, for each component, p uniformly from 0.1 to 0.5 and then each edge with probability p.

        These are the Erdos-Renyi graphs of GraphPNAS's random search (section 4.1), but for one thing:
        graphs that are not connected stay, so that every member can be drawn. The paper's own priors are
        ``from_edges(erdos_renyi(...))`` and its like; see `tfnas.spaces.random_graphs`.
        """
        return self._member([bernoulli(self.nodes, rng.uniform(0.1, 0.5), rng) for _ in self.component_names])

    def neighbors(self, arch: Architecture) -> Iterator[Architecture]:
        """Yields the members that differ in one edge among the operator nodes: 496 where N = 32."""
        for position in range(len(self.component_names) * len(self._pairs)):
            yield self._flipped(arch, position)

    def mutate(self, arch: Architecture, rng: np.random.Generator) -> Architecture:
        """Adds or removes one edge among the operator nodes, drawn uniformly."""
        return self._flipped(arch, int(rng.integers(len(self.component_names) * len(self._pairs))))

    def crossover(self, first: Architecture, second: Architecture, rng: np.random.Generator) -> Architecture:
        """Takes each possible edge from either parent with probability one half.

        So the child has what both have, and half of what one has.
        """
        graphs = []
        for a, b in zip(self.graphs(first), self.graphs(second)):
            differing = sorted(a ^ b)
            take = rng.integers(2, size=len(differing)).tolist()
            graphs.append((a & b) | {edge for edge, taken in zip(differing, take) if taken})
        return self._member(graphs)

    def canonical_key(self, arch: Architecture) -> str:
        """Names the graphs among the operator nodes up to isomorphism; exact.

        Input and output follow from them, and every node is live.
        """
        return ";".join(
            canonical_form([""] * self.nodes, dict.fromkeys(sorted(graph), 1)) for graph in self.graphs(arch)
        )

    def to_native(self, arch: Architecture) -> str:
        """Returns JSON: for each component and node the nodes it reads, for example ``[[[],[0],[0,1]]]``."""
        return forms.write_text(self.nodes, self.graphs(arch))

    def from_native(self, native: str) -> Architecture:
        return self._member(forms.read_text(self.name, self.nodes, self.component_names, native))

    def _blueprint(
        self,
        arch: Architecture,
        input_shape: tuple[int, int, int],
        *,
        live_only: bool,
        channels: int = 64,
        head_channels: int = 1280,
        large: bool = False,
    ) -> Blueprint:
        # live_only changes nothing: every node lies between input and output
        graphs = [forms.predecessors(self.nodes, graph) for graph in self.graphs(arch)]
        return network(graphs, input_shape, channels=channels, head_channels=head_channels, large=large)

    def quick_skeleton(self, input_shape: Sequence[int]) -> dict[str, Any]:
        return {"channels": 16, "head_channels": 64}

    @functools.cached_property
    def _pairs(self) -> tuple[tuple[int, int], ...]:
        return tuple(itertools.combinations(range(self.nodes), 2))

    @property
    def _ops(self) -> tuple[str, ...]:
        return (INPUT, *(SEPARABLE,) * self.nodes, OUTPUT)

    def _flipped(self, arch: Architecture, position: int) -> Architecture:
        component, pair = divmod(position, len(self._pairs))
        graphs = list(self.graphs(arch))
        graphs[component] ^= {self._pairs[pair]}
        return self._member(graphs)

    def _member(self, graphs: Sequence[Graph]) -> Architecture:
        total = self.nodes + 2
        edges: list[tuple[int, int]] = []
        for k, (graph, rules) in enumerate(zip(graphs, self.grammar.components)):
            inner = rules.complete((source + 1, target + 1) for source, target in graph)
            edges += [(k * total + source, k * total + target) for source, target in inner]
        return Architecture(
            self.name,
            self._ops * len(self.component_names),
            tuple(sorted(edges)),
            tuple((name, total) for name in self.component_names),
        )

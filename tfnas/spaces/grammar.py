"""The grammar of a search space: what generators, decoders and explorers may choose, and where."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Iterable, Mapping

import numpy as np

from tfnas.architecture import Architecture
from tfnas.errors import ConfigError


@dataclass(frozen=True, slots=True)
class ComponentGrammar:
    """The local rules of one component (one cell, one chain) in node-operator form.

    Attributes:
        name: The component's name.
        ops: Operators allowed at each node, by position. Length: the largest number of nodes.
        forced: Edges that every member has.
        free: Edges that a member may have. Every other edge is forbidden.
        in_degree: Smallest and largest number of incoming edges of each node; empty for no limit.
        min_nodes: Smallest number of nodes; equals ``len(ops)`` where the length is fixed.
        end_op: Operator that ends a component of variable length, None where the length is fixed.
        attrs: For each per-node attribute the values allowed at each node.
        open_inputs: Whether the first node feeds exactly the nodes that no other node feeds.
        open_outputs: Whether the last node reads exactly the nodes that no other node reads, but for
            input nodes, which nothing may feed. Edges that follow from these two rules are neither
            forced nor free: `complete` adds them.
    """

    name: str
    ops: tuple[tuple[str, ...], ...]
    forced: frozenset[tuple[int, int]]
    free: frozenset[tuple[int, int]] = frozenset()
    in_degree: tuple[tuple[int, int], ...] = ()
    min_nodes: int = 0
    end_op: str | None = None
    attrs: Mapping[str, tuple[tuple[object, ...], ...]] = field(default_factory=dict)
    open_inputs: bool = False
    open_outputs: bool = False

    def __post_init__(self) -> None:
        if not self.min_nodes:
            object.__setattr__(self, "min_nodes", len(self.ops))
        overlap = self.forced & self.free
        outside = [edge for edge in self.forced | self.free if not 0 <= edge[0] < edge[1] < len(self.ops)]
        if overlap or outside:
            raise ConfigError(
                f"grammar of component {self.name!r}",
                expected="ascending edges between existing nodes, forced or free but not both",
                received=f"both: {sorted(overlap)}; not ascending or outside: {sorted(outside)}",
            )

    @property
    def max_nodes(self) -> int:
        """Largest number of nodes."""
        return len(self.ops)

    @property
    def inputs(self) -> frozenset[int]:
        """Nodes that nothing may feed."""
        fed = {target for _, target in self.forced | self.free}
        if self.open_inputs:
            fed |= set(range(1, self.max_nodes - 1))
        if self.open_outputs:
            fed.add(self.max_nodes - 1)
        return frozenset(range(self.max_nodes)) - fed

    def complete(self, chosen: Iterable[tuple[int, int]]) -> frozenset[tuple[int, int]]:
        """Returns all edges of a member that chooses these of the free ones.

        Forced edges are added, and those that follow from `open_inputs` and `open_outputs`. For
        components of fixed length.
        """
        edges = self.forced | set(chosen)
        first, last = 0, len(self.ops) - 1
        if self.open_inputs:
            fed = {target for _, target in edges}
            edges |= {(first, node) for node in range(first + 1, last) if node not in fed}
        if self.open_outputs:
            read = {source for source, _ in edges} | self.inputs
            edges |= {(node, last) for node in range(last) if node not in read}
        return frozenset(edges)

    def draw(self, rng: np.random.Generator) -> tuple[tuple[str, ...], frozenset[tuple[int, int]], dict[str, tuple]]:
        """Draws choices that respect these rules: operators, edges and attributes.

        Operators and attributes are drawn uniformly at each node, free edges with probability one half;
        where a node's number of incoming edges is limited, uniformly among the numbers that are allowed,
        and then the edges among those there are.
        """
        ops: list[str] = []
        for allowed in self.ops:
            ops.append(allowed[int(rng.integers(len(allowed)))])
            if ops[-1] == self.end_op:
                break
        chosen: list[tuple[int, int]] = []
        for target in range(len(ops)):
            sources = [source for source in range(target) if (source, target) in self.free]
            if not self.in_degree:
                chosen += [(source, target) for source in sources if rng.random() < 0.5]
                continue
            forced = sum((source, target) in self.forced for source in range(target))
            low, high = (limit - forced for limit in self.in_degree[target])
            count = int(rng.integers(max(0, low), min(high, len(sources)) + 1)) if sources else 0
            chosen += [(sources[k], target) for k in rng.permutation(len(sources))[:count].tolist()]
        attrs = {
            name: tuple(allowed[int(rng.integers(len(allowed)))] for allowed in values[: len(ops)])
            for name, values in self.attrs.items()
        }
        return tuple(ops), self.complete(chosen), attrs


@dataclass(frozen=True, slots=True)
class EdgeLabelledGrammar:
    """The same component with operators on the edges of its original nodes.

    Attributes:
        name: The component's name.
        num_nodes: Number of original nodes (inputs and sums).
        pairs: Edges that may carry an operator, in the order of `EdgeLabelled.labels`.
        labels: Operators an edge may carry. ``no_edge`` is one of them where edges are optional.
        no_edge: The label that means "no edge", or None.
    """

    name: str
    num_nodes: int
    pairs: tuple[tuple[int, int], ...]
    labels: tuple[str, ...]
    no_edge: str | None = None


@dataclass(frozen=True, slots=True)
class EdgeLabelled:
    """One component of an architecture in edge-labelled form.

    Attributes:
        name: The component's name.
        labels: One operator for each pair of the grammar, in its order.
    """

    name: str
    labels: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Grammar:
    """The rules of a whole space.

    Attributes:
        components: One grammar a component, in the order of ``Architecture.components``.
        edge_labelled: The edge-labelled view of the same components; empty where a space has none.
        totals: For an attribute a value and how many nodes have it, in all components together.
        is_local: Whether every choice that respects these rules is a member. Where it is not, what
            ``SearchSpace.validate`` refuses has to be rejected and drawn again.
    """

    components: tuple[ComponentGrammar, ...]
    edge_labelled: tuple[EdgeLabelledGrammar, ...] = ()
    totals: Mapping[str, tuple[object, int]] = field(default_factory=dict)
    is_local: bool = True

    def draw(self, space: str, rng: np.random.Generator) -> Architecture:
        """Draws an architecture from these rules alone; see `ComponentGrammar.draw`.

        Where there is a total, the nodes that have the value are drawn uniformly among those that may;
        components must be of fixed length then. Where the rules are not local, `SearchSpace.validate` may refuse it.
        """
        ops: list[str] = []
        edges: list[tuple[int, int]] = []
        sizes: list[tuple[str, int]] = []
        attrs: dict[str, tuple] = {}
        for component in self.components:
            drawn, links, values = component.draw(rng)
            edges += sorted((len(ops) + source, len(ops) + target) for source, target in links)
            ops += drawn
            sizes.append((component.name, len(drawn)))
            attrs = {name: attrs.get(name, ()) + value for name, value in values.items()}
        for name, (value, count) in self.totals.items():
            allowed = [choices for part in self.components for choices in part.attrs[name]]
            eligible = [node for node, choices in enumerate(allowed) if value in choices]
            chosen = {eligible[k] for k in rng.permutation(len(eligible))[:count].tolist()}
            others = [[choice for choice in choices if choice != value] for choices in allowed]
            attrs[name] = tuple(
                value if node in chosen else others[node][int(rng.integers(len(others[node])))]
                for node in range(len(allowed))
            )
        return Architecture(space, tuple(ops), tuple(edges), tuple(sizes), tuple(attrs.items()))

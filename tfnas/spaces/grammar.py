"""The grammar of a search space: what generators, decoders and explorers may choose, and where."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Mapping

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
    """

    name: str
    ops: tuple[tuple[str, ...], ...]
    forced: frozenset[tuple[int, int]]
    free: frozenset[tuple[int, int]] = frozenset()
    in_degree: tuple[tuple[int, int], ...] = ()
    min_nodes: int = 0
    end_op: str | None = None
    attrs: Mapping[str, tuple[tuple[object, ...], ...]] = field(default_factory=dict)

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
        is_local: Whether every choice that respects these rules is a member. Where it is not, what
            ``SearchSpace.validate`` refuses has to be rejected and drawn again.
    """

    components: tuple[ComponentGrammar, ...]
    edge_labelled: tuple[EdgeLabelledGrammar, ...] = ()
    is_local: bool = True

"""DARTS: a normal and a reduction cell of four steps, each the sum of two branches (Liu et al., ICLR 2019)."""

from __future__ import annotations

import functools
import math
from typing import Any, Iterator, Sequence

import numpy as np

from tfnas.architecture import Architecture
from tfnas.blueprints import Blueprint
from tfnas.blueprints.darts import NODES, NONE, OPERATORS, STEPS, Cell, network
from tfnas.checks import check_flag
from tfnas.errors import InvalidArchitectureError
from tfnas.spaces import darts_cell
from tfnas.spaces.base import SearchSpace, variant_name
from tfnas.spaces.darts_canonical import cell_key
from tfnas.spaces.darts_cell import ALTERNATIVES, BRANCHES, INPUTS, OUTPUT, SUM
from tfnas.spaces.darts_edges import LABELS, NO_EDGE, PAIRS, from_labels, to_labels
from tfnas.spaces.darts_genotype import read_genotype, write_genotype
from tfnas.spaces.grammar import ComponentGrammar, EdgeLabelled, EdgeLabelledGrammar, Grammar
from tfnas.spaces.parts import as_tuple


class DARTS(SearchSpace):
    """Two cells of eight branches ``(operator, predecessor)``, two a step, or one cell that is both.

    A step adds up its two branches; the result of a cell is the concatenation of its four steps.
    Predecessors 0 and 1 are the results of the cell before the last one and of the last one, 2 to 5 the
    steps.

    A component has 15 nodes: the two inputs, for each step its two branches and their sum, the output.
    The order of a step's branches is kept, so that published genotypes come back as they were; the
    canonical key does not depend on it.

    Deviation from the paper's search: its genotypes have two distinct predecessors a step and never
    ``none``. Genotypes of both kinds are published, and members here.

    Args:
        shared: Whether one cell, "cell", is both the normal and the reduction cell, instead of two,
            "normal" and "reduce".
    """

    name = "darts"
    zero_ops = frozenset({NONE})
    # No identity_ops: on the inputs of a reduction cell skip_connect has weights.

    def __init__(self, *, shared: bool = False) -> None:
        check_flag(shared=shared)
        self.shared = bool(shared)
        self.name = variant_name("darts", shared=(self.shared, False))
        self._components = tuple((name, NODES) for name in (("cell",) if shared else ("normal", "reduce")))

    @property
    def op_names(self) -> tuple[str, ...]:
        return (*INPUTS, *OPERATORS, SUM, OUTPUT)

    @property
    def max_nodes(self) -> int:
        return NODES * len(self._components)

    @property
    def size(self) -> int:
        return (len(OPERATORS) ** BRANCHES * math.prod(darts_cell.CHOICES)) ** len(self._components)

    @functools.cached_property
    def grammar(self) -> Grammar:
        names = [name for name, _ in self._components]
        return Grammar(
            components=tuple(
                ComponentGrammar(
                    name, darts_cell.OPS, darts_cell.FORCED, darts_cell.FREE, in_degree=darts_cell.IN_DEGREE
                )
                for name in names
            ),
            edge_labelled=tuple(EdgeLabelledGrammar(name, 2 + STEPS, PAIRS, LABELS, NO_EDGE) for name in names),
        )

    def from_cells(self, *cells: Cell) -> Architecture:
        """Builds a member from its cells, each eight pairs ``(operator, predecessor)``.

        Args:
            *cells: The normal and the reduction cell, or the one that is both.

        Raises:
            InvalidArchitectureError: If there are not as many, or one breaks a rule.
        """
        if len(cells) != len(self._components):
            raise InvalidArchitectureError(
                f"cells of {self.name}",
                expected=" and ".join(name for name, _ in self._components),
                received=f"{len(cells)} cells",
            )
        return self._member([darts_cell.read_cell(name, cell) for (name, _), cell in zip(self._components, cells)])

    def cells(self, arch: Architecture) -> tuple[Cell, ...]:
        """Returns the cells of a member: the normal and the reduction cell, or the one that is both."""
        return tuple(darts_cell.branches(ops, edges) for ops, edges in self._parts(arch))

    def validate(self, arch: Architecture) -> None:
        self._check_name(arch)
        if arch.components != self._components or arch.attrs:
            raise InvalidArchitectureError(
                f"components of {self.name}",
                expected=f"{self._components} without attributes",
                received=f"{arch.components}, attributes {arch.attrs}",
                remedy="Build members with DARTS.from_native or from_cells.",
            )
        for (name, _), (ops, edges) in zip(self._components, self._parts(arch)):
            darts_cell.check_component(name, ops, edges)

    def sample(
        self, rng: np.random.Generator, *, allow_none: bool = False, allow_repeats: bool = False
    ) -> Architecture:
        """Draws each branch independently and uniformly, but the two of a step have distinct predecessors.

        The branch with the earlier predecessor comes first.

        Args:
            rng: Source of randomness.
            allow_none: Whether ``none`` is among the operators.
            allow_repeats: Whether predecessors are drawn independently, and kept in the order drawn; with
                `allow_none` this is the uniform distribution over all members.
        """
        operators = OPERATORS if allow_none else tuple(operator for operator in OPERATORS if operator != NONE)
        return self._member([darts_cell.draw(rng, operators, allow_repeats) for _ in self._components])

    def neighbors(self, arch: Architecture) -> Iterator[Architecture]:
        """Yields the 76 members a cell that differ in the operator or in the predecessor of one branch."""
        cells = self.cells(arch)
        for index, cell in enumerate(cells):
            for branch in range(BRANCHES):
                for other in darts_cell.variants(cell, branch):
                    yield self._member([*cells[:index], other, *cells[index + 1 :]])

    def mutate(self, arch: Architecture, rng: np.random.Generator) -> Architecture:
        """Returns a neighbour drawn uniformly; it may have ``none`` and a predecessor twice."""
        cells = list(self.cells(arch))
        index, place = divmod(int(rng.integers(len(cells) * sum(ALTERNATIVES))), sum(ALTERNATIVES))
        branch = 0
        while place >= ALTERNATIVES[branch]:
            place -= ALTERNATIVES[branch]
            branch += 1
        cells[index] = darts_cell.variants(cells[index], branch)[place]
        return self._member(cells)

    def crossover(self, first: Architecture, second: Architecture, rng: np.random.Generator) -> Architecture:
        """Takes each branch, operator and predecessor together, from either parent with probability one half."""
        return self._member(
            [
                tuple(pair[k] for k, pair in zip(rng.integers(2, size=BRANCHES).tolist(), zip(one, other)))
                for one, other in zip(self.cells(first), self.cells(second))
            ]
        )

    def canonical_key(self, arch: Architecture) -> str:
        """Names the live networks of the normal and of the reduction cell; exact (see `live_cell`).

        A cell that is both is looked at as both: an identity in one is not always one in the other.
        Liveness is that of a cell, whatever the cells around it read.
        """
        cells = self.cells(arch)
        return f"normal:{cell_key(cells[0], False)};reduce:{cell_key(cells[-1], True)}"

    def to_native(self, arch: Architecture) -> str:
        """Returns the genotype as text, as the published code prints it; a cell that is both stands in it twice."""
        cells = self.cells(arch)
        return write_genotype(cells[0], cells[-1])

    def from_native(self, native: str) -> Architecture:
        normal, reduce = read_genotype(native)
        if not self.shared:
            return self.from_cells(normal, reduce)
        if normal != reduce:
            raise InvalidArchitectureError(
                "genotype of one cell that is both",
                expected="the same branches for normal and reduce",
                received=f"{normal} and {reduce}",
                remedy='Use tfnas.spaces.get("darts") for two cells.',
            )
        return self.from_cells(normal)

    def to_edge_labelled(self, arch: Architecture) -> tuple[EdgeLabelled, ...]:
        """Returns the edge-labelled view; `tfnas.spaces.darts_edges` says what the labels are."""
        return tuple(EdgeLabelled(name, to_labels(cell)) for (name, _), cell in zip(self._components, self.cells(arch)))

    def from_edge_labelled(self, view: Sequence[EdgeLabelled]) -> Architecture:
        subject, names = f"edge-labelled view of {self.name}", [name for name, _ in self._components]
        parts = as_tuple(subject, view, f"the components {names}", len(names))
        if [part.name if isinstance(part, EdgeLabelled) else None for part in parts] != names:
            raise InvalidArchitectureError(subject, expected=f"the components {names}", received=f"{parts!r:.200}")
        return self._member([from_labels(part.labels) for part in parts])

    def quick_skeleton(self, input_shape: Sequence[int]) -> dict[str, Any]:
        return {"cells": 3, "channels": 4 if max(input_shape[:2]) <= 16 else 8}

    def _blueprint(
        self,
        arch: Architecture,
        input_shape: tuple[int, int, int],
        *,
        live_only: bool,
        channels: int = 36,
        cells: int = 20,
        auxiliary: bool = False,
        drop_path: float = 0.0,
        imagenet: bool = False,
    ) -> Blueprint:
        normal, *others = self.cells(arch)
        return network(
            normal,
            others[0] if others else None,
            input_shape,
            live_only=live_only,
            channels=channels,
            cells=cells,
            auxiliary=auxiliary,
            drop_path=drop_path,
            imagenet=imagenet,
        )

    def _member(self, cells: Sequence[Cell]) -> Architecture:
        parts = [darts_cell.component(cell) for cell in cells]
        edges = tuple(
            (start + source, start + target)
            for start, (_, part) in zip(range(0, self.max_nodes, NODES), parts)
            for source, target in part
        )
        return Architecture(self.name, tuple(op for ops, _ in parts for op in ops), edges, self._components)

    def _parts(self, arch: Architecture) -> list[tuple[tuple[str, ...], list[tuple[int, int]]]]:
        """Returns operators and edges of each component, its nodes numbered from 0."""
        return [
            (
                arch.ops[start : start + NODES],
                [(source - start, target - start) for source, target in arch.edges if start <= source < start + NODES],
            )
            for start in range(0, self.max_nodes, NODES)
        ]

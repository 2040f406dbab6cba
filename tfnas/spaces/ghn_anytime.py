"""GHN anytime: the search space of graph hypernetworks for anytime prediction (Zhang et al., ICLR 2019)."""

from __future__ import annotations

import functools
import itertools
import json
import math
from typing import Any, Iterator, Sequence

import numpy as np

from tfnas.architecture import Architecture
from tfnas.blueprints import Blueprint
from tfnas.blueprints.ghn_anytime import CELL_SCALES, OPERATORS, network
from tfnas.checks import check_positive
from tfnas.errors import InvalidArchitectureError
from tfnas.spaces.base import SearchSpace, variant_name
from tfnas.spaces.canonical import canonical_form
from tfnas.spaces.ghn_anytime_genes import (
    Gene,
    count_edited_genes,
    count_genes,
    edited_genes,
    mixed_genes,
    read_gene,
    with_moved_exit,
)
from tfnas.spaces.ghn_nodes import check_leaves, draw_parents, locate, read_nodes
from tfnas.spaces.grammar import ComponentGrammar, Grammar
from tfnas.spaces.parts import as_tuple, integer_option

INPUT, OUTPUT = "input", "output"

_EXAMPLE = '[[["conv_3x3",1,0,[0]],["conv_1x1",2,1,[0,1]]],[["max_pool_3x3",4,0,[0]]],[["conv_5x5",4,0,[0]]]]'


class GHNAnytime(SearchSpace):
    """Three cells of 24, 16 and 8 operator nodes at up to three scales; a fixed number of them are early exits.

    A component, ``cell1`` to ``cell3``, is ``input``, the operator nodes, and ``output``, which reads
    exactly the operator nodes that no other node reads, exits or not. The attribute ``scale`` is what a
    node divides the image's height and width by: 1, 2 or 4 in the first cell, 2 or 4 in the second, 4 in
    the third. Inputs have the finest scale of their cell, outputs that of the next cell. The attribute
    ``exit`` is 1 for early exits; the network has them by the multiply-accumulates that each needs.

    The paper neither says how many nodes a node reads nor how many exits there are; `max_inputs` and
    `exits` are ours. Ten early exits are about as many as MSDNet has on CIFAR (Huang et al., ICLR 2018),
    which the space is modelled on.

    Args:
        nodes1: Operator nodes of the first cell, from 1 to 200.
        nodes2: Operator nodes of the second cell, likewise.
        nodes3: Operator nodes of the third cell, likewise.
        exits: Number of early exits, in all cells together; at least 1 and at most all nodes.
        max_inputs: Most nodes that a node reads, from 1 to 200.

    Raises:
        ConfigError: If an option is out of its range.
    """

    name = "ghn_anytime"

    def __init__(self, nodes1: int = 24, nodes2: int = 16, nodes3: int = 8, exits: int = 10, max_inputs: int = 2):
        counts = {"nodes1": nodes1, "nodes2": nodes2, "nodes3": nodes3}
        self.nodes = tuple(integer_option(name, count, 1, 200) for name, count in counts.items())
        self.exits = integer_option("exits", exits, 1, sum(self.nodes))
        self.max_inputs = integer_option("max_inputs", max_inputs, 1, 200)
        self.name = variant_name(
            "ghn_anytime",
            nodes1=(self.nodes[0], 24),
            nodes2=(self.nodes[1], 16),
            nodes3=(self.nodes[2], 8),
            exits=(self.exits, 10),
            max_inputs=(self.max_inputs, 2),
        )

    @property
    def op_names(self) -> tuple[str, ...]:
        return (INPUT, *OPERATORS, OUTPUT)

    @property
    def max_nodes(self) -> int:
        return sum(self.nodes) + 2 * len(self.nodes)

    @property
    def size(self) -> int:
        choices = math.prod(count_genes(slot, self.max_inputs) for slot in self._slots)
        return math.comb(sum(self.nodes), self.exits) * choices

    @functools.cached_property
    def grammar(self) -> Grammar:
        components = []
        for cell, count in enumerate(self.nodes):
            scales, last = CELL_SCALES[cell], count + 1
            components.append(
                ComponentGrammar(
                    name=f"cell{cell + 1}",
                    ops=((INPUT,), *(OPERATORS,) * count, (OUTPUT,)),
                    forced=frozenset(),
                    free=frozenset(itertools.combinations(range(last), 2)),
                    in_degree=((0, 0), *((1, self.max_inputs),) * count, (1, count)),
                    attrs={
                        "scale": ((scales[0],), *(scales,) * count, (_output_scale(cell),)),
                        "exit": ((0,), *((0, 1),) * count, (0,)),
                    },
                    open_outputs=True,
                )
            )
        return Grammar(components=tuple(components), totals={"exit": (1, self.exits)})

    def from_genes(self, cells: Sequence[Sequence[tuple[str, int, int, Sequence[int]]]]) -> Architecture:
        """Builds a member from the operator nodes of its three cells.

        Args:
            cells: For each node of each cell its operator, scale, exit (0 or 1) and the earlier nodes that
                it reads, ascending, where 0 is the cell's input.

        Raises:
            InvalidArchitectureError: If a number of nodes, an operator, a scale, the number of exits or
                the nodes read are not allowed.
        """
        given = as_tuple(f"cells of {self.name}", cells, f"{len(self.nodes)} cells", len(self.nodes))
        rows = [
            as_tuple(f"cell{k} of {self.name}", cell, f"{count} operator nodes", count)
            for k, (cell, count) in enumerate(zip(given, self.nodes), start=1)
        ]
        flat = [
            read_gene(self.name, slot, gene, self.max_inputs)
            for slot, gene in zip(self._slots, itertools.chain.from_iterable(rows))
        ]
        found = sum(is_exit for _, _, is_exit, _ in flat)
        if found != self.exits:
            raise InvalidArchitectureError(
                f"exits of {self.name}", expected=f"{self.exits} nodes with exit 1", received=f"{found}"
            )
        return self._member(flat)

    def genes(self, arch: Architecture) -> tuple[tuple[Gene, ...], ...]:
        """Returns the operator nodes of a member's cells; inverse of `from_genes`."""
        flat = iter(self._flat(arch))
        return tuple(tuple(itertools.islice(flat, count)) for count in self.nodes)

    def validate(self, arch: Architecture) -> None:
        self._check_name(arch)
        sizes = tuple((f"cell{cell + 1}", count + 2) for cell, count in enumerate(self.nodes))
        if arch.components != sizes or [name for name, _ in arch.attrs] != ["scale", "exit"]:
            raise InvalidArchitectureError(
                f"components of {self.name}",
                expected=f"{sizes} with the attributes scale and exit",
                received=f"{arch.components} with {', '.join(name for name, _ in arch.attrs) or 'none'}",
            )
        start = 0
        attrs = dict(arch.attrs)
        for name, values in attrs.items():
            for node, value in enumerate(values):
                if type(value) is not int:
                    raise InvalidArchitectureError(
                        f"{name} of node {node} of {self.name}", expected="an integer", received=repr(value)
                    )
        for cell, count in enumerate(self.nodes):
            ends = ((start, INPUT, CELL_SCALES[cell][0]), (start + count + 1, OUTPUT, _output_scale(cell)))
            for node, operator, scale in ends:
                received = arch.ops[node], attrs["scale"][node], attrs["exit"][node]
                if received != (operator, scale, 0):
                    raise InvalidArchitectureError(
                        f"node {node} of {self.name}",
                        expected=f"{operator!r}, scale {scale}, exit 0",
                        received=f"{received[0]!r}, scale {received[1]!r}, exit {received[2]!r}",
                    )
            start += count + 2
        check_leaves(self.name, arch, self.from_genes(self.genes(arch)))

    def sample(self, rng: np.random.Generator) -> Architecture:
        """Draws operators, scales and the set of exits uniformly; for each node the number of nodes that it
        reads, uniformly, and then these, uniformly."""
        exits = set(rng.choice(sum(self.nodes), size=self.exits, replace=False).tolist())
        genes = []
        for position, (cell, k) in enumerate(self._slots):
            operator = OPERATORS[int(rng.integers(len(OPERATORS)))]
            scale = CELL_SCALES[cell][int(rng.integers(len(CELL_SCALES[cell])))]
            genes.append((operator, scale, int(position in exits), draw_parents(1 + k, self.max_inputs, rng)))
        return self._member(genes)

    def neighbors(self, arch: Architecture) -> Iterator[Architecture]:
        """Yields the members that differ in one node, in its operator, its scale, or by one of the nodes that
        it reads, which is dropped, added or exchanged; and those in which one exit is at another node."""
        genes = self._flat(arch)
        for position, slot in enumerate(self._slots):
            for gene in edited_genes(slot, genes[position], self.max_inputs):
                yield self._member([*genes[:position], gene, *genes[position + 1 :]])
        for move in range(self.exits * (len(genes) - self.exits)):
            yield self._member(with_moved_exit(genes, move))

    def mutate(self, arch: Architecture, rng: np.random.Generator) -> Architecture:
        """Returns a neighbour drawn uniformly."""
        genes = self._flat(arch)
        counts = [count_edited_genes(slot, gene, self.max_inputs) for slot, gene in zip(self._slots, genes)]
        counts.append(self.exits * (len(genes) - self.exits))
        position, edit = locate(int(rng.integers(sum(counts))), counts)
        if position == len(genes):
            return self._member(with_moved_exit(genes, edit))
        edited = edited_genes(self._slots[position], genes[position], self.max_inputs)
        return self._member([*genes[:position], edited[edit], *genes[position + 1 :]])

    def crossover(self, first: Architecture, second: Architecture, rng: np.random.Generator) -> Architecture:
        """Takes each node, with its operator, its scale and what it reads, from either parent with
        probability one half; exits are those that both have, and as many of the others as are missing."""
        return self._member(mixed_genes(self._flat(first), self._flat(second), rng))

    def canonical_key(self, arch: Architecture) -> str:
        """Names the cells, with scales and exits, up to isomorphism; exact. Every node is live.

        Exits have no order but that of their costs, by which the outputs of the network are numbered.
        """
        texts = []
        for cell in self.genes(arch):
            labels = [INPUT, *(f"{operator}/{scale}/{is_exit}" for operator, scale, is_exit, _ in cell)]
            edges = {(source, node): 1 for node, gene in enumerate(cell, start=1) for source in gene[3]}
            texts.append(canonical_form(labels, edges))
        return ";".join(texts)

    def to_native(self, arch: Architecture) -> str:
        """Returns JSON: for each cell and node its operator, scale, exit (0 or 1), and the nodes that it reads,
        where 0 is the cell's input and 1 the first node, for example ``["conv_1x1",2,1,[0,1]]``."""
        return json.dumps(self.genes(arch), separators=(",", ":"))

    def from_native(self, native: str) -> Architecture:
        return self.from_genes(read_nodes(self.name, native, _EXAMPLE))

    def exit_macs(
        self,
        arch: Architecture,
        input_shape: Sequence[int] = (32, 32, 3),
        num_classes: int = 10,
        **skeleton: Any,
    ) -> tuple[int, ...]:
        """Returns the multiply-accumulates after which each output is there, the last head's at the end.

        Everything that an output or one before it needs is counted once. Exits that need equally many by
        themselves, heads left out, come together, so that members of one canonical key have equal figures.
        """
        check_positive(num_classes=num_classes)
        blueprint = self.blueprint(arch, input_shape, **skeleton)
        *totals, last = blueprint.macs_until(num_classes).values()
        alone = [blueprint.macs_of(blueprint.ancestors(node)) for _, node in blueprint.outputs[:-1]]
        after = dict(zip(alone, totals))  # where several need equally many, the total after the last of them
        return (*(after[macs] for macs in alone), last)

    def _blueprint(
        self, arch: Architecture, input_shape: tuple[int, int, int], *, live_only: bool, channels: int = 16
    ) -> Blueprint:
        # live_only changes nothing: every node reaches an output
        return network(self.genes(arch), input_shape, channels=channels)

    def quick_skeleton(self, input_shape: Sequence[int]) -> dict[str, Any]:
        return {"channels": 4}

    @functools.cached_property
    def _slots(self) -> tuple[tuple[int, int], ...]:
        """Cell and number, from 0, of each operator node."""
        return tuple((cell, k) for cell, count in enumerate(self.nodes) for k in range(count))

    def _flat(self, arch: Architecture) -> list[Gene]:
        """Returns the operator nodes of all cells in a row."""
        parents: list[list[int]] = [[] for _ in arch.ops]
        starts = np.cumsum([0] + [count + 2 for count in self.nodes]).tolist()
        cells = [cell for cell, count in enumerate(self.nodes) for _ in range(count + 2)]
        for source, target in arch.edges:
            parents[target].append(source - starts[cells[target]])
        scales, exits = (values for _, values in arch.attrs)
        nodes = [starts[cell] + 1 + k for cell, k in self._slots]
        return [(arch.ops[node], scales[node], exits[node], tuple(parents[node])) for node in nodes]

    def _member(self, genes: Sequence[Gene]) -> Architecture:
        rest = iter(genes)
        ops: list[str] = []
        edges: list[tuple[int, int]] = []
        scales: list[int] = []
        exits: list[int] = []
        for cell, (count, rules) in enumerate(zip(self.nodes, self.grammar.components)):
            start, nodes = len(ops), list(itertools.islice(rest, count))
            chosen = ((source, node) for node, gene in enumerate(nodes, start=1) for source in gene[3])
            edges += sorted((start + source, start + target) for source, target in rules.complete(chosen))
            ops += [INPUT, *(gene[0] for gene in nodes), OUTPUT]
            scales += [CELL_SCALES[cell][0], *(gene[1] for gene in nodes), _output_scale(cell)]
            exits += [0, *(gene[2] for gene in nodes), 0]
        return Architecture(
            self.name,
            tuple(ops),
            tuple(edges),
            tuple((rules.name, count + 2) for rules, count in zip(self.grammar.components, self.nodes)),
            (("scale", tuple(scales)), ("exit", tuple(exits))),
        )


def _output_scale(cell: int) -> int:
    return CELL_SCALES[min(cell + 1, len(CELL_SCALES) - 1)][0]

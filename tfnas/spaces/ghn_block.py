"""GHN blocks: the search space of graph hypernetworks for image classification (Zhang et al., ICLR 2019)."""

from __future__ import annotations

import functools
import json
import math
from typing import Any, Iterator, Sequence

import numpy as np

from tfnas.architecture import Architecture
from tfnas.blueprints import Blueprint
from tfnas.blueprints.ghn_block import IDENTITY, INPUTS, OPERATORS, network
from tfnas.checks import check_positive
from tfnas.errors import ConfigError, InvalidArchitectureError
from tfnas.spaces.base import SearchSpace, variant_name
from tfnas.spaces.ghn_block_canonical import OUTPUT, Gene, block_key
from tfnas.spaces.ghn_nodes import (
    check_leaves,
    count_edits,
    count_parents,
    draw_parents,
    edited_parents,
    locate,
    read_nodes,
    read_parents,
)
from tfnas.spaces.grammar import ComponentGrammar, Grammar
from tfnas.spaces.parts import as_operator, as_tuple, integer_option

_EXAMPLE = '[["sep_conv_3x3",[0,1]],["identity",[2]]]'


class GHNBlock(SearchSpace):
    """Blocks of 17 operator nodes, each of which reads one or two earlier ones.

    The component ``block`` is two inputs, what the last two blocks give, then the operator nodes and
    ``output``, which reads exactly the operator nodes that no other node reads. The paper names nine
    operators (and speaks of eight) and says nothing about how many nodes a node reads; `max_inputs` is
    ours. Graph hypernetworks are trained on 7 nodes.

    Args:
        nodes: Operator nodes of the block, from 1 to 200.
        max_inputs: Most nodes that a node reads, from 1 to 200.

    Raises:
        ConfigError: If an option is out of its range.
    """

    name = "ghn_block"
    identity_ops = frozenset({IDENTITY})

    def __init__(self, nodes: int = 17, max_inputs: int = 2) -> None:
        self.nodes = integer_option("nodes", nodes, 1, 200)
        self.max_inputs = integer_option("max_inputs", max_inputs, 1, 200)
        self.name = variant_name("ghn_block", nodes=(self.nodes, 17), max_inputs=(self.max_inputs, 2))

    @property
    def op_names(self) -> tuple[str, ...]:
        return (*INPUTS, *OPERATORS, OUTPUT)

    @property
    def max_nodes(self) -> int:
        return self.nodes + 3

    @property
    def size(self) -> int:
        return math.prod(len(OPERATORS) * count_parents(2 + k, self.max_inputs) for k in range(self.nodes))

    @functools.cached_property
    def grammar(self) -> Grammar:
        last = self.nodes + 2
        return Grammar(
            components=(
                ComponentGrammar(
                    name="block",
                    ops=((INPUTS[0],), (INPUTS[1],), *(OPERATORS,) * self.nodes, (OUTPUT,)),
                    forced=frozenset(),
                    free=frozenset((source, node) for node in range(2, last) for source in range(node)),
                    in_degree=((0, 0), (0, 0), *((1, self.max_inputs),) * self.nodes, (1, self.nodes)),
                    open_outputs=True,
                ),
            )
        )

    def from_genes(self, genes: Sequence[tuple[str, Sequence[int]]]) -> Architecture:
        """Builds a member from its operator nodes.

        Args:
            genes: For each, its operator and the earlier nodes it reads, ascending.

        Raises:
            InvalidArchitectureError: If the number of nodes, an operator or the nodes read are not allowed.
        """
        found: list[Gene] = []
        given = as_tuple(f"block of {self.name}", genes, f"{self.nodes} operator nodes", self.nodes)
        for number, gene in enumerate(given, start=2):
            node = f"node {number} of {self.name}"
            operator, parents = as_tuple(node, gene, "(operator, nodes that are read)", 2)
            operator = as_operator(f"operator of {node}", operator, OPERATORS)
            found.append((operator, read_parents(node, parents, number, self.max_inputs)))
        return self._member(found)

    def genes(self, arch: Architecture) -> tuple[Gene, ...]:
        """Returns the operator nodes of a member; inverse of `from_genes`."""
        parents: list[list[int]] = [[] for _ in arch.ops]
        for source, target in arch.edges:
            parents[target].append(source)
        return tuple((arch.ops[node], tuple(parents[node])) for node in range(2, len(arch.ops) - 1))

    def validate(self, arch: Architecture) -> None:
        self._check_name(arch)
        total = self.nodes + 3
        if arch.components != (("block", total),) or arch.attrs:
            raise InvalidArchitectureError(
                f"components of {self.name}",
                expected=f"(('block', {total}),) without attributes",
                received=f"{arch.components}, attributes {arch.attrs}",
            )
        if arch.ops[:2] != INPUTS or arch.ops[-1] != OUTPUT:
            raise InvalidArchitectureError(
                f"inputs and output of {self.name}",
                expected=f"{INPUTS} at the begin and {OUTPUT!r} at the end",
                received=f"{arch.ops[:2]} and {arch.ops[-1]!r}",
            )
        if (0, 1) in arch.edges:
            raise InvalidArchitectureError(
                f"inputs of {self.name}", expected="inputs that read nothing", received="an edge (0, 1)"
            )
        check_leaves(self.name, arch, self.from_genes(self.genes(arch)))

    def sample(self, rng: np.random.Generator) -> Architecture:
        """Draws operators uniformly, for each node the number of nodes it reads uniformly, and then these."""
        operators = [OPERATORS[k] for k in rng.integers(len(OPERATORS), size=self.nodes).tolist()]
        return self._member([(op, draw_parents(2 + k, self.max_inputs, rng)) for k, op in enumerate(operators)])

    def neighbors(self, arch: Architecture) -> Iterator[Architecture]:
        """Yields the members that differ in one node: in its operator, or by one of the nodes that it reads,
        which is dropped, added or exchanged."""
        genes = self.genes(arch)
        for k in range(self.nodes):
            for gene in self._edits(genes, k):
                yield self._member([*genes[:k], gene, *genes[k + 1 :]])

    def mutate(self, arch: Architecture, rng: np.random.Generator) -> Architecture:
        """Returns a neighbour drawn uniformly."""
        genes = self.genes(arch)
        counts = [
            len(OPERATORS) - 1 + count_edits(parents, 2 + k, self.max_inputs) for k, (_, parents) in enumerate(genes)
        ]
        k, edit = locate(int(rng.integers(sum(counts))), counts)
        return self._member([*genes[:k], self._edits(genes, k)[edit], *genes[k + 1 :]])

    def crossover(self, first: Architecture, second: Architecture, rng: np.random.Generator) -> Architecture:
        """Takes each node, with its operator and what it reads, from either parent with probability one half."""
        take = rng.integers(2, size=self.nodes).tolist()
        return self._member([pair[k] for k, pair in zip(take, zip(self.genes(first), self.genes(second)))])

    def canonical_key(self, arch: Architecture) -> str:
        """Names the network that computes up to isomorphism; exact.

        An identity that reads one node is that node. One that reads more is a sum; equal sums are one,
        and sums of sums are spelled out, also where an average pooling adds them. Any other operator
        stays an instance of its own. What the output concatenates counts as often as it does.
        """
        return block_key(self.genes(arch))

    def to_native(self, arch: Architecture) -> str:
        """Returns JSON: for each node its operator and the nodes it reads, where 0 is the block before the
        last one, 1 the last one, and 2 the first node; for example ``[["sep_conv_3x3",[0,1]],["identity",[2]]]``.
        """
        return json.dumps(self.genes(arch), separators=(",", ":"))

    def from_native(self, native: str) -> Architecture:
        return self.from_genes(read_nodes(self.name, native, _EXAMPLE))

    def mobile_channels(
        self,
        arch: Architecture,
        input_shape: tuple[int, int, int] = (224, 224, 3),
        num_classes: int = 1000,
        macs: int = 600_000_000,
    ) -> int:
        """Returns the largest ``channels`` whose ImageNet network has at most `macs` multiply-accumulates.

        Raises:
            ConfigError: If the smallest network has more, or `macs` is no positive integer.
        """
        check_positive(macs=macs)

        def fits(channels: int) -> bool:
            return (
                self.cost(arch, input_shape, num_classes, live_only=True, imagenet=True, channels=channels).macs <= macs
            )

        low, high = 1, 2
        while fits(high):
            low, high = high, 2 * high
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if fits(middle) else (low, middle)
        if low == 1:
            raise ConfigError("macs", expected="as many as a network of 2 channels has", received=repr(macs))
        return low

    def _blueprint(
        self,
        arch: Architecture,
        input_shape: tuple[int, int, int],
        *,
        live_only: bool,
        channels: int | None = None,
        blocks: int | None = None,
        auxiliary: bool = False,
        drop_path: float = 0.0,
        imagenet: bool = False,
    ) -> Blueprint:
        return network(
            self.genes(arch),
            input_shape,
            live_only=live_only,
            channels=channels,
            blocks=blocks,
            auxiliary=auxiliary,
            drop_path=drop_path,
            imagenet=imagenet,
        )

    def quick_skeleton(self, input_shape: Sequence[int]) -> dict[str, Any]:
        return {"channels": 8, "blocks": 3}

    def _edits(self, genes: Sequence[Gene], k: int) -> list[Gene]:
        operator, parents = genes[k]
        return [(other, parents) for other in OPERATORS if other != operator] + [
            (operator, edited) for edited in edited_parents(parents, 2 + k, self.max_inputs)
        ]

    def _member(self, genes: Sequence[Gene]) -> Architecture:
        chosen = ((source, node) for node, (_, parents) in enumerate(genes, start=2) for source in parents)
        (rules,) = self.grammar.components
        return Architecture(
            self.name,
            (*INPUTS, *(operator for operator, _ in genes), OUTPUT),
            tuple(sorted(rules.complete(chosen))),
            (("block", self.nodes + 3),),
        )

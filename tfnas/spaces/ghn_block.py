"""GHN blocks: the search space of graph hypernetworks for image classification (Zhang et al., ICLR 2019)."""

from __future__ import annotations

import functools
import itertools
import json
import math
from collections import Counter
from typing import Any, Iterator, Sequence

import numpy as np

from tfnas.architecture import Architecture
from tfnas.blueprints import Blueprint
from tfnas.blueprints.ghn_block import AVERAGE_POOL, IDENTITY, INPUTS, OPERATORS, network
from tfnas.checks import check_positive
from tfnas.errors import ConfigError, InvalidArchitectureError
from tfnas.spaces.base import SearchSpace, variant_name
from tfnas.spaces.canonical import canonical_form
from tfnas.spaces.ghn_nodes import (
    check_leaves,
    check_parents,
    count_edits,
    count_parents,
    draw_parents,
    edited_parents,
    locate,
    read_nodes,
)
from tfnas.spaces.grammar import ComponentGrammar, Grammar

OUTPUT = "output"

Gene = tuple[str, tuple[int, ...]]
"""An operator node: its operator and the earlier nodes it reads, ascending; 0 and 1 are the block's inputs."""

_EXAMPLE = '[["sep_conv_3x3",[0,1]],["identity",[2]]]'


class GHNBlock(SearchSpace):
    """Blocks of 17 operator nodes, each of which reads one or two earlier ones.

    The component ``block`` is two inputs, what the last two blocks give, then the operator nodes and
    ``output``, which reads exactly the operator nodes that no other node reads. The paper names nine
    operators (and speaks of eight) and says nothing about how many nodes a node reads; `max_inputs` is
    ours. Graph hypernetworks are trained on 7 nodes.

    Args:
        nodes: Operator nodes of the block.
        max_inputs: Most nodes that a node reads.

    Raises:
        ConfigError: If an option is out of its range.
    """

    name = "ghn_block"
    identity_ops = frozenset({IDENTITY})

    def __init__(self, nodes: int = 17, max_inputs: int = 2) -> None:
        check_positive(nodes=nodes, max_inputs=max_inputs)
        self.nodes, self.max_inputs = int(nodes), int(max_inputs)
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
        if len(genes) != self.nodes:
            raise InvalidArchitectureError(
                f"block of {self.name}", expected=f"{self.nodes} operator nodes", received=f"{len(genes)}"
            )
        for node, (operator, parents) in enumerate(genes, start=2):
            if operator not in OPERATORS:
                raise InvalidArchitectureError(
                    f"operator of node {node} of {self.name}",
                    expected=f"one of {', '.join(OPERATORS)}",
                    received=repr(operator),
                )
            check_parents(f"node {node} of {self.name}", parents, node, self.max_inputs)
        return self._member([(operator, tuple(parents)) for operator, parents in genes])

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
        return _key(self.genes(arch))

    def to_native(self, arch: Architecture) -> str:
        """Returns JSON: for each node its operator and the nodes it reads, where 0 is the block before the
        last one, 1 the last one, and 2 the first node; for example ``[["sep_conv_3x3",[0,1]],["identity",[2]]]``.
        """
        return json.dumps(self.genes(arch), separators=(",", ":"))

    def from_native(self, native: str) -> Architecture:
        genes = read_nodes(self.name, native, _EXAMPLE)
        for gene in genes:
            if not isinstance(gene, list) or len(gene) != 2 or not isinstance(gene[1], list):
                raise InvalidArchitectureError(
                    f"text of {self.name}",
                    expected="[operator, [nodes that are read]] for each node",
                    received=f"{gene!r:.80}",
                    remedy=f"With two nodes, for example {_EXAMPLE!r}.",
                )
        return self.from_genes(genes)

    def mobile_channels(
        self,
        arch: Architecture,
        input_shape: tuple[int, int, int] = (224, 224, 3),
        num_classes: int = 1000,
        macs: int = 600_000_000,
    ) -> int:
        """Returns the largest ``channels`` whose ImageNet network has at most `macs` multiply-accumulates.

        Raises:
            ConfigError: If the smallest network has more.
        """

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


def _key(genes: Sequence[Gene]) -> str:
    labels: list[str] = list(INPUTS)
    edges: Counter[tuple[int, int]] = Counter()
    values: list[Counter[int]] = [Counter({0: 1}), Counter({1: 1})]  # each node as a sum of instances
    sums: dict[frozenset[tuple[int, int]], int] = {}

    def instance(value: Counter[int]) -> int:
        if value.total() == 1:
            return next(iter(value))
        key = frozenset(value.items())
        if key not in sums:
            sums[key] = add("sum", [value])
        return sums[key]

    def add(label: str, terms: Sequence[Counter[int]]) -> int:
        labels.append(label)
        for source, count in sum(terms, Counter()).items():
            edges[source, len(labels) - 1] = count
        return len(labels) - 1

    for operator, parents in genes:
        terms = [values[source] for source in parents]
        if operator == IDENTITY:
            values.append(sum(terms, Counter()))
        elif operator == AVERAGE_POOL:
            values.append(Counter({add(operator, terms): 1}))
        else:
            values.append(Counter({add(operator, [Counter({instance(term): 1}) for term in terms]): 1}))
    read = set(itertools.chain.from_iterable(parents for _, parents in genes))
    leaves = [values[node] for node in range(2, len(values)) if node not in read]
    add(OUTPUT, [Counter({instance(leaf): 1}) for leaf in leaves])
    return canonical_form(labels, edges)

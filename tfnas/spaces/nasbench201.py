"""NAS-Bench-201: cells with one of five operators on each of six edges (Dong and Yang, ICLR 2020)."""

from __future__ import annotations

import functools
import itertools
import re
from typing import Any, Iterator, Sequence

import numpy as np

from tfnas.architecture import Architecture
from tfnas.blueprints import Blueprint
from tfnas.blueprints.nasbench201 import NONE, OPERATORS, PAIRS, SKIP, network
from tfnas.errors import InvalidArchitectureError
from tfnas.spaces.base import SearchSpace
from tfnas.spaces.canonical import canonical_form, live_graph
from tfnas.spaces.grammar import ComponentGrammar, EdgeLabelled, EdgeLabelledGrammar, Grammar

INPUT, OUTPUT = "input", "output"
EDGES = tuple(
    sorted(
        [(0, 1 + k) for k, (source, _) in enumerate(PAIRS) if source == 0]
        + [(1 + k, 7) for k, (_, target) in enumerate(PAIRS) if target == 3]
        + [
            (1 + k, 1 + m)
            for k, (_, target) in enumerate(PAIRS)
            for m, (source, _) in enumerate(PAIRS)
            if source == target
        ]
    )
)
"""The node-operator form: edge operator k is node k + 1, between the input (0) and the output (7)."""

_CELL = (("cell", 8),)
_TOKEN = re.compile(r"([a-z0-9_]+)~([0-9]+)")
_EXAMPLE = "|nor_conv_3x3~0|+|nor_conv_3x3~0|avg_pool_3x3~1|+|skip_connect~0|nor_conv_3x3~1|skip_connect~2|"


class NASBench201(SearchSpace):
    """15,625 cells of four nodes, of which 5,425 are distinct networks.

    A node adds up what its incoming edges deliver. The architecture is stored in node-operator
    form: input, the six edge operators in the order of the published string, output.

    Deviation from NATS-Bench: its count of 6,466 unique cells keeps ``none`` as a symbol of its own
    in sums; the key here is isomorphism of the network that really computes, which gives 5,425.
    """

    name = "nasbench201"
    num_networks = 5425
    zero_ops = frozenset({NONE})
    identity_ops = frozenset({SKIP})

    @property
    def op_names(self) -> tuple[str, ...]:
        return (INPUT, *OPERATORS, OUTPUT)

    @property
    def max_nodes(self) -> int:
        return 8

    @property
    def size(self) -> int:
        return len(OPERATORS) ** len(PAIRS)

    @functools.cached_property
    def grammar(self) -> Grammar:
        return Grammar(
            components=(
                ComponentGrammar(
                    name="cell",
                    ops=((INPUT,), *(OPERATORS for _ in PAIRS), (OUTPUT,)),
                    forced=frozenset(EDGES),
                ),
            ),
            edge_labelled=(EdgeLabelledGrammar(name="cell", num_nodes=4, pairs=PAIRS, labels=OPERATORS, no_edge=NONE),),
        )

    def from_operators(self, operators: Sequence[str]) -> Architecture:
        """Builds a member from six operator names, one an edge in the order of `PAIRS`.

        Raises:
            InvalidArchitectureError: If there are not six, or one is unknown.
        """
        if len(operators) != len(PAIRS):
            raise InvalidArchitectureError(
                "NAS-Bench-201 cell",
                expected="six operators, one an edge",
                received=f"{len(operators)}",
                remedy=f"The edges are, in this order, {PAIRS}.",
            )
        for position, operator in enumerate(operators):
            if operator not in OPERATORS:
                raise InvalidArchitectureError(
                    f"operator of edge {PAIRS[position]}",
                    expected=f"one of {', '.join(OPERATORS)}",
                    received=repr(operator),
                )
        return _member(tuple(operators))

    def operators(self, arch: Architecture) -> tuple[str, ...]:
        """Returns the six edge operators of a member, in the order of `PAIRS`."""
        return arch.ops[1:-1]

    def validate(self, arch: Architecture) -> None:
        self._check_name(arch)
        if len(arch.ops) != 8 or arch.ops[0] != INPUT or arch.ops[-1] != OUTPUT:
            raise InvalidArchitectureError(
                "nodes of a NAS-Bench-201 cell",
                expected="input, six edge operators, output",
                received=repr(arch.ops),
                remedy="Build cells with NASBench201.from_native or from_operators.",
            )
        if arch.edges != EDGES or arch.components != _CELL or arch.attrs:
            raise InvalidArchitectureError(
                "edges of a NAS-Bench-201 cell",
                expected=f"the fixed wiring {EDGES} of one component without attributes",
                received=f"{arch.edges}, components {arch.components}, attributes {arch.attrs}",
                remedy="Build cells with NASBench201.from_native or from_operators.",
            )
        self.from_operators(arch.ops[1:-1])

    def sample(self, rng: np.random.Generator) -> Architecture:
        """Draws uniformly over the 15,625 members."""
        return _member(tuple(OPERATORS[k] for k in rng.integers(len(OPERATORS), size=len(PAIRS)).tolist()))

    def neighbors(self, arch: Architecture) -> Iterator[Architecture]:
        """Yields the 24 members that differ in the operator of one edge."""
        operators = self.operators(arch)
        for position, current in enumerate(operators):
            for operator in OPERATORS:
                if operator != current:
                    yield _member(operators[:position] + (operator,) + operators[position + 1 :])

    def mutate(self, arch: Architecture, rng: np.random.Generator) -> Architecture:
        """Gives one edge, drawn uniformly, another operator, drawn uniformly."""
        operators = self.operators(arch)
        position = int(rng.integers(len(PAIRS)))
        others = [operator for operator in OPERATORS if operator != operators[position]]
        chosen = others[int(rng.integers(len(others)))]
        return _member(operators[:position] + (chosen,) + operators[position + 1 :])

    def crossover(self, first: Architecture, second: Architecture, rng: np.random.Generator) -> Architecture:
        """Takes each edge's operator from either parent with probability one half."""
        take = rng.integers(2, size=len(PAIRS)).tolist()
        pairs = zip(self.operators(first), self.operators(second))
        return _member(tuple(pair[k] for k, pair in zip(take, pairs)))

    def canonical_key(self, arch: Architecture) -> str:
        """Names the live network; exact (see `live_graph` for the reductions)."""
        return _key(arch.ops)

    def to_native(self, arch: Architecture) -> str:
        """Returns the string of the benchmark, for example
        ``|nor_conv_3x3~0|+|nor_conv_3x3~0|avg_pool_3x3~1|+|skip_connect~0|nor_conv_3x3~1|skip_connect~2|``.
        """
        _, a, b, c, d, e, f, _ = arch.ops
        return f"|{a}~0|+|{b}~0|{c}~1|+|{d}~0|{e}~1|{f}~2|"

    def from_native(self, native: str) -> Architecture:
        def malformed(received: str) -> InvalidArchitectureError:
            return InvalidArchitectureError(
                "NAS-Bench-201 string",
                expected="|op~0|+|op~0|op~1|+|op~0|op~1|op~2|",
                received=received,
                remedy=f"For example {_EXAMPLE!r}.",
            )

        if not isinstance(native, str):
            raise malformed(f"{type(native).__name__} {native!r:.80}")
        groups = native.strip().split("+")
        if len(groups) != 3:
            raise malformed(f"{len(groups)} groups between '+' in {native!r:.120}")
        operators = []
        for target, group in enumerate(groups, start=1):
            tokens = group[1:-1].split("|")
            if len(tokens) != target or len(group) < 2 or group[0] != "|" or group[-1] != "|":
                raise malformed(f"{group!r:.80} as group {target} of {native!r:.120}")
            for source, token in enumerate(tokens):
                match = _TOKEN.fullmatch(token)
                if match is None or match[2] != str(source):
                    raise malformed(f"{token!r:.40} where op~{source} belongs, in {native!r:.120}")
                operators.append(match[1])
        return self.from_operators(operators)

    def enumerate(self) -> Iterator[Architecture]:
        for operators in itertools.product(OPERATORS, repeat=len(PAIRS)):
            yield _member(operators)

    def to_edge_labelled(self, arch: Architecture) -> tuple[EdgeLabelled, ...]:
        return (EdgeLabelled("cell", self.operators(arch)),)

    def from_edge_labelled(self, view: Sequence[EdgeLabelled]) -> Architecture:
        if [cell.name for cell in view] != ["cell"]:
            raise InvalidArchitectureError(
                "edge-labelled view of a NAS-Bench-201 cell",
                expected="one component, 'cell'",
                received=repr([cell.name for cell in view]),
            )
        return self.from_operators(view[0].labels)

    def live_operators(self, arch: Architecture) -> tuple[str, ...]:
        """Returns the six edge operators with ``none`` in the place of each that reaches no output."""
        operators = list(self.operators(arch))
        present = [pair for pair, operator in zip(PAIRS, operators) if operator != NONE]
        forward, backward = {0}, {3}
        for source, target in sorted(present):
            if source in forward:
                forward.add(target)
        for source, target in sorted(present, key=lambda pair: -pair[1]):
            if target in backward:
                backward.add(source)
        return tuple(
            operator if source in forward and target in backward else NONE
            for (source, target), operator in zip(PAIRS, operators)
        )

    def _blueprint(
        self,
        arch: Architecture,
        input_shape: tuple[int, int, int],
        *,
        live_only: bool,
        cells_per_stage: int = 5,
        channels: int = 16,
    ) -> Blueprint:
        operators = self.live_operators(arch) if live_only else self.operators(arch)
        return network(operators, input_shape, live_only=live_only, cells_per_stage=cells_per_stage, channels=channels)

    def quick_skeleton(self, input_shape: Sequence[int]) -> dict[str, Any]:
        return {"cells_per_stage": 1, "channels": 8 if max(input_shape[:2]) <= 16 else 16}

    def _super_blueprint(self, input_shape: tuple[int, int, int], **skeleton: Any) -> Blueprint:
        return network(None, input_shape, live_only=False, **skeleton)

    def super_choices(self, arch: Architecture) -> tuple[int, ...]:
        return tuple(OPERATORS.index(operator) for operator in self.live_operators(arch))

    def published_flops(
        self, arch: Architecture, input_shape: Sequence[int] = (32, 32, 3), num_classes: int = 10
    ) -> int:
        """Returns the benchmark's "flop" figure: the multiply-accumulates and one add a class for the bias."""
        return self.cost(arch, input_shape, num_classes).macs + num_classes


def _member(operators: tuple[str, ...]) -> Architecture:
    return Architecture(NASBench201.name, (INPUT, *operators, OUTPUT), EDGES, _CELL)


@functools.lru_cache(maxsize=None)  # at most 15,625 entries
def _key(ops: tuple[str, ...]) -> str:
    return canonical_form(*live_graph(ops, EDGES, zero={NONE}, identity={SKIP}))

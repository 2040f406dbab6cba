"""NAS-Bench-201: cells with one of five operators on each of six edges (Dong and Yang, ICLR 2020)."""

from __future__ import annotations

import functools
import itertools
import math
import re
from typing import Any, Iterator, Sequence

import numpy as np

from tfnas.architecture import Architecture
from tfnas.checks import check_image_shape, check_positive
from tfnas.errors import ConfigError, InvalidArchitectureError
from tfnas.spaces.base import Cost, SearchSpace
from tfnas.spaces.canonical import canonical_form, live_graph
from tfnas.spaces.grammar import ComponentGrammar, EdgeLabelled, EdgeLabelledGrammar, Grammar

INPUT, OUTPUT = "input", "output"
NONE, SKIP, CONV1, CONV3, POOL = "none", "skip_connect", "nor_conv_1x1", "nor_conv_3x3", "avg_pool_3x3"
OPERATORS = (NONE, SKIP, CONV1, CONV3, POOL)

PAIRS = ((0, 1), (0, 2), (1, 2), (0, 3), (1, 3), (2, 3))
"""The original cell: (source, target) of each edge, in the order of the published string."""

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

    def cost(
        self,
        arch: Architecture,
        input_shape: Sequence[int] = (32, 32, 3),
        num_classes: int = 10,
        *,
        live_only: bool = False,
        cells_per_stage: int = 5,
        channels: int = 16,
        **skeleton: Any,
    ) -> Cost:
        """Parameters and multiply-accumulates of the published skeleton (NATS-Bench, section 3).

        Convolutions have no bias and are followed by batch normalisation (two parameters a
        channel), but for the 1x1 convolution on the shortcut of a residual block. The published
        "flop" is these multiply-accumulates plus `num_classes`.

        Raises:
            ConfigError: If a size is not positive or a keyword is unknown.
        """
        height, width, inputs = check_image_shape(input_shape)
        if skeleton:
            raise ConfigError(
                "skeleton of nasbench201",
                expected="cells_per_stage and channels",
                received=", ".join(skeleton),
            )
        check_positive(num_classes=num_classes, cells_per_stage=cells_per_stage, channels=channels)
        operators = self.live_operators(arch) if live_only else self.operators(arch)
        ones, threes = operators.count(CONV1), operators.count(CONV3)
        pixels = height * width
        params = 9 * inputs * channels + 2 * channels
        macs = 9 * inputs * channels * pixels
        for stage in range(3):
            if stage:
                height, width = math.ceil(height / 2), math.ceil(width / 2)
                pixels, half, channels = height * width, channels, 2 * channels
                weights = 9 * half * channels + 9 * channels * channels + half * channels
                params += weights + 4 * channels
                macs += weights * pixels
            weights = (ones + 9 * threes) * channels * channels
            params += cells_per_stage * (weights + 2 * channels * (ones + threes))
            macs += cells_per_stage * weights * pixels
        params += 2 * channels + channels * num_classes + num_classes
        macs += channels * num_classes
        return Cost(params=params, macs=macs)


def _member(operators: tuple[str, ...]) -> Architecture:
    return Architecture(NASBench201.name, (INPUT, *operators, OUTPUT), EDGES, _CELL)


@functools.lru_cache(maxsize=None)  # at most 15,625 entries
def _key(ops: tuple[str, ...]) -> str:
    return canonical_form(*live_graph(ops, EDGES, zero={NONE}, identity={SKIP}))

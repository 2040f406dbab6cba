"""ENAS macro: a chain of layers with one of six operators each, and skip connections (Pham et al., ICML 2018)."""

from __future__ import annotations

import functools
import itertools
import json
from typing import Any, Iterator, Sequence

import numpy as np

from tfnas.architecture import Architecture
from tfnas.blueprints import Blueprint
from tfnas.blueprints.enas_macro import OPERATORS, network
from tfnas.errors import InvalidArchitectureError
from tfnas.spaces.base import SearchSpace, variant_name
from tfnas.spaces.grammar import ComponentGrammar, Grammar
from tfnas.spaces.parts import as_integer, as_operators, as_tuple, integer_option

INPUT, OUTPUT = "input", "output"


class ENASMacro(SearchSpace):
    """Every layer reads the one before it, and joins the stem and any earlier layers.

    Node 0 is the stem, node i is layer i, and the last node is the output, which reads the last layer
    alone. The edges ``(i, i + 1)`` are always there; an edge ``(j, i)`` with ``j < i - 1`` is a skip.

    Deviation from GraphPNAS, whose footnote lists 1x1 and 5x5 convolutions: the sizes are 3x3 and 5x5,
    as in ENAS's own paper and code.

    Args:
        layers: Number of layers, from 1 to 100; 12 in the published search, 6 in the published data of D-VAE.

    Raises:
        ConfigError: If the option is out of its range.
    """

    name = "enas_macro"

    def __init__(self, *, layers: int = 12) -> None:
        self.layers = integer_option("layers", layers, 1, 100)
        self.name = variant_name("enas_macro", layers=(self.layers, 12))
        self._chain = frozenset((node, node + 1) for node in range(self.layers + 1))
        self._slots = tuple((j, i) for i in range(1, self.layers + 1) for j in range(i - 1))

    @property
    def op_names(self) -> tuple[str, ...]:
        return (INPUT, *OPERATORS, OUTPUT)

    @property
    def max_nodes(self) -> int:
        return self.layers + 2

    @property
    def size(self) -> int:
        return len(OPERATORS) ** self.layers * 2 ** len(self._slots)

    @functools.cached_property
    def grammar(self) -> Grammar:
        ops = ((INPUT,), *(OPERATORS,) * self.layers, (OUTPUT,))
        return Grammar((ComponentGrammar("chain", ops, self._chain, frozenset(self._slots)),))

    def from_layers(self, operators: Sequence[str], skips: Sequence[Sequence[int]]) -> Architecture:
        """Builds a member.

        Args:
            operators: One operator name a layer.
            skips: For layer i, counted from 1, a sequence of i - 1 zeros or ones: whether it joins the
                stem (the first), or layer 1, ..., i - 2.

        Raises:
            InvalidArchitectureError: If there are too few or too many, or one is unknown.
        """
        chosen = as_operators(self.name, operators, self.layers, OPERATORS)
        subject, expected = f"skips of {self.name}", f"{self.layers} sequences of 0, 1, ..., {self.layers - 1} bits"
        rows = [as_tuple(subject, row, expected) for row in as_tuple(subject, skips, expected)]
        if [len(row) for row in rows] != list(range(self.layers)):
            lengths = ", ".join(str(len(row)) for row in rows)
            raise InvalidArchitectureError(
                subject, expected=expected, received=f"{len(rows)} sequences of {lengths} bits"
            )
        bits = [
            as_integer(f"skip from node {source} to layer {target} of {self.name}", bit, (0, 1))
            for (source, target), bit in zip(self._slots, itertools.chain.from_iterable(rows))
        ]
        return self._member(chosen, bits)

    def operators(self, arch: Architecture) -> tuple[str, ...]:
        """Returns the operators of a member, one a layer."""
        return arch.ops[1:-1]

    def skips(self, arch: Architecture) -> tuple[tuple[int, ...], ...]:
        """Returns the skips of a member, as `from_layers` takes them."""
        edges = set(arch.edges)
        return tuple(tuple(int((j, i) in edges) for j in range(i - 1)) for i in range(1, self.layers + 1))

    def validate(self, arch: Architecture) -> None:
        self._check_name(arch)
        if arch.components != (("chain", self.max_nodes),) or arch.attrs:
            raise InvalidArchitectureError(
                f"components of {self.name}",
                expected=f"one, 'chain', with {self.max_nodes} nodes and without attributes",
                received=f"{arch.components}, attributes {arch.attrs}",
                remedy="Build members with ENASMacro.from_native or from_layers.",
            )
        if arch.ops[0] != INPUT or arch.ops[-1] != OUTPUT:
            raise InvalidArchitectureError(
                f"nodes of {self.name}",
                expected="input, one operator a layer, output",
                received=repr(arch.ops),
                remedy="Build members with ENASMacro.from_native or from_layers.",
            )
        as_operators(self.name, arch.ops[1:-1], self.layers, OPERATORS)
        missing = self._chain - set(arch.edges)
        if missing:
            raise InvalidArchitectureError(
                f"edges of {self.name}",
                expected="each node to feed the next one",
                received=f"no edge {min(missing)}",
            )
        forbidden = set(arch.edges) - self._chain - set(self._slots)
        if forbidden:
            raise InvalidArchitectureError(
                f"edges of {self.name}",
                expected="the output to read the last layer alone",
                received=f"edge {min(forbidden)}",
            )

    def sample(self, rng: np.random.Generator) -> Architecture:
        """Draws uniformly over all members: operators are uniform, skips are there with probability one half."""
        operators = tuple(OPERATORS[k] for k in rng.integers(len(OPERATORS), size=self.layers).tolist())
        return self._member(operators, rng.integers(2, size=len(self._slots)).tolist())

    def neighbors(self, arch: Architecture) -> Iterator[Architecture]:
        """Yields the members that differ in the operator of one layer or in one skip."""
        for index in range(self._num_neighbors):
            yield self._neighbor(arch, index)

    def mutate(self, arch: Architecture, rng: np.random.Generator) -> Architecture:
        """Returns a neighbour drawn uniformly."""
        return self._neighbor(arch, int(rng.integers(self._num_neighbors)))

    def crossover(self, first: Architecture, second: Architecture, rng: np.random.Generator) -> Architecture:
        """Takes each layer's operator and each skip from either parent with probability one half."""
        take = rng.integers(2, size=self.layers).tolist()
        operators = tuple(pair[k] for k, pair in zip(take, zip(self.operators(first), self.operators(second))))
        take = rng.integers(2, size=len(self._slots)).tolist()
        return self._member(operators, [pair[k] for k, pair in zip(take, zip(self._bits(first), self._bits(second)))])

    def canonical_key(self, arch: Architecture) -> str:
        """Returns the native form; exact.

        Edge ``(i, i + 1)`` for every i leaves one topological order only. An isomorphism keeps that
        order, so it is the identity: two members are isomorphic only if they are equal. No operator is
        zero or an identity, and all are on the chain, so all are live.
        """
        return self.to_native(arch)

    @property
    def num_networks(self) -> int:  # type: ignore[override]
        """All members are different networks."""
        return self.size

    def to_native(self, arch: Architecture) -> str:
        """Returns D-VAE's nested list: for each layer its operator's number, then one bit for the stem and
        each layer but the one before; ``"[[4], [0, 1], [3, 0, 0]]"`` for three layers.
        """
        numbers = (OPERATORS.index(operator) for operator in self.operators(arch))
        return str([[number, *bits] for number, bits in zip(numbers, self.skips(arch))])

    def from_native(self, native: str) -> Architecture:
        """Reads D-VAE's nested list, or ENAS's flat list of the same numbers, ``"4 0 1 3 0 0"``.

        Raises:
            InvalidArchitectureError: If the text is neither, or no member.
        """
        rows = _read(native)
        if [len(row) for row in rows] != list(range(1, self.layers + 1)):
            raise _malformed(native, f"{self.layers} layers of 1, 2, ..., {self.layers} numbers")
        for row in rows:
            if row[0] not in range(len(OPERATORS)):
                raise _malformed(native, f"operators from 0 to {len(OPERATORS) - 1}")
        return self.from_layers([OPERATORS[row[0]] for row in rows], [row[1:] for row in rows])

    def quick_skeleton(self, input_shape: Sequence[int]) -> dict[str, Any]:
        return {"channels": 8}

    def _blueprint(
        self,
        arch: Architecture,
        input_shape: tuple[int, int, int],
        *,
        live_only: bool,
        fixed: bool = False,
        channels: int = 36,
        dropout: float = 0.0,
    ) -> Blueprint:
        return network(
            self.operators(arch),
            self.skips(arch),
            input_shape,
            live_only=live_only,
            fixed=fixed,
            channels=channels,
            dropout=dropout,
        )

    @property
    def _num_neighbors(self) -> int:
        return (len(OPERATORS) - 1) * self.layers + len(self._slots)

    def _neighbor(self, arch: Architecture, index: int) -> Architecture:
        """Returns neighbour number `index`: first those with another operator, then those with another skip."""
        operators, bits = list(self.operators(arch)), self._bits(arch)
        layer, other = divmod(index, len(OPERATORS) - 1)
        if layer < self.layers:
            operators[layer] = [operator for operator in OPERATORS if operator != operators[layer]][other]
        else:
            slot = index - (len(OPERATORS) - 1) * self.layers
            bits[slot] = 1 - bits[slot]
        return self._member(tuple(operators), bits)

    def _bits(self, arch: Architecture) -> list[int]:
        return [bit for row in self.skips(arch) for bit in row]

    def _member(self, operators: tuple[str, ...], bits: Sequence[int]) -> Architecture:
        edges = sorted(self._chain | {slot for slot, bit in zip(self._slots, bits) if bit})
        return Architecture(self.name, (INPUT, *operators, OUTPUT), tuple(edges), (("chain", self.max_nodes),))


def _read(native: str) -> list[list[int]]:
    """Returns the numbers of each layer."""
    form = "nested [[op], [op, bit], ...] or flat op op bit ..."
    if not isinstance(native, str):
        raise _malformed(native, form)
    if "[" not in native:
        words = native.split()
        if not words or not all(word.isascii() and word.isdigit() and len(word) < 4 for word in words):
            raise _malformed(native, form)
        numbers, rows = [int(word) for word in words], []
        while numbers:
            rows.append(numbers[: len(rows) + 1])
            numbers = numbers[len(rows[-1]) :]
        return rows
    try:
        rows = json.loads(native)
    except (ValueError, RecursionError) as error:
        raise _malformed(native, form) from error
    if not isinstance(rows, list) or not all(isinstance(row, list) and row for row in rows):
        raise _malformed(native, form)
    if not all(type(number) is int for row in rows for number in row):
        raise _malformed(native, form)
    return rows


def _malformed(native: object, expected: str) -> InvalidArchitectureError:
    return InvalidArchitectureError(
        "ENAS macro text",
        expected=expected,
        received=f"{native!r:.200}",
        remedy="For example '[[4], [0, 1], [3, 0, 0]]' for three layers.",
    )

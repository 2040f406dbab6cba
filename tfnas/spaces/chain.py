"""`ChainSpace`: the abstract base of spaces whose members are one operator a layer."""

from __future__ import annotations

import functools
import itertools
from typing import ClassVar, Iterator, Sequence

import numpy as np

from tfnas.architecture import Architecture
from tfnas.errors import InvalidArchitectureError
from tfnas.spaces.base import SearchSpace
from tfnas.spaces.grammar import ComponentGrammar, Grammar
from tfnas.spaces.parts import as_operators

INPUT, OUTPUT = "input", "output"


class ChainSpace(SearchSpace):
    """Members are input, one operator a layer, output. The native form is one digit a layer."""

    operators: ClassVar[tuple[str, ...]]
    """What each layer chooses from; a published digit is the place in it."""

    length: ClassVar[int]
    """Number of layers."""

    @property
    def op_names(self) -> tuple[str, ...]:
        return (INPUT, *self.operators, OUTPUT)

    @property
    def max_nodes(self) -> int:
        return self.length + 2

    @property
    def size(self) -> int:
        return len(self.operators) ** self.length

    @functools.cached_property
    def grammar(self) -> Grammar:
        ops = ((INPUT,), *(self.operators for _ in range(self.length)), (OUTPUT,))
        return Grammar((ComponentGrammar("chain", ops, frozenset(self._edges)),))

    @functools.cached_property
    def _edges(self) -> tuple[tuple[int, int], ...]:
        return tuple((k, k + 1) for k in range(self.length + 1))

    def from_operators(self, operators: Sequence[str]) -> Architecture:
        """Builds a member from one operator name a layer.

        Raises:
            InvalidArchitectureError: If there are too few or too many, or one is unknown.
        """
        return self._member(as_operators(self.name, operators, self.length, self.operators))

    def validate(self, arch: Architecture) -> None:
        self._check_name(arch)
        if len(arch.ops) < 2 or arch.ops[0] != INPUT or arch.ops[-1] != OUTPUT:
            raise InvalidArchitectureError(
                f"ends of {self.name}", expected="'input' first and 'output' last", received=repr(arch.ops)
            )
        member = self.from_operators(arch.ops[1:-1])
        if arch != member:
            raise InvalidArchitectureError(
                f"edges of {self.name}",
                expected="one chain, each layer fed by the one before it, without attributes",
                received=f"{arch.edges}, components {arch.components}, attributes {arch.attrs}",
                remedy="Build members with from_native or from_operators.",
            )

    def sample(self, rng: np.random.Generator) -> Architecture:
        """Draws uniformly over all members."""
        chosen = rng.integers(len(self.operators), size=self.length).tolist()
        return self._member(tuple(self.operators[k] for k in chosen))

    def neighbors(self, arch: Architecture) -> Iterator[Architecture]:
        """Yields the members that differ in the operator of one layer."""
        given = arch.ops[1:-1]
        for layer, operator in itertools.product(range(self.length), self.operators):
            if operator != given[layer]:
                yield self._member((*given[:layer], operator, *given[layer + 1 :]))

    def mutate(self, arch: Architecture, rng: np.random.Generator) -> Architecture:
        """Gives one layer, drawn uniformly, another operator, drawn uniformly."""
        given = arch.ops[1:-1]
        layer = int(rng.integers(self.length))
        others = [operator for operator in self.operators if operator != given[layer]]
        chosen = others[int(rng.integers(len(others)))]
        return self._member((*given[:layer], chosen, *given[layer + 1 :]))

    def crossover(self, first: Architecture, second: Architecture, rng: np.random.Generator) -> Architecture:
        """Takes each layer's operator from either parent with probability one half."""
        take = rng.integers(2, size=self.length).tolist()
        pairs = zip(first.ops[1:-1], second.ops[1:-1])
        return self._member(tuple(pair[k] for k, pair in zip(take, pairs)))

    def super_choices(self, arch: Architecture) -> tuple[int, ...]:
        return tuple(self.operators.index(operator) for operator in arch.ops[1:-1])

    def canonical_key(self, arch: Architecture) -> str:
        """Returns the digits: a chain without identities is isomorphic to itself alone. Exact."""
        return self.to_native(arch)

    def to_native(self, arch: Architecture) -> str:
        """Returns one digit a layer: the place of its operator in `operators`."""
        return "".join(map(str, self.super_choices(arch)))

    def from_native(self, native: str) -> Architecture:
        largest = len(self.operators) - 1
        if not isinstance(native, str) or len(native) != self.length or not set(native) <= set("0123456789"):
            raise InvalidArchitectureError(
                f"string of {self.name}",
                expected=f"{self.length} digits from 0 to {largest}",
                received=f"{native!r:.80}" + (f", {len(native)} characters" if isinstance(native, str) else ""),
            )
        for layer, digit in enumerate(native, start=1):
            if int(digit) > largest:
                raise InvalidArchitectureError(
                    f"digit of layer {layer} of {self.name}", expected=f"0 to {largest}", received=digit
                )
        return self._member(tuple(self.operators[int(digit)] for digit in native))

    def enumerate(self) -> Iterator[Architecture]:
        """Yields every member, the last layer varying fastest."""
        for operators in itertools.product(self.operators, repeat=self.length):
            yield self._member(operators)

    def _member(self, operators: tuple[str, ...]) -> Architecture:
        return Architecture(self.name, (INPUT, *operators, OUTPUT), self._edges, (("chain", self.length + 2),))

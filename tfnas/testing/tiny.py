"""`TinySpace`: nine members, small enough to exhaust and to enumerate by hand."""

from __future__ import annotations

import itertools
from typing import Any, Iterator, Sequence

import numpy as np

from tfnas.architecture import Architecture
from tfnas.errors import InvalidArchitectureError
from tfnas.spaces.base import Cost, SearchSpace
from tfnas.spaces.grammar import ComponentGrammar, Grammar

_OPS = ("a", "b", "c")
_EDGES = ((0, 1), (1, 2), (2, 3))


class TinySpace(SearchSpace):
    """Chains ``input -> x -> y -> output`` with x and y out of a, b, c.

    The native form is two letters. The cost of a letter is its place in the alphabet.
    """

    name = "tiny"
    num_networks = 9

    @property
    def op_names(self) -> tuple[str, ...]:
        return ("input", *_OPS, "output")

    @property
    def max_nodes(self) -> int:
        return 4

    @property
    def size(self) -> int:
        return 9

    @property
    def grammar(self) -> Grammar:
        return Grammar((ComponentGrammar("chain", (("input",), _OPS, _OPS, ("output",)), frozenset(_EDGES)),))

    def validate(self, arch: Architecture) -> None:
        self._check_name(arch)
        wanted = arch.ops[:1] == ("input",) and arch.ops[-1:] == ("output",) and len(arch.ops) == 4
        if not wanted or set(arch.ops[1:3]) - set(_OPS) or arch.edges != _EDGES:
            raise InvalidArchitectureError("chain", expected="input, two of a, b, c, output", received=repr(arch))

    def sample(self, rng: np.random.Generator) -> Architecture:
        """Draws uniformly."""
        return self.from_native("".join(_OPS[k] for k in rng.integers(3, size=2).tolist()))

    def neighbors(self, arch: Architecture) -> Iterator[Architecture]:
        letters = self.to_native(arch)
        for place, op in itertools.product(range(2), _OPS):
            if letters[place] != op:
                yield self.from_native(letters[:place] + op + letters[place + 1 :])

    def canonical_key(self, arch: Architecture) -> str:
        return self.to_native(arch)

    def cost(
        self,
        arch: Architecture,
        input_shape: Sequence[int] = (8, 8, 1),
        num_classes: int = 2,
        *,
        live_only: bool = False,
        **skeleton: Any,
    ) -> Cost:
        total = sum(1 + _OPS.index(op) for op in arch.ops[1:3])
        return Cost(total, total)

    def to_native(self, arch: Architecture) -> str:
        return "".join(arch.ops[1:3])

    def from_native(self, native: str) -> Architecture:
        if not isinstance(native, str) or len(native) != 2 or set(native) - set(_OPS):
            raise InvalidArchitectureError("chain", expected="two letters of a, b, c", received=repr(native))
        return Architecture(self.name, ("input", *native, "output"), _EDGES, (("chain", 4),))

    def enumerate(self) -> Iterator[Architecture]:
        for letters in itertools.product(_OPS, repeat=2):
            yield self.from_native("".join(letters))

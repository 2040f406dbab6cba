"""`TinySpace`: nine members, small enough to exhaust and to enumerate by hand."""

from __future__ import annotations

import itertools
from typing import Iterator

import numpy as np

from tfnas.architecture import Architecture
from tfnas.blueprints import IMAGE, Blueprint, Draft, chain
from tfnas.blueprints.layers import Conv, GlobalPool, Relu
from tfnas.errors import InvalidArchitectureError
from tfnas.spaces.base import SearchSpace
from tfnas.spaces.grammar import ComponentGrammar, Grammar

_OPERATORS = {
    name: chain(conv=Conv(filters, (3, 3), bias=True), relu=Relu()) for name, filters in (("a", 2), ("b", 3), ("c", 4))
}
_OPS = tuple(_OPERATORS)
_LAST = chain(pool=GlobalPool())
_EDGES = ((0, 1), (1, 2), (2, 3))


class TinySpace(SearchSpace):
    """Chains ``input -> x -> y -> output`` with x and y out of a, b, c.

    The native form is two letters. A letter is a 3x3 convolution with two, three or four filters.
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

    def _blueprint(self, arch: Architecture, input_shape: tuple[int, int, int], *, live_only: bool) -> Blueprint:
        draft = Draft(input_shape)
        x = IMAGE
        for place in (1, 2):
            x = draft.add(f"layer{place}.{arch.ops[place]}", _OPERATORS[arch.ops[place]], x, place=place)
        return draft.finish(draft.add("last", _LAST, x))

    def to_native(self, arch: Architecture) -> str:
        return "".join(arch.ops[1:3])

    def from_native(self, native: str) -> Architecture:
        if not isinstance(native, str) or len(native) != 2 or set(native) - set(_OPS):
            raise InvalidArchitectureError("chain", expected="two letters of a, b, c", received=repr(native))
        return Architecture(self.name, ("input", *native, "output"), _EDGES, (("chain", 4),))

    def enumerate(self) -> Iterator[Architecture]:
        for letters in itertools.product(_OPS, repeat=2):
            yield self.from_native("".join(letters))

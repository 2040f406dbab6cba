"""`Seen`: the networks that a strategy has proposed, so that it proposes none twice."""

from __future__ import annotations

from typing import Any, Iterable, Mapping

import numpy as np

from tfnas.architecture import Architecture
from tfnas.errors import ConfigError
from tfnas.spaces.base import SearchSpace

MODES = ("canonical", "native", "none")
_DRAWS = 200


class Seen:
    """A set of architectures under one of three notions of "the same".

    Args:
        space: The space whose keys are used.
        dedupe: ``"canonical"``, ``"native"`` or ``"none"``; see `tfnas.strategies.base.Strategy`.

    Raises:
        ConfigError: If `dedupe` is none of the three.
    """

    def __init__(self, space: SearchSpace, dedupe: str) -> None:
        if dedupe not in MODES:
            raise ConfigError("dedupe", expected=f"one of {', '.join(MODES)}", received=repr(dedupe))
        self.space = space
        self.dedupe = dedupe
        self._keys: dict[str, None] = {}

    def __len__(self) -> int:
        return len(self._keys)

    def key(self, arch: Architecture) -> str:
        """Returns the text by which `arch` is compared."""
        if self.dedupe == "native":
            return self.space.to_native(arch)
        return self.space.canonical_key(arch)

    def __contains__(self, arch: Architecture) -> bool:
        return self.dedupe != "none" and self.key(arch) in self._keys

    def add(self, arch: Architecture) -> None:
        """Marks `arch` as proposed."""
        if self.dedupe != "none":
            self._keys[self.key(arch)] = None

    def first_new(self, archs: Iterable[Architecture]) -> Architecture | None:
        """Returns the first of `archs` that is not in the set, marked; None if all are."""
        for arch in archs:
            if arch not in self:
                self.add(arch)
                return arch
        return None

    def draw(self, rng: np.random.Generator) -> Architecture | None:
        """Draws a new member and marks it; None where none can be found.

        Members come from ``space.sample``, drawn again while they are known. Where that fails
        often, an enumerable space is listed, so that its last members are found and its exhaustion
        is certain; a larger one gives None after 50 times as many draws.
        """
        for _ in range(_DRAWS if self.space.is_enumerable else 50 * _DRAWS):
            arch = self.space.sample(rng)
            if arch not in self:
                self.add(arch)
                return arch
        if not self.space.is_enumerable:
            return None
        left = [arch for arch in self.space.enumerate() if arch not in self]
        return self.first_new([left[int(rng.integers(len(left)))]] if left else [])

    def get_state(self) -> dict[str, Any]:
        """Returns JSON values."""
        return {"keys": list(self._keys)}

    def set_state(self, state: Mapping[str, Any]) -> None:
        """Inverse of `get_state`."""
        self._keys = dict.fromkeys(state["keys"])

"""`Uniform`: all members with equal probability."""

from __future__ import annotations

import abc
import functools
import math
from typing import Sequence

import numpy as np

from tfnas.architecture import Architecture
from tfnas.checks import check_positive
from tfnas.errors import ConfigError
from tfnas.models.distribution import ArchitectureDistribution
from tfnas.models.priors.choices import LISTED, Choices
from tfnas.spaces.base import SearchSpace
from tfnas.spaces.nasbench101 import NASBench101


class EquallyLikely(ArchitectureDistribution):
    """A distribution whose members all have one probability. So `mode` is exact: any of them are it."""

    is_mode_exact = True

    @property
    @abc.abstractmethod
    def num_members(self) -> int:
        """Number of members that can be drawn.

        Raises:
            ConfigError: If it is not known.
        """

    @abc.abstractmethod
    def _draw(self, rng: np.random.Generator) -> Architecture:
        """Draws a member."""

    @abc.abstractmethod
    def _admits(self, arch: Architecture) -> bool:
        """Returns whether a member of the space can be drawn."""

    def sample(self, n: int, seed: int) -> list[Architecture]:
        check_positive(n=n)
        rng = np.random.default_rng(seed)
        return [self._draw(rng) for _ in range(n)]

    def log_prob(self, archs: Sequence[Architecture]) -> np.ndarray:
        each = -math.log(self.num_members)
        for arch in archs:
            self.space.validate(arch)
        return np.array([each if self._admits(arch) else -math.inf for arch in archs], np.float64)

    def mode(self, k: int = 1, *, samples: int = 1000, seed: int = 0) -> tuple[Architecture, ...]:
        """Returns the first `k` distinct members among those of `samples` draws; no other is more probable.

        Raises:
            ConfigError: If a number is not positive.
        """
        check_positive(k=k, samples=samples)
        return tuple(dict.fromkeys(self.sample(samples, seed)))[:k]


class Uniform(EquallyLikely):
    """All members, or all without some operators, with equal probability.

    Where the rules of the space are local, each choice is drawn by the number of members that have it.
    Where they are not, draws that are no members are drawn again; for NAS-Bench-101 they come from its
    own `sample`, which is uniform and never draws in vain.

    `log_prob` is exact. With excluded operators, where the rules are not local, members are counted on the
    first call, for spaces that can be enumerated and have at most 2,000,000 members.

    Args:
        space: The space.
        exclude_ops: Operators that no drawn member has, for example ``("none",)``.

    Raises:
        UnknownNameError: If an operator is none of the space's.
        ConfigError: If a node has no operator left.
    """

    def __init__(self, space: SearchSpace, exclude_ops: Sequence[str] = ()) -> None:
        self._choices = Choices(space, exclude_ops)
        self.space = space
        self.has_log_prob = not self._choices.excluded or self._choices.is_countable

    @functools.cached_property
    def num_members(self) -> int:
        """Number of members that can be drawn.

        Raises:
            ConfigError: If it is not known, see `has_log_prob`.
        """
        if not self.has_log_prob:
            raise ConfigError(
                f"log_prob of Uniform over {self.space.name}",
                expected=f"no excluded operators, local rules, or at most {LISTED:,} members that can be listed",
                received=f"{', '.join(sorted(self._choices.excluded))} excluded from {self.space.size:.4g} members",
                remedy="Draw with sample(n, seed), and count.",
            )
        if not self._choices.excluded:
            return self.space.size
        if not self.space.grammar.is_local:
            return sum(self._choices.tally().values())
        return self._choices.size

    def _draw(self, rng: np.random.Generator) -> Architecture:
        if isinstance(self.space, NASBench101):
            return self._choices.accepted(lambda: self.space.sample(rng))

        def draw() -> Architecture:
            lengths = self._choices.draw_lengths(rng)
            wirings = [parts[length] for parts, length in zip(self._choices.wirings, lengths)]
            # with probability one half each set of edges is as likely as any other
            return self._choices.assemble(lengths, [wiring.draw(0.5, rng) for wiring in wirings], rng)

        return self._choices.accepted(draw)

    def _admits(self, arch: Architecture) -> bool:
        return self._choices.admits(arch)

"""`DistinctPredecessors`: cells as the search of DARTS writes them."""

from __future__ import annotations

import math

import numpy as np

from tfnas.architecture import Architecture
from tfnas.blueprints.darts import NONE, OPERATORS, STEPS
from tfnas.errors import ConfigError
from tfnas.models.priors.uniform import EquallyLikely
from tfnas.spaces.base import SearchSpace
from tfnas.spaces.darts import DARTS


class DistinctPredecessors(EquallyLikely):
    """DARTS cells whose steps read two different nodes each, without ``none``, with equal probability.

    The branch with the earlier predecessor comes first, so that each such genotype is one member. These are
    the genotypes that the search of DARTS (Liu et al., 2019, section 2.4) can end with, and those that
    GraphPNAS's code explores with. `log_prob` is exact.

    Args:
        space: The space ``darts``.

    Raises:
        ConfigError: If it is another one.
    """

    def __init__(self, space: SearchSpace) -> None:
        if not isinstance(space, DARTS):
            received = space.name if isinstance(space, SearchSpace) else f"{space!r:.80}"
            raise ConfigError("space of DistinctPredecessors", expected="the space darts", received=received)
        self.space: DARTS = space

    @property
    def num_members(self) -> int:
        """Number of members that can be drawn."""
        cell = math.prod(math.comb(2 + step, 2) * (len(OPERATORS) - 1) ** 2 for step in range(STEPS))
        return cell ** len(self.space.grammar.components)

    def _draw(self, rng: np.random.Generator) -> Architecture:
        return self.space.sample(rng)

    def _admits(self, arch: Architecture) -> bool:
        return NONE not in arch.ops and all(
            earlier < later
            for cell in self.space.cells(arch)
            for (_, earlier), (_, later) in zip(cell[::2], cell[1::2])
        )

"""Random search."""

from __future__ import annotations

from typing import Sequence

from tfnas.spaces.base import SearchSpace
from tfnas.strategies.base import Strategy
from tfnas.trial import Proposal, Trial


class RandomSearch(Strategy):
    """Draws from ``space.sample`` without repeating a network (Li and Talwalkar, UAI 2019).

    Args:
        space: The space to search.
        seed: Seed of all randomness.
        dedupe: What counts as a repeat; see `Strategy`.
    """

    name = "random"

    def __init__(self, space: SearchSpace, *, seed: int = 0, dedupe: str = "canonical") -> None:
        super().__init__(space, seed=seed, dedupe=dedupe)

    def _propose(self, n: int) -> list[Proposal]:
        proposals = []
        for _ in range(n):
            arch = self._random_unseen()
            if arch is None:
                break
            proposals.append(Proposal(arch, "random"))
        return proposals

    def _learn(self, trials: Sequence[Trial]) -> None:
        """Random search learns nothing."""

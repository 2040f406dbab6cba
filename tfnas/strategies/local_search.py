"""Local search."""

from __future__ import annotations

import collections
import itertools
from typing import Any, Mapping, Sequence

from tfnas.architecture import Architecture
from tfnas.spaces.base import SearchSpace
from tfnas.strategies.base import State, Strategy
from tfnas.trial import Proposal, Trial


class LocalSearch(Strategy):
    """Hill climbing by first improvement, with random restarts (White, Nolen and Savani, UAI 2021).

    From a random start, the neighbours (`SearchSpace.neighbors`) are visited in random order; the
    first that is better becomes the new centre, at once. Where none is, the centre is a local
    optimum, and the search starts again from a random network that was not proposed yet. The value
    of a network that is known by its key is used without measuring it again, so climbing through
    known ground is free. Equal values are no improvement; a failed trial is worse than any other.

    Several neighbours can be measured at once: they are proposed in their order, and also judged
    in their order, so the path is that of the search which waits for each, and what a move made
    needless is remembered. Where the neighbourhood has fewer networks left than are asked for, the
    rest are random: the next starts. Every proposal must be told in the end, failed ones too.

    Deviation from the paper: it measures the whole neighbourhood before it moves to the best.

    Args:
        space: The space to search.
        seed: Seed of all randomness.
        dedupe: What counts as a repeat; see `Strategy`. With ``"none"`` only starts are repeated,
            and networks are known by their canonical keys.
    """

    name = "local_search"

    def __init__(self, space: SearchSpace, *, seed: int = 0, dedupe: str = "canonical") -> None:
        super().__init__(space, seed=seed, dedupe=dedupe)
        self._centre: tuple[Architecture, float] | None = None
        self._left: collections.deque[Architecture] = collections.deque()  # neighbours not judged yet
        self._starts: collections.deque[Architecture] = collections.deque()
        self._pending: dict[str, None] = {}
        self._values: dict[str, float | None] = {}

    def _propose(self, n: int) -> list[Proposal]:
        self._climb()
        new = itertools.islice((arch for arch in self._left if self._mark(arch)), n)
        proposals = [Proposal(arch, "neighbor") for arch in new]
        while len(proposals) < n:
            start = self._random_unseen()
            if start is None:
                break
            self._pending[self.seen.key(start)] = None
            self._starts.append(start)
            proposals.append(Proposal(start, "random"))
        return proposals

    def _mark(self, arch: Architecture) -> bool:
        """Marks a neighbour as proposed; returns False if its network needs no measurement."""
        key = self.seen.key(arch)
        if key in self._values or key in self._pending or arch in self.seen:
            return False
        self.seen.add(arch)
        self._pending[key] = None
        return True

    def _climb(self) -> None:
        """Goes as far as the known values lead."""
        while True:
            ahead = self._starts if self._centre is None else self._left
            if not ahead:
                if self._centre is None:
                    return
                self._centre = None  # a local optimum
                continue
            key = self.seen.key(ahead[0])
            if key not in self._values and (key in self._pending or ahead[0] not in self.seen):
                return
            arch = ahead.popleft()
            value = self._values.get(key)
            if value is not None and (self._centre is None or value > self._centre[1]):
                neighbours = list(self.space.neighbors(arch))
                self._centre = arch, value
                self._left = collections.deque(neighbours[k] for k in self.rng.permutation(len(neighbours)).tolist())

    def _learn(self, trials: Sequence[Trial]) -> None:
        for trial in trials:
            key = self.seen.key(trial.architecture)
            self._pending.pop(key, None)
            if self._values.get(key) is None:
                self._values[key] = trial.objective

    def _state(self) -> State:
        return {
            "centre": self._centre and [self._centre[0].to_dict(), self._centre[1]],
            "left": [arch.to_dict() for arch in self._left],
            "starts": [arch.to_dict() for arch in self._starts],
            "pending": list(self._pending),
            "values": dict(self._values),
        }

    def _restore(self, state: Mapping[str, Any]) -> None:
        centre = state["centre"]
        self._centre = centre and (Architecture.from_dict(centre[0]), centre[1])
        self._left = collections.deque(map(Architecture.from_dict, state["left"]))
        self._starts = collections.deque(map(Architecture.from_dict, state["starts"]))
        self._pending = dict.fromkeys(state["pending"])
        self._values = dict(state["values"])

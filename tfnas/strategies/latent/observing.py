"""`ObservingSearch`: random proposals first, then those of something that was learned from their outcomes."""

from __future__ import annotations

import abc
from typing import Any, Mapping, Sequence

from tfnas.architecture import Architecture
from tfnas.checks import check_positive
from tfnas.spaces.base import SearchSpace
from tfnas.strategies.base import State, Strategy
from tfnas.trial import Proposal, Trial

_LEAST = 2
"""Number of measured values below which there is nothing to compare, so that proposals stay random."""


class ObservingSearch(Strategy, abc.ABC):
    """Keeps what was measured, and proposes at random until `initial` networks are known and two have values.

    Random proposals are those of `RandomSearch` of the same seed, so that methods can be compared from equal starts.
    Trials that were told without having been proposed count as known. Where a subclass has nothing to propose, for
    example because it knows all of its candidates, proposals are random, too.

    Subclasses implement `_next`, and extend `_state` and `_restore`.

    Args:
        space: The space to search.
        initial: Number of random proposals at the start.
        seed: Seed of all randomness.
        dedupe: What counts as a repeat; see `Strategy`.
        **arguments: The subclass's own arguments.

    Raises:
        ConfigError: If `initial` is not a positive integer.
    """

    def __init__(self, space: SearchSpace, *, initial: int, seed: int, dedupe: str, **arguments: Any) -> None:
        check_positive(initial=initial)
        super().__init__(space, seed=seed, dedupe=dedupe, initial=initial, **arguments)
        self.initial = initial
        self._told = 0
        self._observed: list[Architecture] = []
        self._values: list[float] = []
        self._pending: list[Architecture] = []

    @abc.abstractmethod
    def _next(self) -> Proposal | None:
        """Returns a proposal that rests on what was observed, not marked as seen yet; None where there is none."""

    def _propose(self, n: int) -> list[Proposal]:
        proposals: list[Proposal] = []
        while len(proposals) < n:
            proposal = None if self._is_starting() else self._next()
            if proposal is None:
                arch = self._random_unseen()
                if arch is None:
                    break
                proposal = Proposal(arch, "random")
            self.seen.add(proposal.architecture)
            self._pending.append(proposal.architecture)
            proposals.append(proposal)
        return proposals

    def _is_starting(self) -> bool:
        return self._told + len(self._pending) < self.initial or len(self._values) < _LEAST

    def _learn(self, trials: Sequence[Trial]) -> None:
        for trial in trials:
            key = self.seen.key(trial.architecture)
            place = next((k for k, arch in enumerate(self._pending) if self.seen.key(arch) == key), None)
            if place is not None:
                del self._pending[place]
            self._told += 1
            if trial.objective is not None:
                self._observed.append(trial.architecture)
                self._values.append(trial.objective)

    def _state(self) -> State:
        return {
            "told": self._told,
            "observed": [arch.to_dict() for arch in self._observed],
            "values": list(self._values),
            "pending": [arch.to_dict() for arch in self._pending],
        }

    def _restore(self, state: Mapping[str, Any]) -> None:
        self._told, self._values = state["told"], list(state["values"])
        self._observed, self._pending = (
            [Architecture.from_dict(arch) for arch in state[name]] for name in ("observed", "pending")
        )

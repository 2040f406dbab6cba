"""Regularised evolution."""

from __future__ import annotations

import collections
from typing import Any, Mapping, Sequence

from tfnas.architecture import Architecture
from tfnas.checks import check_positive
from tfnas.errors import ConfigError
from tfnas.spaces.base import SearchSpace
from tfnas.strategies.base import State, Strategy
from tfnas.trial import Proposal, Trial

_SMALLEST, _LARGEST = 6, 30
"""Bounds of a population that follows the budget."""

_MUTATIONS = 30
"""Fresh mutations of a parent before its child is sought further away."""

_STEPS = 30
"""Length of the walk that seeks it there."""


class RegularizedEvolution(Strategy):
    """Ageing evolution by mutation alone (Real, Aggarwal, Huang and Le, AAAI 2019, algorithm 1).

    The population is the last `population` trials that were told; the oldest leaves, however good
    it is. The first `population` proposals are random. After that every proposal is a mutation
    (`SearchSpace.mutate`) of the best of `tournament` trials drawn from the population with
    replacement, as in the paper; among equals the one drawn first wins.

    Deviations:

    * No network is proposed twice (see `dedupe`). A child that was is replaced by a fresh mutation
      of the same parent, at most 30 times; then by the first new network on a walk of 30 mutations
      that starts at the last of these children; at last by a random one.
    * A failed trial lives and ages in the population like any other, but is no parent. While
      nobody in the population can be one, proposals are random.
    * Sizes that are not given follow the budget, once `start` tells it: the population is a third
      of it, at least 6 and at most 30, and the tournament has as many draws as the population.
      The usual 30 and more are a random search at a budget of 24. The rule was chosen on
      NAS-Bench-Macro, at budgets of 16 to 150. Without `start` the sizes are 30 and 10.
    * A network that is told a second time has the value of its first measurement.

    Args:
        space: The space to search.
        population: Number of trials that live at once, at least 2. None: see above.
        tournament: Number of draws for a parent. None: see above; a third of a given population.
        seed: Seed of all randomness.
        dedupe: What counts as a repeat; see `Strategy`.

    Raises:
        ConfigError: If a size is not a positive integer, or the population is less than 2.
    """

    name = "regularized_evolution"

    def __init__(
        self,
        space: SearchSpace,
        *,
        population: int | None = None,
        tournament: int | None = None,
        seed: int = 0,
        dedupe: str = "canonical",
    ) -> None:
        given = {"population": population, "tournament": tournament}
        check_positive(**{name: size for name, size in given.items() if size is not None})
        if population == 1:
            raise ConfigError(
                "population", expected="at least 2 trials", received="1", remedy="Pass None to have it set."
            )
        population, tournament = (None if size is None else int(size) for size in given.values())
        super().__init__(space, seed=seed, dedupe=dedupe, population=population, tournament=tournament)
        self._given = population, tournament
        self.population = population or _LARGEST
        self.tournament = tournament or max(2, round(self.population / 3))
        self._asked = self._told = 0
        self._alive: collections.deque[tuple[Architecture, float | None]] = collections.deque()
        self._values: dict[str, float] = {}

    def start(self, budget: int) -> None:
        """Sets the sizes that were not given; see the class."""
        check_positive(budget=budget)
        population, tournament = self._given
        if population is None:
            self.population = min(max(round(budget / 3), _SMALLEST), _LARGEST)
            self.tournament = tournament or self.population

    def _propose(self, n: int) -> list[Proposal]:
        parents = [(arch, value) for arch, value in self._alive if value is not None]
        proposals: list[Proposal] = []
        for _ in range(n):
            child = None
            if parents and max(self._asked, self._told) >= self.population:
                drawn = self.rng.integers(len(parents), size=self.tournament).tolist()
                child = self._child(max((parents[k] for k in drawn), key=lambda parent: parent[1])[0])
            source = "random" if child is None else "mutation"
            child = child or self._random_unseen()
            if child is None:
                break
            self._asked += 1
            proposals.append(Proposal(child, source))
        return proposals

    def _child(self, parent: Architecture) -> Architecture | None:
        """Mutates until the network is new, and marks it; None where that fails."""
        child = parent
        for attempt in range(_MUTATIONS + _STEPS):
            child = self.space.mutate(parent if attempt < _MUTATIONS else child, self.rng)
            if child not in self.seen:
                self.seen.add(child)
                return child
        return None

    def _learn(self, trials: Sequence[Trial]) -> None:
        for trial in trials:
            value = trial.objective
            if value is not None:
                value = self._values.setdefault(self.seen.key(trial.architecture), value)
            self._alive.append((trial.architecture, value))
        self._told += len(trials)
        while len(self._alive) > self.population:
            self._alive.popleft()

    def _state(self) -> State:
        return {
            "sizes": [self.population, self.tournament],
            "asked": self._asked,
            "told": self._told,
            "alive": [[arch.to_dict(), value] for arch, value in self._alive],
            "values": dict(self._values),
        }

    def _restore(self, state: Mapping[str, Any]) -> None:
        self.population, self.tournament = state["sizes"]
        self._asked, self._told = state["asked"], state["told"]
        self._alive = collections.deque((Architecture.from_dict(arch), value) for arch, value in state["alive"])
        self._values = dict(state["values"])

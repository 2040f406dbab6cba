"""`Reinforce`: the loop of GraphPNAS around any generator."""

from __future__ import annotations

import abc
import contextlib
from typing import Any, ClassVar, Mapping, Sequence

import numpy as np

from tfnas.architecture import Architecture
from tfnas.checks import check_positive
from tfnas.errors import SearchError
from tfnas.models import priors
from tfnas.models.autoregressive import AutoregressiveGenerator, GeneratorConfig
from tfnas.models.distribution import ArchitectureDistribution
from tfnas.models.reinforce import ReplayBuffer, Schedule
from tfnas.spaces.base import SearchSpace
from tfnas.state import pack, unpack
from tfnas.strategies.base import State, Strategy
from tfnas.strategies.reinforce.configurations import settings_for
from tfnas.strategies.reinforce.screening import Screen
from tfnas.strategies.reinforce.settings import Settings
from tfnas.strategies.reinforce.workbench import Workbench, workbench
from tfnas.trial import Proposal, Trial

_FEWEST, _MOST = 4, 30
"""Bounds of the number of explorer's queries that follows the budget."""

_ROW_EVERY, _ROW_DRAWS = 10, 200
"""Queries between two rows of the learning curve, at least, and draws for the entropy of a row."""

_ATTEMPTS = 20
"""How often a generator, or an explorer, is asked for a network that was not proposed yet."""


class Reinforce(Strategy, abc.ABC):
    """Proposes what a generator draws, which is fitted to the best networks so far (GraphPNAS, section 3.3).

    Each query comes from the explorer with the probability of the schedule `Settings.explore`, else from the
    generator. Before that, the generator is fitted to the replay buffer, if `Settings.update_every` networks
    were measured since it was last. Draws of networks that were proposed before are rejected: up to 20 times
    the generator is asked for more, ever larger numbers; where all are known the explorer is asked instead, and
    where it knows nothing new either the query is random. Failures are not learned from.

    Until two networks were measured, and as long as all measured the same, there is nothing to learn, and queries come
    from the explorer.

    Subclasses are final and name the generator.
    """

    generator_class: ClassVar[type[AutoregressiveGenerator]]
    """Class of the generator."""

    config_class: ClassVar[type[GeneratorConfig]]
    """Class of its configuration."""

    is_slow = True

    def __init__(
        self,
        space: SearchSpace,
        configuration: str | None = None,
        *,
        seed: int = 0,
        dedupe: str = "canonical",
        **options: Any,
    ) -> None:
        self.configuration, settings = settings_for(self.name, self.config_class, space, configuration)
        self.settings: Settings = settings.replace(options)
        super().__init__(space, seed=seed, dedupe=dedupe, configuration=self.configuration, **_plain(options))
        self.explorer = priors.from_config(space, self.settings.explorer)
        self.explorer.sample(1, seed)  # an explorer that finds no member says so now
        self._explore = self.settings.explore or _explore_first(_MOST)
        self._buffer = ReplayBuffer(space, self.settings.keep)
        self._screen = Screen(space)
        self._queries = 0
        self._new = 0
        self._learned: Any = None
        self._curve: list[dict[str, float]] = []

    @classmethod
    def options(cls) -> tuple[str, ...]:
        return ("configuration", "dedupe", *Settings.names(cls.config_class))

    def start(self, budget: int) -> None:
        """Sets how many queries the explorer has, if no schedule was given; see `Settings.explore`."""
        check_positive(budget=budget)
        if self.settings.explore is None:
            self._explore = _explore_first(min(max(round(budget / 4), _FEWEST), _MOST))

    def distribution(self) -> ArchitectureDistribution | None:
        """Returns the generator, fitted to all that was measured so far; None before there is something to learn."""
        learned = self._fitted() if self._new else self._learned
        if learned is None:
            return None
        generator = self.generator_class(self.space, self.settings.generator)
        generator.set_weights(learned["weights"])
        return generator

    def learning_curve(self) -> tuple[Mapping[str, float], ...]:
        """Returns the entropy after a fit, at most every ten queries; estimated from 200 draws."""
        return tuple(dict(row) for row in self._curve)

    def _propose(self, n: int) -> list[Proposal]:
        proposals: list[Proposal] = []
        for _ in range(n):
            chance = self._explore.at(self._queries)
            explores = chance >= 1 or (chance > 0 and self.rng.random() < chance)
            proposal = None if explores else self._from_generator()
            proposal = proposal or self._from_explorer() or self._from_space()
            if proposal is None:
                break
            self._queries += 1
            proposals.append(proposal)
        return proposals

    def _learn(self, trials: Sequence[Trial]) -> None:
        for trial in trials:
            if trial.objective is not None:
                self._new += self._buffer.add(trial.architecture, trial.objective)

    def _from_generator(self) -> Proposal | None:
        if self._learned is None or self._new >= self.settings.update_every:
            self._learned = self._fitted()
            self._new = 0 if self._learned is not None else self._new
            self._add_row()
        if self._learned is None:
            return None
        ours = self._candidates()
        both = list(ours.values())
        if self.settings.screen_explorer:
            others = self.explorer.sample(self.settings.screen_explorer, self._draw_seed())
            both += [arch for arch in others if arch not in self.seen]
        if not both:
            return None
        arch = both[0] if len(both) == 1 else self._screen.choose(self._buffer.measured, both)
        self.seen.add(arch)
        return Proposal(arch, "generator" if arch in ours.values() else "explorer")

    def _candidates(self) -> dict[str, Architecture]:
        """Returns new networks from the generator, `Settings.screen` if it has as many, by key."""
        found: dict[str, Architecture] = {}
        wanted = self.settings.screen
        for attempt in range(_ATTEMPTS):
            try:
                drawn = self._workbench.sample(self._learned, wanted * (1 + 5 * attempt), self._draw_seed())
            except SearchError:  # a generator that no longer draws members has nothing to say
                break
            for arch in drawn:
                if arch not in self.seen and len(found) < wanted:
                    found.setdefault(self.seen.key(arch), arch)
            if len(found) == wanted or (found and attempt):
                break
        return found

    def _from_explorer(self) -> Proposal | None:
        for attempt in range(_ATTEMPTS):
            arch = self.seen.first_new(self.explorer.sample(1 + 5 * attempt, self._draw_seed()))
            if arch is not None:
                return Proposal(arch, "explorer")
        return None

    def _from_space(self) -> Proposal | None:
        arch = self._random_unseen()
        return None if arch is None else Proposal(arch, "random")

    def _fitted(self) -> Any:
        """Returns what is learned from the replay buffer as it is; None where that is nothing."""
        kept = self._buffer.kept(self._queries)
        if len({objective for _, objective in kept}) < 2:
            return self._learned
        archs, objectives = zip(*kept)
        seed = int(np.random.SeedSequence([self.seed, len(self._buffer)]).generate_state(1)[0])
        return self._workbench.fit(self._learned, archs, objectives, seed)

    def _add_row(self) -> None:
        """Notes the entropy of what is learned, if the last row is long enough ago."""
        last = self._curve[-1]["queries"] if self._curve else -_ROW_EVERY
        if self._learned is None or not self.generator_class.has_log_prob or self._queries - last < _ROW_EVERY:
            return
        seed = int(np.random.SeedSequence([self.seed, self._queries, 1]).generate_state(1)[0])
        with contextlib.suppress(SearchError):  # a generator that no longer draws members has no entropy to tell
            entropy, error = self._workbench.entropy(self._learned, _ROW_DRAWS, seed)
            self._curve.append({"queries": self._queries, "entropy": entropy, "entropy_error": error})

    @property
    def _workbench(self) -> Workbench:
        return workbench(self.space, self.generator_class, self.settings.generator, self.settings.learning)

    def _draw_seed(self) -> int:
        return int(self.rng.integers(2**31))

    def _state(self) -> State:
        return {
            "buffer": self._buffer.get_state(),
            "queries": self._queries,
            "new": self._new,
            "explore": self._explore.to_json(),
            "learned": self._learned and {name: pack(arrays) for name, arrays in self._learned.items()},
            "screen": self._screen.get_state(),
            "curve": [dict(row) for row in self._curve],
        }

    def _restore(self, state: Mapping[str, Any]) -> None:
        self._buffer.set_state(state["buffer"])
        self._queries, self._new = state["queries"], state["new"]
        self._explore = Schedule.from_json(state["explore"])
        learned = state["learned"]
        self._learned = learned and {name: unpack(packed) for name, packed in learned.items()}
        self._screen.set_state(state["screen"])
        self._curve = [dict(row) for row in state["curve"]]


def _explore_first(queries: int) -> Schedule:
    return Schedule(((0, 1.0), (queries, 0.0)))


def _plain(options: Mapping[str, Any]) -> dict[str, Any]:
    """Returns options as JSON values."""
    return {
        name: value.to_json() if isinstance(value, Schedule) else list(value) if isinstance(value, tuple) else value
        for name, value in options.items()
    }

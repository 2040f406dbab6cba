"""`WalkingSearch`: a policy whose actions are points, near which it finds candidates."""

from __future__ import annotations

import abc
import math
from typing import Any, Mapping, Sequence

import numpy as np

from tfnas.architecture import Architecture
from tfnas.checks import check_positive
from tfnas.errors import ConfigError
from tfnas.models.autoencoder.config import check_real
from tfnas.models.autoencoder.graph_form import GraphForm
from tfnas.spaces.base import SearchSpace
from tfnas.state import pack, unpack
from tfnas.strategies.base import State
from tfnas.strategies.latent.choosing import ChoosingSearch
from tfnas.trial import Proposal, Trial

WALKS = ("absolute", "local")

Step = dict[str, Any]
"""Of an episode: the architecture it began ``at``, the ``action``, and the ``key`` of what was proposed."""

_ROUNDING = 1e-4
"""Share by which squared distances to points differ that an encoder cannot tell apart. Of such points the first is
taken, which rounding cannot change."""


class WalkingSearch(ChoosingSearch, abc.ABC):
    """REINFORCE with an LSTM whose actions are points, over `Candidates`; see `LatentRL` for the loop.

    Subclasses say what the points are and what learns.

    Args:
        space: The space to search.
        form: Of the graphs that become points.
        steps: Number of proposals an episode.
        hidden: Size of the LSTM's state.
        rate: Learning rate of Adam.
        discount: Factor of a reward one step later.
        walk: ``"absolute"``, where actions are points and episodes begin where the last one ended, as in the paper, or
            ``"local"``, where actions are steps from the last point, in units of how wide the points lie, and episodes
            begin at the best network so far. The latter is not in the paper.
        deviation: Standard deviation of an action, in the unit of the walk.
        initial, pool, seed, dedupe: See `ChoosingSearch`.
        **arguments: The subclass's own arguments.

    Raises:
        ConfigError: If an argument cannot work.
    """

    def __init__(
        self,
        space: SearchSpace,
        form: GraphForm,
        *,
        initial: int,
        steps: int,
        hidden: int,
        rate: float,
        discount: float,
        walk: str,
        deviation: float,
        pool: int,
        seed: int,
        dedupe: str,
        **arguments: Any,
    ) -> None:
        check_positive(steps=steps, hidden=hidden)
        check_real("deviation", deviation, math.ulp(0.0))
        if walk not in WALKS:
            raise ConfigError("walk", expected=" or ".join(map(repr, WALKS)), received=repr(walk))
        if not 0 < rate < 1 or not 0 <= discount <= 1:
            raise ConfigError(
                "rate and discount", expected="between 0 and 1, and from 0 to 1", received=f"{rate!r}, {discount!r}"
            )
        super().__init__(
            space,
            form,
            initial=initial,
            pool=pool,
            seed=seed,
            dedupe=dedupe,
            steps=steps,
            hidden=hidden,
            rate=rate,
            discount=discount,
            walk=walk,
            deviation=deviation,
            **arguments,
        )
        self.steps, self.hidden, self.rate, self.discount = steps, hidden, rate, discount
        self._is_local, self._deviation = walk == "local", deviation
        self._made: Any = None
        self._at: Architecture | None = None  # where the policy is
        self._path: list[Step] = []  # the episode
        self._waiting: list[list[Step]] = []  # episodes without all outcomes
        self._outcomes: dict[str, float | None] = {}

    @abc.abstractmethod
    def _make(self) -> Any:
        """Returns what learns; its ``state`` are all its variables, and it has a ``policy``."""

    @abc.abstractmethod
    def _means(self, archs: Sequence[Architecture]) -> np.ndarray:
        """Returns the policy's mean after a way over T members. [D]."""

    @abc.abstractmethod
    def _points(self) -> np.ndarray:
        """Returns the points of all candidates. Float32, [C, D]."""

    @abc.abstractmethod
    def _learn_from(self, archs: Sequence[Architecture], actions: np.ndarray, advantages: np.ndarray) -> None:
        """Learns from an episode: the members where its steps began, actions [T, D], advantages [T]."""

    @property
    def _learner(self) -> Any:
        if self._made is None:
            self._made = self._make()
            self._measure()
        return self._made

    def _measure(self) -> None:
        """Tells the policy how wide the points lie."""
        if self._is_local:
            self._learner.policy.measure(self._points())

    def _propose(self, n: int) -> list[Proposal]:
        proposals: list[Proposal] = []
        for _ in range(n):
            more = super()._propose(1)
            if not more:
                break
            self._at = more[0].architecture
            proposals += more
        return proposals

    def _next(self) -> Proposal | None:
        rows = self._candidates.open_rows()
        if self._at is None or not len(rows):
            return None
        self._learn_from_episodes()
        if self._is_local and not self._path:
            self._at = self._observed[int(np.argmax(self._values))]
        mean = self._means([Architecture.from_dict(step["at"]) for step in self._path] + [self._at])
        action = (mean + self._learner.policy.deviation * self.rng.standard_normal(mean.shape)).astype(np.float32)
        distance = ((self._points()[rows] - action) ** 2).sum(1)
        nearest = np.flatnonzero(distance <= (1 + _ROUNDING) * distance.min())[0]
        arch = self._candidates.archs[rows[nearest]]
        self._path.append({"at": self._at.to_dict(), "action": action.tolist(), "key": self.seen.key(arch)})
        if len(self._path) == self.steps:
            self._waiting.append(self._path)
            self._path = []
        return Proposal(arch, "policy")

    def _learn_from_episodes(self) -> None:
        """Learns from each episode, in order, whose outcomes are all known."""
        while self._waiting and all(step["key"] in self._outcomes for step in self._waiting[0]):
            episode = self._waiting.pop(0)
            if np.ptp(self._values) == 0:
                continue
            mean, deviation, worst = np.mean(self._values), np.std(self._values), min(self._values)
            found = [self._outcomes[step["key"]] for step in episode]
            rewards = [float(((worst if value is None else value) - mean) / deviation) for value in found]
            self._learn_from(
                [Architecture.from_dict(step["at"]) for step in episode],
                np.array([step["action"] for step in episode], np.float32),
                discounted(rewards, self.discount),
            )
            self._measure()

    def _learn(self, trials: Sequence[Trial]) -> None:
        super()._learn(trials)
        for trial in trials:
            self._outcomes.setdefault(self.seen.key(trial.architecture), trial.objective)

    def _state(self) -> State:
        made = self._made
        return {
            **super()._state(),
            "at": self._at and self._at.to_dict(),
            "path": [dict(step) for step in self._path],
            "waiting": [[dict(step) for step in episode] for episode in self._waiting],
            "outcomes": dict(self._outcomes),
            "learner": None if made is None else pack([np.asarray(variable.numpy()) for variable in made.state]),
        }

    def _restore(self, state: Mapping[str, Any]) -> None:
        super()._restore(state)
        self._at = state["at"] and Architecture.from_dict(state["at"])
        self._outcomes = dict(state["outcomes"])
        self._path = [dict(step) for step in state["path"]]
        self._waiting = [[dict(step) for step in episode] for episode in state["waiting"]]
        self._made = None
        if state["learner"] is not None:
            for variable, array in zip(self._learner.state, unpack(state["learner"])):
                variable.assign(array)


def discounted(rewards: Sequence[float], discount: float) -> np.ndarray:
    """Returns for each step the sum of the rewards from it on, each times the discount to the power of its distance."""
    total, found = 0.0, []
    for reward in reversed(rewards):
        total = reward + discount * total
        found.append(total)
    return np.array(found[::-1], np.float32)

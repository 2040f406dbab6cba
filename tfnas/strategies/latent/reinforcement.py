"""`LatentRL`: a policy that walks through the embeddings of an autoencoder."""

from __future__ import annotations

import pathlib
from typing import TYPE_CHECKING, Any, Mapping, Sequence

import numpy as np

from tfnas.checks import check_positive
from tfnas.errors import ConfigError
from tfnas.models.autoencoder import GraphAutoencoder
from tfnas.spaces.base import SearchSpace
from tfnas.state import pack, unpack
from tfnas.strategies.base import State, Strategy
from tfnas.strategies.latent.bayesian import recorded
from tfnas.strategies.latent.candidates import Candidates, trained
from tfnas.trial import Proposal, Trial

if TYPE_CHECKING:
    from tfnas.strategies.latent.policy import Policy


class LatentRL(Strategy):
    """REINFORCE with an LSTM whose actions are points (arch2vec, section 3.3.1 and appendix A).

    An episode begins at the point of the last proposal, with a new LSTM state. At each step the policy draws a point,
    and the nearest candidate by L2 distance that was not proposed yet is proposed; its point is the next one. When all
    outcomes of the steps of an episode are known, the policy makes one step of Adam on them.

    The reward is how many standard deviations an outcome is above the mean of all known ones, and advantages are
    discounted sums of rewards; a failure counts as the worst outcome so far. Deviations: the paper subtracts a
    constant, .95, which only fits accuracies near it; the published code computes discounted sums and then overwrites
    them, and takes the second nearest candidate at the start.

    Args:
        space: The space to search.
        autoencoder: A trained one for the space, or the folder that one was saved to.
        initial: Number of random proposals at the start.
        steps: Number of proposals an episode.
        hidden: Size of the LSTM's state.
        rate: Learning rate of Adam.
        discount: Factor of a reward one step later.
        pool: Number of candidates where a space has more than 500,000 members.
        seed: Seed of all randomness.
        dedupe: What counts as a repeat, and as one candidate; see `Strategy`.

    Raises:
        ConfigError: If an argument cannot work.
        StateError: If the folder has no autoencoder.
    """

    name = "latent_rl"
    is_slow = True

    def __init__(
        self,
        space: SearchSpace,
        autoencoder: GraphAutoencoder | pathlib.Path | str,
        *,
        initial: int = 16,
        steps: int = 16,
        hidden: int = 128,
        rate: float = 1e-2,
        discount: float = 0.8,
        pool: int = 50_000,
        seed: int = 0,
        dedupe: str = "canonical",
    ) -> None:
        check_positive(initial=initial, steps=steps, hidden=hidden, pool=pool)
        if not 0 < rate < 1 or not 0 <= discount <= 1:
            raise ConfigError(
                "rate and discount", expected="between 0 and 1, and from 0 to 1", received=f"{rate!r}, {discount!r}"
            )
        super().__init__(
            space,
            seed=seed,
            dedupe=dedupe,
            autoencoder=recorded(autoencoder),
            initial=initial,
            steps=steps,
            hidden=hidden,
            rate=rate,
            discount=discount,
            pool=pool,
        )
        self.initial, self.steps, self.discount = initial, steps, discount
        self._candidates = Candidates(trained(autoencoder, space), self.seen, pool, seed)
        self._policy_sizes = hidden, rate
        self._policy_made: Policy | None = None
        self._values: list[float] = []
        self._at: int | None = None  # the candidate whose point is the policy's
        self._path: list[dict[str, Any]] = []  # the episode: points, actions, keys
        self._waiting: list[list[dict[str, Any]]] = []  # episodes without all outcomes
        self._outcomes: dict[str, float | None] = {}

    def _propose(self, n: int) -> list[Proposal]:
        proposals: list[Proposal] = []
        while len(proposals) < n:
            proposal = self._random() if len(self.seen) < self.initial else self._step()
            if proposal is None:
                break
            proposals.append(proposal)
        return proposals

    def _random(self) -> Proposal | None:
        open_rows = np.flatnonzero(self._candidates.is_open)
        if not len(open_rows):
            arch = self._random_unseen()
            return None if arch is None else Proposal(arch, "random")
        return self._proposal(int(self.rng.choice(open_rows)), "random")

    def _step(self) -> Proposal | None:
        open_rows = np.flatnonzero(self._candidates.is_open)
        if self._at is None or not len(open_rows):
            return self._random()
        self._learn_from_episodes()
        points = [step["point"] for step in self._path] + [self._candidates.points[self._at].tolist()]
        mean = self._policy.means(np.array(points, np.float32)).numpy()[-1]
        action = (mean + self.rng.standard_normal(mean.shape)).astype(np.float32)
        distance = ((self._candidates.points[open_rows] - action) ** 2).sum(1)
        row = int(open_rows[np.argmin(distance)])
        key = self.seen.key(self._candidates.archs[row])
        self._path.append({"point": points[-1], "action": action.tolist(), "key": key})
        if len(self._path) == self.steps:
            self._waiting.append(self._path)
            self._path = []
        return self._proposal(row, "policy")

    def _learn_from_episodes(self) -> None:
        """Makes a step of Adam for each episode, in order, whose outcomes are all known."""
        while self._waiting and all(step["key"] in self._outcomes for step in self._waiting[0]):
            episode = self._waiting.pop(0)
            if len(self._values) < 2 or np.ptp(self._values) == 0:
                continue
            mean, deviation, worst = np.mean(self._values), np.std(self._values), min(self._values)
            found = [self._outcomes[step["key"]] for step in episode]
            rewards = [float(((worst if value is None else value) - mean) / deviation) for value in found]
            from tfnas.strategies.latent.policy import discounted

            self._policy.learn(
                np.array([step["point"] for step in episode], np.float32),
                np.array([step["action"] for step in episode], np.float32),
                discounted(rewards, self.discount),
            )

    @property
    def _policy(self) -> Policy:
        if self._policy_made is None:
            # Imported here: TensorFlow takes seconds to load.
            from tfnas.strategies.latent.policy import Policy

            self._policy_made = Policy(self._candidates.points.shape[1], *self._policy_sizes, self.seed)
        return self._policy_made

    def _proposal(self, row: int, source: str) -> Proposal:
        arch = self._candidates.archs[row]
        self.seen.add(arch)
        self._candidates.close(arch)
        self._at = row
        return Proposal(arch, source)

    def _learn(self, trials: Sequence[Trial]) -> None:
        for trial in trials:
            self._candidates.close(trial.architecture)
            self._outcomes.setdefault(self.seen.key(trial.architecture), trial.objective)
            if trial.objective is not None:
                self._values.append(trial.objective)

    def _state(self) -> State:
        made = self._policy_made
        return {
            "values": list(self._values),
            "at": self._at,
            "path": [dict(step) for step in self._path],
            "waiting": [[dict(step) for step in episode] for episode in self._waiting],
            "outcomes": dict(self._outcomes),
            "policy": None if made is None else pack([np.asarray(variable.numpy()) for variable in made.state]),
        }

    def _restore(self, state: Mapping[str, Any]) -> None:
        self._values, self._at, self._outcomes = list(state["values"]), state["at"], dict(state["outcomes"])
        self._path = [dict(step) for step in state["path"]]
        self._waiting = [[dict(step) for step in episode] for episode in state["waiting"]]
        self._policy_made = None
        if state["policy"] is not None:
            for variable, array in zip(self._policy.state, unpack(state["policy"])):
                variable.assign(array)
        self._candidates.read()

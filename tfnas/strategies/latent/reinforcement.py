"""`LatentRL`: a policy that walks through the embeddings of an autoencoder."""

from __future__ import annotations

from typing import Any, Sequence

import numpy as np

from tfnas.architecture import Architecture
from tfnas.spaces.base import SearchSpace
from tfnas.strategies.latent.encoders import Encoder, chosen, recorded, trained
from tfnas.strategies.latent.walking import WalkingSearch


class LatentRL(WalkingSearch):
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
        autoencoder: A trained one for the space, the folder that one was saved to, or the name of one in
            `tfnas.saved_models`; the first of those for the space by default.
        initial, steps, hidden, rate, discount, walk, deviation, pool, seed, dedupe: See `WalkingSearch`.

    Raises:
        ConfigError: If an argument cannot work.
        StateError: If the folder has no autoencoder.
    """

    name = "latent_rl"
    is_slow = True

    def __init__(
        self,
        space: SearchSpace,
        autoencoder: Encoder | None = None,
        *,
        initial: int = 16,
        steps: int = 16,
        hidden: int = 128,
        rate: float = 1e-2,
        discount: float = 0.8,
        walk: str = "absolute",
        deviation: float = 1.0,
        pool: int = 50_000,
        seed: int = 0,
        dedupe: str = "canonical",
    ) -> None:
        autoencoder = chosen(autoencoder, space)
        self._autoencoder = trained(autoencoder, space)
        super().__init__(
            space,
            self._autoencoder.form,
            initial=initial,
            steps=steps,
            hidden=hidden,
            rate=rate,
            discount=discount,
            walk=walk,
            deviation=deviation,
            pool=pool,
            seed=seed,
            dedupe=dedupe,
            autoencoder=recorded(autoencoder),
        )
        self._embedded: np.ndarray | None = None

    def _make(self) -> Any:
        # Imported here: TensorFlow takes seconds to load.
        from tfnas.strategies.latent.policy import Policy, PolicyLearner

        width = self._points().shape[1]
        return PolicyLearner(Policy(width, self.hidden, self.seed, self._deviation, self._is_local), self.rate)

    def _means(self, archs: Sequence[Architecture]) -> np.ndarray:
        return self._learner.policy.means(self._points_of(archs)).numpy()[-1]

    def _points(self) -> np.ndarray:
        if self._embedded is None:
            self._embedded = self._autoencoder.embed(self._candidates.graphs).astype(np.float32)
        return self._embedded

    def _learn_from(self, archs: Sequence[Architecture], actions: np.ndarray, advantages: np.ndarray) -> None:
        self._learner.learn(self._points_of(archs), actions, advantages)

    def _points_of(self, archs: Sequence[Architecture]) -> np.ndarray:
        return self._autoencoder.embed(self._candidates.graphs_of(archs)).astype(np.float32)

"""`SupervisedRL`: a policy that walks through embeddings that its own rewards shape."""

from __future__ import annotations

from typing import Any, Mapping, Sequence

import numpy as np

from tfnas.architecture import Architecture
from tfnas.models.autoencoder.forms import form_of
from tfnas.models.supervised_encoder import SupervisedEncoderConfig
from tfnas.spaces.base import SearchSpace
from tfnas.strategies.latent.walking import WalkingSearch


class SupervisedRL(WalkingSearch):
    """The supervised counterpart of `LatentRL` in arch2vec's tables 2 and 3 (section 4.2).

    The loop, the rewards and the LSTM are those of `LatentRL`; the points are those of an encoder like arch2vec's, with
    tanh and the mean over nodes, that starts untrained. One loss trains both, the policy's: after each episode one step
    of Adam goes up the discounted advantages times the log-probabilities of the actions, in the weights of the LSTM and
    in those of the encoder, which the loss reaches through the points that the LSTM read. Nothing is regressed on
    values. Then all candidates have new points. Batch normalisation goes by the networks measured so far.

    The paper says that representation and search are optimised jointly, with the hyper-parameters of arch2vec, and no
    more.

    Args:
        space: A space of one component; of DARTS that with one cell, ``darts,shared=True``.
        layers: Sizes of the encoder's layers.
        latent: Size of a point.
        initial, steps, hidden, rate, discount, walk, deviation, pool, seed, dedupe: See `WalkingSearch`.

    Raises:
        ConfigError: If an argument cannot work, or the space has several components.
    """

    name = "supervised_rl"
    is_slow = True

    def __init__(
        self,
        space: SearchSpace,
        *,
        layers: Sequence[int] = (128, 128, 128, 128),
        latent: int = 16,
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
        sizes = tuple(layers) if isinstance(layers, list) else layers
        self._config = SupervisedEncoderConfig(layers=sizes, latent=latent)
        super().__init__(
            space,
            form_of(space),
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
            layers=list(self._config.layers),
            latent=latent,
        )
        self._embedded: np.ndarray | None = None

    def _make(self) -> Any:
        # Imported here: TensorFlow takes seconds to load.
        from tfnas.models.supervised_encoder.network import SupervisedEncoder
        from tfnas.strategies.latent.policy import Policy
        from tfnas.strategies.supervised.policy import JointLearner

        policy = Policy(self._config.latent, self.hidden, self.seed, self._deviation, self._is_local)
        learner = JointLearner(policy, SupervisedEncoder(self._form, self._config), self.rate, self.seed)
        learner.encoder.settle(self._candidates.graphs_of(self._observed))
        return learner

    def _means(self, archs: Sequence[Architecture]) -> np.ndarray:
        points = self._learner.encoder.embed(self._candidates.graphs_of(archs))
        return self._learner.policy.means(points).numpy()[-1]

    def _points(self) -> np.ndarray:
        if self._embedded is None:
            self._embedded = self._learner.encoder.embed(self._candidates.graphs)
        return self._embedded

    def _learn_from(self, archs: Sequence[Architecture], actions: np.ndarray, advantages: np.ndarray) -> None:
        self._learner.learn(*self._candidates.graphs_of(archs), actions, advantages)
        self._learner.encoder.settle(self._candidates.graphs_of(self._observed))
        self._embedded = None

    def _restore(self, state: Mapping[str, Any]) -> None:
        super()._restore(state)
        self._embedded = None  # of an encoder that had other weights

"""`SupervisedBO`: Bayesian optimisation on what an encoder learns from the measured networks."""

from __future__ import annotations

from typing import Sequence

import numpy as np

from tfnas.architecture import Architecture
from tfnas.models.autoencoder.forms import form_of
from tfnas.models.autoencoder.graph_form import GraphArrays
from tfnas.models.dngo import linear_covariances
from tfnas.models.supervised_encoder import SupervisedEncoderConfig, SupervisedRegressor
from tfnas.spaces.base import SearchSpace
from tfnas.strategies.latent.beliefs import Beliefs
from tfnas.strategies.latent.improvement import ImprovementSearch


class SupervisedBO(ImprovementSearch):
    """The supervised counterpart of `LatentBO` in arch2vec's tables 2 and 3 (section 4.2).

    Starts, candidates, batches and expected improvement are those of `LatentBO`; only the embeddings differ. An encoder
    like arch2vec's is trained anew at each fit, jointly with a linear output, on the networks measured so far, and
    Bayesian linear regression on its vectors says what to believe; see `SupervisedRegressor`.

    Corrected: the published code computes ``mean - best / sigma`` where ``(mean - best) / sigma`` belongs, takes the
    variance for the standard deviation, improves on a constant, .95, and proposes candidates that it has measured.

    Args:
        space: A space of one component; of DARTS that with one cell, ``darts,shared=True``.
        layers: Sizes of the encoder's layers.
        latent: Size of a graph's vector.
        epochs: Passes over the measured networks in each fit.
        rate: Learning rate of Adam.
        initial, batch, batching, pool, seed, dedupe: See `ImprovementSearch`.

    Raises:
        ConfigError: If an argument cannot work, or the space has several components.
    """

    name = "supervised_bo"
    is_slow = True

    def __init__(
        self,
        space: SearchSpace,
        *,
        layers: Sequence[int] = (128, 128, 128, 128),
        latent: int = 16,
        epochs: int = 100,
        rate: float = 1e-2,
        initial: int = 16,
        batch: int = 5,
        batching: str = "top",
        pool: int = 50_000,
        seed: int = 0,
        dedupe: str = "canonical",
    ) -> None:
        sizes = tuple(layers) if isinstance(layers, list) else layers
        config = SupervisedEncoderConfig(layers=sizes, latent=latent, epochs=epochs, rate=rate)
        super().__init__(
            space,
            form_of(space),
            initial=initial,
            batch=batch,
            batching=batching,
            pool=pool,
            seed=seed,
            dedupe=dedupe,
            layers=list(config.layers),
            latent=latent,
            epochs=epochs,
            rate=rate,
        )
        self._regressor = SupervisedRegressor(self._form, config)

    def _fit(self, archs: Sequence[Architecture], values: np.ndarray, seed: int) -> None:
        self._regressor.fit(self._candidates.graphs_of(archs), values, seed=seed)

    def _beliefs(self, rows: np.ndarray, others: Sequence[Architecture]) -> Beliefs:
        graphs = self._candidates.graphs.take(rows)
        if others:
            graphs = GraphArrays(*map(np.concatenate, zip(graphs, self._candidates.graphs_of(others))))
        vectors, regressor = self._regressor.vectors(graphs), self._regressor
        belief, precisions = regressor.predict(vectors), regressor.precisions
        if precisions is None:
            return Beliefs(belief.mean(), belief.stddev(), lambda point: np.zeros(len(vectors)))
        return Beliefs(belief.mean(), belief.stddev(), linear_covariances(regressor.fitted, vectors, *precisions))

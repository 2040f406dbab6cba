"""`LatentBO`: Bayesian optimisation on the embeddings of an autoencoder."""

from __future__ import annotations

from typing import Sequence

import numpy as np

from tfnas.architecture import Architecture
from tfnas.errors import ConfigError
from tfnas.models.dngo import DNGO, DNGOConfig
from tfnas.models.predictors import Surrogate
from tfnas.models.sparse_gp import SparseGP
from tfnas.spaces.base import SearchSpace
from tfnas.strategies.latent.beliefs import Beliefs
from tfnas.strategies.latent.encoders import Encoder, chosen, recorded, trained
from tfnas.strategies.latent.improvement import ImprovementSearch

_SURROGATES = {"dngo": lambda: DNGO(DNGOConfig(standardizes_values=True)), "sparse_gp": SparseGP}


class LatentBO(ImprovementSearch):
    """Proposes what a surrogate on embeddings expects to improve most (arch2vec, section 3.3.2).

    The first proposals are random. Then a surrogate is fitted to all that was measured, from scratch, and `batch`
    candidates that were not proposed yet are proposed, one after the other; then it is fitted again. With
    ``batching="top"``, as in the paper, these are the ones of largest expected improvement, each by itself, and the
    value to improve on is the best one measured. With ``"believer"`` each is chosen as if those before it, and earlier
    proposals whose outcome is unknown, had measured what is expected of them; see `best_believed`. The surrogate is
    conditioned for that, not fitted again.

    Corrected, beside the surrogate: the published search improves on a constant, .95, and proposes candidates that it
    has measured.

    Args:
        space: The space to search.
        autoencoder: A trained one for the space, the folder that one was saved to, or the name of one in
            `tfnas.saved_models`; the first of those for the space by default.
        surrogate: ``"dngo"`` or ``"sparse_gp"``.
        initial, batch, batching, pool, seed, dedupe: See `ImprovementSearch`.

    Raises:
        ConfigError: If an argument cannot work.
        StateError: If the folder has no autoencoder.
    """

    name = "latent_bo"
    is_slow = True

    def __init__(
        self,
        space: SearchSpace,
        autoencoder: Encoder | None = None,
        *,
        surrogate: str = "dngo",
        initial: int = 16,
        batch: int = 5,
        batching: str = "top",
        pool: int = 50_000,
        seed: int = 0,
        dedupe: str = "canonical",
    ) -> None:
        if surrogate not in _SURROGATES:
            raise ConfigError("surrogate", expected=" or ".join(map(repr, _SURROGATES)), received=repr(surrogate))
        autoencoder = chosen(autoencoder, space)
        self._autoencoder = trained(autoencoder, space)
        super().__init__(
            space,
            self._autoencoder.form,
            initial=initial,
            batch=batch,
            batching=batching,
            pool=pool,
            seed=seed,
            dedupe=dedupe,
            autoencoder=recorded(autoencoder),
            surrogate=surrogate,
        )
        self._surrogate: Surrogate = _SURROGATES[surrogate]()
        self._embedded: np.ndarray | None = None

    def _fit(self, archs: Sequence[Architecture], values: np.ndarray, seed: int) -> None:
        self._surrogate.fit(self._points_of(archs), values, seed=seed)

    def _beliefs(self, rows: np.ndarray, others: Sequence[Architecture]) -> Beliefs:
        if self._embedded is None:
            self._embedded = self._autoencoder.embed(self._candidates.graphs)
        points = self._embedded[rows]
        if others:
            points = np.concatenate([points, self._points_of(others)])
        belief = self._surrogate.predict(points)
        return Beliefs(belief.mean().numpy(), belief.stddev().numpy(), self._surrogate.covariances(points))

    def _points_of(self, archs: Sequence[Architecture]) -> np.ndarray:
        return self._autoencoder.embed(self._candidates.graphs_of(archs))

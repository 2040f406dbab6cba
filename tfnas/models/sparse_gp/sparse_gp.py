"""`SparseGP`: a Gaussian process that looks at many points through a few."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tfnas.models.predictors import Columns, Standardization, Surrogate, Terms
from tfnas.models.sparse_gp.config import SparseGPConfig

if TYPE_CHECKING:
    from tfnas.models.sparse_gp.variational import VariationalProcess

_PAIRS = 1000
"""Points between which the first length scale is measured, at most."""

_CLUSTERED = 4096
"""Points in a step of k-means."""


class SparseGP(Surrogate):
    """A variational Gaussian process (Titsias, 2009; Hensman et al., 2013) with a length scale for each coordinate.

    The sparse Gaussian process of D-VAE's Bayesian optimisation and of SVGe's (section IV-D): inducing points start at
    points drawn at random, squared length scales at half of the median squared distance, signal and noise at one;
    values are standardised inside. Deviations: the published code maximises an energy of the expectation propagation
    family, this a variational bound, for which TensorFlow Probability has the parts. And the posterior over the
    inducing values starts at its optimum for the first length scales: a hundred steps of 5e-4 are too short a way
    from anywhere else. Ours: ``"optimal_variational_posterior"``, ``"refined"`` and ``"k-means"``.

    Args:
        config: Method, sizes and training; the papers' by default.
    """

    def __init__(self, config: SparseGPConfig | None = None) -> None:
        self.config = SparseGPConfig() if config is None else config
        self._process: VariationalProcess | None = None

    def _fit(self, x: np.ndarray, y: np.ndarray, seed: int) -> None:
        # Imported here: TensorFlow takes seconds to load.
        from tfnas.models.sparse_gp.hyperparameters import Hyperparameters, most_likely
        from tfnas.models.sparse_gp.variational import VariationalProcess

        rng = np.random.default_rng(seed)
        self.units = Standardization.of(y)
        y = self.units.apply(y)
        inducing = x[np.sort(rng.permutation(len(x))[: self.config.inducing])]
        if self._process is None or self._process.shape != inducing.shape:
            self._process = VariationalProcess(inducing.shape, self.config)
        found = Hyperparameters.first(x[rng.permutation(len(x))[:_PAIRS]])
        if self.config.method != "adam":
            rows = rng.permutation(len(x))[: self.config.subset]
            found = most_likely(found, x[rows], y[rows])
        if self.config.placement == "k-means":
            inducing = _centres(inducing, x, np.exp(found.scales), rng)
        self._process.start(found, inducing, x, y)
        if self.config.method != "optimal_variational_posterior":
            self._process.fit(x, y, rng)

    def _predict(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return self.units.undo(*self._process.predict(x))

    def _predict_tensor(self, x: Any) -> tuple[Any, Any]:
        return self.units.undo(*self._process.predict_tensor(x))

    def _covariances(self, x: np.ndarray) -> Columns:
        return self._process.covariances(x)

    def _terms(self) -> Terms:
        return self._process.terms()

    def features(self, x: Any, terms: Terms) -> Any:
        return self._process.features(x, terms)


def _centres(first: np.ndarray, x: np.ndarray, scales: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Returns the centres of clusters of points, as k-means has them from some first centres. [M, D]."""
    from sklearn.cluster import MiniBatchKMeans

    clusters = MiniBatchKMeans(
        len(first), init=first / scales, n_init=1, batch_size=_CLUSTERED, random_state=int(rng.integers(2**31))
    )
    return clusters.fit(x / scales).cluster_centers_ * scales

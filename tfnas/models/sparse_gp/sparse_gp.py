"""`SparseGP`: a Gaussian process that looks at many points through a few."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tfnas.models.predictors import Predictor, Standardization
from tfnas.models.sparse_gp.config import SparseGPConfig

if TYPE_CHECKING:
    from tfnas.models.sparse_gp.variational import VariationalProcess

_PAIRS = 1000
"""Points between which the first length scale is measured, at most."""


class SparseGP(Predictor):
    """A variational Gaussian process (Titsias, 2009; Hensman et al., 2013) with a length scale for each coordinate.

    The sparse Gaussian process of D-VAE's Bayesian optimisation and of SVGe's (section IV-D): inducing points start at
    points drawn at random, squared length scales at half of the median squared distance, signal and noise at one;
    values are standardised inside. Deviations: the published code maximises an energy of the expectation propagation
    family, this a variational bound, for which TensorFlow Probability has the parts. And the posterior over the
    inducing values starts at its optimum for the first length scales: a hundred steps of 5e-4 are too short a way
    from anywhere else.

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
        self._values = Standardization.of(y)
        y = self._values.apply(y)
        inducing = x[np.sort(rng.permutation(len(x))[: self.config.inducing])]
        if self._process is None or self._process.shape != inducing.shape:
            self._process = VariationalProcess(inducing.shape, self.config)
        first = Hyperparameters.first(x[rng.permutation(len(x))[:_PAIRS]])
        if self.config.method == "adam":
            self._process.start(first, inducing, x, y)
            self._process.fit(x, y, rng)
        else:
            rows = rng.permutation(len(x))[: self.config.subset]
            self._process.start(most_likely(first, x[rows], y[rows]), inducing, x, y)

    def _predict(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return self._values.undo(*self._process.predict(x))

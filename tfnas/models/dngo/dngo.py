"""`DNGO`: deep networks for global optimisation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tfnas._keras import tensorflow
from tfnas.models.dngo.config import DNGOConfig
from tfnas.models.dngo.linear_regression import LinearRegression
from tfnas.models.predictors import Columns, Standardization, Surrogate, Terms

if TYPE_CHECKING:
    from tfnas.models.dngo.network import BasisNetwork

_CHUNK = 65_536
"""Points that are predicted at once."""


class DNGO(Surrogate):
    """Adaptive basis regression (Snoek et al., ICML 2015) as arch2vec uses it, section 3.3.2 and appendix A.

    A network of tanh units is fitted to the values; then Bayesian linear regression on its last hidden layer gives
    means and uncertainty. Unlike a Gaussian process it costs no more than linear time in the number of points. As in
    arch2vec, the precisions of the regression maximise its evidence, where the reference averages over samples.

    Corrected: scales of beliefs are standard deviations; the published search hands variances to the expected
    improvement. The regression is on what the network's last bias leaves of the values; published, that bias is
    forgotten, and where values are not standardised the basis functions may be unable to make up for it. An epoch uses
    all points; the published one drops those that fill no batch. The evidence, see `LinearRegression`.

    Args:
        config: Sizes and training; arch2vec's by default, see also `REFERENCE`.
    """

    def __init__(self, config: DNGOConfig | None = None) -> None:
        self.config = DNGOConfig() if config is None else config
        self._network: BasisNetwork | None = None

    def _fit(self, x: np.ndarray, y: np.ndarray, seed: int) -> None:
        # Imported here: TensorFlow takes seconds to load.
        from tfnas.models.dngo.network import BasisNetwork

        if self._network is None or self._network.width != x.shape[1]:
            self._network = BasisNetwork(x.shape[1], self.config)
        self._points = Standardization.of(x)
        self.units = Standardization.of(y) if self.config.standardizes_values else Standardization(0.0, 1.0)
        x, y = self._points.apply(x), self.units.apply(y)
        self._network.fit(x, y, seed)
        self._constant = self._network.constant
        self._regression = LinearRegression(self._network.basis(x), y - self._constant)

    def _predict(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        parts = []
        for start in range(0, len(x), _CHUNK):
            basis = self._network.basis(self._points.apply(x[start : start + _CHUNK]))
            parts.append(self._regression.predict(basis, includes_noise=self.config.includes_noise))
        mean, deviation = (np.concatenate(part) for part in zip(*parts))
        return self.units.undo(mean + self._constant, deviation)

    def _predict_tensor(self, x: Any) -> tuple[Any, Any]:
        tf, regression = tensorflow(), self._regression
        basis = self._network.basis_tensor(self._points.apply(x))
        mean = tf.linalg.matvec(basis, regression.mean) + self._constant
        along = tf.matmul(basis, tf.constant(regression.directions), transpose_b=True)
        noise = 1 / regression.beta if self.config.includes_noise else 0.0
        return self.units.undo(mean, tf.sqrt(tf.linalg.matvec(along**2, regression.variances) + noise))

    def _covariances(self, x: np.ndarray) -> Columns:
        return self._regression.covariances(self._network.basis(self._points.apply(x)))

    def _terms(self) -> Terms:
        points, regression = self._points, self._regression
        return Terms(
            shift=points.mean,
            scale=points.deviation,
            centres=np.zeros([0, len(points.mean)]),
            prior=0.0,
            constant=self._constant,
            weights=regression.mean,
            known=-(regression.directions.T * regression.variances @ regression.directions),
        )

    def features(self, x: Any, terms: Terms) -> Any:
        return self._network.basis_tensor(x)

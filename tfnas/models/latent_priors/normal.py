"""`Standard`, `Scaled` and `Gaussian`: one normal distribution."""

from __future__ import annotations

from typing import Any

import numpy as np

from tfnas.errors import ConfigError
from tfnas.models.autoencoder.config import check_real
from tfnas.models.latent_priors.prior import LatentPrior


class Standard(LatentPrior):
    """N(0, I), the prior that autoencoders are trained towards."""

    name = "standard"

    @staticmethod
    def learn(points: np.ndarray, deviations: np.ndarray | None, *, seed: int) -> dict[str, np.ndarray]:
        return {"mean": np.zeros(points.shape[1]), "deviation": np.ones(points.shape[1])}

    def _flat(self, tfp: Any) -> Any:
        return tfp.distributions.MultivariateNormalDiag(self._arrays["mean"], self._arrays["deviation"])


class Scaled(LatentPrior):
    """A normal distribution with the mean and the standard deviation that each coordinate of the points has.

    What D-VAE and SVGe (section IV-A) draw points from, with the means of the training graphs: "N(0, I) times the
    standard deviation plus the mean". With deviations of posteriors their mean square adds to the variance.

    Coordinates that never change would have no density, so deviations are at least a millionth of the largest one.
    """

    name = "scaled"

    @staticmethod
    def learn(points: np.ndarray, deviations: np.ndarray | None, *, seed: int) -> dict[str, np.ndarray]:
        variances = points.var(0) + (0.0 if deviations is None else np.square(deviations).mean(0))
        deviation = np.sqrt(variances)
        return {"mean": points.mean(0), "deviation": np.maximum(deviation, _LEAST * deviation.max())}

    _flat = Standard._flat


class Gaussian(LatentPrior):
    """A normal distribution with the mean and the covariance of the points.

    Options:
        floor: What is added to all variances, in units of their mean; 1e-6 by default.
    """

    name = "gaussian"

    @staticmethod
    def learn(
        points: np.ndarray, deviations: np.ndarray | None, *, seed: int, floor: float = 1e-6
    ) -> dict[str, np.ndarray]:
        check_real("floor", floor, 0.0)
        covariance = np.atleast_2d(np.cov(points, rowvar=False, bias=True))
        if deviations is not None:
            covariance = covariance + np.diag(np.square(deviations).mean(0))
        covariance = covariance + floor * np.diag(covariance).mean() * np.eye(len(covariance))
        try:
            factor = np.linalg.cholesky(covariance)
        except np.linalg.LinAlgError:
            raise ConfigError(
                "covariance of the points",
                expected="a positive definite matrix",
                received=f"a singular one, with a floor of {floor}",
                remedy="Give a floor above zero.",
            ) from None
        return {"mean": points.mean(0), "factor": factor}

    def _flat(self, tfp: Any) -> Any:
        return tfp.distributions.MultivariateNormalTriL(self._arrays["mean"], self._arrays["factor"])


_LEAST = 1e-6

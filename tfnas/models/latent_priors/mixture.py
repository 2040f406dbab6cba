"""`Mixture`: several normal distributions."""

from __future__ import annotations

from typing import Any

import numpy as np

from tfnas.checks import check_positive
from tfnas.errors import ConfigError
from tfnas.models.autoencoder.config import check_real
from tfnas.models.latent_priors.prior import LatentPrior, drawn

_COVARIANCES = ("full", "diagonal")
_ITERATIONS = 200


class Mixture(LatentPrior):
    """A mixture of normal distributions, fitted by expectation maximisation (scikit-learn) from k-means.

    With deviations it is fitted to a point drawn from each posterior.

    Options:
        components: Their number, 10 by default.
        covariance: ``"full"``, the default, or ``"diagonal"``.
        floor: What is added to all variances, in units of the mean variance of the coordinates; 1e-3 by default.
    """

    name = "mixture"

    @staticmethod
    def learn(
        points: np.ndarray,
        deviations: np.ndarray | None,
        *,
        seed: int,
        components: int = 10,
        covariance: str = "full",
        floor: float = 1e-3,
    ) -> dict[str, np.ndarray]:
        check_positive(components=components)
        check_real("floor", floor, 0.0)
        if covariance not in _COVARIANCES:
            raise ConfigError("covariance", expected=" or ".join(map(repr, _COVARIANCES)), received=repr(covariance))
        if components > len(points):
            raise ConfigError(
                "components", expected=f"at most {len(points)}, the number of points", received=str(components)
            )
        from sklearn.mixture import GaussianMixture

        points = drawn(points, deviations, seed)
        unit = np.sqrt(points.var(0).mean())  # one for all coordinates, so that the floor is relative
        fitted = GaussianMixture(
            components,
            covariance_type="full" if covariance == "full" else "diag",
            reg_covar=floor,
            max_iter=_ITERATIONS,
            random_state=int(np.random.SeedSequence([seed, 1]).generate_state(1)[0]),
        ).fit(points / unit)
        roots = np.linalg.cholesky(fitted.covariances_) if covariance == "full" else np.sqrt(fitted.covariances_)
        return {"weights": fitted.weights_, "means": fitted.means_ * unit, "roots": roots * unit}

    def _flat(self, tfp: Any) -> Any:
        tfd, roots = tfp.distributions, self._arrays["roots"]
        kind = tfd.MultivariateNormalTriL if roots.ndim == 3 else tfd.MultivariateNormalDiag
        return tfd.MixtureSameFamily(tfd.Categorical(probs=self._arrays["weights"]), kind(self._arrays["means"], roots))

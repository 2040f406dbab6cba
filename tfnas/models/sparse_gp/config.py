"""`SparseGPConfig`: what a sparse Gaussian process can be told."""

from __future__ import annotations

import math
from dataclasses import dataclass

from tfnas.checks import check_flag, check_positive
from tfnas.errors import ConfigError
from tfnas.models.autoencoder.config import check_real

_METHODS = ("adam", "optimal_variational_posterior", "refined")
_PLACEMENTS = ("random", "k-means")


@dataclass(frozen=True, slots=True, kw_only=True)
class SparseGPConfig:
    """Options of `SparseGP`. Defaults are those of D-VAE, which SVGe takes over (section IV-D).

    Attributes:
        method: ``"adam"`` moves everything by stochastic gradients, as the papers do.
            ``"optimal_variational_posterior"`` finds length scales, signal and noise by the marginal likelihood of
            `subset` points, leaves inducing points where they are, and has the rest in closed form. ``"refined"``
            starts there and goes on by Adam, with a learning rate that falls to zero along a cosine.
        placement: Where inducing points start: ``"random"``, at points drawn at random, as in the papers, or
            ``"k-means"``, at the centres of clusters of points, measured in length scales.
        inducing: Number of inducing points; no more than there are points.
        epochs: Passes over the points, with Adam.
        batch: Points in a step, with Adam; the last one of an epoch may have fewer.
        rate: Learning rate of Adam.
        subset: Points that the marginal likelihood is of; the time grows with its cube.
        jitter: What is added to the diagonal of the inducing points' covariance. The published 1e-3 is for float32;
            this is float64.
        includes_noise: Whether beliefs are about measurements, with their noise, or about the function without it.

    Raises:
        ConfigError: If a value cannot work.
    """

    method: str = "adam"
    placement: str = "random"
    inducing: int = 500
    epochs: int = 100
    batch: int = 1000
    rate: float = 5e-4
    subset: int = 500
    jitter: float = 1e-6
    includes_noise: bool = True

    def __post_init__(self) -> None:
        for name, known in (("method", _METHODS), ("placement", _PLACEMENTS)):
            value = getattr(self, name)
            if value not in known:
                raise ConfigError(name, expected=" or ".join(map(repr, known)), received=repr(value))
        check_positive(inducing=self.inducing, epochs=self.epochs, batch=self.batch, subset=self.subset)
        check_real("rate", self.rate, math.ulp(0.0))
        check_real("jitter", self.jitter, math.ulp(0.0))
        check_flag(includes_noise=self.includes_noise)

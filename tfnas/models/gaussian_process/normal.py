"""`Normal`: a normal distribution for each of several points."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from tfnas.errors import ConfigError


@dataclass(frozen=True, slots=True, eq=False)
class Normal:
    """Independent normal distributions, one for each element of the arrays.

    It answers as a ``tfd.Normal`` does, without TensorFlow; `to_tfp` gives the real one.

    Attributes:
        loc: Means, float64.
        scale: Standard deviations (not variances), not negative; broadcast to the shape of `loc`.

    Raises:
        ConfigError: If a standard deviation is negative or not a number, or the shapes differ.
    """

    loc: np.ndarray
    scale: np.ndarray

    def __post_init__(self) -> None:
        loc, scale = np.asarray(self.loc, float), np.asarray(self.scale, float)
        try:
            scale = np.broadcast_to(scale, loc.shape)
        except ValueError:
            raise ConfigError(
                "scale", expected=f"a number or shape {loc.shape}, as loc has", received=f"shape {scale.shape}"
            ) from None
        if not (scale >= 0).all():
            raise ConfigError(
                "scale",
                expected="standard deviations of zero or more",
                received=f"a minimum of {scale.min()}",
                remedy="If these are variances, take their square roots.",
            )
        object.__setattr__(self, "loc", loc)
        object.__setattr__(self, "scale", scale)

    def mean(self) -> np.ndarray:
        """Returns the means."""
        return self.loc

    def stddev(self) -> np.ndarray:
        """Returns the standard deviations."""
        return self.scale

    def variance(self) -> np.ndarray:
        """Returns the variances, the squares of `stddev`."""
        return self.scale**2

    def log_prob(self, x: Any) -> np.ndarray:
        """Returns the log densities at `x`; at a standard deviation of zero, of a point mass (inf or -inf)."""
        away = np.asarray(x, float) - self.loc
        with np.errstate(divide="ignore", invalid="ignore"):
            density = -0.5 * (away / self.scale) ** 2 - np.log(self.scale) - 0.5 * math.log(2 * math.pi)
        return np.where(self.scale > 0, density, np.where(away == 0, math.inf, -math.inf))

    def sample(self, seed: int | np.random.Generator) -> np.ndarray:
        """Draws one value of each; the same seed gives the same values."""
        return self.loc + self.scale * np.random.default_rng(seed).standard_normal(self.loc.shape)

    def to_tfp(self) -> Any:
        """Returns the same as a ``tfp.distributions.Normal`` in float64. Imports TensorFlow."""
        import tensorflow_probability as tfp

        return tfp.distributions.Normal(self.loc, self.scale)

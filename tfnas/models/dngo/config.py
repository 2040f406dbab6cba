"""`DNGOConfig`: what DNGO can be told."""

from __future__ import annotations

import math
from dataclasses import dataclass

from tfnas.checks import check_flag, check_positive
from tfnas.errors import ConfigError
from tfnas.models.autoencoder.config import check_real


@dataclass(frozen=True, slots=True, kw_only=True)
class DNGOConfig:
    """Options of `DNGO`. Defaults are arch2vec's (appendix A, and the code published with it).

    Attributes:
        hidden: Sizes of the layers of tanh units; the last ones are the basis functions.
        epochs: Passes over the points in each fit.
        batch: Points in a step; the last one of an epoch may have fewer.
        rate: Learning rate of Adam.
        standardizes_values: Whether values have mean zero and standard deviation one inside. arch2vec takes them as
            they are; the reference standardises them.
        includes_noise: Whether beliefs are about measurements, with their noise, as in both, or about the function
            without it.

    Raises:
        ConfigError: If a value cannot work.
    """

    hidden: tuple[int, ...] = (128,)
    epochs: int = 100
    batch: int = 10
    rate: float = 1e-2
    standardizes_values: bool = False
    includes_noise: bool = True

    def __post_init__(self) -> None:
        if not isinstance(self.hidden, tuple) or not self.hidden:
            raise ConfigError("hidden", expected="a tuple of sizes", received=repr(self.hidden))
        for size in self.hidden:
            check_positive(hidden=size)
        check_positive(epochs=self.epochs, batch=self.batch)
        check_real("rate", self.rate, math.ulp(0.0))
        check_flag(standardizes_values=self.standardizes_values, includes_noise=self.includes_noise)


REFERENCE = DNGOConfig(hidden=(50, 50, 50), epochs=500, standardizes_values=True)
"""The sizes of the implementation that arch2vec's is cut down from: three layers of 50 units, 500 epochs."""

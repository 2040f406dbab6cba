"""`MLPEnsembleConfig`: what an ensemble of feed-forward networks can be told."""

from __future__ import annotations

import math
from dataclasses import dataclass

from tfnas.checks import check_positive
from tfnas.errors import ConfigError
from tfnas.models.autoencoder.config import check_real


@dataclass(frozen=True, slots=True, kw_only=True)
class MLPEnsembleConfig:
    """Sizes and training, those of BANANAS's published code by default.

    Attributes:
        members: Number of networks, two or more.
        layers: Number of hidden layers of each.
        units: Size of a hidden layer.
        epochs: Passes over the points in each fit.
        batch: Points in a step; the last one of an epoch may have fewer.
        rate: Learning rate of Adam.

    Raises:
        ConfigError: If a value cannot work.
    """

    members: int = 5
    layers: int = 10
    units: int = 20
    epochs: int = 150
    batch: int = 32
    rate: float = 1e-2

    def __post_init__(self) -> None:
        sizes = {name: getattr(self, name) for name in ("members", "layers", "units", "epochs", "batch")}
        check_positive(**sizes)
        if self.members < 2:
            raise ConfigError("members", expected="at least 2, so that they can disagree", received="1")
        check_real("rate", self.rate, math.ulp(0.0))

"""`SupervisedEncoderConfig`: what an encoder that learns from measurements can be told."""

from __future__ import annotations

import math
from dataclasses import dataclass

from tfnas.checks import check_positive
from tfnas.errors import ConfigError
from tfnas.models.autoencoder.config import check_real


@dataclass(frozen=True, slots=True, kw_only=True)
class SupervisedEncoderConfig:
    """Sizes of the encoder, those of arch2vec's by default (appendix A), and how a regression trains it.

    Attributes:
        layers: Sizes of the graph isomorphism layers.
        latent: Size of a graph's vector.
        epochs: Passes over the graphs in each fit.
        batch: Graphs in a step; the last one of an epoch may have fewer.
        rate: Learning rate of Adam.

    Raises:
        ConfigError: If a value cannot work.
    """

    layers: tuple[int, ...] = (128, 128, 128, 128)
    latent: int = 16
    epochs: int = 100
    batch: int = 10
    rate: float = 1e-2

    def __post_init__(self) -> None:
        if not isinstance(self.layers, tuple) or not self.layers:
            raise ConfigError("layers", expected="a tuple of sizes", received=repr(self.layers))
        for size in self.layers:
            check_positive(layers=size)
        check_positive(latent=self.latent, epochs=self.epochs, batch=self.batch)
        check_real("rate", self.rate, math.ulp(0.0))

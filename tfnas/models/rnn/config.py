"""`RNNGeneratorConfig`: the sizes of a recurrent generator."""

from __future__ import annotations

import math
import numbers
from dataclasses import dataclass

from tfnas.checks import check_positive
from tfnas.errors import ConfigError
from tfnas.models.autoregressive.config import GeneratorConfig


@dataclass(frozen=True, slots=True, kw_only=True)
class RNNGeneratorConfig(GeneratorConfig):
    """Options of an `RNNGenerator`. The defaults are those of the baseline in the code published with GraphPNAS.

    Attributes:
        layers: Layers of the LSTM. Zoph et al. (2018) have one, and so has the macro search of the code published
            with ENAS.
        hidden: Size of states, embeddings and attention. Zoph et al. (2018) and the paper of ENAS have 100,
            the macro search of ENAS's code 64.
        tanh_constant: Logits are this times a hyperbolic tangent, so that no choice gets certain early; None for
            plain logits. The macro search of ENAS's code has 1.5.
        temperature: Divides logits, before the tangent. The macro search of ENAS's code has none, which is 1.

    Raises:
        ConfigError: If a value cannot work.
    """

    layers: int = 2
    hidden: int = 128
    tanh_constant: float | None = 2.5
    temperature: float = 5.0

    def __post_init__(self) -> None:
        GeneratorConfig.__post_init__(self)
        check_positive(layers=self.layers, hidden=self.hidden)
        if self.tanh_constant is not None and not _is_positive(self.tanh_constant):
            raise ConfigError("tanh_constant", expected="a positive number, or None", received=repr(self.tanh_constant))
        if not _is_positive(self.temperature):
            raise ConfigError("temperature", expected="a positive number", received=repr(self.temperature))


def _is_positive(value: object) -> bool:
    is_number = isinstance(value, numbers.Real) and not isinstance(value, bool)
    return is_number and math.isfinite(value) and value > 0

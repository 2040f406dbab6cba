"""`AutoencoderConfig` and `TrainingConfig`: what all autoencoders can be told."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass
from typing import Any, ClassVar, Mapping

from tfnas.checks import check_flag, check_positive
from tfnas.errors import ConfigError


@dataclass(frozen=True, slots=True, kw_only=True)
class AutoencoderConfig:
    """Options that all autoencoders have; each model has a subclass with its own.

    Attributes:
        nodes: Size of the largest graph; that of the space's members by default.
        latent: Size of a latent point, or of that of each node.
        beta: Weight of the Kullback-Leibler divergence of a graph in the ELBO, 1 in the papers' equations. Zero leaves
            it out.
        noise: Factor of the posterior's standard deviation when points are drawn in training.
        grammar: Whether decoders honour the rules of the space, so that they draw nothing else where these are local;
            the papers' decode freely.
        dtype: ``"float32"`` or ``"float64"``.

    Raises:
        ConfigError: If a value cannot work.
    """

    choices: ClassVar[Mapping[str, tuple[str, ...]]] = {"dtype": ("float32", "float64")}

    nodes: int | None = None
    latent: int
    beta: float = 1.0
    noise: float = 1.0
    grammar: bool = False
    dtype: str = "float32"

    def __post_init__(self) -> None:
        check_positive(latent=self.latent, **({} if self.nodes is None else {"nodes": self.nodes}))
        check_flag(grammar=self.grammar)
        for name in ("beta", "noise"):
            check_real(name, getattr(self, name), 0.0)
        for name, allowed in self.choices.items():
            if getattr(self, name) not in allowed:
                raise ConfigError(name, expected=" or ".join(map(repr, allowed)), received=repr(getattr(self, name)))

    def to_json(self) -> dict[str, Any]:
        """Returns JSON values that make an equal one as keywords."""
        fields = dataclasses.asdict(self)
        return {name: list(value) if isinstance(value, tuple) else value for name, value in fields.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingConfig:
    """How an autoencoder is trained, with Adam.

    Attributes:
        epochs: Passes over the graphs.
        batch: Graphs in a step; the last one of an epoch may have fewer.
        rate: Learning rate.
        clip: Largest norm of all gradients together, larger ones are scaled; None for no limit.
        patience: Number of epochs without a better loss after which the rate becomes a tenth; None for never.
        cosine: Whether the rate falls to zero along half a wave of a cosine, an epoch at a time; not in the papers.

    Raises:
        ConfigError: If a value cannot work.
    """

    epochs: int
    batch: int = 32
    rate: float = 1e-3
    clip: float | None = None
    patience: int | None = None
    cosine: bool = False

    def __post_init__(self) -> None:
        check_positive(epochs=self.epochs, batch=self.batch)
        check_real("rate", self.rate, math.ulp(0.0))
        if self.clip is not None:
            check_real("clip", self.clip, math.ulp(0.0))
        check_flag(cosine=self.cosine)
        if self.patience is not None:
            check_positive(patience=self.patience)
            if self.cosine:
                raise ConfigError(
                    "patience",
                    expected="None beside a cosine",
                    received=repr(self.patience),
                    remedy="Give one of both.",
                )

    def to_json(self) -> dict[str, Any]:
        """Returns JSON values that make an equal one as keywords."""
        return dataclasses.asdict(self)


def check_real(name: str, value: Any, least: float) -> None:
    """Raises a `ConfigError` if a value is no finite number from `least`."""
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not least <= value < math.inf:
        raise ConfigError(
            name, expected=f"a finite number, {'from' if least == 0 else 'above'} 0", received=repr(value)
        )

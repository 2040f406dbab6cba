"""`SVGeConfig`: what SVGe can be told."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Mapping

from tfnas.checks import check_flag
from tfnas.errors import ConfigError
from tfnas.models.autoencoder.config import TrainingConfig
from tfnas.models.autoencoder.growing_config import GrowingConfig


@dataclass(frozen=True, slots=True, kw_only=True)
class SVGeConfig(GrowingConfig):
    """Options of `SVGe`. Defaults are those of the paper (section IV) and of the code published with it.

    Attributes:
        beta: See `GrowingConfig`. Half as large, since the objective is the mean of both directions where the
            published code has their sum.
        hidden: Size of the state of a node, half of it for each direction of messages.
        shared_decoder: Whether both directions of growth have the same weights, as in the published code; they have
            their own in the paper.
        decoded: What a point is decoded to: the ``"union"`` of the graphs of both directions, as in the paper, or that
            of the ``"forward"`` one alone, which has a probability. Training is the same. Where the directions disagree
            a union has more edges than either, which matters where their number is limited.

    Raises:
        ConfigError: If a value cannot work.
    """

    choices: ClassVar[Mapping[str, tuple[str, ...]]] = {**GrowingConfig.choices, "decoded": ("union", "forward")}

    beta: float = 0.005 * 32 / 2
    shared_decoder: bool = False
    decoded: str = "union"

    def __post_init__(self) -> None:
        super(SVGeConfig, self).__post_init__()
        check_flag(shared_decoder=self.shared_decoder)
        if self.hidden % 2:
            raise ConfigError("hidden", expected="an even number", received=repr(self.hidden))


COMPACT = SVGeConfig(hidden=64, latent=32, beta=0.01)
"""A smaller one with about a twelfth of the weights, whose steps take about a fifth of the time. Not of the paper."""

COMPACT_TRAINING = TrainingConfig(epochs=120, batch=64, rate=2e-3, clip=5.0, cosine=True)
"""How `COMPACT` is trained."""

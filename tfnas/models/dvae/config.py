"""`DVAEConfig`: what D-VAE can be told."""

from __future__ import annotations

from dataclasses import dataclass

from tfnas.checks import check_flag, check_positive
from tfnas.errors import ConfigError
from tfnas.models.autoencoder.config import AutoencoderConfig


@dataclass(frozen=True, slots=True, kw_only=True)
class DVAEConfig(AutoencoderConfig):
    """Options of `DVAE`. Defaults are those of the published code.

    Attributes:
        latent: Size of the latent point.
        beta: See `AutoencoderConfig`.
        noise: See `AutoencoderConfig`.
        hidden: Size of the state of a node.
        is_bidirectional: Whether the encoder reads the reversed graph, too.

    Raises:
        ConfigError: If a value cannot work.
    """

    latent: int = 56
    beta: float = 0.005
    noise: float = 0.01
    hidden: int = 501
    is_bidirectional: bool = True

    def __post_init__(self) -> None:
        super(DVAEConfig, self).__post_init__()
        check_positive(hidden=self.hidden)
        check_flag(is_bidirectional=self.is_bidirectional)
        if self.grammar:
            raise ConfigError(
                "grammar",
                expected="False for D-VAE, which has a rule of its own: the end reads all nodes that none reads",
                received="True",
            )

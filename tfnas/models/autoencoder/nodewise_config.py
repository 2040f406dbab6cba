"""`NodewiseConfig`: what autoencoders with a latent point for each node can be told."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Mapping

from tfnas.checks import check_flag, check_positive, check_rate
from tfnas.errors import ConfigError
from tfnas.models.autoencoder.config import AutoencoderConfig


@dataclass(frozen=True, slots=True, kw_only=True)
class NodewiseConfig(AutoencoderConfig):
    """Options of arch2vec, GAE and VGAE. Defaults are those of arch2vec (section 4 and the code published with it).

    Attributes:
        latent: Size of the latent point of each node.
        beta: See `AutoencoderConfig`. The published code divides the divergence by the number of graphs in a batch, 32,
            once more than the rest.
        hidden: Sizes of the layers of the graph network.
        pairs: What makes an edge probable: ``"inner_product"`` of its nodes' points, as in the paper, or a
            ``"symmetric"`` function of both points that is learned.
        dropout: Share of the entries of a point that training leaves out before decoding.
        is_variational: Whether posteriors are normal distributions, or points.

    Raises:
        ConfigError: If a value cannot work.
    """

    choices: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "dtype": ("float32", "float64"),
        "pairs": ("inner_product", "symmetric"),
    }

    latent: int = 16
    beta: float = 1 / 32
    hidden: tuple[int, ...] = (128, 128, 128, 128)
    pairs: str = "inner_product"
    dropout: float = 0.3
    is_variational: bool = True

    def __post_init__(self) -> None:
        super(NodewiseConfig, self).__post_init__()
        if not isinstance(self.hidden, tuple) or not self.hidden:
            raise ConfigError("hidden", expected="a tuple of sizes", received=repr(self.hidden))
        for size in self.hidden:
            check_positive(hidden=size)
        check_flag(is_variational=self.is_variational)
        check_rate(dropout=self.dropout)
        if not self.is_variational and self.beta:
            raise ConfigError(
                "beta", expected="0 where posteriors are points", received=repr(self.beta), remedy="Give beta=0."
            )

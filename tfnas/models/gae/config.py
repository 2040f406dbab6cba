"""`GAEConfig` and `VGAEConfig`: what the graph autoencoders of Kipf and Welling can be told."""

from __future__ import annotations

from dataclasses import dataclass

from tfnas.models.autoencoder.nodewise_config import NodewiseConfig


@dataclass(frozen=True, slots=True, kw_only=True)
class VGAEConfig(NodewiseConfig):
    """Options of `VGAE`; see `NodewiseConfig`. Sizes are arch2vec's, so that the encoders alone differ."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GAEConfig(NodewiseConfig):
    """Options of `GAE`; see `NodewiseConfig`. Sizes are arch2vec's, so that the encoders alone differ."""

    beta: float = 0.0
    is_variational: bool = False

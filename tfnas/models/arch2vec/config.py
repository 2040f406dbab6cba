"""`Arch2VecConfig`: what arch2vec can be told."""

from __future__ import annotations

from dataclasses import dataclass

from tfnas.models.autoencoder.nodewise_config import NodewiseConfig


@dataclass(frozen=True, slots=True, kw_only=True)
class Arch2VecConfig(NodewiseConfig):
    """Options of `Arch2Vec`; see `NodewiseConfig`. With ``beta=0`` it is the row "w.o. KL" of the paper's table 1."""

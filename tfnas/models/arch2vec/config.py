"""`Arch2VecConfig`: what arch2vec can be told."""

from __future__ import annotations

from dataclasses import dataclass

from tfnas.models.autoencoder.config import TrainingConfig
from tfnas.models.autoencoder.nodewise_config import NodewiseConfig


@dataclass(frozen=True, slots=True, kw_only=True)
class Arch2VecConfig(NodewiseConfig):
    """Options of `Arch2Vec`; see `NodewiseConfig`. With ``beta=0`` it is the row "w.o. KL" of the paper's table 1."""


PRECISE = Arch2VecConfig(beta=0.0005, dropout=0.0)
"""For exact reconstruction: the paper's divergence and dropout keep points further apart than whole graphs need."""

PRECISE_SYMMETRIC = Arch2VecConfig(beta=0.0005, dropout=0.0, pairs="symmetric")
"""The same with a decoder of edges that can tell nodes of equal points from linked ones; not of the paper."""

PRECISE_TRAINING = TrainingConfig(epochs=30, batch=64, rate=2e-3, clip=5.0, cosine=True)
"""How `PRECISE` and `PRECISE_SYMMETRIC` are trained."""

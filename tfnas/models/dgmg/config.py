"""`DGMGConfig`: what DGMG can be told."""

from __future__ import annotations

from dataclasses import dataclass

from tfnas.models.autoencoder.growing_config import GrowingConfig


@dataclass(frozen=True, slots=True, kw_only=True)
class DGMGConfig(GrowingConfig):
    """Options of `DGMG`, see `GrowingConfig`."""


COMPACT = DGMGConfig(hidden=64, latent=32)
"""A smaller one with about a fourteenth of the weights. Not of the paper."""

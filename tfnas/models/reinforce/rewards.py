"""Rewards of graphs in a replay buffer, from what they measured."""

from __future__ import annotations

from typing import Callable, Mapping, Sequence

import numpy as np

from tfnas.errors import ConfigError


def standardised(rewards: Sequence[float]) -> np.ndarray:
    """Returns rewards less their mean, over their standard deviation (equation 11). Float64, the same shape.

    Rewards that are all equal say nothing, and all become 0.

    Args:
        rewards: Objectives of the graphs in a replay buffer. Shape [B].

    Raises:
        ConfigError: If there are none, or one is not finite.
    """
    values = _checked(rewards)
    centred = values - values.mean()
    spread = np.sqrt(np.mean(centred**2))
    # what is left by rounding where all are equal is no signal
    return centred / spread if spread > 1e-12 * max(1.0, float(np.abs(values).max())) else np.zeros_like(values)


def ranks(rewards: Sequence[float]) -> np.ndarray:
    """Returns the share of rewards that are not larger than each, from above 0 to 1. Float64, the same shape.

    The code published with GraphPNAS has these in place of equation 11. None is below zero, so every graph in
    the buffer becomes more probable, the best ones most.

    Args:
        rewards: Objectives of the graphs in a replay buffer. Shape [B].

    Raises:
        ConfigError: If there are none, or one is not finite.
    """
    values = _checked(rewards)
    return np.searchsorted(np.sort(values), values, side="right") / len(values)


SHAPES: Mapping[str, Callable[[Sequence[float]], np.ndarray]] = {"standardised": standardised, "ranks": ranks}
"""The forms that rewards can take, by name."""


def _checked(rewards: Sequence[float]) -> np.ndarray:
    values = np.asarray(rewards, np.float64)
    if values.ndim != 1 or not len(values) or not np.isfinite(values).all():
        raise ConfigError(
            "rewards",
            expected="at least one, all finite",
            received=f"shape {values.shape}, {np.count_nonzero(~np.isfinite(values))} not finite",
            remedy="What failed has no reward: leave it out.",
        )
    return values

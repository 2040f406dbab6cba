"""`Standardization`: numbers with mean zero and standard deviation one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

_SAME = 10 * float(np.finfo(np.float32).eps)
"""Coordinates that differ by less than this share of their size are rounding errors of float32."""


@dataclass(frozen=True, slots=True, eq=False)
class Standardization:
    """Subtracts means and divides by standard deviations, of each coordinate.

    Attributes:
        mean: Of each coordinate. Shape [D], or [] for plain numbers.
        deviation: Of each coordinate, one where all are the same but for rounding.
    """

    mean: np.ndarray
    deviation: np.ndarray

    @classmethod
    def of(cls, values: np.ndarray) -> Standardization:
        """Returns that of numbers, [B] or [B, D]."""
        mean, deviation = values.mean(0), values.std(0)
        return cls(mean, np.where(deviation > _SAME * np.abs(values).max(0), deviation, 1.0))

    def apply(self, values: np.ndarray) -> np.ndarray:
        """Returns standardised numbers. [B] or [B, D]."""
        return (values - self.mean) / self.deviation

    def undo(self, mean: np.ndarray, deviation: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Returns means and standard deviations in the first unit, of those of standardised numbers."""
        return mean * self.deviation + self.mean, deviation * self.deviation

"""`ProductRBF`: one squared exponential a block of features, multiplied."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Sequence

import numpy as np

Blocks = Sequence[np.ndarray]
"""Several views of the same n points, each of shape [n, features of the view], float64."""


@dataclass(frozen=True, slots=True)
class ProductRBF:
    """``k(a, b) = prod_k exp(-|a_k - b_k|^2 / (2 l_k^2))``, of variance one.

    Attributes:
        length_scales: One l_k for each block of features, in units of its distances.
    """

    length_scales: tuple[float, ...]

    def __call__(self, first: Blocks, second: Blocks) -> np.ndarray:
        """Returns the covariances between n and m points. Shape [n, m]."""
        return covariance(self.left(first), self.right(second))

    def left(self, blocks: Blocks) -> np.ndarray:
        """Returns n points prepared as the first argument of `covariance`. Shape [n, D + 2]."""
        scaled, norms = self._scale(blocks)
        return np.hstack([scaled, norms, np.ones_like(norms)])

    def right(self, blocks: Blocks) -> np.ndarray:
        """Returns n points prepared as the second argument of `covariance`. Shape [n, D + 2]."""
        scaled, norms = self._scale(blocks)
        return np.hstack([scaled, np.ones_like(norms), norms])

    def _scale(self, blocks: Blocks) -> tuple[np.ndarray, np.ndarray]:
        scaled = np.hstack([block / scale for block, scale in zip(blocks, self.length_scales, strict=True)])
        return scaled, -0.5 * np.einsum("nd,nd->n", scaled, scaled)[:, None]


def covariance(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Returns ``exp(-|a - b|^2 / 2)`` for all pairs of prepared points.

    The preparation puts minus half of the squared norms beside the scaled features, so that one
    matrix product gives the exponents. Shape [n, m].
    """
    exponents = left @ right.T
    return np.exp(np.minimum(exponents, 0.0, out=exponents), out=exponents)


def squared_distances(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Returns the squared Euclidean distances between rows [n, d] and [m, d]. Shape [n, m]."""
    norms = np.einsum("nd,nd->n", a, a)[:, None] + np.einsum("md,md->m", b, b)
    return np.maximum(norms - 2.0 * (a @ b.T), 0.0)

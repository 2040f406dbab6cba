"""Choosing length scales and noise by marginal likelihood."""

from __future__ import annotations

import itertools
import math
from typing import Sequence

import numpy as np

from tfnas.models.gaussian_process.kernel import Blocks, ProductRBF, squared_distances
from tfnas.models.gaussian_process.process import cholesky, log_marginal_likelihood

LENGTH_SCALES = (8.0, 4.0, 2.0, 1.0, 0.5)
"""In units of the root mean squared distance between two inputs. At 8 a block hardly matters any
more (typical pairs correlate by 0.992), at 0.5 typical pairs have hardly anything in common (0.14)."""

NOISES = (0.3, 0.1, 0.03, 0.01, 0.003, 0.001)
"""Variances, for a function of variance one."""


def fit(
    inputs: Blocks,
    targets: np.ndarray,
    *,
    length_scales: Sequence[float] = LENGTH_SCALES,
    noises: Sequence[float] = NOISES,
) -> tuple[ProductRBF, float]:
    """Searches a grid for the largest marginal likelihood.

    The function has a variance of one, as normal scores have. Where points of the grid are equally
    good, the first one wins, so the default order prefers smooth functions and much noise.

    Args:
        inputs: Blocks of n >= 1 points.
        targets: n observations.
        length_scales: Candidates for every block, relative; see `LENGTH_SCALES`.
        noises: Candidates for the noise.

    Returns:
        The kernel and the noise.
    """
    distances = [squared_distances(block, block) for block in inputs]
    units = [math.sqrt(block.sum() / max(len(block) * (len(block) - 1), 1)) or 1.0 for block in distances]
    factors = [
        [np.exp(block * (-0.5 / (scale * unit) ** 2)) for scale in length_scales]
        for block, unit in zip(distances, units)
    ]

    def likelihood(point: tuple[tuple[int, ...], float]) -> float:
        indices, noise = point
        prior = math.prod(factor[index] for factor, index in zip(factors, indices))
        return log_marginal_likelihood(cholesky(prior, noise), targets)

    scales = itertools.product(range(len(length_scales)), repeat=len(inputs))
    indices, noise = max(itertools.product(scales, noises), key=likelihood)
    return ProductRBF(tuple(length_scales[index] * unit for index, unit in zip(indices, units))), noise

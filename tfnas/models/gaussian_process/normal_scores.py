"""Normal scores: values replaced by what their ranks would be worth in a normal sample."""

from __future__ import annotations

import statistics

import numpy as np


def normal_scores(values: np.ndarray) -> np.ndarray:
    """Returns Blom's approximation of the expected order statistics of a standard normal sample.

    The value of rank i among n gets the quantile ``(i - 3/8) / (n + 1/4)`` (Blom, 1958); equal
    values share the mean of their ranks. Only the order of the values matters, so accuracies that
    crowd at the top and a few that fell far below fit one and the same kernel.

    Args:
        values: Finite numbers. Shape [n].

    Returns:
        Scores with the order of the values. Shape [n], float64.
    """
    _, position, count = np.unique(values, return_inverse=True, return_counts=True)
    ranks = np.cumsum(count) - (count - 1) / 2
    quantile = statistics.NormalDist().inv_cdf
    return np.array([quantile((rank - 0.375) / (len(values) + 0.25)) for rank in ranks.tolist()])[position]

"""Expected improvement."""

from __future__ import annotations

import math

import numpy as np

from tfnas.models.gaussian_process.normal import Normal


def expected_improvement(distribution: Normal, best: float) -> np.ndarray:
    """Returns ``E[max(f - best, 0)]`` in closed form (Jones, Schonlau and Welch, 1998, equation 15).

    With z = (mean - best) / s it is ``s (z Phi(z) + phi(z))``, where s is the standard deviation;
    code is in circulation that puts the variance there. Far below `best` the two terms cancel, so
    the sum is computed as ``phi(z) (1 + z Phi(z) / phi(z))`` with the scaled complementary error
    function, and stays positive and ordered until phi itself underflows, at z = -38.

    Args:
        distribution: What is believed of f, of any shape. Where its standard deviation is zero,
            the result is ``max(mean - best, 0)``, which is the limit.
        best: The value to improve on.

    Returns:
        An array of the distribution's shape, none negative, float64.
    """
    from scipy.special import erfcx

    gain, deviation = distribution.mean() - best, distribution.stddev()
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        z = -np.abs(gain / deviation)
        density = np.exp(-0.5 * z**2) / math.sqrt(2 * math.pi)
        tail = deviation * density * (1.0 + z * math.sqrt(math.pi / 2) * erfcx(z / -math.sqrt(2)))
    # E[max(g, 0)] = max(g, 0) + E[max(-g, 0)] for the part of g on the other side of zero.
    return np.maximum(gain, 0.0) + np.where(density > 0, np.maximum(tail, 0.0), 0.0)

"""`Beliefs`: what a surrogate believes of several points, jointly."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Callable, Sequence

import numpy as np

from tfnas.models.gaussian_process import Normal, expected_improvement


@dataclass(frozen=True, slots=True, eq=False)
class Beliefs:
    """A joint normal distribution of measurements at B points.

    Attributes:
        mean: Shape [B].
        deviation: Standard deviations, of the noise too. Shape [B].
        covariance: Of a point, by its number, with all points, without noise. Shape [B].
    """

    mean: np.ndarray
    deviation: np.ndarray
    covariance: Callable[[int], np.ndarray]


def best_apart(beliefs: Beliefs, best: float, count: int) -> list[int]:
    """Returns the points of largest expected improvement, each by itself.

    Among equals the larger mean is first.

    Args:
        beliefs: Of B points.
        best: The value to improve on.
        count: How many, B at most.
    """
    gain = expected_improvement(Normal(beliefs.mean, beliefs.deviation), best)
    return np.lexsort((beliefs.mean, gain))[::-1][:count].tolist()


def best_believed(beliefs: Beliefs, best: float, count: int, pending: Sequence[int] = ()) -> list[int]:
    """Returns points of largest expected improvement, each chosen as if the ones before had measured their means.

    The kriging believer (Ginsbourger, Le Riche and Carraro, 2010, section 4.2.2). A normal distribution that is
    conditioned on its own mean at a point keeps all means; its covariances lose ``c c' / d``, where c are those with
    the point and d is the variance of a measurement there. Hyper-parameters, and what a surrogate's network has
    learned, stay. The largest value that a belief counts as measured takes part in what is to be improved on.

    Args:
        beliefs: Of B points.
        best: The largest value that was measured.
        count: How many points, B less those pending at most.
        pending: Points whose outcomes are believed beforehand; they are not chosen.
    """
    variance = beliefs.deviation**2
    is_open = np.ones(len(variance), bool)
    parts: list[np.ndarray] = []

    def believe(point: int) -> None:
        nonlocal best
        column = beliefs.covariance(point) - sum((part * part[point] for part in parts), np.zeros(len(variance)))
        # a value that is certain already teaches nothing
        parts.append(column / np.sqrt(max(variance[point], np.finfo(float).tiny)))
        # rounding may take away a little more than there is
        np.maximum(variance - parts[-1] ** 2, 0.0, out=variance)
        is_open[point] = False
        best = max(best, float(beliefs.mean[point]))

    for point in pending:
        believe(point)
    chosen: list[int] = []
    while len(chosen) < count:
        gain = expected_improvement(Normal(beliefs.mean, np.sqrt(variance)), best)
        order = np.lexsort((beliefs.mean, np.where(is_open, gain, -1.0)))
        chosen.append(int(order[-1]))
        believe(chosen[-1])
    return chosen

"""`most_improving`: the point of a box where the expected improvement is largest."""

from __future__ import annotations

import numpy as np

from tfnas.strategies.continuous.process import Process


def most_improving(
    process: Process, best: float, box: np.ndarray, rng: np.random.Generator, *, starts: int, iterations: int
) -> np.ndarray:
    """Returns the point to which L-BFGS-B climbs from the best of many that are drawn uniformly.

    It climbs the logarithm of the expected improvement, whose slope does not vanish where the improvement does.

    Args:
        process: What is believed.
        best: The value to improve on, standardised.
        box: Least and largest coordinates. Shape [2, D].
        rng: For the draws.
        starts: Number of points that are drawn.
        iterations: Of L-BFGS-B, at most.

    Returns:
        Float64, shape [D].
    """
    from scipy.optimize import minimize

    points = rng.uniform(*box, (starts, box.shape[1]))
    start = points[np.argmax(process.log_improvement(points, best))]

    def loss_and_slope(point: np.ndarray) -> tuple[float, np.ndarray]:
        gain, slope = process.log_improvement_and_slope(point, best)
        return -gain, -slope

    found = minimize(loss_and_slope, start, method="L-BFGS-B", jac=True, bounds=box.T, options={"maxiter": iterations})
    return np.clip(found.x, *box)

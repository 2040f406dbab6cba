"""Covariances of what the surrogates of a latent space believe of several points."""

from __future__ import annotations

from typing import Callable

import numpy as np

from tfnas.models.dngo import DNGO
from tfnas.models.predictors import Predictor
from tfnas.models.sparse_gp import SparseGP

Columns = Callable[[int], np.ndarray]
"""Maps the number of a point to its covariances with all B points, without noise. Shape [B]."""


def covariances(surrogate: Predictor, fitted: np.ndarray, points: np.ndarray) -> Columns:
    """Returns the covariances of what is believed of B points; nothing is computed before they are asked for.

    Where all fitted values were equal, nothing was learned that ties points to each other: they are zero.

    Args:
        surrogate: Fitted; a `DNGO` or a `SparseGP`.
        fitted: The points it was fitted to. Shape [n, D].
        points: Shape [B, D].
    """
    made: list[Columns] = []

    def column(point: int) -> np.ndarray:
        if not made:
            made.append(_columns(surrogate, np.asarray(fitted, float), np.asarray(points, float)))
        return made[0](point)

    return column


def linear(fitted: np.ndarray, features: np.ndarray, alpha: float, beta: float) -> Columns:
    """Returns the covariances of Bayesian linear regression (Bishop, 2006, equation 3.54).

    Args:
        fitted: Features of the points it was fitted to. Shape [n, m].
        features: Of B points. Shape [B, m].
        alpha: Precision of the weights.
        beta: Precision of the noise.
    """
    precision = alpha * np.eye(fitted.shape[1]) + beta * fitted.T @ fitted

    return lambda point: features @ np.linalg.solve(precision, features[point])


def _columns(surrogate: Predictor, fitted: np.ndarray, points: np.ndarray) -> Columns:
    if surrogate._only_value is not None:
        return lambda point: np.zeros(len(points))
    scale = np.asarray(surrogate._values.deviation) ** 2
    if isinstance(surrogate, DNGO):
        regression = surrogate._regression
        basis = [surrogate._network.basis(surrogate._points.apply(part)) for part in (fitted, points)]
        column = linear(*basis, regression.alpha, regression.beta)
    else:
        column = _sparse(surrogate, points)
    return lambda point: scale * column(point)


def _sparse(surrogate: SparseGP, points: np.ndarray) -> Columns:
    """Returns ``k(x, x') + a(x)' (S S' - I) a(x')``, where ``a(x) = L^-1 k(u, x)`` and inducing values are whitened."""
    from scipy.linalg import solve_triangular

    process = surrogate._process
    kernel = process.hyperparameters.kernel()
    inducing = process._inducing.numpy()
    inner = kernel.matrix(inducing, inducing).numpy() + surrogate.config.jitter * np.eye(len(inducing))
    reach = solve_triangular(np.linalg.cholesky(inner), kernel.matrix(inducing, points).numpy(), lower=True)
    spread = np.tril(process._scale.numpy()).T @ reach

    def column(point: int) -> np.ndarray:
        prior = kernel.matrix(points, points[point : point + 1]).numpy()[:, 0]
        return prior + spread.T @ spread[:, point] - reach.T @ reach[:, point]

    return column

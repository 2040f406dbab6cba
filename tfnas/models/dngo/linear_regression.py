"""`LinearRegression`: Bayesian linear regression with its two precisions chosen by the evidence."""

from __future__ import annotations

import math

import numpy as np

from tfnas.models.predictors import Columns

_RATIOS = np.linspace(math.log(1e-8), math.log(1e4), 49)
"""Logarithms of alpha / beta that are tried, in units of the largest squared singular value."""


class LinearRegression:
    """``y = w . phi + noise`` with weights ``N(0, I / alpha)`` and noise ``N(0, 1 / beta)``.

    Bishop, Pattern Recognition and Machine Learning (2006), section 3.5; equations 4 to 7 of DNGO. The precisions
    maximise the evidence. In the singular basis of the features it is cheap, and for a given ratio of the two its best
    beta has a closed form, so a grid and Brent's method over the ratio find the maximum whatever the start. Published
    code maximises another function, in which the norm of the residuals is not squared.

    Args:
        features: phi of n points. Float64, shape [n, m].
        values: y. Float64, shape [n], not all zero.

    Attributes:
        alpha: Precision of the weights.
        beta: Precision of the noise.
        mean: Of the weights, given the values. Shape [m].
        directions: Orthonormal rows, along which the weights are independent then. Shape [m, m].
        variances: Of the weights along these. Shape [m].
    """

    def __init__(self, features: np.ndarray, values: np.ndarray) -> None:
        count, width = features.shape
        # with fewer points than features, the directions in which nothing is known are needed too
        self._features = features
        left, singular, self.directions = np.linalg.svd(features, full_matrices=count < width)
        self._count, self._squares = count, singular**2
        self._along = left.T @ values
        across = values - left @ self._along
        self._across = float(across @ across)
        self.alpha, self.beta = self._most_evident()
        ratio = self.alpha / self.beta
        known = np.zeros(width)
        known[: len(singular)] = self._squares
        self.mean = (singular / (self._squares + ratio) * self._along) @ self.directions[: len(singular)]
        self.variances = 1 / (self.beta * (known + ratio))

    def log_evidence(self, alpha: float, beta: float) -> float:
        """Returns the logarithm of the density of the values, given their points and the precisions."""
        variances = 1 / beta + self._squares / alpha
        rest = self._count - len(variances)
        total = (np.log(variances) + self._along**2 / variances).sum() - rest * math.log(beta) + beta * self._across
        return float(-0.5 * (total + self._count * math.log(2 * math.pi)))

    def predict(self, features: np.ndarray, *, includes_noise: bool) -> tuple[np.ndarray, np.ndarray]:
        """Returns means and standard deviations. [B] and [B].

        Args:
            features: phi of B points. Shape [B, m].
            includes_noise: Whether they are those of measurements, or of ``w . phi``.
        """
        variances = (features @ self.directions.T) ** 2 @ self.variances
        return features @ self.mean, np.sqrt(variances + (1 / self.beta if includes_noise else 0.0))

    def covariances(self, features: np.ndarray) -> Columns:
        """Returns the covariances of ``w . phi`` at B points, by their features, [B, m]."""
        return linear_covariances(self._features, features, self.alpha, self.beta)

    def _most_evident(self) -> tuple[float, float]:
        from scipy.optimize import minimize_scalar

        def precisions(log_ratio: float) -> tuple[float, float]:
            ratio = math.exp(log_ratio)
            noise = ((self._along**2 / (1 + self._squares / ratio)).sum() + self._across) / self._count
            return ratio / noise, 1 / noise

        def loss(log_ratio: float) -> float:
            return -self.log_evidence(*precisions(log_ratio))

        grid = _RATIOS + math.log(self._squares.max())
        best = int(np.argmin([loss(point) for point in grid]))
        bounds = grid[max(best - 1, 0)], grid[min(best + 1, len(grid) - 1)]
        return precisions(minimize_scalar(loss, bounds=bounds, method="bounded").x)


def linear_covariances(fitted: np.ndarray, features: np.ndarray, alpha: float, beta: float) -> Columns:
    """Returns the covariances of Bayesian linear regression (Bishop, 2006, equation 3.54).

    Args:
        fitted: Features of the points it was fitted to. Shape [n, m].
        features: Of B points. Shape [B, m].
        alpha: Precision of the weights.
        beta: Precision of the noise.
    """
    precision = alpha * np.eye(fitted.shape[1]) + beta * fitted.T @ fitted

    return lambda point: features @ np.linalg.solve(precision, features[point])

"""`GaussianProcess`: an exact posterior that grows one point at a time."""

from __future__ import annotations

import math

import numpy as np

from tfnas.errors import ConfigError
from tfnas.models.gaussian_process.kernel import Blocks, ProductRBF, covariance
from tfnas.models.gaussian_process.normal import Normal

_ROOM = 32
"""Rows by which the buffers grow."""

_ROUNDING = 1e-12
"""A pivot (square on the factor's diagonal, at most 1 + noise) below this is nothing but rounding errors."""


class GaussianProcess:
    """A Gaussian process of mean zero, conditioned on n inputs and asked about m queries.

    Rasmussen and Williams, Gaussian Processes for Machine Learning (2006), algorithm 2.1, with the
    Cholesky factor L of ``K + noise I`` and the rows of ``L^-1 K*`` kept: another input costs
    O(n^2 + n m) instead of O(n^3 + n^2 m). Targets are no part of the state. They are given when
    something is asked, so all of them may change at once, as normal scores do with every value.

    The same calls give the same bits, on one machine with a fixed number of threads.

    Args:
        kernel: Covariance function of variance one.
        noise: Variance of the observations around the function, zero or more.
        inputs: Blocks of n observed points.
        queries: Blocks of m points to predict at.

    Raises:
        ConfigError: If the covariance is singular: inputs repeat (nearly) and the noise is zero.
    """

    def __init__(self, kernel: ProductRBF, noise: float, inputs: Blocks, queries: Blocks) -> None:
        from scipy.linalg.blas import dtrsm

        size, room = len(inputs[0]), len(inputs[0]) + _ROOM
        self.kernel, self.noise = kernel, noise
        self._queries = kernel.right(queries)
        self._size = size
        known, left = kernel.right(inputs), kernel.left(inputs)
        factor = cholesky(covariance(left, known), noise)
        solved = covariance(left, self._queries)
        # The transpose of a C array is a Fortran array, so this solves in place: V^T L^T = K*^T.
        solved = dtrsm(1.0, factor, solved.T, side=1, lower=1, trans_a=1, overwrite_b=1).T
        self._inputs = _buffer(known, room, known.shape[1])
        self._factor = _buffer(factor, room, room)
        self._solved = _buffer(solved, room, solved.shape[1])
        self._variances = [1.0 - np.einsum("nm,nm->m", solved, solved)]
        self._first = size

    def __len__(self) -> int:
        return self._size

    def append(self, point: Blocks) -> None:
        """Conditions on one more input.

        Args:
            point: Blocks of one row each.

        Raises:
            ConfigError: If the covariance becomes singular.
        """
        size = self._size
        if size == len(self._solved):
            room = size + _ROOM
            self._inputs = _buffer(self._inputs, room, self._inputs.shape[1])
            self._factor = _buffer(self._factor, room, room)
            self._solved = _buffer(self._solved, room, self._solved.shape[1])
        left = self.kernel.left(point)
        row = self._solve(size, covariance(left, self._inputs[:size])[0])
        pivot = 1.0 + self.noise - row @ row
        if pivot < _ROUNDING:
            raise _singular(self.noise)
        self._factor[size, :size] = row
        self._factor[size, size] = math.sqrt(pivot)
        solved = covariance(left, self._queries)[0]
        solved -= row @ self._solved[:size]
        solved /= math.sqrt(pivot)
        self._solved[size] = solved
        self._variances.append(self._variances[-1] - solved**2)
        self._inputs[size] = self.kernel.right(point)[0]
        self._size = size + 1

    def truncate(self, size: int) -> None:
        """Forgets all inputs after the first `size`, exactly as if they had never been appended.

        Raises:
            ConfigError: If some of the inputs given at construction would go too.
        """
        if not self._first <= size <= self._size:
            raise ConfigError("size", expected=f"{self._first} to {self._size}", received=repr(size))
        del self._variances[size - self._first + 1 :]
        self._size = size

    def predict(self, targets: np.ndarray) -> Normal:
        """Returns the posterior of the function, without noise, at the queries.

        Inputs past the targets count as observed at the posterior mean that the targets give them:
        they leave all means where they are and narrow the deviations ("kriging believer": Ginsbourger,
        Le Riche and Carraro, 2010).

        Args:
            targets: Observations at the first inputs. At most n of them.
        """
        mean = self._solve(len(targets), targets) @ self._solved[: len(targets)]
        return Normal(mean, np.sqrt(np.maximum(self._variances[-1], 0.0)))

    def means_at_inputs(self, targets: np.ndarray) -> np.ndarray:
        """Returns the posterior means at all n inputs, for targets as in `predict`."""
        from scipy.linalg.lapack import dtrtrs

        known = len(targets)
        weighted = self._solve(known, targets)
        weights, _ = dtrtrs(self._factor[:known, :known], weighted, lower=1, trans=1)
        believed = self._factor[known : self._size, :known] @ weighted
        return np.concatenate([targets - self.noise * weights, believed])

    def log_marginal_likelihood(self, targets: np.ndarray) -> float:
        """Returns the log density of all n targets (Rasmussen and Williams, equation 2.30)."""
        return log_marginal_likelihood(self._factor[: self._size, : self._size], targets)

    def _solve(self, size: int, right: np.ndarray) -> np.ndarray:
        from scipy.linalg.lapack import dtrtrs

        return dtrtrs(self._factor[:size, :size], right, lower=1)[0]


def cholesky(prior: np.ndarray, noise: float) -> np.ndarray:
    """Returns the lower factor of ``prior + noise I``.

    Raises:
        ConfigError: If that is singular.
    """
    try:
        factor = np.linalg.cholesky(prior + noise * np.eye(len(prior)))
    except np.linalg.LinAlgError:
        raise _singular(noise) from None
    if np.diag(factor).min() ** 2 < _ROUNDING:
        raise _singular(noise)
    return factor


def log_marginal_likelihood(factor: np.ndarray, targets: np.ndarray) -> float:
    """Returns the log density of targets under a normal of mean zero, by the covariance's lower factor."""
    from scipy.linalg.lapack import dtrtrs

    weighted, _ = dtrtrs(factor, targets, lower=1)
    return float(
        -0.5 * (weighted @ weighted) - np.log(np.diag(factor)).sum() - 0.5 * len(targets) * math.log(2 * math.pi)
    )


def _buffer(values: np.ndarray, rows: int, columns: int) -> np.ndarray:
    buffer = np.zeros((rows, columns))
    buffer[: values.shape[0], : values.shape[1]] = values
    return buffer


def _singular(noise: float) -> ConfigError:
    return ConfigError(
        "covariance of the inputs",
        expected="a positive definite matrix",
        received=f"a singular one, with a noise of {noise}",
        remedy="Give a noise above zero, or each input once.",
    )

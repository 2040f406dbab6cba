"""`Predictor`: learns from points and values what to believe of other points."""

from __future__ import annotations

import abc
import importlib
from typing import Any

import numpy as np

from tfnas.checks import check_seed
from tfnas.errors import ConfigError


class Predictor(abc.ABC):
    """Maps points to distributions of their values.

    Subclasses are final. What is learned depends on the points, the values and the seed alone; a second `fit` starts
    anew.
    """

    _width: int | None = None
    _only_value: float | None = None

    def fit(self, x: np.ndarray, y: np.ndarray, *, seed: int) -> None:
        """Learns from measured points.

        Where all values are equal they have no spread to learn from: nothing is fitted, and `predict` gives that
        value everywhere, with a standard deviation of one for want of another unit.

        Args:
            x: Points. Float, shape [B, D].
            y: Their values. Float, shape [B].
            seed: For all that is random in fitting.

        Raises:
            ConfigError: If there are fewer than two points, not as many values, or a number is not finite.
        """
        check_seed(seed)
        x, y = _points(x, least=2), np.asarray(y, float)
        if y.shape != x.shape[:1]:
            raise ConfigError("values to fit", expected=f"shape ({len(x)},), one a point", received=f"shape {y.shape}")
        if not np.isfinite(y).all():
            raise _not_finite("values to fit", y, "Leave out points whose measurement failed.")
        self._width = None
        self._only_value = float(y[0]) if np.ptp(y) == 0 else None
        if self._only_value is None:
            self._fit(x, y, seed)
        self._width = x.shape[1]

    def predict(self, x: np.ndarray) -> Any:
        """Returns what is believed of points, each on its own.

        Args:
            x: Points. Float, shape [B, D].

        Returns:
            A ``tfd.Normal`` with batch shape [B], float64. Its scale is a standard deviation.

        Raises:
            ConfigError: Before `fit`, or if the points have another width, are none, or are not finite.
        """
        x = self._checked(x)
        if self._only_value is not None:
            return normal(np.full(len(x), self._only_value), np.ones(len(x)))
        return normal(*self._predict(x))

    def predict_tensor(self, x: Any) -> tuple[Any, Any]:
        """Returns what `predict` does, by operations of TensorFlow alone, so that it can be traced and saved.

        Args:
            x: Points. Tensor, float64, shape [B, D]; B may be unknown.

        Returns:
            Means and standard deviations, float64, [B] each.

        Raises:
            ConfigError: Before `fit`, if the points have another width, or if this kind of predictor does not define
                `_predict_tensor`.
        """
        from tfnas._keras import tensorflow

        self._check_width(x.shape[1])
        if self._only_value is not None:
            tf = tensorflow()
            size = tf.shape(x)[:1]
            return tf.fill(size, tf.constant(self._only_value, tf.float64)), tf.ones(size, tf.float64)
        return self._predict_tensor(x)

    @abc.abstractmethod
    def _fit(self, x: np.ndarray, y: np.ndarray, seed: int) -> None:
        """Learns from two or more points whose values are not all equal, float64."""

    @abc.abstractmethod
    def _predict(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Returns means and standard deviations, [B] and [B], of one or more points, float64."""

    def _predict_tensor(self, x: Any) -> tuple[Any, Any]:
        """Returns what `_predict` does, tensors of float64 of one; only kinds that are saved need it."""
        raise ConfigError(
            "predictor in TensorFlow",
            expected="a DNGO, a SparseGP or another kind that defines _predict_tensor",
            received=type(self).__name__,
        )

    def _checked(self, x: np.ndarray) -> np.ndarray:
        """Returns points as float64.

        Raises:
            ConfigError: As `predict` says.
        """
        self._check_width()
        x = _points(x, least=1)
        self._check_width(x.shape[1])
        return x

    def _check_width(self, width: int | None = None) -> None:
        """Raises ConfigError before `fit`, or if a width is given that is not that of the fitted points."""
        if self._width is None:
            raise ConfigError(
                f"predict of {type(self).__name__}",
                expected="a predictor that is fitted",
                received="one that is not",
                remedy="Call fit(x, y, seed=0) first.",
            )
        if width not in (None, self._width):
            raise ConfigError("points", expected=f"{self._width} coordinates, as were fitted", received=str(width))


def normal(mean: np.ndarray, deviation: np.ndarray) -> Any:
    """Returns a ``tfd.Normal`` for each of B means and standard deviations. Imports TensorFlow."""
    from tfnas._keras import graph_keras

    graph_keras()
    distributions = importlib.import_module("tensorflow_probability").distributions
    return distributions.Normal(np.asarray(mean, float), np.asarray(deviation, float))


def _points(x: np.ndarray, least: int) -> np.ndarray:
    x = np.asarray(x, float)
    if x.ndim != 2 or not x.shape[1]:
        raise ConfigError(
            "points",
            expected="shape [B, D]",
            received=f"shape {x.shape}",
            remedy="Flatten a point of several nodes: x.reshape(len(x), -1).",
        )
    if len(x) < least:
        raise ConfigError("points", expected=f"at least {least}", received=str(len(x)) if len(x) else "none")
    if not np.isfinite(x).all():
        raise _not_finite("points", x, "")
    return x


def _not_finite(subject: str, array: np.ndarray, remedy: str) -> ConfigError:
    row = int(np.flatnonzero(~np.isfinite(array.reshape(len(array), -1)).all(1))[0])
    return ConfigError(
        subject, expected="finite numbers", received=f"{array[row].tolist()} in row {row}", remedy=remedy
    )

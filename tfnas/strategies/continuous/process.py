"""`Process`: what a surrogate believes of its function at any point, and what it would believe if it knew more."""

from __future__ import annotations

import importlib
import math
from dataclasses import replace
from typing import Any

import numpy as np

from tfnas._keras import graph_keras, tensorflow
from tfnas.models.predictors import Surrogate, Terms

graph_keras()
tf = tensorflow()
tfp = importlib.import_module("tensorflow_probability")

_LEAST = 1e-10
"""Least variance of a belief, in units of the values' variance; below are rounding errors."""


class Process:
    """The function behind a fitted surrogate's values, without their noise, in standardised units.

    It takes in more values as if it had been told them exactly, at once and without another fit: hyper-parameters, and
    what a network has learned, stay.

    Args:
        surrogate: Its values may not all be equal.
    """

    def __init__(self, surrogate: Surrogate) -> None:
        self.surrogate = surrogate
        scalar, vector, matrix = (tf.TensorSpec([None] * rank, tf.float64) for rank in range(3))
        terms = (vector, vector, matrix, scalar, scalar, vector, matrix)
        self._beliefs = tf.function(self._belief, autograph=False, input_signature=[matrix, *terms])
        self._gains = tf.function(self._gain, autograph=False, input_signature=[matrix, scalar, *terms])
        self._slopes = tf.function(self._slope, autograph=False, input_signature=[vector, scalar, *terms])

    def fit(self, x: np.ndarray, y: np.ndarray, seed: int) -> None:
        """Fits the surrogate to points, [B, D], and values, [B], not all equal; forgets what was taken in."""
        self.surrogate.fit(x, y, seed=seed)
        self._terms = Terms(*(tf.constant(part, tf.float64) for part in self.surrogate.terms().tensors()))

    def belief(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Returns means and standard deviations at B points, [B, D]. [B] and [B]."""
        mean, variance = self._beliefs(x, *self._terms.tensors())
        return mean.numpy(), np.sqrt(variance.numpy())

    def log_improvement(self, x: np.ndarray, best: float) -> np.ndarray:
        """Returns the logarithms of the expected improvements on a value at B points, [B, D]. [B]."""
        return self._gains(x, best, *self._terms.tensors()).numpy()

    def log_improvement_and_slope(self, x: np.ndarray, best: float) -> tuple[float, np.ndarray]:
        """Returns the logarithm of the expected improvement on a value at a point, [D], and its gradient, [D]."""
        gain, slope = self._slopes(x, best, *self._terms.tensors())
        return float(gain), slope.numpy()

    def take_in(self, point: np.ndarray, value: float | None = None) -> None:
        """Goes on as if the function were known at a point.

        Conditioning of a normal distribution: with c the covariances with the point and v the variance there, means
        gain ``c (value - mean) / v``, covariances lose ``c c' / v``.

        Args:
            point: Shape [D].
            value: What the function is there, in the units of the values; the mean itself by default, which leaves
                all means as they are.
        """
        terms = self._terms
        mean, variance = (float(part[0]) for part in self._beliefs(point[None], *terms.tensors()))
        features = self.surrogate.features(self._scaled(point[None], terms), terms)[0]
        column = -tf.linalg.matvec(terms.known, features)  # the covariances with any x are f(x) . column
        if terms.prior > 0:
            terms, column = self._grown(terms, point), tf.concat([column, [1.0]], 0)
        off = 0.0 if value is None else float(self.surrogate.units.apply(np.float64(value))) - mean
        self._terms = replace(
            terms,
            weights=terms.weights + column * (off / variance),
            known=terms.known + column[:, None] * column / variance,
        )

    def _grown(self, terms: Terms, point: np.ndarray) -> Terms:
        """Returns the same process with a feature more, about a point, of which nothing is known."""
        return replace(
            terms,
            centres=tf.concat([terms.centres, self._scaled(point[None], terms)], 0),
            weights=tf.pad(terms.weights, [(0, 1)]),
            known=tf.pad(terms.known, [(0, 1), (0, 1)]),
        )

    def _scaled(self, x: Any, terms: Terms) -> Any:
        return (x - terms.shift) / terms.scale

    def _belief(self, x: Any, *tensors: Any) -> tuple[Any, Any]:
        terms = Terms(*tensors)
        features = self.surrogate.features(self._scaled(x, terms), terms)
        taken = tf.reduce_sum(tf.matmul(features, terms.known) * features, 1)
        mean = terms.constant + tf.linalg.matvec(features, terms.weights)
        return mean, tf.maximum(terms.prior - taken, tf.constant(_LEAST, tf.float64))

    def _gain(self, x: Any, best: Any, *tensors: Any) -> Any:
        mean, variance = self._belief(x, *tensors)
        deviation = tf.sqrt(variance)
        return tf.math.log(deviation) + _log_unit_improvement((mean - best) / deviation)

    def _slope(self, x: Any, best: Any, *tensors: Any) -> tuple[Any, Any]:
        with tf.GradientTape() as tape:
            tape.watch(x)
            gain = self._gain(x[None], best, *tensors)[0]
        return gain, tape.gradient(gain, x)


def _log_unit_improvement(z: Any) -> Any:
    """Returns ``log(phi(z) + z Phi(z))``, the expected improvement of N(z, 1) on zero (Jones et al., 1998).

    Below zero both terms cancel, so it is ``log phi(z) + log(1 + z Phi(z) / phi(z))`` there, with the scaled
    complementary error function in the ratio; and far below, where even that cancels, ``log phi(z) - 2 log(-z)``.
    """
    one, far = tf.constant(1.0, tf.float64), tf.constant(-1e4, tf.float64)
    log_phi = -0.5 * z**2 - 0.5 * math.log(2 * math.pi)
    # each branch has arguments that it can do, since gradients go through all of them
    near = tf.clip_by_value(z, far, one)
    ratio = near * math.sqrt(math.pi / 2) * tfp.math.erfcx(-near / math.sqrt(2))
    above = tf.maximum(z, one)
    normal = tf.exp(-0.5 * above**2) / math.sqrt(2 * math.pi) + above * 0.5 * tf.math.erfc(-above / math.sqrt(2))
    below = tf.where(z < far, -2 * tf.math.log(-tf.minimum(z, far)), tf.math.log1p(ratio))
    return tf.where(z > one, tf.math.log(normal), log_phi + below)

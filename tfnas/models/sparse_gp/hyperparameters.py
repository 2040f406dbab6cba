"""`Hyperparameters`: length scales, signal and noise, and those that a subset makes most likely."""

from __future__ import annotations

import importlib
from typing import Any, NamedTuple

import numpy as np

from tfnas._keras import graph_keras, tensorflow

graph_keras()
tf = tensorflow()
tfp = importlib.import_module("tensorflow_probability")
tfd, kernels = tfp.distributions, tfp.math.psd_kernels

_REACH = 5.0
"""How far logarithms of length scales and of the signal go from where they start."""

_NOISE = np.log([1e-6, 10.0])
"""Least and largest logarithm of the noise's variance, in units of the values' variance."""

_ITERATIONS = 100


class Hyperparameters(NamedTuple):
    """Of ``signal exp(-sum_d (a_d - b_d)^2 / (2 scale_d^2))`` and independent noise, as natural logarithms.

    Attributes:
        scales: Of the length scales. Shape [D].
        signal: Of the function's variance.
        noise: Of the noise's variance.
    """

    scales: Any
    signal: Any
    noise: Any

    @classmethod
    def first(cls, x: np.ndarray) -> Hyperparameters:
        """Returns the papers' first ones: squared scales are half of the median squared distance of points."""
        distances = np.maximum(((x**2).sum(1)[:, None] + (x**2).sum(1)) - 2 * x @ x.T, 0.0)
        median = np.median(distances[np.triu_indices(len(x), 1)])
        if median <= 0:  # most points are one and the same
            median = distances.mean() or 1.0
        return cls(np.full(x.shape[1], 0.5 * np.log(0.5 * median)), np.float64(0.0), np.float64(0.0))

    def kernel(self) -> Any:
        """Returns the covariance function, of TensorFlow Probability."""
        return kernels.FeatureScaled(
            kernels.ExponentiatedQuadratic(amplitude=tf.exp(self.signal / 2)), scale_diag=tf.exp(self.scales)
        )


def most_likely(start: Hyperparameters, x: np.ndarray, y: np.ndarray) -> Hyperparameters:
    """Returns those that maximise the marginal likelihood of an exact Gaussian process, as L-BFGS-B finds them.

    Args:
        start: Where the search starts.
        x: Points. Shape [n, D].
        y: Standardised values. Shape [n].
    """
    from scipy.optimize import minimize

    width = x.shape[1]
    points, values = tf.constant(x), tf.constant(y)

    @tf.function(input_signature=[tf.TensorSpec([width + 2], tf.float64)])
    def loss_and_slope(vector):
        with tf.GradientTape() as tape:
            tape.watch(vector)
            found = Hyperparameters(vector[:width], vector[width], vector[width + 1])
            process = tfd.GaussianProcess(found.kernel(), points, observation_noise_variance=tf.exp(found.noise))
            loss = -process.log_prob(values) / len(y)
        return loss, tape.gradient(loss, vector)

    first = np.concatenate([start.scales, [start.signal, start.noise]])
    found = minimize(
        lambda vector: tuple(part.numpy() for part in loss_and_slope(tf.constant(vector))),
        first,
        method="L-BFGS-B",
        jac=True,
        bounds=[(value - _REACH, value + _REACH) for value in first[:-1]] + [tuple(_NOISE)],
        options={"maxiter": _ITERATIONS},
    ).x
    return Hyperparameters(found[:width], found[width], found[width + 1])

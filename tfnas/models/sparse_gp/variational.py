"""`VariationalProcess`: the variables of a sparse Gaussian process, and their training."""

from __future__ import annotations

import importlib
import math
from typing import Any

import numpy as np

from tfnas._keras import graph_keras, tensorflow
from tfnas.models.autoencoder.flat_adam import FlatAdam
from tfnas.models.predictors import Columns, Terms
from tfnas.models.sparse_gp.config import SparseGPConfig
from tfnas.models.sparse_gp.hyperparameters import Hyperparameters

graph_keras()
tf = tensorflow()
tfp = importlib.import_module("tensorflow_probability")
tfd = tfp.distributions

_CHUNK = 1024
"""Points that are read or predicted at once."""


class VariationalProcess:
    """`tfd.VariationalGaussianProcess` on variables, with the inducing values whitened: N(0, I) before they are seen.

    Args:
        shape: Of the inducing points, [M, D].
        config: Training.
    """

    def __init__(self, shape: tuple[int, int], config: SparseGPConfig) -> None:
        self.shape, self._config = shape, config
        size, width = shape

        def variable(*shape: int) -> Any:
            return tf.Variable(tf.zeros(shape, tf.float64))

        self.hyperparameters = Hyperparameters(variable(width), variable(), variable())
        self._inducing, self._mean, self._scale = variable(size, width), variable(size), variable(size, size)
        self._variables = [*self.hyperparameters, self._inducing, self._mean, self._scale]
        self._optimizer = FlatAdam(self._variables, config.rate)
        self._first = [variable.numpy() for variable in self._optimizer.state]
        points, values = tf.TensorSpec([None, width], tf.float64), tf.TensorSpec([None], tf.float64)
        rows = tf.TensorSpec([None, None], tf.int32)
        self._train = tf.function(self._steps, autograph=False, input_signature=[points, values, rows])
        self._beliefs = tf.function(self._belief, autograph=False, input_signature=[points])

    def start(self, hyperparameters: Hyperparameters, inducing: np.ndarray, x: np.ndarray, y: np.ndarray) -> None:
        """Takes hyper-parameters, inducing points, and the best posterior for them (Titsias, 2009, equation 10).

        `tfd.VariationalGaussianProcess.optimal_variational_posterior` computes the same, but its scale has to be
        transposed before the distribution takes it, and it leaves the jitter out where the distribution adds it, which
        spoils the bound where inducing points are close together.

        Args:
            hyperparameters: Those.
            inducing: Shape [M, D].
            x: Points that are observed. Shape [n, D].
            y: Their values. Shape [n].
        """
        for variable, value in zip(self.hyperparameters, hyperparameters):
            variable.assign(value)
        self._inducing.assign(inducing)
        kernel, unit = self.hyperparameters.kernel(), tf.eye(self.shape[0], dtype=tf.float64)
        factor = tf.linalg.cholesky(kernel.matrix(self._inducing, self._inducing) + self._config.jitter * unit)
        precision, weighted = unit, tf.zeros([self.shape[0], 1], tf.float64)
        noise = tf.exp(self.hyperparameters.noise)
        for begin in range(0, len(x), _CHUNK):
            part = slice(begin, begin + _CHUNK)
            cross = tf.linalg.triangular_solve(factor, kernel.matrix(self._inducing, tf.constant(x[part])))
            precision += tf.matmul(cross, cross, transpose_b=True) / noise
            weighted += tf.matmul(cross, y[part, None]) / noise
        root = tf.linalg.cholesky(precision)
        self._mean.assign(tf.linalg.cholesky_solve(root, weighted)[:, 0])
        # the transposed R of the QR factors of root^-1 is a lower triangle that squares to the covariance
        self._scale.assign(tf.transpose(tf.linalg.qr(tf.linalg.triangular_solve(root, unit)).r))
        for variable, value in zip(self._optimizer.state, self._first):
            variable.assign(value)
        self._optimizer.read()

    def fit(self, x: np.ndarray, y: np.ndarray, rng: np.random.Generator) -> None:
        """Maximises the bound by Adam over everything, inducing points too."""
        points, values = tf.constant(x), tf.constant(y)
        batch = self._config.batch
        whole = len(x) // batch * batch
        for epoch in range(self._config.epochs):
            if self._config.method == "refined":
                self._optimizer.rate.assign(
                    self._config.rate * 0.5 * (1 + math.cos(math.pi * epoch / self._config.epochs))
                )
            order = rng.permutation(len(x)).astype(np.int32)
            if whole:
                self._train(points, values, tf.constant(order[:whole].reshape(-1, batch)))
            if whole < len(x):
                self._train(points, values, tf.constant(order[None, whole:]))

    def loss(self, x: Any, y: Any, count: Any) -> Any:
        """Returns less the bound of a value's logarithmic density (Hensman et al., 2013, equation 4), a mean of B.

        Args:
            x: Points. Float64, shape [B, D].
            y: Their values. Float64, shape [B].
            count: How many points there are in all, float64.
        """
        share = tf.cast(tf.shape(x)[0], tf.float64)
        return self._process(x).variational_loss(y, x, kl_weight=share / count) / share

    def predict(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Returns means and standard deviations of standardised values at B points. [B] and [B]."""
        parts = [self._beliefs(tf.constant(x[start : start + _CHUNK])) for start in range(0, len(x), _CHUNK)]
        mean, variance = (np.concatenate([part.numpy() for part in parts]) for parts in zip(*parts))
        noise = math.exp(self.hyperparameters.noise.numpy()) if self._config.includes_noise else 0.0
        # without noise, rounding may bring it to zero or below
        return mean, np.sqrt(np.maximum(variance + noise, self._config.jitter**2))

    def predict_tensor(self, x: Any) -> tuple[Any, Any]:
        """Returns what `predict` does, by operations of TensorFlow, of a tensor of B points. [B] and [B]."""
        mean, variance = self._belief(x)
        noise = tf.exp(self.hyperparameters.noise) if self._config.includes_noise else 0.0
        return mean, tf.sqrt(tf.maximum(variance + noise, self._config.jitter**2))

    def covariances(self, x: np.ndarray) -> Columns:
        """Returns the covariances of standardised values at B points, without noise.

        They are ``k(x, x') + a(x)' (S S' - I) a(x')``, where ``a(x) = L^-1 k(u, x)`` and inducing values are whitened.
        """
        from scipy.linalg import solve_triangular

        kernel, inducing = self.hyperparameters.kernel(), self._inducing.numpy()
        inner = kernel.matrix(inducing, inducing).numpy() + self._config.jitter * np.eye(len(inducing))
        reach = solve_triangular(np.linalg.cholesky(inner), kernel.matrix(inducing, x).numpy(), lower=True)
        spread = np.tril(self._scale.numpy()).T @ reach

        def column(point: int) -> np.ndarray:
            prior = kernel.matrix(x, x[point : point + 1]).numpy()[:, 0]
            return prior + spread.T @ spread[:, point] - reach.T @ reach[:, point]

        return column

    def terms(self) -> Terms:
        """Returns the process by its `features`."""
        scales, signal = (np.exp(part.numpy()) for part in self.hyperparameters[:2])
        kernel, unit = self.hyperparameters.kernel(), tf.eye(self.shape[0], dtype=tf.float64)
        factor = tf.linalg.cholesky(kernel.matrix(self._inducing, self._inducing) + self._config.jitter * unit)
        spread = tf.linalg.band_part(self._scale, -1, 0)
        # values at the inducing points are factor u with u ~ N(mean, spread spread'), N(0, 1) before the data
        learned = unit - tf.matmul(spread, spread, transpose_b=True)
        half = tf.linalg.triangular_solve(factor, learned, adjoint=True)
        return Terms(
            shift=np.zeros_like(scales),
            scale=scales,
            centres=self._inducing / scales,
            prior=signal,
            constant=0.0,
            weights=tf.linalg.triangular_solve(factor, self._mean[:, None], adjoint=True)[:, 0],
            known=tf.linalg.triangular_solve(factor, tf.transpose(half), adjoint=True),
        )

    def features(self, x: Any, terms: Terms) -> Any:
        """Returns the covariances of B points, scaled, with the centres of some terms, before any data. [B, C]."""
        squares = tf.reduce_sum(x**2, 1)[:, None] + tf.reduce_sum(terms.centres**2, 1)
        distances = squares - 2 * tf.matmul(x, terms.centres, transpose_b=True)
        return terms.prior * tf.exp(-0.5 * tf.maximum(distances, tf.zeros([], tf.float64)))

    def _process(self, x: Any) -> Any:
        return tfd.VariationalGaussianProcess(
            self.hyperparameters.kernel(),
            x,
            self._inducing,
            self._mean,
            tf.linalg.band_part(self._scale, -1, 0),
            observation_noise_variance=tf.exp(self.hyperparameters.noise),
            # else the bound would count the noise twice, since its expectation is over this variance too
            predictive_noise_variance=tf.zeros([], tf.float64),
            use_whitening_transform=True,
            jitter=tf.constant(self._config.jitter, tf.float64),
        )

    def _belief(self, x: Any) -> tuple[Any, Any]:
        process = self._process(x)
        return process.mean(), process.variance()

    def _steps(self, points: Any, values: Any, rows: Any) -> None:
        """Makes a step for each row of numbers of points."""
        count = tf.cast(tf.shape(points)[0], tf.float64)

        def body(index):
            with tf.GradientTape() as tape:
                loss = self.loss(tf.gather(points, rows[index]), tf.gather(values, rows[index]), count)
            self._optimizer.apply(tape.gradient(loss, self._variables))
            return index + 1

        tf.while_loop(lambda index: index < tf.shape(rows)[0], body, [tf.constant(0)])

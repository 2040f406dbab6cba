"""`RealNVP`: the bijectors of a flow, and their training."""

from __future__ import annotations

import importlib
import math
from typing import Any, Sequence

import numpy as np

from tfnas._keras import graph_keras, tensorflow
from tfnas.models.autoencoder.flat_adam import FlatAdam

graph_keras()
tf = tensorflow()
tfp = importlib.import_module("tensorflow_probability")
tfd, tfb = tfp.distributions, tfp.bijectors

_LARGEST = 2.0
"""Bound of the logarithm of a layer's factors, which keeps training stable."""


class RealNVP:
    """Layers that change the second half of a vector, given the first, and turn it around in between.

    They begin as the identity, so that training starts from N(0, I).

    Args:
        width: W, at least 2.
        layers: Their number.
        hidden: Size of both hidden layers of the network of each.
    """

    def __init__(self, width: int, layers: int, hidden: int) -> None:
        known = width // 2
        self._changed = width - known
        shapes = [
            [known, hidden],
            [hidden],
            [hidden, hidden],
            [hidden],
            [hidden, 2 * self._changed],
            [2 * self._changed],
        ]
        self._weights = [[tf.Variable(tf.zeros(shape, tf.float64)) for shape in shapes] for _ in range(layers)]
        self.variables = [variable for layer in self._weights for variable in layer]
        turn = tfb.Permute(np.arange(width)[::-1])
        parts = []
        for weights in self._weights:
            parts += [tfb.RealNVP(known, shift_and_log_scale_fn=self._network(weights)), turn]
        normal = tfd.MultivariateNormalDiag(np.zeros(width), np.ones(width))
        self.distribution = tfd.TransformedDistribution(normal, tfb.Chain(parts))

    def set_weights(self, weights: Sequence[np.ndarray]) -> None:
        """Takes what `fit` returned."""
        for variable, array in zip(self.variables, weights):
            variable.assign(array)

    def fit(
        self, points: np.ndarray, epochs: int, batch: int, rate: float, held_out: float, rng: np.random.Generator
    ) -> list[np.ndarray]:
        """Maximises the likelihood of standardised points, and returns the weights of the best epoch.

        Args:
            points: Shape [n, W].
            epochs: Passes over those that are not held out.
            batch: Points in a step.
            rate: Learning rate.
            held_out: Share of the points that choose the epoch.
            rng: For first weights, the points held out and the order.
        """
        for weights in self._weights:
            for kernel in weights[:4:2]:
                limit = math.sqrt(6 / sum(kernel.shape))
                kernel.assign(rng.uniform(-limit, limit, kernel.shape))
        self._optimizer = FlatAdam(self.variables, rate)
        run = tf.function(self._steps, autograph=False)
        order = rng.permutation(len(points))
        count = min(max(1, round(held_out * len(points))), len(points) - 1)
        judges, known = tf.constant(points[order[:count]]), tf.constant(points[order[count:]])
        batch = min(batch, len(points) - count)
        best, chosen = -math.inf, [variable.numpy() for variable in self.variables]
        for _ in range(epochs):
            rows = rng.permutation(len(known))[: len(known) // batch * batch].astype(np.int32)
            likelihood = float(run(known, judges, tf.constant(rows.reshape(-1, batch))))
            if likelihood > best:
                best, chosen = likelihood, [variable.numpy() for variable in self.variables]
        return chosen

    def _network(self, weights: Sequence[Any]) -> Any:
        def shift_and_log_scale(x, units, **_):
            for kernel, bias in zip(weights[:4:2], weights[1:4:2]):
                x = tf.nn.relu(tf.tensordot(x, kernel, 1) + bias)
            shift, log_scale = tf.split(tf.tensordot(x, weights[4], 1) + weights[5], 2, -1)
            return shift, _LARGEST * tf.tanh(log_scale / _LARGEST)

        return shift_and_log_scale

    def _steps(self, points: Any, judges: Any, rows: Any) -> Any:
        """Makes a step for each row of numbers of points; returns the mean likelihood of those held out."""

        def body(index):
            with tf.GradientTape() as tape:
                loss = -tf.reduce_mean(self.distribution.log_prob(tf.gather(points, rows[index])))
            self._optimizer.apply(tape.gradient(loss, self.variables))
            return index + 1

        tf.while_loop(lambda index: index < tf.shape(rows)[0], body, [tf.constant(0)])
        return tf.reduce_mean(self.distribution.log_prob(judges))

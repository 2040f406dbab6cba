"""`BasisNetwork`: the network whose last hidden layer are DNGO's basis functions."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tfnas._keras import graph_keras, tensorflow
from tfnas.models.autoencoder.flat_adam import FlatAdam
from tfnas.models.dngo.config import DNGOConfig

tf_keras = graph_keras()
tf = tensorflow()

_ROOM = 1024
"""Points are padded to this number, or to 4, 16, ... times it; XLA compiles each size once, in about a second."""

_CHUNK = 16_384
"""Points whose basis functions are computed at once."""


class BasisNetwork:
    """Layers of tanh units and a linear one, fitted to values by the mean squared error.

    Steps see no more than their batch, so the room that points are padded to costs nothing.

    Args:
        width: D.
        config: Sizes and training.
    """

    def __init__(self, width: int, config: DNGOConfig) -> None:
        self.width, self._config = width, config
        dense = tf_keras.layers.Dense
        self._hidden = tf_keras.Sequential([dense(size, activation="tanh") for size in config.hidden])
        self._output = dense(1)
        self._hidden.build([None, width])
        self._output.build([None, config.hidden[-1]])
        self._variables = [*self._hidden.trainable_variables, *self._output.trainable_variables]
        self._optimizer = FlatAdam(self._variables, config.rate)
        self._first = [variable.numpy() for variable in self._optimizer.state]
        self._train = tf.function(self._steps, autograph=False, jit_compile=True)
        self._basis = tf.function(self._hidden, input_signature=[tf.TensorSpec([None, width], tf.float32)])

    @property
    def traces(self) -> int:
        """How often the training was traced and compiled."""
        return self._train.experimental_get_tracing_count()

    @property
    def constant(self) -> float:
        """What the network predicts where all basis functions are zero."""
        return float(self._variables[-1].numpy()[0])

    def fit(self, x: np.ndarray, y: np.ndarray, seed: int) -> None:
        """Starts anew and fits n points, [n, D], to their values, [n]."""
        rng = np.random.default_rng(seed)
        self._start(rng)
        count, batch = len(x), self._config.batch
        room = _ROOM
        while room < count:
            room *= 4
        steps = math.ceil(count / batch)
        order = np.full((self._config.epochs, steps * batch), -1, np.int32)
        order[:, :count] = rng.permuted(np.tile(np.arange(count), (self._config.epochs, 1)), axis=1)
        rows = np.full((self._config.epochs * math.ceil(room / batch), batch), -1, np.int32)
        rows[: self._config.epochs * steps] = order.reshape(-1, batch)
        points, values = np.zeros((room, self.width), np.float32), np.zeros(room, np.float32)
        points[:count], values[:count] = x, y
        self._train(*map(tf.constant, (points, values, rows, np.int32(self._config.epochs * steps))))

    def basis(self, x: np.ndarray) -> np.ndarray:
        """Returns the basis functions of B points. Float64, shape [B, size of the last layer]."""
        x = x.astype(np.float32)
        parts = [self._basis(x[start : start + _CHUNK]).numpy() for start in range(0, len(x), _CHUNK)]
        return np.concatenate(parts).astype(float)

    def basis_tensor(self, x: Any) -> Any:
        """Returns the basis functions of a tensor of B points, by operations of TensorFlow. Float64."""
        return tf.cast(self._hidden(tf.cast(x, tf.float32)), tf.float64)

    def _start(self, rng: np.random.Generator) -> None:
        """Draws first weights as the published code's layers do, and forgets what the optimiser knows."""
        for kernel, bias in zip(self._variables[::2], self._variables[1::2]):
            limit = 1 / math.sqrt(kernel.shape[0])
            kernel.assign(rng.uniform(-limit, limit, kernel.shape))
            bias.assign(rng.uniform(-limit, limit, bias.shape))
        for variable, value in zip(self._optimizer.state, self._first):
            variable.assign(value)
        self._optimizer.read()

    def _steps(self, points: Any, values: Any, rows: Any, steps: Any) -> None:
        """Makes a step for each of the first rows of numbers of points; minus one is none."""

        def body(index):
            there, row = tf.cast(rows[index] >= 0, points.dtype), tf.maximum(rows[index], 0)
            with tf.GradientTape() as tape:
                predicted = self._output(self._hidden(tf.gather(points, row)))[:, 0]
                errors = there * (predicted - tf.gather(values, row)) ** 2
                loss = tf.reduce_sum(errors) / tf.reduce_sum(there)
            self._optimizer.apply(tape.gradient(loss, self._variables))
            return index + 1

        tf.while_loop(lambda index: index < steps, body, [tf.constant(0)])

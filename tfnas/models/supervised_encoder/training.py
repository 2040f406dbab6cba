"""`RegressionNetwork`: a `SupervisedEncoder` with a linear output, and its training."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tfnas._keras import graph_keras, tensorflow
from tfnas.models.autoencoder.flat_adam import FlatAdam
from tfnas.models.autoencoder.graph_form import GraphArrays, GraphForm
from tfnas.models.supervised_encoder.config import SupervisedEncoderConfig
from tfnas.models.supervised_encoder.network import SupervisedEncoder

tf_keras = graph_keras()
tf = tensorflow()


class RegressionNetwork:
    """An encoder and a linear output, fitted to values by the mean squared error.

    Args:
        form: Of the graphs.
        config: Sizes and training.
    """

    def __init__(self, form: GraphForm, config: SupervisedEncoderConfig) -> None:
        self.encoder = SupervisedEncoder(form, config)
        self._config = config
        self._kernel, self._bias = tf.Variable(tf.zeros([config.latent, 1])), tf.Variable(tf.zeros([1]))
        self._variables = [*self.encoder.trainable_variables, self._kernel, self._bias]
        self._optimizer = FlatAdam(self._variables, config.rate)
        self._first = [variable.numpy() for variable in self._optimizer.state]
        values, rows = tf.TensorSpec([None], tf.float32), tf.TensorSpec([None, config.batch], tf.int32)
        self._train = tf.function(self._steps, autograph=False, input_signature=[*self.encoder.signature, values, rows])

    @property
    def constant(self) -> float:
        """What is predicted of a graph whose vector is zero."""
        return float(self._bias.numpy()[0])

    def fit(self, graphs: GraphArrays, y: np.ndarray, seed: int) -> None:
        """Starts anew and fits n graphs to their values, [n]."""
        rng = np.random.default_rng(seed)
        self.encoder.start(rng)
        limit = math.sqrt(6 / (self._config.latent + 1))
        self._kernel.assign(rng.uniform(-limit, limit, self._kernel.shape))
        self._bias.assign([0.0])
        for variable, value in zip(self._optimizer.state, self._first):
            variable.assign(value)
        self._optimizer.read()
        count, batch, epochs = len(y), self._config.batch, self._config.epochs
        order = np.full((epochs, math.ceil(count / batch) * batch), -1, np.int32)
        order[:, :count] = rng.permuted(np.tile(np.arange(count, dtype=np.int32), (epochs, 1)), axis=1)
        self._train(*graphs, y.astype(np.float32), order.reshape(-1, batch))
        self.encoder.settle(graphs)

    def _steps(self, adjacency: Any, ops: Any, values: Any, rows: Any) -> None:
        """Makes a step for each row of numbers of graphs; minus one is none."""

        def body(index):
            row = tf.boolean_mask(rows[index], rows[index] >= 0)
            with tf.GradientTape() as tape:
                vectors = self.encoder.vectors(tf.gather(adjacency, row), tf.gather(ops, row), training=True)
                predicted = (tf.matmul(vectors, self._kernel) + self._bias)[:, 0]
                loss = tf.reduce_mean((predicted - tf.gather(values, row)) ** 2)
            self._optimizer.apply(tape.gradient(loss, self._variables))
            return index + 1

        tf.while_loop(lambda index: index < tf.shape(rows)[0], body, [tf.constant(0)])

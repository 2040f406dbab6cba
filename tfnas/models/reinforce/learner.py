"""`Learner`: fits a generator to a replay buffer by REINFORCE."""

from __future__ import annotations

from typing import Callable, Mapping, NamedTuple, Sequence

import numpy as np

from tfnas._keras import graph_keras, tensorflow
from tfnas.architecture import Architecture
from tfnas.checks import check_seed
from tfnas.errors import ConfigError, StateError
from tfnas.models.autoregressive import AutoregressiveGenerator, ComponentArrays
from tfnas.models.reinforce.config import LearningConfig
from tfnas.models.reinforce.objective import reweighted
from tfnas.models.reinforce.rewards import SHAPES

tf_keras = graph_keras()
tf = tensorflow()

_STEPS = {True: 512, False: 8}
"""Steps in one call of TensorFlow, with XLA and without; Ctrl-C and progress wait for its end."""

_SMALLEST = 8
"""Buffers are padded to this size or twice, four times, ... of it; each size is compiled once."""


class Fit(NamedTuple):
    """What a fit did.

    Attributes:
        steps: Number of optimiser steps.
        learned: Number of architectures it learned from.
        objective: Mean of what was maximised, over all steps; NaN where there was no step.
    """

    steps: int
    learned: int
    objective: float


class Learner:
    """Maximises `reweighted` rewards (equations 11 and 12 of GraphPNAS) with Adam.

    Where all shapes are known in advance (`NodeNetwork.has_static_shapes`) XLA compiles a whole fit,
    hundreds of steps, as one function. Compiling takes some seconds, once for each class of sizes.

    Args:
        generator: What is fitted, in place.
        config: How.
    """

    def __init__(self, generator: AutoregressiveGenerator, config: LearningConfig) -> None:
        self.generator, self.config = generator, config
        self._variables = list(generator.trainable_variables)
        self._optimizer = tf_keras.optimizers.Adam(config.rate)
        self._optimizer.build(self._variables)
        self._first = [variable.numpy() for variable in self._optimizer.variables]
        self._is_compiled = config.xla and all(part.network.has_static_shapes for part in generator.components)
        self._run = tf.function(self._steps, jit_compile=self._is_compiled)

    def fit(
        self,
        archs: Sequence[Architecture],
        objectives: Sequence[float],
        *,
        seed: int,
        on_progress: Callable[[int, int], None] | None = None,
    ) -> Fit:
        """Fits the generator to measured architectures.

        Those that the generator cannot draw, for example with a label that its configuration leaves out, are
        left out before rewards are computed. Rewards that are all equal say nothing: nothing is learned then,
        except with ``rewards="ranks"``, where all are 1.

        Args:
            archs: The architectures of the replay buffer.
            objectives: What they measured; larger is better.
            seed: For the order of the graphs and, with `restart`, the first weights.
            on_progress: Called with the numbers of steps done and in all, now and then.

        Raises:
            ConfigError: If there are none, an objective is not finite, or their numbers differ.
            InvalidArchitectureError: If one is no member of the space.
        """
        check_seed(seed)
        if len(archs) != len(objectives):
            raise ConfigError("objectives", expected=f"{len(archs)}, as architectures", received=str(len(objectives)))
        SHAPES[self.config.rewards](objectives)
        for arch in archs:
            self.generator.space.validate(arch)
        rng = np.random.default_rng(seed)
        if self.config.restart:
            self.reset(int(rng.integers(2**31)))
        arrays = self.generator.view.encode(archs)
        drawable = self.generator.view.drawable(arrays)
        arrays = [ComponentArrays(*(array[drawable] for array in part)) for part in arrays]
        learned = int(drawable.sum())
        rewards = SHAPES[self.config.rewards](np.asarray(objectives)[drawable]) if learned else np.zeros(0)
        if not rewards.any():
            return Fit(0, learned, float("nan"))
        decisions = np.maximum(self.generator.view.decisions(arrays), 1)
        batches = _batches(learned, self.config.batch, self.config.epochs, rng)
        return Fit(len(batches), learned, self._train(arrays, rewards, decisions, batches, on_progress))

    def reset(self, seed: int) -> None:
        """Draws new weights and forgets the optimiser's moments."""
        self.generator.set_weights(self.generator.first_weights(seed))
        for variable, array in zip(self._optimizer.variables, self._first):
            variable.assign(array)

    def get_state(self) -> dict[str, list[np.ndarray]]:
        """Returns weights and the optimiser's state, for `set_state`."""
        return {
            "weights": self.generator.get_weights(),
            "optimizer": [np.asarray(variable.numpy()) for variable in self._optimizer.variables],
        }

    def set_state(self, state: Mapping[str, Sequence[np.ndarray]]) -> None:
        """Continues from a state, bit for bit.

        Raises:
            StateError: If it is that of another generator.
        """
        variables, arrays = self._optimizer.variables, state["optimizer"]
        if [tuple(variable.shape) for variable in variables] != [np.shape(array) for array in arrays]:
            raise StateError(
                "state of the optimiser",
                expected=f"{len(variables)} arrays, for this generator",
                received=f"{len(arrays)} arrays of other shapes",
                remedy="Give the state of a learner with the same generator and configuration.",
            )
        self.generator.set_weights(state["weights"])
        for variable, array in zip(variables, arrays):
            variable.assign(array)

    def _train(self, arrays, rewards, decisions, batches, on_progress) -> float:
        size = _SMALLEST
        while size < len(rewards):
            size *= 2
        arrays = [array for part in arrays for array in part]
        tensors = [tf.constant(_padded(array, size)) for array in (*arrays, rewards, decisions)]
        # as many places as a batch of a buffer of this size could have; those that are empty weigh nothing
        width = min(self.config.batch, size)
        chunk = _STEPS[self._is_compiled]
        gained: list[float] = []
        for start in range(0, len(batches), chunk):
            part = batches[start : start + chunk]
            rows = np.full((chunk, width), -1, np.int32)
            for row, batch in zip(rows, part):
                row[: len(batch)] = batch
            gained.append(float(self._run(tensors, tf.constant(rows), tf.constant(len(part), tf.int32))) * len(part))
            if on_progress is not None:
                on_progress(start + len(part), len(batches))
        return sum(gained) / len(batches)

    def _steps(self, tensors, rows, count):
        """Makes `count` steps and returns the mean of their objectives."""

        def body(index, total):
            return index + 1, total + self._step(tensors, rows[index])

        start = tf.constant(0), tf.constant(0.0, self.generator.config.dtype)
        _, total = tf.while_loop(lambda index, _: index < count, body, start)
        return total / tf.cast(count, total.dtype)

    def _step(self, tensors, row):
        there = row >= 0
        *arrays, rewards, decisions = (tf.gather(tensor, tf.maximum(row, 0)) for tensor in tensors)
        parts = [ComponentArrays(*pair) for pair in zip(arrays[::2], arrays[1::2])]
        with tf.GradientTape() as tape:
            log_prob = self.generator.log_prob_tensor(parts, self.config.shares)
            each = reweighted(log_prob, rewards, decisions, beta=self.config.beta)
            weights = tf.cast(there, each.dtype)
            gained = tf.reduce_sum(each * weights) / tf.reduce_sum(weights)
            loss = -gained
        gradients = tape.gradient(loss, self._variables)
        pairs = [(slope, variable) for slope, variable in zip(gradients, self._variables) if slope is not None]
        if self.config.clip is not None:
            clipped, _ = tf.clip_by_global_norm([slope for slope, _ in pairs], self.config.clip)
            pairs = [(slope, variable) for slope, (_, variable) in zip(clipped, pairs)]
        self._optimizer.apply_gradients(pairs)
        return gained


def _batches(count: int, batch: int, epochs: int, rng: np.random.Generator) -> list[np.ndarray]:
    """Returns the rows of each step: every epoch all rows in a new order; its last batch may be smaller."""
    found = []
    for _ in range(epochs):
        order = rng.permutation(count)
        found += [order[start : start + batch] for start in range(0, count, batch)]
    return found


def _padded(array: np.ndarray, size: int) -> np.ndarray:
    """Returns the array with its last row repeated, so that it has `size` rows."""
    return np.pad(array, [(0, size - len(array))] + [(0, 0)] * (array.ndim - 1), "edge")

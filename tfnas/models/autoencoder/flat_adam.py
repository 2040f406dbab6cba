"""`FlatAdam`: Adam on all variables of a model as one vector."""

from __future__ import annotations

from typing import Any, Sequence

from tfnas._keras import tensorflow

tf = tensorflow()

_BETA_1, _BETA_2, _EPSILON = 0.9, 0.999, 1e-7


class FlatAdam:
    """Adam (Kingma and Ba, 2015), with clipping of the gradient's norm, in a few operations whatever the variables are.

    Small models have tens of small variables, and an optimiser that goes through them one by one has several operations
    for each. The moments and the update are those of `tf_keras.optimizers.Adam`.

    Args:
        variables: What is learned.
        rate: Learning rate.
        clip: Largest norm of the gradient, larger ones are scaled; None for no limit.
    """

    def __init__(self, variables: Sequence[Any], rate: float, clip: float | None = None) -> None:
        self._variables, self._clip = list(variables), clip
        self._sizes = [variable.shape.num_elements() for variable in self._variables]
        dtype, total = self._variables[0].dtype, sum(self._sizes)
        self.rate = tf.Variable(rate, dtype=dtype, trainable=False, name="rate")
        self.steps = tf.Variable(0, dtype=tf.int64, trainable=False, name="steps")
        self._first = tf.Variable(tf.zeros([total], dtype), trainable=False, name="first")
        self._second = tf.Variable(tf.zeros([total], dtype), trainable=False, name="second")
        self._values = tf.Variable(tf.zeros([total], dtype), trainable=False, name="values")
        self.read()

    @property
    def state(self) -> list[Any]:
        """The variables that, with the model's own, are all that the next step depends on."""
        return [self.rate, self.steps, self._first, self._second]

    def read(self) -> None:
        """Takes over the values of the variables, after something else has changed them."""
        self._values.assign(tf.concat([tf.reshape(variable, [-1]) for variable in self._variables], 0))

    def apply(self, gradients: Sequence[Any]) -> None:
        """Makes a step down the gradients, None for what the loss does not depend on."""
        parts = [
            tf.zeros([size], self._values.dtype) if gradient is None else tf.reshape(gradient, [-1])
            for gradient, size in zip(gradients, self._sizes)
        ]
        slope = tf.concat(parts, 0)
        if self._clip is not None:
            slope = tf.clip_by_norm(slope, self._clip)
        step = tf.cast(self.steps.assign_add(1), slope.dtype)
        tf.raw_ops.ResourceApplyAdam(
            var=self._values.handle,
            m=self._first.handle,
            v=self._second.handle,
            beta1_power=tf.pow(tf.constant(_BETA_1, slope.dtype), step),
            beta2_power=tf.pow(tf.constant(_BETA_2, slope.dtype), step),
            lr=self.rate,
            beta1=tf.constant(_BETA_1, slope.dtype),
            beta2=tf.constant(_BETA_2, slope.dtype),
            epsilon=tf.constant(_EPSILON, slope.dtype),
            grad=slope,
        )
        for variable, part in zip(self._variables, tf.split(self._values, self._sizes)):
            variable.assign(tf.reshape(part, variable.shape))

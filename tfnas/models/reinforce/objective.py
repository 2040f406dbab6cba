"""What a generator is trained to maximise: equations 11 and 12 of GraphPNAS."""

from __future__ import annotations

import math
from typing import Any

from tfnas._keras import tensorflow
from tfnas.errors import ConfigError

tf = tensorflow()


def reweighted(log_prob: Any, rewards: Any, decisions: Any, *, beta: float) -> Any:
    """Returns what REINFORCE maximises, for each graph. Shape [B].

    A graph above the mean has ``R log P``, as in equation 12. One below has ``beta |R| log(1 - p)``, where
    ``p = P ** (1 / D)`` is the mean probability, in the geometric sense, of the D decisions that make it.

    Deviations from the paper, both for what it means to do:

    - As printed, equations 11 and 12 multiply ``beta log(1 - P)`` by a negative reward, so that ascent would
      raise the probability of bad graphs. Here the weight is the absolute value.
    - P is the probability of a whole graph, which is tiny: ``log(1 - P)`` is then -P, and so is its gradient,
      nothing. By decision, p is of the order of .1 to .9, and the gradient stays of use. (The released code
      takes such a mean too, over parts that it weights by hand; its branch never fires, since its rewards are
      ranks.)

    All of it stays finite from P = 1e-200 to 1 - 1e-12, and so do its gradients.

    Args:
        log_prob: Log-probabilities, differentiable. Shape [B].
        rewards: Standardised rewards. Shape [B].
        decisions: D of each graph, at least 1. Shape [B].
        beta: Weight of the graphs below the mean; 0 leaves them out. The paper has .05.

    Raises:
        ConfigError: If beta is negative or not finite.
    """
    if isinstance(beta, bool) or not isinstance(beta, (int, float)) or not 0 <= beta < math.inf:
        raise ConfigError("beta", expected="a finite number from 0", received=repr(beta))
    rewards = tf.cast(rewards, log_prob.dtype)
    mean_log_prob = log_prob / tf.cast(decisions, log_prob.dtype)
    above = rewards * log_prob
    below = beta * tf.abs(rewards) * log1mexp(mean_log_prob)
    return tf.where(rewards >= 0, above, below)


def log1mexp(x: Any) -> Any:
    """Returns ``log(1 - exp(x))`` for x below 0, without cancellation (Maechler, 2012).

    Where x is within 1e-15 of 0 or above, it counts as -1e-15, for a probability of one has no finite value;
    the gradient is that of -1e-15 then, large and of the right sign.
    """
    x += tf.stop_gradient(tf.minimum(x, tf.cast(-1e-15, x.dtype)) - x)
    near = x > -math.log(2)
    # the branch that is not taken must not spoil the gradient either
    small, large = tf.where(near, x, -tf.ones_like(x)), tf.where(near, -tf.ones_like(x), x)
    return tf.where(near, tf.math.log(-tf.math.expm1(small)), tf.math.log1p(-tf.exp(large)))

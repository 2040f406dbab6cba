"""Rewards and the objective of REINFORCE, against closed forms, exact arithmetic and one step of ascent."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest

from tfnas import spaces
from tfnas.errors import ConfigError
from tfnas.models.graphpnas import GraphGenerator, GraphGeneratorConfig
from tfnas.models.reinforce import rewards

SPACE = spaces.get("nasbench201")
SMALL = GraphGeneratorConfig(mixture=3, steps=2, hidden=16, message=16)


@pytest.fixture(scope="module")
def reward():
    from tfnas.models.reinforce import objective

    return objective


@pytest.fixture(scope="module")
def tf():
    import tensorflow

    return tensorflow


def test_rewards_are_standardised():
    values = [1.0, 2.0, 3.0, 6.0]
    found = rewards.standardised(values)
    np.testing.assert_allclose(found, (np.array(values) - 3.0) / math.sqrt(3.5), rtol=1e-12)
    assert found.mean() == pytest.approx(0, abs=1e-12) and found.std() == pytest.approx(1)


@pytest.mark.parametrize("values", [[5.0], [0.1] * 7, [93.1, 93.1], [1e300, 1e300], [0.0, 0.0]])
def test_equal_rewards_say_nothing(values):
    assert not rewards.standardised(values).any()


@pytest.mark.parametrize("values", [[], [math.nan, 1.0], [math.inf], [[1.0, 2.0]]])
def test_rewards_that_are_none_are_refused(values):
    with pytest.raises(ConfigError, match="rewards.*all finite"):
        rewards.standardised(values)


@pytest.mark.parametrize("x", [-1e-12, -1e-6, -0.1, -0.6, -math.log(2), -0.7, -3.0, -50.0, -460.5])
def test_log1mexp_and_its_gradient(reward, tf, x):
    with tf.GradientTape() as tape:
        value = tf.constant(x, tf.float64)
        tape.watch(value)
        found = reward.log1mexp(value)
    # exact: the series of 1 - exp(x) in rational numbers for small x, else plain logarithms
    if abs(x) < 1:
        exact = Fraction(x)
        series, term = Fraction(0), Fraction(1)
        for k in range(1, 40):
            term *= exact / k
            series -= term
        expected = math.log(series)
    else:
        expected = math.log1p(-math.exp(x))
    assert float(found) == pytest.approx(expected, rel=1e-9, abs=1e-300)
    assert float(tape.gradient(found, value)) == pytest.approx(-1 / math.expm1(-x), rel=1e-9)


def objective(reward, tf, log_prob, rewards, decisions, beta, dtype):
    with tf.GradientTape() as tape:
        value = tf.constant(log_prob, dtype)
        tape.watch(value)
        found = tf.reduce_mean(reward.reweighted(value, tf.constant(rewards), tf.constant(decisions), beta=beta))
    return float(found), tape.gradient(found, value).numpy()


def test_the_objective_is_the_formula(reward, tf):
    log_prob, rewards, decisions = [-3.0, -20.0, -8.0], [1.5, -0.5, -2.0], [6, 10, 4]
    found, gradient = objective(reward, tf, log_prob, rewards, decisions, 0.05, tf.float64)
    expected = [
        1.5 * -3.0,
        0.05 * 0.5 * math.log(1 - math.exp(-20.0 / 10)),
        0.05 * 2.0 * math.log(1 - math.exp(-8.0 / 4)),
    ]
    assert found == pytest.approx(sum(expected) / 3, rel=1e-12)
    assert gradient[0] > 0 > gradient[1] and gradient[2] < 0  # ascent raises the good one and lowers the bad ones
    without, alone = objective(reward, tf, log_prob, rewards, decisions, 0.0, tf.float64)
    assert without == pytest.approx(expected[0] / 3) and not alone[1:].any()


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("log_prob", [math.log(1e-200), -1000.0, -1.0, math.log1p(-1e-12), 0.0])
def test_it_stays_finite_and_keeps_a_gradient(reward, tf, dtype, log_prob):
    found, gradient = objective(reward, tf, [log_prob] * 2, [1.0, -1.0], [12, 12], 0.05, tf.as_dtype(dtype))
    assert math.isfinite(found) and np.isfinite(gradient).all()
    if log_prob > -500:  # of 1e-200, by twelve decisions, p is 1e-17: there is nothing left to lower
        assert gradient[1] < 0


def test_by_decision_a_graph_that_is_rare_can_still_become_rarer(reward, tf):
    """P = 1e-9 over 18 decisions: of the whole graph the gradient would be 1e-9, by decision it is of use."""
    _, gradient = objective(reward, tf, [math.log(1e-9)], [-1.0], [18], 1.0, tf.float64)
    assert gradient[0] < -1e-2


@pytest.mark.parametrize("beta", [-0.1, math.nan, math.inf, True, "x"])
def test_impossible_weights_are_refused(reward, tf, beta):
    with pytest.raises(ConfigError, match="beta"):
        reward.reweighted(tf.constant([-1.0]), [1.0], [1], beta=beta)


def test_one_step_raises_a_good_graph_and_lowers_a_bad_one(reward, tf):
    generator = GraphGenerator(SPACE, SMALL, seed=1)
    good, bad = generator.sample(2, seed=3)
    assert good != bad
    before = generator.log_prob([good, bad])
    arrays = generator.view.encode([good, bad])
    for given, which in (([1.0, 0.0], 0), ([0.0, -1.0], 1)):
        weights = generator.get_weights()
        with tf.GradientTape() as tape:
            gained = tf.reduce_sum(reward.reweighted(generator.log_prob_tensor(arrays), given, [12, 12], beta=1.0))
        for variable, slope in zip(
            generator.trainable_variables, tape.gradient(gained, list(generator.trainable_variables))
        ):
            if slope is not None:
                variable.assign_add(1e-3 * tf.convert_to_tensor(slope))
        change = generator.log_prob([good, bad]) - before
        assert (change[which] > 0) == (which == 0), change
        generator.set_weights(weights)


def test_ranks_are_shares_that_are_not_better():
    assert rewards.ranks([0.3, 0.9, 0.3, 0.5]).tolist() == [0.5, 1.0, 0.5, 0.75]
    with pytest.raises(ConfigError, match="rewards.*all finite"):
        rewards.ranks([0.3, math.nan])

"""DNGO and its linear regression against plain NumPy, and the expected improvement of its beliefs."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from scipy import stats

from tfnas.errors import ConfigError
from tfnas.models.dngo import DNGO, REFERENCE, DNGOConfig, LinearRegression
from tfnas.models.gaussian_process import expected_improvement
from tfnas.models.predictors import Standardization, normal


def _data(count: int, width: int = 3, seed: int = 0):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(count, width)) * [1, 10, 0.1][:width]
    return x, 0.9 + 0.05 * np.sin(x[:, 0]) + 0.002 * rng.normal(size=count)


@pytest.fixture(scope="module")
def fitted() -> DNGO:
    dngo = DNGO(DNGOConfig(hidden=(32,)))
    dngo.fit(*_data(60), seed=0)
    return dngo


@pytest.mark.parametrize("count", [4, 9, 30])
def test_linear_regression_is_the_textbook_posterior(count):
    rng = np.random.default_rng(count)
    features, queries = rng.normal(size=(count, 9)), rng.normal(size=(20, 9))
    values = features @ rng.normal(size=9) + 0.3 * rng.normal(size=count)
    model = LinearRegression(features, values)
    precision = model.alpha * np.eye(9) + model.beta * features.T @ features
    covariance = np.linalg.inv(precision)
    mean, deviation = model.predict(queries, includes_noise=True)
    np.testing.assert_allclose(mean, model.beta * queries @ covariance @ features.T @ values, rtol=1e-6)
    variance = np.einsum("bm,mn,bn->b", queries, covariance, queries)
    np.testing.assert_allclose(deviation**2, variance + 1 / model.beta, rtol=1e-6)
    _, alone = model.predict(queries, includes_noise=False)
    np.testing.assert_allclose(alone**2, variance, rtol=1e-6)


@pytest.mark.parametrize("count", [4, 9, 30])
def test_the_evidence_is_that_of_a_dense_normal_and_largest(count):
    rng = np.random.default_rng(count)
    features = rng.normal(size=(count, 9))
    values = features @ rng.normal(size=9) + 0.3 * rng.normal(size=count)
    model = LinearRegression(features, values)

    def dense(alpha: float, beta: float) -> float:
        return stats.multivariate_normal.logpdf(values, cov=features @ features.T / alpha + np.eye(count) / beta)

    for alpha, beta in itertools.product((0.1, 1.0, 30.0), (0.5, 20.0)):
        assert model.log_evidence(alpha, beta) == pytest.approx(dense(alpha, beta), rel=1e-9)
    best = model.log_evidence(model.alpha, model.beta)
    grid = itertools.product(np.geomspace(1e-3, 1e3, 61), np.geomspace(1e-2, 1e4, 61))
    ratio = model.alpha / model.beta / np.linalg.norm(features, 2) ** 2
    others = max(model.log_evidence(*point) for point in grid if 1e-8 <= point[0] / point[1] <= 1e4)
    assert best >= others - 1e-6 and 1e-8 <= ratio <= 1e4 * (1 + 1e-9)


def test_beliefs_are_those_of_the_regression_on_the_network(fitted):
    x, y = _data(60)
    standard = (x - x.mean(0)) / x.std(0)
    kernel, bias = (array.numpy() for array in fitted._network._hidden.layers[0].variables)
    features = np.tanh(standard @ kernel + bias)
    queries = _data(15, seed=1)[0]
    other = np.tanh((queries - x.mean(0)) / x.std(0) @ kernel + bias)
    alpha, beta = fitted._regression.alpha, fitted._regression.beta
    covariance = np.linalg.inv(alpha * np.eye(32) + beta * features.T @ features)
    belief = fitted.predict(queries)
    assert belief.batch_shape == [15] and belief.event_shape == []
    constant = fitted._network._output.bias.numpy()[0]
    mean = constant + beta * other @ covariance @ features.T @ (y - constant)
    np.testing.assert_allclose(belief.mean(), mean, rtol=1e-4)
    variance = np.einsum("bm,mn,bn->b", other, covariance, other) + 1 / beta
    np.testing.assert_allclose(belief.variance(), variance, rtol=1e-3)
    np.testing.assert_allclose(belief.stddev(), np.sqrt(variance), rtol=1e-3)


def test_it_learns_and_knows_how_well(fitted):
    x, y = _data(300, seed=2)
    belief = fitted.predict(x)
    assert np.corrcoef(belief.mean(), y)[0, 1] > 0.9
    z = (y - belief.mean()) / belief.stddev()
    # were scales variances, or deviations variances, these would be off by hundreds
    assert 0.3 < np.sqrt(np.mean(np.square(z))) < 3


def test_no_number_of_points_is_traced_anew(fitted):
    for count in (2, 10, 11, 64, 150, 1000):
        fitted.fit(*_data(count), seed=0)
    assert fitted._network.traces == 1
    x, y = _data(1000, seed=5)
    belief = fitted.predict(x)
    assert np.corrcoef(belief.mean(), y)[0, 1] > 0.95 and np.median(belief.stddev()) < y.std() / 2
    fitted.fit(*_data(60), seed=0)


def test_the_seed_decides(fitted):
    x = _data(5, seed=3)[0]
    first = fitted.predict(x).mean().numpy()
    fitted.fit(*_data(60), seed=1)
    other = fitted.predict(x).mean().numpy()
    fitted.fit(*_data(60), seed=0)
    assert np.array_equal(fitted.predict(x).mean(), first) and not np.array_equal(first, other)


def test_standardised_values_come_back_in_their_unit():
    x, y = _data(60)
    dngo = DNGO(DNGOConfig(hidden=(8, 8), epochs=20, standardizes_values=True))
    both = []
    for scale in (1.0, 1000.0):
        dngo.fit(x, scale * y - 3, seed=0)
        both.append(dngo.predict(x))
    np.testing.assert_allclose((both[1].mean() + 3) / 1000, both[0].mean() + 3, rtol=1e-4)
    np.testing.assert_allclose(both[1].stddev() / 1000, both[0].stddev(), rtol=1e-2)
    assert np.abs(both[0].mean() + 3 - y).mean() < y.std() / 2


def test_expected_improvement_takes_these_beliefs(fitted):
    x = _data(6, seed=4)[0]
    belief = fitted.predict(x)
    best = float(np.median(belief.mean()))
    draws = belief.sample(200_000, seed=1).numpy()
    gains = np.maximum(draws - best, 0)
    closed = expected_improvement(belief, best)
    assert isinstance(closed, np.ndarray)
    assert (np.abs(closed - gains.mean(0)) < 5 * gains.std(0) / math.sqrt(len(gains)) + 1e-12).all()
    # with a variance where the standard deviation belongs it is another number altogether
    wrong = expected_improvement(normal(belief.mean(), belief.variance()), best)
    assert (np.abs(wrong - gains.mean(0)) > 5 * gains.std(0) / math.sqrt(len(gains))).any()


def test_equal_values_are_believed_everywhere():
    dngo = DNGO()
    dngo.fit(_data(5)[0], np.full(5, 0.1), seed=0)
    belief = dngo.predict(_data(4, seed=1)[0])
    np.testing.assert_array_equal(belief.mean(), np.full(4, 0.1))
    np.testing.assert_array_equal(belief.stddev(), np.ones(4))


def test_wrong_data_are_refused():
    x, y = _data(5)
    dngo = DNGO()
    with pytest.raises(ConfigError, match="predict of DNGO: expected a predictor that is fitted"):
        dngo.predict(x)
    bad_x, bad_y = x.copy(), y.copy()
    bad_x[3, 1], bad_y[2] = np.inf, np.nan
    for points, values, message in (
        (x[:0], y[:0], "at least 2; received none"),
        (x[:1], y[:1], "at least 2; received 1"),
        (bad_x, y, "finite numbers.* in row 3"),
        (x, bad_y, "finite numbers.* in row 2"),
        (x, y[:4], r"shape \(5,\), one a point; received shape \(4,\)"),
        (x, y[:, None], "one a point"),
        (x[:, 0], y, r"shape \[B, D\]"),
    ):
        with pytest.raises(ConfigError, match=message):
            dngo.fit(points, values, seed=0)
    with pytest.raises(ConfigError, match="seed"):
        dngo.fit(x, y, seed=-1)
    dngo.fit(x, np.ones(5), seed=0)
    with pytest.raises(ConfigError, match="3 coordinates, as were fitted; received 2"):
        dngo.predict(x[:, :2])
    with pytest.raises(ConfigError, match="at least 1"):
        dngo.predict(x[:0])
    for options in ({"hidden": ()}, {"hidden": 50}, {"batch": 0}, {"rate": 0.0}, {"includes_noise": 1}):
        with pytest.raises(ConfigError):
            DNGOConfig(**options)
    assert REFERENCE.hidden == (50, 50, 50) and REFERENCE.standardizes_values


def test_coordinates_that_never_change_stay_small():
    values = np.column_stack([np.full(10, 0.1), np.arange(10.0), 0.1 + 1e-9 * np.arange(10)])
    standard = Standardization.of(values)
    np.testing.assert_allclose(standard.deviation, [1.0, np.arange(10).std(), 1.0])
    np.testing.assert_allclose(standard.undo(standard.apply(values), np.ones(3))[0], values)

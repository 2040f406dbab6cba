"""Beliefs of several points, and beliefs in TensorFlow, of the predictors that have them."""

from __future__ import annotations

import numpy as np
import pytest

from tfnas._keras import tensorflow
from tfnas.errors import ConfigError
from tfnas.models.dngo import DNGO, REFERENCE, DNGOConfig, LinearRegression, linear_covariances
from tfnas.models.predictors import Surrogate
from tfnas.models.sparse_gp import SparseGP, SparseGPConfig

MADE = {
    "dngo": lambda **options: DNGO(DNGOConfig(hidden=(16,), standardizes_values=True, **options)),
    "sparse_gp": lambda **options: SparseGP(SparseGPConfig(method="optimal_variational_posterior", **options)),
}


def _data() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Points, their values, and other points."""
    rng = np.random.default_rng(1)
    x, points = rng.normal(size=(25, 3)), rng.normal(size=(8, 3))
    return x, 90 + 3 * np.sin(x[:, 0]) + x[:, 1], points


@pytest.fixture(scope="module", params=MADE)
def both(request) -> tuple[Surrogate, Surrogate]:
    """One whose beliefs have the noise, and one whose beliefs do not; else the same."""
    x, y, _ = _data()
    made = MADE[request.param](), MADE[request.param](includes_noise=False)
    for surrogate in made:
        surrogate.fit(x, y, seed=0)
    return made


def _matrix(surrogate: Surrogate, points: np.ndarray) -> np.ndarray:
    column = surrogate.covariances(points)
    return np.array([column(k) for k in range(len(points))])


def test_linear_covariances_are_those_after_another_measurement():
    rng = np.random.default_rng(0)
    fitted, queries = rng.normal(size=(7, 5)), rng.normal(size=(9, 5))
    model = LinearRegression(fitted, fitted @ rng.normal(size=5) + 0.2 * rng.normal(size=7))

    def posterior(rows: np.ndarray) -> np.ndarray:
        return queries @ np.linalg.inv(model.alpha * np.eye(5) + model.beta * rows.T @ rows) @ queries.T

    for column in (model.covariances(queries), linear_covariances(fitted, queries, model.alpha, model.beta)):
        np.testing.assert_allclose([column(k) for k in range(9)], posterior(fitted), rtol=1e-8, atol=1e-12)
    deviation = model.predict(queries, includes_noise=True)[1]
    np.testing.assert_allclose([column(k)[k] + 1 / model.beta for k in range(9)], deviation**2, rtol=1e-6)
    left = np.diag(posterior(fitted)) - column(2) ** 2 / deviation[2] ** 2
    np.testing.assert_allclose(left, np.diag(posterior(np.vstack([fitted, queries[2]]))), rtol=1e-6)


def test_covariances_agree_with_beliefs(both):
    x, _, points = _data()
    for surrogate in both:
        matrix = _matrix(surrogate, np.concatenate([points, x[:2]]))
        np.testing.assert_allclose(matrix, matrix.T, rtol=1e-6, atol=1e-8)
        assert np.linalg.eigvalsh(matrix).min() > -1e-6
        # without noise in both, for which beliefs have it or not
        variances = np.square(both[1].predict(np.concatenate([points, x[:2]])).stddev())
        np.testing.assert_allclose(np.diag(matrix), variances, rtol=1e-4)


def test_terms_are_the_same_process(both):
    _, _, points = _data()
    surrogate = both[1]
    terms = surrogate.terms()
    scaled = (points - terms.shift) / terms.scale
    features = np.asarray(surrogate.features(tensorflow().constant(scaled), terms))
    unit = float(surrogate.units.deviation)
    mean = surrogate.units.mean + unit * (terms.constant + features @ np.asarray(terms.weights))
    np.testing.assert_allclose(mean, surrogate.predict(points).mean(), rtol=1e-6)
    distances = ((scaled[:, None] - scaled[None]) ** 2).sum(-1)
    known = features @ np.asarray(terms.known) @ features.T
    covariance = unit**2 * (terms.prior * np.exp(-0.5 * distances) - known)
    np.testing.assert_allclose(_matrix(surrogate, points), covariance, rtol=1e-4, atol=1e-5 * unit**2)


def test_covariances_with_few_inducing_points():
    """Against the matrix that TensorFlow Probability makes of the same variables."""
    x, y, points = _data()
    surrogate = SparseGP(SparseGPConfig(epochs=3, inducing=6))
    surrogate.fit(x, y, seed=0)
    expected = float(surrogate.units.deviation) ** 2 * surrogate._process._process(points).covariance().numpy()
    np.testing.assert_allclose(_matrix(surrogate, points), expected, rtol=1e-4, atol=1e-5)


def test_nothing_is_computed_before_it_is_asked_for(both, monkeypatch):
    surrogate, (_, _, points) = both[0], _data()
    calls, make = [], surrogate._covariances
    monkeypatch.setattr(surrogate, "_covariances", lambda x: calls.append(len(x)) or make(x))
    column = surrogate.covariances(points)
    assert calls == []
    column(0), column(3)
    assert calls == [8]


def test_beliefs_in_tensorflow(both):
    tf = tensorflow()
    x, y, points = _data()
    reference = DNGO(REFERENCE)
    reference.fit(x, y, seed=0)
    for surrogate in (*both, reference):
        traced = tf.function(
            surrogate.predict_tensor, autograph=False, input_signature=[tf.TensorSpec([None, 3], tf.float64)]
        )
        for queries in (points, x):
            mean, deviation = traced(queries)
            belief = surrogate.predict(queries)
            np.testing.assert_allclose(mean, belief.mean(), rtol=1e-6)
            np.testing.assert_allclose(deviation, belief.stddev(), rtol=1e-4)
            assert mean.dtype == deviation.dtype == tf.float64


@pytest.mark.parametrize("kind", MADE)
def test_equal_values_tie_nothing(kind):
    x, _, points = _data()
    surrogate = MADE[kind]()
    surrogate.fit(x, np.full(25, 7.0), seed=0)
    assert not surrogate.covariances(points)(3).any()
    mean, deviation = surrogate.predict_tensor(tensorflow().constant(points))
    np.testing.assert_array_equal(mean, np.full(8, 7.0))
    np.testing.assert_array_equal(deviation, np.ones(8))
    with pytest.raises(ConfigError, match="not all equal; received 7.0 for all"):
        surrogate.terms()


@pytest.mark.parametrize("kind", MADE)
def test_wrong_points_are_refused(kind):
    x, _, points = _data()
    surrogate, tensor = MADE[kind](), tensorflow().constant(points)
    for ask in (
        lambda: surrogate.covariances(points),
        lambda: surrogate.predict_tensor(tensor),
        lambda: surrogate.terms(),
    ):
        with pytest.raises(ConfigError, match="expected a predictor that is fitted"):
            ask()
    surrogate.fit(x, np.full(25, 7.0), seed=0)
    for ask in (lambda: surrogate.covariances(points[:, :2]), lambda: surrogate.predict_tensor(tensor[:, :2])):
        with pytest.raises(ConfigError, match="3 coordinates, as were fitted; received 2"):
            ask()

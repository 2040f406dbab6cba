"""The sparse Gaussian process against an exact one in plain NumPy."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from tfnas.errors import ConfigError
from tfnas.models.gaussian_process import expected_improvement
from tfnas.models.sparse_gp import SparseGP, SparseGPConfig

OPTIMAL = "optimal_variational_posterior"


def _data(count: int, seed: int = 0):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(count, 2))
    return x, 90 + 5 * np.sin(2 * x[:, 0]) + 0.5 * rng.normal(size=count)


def _learned(process) -> tuple[np.ndarray, float, float]:
    """Returns length scales, signal and noise."""
    return tuple(np.exp(part.numpy()) for part in process._process.hyperparameters)


def _covariance(a: np.ndarray, b: np.ndarray, scales: np.ndarray, signal: float) -> np.ndarray:
    return signal * np.exp(-0.5 * (((a[:, None] - b[None]) / scales) ** 2).sum(-1))


def _exact(x, y, queries, scales, signal, noise):
    """Returns means and standard deviations of measurements, of an exact process on standardised values."""
    inverse = np.linalg.inv(_covariance(x, x, scales, signal) + noise * np.eye(len(x)))
    cross = _covariance(queries, x, scales, signal)
    mean = cross @ inverse @ ((y - y.mean()) / y.std())
    variance = signal + noise - np.einsum("bn,nm,bm->b", cross, inverse, cross)
    return y.mean() + y.std() * mean, y.std() * np.sqrt(variance)


@pytest.fixture(scope="module")
def optimal() -> SparseGP:
    process = SparseGP(SparseGPConfig(method=OPTIMAL))
    process.fit(*_data(40), seed=0)
    return process


def test_with_all_points_inducing_it_is_the_exact_process(optimal):
    x, y = _data(40)
    queries = np.concatenate([_data(30, seed=1)[0], x[:5], [[9.0, 9.0]]])
    belief = optimal.predict(queries)
    assert belief.batch_shape == [36]
    mean, deviation = _exact(x, y, queries, *_learned(optimal))
    np.testing.assert_allclose(belief.mean(), mean, atol=5e-3)
    np.testing.assert_allclose(belief.stddev(), deviation, rtol=1e-3)


def test_its_hyperparameters_are_most_likely(optimal):
    x, y = _data(40)
    scales, signal, noise = _learned(optimal)
    standard = (y - y.mean()) / y.std()

    def evidence(scales, signal, noise):
        return stats.multivariate_normal.logpdf(standard, cov=_covariance(x, x, scales, signal) + noise * np.eye(40))

    best = evidence(scales, signal, noise)
    for factor in (0.7, 1.4):
        assert best > evidence(scales * [factor, 1], signal, noise)
        assert best > evidence(scales, signal * factor, noise)
        assert best > evidence(scales, signal, noise * factor)
    # the second coordinate says nothing, and the noise is a tenth of the values' spread
    assert scales[1] > 5 * scales[0] and 0.05 < np.sqrt(noise) < 0.3


def test_the_bound_of_all_points_is_the_evidence(optimal):
    import tensorflow as tf

    x, y = _data(40)
    scales, signal, noise = _learned(optimal)
    standard = (y - y.mean()) / y.std()
    exact = stats.multivariate_normal.logpdf(standard, cov=_covariance(x, x, scales, signal) + noise * np.eye(40))
    loss = float(optimal._process.loss(x, standard, tf.constant(40.0, tf.float64)))
    assert -40 * loss == pytest.approx(exact, abs=0.05)
    # with a batch, the expectation over batches is the same
    parts = [
        float(optimal._process.loss(x[part], standard[part], tf.constant(40.0, tf.float64)))
        for part in (slice(0, 20), slice(20, 40))
    ]
    assert np.mean(parts) == pytest.approx(loss, rel=1e-9)


def test_the_first_hyperparameters_are_the_papers(monkeypatch):
    monkeypatch.setattr("tfnas.models.sparse_gp.hyperparameters.most_likely", lambda start, x, y: start)
    x, y = _data(40)
    process = SparseGP(SparseGPConfig(method=OPTIMAL))
    process.fit(x, y, seed=0)
    distances = [((x[i] - x[j]) ** 2).sum() for i in range(40) for j in range(i)]
    scales, signal, noise = _learned(process)
    np.testing.assert_allclose(scales**2, np.full(2, 0.5 * np.median(distances)), rtol=1e-6)
    assert signal == pytest.approx(1) and noise == pytest.approx(1)
    mean, deviation = _exact(x, y, x, scales, signal, noise)
    belief = process.predict(x)
    np.testing.assert_allclose(belief.mean(), mean, atol=1e-3)
    np.testing.assert_allclose(belief.stddev(), deviation, rtol=1e-3)


def test_adam_raises_the_bound_with_few_inducing_points():
    import tensorflow as tf

    x, y = _data(120)
    process = SparseGP(SparseGPConfig(inducing=12, epochs=30, batch=50, rate=1e-2))
    standard, count = (y - y.mean()) / y.std(), tf.constant(120.0, tf.float64)
    process.fit(x, y, seed=0)
    after = float(process._process.loss(x, standard, count))
    first = process.predict(x[:9])
    process.config = SparseGPConfig(inducing=12, epochs=1, batch=120, rate=1e-2)
    process._process._config = process.config
    process.fit(x, y, seed=0)
    before = float(process._process.loss(x, standard, count))
    assert after < before - 0.1
    assert np.abs(first.mean() - y[:9]).mean() < y.std() / 2
    assert not np.allclose(process.predict(x[:9]).mean(), first.mean())


def test_refining_raises_the_bound_of_the_likely_hyperparameters():
    import tensorflow as tf

    x, y = _data(200)
    standard, count = (y - y.mean()) / y.std(), tf.constant(200.0, tf.float64)

    def loss(**options) -> float:
        process = SparseGP(SparseGPConfig(inducing=6, subset=40, **options))
        process.fit(x, y, seed=0)
        return float(process._process.loss(x, standard, count))

    assert loss(method="refined", epochs=60, batch=100, rate=2e-2) < loss(method=OPTIMAL) - 0.05


def test_a_second_refinement_has_the_whole_schedule_again():
    x, y = _data(60)
    process = SparseGP(SparseGPConfig(method="refined", inducing=6, subset=30, epochs=4, rate=1e-2))
    process.fit(x, y, seed=0)
    first = process.predict(x)
    process.fit(x, y, seed=0)
    np.testing.assert_allclose(process.predict(x).mean(), first.mean(), rtol=1e-9)


def test_k_means_places_inducing_points_in_clusters():
    rng = np.random.default_rng(0)
    centres = np.array([[0.0, 0.0], [30.0, 0.0], [0.0, 30.0], [30.0, 30.0]])
    x = np.repeat(centres, 50, 0) + 0.1 * rng.normal(size=(200, 2))
    process = SparseGP(SparseGPConfig(method=OPTIMAL, inducing=4, placement="k-means"))
    process.fit(x, x.sum(1) + rng.normal(size=200), seed=1)
    found = process._process._inducing.numpy()
    clusters = np.abs(found[:, None] - centres).max(2) < 0.2
    assert clusters.sum() == 4 and (clusters.sum(1) == 1).all()


def test_the_seed_decides_and_the_unit_is_the_users():
    x, y = _data(60)
    process = SparseGP(SparseGPConfig(method=OPTIMAL, inducing=10, subset=30))
    process.fit(x, y, seed=3)
    first = process.predict(x)
    process.fit(x, y, seed=4)
    assert not np.array_equal(process.predict(x).mean(), first.mean())
    process.fit(x, y / 100 - 7, seed=3)
    again = process.predict(x)
    np.testing.assert_allclose(100 * (again.mean() + 7), first.mean(), rtol=1e-4)
    np.testing.assert_allclose(100 * again.stddev(), first.stddev(), rtol=1e-2)


def test_beliefs_without_noise_are_narrower(optimal):
    x, y = _data(40)
    alone = SparseGP(SparseGPConfig(method=OPTIMAL, includes_noise=False))
    alone.fit(x, y, seed=0)
    noise = _learned(optimal)[2] * y.var()
    np.testing.assert_allclose(
        optimal.predict(x).variance() - alone.predict(x).variance(), np.full(40, noise), rtol=1e-4
    )


def test_expected_improvement_takes_these_beliefs(optimal):
    belief = optimal.predict(_data(5, seed=2)[0])
    best = float(np.median(belief.mean()))
    gains = np.maximum(belief.sample(100_000, seed=1).numpy() - best, 0)
    error = gains.std(0) / np.sqrt(len(gains))
    assert (np.abs(expected_improvement(belief, best) - gains.mean(0)) < 5 * error + 1e-12).all()


def test_wrong_options_are_refused():
    wrong = [{"method": "fitc"}, {"placement": "grid"}, {"inducing": 0}, {"jitter": 0.0}, {"rate": -1}, {"subset": 1.5}]
    for options in wrong:
        with pytest.raises(ConfigError):
            SparseGPConfig(**options)
    with pytest.raises(ConfigError, match="at least 2"):
        SparseGP().fit(np.ones((1, 2)), np.ones(1), seed=0)


def test_points_that_repeat_are_no_problem():
    x, y = _data(10)
    process = SparseGP(SparseGPConfig(method=OPTIMAL))
    process.fit(np.repeat(x, 4, 0), np.repeat(y, 4) + np.tile([-0.1, 0.1], 20), seed=0)
    belief = process.predict(x)
    assert np.isfinite(belief.mean()).all() and np.isfinite(belief.stddev()).all()
    np.testing.assert_allclose(belief.mean(), y, atol=1.0)

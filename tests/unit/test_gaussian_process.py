"""Exact Gaussian processes, normal scores and expected improvement."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from scipy import integrate, stats

from tfnas.errors import ConfigError
from tfnas.models.gaussian_process import (
    GaussianProcess,
    Normal,
    ProductRBF,
    expected_improvement,
    fit,
    normal_scores,
)

KERNEL = ProductRBF((0.8, 1.7))
NOISE = 0.05


def blocks(count, seed=0):
    rng = np.random.default_rng(seed)
    return [rng.standard_normal((count, 2)), rng.integers(0, 3, (count, 4)).astype(float)]


def take(points, which):
    return [block[which] for block in points]


def literal_kernel(a, b, length_scales=KERNEL.length_scales):
    result = np.zeros((len(a[0]), len(b[0])))
    for i, j in itertools.product(range(len(a[0])), range(len(b[0]))):
        exponent = sum(((x[i] - y[j]) ** 2).sum() / (2 * scale**2) for x, y, scale in zip(a, b, length_scales))
        result[i, j] = math.exp(-exponent)
    return result


def literal_posterior(inputs, queries, targets, noise):
    inverse = np.linalg.inv(literal_kernel(inputs, inputs) + noise * np.eye(len(targets)))
    cross = literal_kernel(queries, inputs)
    return cross @ inverse @ targets, 1.0 - np.diag(cross @ inverse @ cross.T)


def literal_likelihood(covariance, targets):
    _, logdet = np.linalg.slogdet(covariance)
    quadratic = targets @ np.linalg.inv(covariance) @ targets
    return -0.5 * (quadratic + logdet + len(targets) * math.log(2 * math.pi))


@pytest.fixture
def data():
    return blocks(25), blocks(40, seed=1), np.random.default_rng(2).standard_normal(25)


def test_posterior_and_likelihood_are_the_textbook_ones(data):
    inputs, queries, targets = data
    process = GaussianProcess(KERNEL, NOISE, inputs, queries)
    belief = process.predict(targets)
    mean, variance = literal_posterior(inputs, queries, targets, NOISE)
    np.testing.assert_allclose(belief.mean(), mean, atol=1e-11)
    np.testing.assert_allclose(belief.variance(), variance, atol=1e-11)
    covariance = literal_kernel(inputs, inputs) + NOISE * np.eye(25)
    np.testing.assert_allclose(process.log_marginal_likelihood(targets), literal_likelihood(covariance, targets))
    at_inputs, _ = literal_posterior(inputs, inputs, targets, NOISE)
    np.testing.assert_allclose(process.means_at_inputs(targets), at_inputs, atol=1e-11)


def test_posterior_is_that_of_scikit_learn(data):
    from sklearn.gaussian_process import GaussianProcessRegressor
    from sklearn.gaussian_process.kernels import RBF

    inputs, queries, targets = data
    theirs = GaussianProcessRegressor(RBF(0.8), alpha=NOISE, optimizer=None).fit(inputs[0], targets)
    mean, deviation = theirs.predict(queries[0], return_std=True)
    process = GaussianProcess(ProductRBF((0.8,)), NOISE, inputs[:1], queries[:1])
    belief = process.predict(targets)
    np.testing.assert_allclose(belief.mean(), mean, atol=1e-10)
    np.testing.assert_allclose(belief.stddev(), deviation, atol=1e-10)
    np.testing.assert_allclose(
        process.log_marginal_likelihood(targets), theirs.log_marginal_likelihood(theirs.kernel_.theta)
    )


def test_posterior_is_that_of_tensorflow_probability(data):
    import tensorflow_probability as tfp

    inputs, queries, targets = data
    theirs = tfp.distributions.GaussianProcessRegressionModel(
        tfp.math.psd_kernels.ExponentiatedQuadratic(length_scale=np.float64(0.8)),
        index_points=queries[0],
        observation_index_points=inputs[0],
        observations=targets,
        observation_noise_variance=np.float64(NOISE),
        predictive_noise_variance=np.float64(0.0),
        jitter=0.0,
    )
    belief = GaussianProcess(ProductRBF((0.8,)), NOISE, inputs[:1], queries[:1]).predict(targets)
    np.testing.assert_allclose(belief.mean(), theirs.mean().numpy(), atol=1e-10)
    np.testing.assert_allclose(belief.variance(), theirs.variance().numpy(), atol=1e-10)
    other = belief.to_tfp()
    np.testing.assert_allclose(other.log_prob(0.3).numpy(), belief.log_prob(0.3))
    np.testing.assert_array_equal(other.stddev().numpy(), belief.stddev())


def test_interpolates_without_noise(data):
    inputs, _, targets = data
    belief = GaussianProcess(KERNEL, 0.0, inputs, inputs).predict(targets)
    np.testing.assert_allclose(belief.mean(), targets, atol=1e-6)
    np.testing.assert_allclose(belief.stddev(), 0.0, atol=1e-5)


def test_appending_equals_starting_over():
    # More points than the buffers have room for at first.
    inputs, queries = blocks(80), blocks(30, seed=1)
    targets = np.random.default_rng(2).standard_normal(80)
    grown = GaussianProcess(KERNEL, NOISE, take(inputs, slice(0, 5)), queries)
    for row in range(5, 80):
        grown.append(take(inputs, slice(row, row + 1)))
    whole = GaussianProcess(KERNEL, NOISE, inputs, queries)
    assert len(grown) == len(whole) == 80
    np.testing.assert_allclose(grown.predict(targets).mean(), whole.predict(targets).mean(), atol=1e-11)
    np.testing.assert_allclose(grown.predict(targets).variance(), whole.predict(targets).variance(), atol=1e-11)
    np.testing.assert_allclose(grown.log_marginal_likelihood(targets), whole.log_marginal_likelihood(targets))


def test_truncating_leaves_no_trace(data):
    inputs, queries, targets = data
    plain, played = (GaussianProcess(KERNEL, NOISE, take(inputs, slice(0, 20)), queries) for _ in range(2))
    for row in range(40):
        played.append(take(queries, slice(row, row + 1)))
    played.truncate(20)
    for process in (plain, played):
        for row in range(20, 25):
            process.append(take(inputs, slice(row, row + 1)))
    np.testing.assert_array_equal(plain.predict(targets).mean(), played.predict(targets).mean())
    np.testing.assert_array_equal(plain.predict(targets).stddev(), played.predict(targets).stddev())
    for size in (19, 26):
        with pytest.raises(ConfigError, match=f"20 to 25; received {size}"):
            played.truncate(size)


def test_inputs_without_targets_are_believed(data):
    inputs, queries, targets = data
    process = GaussianProcess(KERNEL, NOISE, inputs, queries)
    belief, at_inputs = process.predict(targets[:20]), process.means_at_inputs(targets[:20])
    known = take(inputs, slice(0, 20))
    believed, _ = literal_posterior(known, take(inputs, slice(20, 25)), targets[:20], NOISE)
    mean, variance = literal_posterior(inputs, queries, np.concatenate([targets[:20], believed]), NOISE)
    np.testing.assert_allclose(belief.mean(), mean, atol=1e-11)
    np.testing.assert_allclose(belief.variance(), variance, atol=1e-11)
    np.testing.assert_allclose(at_inputs[20:], believed, atol=1e-11)
    np.testing.assert_allclose(at_inputs[:20], literal_posterior(known, known, targets[:20], NOISE)[0], atol=1e-11)


def test_repeated_inputs_need_noise(data):
    inputs, queries, _ = data
    twice = take(inputs, [0, 1, 2, 0])
    with pytest.raises(ConfigError, match="singular one, with a noise of 0.0"):
        GaussianProcess(KERNEL, 0.0, twice, queries)
    process = GaussianProcess(KERNEL, 0.0, take(inputs, [0, 1]), queries)
    with pytest.raises(ConfigError, match="singular"):
        process.append(take(inputs, [0]))
    assert len(GaussianProcess(KERNEL, 0.01, twice, queries)) == 4


def test_fit_finds_the_best_point_of_the_grid(data):
    inputs, _, targets = data
    units = [
        math.sqrt(np.mean([((a - b) ** 2).sum() for a, b in itertools.permutations(block, 2)])) for block in inputs
    ]
    scales, noises = (2.0, 1.0, 0.5), (0.3, 0.03)
    kernel, noise = fit(inputs, targets, length_scales=scales, noises=noises)
    best = max(
        itertools.product(scales, scales, noises),
        key=lambda point: literal_likelihood(
            literal_kernel(inputs, inputs, (point[0] * units[0], point[1] * units[1])) + point[2] * np.eye(25),
            targets,
        ),
    )
    np.testing.assert_allclose(kernel.length_scales, (best[0] * units[0], best[1] * units[1]))
    assert noise == best[2]


def test_fit_tells_signal_from_noise():
    inputs = blocks(60)
    rng = np.random.default_rng(5)
    smooth = np.sin(inputs[0][:, 0])
    assert fit(inputs, normal_scores(smooth))[1] <= 0.03
    kernel, noise = fit(inputs, normal_scores(smooth + rng.standard_normal(60)))
    assert noise >= 0.1
    # The second block says nothing of the targets, so its length scale is the longest one.
    kernel, _ = fit(inputs, normal_scores(smooth))
    assert kernel.length_scales[1] > 4 * kernel.length_scales[0]


def test_fit_of_a_single_point_and_of_equal_ones():
    kernel, noise = fit([np.ones((1, 3))], np.zeros(1))
    assert kernel.length_scales[0] > 0 and noise > 0
    fit([np.ones((4, 3))], np.arange(4.0))


def test_normal_scores():
    values = np.random.default_rng(0).integers(0, 30, 50) / 7.0
    expected = stats.norm.ppf((stats.rankdata(values) - 0.375) / 50.25)
    np.testing.assert_allclose(normal_scores(values), expected, atol=1e-12)
    np.testing.assert_array_equal(normal_scores(np.full(5, 91.0)), np.zeros(5))
    np.testing.assert_allclose(normal_scores(values**3 + 2), normal_scores(values))
    assert abs(normal_scores(values).sum()) < 1


def test_normal_is_a_normal():
    loc, scale = np.array([0.0, 2.0, -1.0]), np.array([1.0, 0.5, 3.0])
    normal = Normal(loc, scale)
    np.testing.assert_allclose(normal.log_prob(0.7), stats.norm.logpdf(0.7, loc, scale))
    np.testing.assert_array_equal(normal.mean(), loc)
    np.testing.assert_array_equal(normal.variance(), scale**2)
    draws = np.stack([normal.sample(seed) for seed in range(4000)])
    np.testing.assert_allclose(draws.mean(0), loc, atol=4 * 3 / math.sqrt(4000))
    np.testing.assert_allclose(draws.std(0), scale, rtol=0.06)
    np.testing.assert_array_equal(normal.sample(7), normal.sample(7))
    rng = np.random.default_rng(7)
    assert (normal.sample(rng) != normal.sample(rng)).all()
    np.testing.assert_array_equal(Normal(np.zeros(2), 0.0).log_prob([0.0, 1.0]), [math.inf, -math.inf])
    np.testing.assert_array_equal(Normal(loc, 2.0).stddev(), [2.0, 2.0, 2.0])


@pytest.mark.parametrize("scale", [-0.1, math.nan, np.array([1.0, -1.0, 1.0])])
def test_normal_refuses_what_is_no_standard_deviation(scale):
    with pytest.raises(ConfigError, match="scale: expected standard deviations of zero or more"):
        Normal(np.zeros(3), scale)


def test_normal_refuses_other_shapes():
    with pytest.raises(ConfigError, match=r"shape \(3,\), as loc has; received shape \(2,\)"):
        Normal(np.zeros(3), np.ones(2))


def test_expected_improvement_is_that_of_samples():
    belief = Normal(np.array([0.0, 1.0, -1.0, 0.4]), np.array([2.0, 0.5, 3.0, 0.1]))
    draws = belief.mean() + belief.stddev() * np.random.default_rng(0).standard_normal((400_000, 4))
    gains = np.maximum(draws - 0.5, 0.0)
    error = gains.std(0) / math.sqrt(len(gains))
    assert (np.abs(expected_improvement(belief, 0.5) - gains.mean(0)) < 4 * error).all()


def test_expected_improvement_is_the_integral():
    for mean, deviation, best in itertools.product((-3.0, 0.0, 2.5), (0.2, 1.0, 4.0), (-1.0, 1.0)):
        expected, _ = integrate.quad(
            lambda f: (f - best) * stats.norm.pdf(f, mean, deviation), best, best + 60, points=[mean], limit=200
        )
        (value,) = expected_improvement(Normal(np.array([mean]), deviation), best)
        np.testing.assert_allclose(value, expected, atol=1e-9)


def test_expected_improvement_without_uncertainty():
    certain = Normal(np.array([1.0, 2.0, 3.0]), 0.0)
    np.testing.assert_array_equal(expected_improvement(certain, 2.0), [0.0, 0.0, 1.0])
    nearly = expected_improvement(Normal(np.array([1.0, 2.0, 3.0]), 1e-12), 2.0)
    np.testing.assert_allclose(nearly, [0.0, 0.0, 1.0], atol=1e-11)
    # At the best value itself it is linear in the standard deviation, not in the variance.
    deviations = np.array([1e-6, 1e-3, 1.0])
    at_best = expected_improvement(Normal(np.zeros(3), deviations), 0.0)
    np.testing.assert_allclose(at_best, deviations / math.sqrt(2 * math.pi))


def test_expected_improvement_far_below_the_best():
    z = np.array([-6.0, -12.0, -20.0, -30.0])
    values = expected_improvement(Normal(z, 1.0), 0.0)
    series = sum(c / z**k for c, k in ((1, 2), (-3, 4), (15, 6), (-105, 8), (945, 10)))
    np.testing.assert_allclose(values[1:], (stats.norm.pdf(z) * series)[1:], rtol=1e-4)
    assert (np.diff(values) < 0).all() and (values > 0).all()
    assert expected_improvement(Normal(np.array([-1e8]), 1.0), 0.0)[0] == 0.0

"""Latent priors: they are distributions, they look like the points, and they survive being saved."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from tfnas.errors import ConfigError, StateError, UnknownNameError
from tfnas.models.latent_priors import NAMES, LatentPrior, make, restore
from tfnas.state import load_state, save_state

SMALL = {
    "mixture": {"components": 2},
    "aggregated": {"floor": 0.3},
    "flow": {"layers": 4, "hidden": 16, "epochs": 60, "batch": 64, "rate": 5e-3},
}


def _clusters(count: int, seed: int = 0) -> np.ndarray:
    """Two clusters in the plane, one of them round, the other one narrow and oblique."""
    rng = np.random.default_rng(seed)
    first = rng.normal(size=(count, 2)) * 0.4 + [-2, 0]
    second = rng.normal(size=(count, 2)) @ [[0.6, 0.5], [0.0, 0.15]] + [2, 1]
    return np.where(rng.random((count, 1)) < 0.4, first, second)


@pytest.fixture(scope="module")
def priors() -> dict[str, LatentPrior]:
    return {name: make(name, _clusters(600), seed=1, **SMALL.get(name, {})) for name in NAMES}


@pytest.mark.parametrize("name", NAMES)
def test_densities_integrate_to_one(priors, name):
    axis = np.linspace(-8, 8, 401)
    grid = np.stack(np.meshgrid(axis, axis, indexing="ij"), -1).reshape(-1, 2)
    total = np.exp(priors[name].log_prob(grid)).sum() * (axis[1] - axis[0]) ** 2
    assert total == pytest.approx(1.0, abs=5e-3)


@pytest.mark.parametrize("name", ["standard", "scaled", "gaussian", "mixture", "aggregated"])
def test_densities_on_a_line_integrate_to_one(name):
    prior = make(name, _clusters(100)[:, :1], **SMALL.get(name, {}))
    axis = np.linspace(-12, 12, 4001)
    assert np.exp(prior.log_prob(axis[:, None])).sum() * (axis[1] - axis[0]) == pytest.approx(1.0, abs=1e-6)


@pytest.mark.parametrize("name", NAMES)
def test_draws_have_the_density_and_the_moments(priors, name):
    draws = priors[name].sample(20_000, 5)
    assert draws.shape == (20_000, 2)
    axis = np.linspace(-8, 8, 401)
    grid = np.stack(np.meshgrid(axis, axis, indexing="ij"), -1).reshape(-1, 2)
    weights = np.exp(priors[name].log_prob(grid))
    weights /= weights.sum()
    mean = weights @ grid
    covariance = (grid - mean).T @ (weights[:, None] * (grid - mean))
    np.testing.assert_allclose(draws.mean(0), mean, atol=0.06)
    np.testing.assert_allclose(np.cov(draws.T), covariance, atol=0.12)
    if name not in ("standard", "flow", "aggregated"):
        points = _clusters(600)
        np.testing.assert_allclose(mean, points.mean(0), atol=0.02)
        np.testing.assert_allclose(np.diag(covariance), points.var(0), rtol=0.01)


def test_the_named_ones_are_what_they_are_called(priors):
    points, z = _clusters(600), np.random.default_rng(0).normal(size=(7, 2))
    np.testing.assert_allclose(priors["standard"].log_prob(z), stats.norm.logpdf(z).sum(1))
    scaled = stats.norm.logpdf(z, points.mean(0), points.std(0)).sum(1)
    np.testing.assert_allclose(priors["scaled"].log_prob(z), scaled)
    full = stats.multivariate_normal.logpdf(z, points.mean(0), np.cov(points.T, bias=True))
    np.testing.assert_allclose(priors["gaussian"].log_prob(z), full, rtol=1e-4)
    parts = [priors["mixture"]._arrays[name] for name in ("weights", "means", "roots")]
    density = sum(weight * stats.multivariate_normal.pdf(z, mean, root @ root.T) for weight, mean, root in zip(*parts))
    np.testing.assert_allclose(priors["mixture"].log_prob(z), np.log(density), rtol=1e-9)


def test_two_clusters_are_told_apart(priors):
    held_out = _clusters(1000, seed=9)
    likelihood = {name: prior.log_prob(held_out).mean() for name, prior in priors.items()}
    assert likelihood["standard"] < likelihood["scaled"] < likelihood["gaussian"]
    assert likelihood["mixture"] > likelihood["gaussian"] + 1
    assert likelihood["flow"] > likelihood["gaussian"] + 0.5


@pytest.mark.parametrize("name", NAMES)
def test_points_of_nodes_keep_their_shape(name):
    means = np.random.default_rng(0).normal(size=(50, 3, 2))
    options = {"layers": 1, "hidden": 4, "epochs": 1} if name == "flow" else SMALL.get(name, {})
    prior = make(name, means, **options)
    flat = make(name, means.reshape(50, 6), **options)
    assert prior.distribution.event_shape == [3, 2] and prior.distribution.batch_shape == []
    draws = prior.sample(4, 0)
    assert draws.shape == (4, 3, 2)
    np.testing.assert_allclose(draws.reshape(4, 6), flat.sample(4, 0))
    np.testing.assert_allclose(prior.log_prob(draws), flat.log_prob(draws.reshape(4, 6)))


@pytest.mark.parametrize("name", NAMES)
def test_the_seed_decides(priors, name):
    prior = priors[name]
    assert np.array_equal(prior.sample(5, 3), prior.sample(5, 3))
    assert not np.array_equal(prior.sample(5, 3), prior.sample(5, 4))


def test_fitting_is_repeatable():
    options = {"layers": 2, "hidden": 4, "epochs": 2}
    means = _clusters(80)
    one, again, other = (make("flow", means, seed=seed, **options).log_prob(means) for seed in (1, 1, 2))
    assert np.array_equal(one, again) and not np.array_equal(one, other)


@pytest.mark.parametrize("name", NAMES)
def test_states_are_saved_and_restored(priors, name, tmp_path):
    save_state(tmp_path / "prior.json", priors[name].get_state())
    state = load_state(tmp_path / "prior.json")
    z = _clusters(5)
    restored = restore(state)
    assert np.array_equal(restored.log_prob(z), priors[name].log_prob(z))
    assert np.array_equal(restored.sample(3, 1), priors[name].sample(3, 1))
    options = {"layers": 1, "hidden": 4, "epochs": 1} if name == "flow" else {}
    other = make(name, _clusters(50, seed=3) * 3, **options)
    other.log_prob(z)
    other.set_state(state)
    assert np.array_equal(other.log_prob(z), priors[name].log_prob(z))


def test_deviations_widen_it():
    means = _clusters(400)
    deviations = np.tile([0.0, 2.0], (400, 1))
    for name in ("scaled", "gaussian"):
        wide = make(name, means, deviations=deviations).distribution.variance().numpy()
        np.testing.assert_allclose(wide, means.var(0) + [0, 4], rtol=1e-4)
    draws = make("mixture", means, deviations=deviations, components=2).sample(5000, 0)
    np.testing.assert_allclose(draws.var(0), means.var(0) + [0, 4], rtol=0.15)


def test_variances_have_a_floor():
    line = np.column_stack([np.linspace(-1, 1, 40), np.zeros(40)])
    for name, options in (
        ("scaled", {}),
        ("gaussian", {}),
        ("mixture", {"components": 2}),
        ("mixture", {"components": 2, "covariance": "diagonal"}),
    ):
        prior = make(name, line, **options)
        assert np.isfinite(prior.log_prob(line)).all() and np.ptp(prior.sample(50, 0)[:, 1]) > 0
    with pytest.raises(ConfigError, match="singular"):
        make("gaussian", line, floor=0.0)


def test_wrong_arguments_are_refused(priors):
    means = _clusters(10)
    for name, points, options, message in (
        ("gaussian", means[:1], {}, "two graphs or more"),
        ("gaussian", means[0], {}, r"shape \[n, D\]"),
        ("gaussian", means * np.nan, {}, "finite"),
        ("gaussian", means * 0, {}, "points that differ"),
        ("gaussian", means, {"components": 3}, "options of 'gaussian': expected floor; received 'components'"),
        ("standard", means, {"floor": 3}, "expected none"),
        ("mixture", means, {"components": 11}, "at most 10"),
        ("mixture", means, {"covariance": "tied"}, "'full' or 'diagonal'"),
        ("flow", means[:, :1], {}, "two coordinates"),
        ("flow", means, {"held_out": 1.0}, "below 1"),
        ("scaled", means, {"deviations": means[:5]}, "as means have"),
        ("scaled", means, {"deviations": -np.ones_like(means)}, "zero or more"),
    ):
        with pytest.raises(ConfigError, match=message):
            make(name, points, **options)
    with pytest.raises(UnknownNameError, match="scaled"):
        make("vampprior", means)
    with pytest.raises(ConfigError, match="points"):
        priors["scaled"].log_prob(np.zeros((3, 3)))
    with pytest.raises(ConfigError, match="n: expected a positive"):
        priors["scaled"].sample(0, 0)
    with pytest.raises(StateError, match="one named 'scaled'"):
        priors["scaled"].set_state(priors["gaussian"].get_state())
    with pytest.raises(StateError, match="name, shape and arrays"):
        restore({"name": "scaled"})

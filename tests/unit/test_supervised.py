"""Searches whose encoder learns from measurements."""

from __future__ import annotations

import numpy as np
import pytest

from tfnas import spaces, strategies
from tfnas.errors import ConfigError
from tfnas.models.autoencoder import form_of
from tfnas.models.autoencoder.graph_form import GraphArrays
from tfnas.models.supervised_encoder import SupervisedEncoderConfig, SupervisedRegressor
from tfnas.models.supervised_encoder.network import SupervisedEncoder
from tfnas.strategies import SupervisedBO, SupervisedRL
from tfnas.strategies.latent.policy import Policy
from tfnas.strategies.supervised.policy import JointLearner
from tfnas.testing.tiny import TinySpace
from tfnas.trial import Failure, Measurement, Trial

SPACE = spaces.get("nasbench_macro")
CONFIG = SupervisedEncoderConfig(layers=(6, 5), latent=3, epochs=30)
KINDS = {
    "bo": lambda seed: SupervisedBO(SPACE, layers=[8], latent=4, epochs=5, initial=8, seed=seed),
    "believer": lambda seed: SupervisedBO(SPACE, layers=(8,), epochs=5, initial=8, batching="believer", seed=seed),
    "rl": lambda seed: SupervisedRL(SPACE, layers=[8], latent=4, initial=8, steps=4, hidden=8, seed=seed),
    "local rl": lambda seed: SupervisedRL(
        SPACE, layers=[8], latent=4, initial=8, steps=2, hidden=8, walk="local", deviation=2.0, seed=seed
    ),
}


def _value(arch) -> float:
    return float(sum(op == "mb_e6_k5" for op in arch.ops))


def _members(count: int, seed: int = 0) -> list:
    rng = np.random.default_rng(seed)
    return [SPACE.sample(rng) for _ in range(count)]


def _run(strategy, trials: int, start: int = 0) -> list:
    found = []
    for number in range(start, start + trials):
        (proposal,) = strategy.ask(1)
        outcome = Failure("made to fail") if number == 5 else Measurement(_value(proposal.architecture))
        strategy.tell([Trial(number + 1, proposal, outcome)])
        found.append(proposal)
    return found


@pytest.mark.parametrize(
    "kind", [pytest.param(kind, marks=pytest.mark.slow if kind == "believer" else ()) for kind in KINDS]
)
def test_states_go_on_bit_for_bit(kind):
    whole, first, second = (KINDS[kind](3) for _ in range(3))
    expected = _run(whole, 22)
    found = _run(first, 15)
    second.set_state(first.get_state())
    assert found + _run(second, 7, start=15) == expected
    assert len({SPACE.canonical_key(one.architecture) for one in expected}) == 22
    assert [one.source for one in expected[:8]] == ["random"] * 8
    assert {one.source for one in expected[8:]} <= {"expected_improvement", "policy"}


def _by_hand(encoder: SupervisedEncoder, graphs: GraphArrays) -> np.ndarray:
    """The encoder in NumPy: dense matrices, and statistics of the graphs themselves."""
    adjacency = graphs.adjacency + graphs.adjacency.transpose(0, 2, 1)
    h = np.eye(len(encoder.form.operators))[np.maximum(graphs.ops, 0)]
    there = graphs.ops >= 0
    for layer in encoder._layers:
        h = (1 + layer._epsilon.numpy()) * h + adjacency @ h
        for linear, normal in zip(layer._linear, layer._normal):
            h = h @ linear.kernel.numpy()
            rows = h[there]
            h = (h - rows.mean(0)) / np.sqrt(rows.var(0) + normal.epsilon)
            h = np.maximum(normal.gamma.numpy() * h + normal.beta.numpy(), 0) * there[..., None]
    vectors = np.tanh(h @ encoder._vector.kernel.numpy() + encoder._vector.bias.numpy()) * there[..., None]
    return vectors.sum(1) / there.sum(1, keepdims=True)


def test_vectors_are_those_of_the_formula_with_the_settled_statistics():
    space = spaces.get("nasbench101")
    encoder = SupervisedEncoder(form_of(space), CONFIG)
    rng = np.random.default_rng(0)
    encoder.start(rng)
    graphs = encoder.form.encode([space.sample(rng) for _ in range(30)])
    assert len(set((graphs.ops >= 0).sum(1))) > 1, "graphs of several sizes"
    encoder.settle(graphs)
    expected = _by_hand(encoder, graphs)
    np.testing.assert_allclose(encoder.embed(graphs), expected, atol=1e-4)
    np.testing.assert_allclose(encoder.embed(graphs.take(np.arange(5))), expected[:5], atol=1e-4)


def test_the_regressor_learns_and_starts_anew():
    form = form_of(SPACE)
    archs, others = _members(80), _members(100, 1)
    y = np.array([90 + 2 * _value(arch) for arch in archs])
    regressor = SupervisedRegressor(form, SupervisedEncoderConfig(layers=(16, 16), latent=8, epochs=40))
    regressor.fit(form.encode(archs), y, seed=4)
    vectors = regressor.vectors(form.encode(others))
    belief = regressor.predict(vectors)
    true = np.array([90 + 2 * _value(arch) for arch in others])
    assert np.corrcoef(belief.mean(), true)[0, 1] > 0.95
    assert np.sqrt(np.mean((belief.mean() - true) ** 2)) < 2 * belief.stddev().mean() < 4
    # ridge regression on the vectors with the two precisions, in the unit of the values
    alpha, beta = regressor.precisions
    fitted, constant = regressor.fitted, regressor._network.constant * y.std() + y.mean()
    covariance = np.linalg.inv(alpha * np.eye(8) + beta * fitted.T @ fitted)
    np.testing.assert_allclose(
        belief.mean(), constant + beta * vectors @ covariance @ fitted.T @ (y - constant), rtol=1e-6
    )
    variance = np.einsum("bi,ij,bj->b", vectors, covariance, vectors) + 1 / beta
    np.testing.assert_allclose(belief.stddev(), np.sqrt(variance), rtol=1e-5)
    regressor.fit(form.encode(others), true, seed=0)
    regressor.fit(form.encode(archs), y, seed=4)
    np.testing.assert_array_equal(regressor.predict(regressor.vectors(form.encode(others))).mean(), belief.mean())
    regressor.fit(form.encode(archs), np.full(80, 7.0), seed=0)
    flat = regressor.predict(regressor.vectors(form.encode(others)))
    assert (flat.mean() == 7).all() and (flat.stddev() == 1).all() and regressor.precisions is None


def test_bad_fits_are_refused():
    form = form_of(SPACE)
    regressor, graphs = SupervisedRegressor(form, CONFIG), form.encode(_members(3))
    for y in ([1.0, 2.0], [1.0, 2.0, np.nan]):
        with pytest.raises(ConfigError):
            regressor.fit(graphs, np.array(y), seed=0)
    with pytest.raises(ConfigError):
        regressor.fit(graphs.take(np.arange(1)), np.ones(1), seed=0)
    with pytest.raises(ConfigError, match="fitted"):
        regressor.vectors(graphs)


def test_one_loss_trains_policy_and_encoder():
    form = form_of(SPACE)
    encoder = SupervisedEncoder(form, CONFIG)
    learner = JointLearner(Policy(3, 8, 0), encoder, 1e-2, 0)
    graphs = form.encode(_members(6))
    rng = np.random.default_rng(0)
    actions = rng.normal(size=(6, 3)).astype(np.float32)
    advantages = np.array([2, -1, 0.5, 1, -2, 1], np.float32)
    before = [variable.numpy() for variable in (*learner.policy.trainable_variables, *encoder.trainable_variables)]
    encoder.settle(graphs)
    means = learner.policy.means(encoder.embed(graphs)).numpy()
    distance = ((means - actions) ** 2).sum(1)
    gained = learner.learn(*graphs, actions, advantages).numpy()
    # the density of three normal numbers with variance one
    assert gained == pytest.approx((advantages * (-0.5 * distance - 1.5 * np.log(2 * np.pi))).mean(), rel=1e-3)
    after = [variable.numpy() for variable in (*learner.policy.trainable_variables, *encoder.trainable_variables)]
    moved = [not np.array_equal(a, b) for a, b in zip(before, after)]
    assert all(moved[: len(learner.policy.trainable_variables)])
    assert sum(moved[len(learner.policy.trainable_variables) :]) >= 10
    encoder.settle(graphs)
    again = ((learner.policy.means(encoder.embed(graphs)).numpy() - actions) ** 2).sum(1)
    assert (advantages * again).sum() < (advantages * distance).sum()


def test_the_policys_points_move_after_an_episode():
    strategy = KINDS["rl"](0)
    _run(strategy, 9)
    before = strategy._points().copy()
    _run(strategy, 2, start=9)
    assert np.array_equal(strategy._points(), before), "within an episode they stay"
    _run(strategy, 2, start=11)
    assert not np.allclose(strategy._points(), before)


def test_bayesian_optimisation_finds_better_networks():
    for seed in (0, 1):
        strategy = SupervisedBO(SPACE, layers=(16, 16), latent=8, epochs=40, seed=seed)
        values = [_value(one.architecture) for one in _run(strategy, 32)]
        assert np.mean(values[16:]) > np.mean(values[:16]) + 1


@pytest.mark.parametrize("kind", [SupervisedBO, SupervisedRL])
def test_a_space_smaller_than_its_start_is_exhausted(kind):
    strategy = kind(TinySpace(), seed=0)
    assert len(strategy.ask(20)) == 9 and strategy.ask(1) == []


def test_wrong_options_are_refused():
    for options in ({"layers": ()}, {"layers": 8}, {"latent": 0}, {"epochs": 0}, {"rate": 0.0}, {"batching": "x"}):
        with pytest.raises(ConfigError):
            SupervisedBO(SPACE, **options)
    for options in ({"layers": (0,)}, {"steps": 0}, {"rate": 1.0}, {"discount": 2}):
        with pytest.raises(ConfigError):
            SupervisedRL(SPACE, **options)
    for kind in (SupervisedBO, SupervisedRL):
        with pytest.raises(ConfigError, match="one component"):
            kind(spaces.get("darts"))


@pytest.mark.parametrize("name", ["supervised_bo", "supervised_rl"])
def test_they_are_registered_and_made_again(name):
    made = strategies.get(name)(SPACE, seed=2, latent=5)
    assert strategies.from_config(made.config()).config() == made.config()

"""Searches in a latent space."""

from __future__ import annotations

import contextlib
import json

import numpy as np
import pytest
from scipy.stats import norm

from tests.unit.test_tuner_oracle import ACCURACY, score, search
from tfnas import job, spaces, strategies
from tfnas.errors import ConfigError, StateError
from tfnas.models.arch2vec import Arch2Vec, Arch2VecConfig
from tfnas.models.gaussian_process import Normal, expected_improvement
from tfnas.runlog import FILE_NAME, comparable, read_events
from tfnas.strategies import GaussianProcessEI, RandomSearch
from tfnas.strategies.latent import LatentBO, LatentRL, encoders
from tfnas.strategies.latent.beliefs import Beliefs, best_apart, best_believed
from tfnas.strategies.latent.policy import Policy, PolicyLearner
from tfnas.strategies.latent.walking import discounted
from tfnas.testing.tiny import TinySpace
from tfnas.trial import Failure, Measurement, Proposal, Split, Trial
from tfnas.tuner import StrategyOracle

SPACE, CELLS = spaces.get("nasbench_macro"), spaces.get("nasbench201")


@pytest.fixture(scope="module")
def autoencoder() -> Arch2Vec:
    return Arch2Vec(SPACE, Arch2VecConfig(hidden=(8, 8), latent=4))


def _value(arch) -> float:
    """How many of the largest operators a network has."""
    return float(sum(op == "mb_e6_k5" for op in arch.ops))


def _run(strategy, trials: int, start: int = 0) -> list[Proposal]:
    found = []
    for number in range(start, start + trials):
        (proposal,) = strategy.ask(1)
        outcome = Measurement(_value(proposal.architecture), {}, Split.VALIDATION, None, 1.0)
        strategy.tell([Trial(number, proposal, Failure("made to fail", 0.0) if number == 5 else outcome)])
        found.append(proposal)
    return found


KINDS = {
    "dngo": lambda model, seed: LatentBO(SPACE, model, initial=8, seed=seed),
    "sparse_gp": lambda model, seed: LatentBO(SPACE, model, surrogate="sparse_gp", initial=8, batch=10, seed=seed),
    "believer": lambda model, seed: LatentBO(SPACE, model, batching="believer", initial=8, seed=seed),
    "rl": lambda model, seed: LatentRL(SPACE, model, initial=8, steps=4, hidden=16, seed=seed),
    "local rl": lambda model, seed: LatentRL(
        SPACE, model, initial=8, steps=2, hidden=16, walk="local", deviation=2.0, seed=seed
    ),
}


@pytest.mark.parametrize(
    "kind", [pytest.param(kind, marks=pytest.mark.slow if kind in ("sparse_gp", "believer") else ()) for kind in KINDS]
)
def test_states_go_on_bit_for_bit(autoencoder, kind):
    whole, first, second = (KINDS[kind](autoencoder, seed) for seed in (3, 3, 3))
    expected = _run(whole, 20)
    found = _run(first, 12)
    state = first.get_state()
    second.set_state(state)
    found += _run(second, 8, start=12)
    assert found == expected and len({SPACE.canonical_key(one.architecture) for one in found}) == 20
    assert [one.source for one in found[:8]] == ["random"] * 8
    assert {one.source for one in found[8:]} <= {"expected_improvement", "policy"}
    with pytest.raises(StateError):
        KINDS[kind](autoencoder, 4).set_state(state)


def test_bayesian_optimisation_finds_better_networks(autoencoder):
    found = [[_value(one.architecture) for one in _run(LatentBO(SPACE, autoencoder, seed=seed), 40)] for seed in (0, 1)]
    for values in found:
        assert np.mean(values[20:]) > np.mean(values[:16]) + 1


def test_several_are_asked_for_at_once(autoencoder):
    for kind in ("dngo", "believer", "rl"):
        strategy = KINDS[kind](autoencoder, 0)
        proposals = strategy.ask(12)
        assert len({SPACE.canonical_key(one.architecture) for one in proposals}) == 12
        strategy.tell(
            [
                Trial(k, one, Measurement(_value(one.architecture), {}, Split.VALIDATION, None, 1.0))
                for k, one in enumerate(proposals)
            ]
        )
        assert len(strategy.ask(3)) == 3


def test_discounted_sums():
    np.testing.assert_allclose(discounted([1.0, -2.0, 4.0], 0.5), [1 - 1 + 1, -2 + 2, 4])
    np.testing.assert_allclose(discounted([1.0, 2.0], 0.0), [1, 2])


def test_the_policy_goes_where_it_was_good():
    policy = Policy(3, 8, 0)
    learner = PolicyLearner(policy, 1e-2)
    rng = np.random.default_rng(0)
    points = rng.standard_normal((6, 3)).astype(np.float32)
    actions = policy.means(points).numpy() + rng.standard_normal((6, 3)).astype(np.float32)
    advantages = np.array([2, -1, 0.5, 1, -2, 1], np.float32)

    def distance() -> np.ndarray:
        return ((policy.means(points).numpy() - actions) ** 2).sum(1)

    before = distance()
    gained = learner.learn(points, actions, advantages).numpy()
    # the density of three normal numbers with variance one
    expected = (advantages * (-0.5 * before - 1.5 * np.log(2 * np.pi))).mean()
    assert gained == pytest.approx(expected, rel=1e-4)
    assert (advantages * distance()).sum() < (advantages * before).sum()


def test_local_actions_are_steps_in_units_of_the_points():
    policy = Policy(3, 8, 0, 0.5, True)
    points = np.random.default_rng(0).normal([5, -1, 0], [1, 2, 3], (500, 3)).astype(np.float32)
    policy.measure(points)
    unit = np.sqrt(points.var(0).mean())
    assert policy.deviation == pytest.approx(0.5 * unit, rel=1e-5)
    few = points[:6]
    plain = Policy(3, 8, 0)
    steps = plain.means((few - points.mean(0)) / unit).numpy()
    np.testing.assert_allclose(policy.means(few).numpy(), few + 0.5 * unit * steps, rtol=1e-4, atol=1e-4)
    actions = few + 1
    drawn = norm(policy.means(few).numpy(), 0.5 * unit).logpdf(actions).sum(1)
    advantages = np.array([2, -1, 0.5, 1, -2, 1], np.float32)
    assert policy.gained(few, actions, advantages).numpy() == pytest.approx((advantages * drawn).mean(), rel=1e-3)


def test_local_walks_begin_at_the_best_network(autoencoder):
    strategy = LatentRL(SPACE, autoencoder, initial=20, steps=2, walk="local", deviation=1e-4, rate=1e-4, seed=2)
    measured = [proposal.architecture for proposal in _run(strategy, 20)]
    best = max(measured, key=_value)
    kernel = strategy._learner.policy._mean.kernel
    kernel.assign(np.zeros(kernel.shape, np.float32))
    (proposal,) = strategy.ask(1)
    known = {SPACE.canonical_key(arch) for arch in measured}
    drawn = [SPACE.sample(np.random.default_rng([1, number])) for number in range(200)]
    sample = [arch for arch in drawn if SPACE.canonical_key(arch) not in known]

    def distance(arch) -> float:
        one, other = autoencoder.embed(autoencoder.form.encode([arch, best]))
        return float(np.linalg.norm(one - other))

    assert distance(proposal.architecture) <= min(map(distance, sample)) + 1e-3


def test_an_autoencoder_may_be_a_folder(autoencoder, tmp_path):
    folder = autoencoder.save(tmp_path / "model")
    strategy = LatentBO(SPACE, folder, initial=4, seed=1)
    assert json.loads(json.dumps(strategy.config()))["autoencoder"] == str(folder)
    assert _run(strategy, 7) == _run(LatentBO(SPACE, autoencoder, initial=4, seed=1), 7)
    with pytest.raises(ConfigError, match="nasbench201"):
        LatentBO(spaces.get("nasbench201"), folder)
    with pytest.raises(StateError):
        LatentRL(SPACE, tmp_path / "none")


def test_wrong_options_are_refused(autoencoder):
    for options in ({"surrogate": "gp"}, {"initial": 0}, {"batch": 0}, {"pool": 0}, {"batching": "all"}):
        with pytest.raises(ConfigError):
            LatentBO(SPACE, autoencoder, **options)
    for options in ({"discount": 1.5}, {"rate": 0.0}, {"steps": 0}, {"walk": "far"}, {"deviation": 0.0}):
        with pytest.raises(ConfigError):
            LatentRL(SPACE, autoencoder, **options)


def test_all_methods_begin_with_the_networks_of_random_search(autoencoder):
    starts = [one.architecture for one in RandomSearch(SPACE, seed=7).ask(12)]
    small = {"initial": 12, "seed": 7}
    made = [
        LatentBO(SPACE, autoencoder, **small),
        LatentRL(SPACE, autoencoder, **small),
        strategies.SupervisedBO(SPACE, **small),
        strategies.SupervisedRL(SPACE, **small),
        strategies.Bananas(SPACE, **small),
        GaussianProcessEI(SPACE, **small),
    ]
    for strategy in made:
        strategy.start(100)
        assert [one.architecture for one in _run(strategy, 12)] == starts, strategy.name


def _joint(count: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """A mean and a covariance matrix that are correlated through and through."""
    rng = np.random.default_rng(seed)
    root = rng.normal(size=(count, 4))
    return rng.normal(size=count), root @ root.T + 0.01 * np.eye(count)


def test_the_believer_conditions_on_its_own_means():
    mean, covariance = _joint(12)
    noise, best, pending = 0.05, 0.3, [10, 11]
    beliefs = Beliefs(mean, np.sqrt(np.diag(covariance) + noise), lambda point: covariance[point])
    known, chosen, value = list(pending), [], max(best, *mean[pending])
    for _ in range(4):
        # the textbook's conditional distribution, from nothing but the joint one
        cross = covariance[:, known]
        gain = cross @ np.linalg.inv(covariance[np.ix_(known, known)] + noise * np.eye(len(known)))
        deviation = np.sqrt(np.diag(covariance - gain @ cross.T) + noise)
        improvement = expected_improvement(Normal(mean, deviation), value)
        improvement[known] = -1
        chosen.append(int(np.argmax(improvement)))
        known.append(chosen[-1])
        value = max(value, mean[chosen[-1]])
    assert best_believed(beliefs, best, 4, pending) == chosen
    alone = expected_improvement(Normal(mean, beliefs.deviation), best)
    assert best_apart(beliefs, best, 4) == np.argsort(-alone)[:4].tolist() != chosen


def test_the_believer_does_not_take_twins():
    mean, covariance = _joint(6)
    twins = [0, 1, 2, 0, 1, 2, 3, 4, 5]
    mean, covariance = mean[twins].copy(), covariance[np.ix_(twins, twins)]
    mean[[0, 3]] = mean.max() + 1
    beliefs = Beliefs(mean, np.sqrt(np.diag(covariance) + 1e-9), lambda point: covariance[point])
    assert set(best_apart(beliefs, 0.0, 2)) == {0, 3}
    first, second = best_believed(beliefs, 0.0, 2)
    assert first in (0, 3) and second not in (0, 3)


def test_a_shipped_autoencoder_is_taken_where_none_is_given(autoencoder, tmp_path, monkeypatch):
    monkeypatch.setattr(encoders, "_SHELVES", (tmp_path,))
    with pytest.raises(ConfigError, match="tfnas autoencoder train"):
        LatentBO(SPACE)
    for name, card in {
        "arch2vec_macro": {"kind": "autoencoder", "space": SPACE.name},
        "another": {"kind": "autoencoder", "space": "nasbench201"},
        "generator": {"space": SPACE.name},
    }.items():
        (tmp_path / name).mkdir()
        (tmp_path / name / "card.json").write_text(json.dumps(card))
    autoencoder.save(tmp_path / "arch2vec_macro" / "model")
    for kind in (LatentBO, LatentRL):
        made = kind(SPACE, seed=1, initial=4)
        assert made.config()["autoencoder"] == "arch2vec_macro"
        again = strategies.from_config(json.loads(json.dumps(made.config())))
        assert _run(again, 6) == _run(kind(SPACE, autoencoder, seed=1, initial=4), 6)
    with pytest.raises(ConfigError, match="tfnas autoencoder train"):
        LatentRL(spaces.get("nasbench101"))


def test_a_record_without_weights_makes_no_strategy(autoencoder):
    with pytest.raises(ConfigError, match="no weights"):
        strategies.from_config(LatentBO(SPACE, autoencoder).config())


@pytest.mark.parametrize("kind", [LatentBO, LatentRL])
def test_a_space_smaller_than_its_start_is_exhausted(kind):
    space = TinySpace()
    strategy = kind(space, Arch2Vec(space, Arch2VecConfig(hidden=(4,), latent=2)), seed=0)
    proposals = strategy.ask(20)
    assert len(proposals) == 9 and strategy.ask(1) == []


@pytest.mark.parametrize("kind", [LatentBO, LatentRL])
def test_repeats_where_they_are_allowed(kind):
    space = TinySpace()
    model = Arch2Vec(space, Arch2VecConfig(hidden=(4,), latent=2))
    strategy = kind(space, model, seed=0, initial=4, dedupe="none")
    found = []
    for number in range(14):
        (proposal,) = strategy.ask(1)
        found.append(proposal.source)
        strategy.tell([Trial(number, proposal, Measurement(float(number % 3)))])
    assert found[:4] == ["random"] * 4 and "random" not in found[4:]


@pytest.mark.parametrize("kind", ["dngo", "rl"])
def test_the_tuner_asks_for_what_asking_in_turn_gives(autoencoder, kind, tmp_path):
    tuner = search(StrategyOracle(KINDS[kind](autoencoder, 2), ACCURACY, max_trials=13), tmp_path)
    strategy, expected = KINDS[kind](autoencoder, 2), []
    for number in range(13):
        (proposal,) = strategy.ask(1)
        expected.append(proposal.architecture)
        strategy.tell([Trial(number, proposal, Measurement(score(proposal.architecture)))])
    assert tuner.ran == expected and tuner.oracle.errors == ()


@contextlib.contextmanager
def _unwatched(label, total, evaluator):
    yield None


@pytest.mark.parametrize("name", ["latent_bo", "latent_rl"])
def test_a_search_is_told_a_folder_and_goes_on_after_an_end(name, tmp_path):
    folder = Arch2Vec(CELLS, Arch2VecConfig(hidden=(4,), latent=2)).save(tmp_path / "model")
    options = {"autoencoder": str(folder), "initial": 6}
    config = job.SearchConfig(evaluator="table", strategy=name, trials=10, strategy_options=options)
    whole, cut = tmp_path / "whole", tmp_path / "cut"
    job.start(config, whole, _unwatched)
    cut.mkdir()
    (cut / "config.json").write_bytes((whole / "config.json").read_bytes())
    lines = (whole / FILE_NAME).read_bytes().splitlines(keepends=True)
    (cut / FILE_NAME).write_bytes(b"".join(lines[:17]))
    job.resume(cut, _unwatched)
    assert list(comparable(read_events(cut))) == list(comparable(read_events(whole)))

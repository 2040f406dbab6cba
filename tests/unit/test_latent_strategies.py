"""Searches in a latent space."""

from __future__ import annotations

import json

import numpy as np
import pytest

from tfnas import spaces
from tfnas.errors import ConfigError, StateError
from tfnas.models.arch2vec import Arch2Vec, Arch2VecConfig
from tfnas.strategies.latent import LatentBO, LatentRL
from tfnas.strategies.latent.policy import Policy, discounted
from tfnas.trial import Failure, Measurement, Proposal, Split, Trial

SPACE = spaces.get("nasbench_macro")


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
    "rl": lambda model, seed: LatentRL(SPACE, model, initial=8, steps=4, hidden=16, seed=seed),
}


@pytest.mark.parametrize("kind", KINDS)
def test_states_go_on_bit_for_bit(autoencoder, kind):
    whole, first, second = (KINDS[kind](autoencoder, seed) for seed in (3, 3, 3))
    expected = _run(whole, 26)
    found = _run(first, 15)
    state = first.get_state()
    second.set_state(state)
    found += _run(second, 11, start=15)
    assert found == expected and len({SPACE.canonical_key(one.architecture) for one in found}) == 26
    assert [one.source for one in found[:8]] == ["random"] * 8
    assert {one.source for one in found[8:]} <= {"expected_improvement", "policy"}
    with pytest.raises(StateError):
        KINDS[kind](autoencoder, 4).set_state(state)


def test_bayesian_optimisation_finds_better_networks(autoencoder):
    found = [[_value(one.architecture) for one in _run(LatentBO(SPACE, autoencoder, seed=seed), 40)] for seed in (0, 1)]
    for values in found:
        assert np.mean(values[20:]) > np.mean(values[:16]) + 1


def test_several_are_asked_for_at_once(autoencoder):
    for kind in KINDS.values():
        strategy = kind(autoencoder, 0)
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
    policy = Policy(3, 8, 1e-2, 0)
    rng = np.random.default_rng(0)
    points = rng.standard_normal((6, 3)).astype(np.float32)
    actions = policy.means(points).numpy() + rng.standard_normal((6, 3)).astype(np.float32)
    advantages = np.array([2, -1, 0.5, 1, -2, 1], np.float32)

    def distance() -> np.ndarray:
        return ((policy.means(points).numpy() - actions) ** 2).sum(1)

    before = distance()
    gained = policy.learn(points, actions, advantages).numpy()
    # the density of three normal numbers with variance one
    expected = (advantages * (-0.5 * before - 1.5 * np.log(2 * np.pi))).mean()
    assert gained == pytest.approx(expected, rel=1e-4)
    assert (advantages * distance()).sum() < (advantages * before).sum()


def test_an_autoencoder_may_be_a_folder(autoencoder, tmp_path):
    folder = autoencoder.save(tmp_path / "model")
    strategy = LatentBO(SPACE, folder, initial=4, seed=1)
    assert json.loads(json.dumps(strategy.config()))["autoencoder"] == str(folder)
    assert _run(strategy, 7) == _run(LatentBO(SPACE, autoencoder, initial=4, seed=1), 7)
    with pytest.raises(ConfigError, match="nasbench201"):
        LatentBO(spaces.get("nasbench201"), folder)
    with pytest.raises(StateError):
        LatentRL(SPACE, tmp_path)


def test_wrong_options_are_refused(autoencoder):
    for options in ({"surrogate": "gp"}, {"initial": 0}, {"batch": 0}, {"pool": 0}):
        with pytest.raises(ConfigError):
            LatentBO(SPACE, autoencoder, **options)
    for options in ({"discount": 1.5}, {"rate": 0.0}, {"steps": 0}):
        with pytest.raises(ConfigError):
            LatentRL(SPACE, autoencoder, **options)

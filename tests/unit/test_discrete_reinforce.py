"""REINFORCE on independent choices, against its formula."""

from __future__ import annotations

import numpy as np
import pytest

from tfnas import spaces, strategies
from tfnas.errors import ConfigError
from tfnas.strategies import DiscreteReinforce
from tfnas.testing.tiny import TinySpace
from tfnas.trial import Failure, Measurement, Proposal, Trial

SPACE = TinySpace()
_OPS = "abc"


def _log_probs(distribution) -> dict[str, float]:
    members = list(SPACE.enumerate())
    return dict(zip(map(SPACE.to_native, members), distribution.log_prob(members)))


def test_steps_are_those_of_the_formula():
    strategy = DiscreteReinforce(SPACE, seed=0, rate=0.3, momentum=0.8)
    assert strategy.distribution() is None
    logits, average, weight = np.zeros((2, 3)), 0.0, 0.0
    for number, value in enumerate([1.0, 3.0, -2.0, 4.0], start=1):
        (proposal,) = strategy.ask(1)
        strategy.tell([Trial(number, proposal, Measurement(value))])
        average, weight = 0.8 * average + 0.2 * value, 0.8 * weight + 0.2
        for place, letter in enumerate(SPACE.to_native(proposal.architecture)):
            chances = np.exp(logits[place]) / np.exp(logits[place]).sum()
            logits[place] += 0.3 * (value - average / weight) * (np.eye(3)[_OPS.index(letter)] - chances)
    found = _log_probs(strategy.distribution())
    chances = logits - np.log(np.exp(logits).sum(1, keepdims=True))
    for native, log_prob in found.items():
        expected = sum(chances[place, _OPS.index(letter)] for place, letter in enumerate(native))
        assert log_prob == pytest.approx(expected, abs=1e-5)
    assert np.exp(list(found.values())).sum() == pytest.approx(1, abs=1e-5)


def test_the_first_outcome_and_failures_and_strangers_teach_nothing():
    strategy = DiscreteReinforce(SPACE, seed=0)
    first, second = strategy.ask(2)
    stranger = Proposal(SPACE.from_native("aa"), "another strategy")
    strategy.tell([Trial(1, first, Failure("made to fail")), Trial(2, stranger, Measurement(5.0))])
    assert strategy.distribution() is None
    strategy.tell([Trial(3, second, Measurement(5.0))])
    assert np.ptp(list(_log_probs(strategy.distribution()).values())) == pytest.approx(0, abs=1e-6)


def test_states_go_on_bit_for_bit_and_rates_matter():
    space = spaces.get("nasbench_macro")

    def run(strategy, trials, start=0):
        found = []
        for number in range(start, start + trials):
            (proposal,) = strategy.ask(1)
            value = float(sum(op == "mb_e6_k5" for op in proposal.architecture.ops))
            strategy.tell([Trial(number + 1, proposal, Measurement(value))])
            found.append(value)
        return found

    def make():
        return DiscreteReinforce(space, rate=0.3, seed=1)

    whole, first, second = make(), make(), make()
    expected = run(whole, 60)
    found = run(first, 25)
    second.set_state(first.get_state())
    assert found + run(second, 35, start=25) == expected
    assert np.mean(expected[40:]) > np.mean(expected[:20]) + 1


def test_a_space_is_exhausted_whatever_was_learned():
    strategy = DiscreteReinforce(SPACE, seed=0, rate=50.0)
    found = []
    for number in range(9):
        (proposal,) = strategy.ask(1)
        found.append(SPACE.to_native(proposal.architecture))
        strategy.tell([Trial(number + 1, proposal, Measurement(float(number)))])
    assert len(set(found)) == 9 and strategy.ask(1) == []


def test_wrong_options_are_refused():
    for options in ({"rate": 0}, {"rate": True}, {"rate": "0.1"}, {"momentum": 1.0}, {"momentum": -0.1}):
        with pytest.raises(ConfigError):
            DiscreteReinforce(SPACE, **options)


def test_it_is_registered_and_made_again():
    made = strategies.get("discrete_reinforce")(spaces.get("nasbench201"), seed=2, rate=0.2)
    assert strategies.from_config(made.config()).config() == made.config()

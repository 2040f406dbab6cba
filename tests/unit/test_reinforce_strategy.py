"""The loop of GraphPNAS: who proposes when, what is learned from, named configurations, states."""

from __future__ import annotations

import json

import numpy as np
import pytest

from tfnas import spaces, strategies
from tfnas.errors import ConfigError, SearchError, UnknownNameError
from tfnas.models.graphpnas import GraphGenerator, GraphGeneratorConfig
from tfnas.models.independent import IndependentGenerator
from tfnas.models.reinforce import LearningConfig, Schedule
from tfnas.models.rnn import RNNGeneratorConfig
from tfnas.state import load_state, save_state
from tfnas.strategies import GraphPNAS, IndependentReinforce, RNNReinforce
from tfnas.strategies.reinforce import CONFIGURATIONS
from tfnas.strategies.reinforce.configurations import settings_for
from tfnas.testing import TinySpace
from tfnas.trial import Failure, Measurement, Trial

SPACE = spaces.get("nasbench201")
QUICK = {"rate": 1e-1, "epochs": 3, "batch": 8, "xla": False}
FIRST_SIX = {"points": [[0, 1.0], [6, 0.0]]}
FIRST_TWO = {"points": [[0, 1.0], [2, 0.0]]}


def independent(seed: int = 0, **options) -> IndependentReinforce:
    return IndependentReinforce(SPACE, seed=seed, **{**QUICK, "explore": FIRST_SIX, **options})


def value(arch) -> float:
    return sum(op == "nor_conv_3x3" for op in arch.ops) / 6


def search(strategy, count: int, first: int = 0, objective=value) -> list[Trial]:
    trials = []
    for number in range(first, first + count):
        (proposal,) = strategy.ask(1)
        trials.append(Trial(number, proposal, Measurement(objective(proposal.architecture) + 1e-6 * number)))
        strategy.tell(trials[-1:])
    return trials


def sources(trials) -> list[str]:
    return [trial.proposal.source for trial in trials]


def test_the_explorer_comes_first_then_the_generator():
    trials = search(independent(), 12)
    assert sources(trials) == ["explorer"] * 6 + ["generator"] * 6
    assert len({SPACE.canonical_key(trial.architecture) for trial in trials}) == 12


def test_a_probability_mixes_both():
    strategy = independent(explore={"points": [[0, 1.0], [4, 0.5]]})
    found = sources(search(strategy, 64))
    assert found[:4] == ["explorer"] * 4
    assert 18 <= found[4:].count("generator") <= 42  # binomial, 60 and one half: three deviations
    assert set(found) == {"explorer", "generator"}


def test_the_explorer_is_the_one_that_is_named():
    strategy = independent(explorer={"name": "uniform", "exclude_ops": ["none"]}, explore=1.0)
    drawn = [trial.architecture for trial in search(strategy, 40)]
    assert not any("none" in arch.ops for arch in drawn)
    assert any("none" in trial.architecture.ops for trial in search(independent(explore=1.0), 40))


@pytest.mark.parametrize("budget, first", [(8, 4), (16, 4), (60, 15), (1000, 30)])
def test_without_a_schedule_the_explorer_has_a_part_of_the_budget(budget, first):
    strategy = IndependentReinforce(SPACE, **QUICK)
    strategy.start(budget)
    count = min(budget, first + 2)
    assert sources(search(strategy, count)) == ["explorer"] * first + ["generator"] * (count - first)


def test_it_learns_from_the_best_networks():
    """Where all but two of its operators are worth nothing, what is drawn at the end has them often."""
    strategy = independent(epochs=40, keep=8, explore={"points": [[0, 1.0], [20, 0.0]]})
    search(strategy, 40)
    distribution = strategy.distribution()
    drawn = np.mean([value(arch) for arch in distribution.sample(200, 0)])
    assert drawn > 0.35  # uniform: .2
    assert np.isfinite(distribution.log_prob(distribution.sample(5, 1))).all()


def test_fits_wait_for_new_measurements(monkeypatch):
    fits = []
    strategy = independent(update_every=3)
    bench = strategy._workbench
    fit = bench.fit
    monkeypatch.setattr(bench, "fit", lambda *given: fits.append(len(given[1])) or fit(*given))
    search(strategy, 6)
    assert fits == []
    search(strategy, 9, first=6)
    # fitted before queries 7, 10 and 13
    assert fits == [6, 9, 12]


def test_failures_are_not_learned_from_and_nothing_is_learned_from_one_network():
    strategy = independent(explore=0.0)
    (proposal,) = strategy.ask(1)
    assert proposal.source == "explorer"
    strategy.tell([Trial(0, proposal, Failure("no memory"))])
    (proposal,) = strategy.ask(1)
    assert proposal.source == "explorer" and strategy.distribution() is None
    strategy.tell([Trial(1, proposal, Measurement(0.5))])
    (proposal,) = strategy.ask(1)
    assert proposal.source == "explorer" and strategy.distribution() is None
    strategy.tell([Trial(2, proposal, Measurement(0.7))])
    assert strategy.ask(1)[0].source == "generator" and strategy.distribution() is not None


def test_rewards_that_are_all_equal_leave_the_explorer():
    strategy = independent(explore=0.0)
    for number in range(6):
        (proposal,) = strategy.ask(1)
        assert proposal.source == "explorer"
        strategy.tell([Trial(number, proposal, Measurement(0.25))])
    assert strategy.distribution() is None


def test_an_exhausted_space_ends():
    space = TinySpace()
    strategy = IndependentReinforce(space, explore=0.5, **QUICK)
    seen = []
    for number in range(100):
        proposals = strategy.ask(1)
        if not proposals:
            break
        seen.append(proposals[0].architecture)
        strategy.tell([Trial(number, proposals[0], Measurement(float(number)))])
    assert len(seen) == len({space.canonical_key(arch) for arch in space.enumerate()})
    assert strategy.ask(3) == []


def test_several_at_once_are_distinct():
    strategy = independent()
    search(strategy, 6)
    proposals = strategy.ask(8)
    assert {proposal.source for proposal in proposals} == {"generator"}
    assert len({SPACE.canonical_key(proposal.architecture) for proposal in proposals}) == 8


def test_the_screen_measures_what_promises_most():
    plain, screened = independent(), independent(screen=30)
    before, after = search(plain, 25), search(screened, 25)
    assert before[:6] == after[:6]
    means = [np.mean([trial.objective for trial in trials[6:]]) for trials in (before, after)]
    assert means[1] > means[0] + 0.1, means


def test_the_explorer_joins_the_screen():
    strategy = independent(screen=30, screen_explorer=30)
    found = sources(search(strategy, 30)[6:])
    assert {"generator", "explorer"} == set(found)


@pytest.mark.parametrize(
    ("make", "generator"),
    [
        (lambda seed: independent(seed, screen=5, restart=False, explore=FIRST_TWO), IndependentGenerator),
        (
            lambda seed: GraphPNAS(
                SPACE, seed=seed, mixture=2, steps=1, hidden=8, message=8, explore=FIRST_TWO, **{**QUICK, "rate": 1e-3}
            ),
            GraphGenerator,
        ),
    ],
    ids=["independent", "graphpnas"],
)
def test_states_go_on_bit_for_bit(make, generator, tmp_path):
    whole = make(3)
    search(whole, 4)  # all buffers until the end are of one class of sizes
    middle = load_state_of(whole, tmp_path)
    expected = search(whole, 5, first=4)
    again = make(3)
    again.set_state(middle)
    assert search(again, 5, first=4) == expected
    one, two = whole._learned, again._learned
    for name in ("weights", "optimizer"):
        assert all(np.array_equal(a, b) for a, b in zip(one[name], two[name], strict=True))
    distribution = again.distribution()
    assert isinstance(distribution, generator) and distribution.config == again.settings.generator


def load_state_of(strategy, folder):
    save_state(folder / "state.json", strategy.get_state())
    return load_state(folder / "state.json")


def test_searches_that_take_turns_do_not_disturb_each_other():
    alone = [search(independent(seed), 12) for seed in (0, 1)]
    both = [independent(0), independent(1)]
    found = [[], []]
    for number in range(12):
        for strategy, trials in zip(both, found):
            trials += search(strategy, 1, first=number)
    assert found == alone


def test_the_distribution_is_the_fitted_generator_and_asking_changes_nothing():
    one, two = independent(), independent()
    search(one, 10), search(two, 10)
    first, second = one.distribution(), one.distribution()
    assert all(np.array_equal(a, b) for a, b in zip(first.get_weights(), second.get_weights()))
    assert search(one, 4, first=10) == search(two, 4, first=10)


def test_every_configuration_can_be_built():
    for name, configuration in CONFIGURATIONS.items():
        space = spaces.get(configuration.space or "nasbench201")
        for kind in (GraphPNAS, RNNReinforce, IndependentReinforce):
            made = kind(space, name, seed=5)
            assert made.configuration == name
            again = strategies.from_config(json.loads(json.dumps(made.config())))
            assert again.settings == made.settings and again.config() == made.config()


def test_options_stand_above_the_configuration():
    made = GraphPNAS(SPACE, "nasbench201_released", hidden=16, keep=3, labels=["skip_connect"], clip=2.0)
    assert made.settings.generator.hidden == 16 and made.settings.learning.clip == 2.0
    assert made.settings.keep == Schedule.constant(3)
    assert made.settings.generator.labels == ("skip_connect",)
    assert made.settings.generator.head_layers == 3
    again = strategies.from_config(json.loads(json.dumps(made.config())))
    assert again.settings == made.settings


def test_the_papers_values():
    """Table 10, sections 4.1 to 4.3, appendices A, F and G."""
    randwire = settings_for("graphpnas", GraphGeneratorConfig, spaces.get("randwire"), "randwire_paper")[1]
    assert randwire.generator == GraphGeneratorConfig(messages="prefix")
    assert (randwire.generator.mixture, randwire.generator.steps, randwire.generator.hidden) == (10, 7, 128)
    assert randwire.learning == LearningConfig(rate=1e-4, epochs=2000, batch=16, clip=1.0, beta=0.05, restart=False)
    assert [randwire.explore.at(8 * step) for step in (0, 9, 10, 19, 20, 25, 39)] == [0.6, 0.6, 0.12, 0.12, 0.024, 0, 0]
    assert [round(randwire.keep.at(n), 6) for n in (0, 160, 320)] == [0.3, 0.2, 0.1]
    released = settings_for("graphpnas", GraphGeneratorConfig, SPACE, "nasbench201_released")[1]
    assert (released.generator.hidden, released.generator.message, released.keep.at(99)) == (24, 24, 15)
    assert released.learning == LearningConfig(
        rate=1e-3, epochs=70, batch=2, rewards="ranks", restart=True, shares=(1.0, 1.0, 0.125)
    )
    assert [released.explore.at(n) for n in (29, 30)] == [1, 0]
    rnn = settings_for("rnn_reinforce", RNNGeneratorConfig, SPACE, "nasbench201_released")[1]
    assert (rnn.keep, rnn.explore, rnn.learning.epochs) == (released.keep, released.explore, 70)
    assert rnn.generator == RNNGeneratorConfig(hidden=32)


@pytest.mark.parametrize(
    "options, kind, words",
    [
        ({"configuration": "nasbench"}, UnknownNameError, "nasbench201_released"),
        ({"configuration": "darts_paper"}, ConfigError, "expected the space darts"),
        ({"hiden": 3}, ConfigError, "hidden"),
        ({"hidden": 0}, ConfigError, "hidden"),
        ({"epochs": -1}, ConfigError, "epochs"),
        ({"keep": 0}, ConfigError, "keep"),
        ({"explore": 1.5}, ConfigError, "explore"),
        ({"explore": {"points": [[3, 1.0]]}}, ConfigError, "growing from 0"),
        ({"explorer": "ws"}, UnknownNameError, "watts_strogatz"),
        ({"explorer": {"name": "uniform", "p": 0.3}}, ConfigError, "exclude_ops"),
        ({"explorer": {"p": 0.3}}, ConfigError, "prior"),
        ({"explorer": "erdos_renyi"}, ConfigError, "at least p"),
        ({"update_every": 0}, ConfigError, "update_every"),
        ({"screen": 0}, ConfigError, "screen"),
        ({"screen_explorer": -1}, ConfigError, "screen_explorer"),
    ],
    ids=str,
)
def test_bad_options(options, kind, words):
    with pytest.raises(kind, match=words):
        GraphPNAS(SPACE, **options)


def test_an_explorer_that_finds_no_member_says_so_at_once():
    space = spaces.get("nasbench101")
    with pytest.raises(SearchError, match="prior over nasbench101"):
        GraphPNAS(space, explorer={"name": "erdos_renyi", "p": 0.0001, "nodes": [7, 7]})


def test_a_generator_that_draws_no_member_gives_way(monkeypatch):
    strategy = independent()
    search(strategy, 6)

    def refuse(self, n, seed):
        raise SearchError("samples", expected="a member", received="none")

    monkeypatch.setattr("tfnas.models.independent.IndependentGenerator.sample", refuse)
    assert strategy.ask(1)[0].source == "explorer"


def test_nothing_is_imported_before_it_is_needed():
    import subprocess
    import sys

    code = (
        "import sys; from tfnas import spaces, strategies;"
        "s = strategies.GraphPNAS(spaces.get('nasbench201')); s.ask(3);"
        "print([m for m in ('tensorflow', 'tf_keras') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout.strip() == "[]", done.stderr

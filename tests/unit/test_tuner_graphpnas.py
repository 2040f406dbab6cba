"""GraphPNASOracle: the options it takes, what it asks, and what it has learned."""

from __future__ import annotations

import inspect

import keras
import keras_tuner
import numpy as np
import pytest

from tests.unit.test_tuner_oracle import ACCURACY, SPACE, score
from tfnas import strategies
from tfnas.errors import ConfigError, UnknownNameError
from tfnas.trial import Measurement, Trial
from tfnas.tuner import GraphPNASOracle, StrategyOracle, architecture

OPTIONS = {
    "hidden": 8,
    "steps": 1,
    "mixture": 2,
    "epochs": 2,
    "explore": {"points": [[0, 1.0], [4, 0.0]]},
    "xla": False,
}
TRIALS = 10


class Tuner(keras_tuner.Tuner):
    """Scores architectures without training; may be interrupted in one trial."""

    def __init__(self, oracle, folder, interrupted=None):
        super().__init__(oracle, directory=str(folder), project_name="project")
        self.ran, self.interrupted = [], interrupted

    def run_trial(self, trial, **kwargs):
        if trial.trial_id == self.interrupted:
            raise KeyboardInterrupt
        self.ran.append(architecture(trial.hyperparameters))
        return score(self.ran[-1])


def oracle(**arguments):
    return GraphPNASOracle(SPACE, ACCURACY, TRIALS, seed=3, **OPTIONS, **arguments)


@pytest.fixture(autouse=True)
def no_power_failures(monkeypatch):
    """A state has nearly a hundred arrays, and waiting for the disk after each takes longer than the search."""
    monkeypatch.setattr("tfnas.state.os.fsync", lambda descriptor: None)


@pytest.fixture(scope="module")
def by_hand():
    """The trials that asking and telling in turn gives, and the strategy."""
    strategy = strategies.GraphPNAS(SPACE, seed=3, **OPTIONS)
    strategy.start(TRIALS)
    trials = []
    for index in range(TRIALS):
        (proposal,) = strategy.ask()
        trials.append(Trial(index, proposal, Measurement(score(proposal.architecture))))
        strategy.tell(trials[-1:])
    return trials, strategy


def test_a_search_ends_with_what_the_generator_draws(tmp_path, by_hand):
    searched = oracle()
    assert searched.distribution() is None
    tuner = Tuner(searched, tmp_path)
    tuner.search(verbose=0)
    expected, strategy = by_hand
    assert tuner.ran == [trial.architecture for trial in expected]
    sources = [searched._origins[trial_id][0] for trial_id in searched.start_order]
    assert sources == ["explorer"] * 4 + ["generator"] * 6
    learned = searched.distribution()
    for weights, expected_weights in zip(learned.get_weights(), strategy.distribution().get_weights(), strict=True):
        np.testing.assert_array_equal(weights, expected_weights)
    for arch in learned.sample(5, 1):
        SPACE.validate(arch)


def test_a_search_that_was_interrupted_goes_on_with_the_same(tmp_path, by_hand):
    first = Tuner(oracle(), tmp_path, interrupted="06")
    with pytest.raises(KeyboardInterrupt):
        first.search(verbose=0)
    second = Tuner(oracle(), tmp_path)
    second.search(verbose=0)
    assert len(first.ran) == 6
    assert first.ran + second.ran == [trial.architecture for trial in by_hand[0]]


def test_options_reach_the_strategy():
    built = oracle(dedupe="native", max_retries_per_trial=2, worker_timeout=60.0)
    assert built.strategy.config() == strategies.GraphPNAS(SPACE, seed=3, dedupe="native", **OPTIONS).config()
    assert (built.max_trials, built.max_retries_per_trial, built.worker_timeout) == (TRIALS, 2, 60.0)
    assert GraphPNASOracle(SPACE).strategy.config() == strategies.GraphPNAS(SPACE).config()
    named = GraphPNASOracle(SPACE, "val_loss", 5, "nasbench201_released", epochs=3)
    assert named.strategy.settings == strategies.GraphPNAS(SPACE, "nasbench201_released", epochs=3).settings


def test_the_arguments_of_the_oracle_and_those_of_the_strategy_are_all_there():
    shared = {"space", "configuration", "seed", "dedupe"}
    own = set(inspect.signature(GraphPNASOracle).parameters) - {"options"} - shared
    assert not own & set(strategies.GraphPNAS.options()), "an option cannot be reached"
    assert own == set(inspect.signature(StrategyOracle).parameters) - {"strategy"}


@pytest.mark.parametrize(
    "arguments, named",
    [
        ({"hiden": 8}, "options: expected some of space, objective.*hidden.*received hiden"),
        ({"max_retries": 1}, "max_retries_per_trial.*received max_retries"),
        ({"hidden": 0}, "hidden"),
        ({"space": 201}, "space: expected a search space, or its name; received 201"),
        ({"configuration": "randwire_paper"}, "randwire"),
        ({"max_trials": 0}, "max_trials"),
        ({"objective": "my_score"}, "my_score"),
    ],
)
def test_arguments_that_cannot_work_are_named(arguments, named):
    with pytest.raises(ConfigError, match=named):
        GraphPNASOracle(**{"space": "nasbench201", **arguments})


@pytest.mark.parametrize("arguments", [{"space": "nasbench202"}, {"configuration": "papers"}])
def test_unknown_names_are_named(arguments):
    with pytest.raises(UnknownNameError, match=next(iter(arguments.values()))):
        GraphPNASOracle(**{"space": "nasbench201", **arguments})


def test_tensorboard_works_on_keras_3_beside_graph_models():
    from tensorboard.plugins.hparams import api

    assert issubclass(api.KerasCallback, keras.callbacks.Callback)

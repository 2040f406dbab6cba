"""StrategyOracle: what is asked, told and chosen."""

from __future__ import annotations

import random

import keras
import keras_tuner
import numpy as np
import pytest
from keras_tuner.engine.base_tuner import BaseTuner

from tfnas import data, spaces, strategies
from tfnas.errors import ConfigError
from tfnas.strategies.base import Strategy
from tfnas.trial import Failure, Proposal
from tfnas.tuner import SearchError, StrategyOracle, architecture

SPACE = spaces.get("nasbench201")
ACCURACY = keras_tuner.Objective("val_accuracy", "max")


def score(arch) -> float:
    """A made-up accuracy: a function of the architecture alone, different for nearly all."""
    return sum((k + 1) * len(op) for k, op in enumerate(arch.ops)) / 1000


class Scripted(Strategy):
    """Random search that writes down what happens to it, and does as told."""

    name = "scripted"

    def __init__(self, space=SPACE, *, seed=0, limit=None, fidelity=None, ask_fails=(), tell_fails=()):
        super().__init__(space, seed=seed)
        self.limit, self.fidelity, self.ask_fails, self.tell_fails = limit, fidelity, ask_fails, tell_fails
        self.started, self.asked, self.told, self.weights = [], [], [], np.zeros(3)

    def start(self, budget):
        self.started.append(budget)

    def _propose(self, n):
        if len(self.asked) in self.ask_fails:
            self.asked.append(None)
            raise ValueError("the generator broke")
        if self.limit is not None and len(self.asked) >= self.limit:
            return []
        self.asked.append(self._random_unseen())
        return [Proposal(self.asked[-1], "scripted", self.fidelity)]

    def _learn(self, trials):
        if len(self.told) in self.tell_fails:
            self.told.append(None)
            raise ValueError("the fit broke")
        self.told += trials


class ScoreTuner(BaseTuner):
    """Scores architectures without training, and writes down which."""

    def run_trial(self, trial, **kwargs):
        arch = architecture(trial.hyperparameters)
        self.ran = [*getattr(self, "ran", []), arch]
        return self.result(trial, arch)

    def result(self, trial, arch):
        return {self.oracle.objective.name: score(arch), "size": len(arch.ops)}


def search(oracle, folder, tuner=ScoreTuner, **attributes):
    """Runs a search to its end in `folder` and returns the tuner."""
    built = tuner(oracle, directory=str(folder), project_name="project")
    for name, value in attributes.items():
        setattr(built, name, value)
    built.search(verbose=0)
    return built


def test_the_strategy_is_asked_and_told_each_trial_in_turn(tmp_path):
    strategy = Scripted()
    tuner = search(StrategyOracle(strategy, ACCURACY, max_trials=5), tmp_path)
    assert strategy.started == [5]
    assert tuner.ran == strategy.asked
    assert [trial.architecture for trial in strategy.told] == strategy.asked
    assert [trial.id for trial in strategy.told] == [0, 1, 2, 3, 4]
    assert [trial.objective for trial in strategy.told] == [score(arch) for arch in strategy.asked]
    assert {trial.proposal.source for trial in strategy.told} == {"scripted"}
    assert all(dict(t.outcome.metrics) == {"val_accuracy": t.objective, "size": 8.0} for t in strategy.told)


def test_a_minimised_objective_is_negated_once(tmp_path):
    strategy = Scripted()
    oracle = StrategyOracle(strategy, keras_tuner.Objective("val_loss", "min"), max_trials=4)
    search(oracle, tmp_path)
    assert [trial.objective for trial in strategy.told] == [-score(arch) for arch in strategy.asked]
    assert [trial.outcome.metrics["val_loss"] for trial in strategy.told] == [score(a) for a in strategy.asked]
    scores = [trial.score for trial in oracle.get_best_trials(4)]
    assert scores == sorted(score(arch) for arch in strategy.asked)


def test_best_trials_come_best_first_and_equal_ones_in_order(tmp_path):
    oracle = StrategyOracle(Scripted(), ACCURACY, max_trials=5)
    values = iter([0.2, 0.5, 0.1, 0.5, 0.4])
    search(oracle, tmp_path, result=lambda trial, arch: next(values))
    assert [trial.trial_id for trial in oracle.get_best_trials(4)] == ["1", "3", "4", "0"]
    assert all(type(trial.score) is float for trial in oracle.get_best_trials(5))


def test_a_space_that_is_exhausted_ends_the_search(tmp_path):
    strategy = Scripted(limit=3)
    tuner = search(StrategyOracle(strategy, ACCURACY, max_trials=10), tmp_path)
    assert len(tuner.ran) == len(strategy.told) == 3


def test_other_hyperparameters_take_their_defaults(tmp_path):
    seen = []

    def result(trial, arch):
        hp = trial.hyperparameters
        kind = hp.Choice("kind", ["sgd", "adam"], default="adam")
        with hp.conditional_scope("kind", ["adam"]):
            beta = hp.Float("beta", 0.0, 1.0, default=0.25)
        with hp.conditional_scope("kind", ["sgd"]):
            assert hp.Float("momentum", 0.0, 1.0) is None
        seen.append((kind, beta, hp.Int("units", 1, 1000, default=7), hp.Float("rate", 0, 1)))
        return score(arch)

    registered = keras_tuner.HyperParameters()
    registered.Fixed("rate", 0.125)
    oracle = StrategyOracle(Scripted(), ACCURACY, max_trials=4, hyperparameters=registered)
    search(oracle, tmp_path, result=result)
    # from the second trial on they are part of the oracle's space, where keras-tuner would draw them
    assert seen == [("adam", 0.25, 7, 0.125)] * 4
    assert "architecture" not in registered


def test_numpy_defaults_can_be_saved(tmp_path):
    def result(trial, arch):
        if trial.trial_id == "1":  # the oracle's own values, which keras-tuner must be able to send
            trial.to_proto()
        trial.hyperparameters.Float("rate", 0.0, 1.0, default=np.float32(0.5))
        return {"val_accuracy": np.float32(0.5), "size": np.int64(3), "curve": np.zeros(2), "nothing": None}

    strategy = Scripted()
    oracle = StrategyOracle(strategy, ACCURACY, max_trials=2)
    search(oracle, tmp_path, result=result)
    assert [trial.objective for trial in strategy.told] == [0.5, 0.5]
    assert dict(strategy.told[0].outcome.metrics) == {"val_accuracy": 0.5, "size": 3.0}
    assert [type(trial.hyperparameters.values["rate"]) for trial in oracle.trials.values()] == [float, float]


def test_global_random_states_are_left_alone(tmp_path):
    before = random.getstate(), np.random.get_state()[1].tolist()
    search(StrategyOracle(Scripted(seed=0), ACCURACY, max_trials=2), tmp_path)
    assert (random.getstate(), np.random.get_state()[1].tolist()) == before


def test_a_fidelity_travels_as_epochs(tmp_path):
    epochs = []
    strategy = Scripted(fidelity=7)
    search(
        StrategyOracle(strategy, ACCURACY, max_trials=2),
        tmp_path,
        result=lambda trial, arch: epochs.append(trial.hyperparameters.values["tuner/epochs"]) or 0.5,
    )
    assert epochs == [7, 7]
    assert {trial.outcome.fidelity for trial in strategy.told} == {7}


def test_a_crashed_trial_is_told_as_a_failure_after_its_retries(tmp_path):
    strategy = Scripted()
    oracle = StrategyOracle(strategy, ACCURACY, max_trials=3, max_retries_per_trial=1)

    def result(trial, arch):
        if trial.trial_id == "1":
            raise ValueError("out of memory")
        return score(arch)

    tuner = search(oracle, tmp_path, result=result)
    asked = strategy.asked
    assert tuner.ran == [asked[0], asked[1], asked[1], asked[2]]
    assert [trial.id for trial in strategy.told] == [0, 1, 2]
    assert isinstance(strategy.told[1].outcome, Failure)
    assert strategy.told[1].outcome.reason == "ValueError: out of memory"
    assert "Traceback" in oracle.trials["1"].message


def test_a_retry_is_scored_by_its_own_run(tmp_path):
    strategy = Scripted()
    values = iter([float("nan"), 0.5])
    oracle = StrategyOracle(strategy, ACCURACY, max_trials=1, max_retries_per_trial=1)
    search(oracle, tmp_path, result=lambda trial, arch: next(values))
    assert [trial.objective for trial in strategy.told] == [0.5]


def test_a_user_s_own_search_on_the_digits(tmp_path):
    digits = data.digits()
    x, y = digits.train.x[:200], digits.train.y[:200]
    sizes = []

    def build(hp):
        arch = architecture(hp, "nasbench201")
        sizes.append(4 * (1 + sum("conv" in op for op in arch.ops)))
        model = keras.Sequential(
            [
                keras.Input(digits.input_shape),
                keras.layers.Flatten(),
                keras.layers.Dense(sizes[-1], activation=hp.Choice("activation", ["relu", "tanh"])),
                keras.layers.Dense(digits.num_classes, activation="softmax"),
            ]
        )
        model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
        return model

    strategy = strategies.RandomSearch(SPACE, seed=1)
    oracle = StrategyOracle(strategy, "val_accuracy", max_trials=2)
    tuner = keras_tuner.Tuner(oracle, build, directory=str(tmp_path), project_name="digits")
    tuner.search(x, y, epochs=1, validation_data=(digits.validation.x, digits.validation.y), verbose=0)
    assert [trial.status for trial in oracle.trials.values()] == ["COMPLETED"] * 2
    assert len(set(sizes)) > 1
    best = tuner.get_best_models()[0]
    assert best.predict(x[:3], verbose=0).shape == (3, 10)


@pytest.mark.parametrize(
    "arguments, named",
    [
        ({"strategy": SPACE}, "strategy"),
        ({"max_trials": 0}, "max_trials"),
        ({"max_trials": None}, "max_trials"),
        ({"objective": None}, "objective"),
        ({"objective": 0.5}, "objective"),
        ({"objective": ["val_accuracy", "val_loss"]}, "objective"),
        ({"objective": keras_tuner.Objective("val_accuracy", "maximize")}, "maximize"),
        ({"objective": keras_tuner.Objective("val_accuracy", None)}, "direction"),
        ({"objective": "my_score"}, "my_score"),
        ({"objective": "val_f1_score"}, "val_f1_score"),
        ({"objective": "MeanIoU"}, "MeanIoU"),
        ({"objective": "cosine_similarity"}, "cosine_similarity"),
        ({"worker_timeout": 0}, "worker_timeout"),
    ],
)
def test_arguments_that_cannot_work_are_named(arguments, named):
    with pytest.raises(ConfigError, match=named):
        StrategyOracle(**{"strategy": Scripted(), **arguments})


@pytest.mark.parametrize(
    "name, direction",
    [
        ("val_accuracy", "max"),
        ("acc", "max"),
        ("val_AUC", "max"),
        ("val_loss", "min"),
        ("mse", "min"),
        ("val_mean_absolute_error", "min"),
        ("sparse_categorical_crossentropy", "min"),
    ],
)
def test_names_of_a_certain_direction_are_taken(name, direction):
    objective = StrategyOracle(Scripted(), name).objective
    assert (objective.name, objective.direction) == (name, direction)


def test_a_taken_hyperparameter_name_is_refused():
    registered = keras_tuner.HyperParameters()
    registered.Choice("architecture", ["small", "large"])
    with pytest.raises(ConfigError, match="architecture"):
        StrategyOracle(Scripted(), hyperparameters=registered)


def test_no_completed_trial_is_an_error_and_not_an_unfinished_trial(tmp_path):
    oracle = StrategyOracle(Scripted(), ACCURACY, max_trials=2)
    with pytest.raises(SearchError, match="no trial at all.*Run the search first"):
        oracle.get_best_trials()

    def result(trial, arch):
        raise ValueError("out of memory")

    tuner = search(oracle, tmp_path, result=result)
    with pytest.raises(SearchError, match="2 FAILED.*ValueError: out of memory"):
        tuner.get_best_hyperparameters()


def test_best_trials_are_not_filled_up_with_failed_ones(tmp_path):
    def result(trial, arch):
        if trial.trial_id != "1":
            raise ValueError("out of memory")
        return 0.5

    oracle = StrategyOracle(Scripted(), ACCURACY, max_trials=3)
    search(oracle, tmp_path, result=result)
    assert [trial.trial_id for trial in oracle.get_best_trials(3)] == ["1"]

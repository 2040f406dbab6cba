"""A search that is killed at any moment resumes to what it would have been."""

from __future__ import annotations

import os
import shutil

import numpy as np
import pytest

from tests.unit.test_tuner_oracle import ACCURACY, SPACE, ScoreTuner, Scripted, score, search
from tfnas import strategies
from tfnas.tuner import StrategyOracle

TRIALS = 6


class Arrays(Scripted):
    """Keeps what it learned in an array, and proposes by it."""

    name = "arrays"

    def _propose(self, n):
        for _ in range(int(self.weights.sum()) % 7):
            self.rng.random()
        return super()._propose(n)

    def _learn(self, trials):
        super()._learn(trials)
        for trial in trials:
            self.weights = np.roll(self.weights, 1) + (0 if trial.objective is None else round(1000 * trial.objective))

    def _state(self):
        return {"weights": self.weights}

    def _restore(self, state):
        self.weights = state["weights"]


class SlowArrays(Arrays):
    """Is asked in a thread of its own."""

    is_slow = True


def evolution():
    return strategies.RegularizedEvolution(SPACE, seed=4)


class Flaky(ScoreTuner):
    """Fails its second trial always, and its third at the first try."""

    def result(self, trial, arch):
        if trial.trial_id == "1" or (trial.trial_id == "2" and score(arch) not in self.tried):
            self.tried.append(score(arch))
            raise ValueError("out of memory")
        return score(arch)


def outcome(oracle):
    """Everything that must be equal, times excepted."""
    state = oracle.strategy.get_state()
    plain = {**state, "own": {k: np.asarray(v).tolist() for k, v in state["own"].items()}} if state["own"] else state
    return (
        [(i, t.status, t.score, t.hyperparameters.values) for i, t in oracle.trials.items()],
        oracle.end_order,
        plain,
    )


def run(strategy, folder, tried):
    oracle = StrategyOracle(strategy, ACCURACY, max_trials=TRIALS, max_retries_per_trial=1)
    search(oracle, folder, Flaky, tried=tried)
    return oracle


@pytest.mark.parametrize("build", [Arrays, pytest.param(SlowArrays, marks=pytest.mark.slow), evolution])
def test_killed_before_any_write_it_resumes_to_the_same(build, tmp_path, monkeypatch):
    moments = tmp_path / "moments"
    count, tried, tried_at = 0, [], []
    rename = os.replace

    def rename_and_keep(source, target):
        nonlocal count
        shutil.copytree(tmp_path / "whole", moments / str(count))
        tried_at.append(list(tried))
        count += 1
        rename(source, target)

    with monkeypatch.context() as patch:
        patch.setattr("tfnas.state.os.replace", rename_and_keep)
        whole = run(build(), tmp_path / "whole", tried)
    assert [trial.status for trial in whole.trials.values()].count("COMPLETED") == TRIALS - 1
    assert count > 5 * TRIALS
    for moment in range(count):
        resumed = run(build(), moments / str(moment), tried_at[moment])
        assert outcome(resumed) == outcome(whole), f"killed before write {moment}"


def test_told_trials_are_told_once_after_resuming(tmp_path):
    first = Arrays()
    search(StrategyOracle(first, ACCURACY, max_trials=3), tmp_path)
    second = Arrays()
    search(StrategyOracle(second, ACCURACY, max_trials=5), tmp_path)
    assert [trial.id for trial in first.told + second.told] == [0, 1, 2, 3, 4]
    assert second.started == [5]


def test_an_interrupted_trial_is_run_again_with_its_architecture(tmp_path):
    class Interrupted(ScoreTuner):
        def result(self, trial, arch):
            if trial.trial_id == "2":
                raise KeyboardInterrupt
            return score(arch)

    oracle = StrategyOracle(evolution(), ACCURACY, max_trials=5)
    killed = Interrupted(oracle, directory=str(tmp_path), project_name="project")
    with pytest.raises(KeyboardInterrupt):
        killed.search(verbose=0)
    resumed = search(StrategyOracle(evolution(), ACCURACY, max_trials=5), tmp_path)
    whole = search(StrategyOracle(evolution(), ACCURACY, max_trials=5), tmp_path / "whole")
    assert killed.ran[:2] + resumed.ran == whole.ran
    assert killed.ran[2] == resumed.ran[0]


def test_trials_keep_their_order_after_reloading(tmp_path):
    oracle = StrategyOracle(Arrays(), ACCURACY, max_trials=4)
    search(oracle, tmp_path, result=lambda trial, arch: 0.5)
    # folders are listed by name, and a larger budget makes longer names
    resumed = StrategyOracle(Arrays(), ACCURACY, max_trials=101)
    tuner = ScoreTuner(resumed, directory=str(tmp_path), project_name="project")
    tuner.result = lambda trial, arch: 0.5
    trial = resumed.create_trial(tuner.tuner_id)
    tuner._try_run_and_update_trial(trial)
    tuner.on_trial_end(trial)
    again = StrategyOracle(Arrays(), ACCURACY, max_trials=101)
    ScoreTuner(again, directory=str(tmp_path), project_name="project")
    assert list(again.trials) == ["0", "1", "2", "3", "004"]
    assert [trial.trial_id for trial in again.get_best_trials(5)] == ["0", "1", "2", "3", "004"]

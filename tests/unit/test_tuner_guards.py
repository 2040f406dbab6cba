"""Each fault of keras-tuner that is mended, one test at least: it hangs, loses data or misleads without the guard."""

from __future__ import annotations

import json
import os
import sys
import threading
import time

import keras_tuner
import numpy as np
import pytest
from keras_tuner.engine.trial import TrialStatus
from keras_tuner.src.engine.oracle import LOCKS, THREADS

from tests.unit.test_tuner_oracle import ACCURACY, SPACE, ScoreTuner, Scripted, score, search
from tfnas import strategies
from tfnas.architecture import Architecture
from tfnas.errors import ConfigError, DependencyError, StateError
from tfnas.trial import Failure
from tfnas.tuner import ArchitectureTuner, SearchError, StrategyOracle
from tfnas.tuner.guards import locked
from tfnas.tuner.side_state import Checkpoints, TrialRecord
from tfnas.tuner.watchdog import Watchdog, heartbeat


def in_a_thread(call, name="another", seconds=10.0):
    """Calls in a thread of that name; fails the test if it does not come back."""
    results = []
    thread = threading.Thread(target=lambda: results.append(call()), name=name, daemon=True)
    thread.start()
    thread.join(seconds)
    assert not thread.is_alive(), "the call hangs"
    return results[0]


def placed(oracle, folder):
    """Gives an oracle without a tuner its folder."""
    oracle._set_project_dir(str(folder), "project")
    oracle.verbose = 0
    return oracle


def finish(oracle, trial, status=TrialStatus.COMPLETED, value=0.5):
    """Reports a trial as a tuner does."""
    if status == TrialStatus.COMPLETED:
        oracle.update_trial(trial.trial_id, {oracle.objective.name: value})
    trial.status = status
    oracle.end_trial(trial)


# Locks


def test_a_strategy_that_raises_leaves_no_lock_and_the_search_goes_on(tmp_path, caplog):
    strategy = Scripted(ask_fails=(1, 3))
    oracle = StrategyOracle(strategy, ACCURACY, max_trials=5)
    with pytest.raises(SearchError, match="2, the first in strategy, asked for trial 1: ValueError: the generator"):
        search(oracle, tmp_path)
    assert [trial.status for trial in oracle.trials.values()] == ["COMPLETED"] * 5
    assert [trial.proposal.source for trial in strategy.told] == [
        *("scripted", "fallback", "scripted", "fallback", "scripted"),
    ]
    keys = {SPACE.canonical_key(trial.architecture) for trial in strategy.told}
    assert len(keys) == 5, "a fallback repeated a network"
    assert len(oracle.errors) == 2 and "Traceback" in oracle.errors[0]
    assert "the generator broke" in caplog.text
    assert in_a_thread(lambda: oracle.is_deserted()) is True


def test_a_strategy_that_raises_when_told_does_not_end_the_search(tmp_path):
    strategy = Scripted(tell_fails=(0,))
    oracle = StrategyOracle(strategy, ACCURACY, max_trials=3)
    with pytest.raises(SearchError, match="told trial 0: ValueError: the fit broke"):
        search(oracle, tmp_path)
    assert [trial.id for trial in strategy.told[1:]] == [1, 2]
    assert not oracle.ongoing_trials


def test_a_strategy_that_cannot_even_draw_ends_the_search(tmp_path, monkeypatch):
    strategy = Scripted(ask_fails=(1,))
    oracle = StrategyOracle(strategy, ACCURACY, max_trials=5)
    monkeypatch.setattr(strategy.seen, "draw", lambda rng: SPACE.sample(rng) if len(strategy.asked) < 1 else 1 / 0)
    with pytest.raises(SearchError, match="asked for trial 1"):
        search(oracle, tmp_path)
    assert len(oracle.trials) == 1 and "ZeroDivisionError" in oracle.errors[1]


def test_a_proposal_that_cannot_travel_is_replaced(tmp_path):
    class Unwritable(Scripted):
        def _propose(self, n):
            (proposal,) = super()._propose(n)
            arch = proposal.architecture
            odd = Architecture(arch.space, arch.ops, arch.edges, attrs=(("scale", (np.int64(1),) * len(arch.ops)),))
            return [type(proposal)(odd)]

    oracle = StrategyOracle(Unwritable(), ACCURACY, max_trials=2)
    with pytest.raises(SearchError, match="not JSON serializable"):
        search(oracle, tmp_path)
    assert [trial.status for trial in oracle.trials.values()] == ["COMPLETED"] * 2


@pytest.mark.parametrize("call", ["create_trial", "update_trial", "end_trial"])
def test_an_exception_inside_keras_tuner_leaves_no_lock(call, tmp_path, monkeypatch):
    oracle = placed(StrategyOracle(Scripted(), ACCURACY, max_trials=5), tmp_path)
    trial = oracle.create_trial("one")

    def fail(*args, **kwargs):
        raise OSError("no space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("tfnas.state.os.replace", fail)
        try:
            if call == "create_trial":
                oracle.create_trial("two")
            elif call == "update_trial":
                oracle.update_trial(trial.trial_id, {"val_accuracy": 0.5})
            else:
                trial.status = TrialStatus.FAILED
                oracle.end_trial(trial)
        except OSError:
            pass
    assert THREADS[oracle] is None and not LOCKS[oracle].locked()
    assert in_a_thread(lambda: oracle.create_trial("three")).status == TrialStatus.RUNNING


def test_an_end_that_fails_still_ends_the_trial(tmp_path, monkeypatch):
    strategy = Scripted()
    oracle = placed(StrategyOracle(strategy, ACCURACY, max_trials=5), tmp_path)
    trial = oracle.create_trial("one")
    monkeypatch.setattr(oracle, "update_space", lambda hp: 1 / 0)
    finish(oracle, trial)
    assert not oracle.ongoing_trials and oracle.end_order == ["0"]
    assert isinstance(strategy.told[0].outcome, Failure)
    with pytest.raises(SearchError, match="end of trial 0: ZeroDivisionError"):
        oracle.raise_errors()


def test_an_interrupt_leaves_no_lock(tmp_path, monkeypatch):
    strategy = Scripted()
    oracle = placed(StrategyOracle(strategy, ACCURACY, max_trials=5), tmp_path)

    def interrupt(n):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(strategy, "ask", interrupt)
        with pytest.raises(KeyboardInterrupt):
            oracle.create_trial("one")
    assert in_a_thread(lambda: oracle.create_trial("one")).status == TrialStatus.RUNNING


def test_threads_of_one_name_exclude_each_other(tmp_path):
    oracle = StrategyOracle(Scripted(), ACCURACY, max_trials=5)
    inside, most = [], []

    def enter():
        with locked(oracle, oracle._mutex):
            inside.append(1)
            most.append(len(inside))
            time.sleep(0.05)
            inside.pop()

    threads = [threading.Thread(target=enter, name="same", daemon=True) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
        assert not thread.is_alive()
    assert max(most) == 1


# Objectives


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf"), np.float32("inf")])
def test_a_value_that_is_not_finite_fails_the_trial(value, tmp_path):
    strategy = Scripted()
    values = iter([value, 0.25])
    oracle = StrategyOracle(strategy, ACCURACY, max_trials=2)
    search(oracle, tmp_path, result=lambda trial, arch: next(values))
    assert [trial.status for trial in oracle.trials.values()] == ["FAILED", "COMPLETED"]
    assert strategy.told[0].outcome.reason == f"val_accuracy is {float(value)}"
    assert oracle.get_best_trials(1)[0].score == 0.25


@pytest.mark.parametrize("metrics", [{"loss": 1.0}, {"val_accuracy": None}, {"val_accuracy": [0.5, 0.5]}])
def test_a_missing_objective_fails_the_trial(metrics, tmp_path):
    oracle = placed(StrategyOracle(Scripted(), ACCURACY, max_trials=2), tmp_path)
    trial = oracle.create_trial("one")
    with pytest.raises(ValueError, match="val_accuracy"):
        oracle.update_trial(trial.trial_id, metrics)
    trial.status = TrialStatus.COMPLETED  # a tuner of one's own may say so nevertheless
    oracle.end_trial(trial)
    assert oracle.trials["0"].status == TrialStatus.FAILED
    assert oracle.trials["0"].message == "val_accuracy is missing"
    assert in_a_thread(lambda: oracle.create_trial("one")).trial_id == "1"


def test_too_many_failures_in_a_row_stop_the_search_and_can_be_resumed(tmp_path):
    def broken(trial, arch):
        raise ValueError("out of memory")

    oracle = StrategyOracle(Scripted(), ACCURACY, max_trials=9, max_consecutive_failed_trials=2)
    with pytest.raises(SearchError, match="fewer than 2 failed ones in a row.*2, the last with: ValueError: out of"):
        search(oracle, tmp_path, result=broken)
    assert len(oracle.trials) == 2 and not oracle.ongoing_trials and not oracle.tuner_ids
    assert in_a_thread(lambda: oracle.is_deserted()) is True

    strategy = Scripted()
    resumed = StrategyOracle(strategy, ACCURACY, max_trials=9, max_consecutive_failed_trials=2)
    search(resumed, tmp_path)
    assert [trial.status for trial in resumed.trials.values()] == ["FAILED"] * 2 + ["COMPLETED"] * 7


# Surroundings


def test_a_missing_tensorboard_is_named_at_once(monkeypatch):
    monkeypatch.setitem(sys.modules, "tensorboard.plugins.hparams", None)
    with pytest.raises(DependencyError, match="pip install 'tensorboard"):
        StrategyOracle(Scripted())


def test_a_worker_may_not_overwrite_the_project(tmp_path, monkeypatch):
    kept = tmp_path / "project" / "oracle.json"
    kept.parent.mkdir()
    kept.write_text("{}")
    for name in ("KERASTUNER_ORACLE_IP", "KERASTUNER_ORACLE_PORT"):
        monkeypatch.setenv(name, "1")
    monkeypatch.setenv("KERASTUNER_TUNER_ID", "worker7")
    with pytest.raises(ConfigError, match="worker7"):
        ArchitectureTuner(
            "nasbench201",
            input_shape=(8, 8, 1),
            num_classes=10,
            directory=str(tmp_path),
            project_name="project",
            overwrite=True,
        )
    assert kept.exists()


def test_a_remote_project_folder_is_refused():
    with pytest.raises(ConfigError, match="gs://bucket"):
        ScoreTuner(StrategyOracle(Scripted()), directory="gs://bucket/runs")


def test_a_failed_write_leaves_the_old_file(tmp_path, monkeypatch):
    oracle = placed(StrategyOracle(Scripted(), ACCURACY, max_trials=3), tmp_path)
    finish(oracle, oracle.create_trial("one"))
    oracle.save()
    files = {path: path.read_bytes() for path in tmp_path.rglob("*.json")}
    assert {path.name for path in files} >= {"oracle.json", "trial.json", "state.json"}
    writes = []

    def fail(source, target):
        writes.append(target)
        raise OSError("no space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("tfnas.state.os.replace", fail)
        for save in (oracle.save, lambda: oracle._save_trial(oracle.trials["0"])):
            with pytest.raises(OSError, match="no space"):
                save()
    assert {path: path.read_bytes() for path in files} == files
    assert {os.path.basename(path) for path in writes} == {"oracle.json", "trial.json"}
    assert not list(tmp_path.rglob("*.tmp"))


def test_printing_never_ends_a_search(tmp_path, capsys):
    oracle = StrategyOracle(Scripted(), ACCURACY, max_trials=3)
    tuner = ScoreTuner(oracle, directory=str(tmp_path), project_name="project")
    tuner.result = lambda trial, arch: float("nan") if trial.trial_id == "0" else 0.123456
    tuner.search(verbose=1)
    printed = capsys.readouterr().out
    assert all(SPACE.to_native(arch) in printed for arch in tuner.ran)
    assert "Trial 0 FAILED" in printed and "val_accuracy 0.123456" in printed


# Workers


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


def test_the_watchdog_counts_silence_but_not_its_own_deafness():
    clock = Clock()
    dog = Watchdog(10.0, clock)
    assert not dog.alone
    dog.heard("a")
    clock.now = 6.0
    dog.heard("b")
    with dog.deaf():
        clock.now = 60.0  # a fit of the strategy
    assert dog.silent(["a", "b", "c"]) == []
    clock.now = 65.0
    assert dog.silent(["a", "b", "c"]) == ["a"] and not dog.alone
    clock.now = 71.0
    assert dog.silent(["a", "b", "c"]) == ["a", "b"] and dog.alone
    assert Watchdog(None, clock).silent(["a"]) == []


def with_clock(tmp_path, **arguments):
    strategy = Scripted()
    oracle = placed(StrategyOracle(strategy, ACCURACY, worker_timeout=10.0, **arguments), tmp_path)
    clock = Clock()
    oracle._watchdog._clock = clock
    return strategy, oracle, clock


def test_the_trial_of_a_dead_worker_goes_to_another(tmp_path):
    strategy, oracle, clock = with_clock(tmp_path, max_trials=2)
    lost = oracle.create_trial("dead")
    clock.now = 8.0
    finish(oracle, oracle.create_trial("alive"), value=0.25)
    # nothing new to run, but the other trial may come back: keras-tuner would send the worker home
    assert oracle.create_trial("alive").status == TrialStatus.IDLE
    clock.now = 11.0
    again = oracle.create_trial("alive")
    assert again.trial_id == lost.trial_id and again.status == TrialStatus.RUNNING
    assert again.hyperparameters.values == lost.hyperparameters.values
    finish(oracle, again, value=0.75)
    assert oracle.create_trial("alive").status == TrialStatus.STOPPED
    assert oracle.is_deserted()
    assert [(trial.id, trial.objective) for trial in strategy.told] == [(1, 0.25), (0, 0.75)]


def test_a_trial_that_is_lost_twice_fails(tmp_path):
    strategy, oracle, clock = with_clock(tmp_path, max_trials=1)
    oracle.create_trial("first")
    clock.now = 11.0
    assert oracle.create_trial("second").trial_id == "0"
    assert oracle.has_workers()
    clock.now = 22.0
    with pytest.raises(SearchError, match="within 10 s.*0 of 1 trials"):
        oracle.has_workers()
    oracle.release_silent_workers()
    assert oracle.trials["0"].status == TrialStatus.FAILED and oracle.is_deserted()
    assert strategy.told[0].outcome.reason == "lost twice: worker 'second' was not heard of for 10 s"
    assert not oracle.has_workers()


def test_a_worker_that_is_heard_of_keeps_its_trial(tmp_path):
    _, oracle, clock = with_clock(tmp_path, max_trials=1)
    trial = oracle.create_trial("slow")
    for clock.now in (8.0, 16.0, 24.0):
        oracle.get_trial(trial.trial_id)
        oracle.release_silent_workers()
    assert list(oracle.ongoing_trials) == ["slow"]
    assert oracle.has_workers()


def test_a_late_report_of_a_trial_that_another_worker_ended_is_ignored(tmp_path):
    strategy, oracle, clock = with_clock(tmp_path, max_trials=1)
    late = oracle.create_trial("slow")
    clock.now = 11.0
    again = oracle.create_trial("fast")
    finish(oracle, again, value=0.75)
    finish(oracle, late, value=0.25)
    assert oracle.end_order == ["0"] and oracle.trials["0"].score == 0.75
    assert oracle.trials["0"].metrics.get_last_value("val_accuracy") == 0.75
    assert [trial.objective for trial in strategy.told] == [0.75]


def test_without_a_timeout_workers_are_not_kept_waiting(tmp_path):
    oracle = placed(StrategyOracle(Scripted(), ACCURACY, max_trials=1), tmp_path)
    oracle.create_trial("one")
    assert oracle.create_trial("two").status == TrialStatus.STOPPED


def test_idling_is_no_busy_loop(tmp_path, monkeypatch):
    _, oracle, _ = with_clock(tmp_path, max_trials=1)
    oracle.create_trial("one")
    slept = []

    def sleep(seconds):
        assert not LOCKS[oracle].locked(), "the others must be able to go on"
        slept.append(seconds)

    monkeypatch.setattr("tfnas.tuner.guarded_oracle.time.sleep", sleep)
    assert oracle.create_trial("two").status == TrialStatus.IDLE
    assert slept == []
    assert oracle.create_trial("two").status == TrialStatus.IDLE
    assert sum(slept) >= 0.1


def test_heartbeats_go_on_when_one_fails_and_end_with_the_trial():
    beats, enough = [], threading.Event()

    def beat():
        beats.append(1)
        if len(beats) == 1:
            raise OSError("the chief is away")
        if len(beats) >= 3:
            enough.set()

    with heartbeat(beat, 0.01):
        assert enough.wait(10)
    time.sleep(0.1)
    count = len(beats)
    time.sleep(0.1)
    assert len(beats) == count
    with heartbeat(beat, None):
        time.sleep(0.05)
    assert len(beats) == count


# What gRPC loses


def test_values_and_tracebacks_come_from_the_trial_s_own_record(tmp_path):
    strategy = Scripted()
    oracle = placed(StrategyOracle(strategy, ACCURACY, max_trials=3), tmp_path)
    exact = (0.1234567890123, 0.2345678901234)
    mean = sum(exact) / 2
    trial = oracle.create_trial("one")
    TrialRecord(tuple({"val_accuracy": v} for v in exact)).write(oracle._get_trial_dir(trial.trial_id))
    finish(oracle, trial, value=float(np.float32(mean)))
    assert oracle.trials["0"].score == strategy.told[0].objective == pytest.approx(mean, rel=1e-15)

    trial = oracle.create_trial("one")  # a record that does not belong to the values is left alone
    TrialRecord(({"val_accuracy": 0.9},)).write(oracle._get_trial_dir(trial.trial_id))
    finish(oracle, trial, value=0.5)
    assert oracle.trials["1"].score == 0.5

    trial = oracle.create_trial("one")
    TrialRecord(message="Traceback ...\nValueError: out of memory").write(oracle._get_trial_dir(trial.trial_id))
    finish(oracle, trial, TrialStatus.INVALID)
    assert strategy.told[2].outcome.reason == "ValueError: out of memory"


def test_a_record_is_json_whatever_the_values(tmp_path):
    record = TrialRecord(({"a": 0.5, "b": float("inf")}, {"a": float("nan")}), "text")
    record.write(tmp_path)
    json.loads((tmp_path / "executions.json").read_text(), parse_constant=lambda text: pytest.fail(text))
    assert TrialRecord.read(tmp_path) == TrialRecord(({"a": 0.5, "b": None}, {"a": None}), "text")
    assert TrialRecord.read(tmp_path / "nowhere") == TrialRecord()


# Saved states


def test_another_objective_or_strategy_cannot_resume(tmp_path):
    search(StrategyOracle(strategies.RandomSearch(SPACE, seed=1), ACCURACY, max_trials=2), tmp_path)
    with pytest.raises(StateError, match="val_loss"):
        search(StrategyOracle(strategies.RandomSearch(SPACE, seed=1), "val_loss", max_trials=2), tmp_path)
    with pytest.raises(StateError, match="strategy 'random'"):
        search(StrategyOracle(strategies.RandomSearch(SPACE, seed=2), ACCURACY, max_trials=2), tmp_path)


def test_the_project_of_another_oracle_cannot_be_resumed(tmp_path):
    class Plain(keras_tuner.RandomSearch):
        def run_trial(self, trial, **kwargs):
            return trial.hyperparameters.Float("x", 0.0, 1.0)

    Plain(objective=ACCURACY, max_trials=1, directory=str(tmp_path), project_name="project").search(verbose=0)
    with pytest.raises(StateError, match="StrategyOracle"):
        search(StrategyOracle(Scripted(), ACCURACY), tmp_path)


def test_a_lost_trial_file_is_named(tmp_path):
    search(StrategyOracle(Scripted(), ACCURACY, max_trials=2), tmp_path)
    (tmp_path / "project" / "trial_1" / "trial.json").unlink()
    with pytest.raises(StateError, match="trial 1"):
        search(StrategyOracle(Scripted(), ACCURACY, max_trials=3), tmp_path)


def test_a_state_that_cannot_be_written_is_reported_and_the_rest_is_kept(tmp_path):
    class Unwritable(Scripted):
        def _state(self):
            return {"model": object()}

    oracle = StrategyOracle(Unwritable(), ACCURACY, max_trials=3)
    with pytest.raises(SearchError, match="asked for its state: TypeError"):
        search(oracle, tmp_path)
    strategy = Scripted()
    resumed = StrategyOracle(strategy, ACCURACY, max_trials=3)
    with pytest.raises(SearchError, match="asked for its state"):
        search(resumed, tmp_path)
    assert [trial.objective for trial in strategy.told] == [score(arch) for arch in map(_arch, resumed.trials.values())]


def _arch(trial):
    return Architecture.from_json(trial.hyperparameters.values["architecture"])


def test_old_checkpoints_are_deleted_and_new_ones_never_overwrite(tmp_path):
    checkpoints = Checkpoints(tmp_path)
    first = checkpoints.write({"x": np.arange(3)})
    second = checkpoints.write({"x": np.arange(4)})
    assert first != second
    assert checkpoints.read(first)["x"].tolist() == [0, 1, 2]
    checkpoints.keep_only(second)
    assert checkpoints.read(second)["x"].tolist() == [0, 1, 2, 3]
    with pytest.raises(StateError):
        checkpoints.read(first)

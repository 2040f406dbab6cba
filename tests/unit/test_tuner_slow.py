"""Slow strategies: nobody waits for an ask, and the search is the one that waiting would have given."""

from __future__ import annotations

import _thread
import shutil
import threading
import time

import pytest
from keras_tuner.engine.trial import TrialStatus

from tests.unit.test_tuner_guards import finish, in_a_thread, placed
from tests.unit.test_tuner_oracle import ACCURACY, SPACE, ScoreTuner, Scripted, score, search
from tests.unit.test_tuner_resume import Arrays
from tfnas.tuner import SearchError, StrategyOracle, architecture
from tfnas.tuner.pacing import Pacer


class Slow(Arrays):
    """Proposes by what it was told, each time after `gate` opens, and writes down its calls."""

    name = "slow"
    is_slow = True

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.calls, self.threads, self.begun, self.gate = [], [], threading.Event(), threading.Event()
        self.gate.set()

    def _propose(self, n):
        self.calls.append("ask")
        self.threads.append(threading.current_thread())
        self.begun.set()
        if not self.gate.wait(30):
            raise TimeoutError("the gate stayed closed")
        return super()._propose(n)

    def _learn(self, trials):
        self.calls += [f"tell {trial.id}" for trial in trials]
        super()._learn(trials)


def closed(strategy):
    """Makes the next ask one that lasts until the gate opens."""
    strategy.begun.clear()
    strategy.gate.clear()


def next_trial(oracle, tuner_id="one"):
    """Asks for a trial, as a tuner does, until it is told anything but IDLE."""
    for _ in range(1000):
        trial = oracle.create_trial(tuner_id)
        if trial.status != TrialStatus.IDLE:
            return trial
    raise AssertionError("IDLE for ever")


def by_hand(strategy, count):
    """What asking and telling in turn gives."""
    from tfnas.trial import Measurement, Trial

    proposed = []
    for index in range(count):
        (proposal,) = strategy.ask()
        proposed.append(proposal.architecture)
        strategy.tell([Trial(index, proposal, Measurement(score(proposal.architecture)))])
    return proposed


def test_one_worker_gets_what_asking_and_telling_in_turn_gives(tmp_path):
    strategy = Slow(seed=5)
    tuner = search(StrategyOracle(strategy, ACCURACY, max_trials=8), tmp_path)
    assert tuner.ran == by_hand(Arrays(seed=5), 8)
    assert strategy.calls == [call for index in range(8) for call in ("ask", f"tell {index}")]
    assert threading.main_thread() not in strategy.threads


def test_a_strategy_that_is_not_slow_is_asked_in_the_calling_thread(tmp_path):
    class Quick(Slow):
        is_slow = False

    strategy = Quick()
    oracle = placed(StrategyOracle(strategy, ACCURACY, max_trials=2), tmp_path)
    assert oracle.create_trial("one").status == TrialStatus.RUNNING
    assert strategy.threads == [threading.current_thread()]


def asked_with_two_others_running(folder, seed=0):
    """Three workers have trials; the first ends its own and its next ask is under way."""
    strategy = Slow(seed=seed)
    oracle = placed(StrategyOracle(strategy, ACCURACY, max_trials=6), folder)
    trials = [next_trial(oracle, worker) for worker in ("one", "two", "three")]
    finish(oracle, trials[0], value=0.25)
    closed(strategy)
    assert oracle.create_trial("one").status == TrialStatus.IDLE
    assert strategy.begun.wait(10)
    return strategy, oracle, trials


def test_all_other_calls_return_during_an_ask_and_trials_are_told_after_it_in_order(tmp_path):
    strategy, oracle, trials = asked_with_two_others_running(tmp_path)
    # the gate is closed: a call that waited for the ask would fail it
    assert oracle.get_trial("1").status == TrialStatus.RUNNING
    finish(oracle, trials[2], value=0.75)
    finish(oracle, trials[1], value=0.5)
    assert oracle.create_trial("two").status == TrialStatus.IDLE
    assert oracle.end_order == ["0", "2", "1"]
    assert strategy.calls == ["ask", "ask", "ask", "tell 0", "ask"]
    strategy.gate.set()
    assert next_trial(oracle, "three").trial_id == "3"
    assert strategy.calls[5:] == ["tell 2", "tell 1"]
    assert next_trial(oracle, "one").trial_id == "4"
    assert strategy.calls[5:] == ["tell 2", "tell 1", "ask"]
    assert oracle.errors == ()


def test_several_workers_get_what_an_instant_answer_would_have_given(tmp_path):
    strategy, oracle, trials = asked_with_two_others_running(tmp_path / "slow")
    finish(oracle, trials[1], value=0.5)
    strategy.gate.set()
    fourth, fifth = next_trial(oracle, "two"), next_trial(oracle, "one")

    class Quick(Slow):
        is_slow = False

    quick = placed(StrategyOracle(Quick(), ACCURACY, max_trials=6), tmp_path / "quick")
    others = [quick.create_trial(worker) for worker in ("one", "two", "three")]
    finish(quick, others[0], value=0.25)
    expected = [quick.create_trial("one")]
    finish(quick, others[1], value=0.5)
    expected.append(quick.create_trial("two"))
    assert [t.hyperparameters.values for t in (fourth, fifth)] == [t.hyperparameters.values for t in expected]


def test_killed_at_any_moment_of_an_ask_it_proposes_the_same(tmp_path, monkeypatch):
    moments, count = tmp_path / "moments", 0
    strategy, oracle, trials = asked_with_two_others_running(tmp_path / "whole")
    rename = __import__("os").replace

    def rename_and_keep(source, target):
        nonlocal count
        shutil.copytree(tmp_path / "whole", moments / str(count))
        count += 1
        rename(source, target)

    with monkeypatch.context() as patch:
        patch.setattr("tfnas.state.os.replace", rename_and_keep)
        finish(oracle, trials[1], value=0.5)
        oracle.save()
        finish(oracle, trials[2], value=0.75)
        strategy.gate.set()
        oracle._driver.wait()
        oracle.save()  # answered, but nobody came for it
        expected = architecture(next_trial(oracle, "one").hyperparameters)
    assert count >= 10
    wrong = by_hand_told(Slow(), [(0, 0.25), (1, 0.5), (2, 0.75)])
    assert wrong != expected, "the order of calls makes no difference here"
    for moment in range(count):
        resumed = placed(StrategyOracle(Slow(), ACCURACY, max_trials=6), moments / str(moment))
        resumed.reload()
        found = {}
        for worker in ("a", "b", "c", "d"):  # some get the trials that were cut off
            trial = next_trial(resumed, worker)
            found[trial.trial_id] = architecture(trial.hyperparameters)
            if trial.trial_id == "3":
                break
        assert found["3"] == expected, f"killed before write {moment}"
        assert resumed.errors == ()


def by_hand_told(strategy, told):
    """The fourth proposal of a strategy that was told these trials before."""
    from tfnas.trial import Measurement, Trial

    proposals = [strategy.ask()[0] for _ in range(3)]
    strategy.tell([Trial(index, proposals[index], Measurement(value)) for index, value in told])
    return strategy.ask()[0].architecture


def test_trials_that_ended_during_an_ask_are_told_after_it_in_a_resumed_search_too(tmp_path):
    strategy, oracle, trials = asked_with_two_others_running(tmp_path)
    finish(oracle, trials[1], value=0.5)
    strategy.gate.set()
    resumed_strategy = Slow()
    resumed = placed(StrategyOracle(resumed_strategy, ACCURACY, max_trials=6), tmp_path)
    resumed.reload()
    resumed.save()
    again_strategy = Slow()  # resumed twice
    again = placed(StrategyOracle(again_strategy, ACCURACY, max_trials=6), tmp_path)
    again.reload()
    assert resumed_strategy.calls == again_strategy.calls == ["tell 0"]
    assert next_trial(again, "a").trial_id == "2"
    assert next_trial(again, "b").trial_id == "3"
    assert again_strategy.calls == ["tell 0", "ask", "tell 1"]


@pytest.mark.parametrize("kind", [Scripted, Slow])
def test_errors_are_handled_alike_in_both_threads(kind, tmp_path, caplog):
    strategy = kind(seed=2, ask_fails=(1, 3))
    oracle = StrategyOracle(strategy, ACCURACY, max_trials=5)
    with pytest.raises(SearchError, match="2, the first in strategy, asked for trial 1: ValueError: the generator"):
        search(oracle, tmp_path)
    assert [trial.status for trial in oracle.trials.values()] == ["COMPLETED"] * 5
    sources = [trial.proposal.source for trial in strategy.told]
    assert sources == ["scripted", "fallback", "scripted", "fallback", "scripted"]
    assert len({SPACE.canonical_key(trial.architecture) for trial in strategy.told}) == 5
    assert [error.partition("\n")[0] for error in oracle.errors] == [
        f"strategy, asked for trial {index}: ValueError: the generator broke" for index in (1, 3)
    ]
    assert "in _propose" in oracle.errors[0], "the traceback of the strategy is lost"
    assert "the generator broke" in caplog.text


def test_an_exhausted_space_ends_the_search(tmp_path):
    strategy = Slow(limit=3)
    tuner = search(StrategyOracle(strategy, ACCURACY, max_trials=10), tmp_path)
    assert len(tuner.ran) == len(strategy.told) == 3
    assert strategy.calls.count("ask") == 4


def test_an_exhausted_space_sends_all_workers_home(tmp_path):
    strategy = Slow(limit=1)
    oracle = placed(StrategyOracle(strategy, ACCURACY, max_trials=10), tmp_path)
    trial = next_trial(oracle, "one")
    closed(strategy)
    assert [oracle.create_trial(worker).status for worker in ("two", "three")] == ["IDLE"] * 2
    finish(oracle, trial)
    strategy.gate.set()
    assert [next_trial(oracle, worker).status for worker in ("one", "two", "three")] == ["STOPPED"] * 3
    assert oracle.is_deserted() and strategy.calls == ["ask", "ask", "tell 0"]


def test_a_search_that_is_over_asks_no_more(tmp_path):
    strategy = Slow()
    oracle = StrategyOracle(strategy, ACCURACY, max_trials=3)
    search(oracle, tmp_path)
    assert oracle.create_trial("late").status == TrialStatus.STOPPED
    assert strategy.calls.count("ask") == 3 and not oracle._driver.asked
    assert not any(thread.is_alive() for thread in strategy.threads)


def test_a_search_that_failures_stopped_during_an_ask_loses_no_proposal(tmp_path):
    strategy = Slow()
    oracle = placed(StrategyOracle(strategy, ACCURACY, max_trials=5, max_consecutive_failed_trials=1), tmp_path)
    trial = next_trial(oracle, "one")
    closed(strategy)
    assert oracle.create_trial("two").status == TrialStatus.IDLE
    finish(oracle, trial, TrialStatus.FAILED)
    with pytest.raises(SearchError, match="fewer than 1 failed"):
        oracle.create_trial("two")
    strategy.gate.set()
    resumed = placed(StrategyOracle(Slow(), ACCURACY, max_trials=5), tmp_path)
    resumed.reload()
    expected = next_trial(resumed, "two")
    trial = next_trial(oracle, "two")  # and in the same process
    assert trial.trial_id == "1" and trial.hyperparameters.values == expected.hyperparameters.values
    assert strategy.calls == ["ask", "ask", "tell 0"]


def test_an_interrupted_wait_loses_no_proposal(tmp_path):
    class Interrupting(Slow):
        def _propose(self, n):
            if len(self.asked) == 2:
                time.sleep(0.1)
                _thread.interrupt_main()
            return super()._propose(n)

    strategy = Interrupting(seed=5)
    oracle = StrategyOracle(strategy, ACCURACY, max_trials=5)
    tuner = ScoreTuner(oracle, directory=str(tmp_path), project_name="project")
    closed(strategy)
    strategy.gate.set()
    with pytest.raises(KeyboardInterrupt):
        tuner.search(verbose=0)
    tuner.search(verbose=0)
    assert tuner.ran == by_hand(Arrays(seed=5), 5)
    assert strategy.calls.count("ask") == 5


def test_a_wait_ends_with_the_answer(tmp_path, monkeypatch):
    monkeypatch.setattr("tfnas.tuner.pacing._PAUSE_S", 1000.0)

    class Sleepy(Slow):
        def _propose(self, n):
            time.sleep(0.02)
            return super()._propose(n)

    oracle = StrategyOracle(Sleepy(), ACCURACY, max_trials=3)
    tuner = in_a_thread(lambda: search(oracle, tmp_path), seconds=60.0)
    assert len(tuner.ran) == 3


def test_a_worker_that_is_told_idle_again_waits_and_the_others_do_not_wait_for_it():
    now, waited = 0.0, []

    def wait(seconds):
        nonlocal now
        waited.append(seconds)
        now += seconds

    pacer = Pacer(wait, lambda: now)
    for worker in ("a", "b", "c"):
        pacer.pause(worker)
    assert waited == []
    for worker in ("a", "b", "c"):  # one after another, as in the one thread of a chief
        pacer.pause(worker)
    assert waited == [pytest.approx(0.2)]
    now += 1.0
    pacer.pause("a")
    assert len(waited) == 1


def test_the_cost_of_a_trial_does_not_include_the_ask_that_it_waited_for(tmp_path, monkeypatch):
    now = 1000.0
    monkeypatch.setattr("tfnas.tuner.guarded_oracle.time.monotonic", lambda: now)
    strategy, oracle, trials = asked_with_two_others_running(tmp_path)
    now += 7.0
    finish(oracle, trials[1])
    now += 100.0
    strategy.gate.set()
    next_trial(oracle, "two")
    assert [trial.outcome.cost_s for trial in strategy.told] == [0.0, 7.0]


def test_the_distribution_is_not_read_during_an_ask(tmp_path):
    read = []

    class Learned(Slow):
        def distribution(self):
            read.append(list(self.asked))
            return None

    strategy = Learned()
    oracle = placed(StrategyOracle(strategy, ACCURACY, max_trials=3), tmp_path)
    closed(strategy)
    oracle.create_trial("one")
    threading.Timer(0.2, strategy.gate.set).start()
    assert in_a_thread(oracle.distribution) is None
    assert read == [strategy.asked] and len(strategy.asked) == 1

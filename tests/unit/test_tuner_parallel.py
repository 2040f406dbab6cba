"""Several processes over gRPC on this machine, and tf.distribute. Every process has a time limit."""

from __future__ import annotations

import json
import os
import pathlib
import socket
import subprocess
import sys
import time

import pytest

pytestmark = pytest.mark.slow

ROOT = pathlib.Path(__file__).resolve().parents[2]
LIMIT_S = 240.0

SETUP = """
import json, os, sys, time
import keras
import keras_tuner
from tfnas import data, spaces, strategies
from tfnas.tuner import ArchitectureTuner, SearchError, StrategyOracle, architecture

ID = os.environ.get("KERASTUNER_TUNER_ID", "")
SPACE = spaces.get("nasbench201")
STRATEGY = strategies.RandomSearch(SPACE, seed=3)

def tuner(**arguments):
    return ArchitectureTuner(STRATEGY, input_shape=(8, 8, 1), num_classes=10, directory="runs",
                             project_name="p", network={"cells_per_stage": 1, "channels": 2}, **arguments)

def score(arch):
    return sum((k + 1) * len(op) for k, op in enumerate(arch.ops)) / 1000 + 1e-9

def without_training(tuner, before=lambda: None):
    def fit(hp, model, *args, **kwargs):
        before()
        history = keras.callbacks.History()
        history.history = {"val_accuracy": [score(architecture(hp))]}
        return history
    tuner.hypermodel.fit = fit
    return tuner

def report(oracle):
    print("REPORT " + json.dumps([[t.trial_id, t.status, t.score, t.message] for t in oracle.trials.values()]))
"""


class Processes:
    """Processes of one script that talk to each other, killed at the end whatever happens."""

    def __init__(self, folder):
        self.folder, self.started = folder, {}
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]

    def start(self, name, script, *, parallel=True):
        path = self.folder / "script.py"
        path.write_text(SETUP + script)
        env = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", "TF_CPP_MIN_LOG_LEVEL": "3"}
        if parallel:
            env |= {"KERASTUNER_TUNER_ID": name, "KERASTUNER_ORACLE_IP": "127.0.0.1"}
            env |= {"KERASTUNER_ORACLE_PORT": str(self.port)}
        with open(self.folder / f"{name}.log", "w") as output:
            self.started[name] = subprocess.Popen(
                [sys.executable, str(path)], cwd=self.folder, env=env, stdout=output, stderr=subprocess.STDOUT
            )

    def end(self, name):
        """Waits for a process; returns its exit status and output."""
        try:
            status = self.started[name].wait(LIMIT_S)
        except subprocess.TimeoutExpired:
            pytest.fail(f"{name} hangs: {self.output(name)[-2000:]}")
        return status, self.output(name)

    def output(self, name):
        return (self.folder / f"{name}.log").read_text()

    def wait_for(self, path):
        deadline = time.monotonic() + LIMIT_S
        while not (self.folder / path).exists():
            assert time.monotonic() < deadline, f"no {path}"
            time.sleep(0.1)


@pytest.fixture
def processes(tmp_path):
    group = Processes(tmp_path)
    yield group
    for process in group.started.values():
        if process.poll() is None:
            process.kill()
            process.wait()


def reported(output):
    lines = [line for line in output.splitlines() if line.startswith("REPORT ")]
    assert len(lines) == 1, output[-3000:]
    return json.loads(lines[0].removeprefix("REPORT "))


def test_chief_and_worker_keep_values_and_tracebacks(processes):
    script = """
digits = data.digits()
x, y = digits.train.x[:64], digits.train.y[:64]
t = tuner(max_trials=3, executions_per_trial=2)
if ID != "chief":
    fit = t.hypermodel.fit
    calls = []
    def crash(hp, model, *args, **kwargs):
        calls.append(1)
        if len(calls) == 3:
            raise ValueError("out of memory")
        return fit(hp, model, *args, **kwargs)
    t.hypermodel.fit = crash
t.search(x, y, epochs=1, validation_data=(digits.validation.x, digits.validation.y), verbose=0)
if ID == "chief":
    t.results_summary()
    report(t.oracle)
    print("EXECUTIONS " + json.dumps([t.executions(i) for i in "012"]))
else:
    try:
        t.results_summary()
    except SearchError as error:
        print(error)
"""
    processes.start("chief", script)
    processes.start("worker0", script)
    status, output = processes.end("chief")
    assert status == 0, output[-3000:]
    status, worker = processes.end("worker0")
    assert status == 0 and "expected the chief's process" in worker, worker[-3000:]
    trials = reported(output)
    assert [(trial[0], trial[1]) for trial in trials] == [("0", "COMPLETED"), ("1", "FAILED"), ("2", "COMPLETED")]
    assert "Traceback" in trials[1][3] and "ValueError: out of memory" in trials[1][3]
    executions = json.loads(output.split("EXECUTIONS ")[1].splitlines()[0])
    for k in (0, 2):
        assert trials[k][2] == sum(executions[k]) / 2, "the score is rounded"


def test_the_trial_of_a_killed_worker_is_finished_by_another(processes):
    script = """
def die():
    if ID == "mortal":
        open("died", "w").close()
        os._exit(9)
t = without_training(tuner(max_trials=4, worker_timeout=8.0), die)
if ID == "survivor":  # ready before the other dies, so that the chief is never left alone
    open("ready", "w").close()
    while not os.path.exists("died"):
        time.sleep(0.1)
t.search(validation_data=0, verbose=0)
if ID == "chief":
    report(t.oracle)
"""
    processes.start("chief", script)
    processes.start("survivor", script)
    processes.wait_for("ready")
    processes.start("mortal", script)
    status, output = processes.end("chief")
    assert status == 0, output[-3000:]
    assert processes.end("survivor")[0] == 0
    assert [trial[1] for trial in reported(output)] == ["COMPLETED"] * 4


def test_a_chief_whose_workers_are_all_dead_says_so_and_can_be_resumed(processes):
    script = """
def die():
    if ID == "mortal":
        os._exit(9)
    time.sleep(5)  # longer than the timeout: only its signs of life keep a slow worker's trial
t = without_training(tuner(max_trials=2, worker_timeout=3.0), die)
t.search(validation_data=0, verbose=0)
if ID == "chief":
    report(t.oracle)
"""
    processes.start("chief", script)
    processes.start("mortal", script)
    status, output = processes.end("chief")
    assert status == 1 and "SearchError: workers: expected a sign of life within 3 s" in output, output[-3000:]
    processes.start("chief", script)
    processes.start("healthy", script)
    status, output = processes.end("chief")
    assert status == 0, output[-3000:]
    assert [trial[1] for trial in reported(output)] == ["COMPLETED"] * 2


def test_a_strategy_that_fails_on_the_chief_neither_hangs_nor_loses_trials(processes):
    script = """
ask = STRATEGY.ask
def broken(n=1):
    raise ValueError("the generator broke")
STRATEGY.ask = broken
t = without_training(tuner(max_trials=2))
try:
    t.search(validation_data=0, verbose=0)
except SearchError as error:
    print(error)
if ID == "chief":
    report(t.oracle)
"""
    processes.start("chief", script)
    processes.start("worker0", script)
    status, output = processes.end("chief")
    assert status == 0 and "the generator broke" in output, output[-3000:]
    assert [trial[1] for trial in reported(output)] == ["COMPLETED"] * 2
    assert processes.end("worker0")[0] == 0


def test_a_plain_tuner_of_the_user_s_works_in_parallel(processes):
    script = """
class Own(keras_tuner.Tuner):
    def run_trial(self, trial, **kwargs):
        return score(architecture(trial.hyperparameters))
oracle = StrategyOracle(STRATEGY, keras_tuner.Objective("val_accuracy", "max"), max_trials=3)
Own(oracle, directory="runs", project_name="p").search(verbose=0)
if ID == "chief":
    report(oracle)
"""
    processes.start("chief", script)
    processes.start("worker0", script)
    status, output = processes.end("chief")
    assert status == 0, output[-3000:]
    assert processes.end("worker0")[0] == 0
    assert [trial[1] for trial in reported(output)] == ["COMPLETED"] * 3


def test_a_killed_search_goes_on_where_it_was(processes):
    script = """
def die():
    runs = len([name for name in os.listdir(".") if name.startswith("run-")])
    open(f"run-{runs}", "w").close()
    if runs == 2:
        os.kill(os.getpid(), 9)
t = without_training(tuner(max_trials=4), die)
t.search(validation_data=0, verbose=0)
report(t.oracle)
"""
    processes.start("first", script, parallel=False)
    assert processes.end("first")[0] == -9
    processes.start("second", script, parallel=False)
    status, output = processes.end("second")
    assert status == 0, output[-3000:]
    from tests.unit.test_tuner_oracle import SPACE, score
    from tfnas import strategies

    proposals = strategies.RandomSearch(SPACE, seed=3)
    expected = [score(proposals.ask()[0].architecture) + 1e-9 for _ in range(4)]
    assert [trial[2] for trial in reported(output)] == pytest.approx(expected, rel=1e-12)


def test_mirrored_over_two_devices(processes):
    script = """
import tensorflow as tf
tf.config.set_logical_device_configuration(
    tf.config.list_physical_devices("CPU")[0], [tf.config.LogicalDeviceConfiguration()] * 2)
digits = data.digits()
mirrored = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
t = tuner(max_trials=2, distribution_strategy=mirrored, metrics=[keras.metrics.SparseCategoricalAccuracy("accuracy")])
t.search(digits.train.x[:64], digits.train.y[:64], epochs=1, batch_size=32, verbose=0,
         validation_data=(digits.validation.x[:64], digits.validation.y[:64]))
print("REPLICAS", t.get_best_models()[0].distribute_strategy.num_replicas_in_sync)
report(t.oracle)
"""
    processes.start("single", script, parallel=False)
    status, output = processes.end("single")
    assert status == 0, output[-3000:]
    assert [trial[1] for trial in reported(output)] == ["COMPLETED"] * 2, output[-3000:]
    assert "REPLICAS 2" in output


def test_a_slow_ask_on_the_chief_holds_nobody_up(processes):
    script = """
def wait_for(name):
    deadline = time.monotonic() + 60
    while not os.path.exists(name):
        assert time.monotonic() < deadline, f"no {name}"
        time.sleep(0.05)

class Slow(strategies.RandomSearch):
    name = "slow"
    is_slow = True
    calls = []

    def _propose(self, n):
        self.calls.append("ask")
        if self.calls.count("ask") == 3:
            open("asking", "w").close()
            wait_for("ended-1")  # a file of a worker whose calls have all returned
        return super()._propose(n)

    def _learn(self, trials):
        self.calls += [f"tell {trial.id}" for trial in trials]

class Own(keras_tuner.Tuner):
    def run_trial(self, trial, **kwargs):
        if trial.trial_id == "1":
            wait_for("asking")
        return score(architecture(trial.hyperparameters))

    def on_trial_end(self, trial):
        super().on_trial_end(trial)
        open(f"ended-{trial.trial_id}", "w").close()

oracle = StrategyOracle(Slow(SPACE, seed=3), keras_tuner.Objective("val_accuracy", "max"), max_trials=4)
Own(oracle, directory="runs", project_name="p").search(verbose=0)
if ID == "chief":
    report(oracle)
    print("CALLS " + json.dumps([Slow.calls, oracle.errors]))
"""
    for name in ("chief", "worker0", "worker1"):
        processes.start(name, script)
    status, output = processes.end("chief")
    assert status == 0, output[-3000:]
    assert [processes.end(name)[0] for name in ("worker0", "worker1")] == [0, 0]
    assert [trial[1] for trial in reported(output)] == ["COMPLETED"] * 4
    calls, errors = json.loads(output.split("CALLS ")[1].splitlines()[0])
    assert errors == []
    asks = [index for index, call in enumerate(calls) if call == "ask"]
    assert len(asks) == 4 and sorted(set(calls) - {"ask"}) == ["tell 0", "tell 1", "tell 2", "tell 3"]
    assert len(calls) == 8 and calls[asks[2] + 1 :][0] == "tell 1", calls


@pytest.mark.parametrize("end, expected", [("", 0), ("raise KeyboardInterrupt", 130)])
def test_a_process_ends_during_a_fit(processes, end, expected):
    script = f"""
from keras_tuner.engine.trial import TrialStatus
from tfnas.tuner import GraphPNASOracle
StrategyOracle(STRATEGY)  # another search before it
oracle = GraphPNASOracle("nasbench201", hidden=8, epochs=10**6, xla=False, explore={{"points": [[0, 1.0], [2, 0.0]]}})
oracle._set_project_dir("runs", "p")
oracle.verbose = 0
for value in (0.25, 0.5):
    while (trial := oracle.create_trial("one")).status == TrialStatus.IDLE:
        pass
    oracle.update_trial(trial.trial_id, {{"val_accuracy": value}})
    trial.status = TrialStatus.COMPLETED
    oracle.end_trial(trial)
assert oracle.create_trial("one").status == TrialStatus.IDLE
time.sleep(1.0)  # TensorFlow traces the generator
assert oracle._driver.busy
print("BUSY", flush=True)
{end}
"""
    processes.start("single", script, parallel=False)
    status, output = processes.end("single")
    assert "BUSY" in output and status in (expected, -2 if expected else 0), output[-3000:]
    assert "terminate" not in output

"""ArchitectureTuner: builds, trains, keeps, ranks. A small stand-in takes the network's place."""

from __future__ import annotations

import gc
import json

import keras
import keras_tuner
import numpy as np
import pytest

from tests.unit.test_tuner_guards import in_a_thread
from tests.unit.test_tuner_oracle import SPACE, Scripted
from tfnas import strategies
from tfnas.errors import ConfigError, UnknownNameError
from tfnas.tuner import ArchitectureTuner, SearchError, UnreportedObjectiveError, architecture

X = np.random.default_rng(0).normal(size=(24, 4, 4, 1)).astype("float32")
Y = (X.mean((1, 2, 3)) > 0).astype("int64")
BUILT = []


def stand_in(arch, *, input_shape, num_classes, width=1):
    BUILT.append(arch)
    units = width * (1 + sum("conv" in op for op in arch.ops))
    return keras.Sequential(
        [
            keras.Input(input_shape),
            keras.layers.Flatten(),
            keras.layers.Dense(units, activation="relu"),
            keras.layers.Dense(num_classes, activation="softmax"),
        ]
    )


@pytest.fixture(autouse=True, scope="module")
def _quick_collections():
    gc.freeze()  # keras-tuner collects garbage before each network, among all that the tests imported
    yield
    gc.unfreeze()


@pytest.fixture(autouse=True)
def _networks(monkeypatch):
    monkeypatch.setattr("tfnas.networks.build", stand_in)
    BUILT.clear()


def make(folder, strategy="nasbench201", **arguments):
    defaults = {"input_shape": (4, 4, 1), "num_classes": 2, "max_trials": 2, "project_name": "project"}
    return ArchitectureTuner(strategy, **{**defaults, "directory": str(folder), **arguments})


def fit(tuner, **arguments):
    defaults = {"epochs": 2, "validation_data": (X, Y), "verbose": 0, "batch_size": 12}
    tuner.search(X, Y, **{**defaults, **arguments})
    return tuner


def faked(tuner, curves):
    """Replaces training by given learning curves, one an execution."""
    curves = iter(curves)

    def fit(hp, model, *args, **kwargs):
        history = keras.callbacks.History()
        history.history = {tuner.oracle.objective.name: next(curves)}
        tuner.fitted = [*getattr(tuner, "fitted", []), (model, kwargs)]
        return history

    tuner.hypermodel.fit = fit
    return tuner


def test_a_search_ranks_architectures_and_gives_their_networks(tmp_path):
    tuner = fit(make(tmp_path, network={"width": 3}))
    best = tuner.get_best_architectures(2)
    trials = tuner.oracle.get_best_trials(2)
    assert len(set(best)) == 2 and trials[0].score >= trials[1].score
    assert best == [architecture(trial.hyperparameters) for trial in trials]
    model = tuner.get_best_models()[0]
    assert model.layers[1].units == 3 * (1 + sum("conv" in op for op in best[0].ops))
    accuracy = float((model.predict(X, verbose=0).argmax(-1) == Y).mean())
    assert accuracy == pytest.approx(trials[0].score)


def test_each_execution_is_kept_and_the_mean_counts(tmp_path):
    tuner = faked(make(tmp_path, Scripted(), executions_per_trial=3), [[0.1, 0.5, 0.3], [0.6], [0.7, 0.1]] * 2)
    fit(tuner)
    assert tuner.executions("0") == tuner.executions("1") == (0.5, 0.6, 0.7)
    assert tuner.oracle.trials["0"].score == pytest.approx(0.6, rel=1e-15)
    told = tuner.strategy_oracle.strategy.told
    assert [trial.objective for trial in told] == [tuner.oracle.trials[i].score for i in "01"]


def test_an_execution_that_is_not_finite_fails_the_trial_and_the_others_are_kept(tmp_path):
    tuner = faked(make(tmp_path, executions_per_trial=2), [[0.5], [float("inf")], [0.25], [0.75]])
    fit(tuner)
    assert tuner.executions("0") == (0.5, None)
    assert tuner.oracle.trials["0"].status == "FAILED"
    assert tuner.oracle.get_best_trials(2) == [tuner.oracle.trials["1"]]


def test_training_is_seeded_by_trial_and_execution(tmp_path):
    def weights(folder, seed):
        tuner = make(folder, Scripted(), seed=seed, executions_per_trial=2)
        seen = []
        faked(tuner, [[0.5]] * 4)
        inner = tuner.hypermodel.fit
        tuner.hypermodel.fit = lambda hp, model, *a, **k: seen.append(model.get_weights()[0].sum()) or inner(hp, model)
        fit(tuner)
        return seen

    first = weights(tmp_path / "a", 1)
    assert first == weights(tmp_path / "b", 1) != weights(tmp_path / "c", 2)
    assert len(set(first)) == 4


def test_a_resumed_search_trains_to_the_same_values(tmp_path):
    def run(folder, max_trials):
        strategy = strategies.RegularizedEvolution(SPACE, seed=1)
        return fit(make(tmp_path / folder, strategy, max_trials=max_trials), epochs=1)

    whole = run("whole", 2)
    run("parts", 1)
    parts = run("parts", 2)
    scores = [[trial.score for trial in tuner.oracle.trials.values()] for tuner in (whole, parts)]
    assert scores[0] == scores[1]
    assert whole.get_best_architectures(2) == parts.get_best_architectures(2)


def test_a_fidelity_sets_the_epochs(tmp_path):
    tuner = faked(make(tmp_path, Scripted(fidelity=5)), [[0.5]] * 2)
    fit(tuner, epochs=99)
    assert [arguments["epochs"] for _, arguments in tuner.fitted] == [5, 5]


def test_every_network_gets_its_own_optimizer_loss_and_metrics(tmp_path):
    optimizer = keras.optimizers.SGD(keras.optimizers.schedules.ExponentialDecay(0.25, 10, 0.5), momentum=0.5)
    metric = keras.metrics.SparseTopKCategoricalAccuracy(1, name="top")
    tuner = make(tmp_path, optimizer=optimizer, metrics=[metric], objective=keras_tuner.Objective("val_top", "max"))
    fit(tuner)
    models = [tuner.hypermodel.build(trial.hyperparameters) for trial in tuner.oracle.get_best_trials(2)]
    assert models[0].optimizer is not models[1].optimizer is not optimizer
    assert models[0].optimizer.momentum == 0.5
    assert float(models[0].optimizer.learning_rate) == 0.25
    assert not optimizer.built


def test_the_summary_cuts_nothing_and_shows_every_execution(tmp_path, capsys):
    curves = [[0.5], [0.25], [0.123456], [0.75]]
    tuner = fit(faked(make(tmp_path, executions_per_trial=2), curves))
    capsys.readouterr()
    tuner.results_summary()
    printed = capsys.readouterr().out
    for arch in tuner.get_best_architectures(2):
        assert SPACE.to_native(arch) in printed
    assert "of 2 executions: 0.123456, 0.75" in printed
    assert printed.index("trial 1:") < printed.index("trial 0:")
    assert "0.436728" in printed and "val_accuracy (max)" in printed


def test_nothing_completed_is_an_error_everywhere(tmp_path):
    tuner = make(tmp_path)
    for read in (tuner.results_summary, tuner.get_best_architectures, tuner.get_best_models):
        with pytest.raises(SearchError, match="at least one completed trial"):
            read()


def test_a_worker_has_no_results_and_does_not_wait_for_a_chief_that_left(tmp_path, monkeypatch):
    monkeypatch.setenv("KERASTUNER_ORACLE_IP", "127.0.0.1")
    monkeypatch.setenv("KERASTUNER_ORACLE_PORT", "9")
    monkeypatch.setenv("KERASTUNER_TUNER_ID", "worker7")
    tuner = make(tmp_path)

    def error_of(read):
        with pytest.raises(SearchError, match="worker7") as caught:
            read()
        return caught.value

    for name in ("results_summary", "get_best_architectures", "get_best_models", "get_best_hyperparameters"):
        assert in_a_thread(lambda: error_of(getattr(tuner, name))) is not None  # noqa: B023


def test_validation_data_are_asked_for_before_training(tmp_path):
    tuner = make(tmp_path)
    with pytest.raises(ConfigError, match="val_accuracy"):
        tuner.search(X, Y, epochs=1, verbose=0)
    assert not tuner.oracle.trials


def test_an_objective_that_training_does_not_report_ends_the_search_at_once(tmp_path):
    tuner = make(tmp_path, objective=keras_tuner.Objective("val_f1", "max"))
    with pytest.raises(UnreportedObjectiveError, match="val_accuracy.*'val_f1'"):
        fit(tuner, epochs=1)
    assert len(tuner.oracle.trials) == 1


def test_a_trial_that_crashes_keeps_its_traceback(tmp_path):
    tuner = faked(make(tmp_path, executions_per_trial=2), [[0.5], [0.5], [0.5], [0.5]])
    inner = tuner.hypermodel.fit

    def crash(hp, model, *args, **kwargs):
        if len(getattr(tuner, "fitted", [])) == 1:
            inner(hp, model)
            raise ValueError("out of memory")
        return inner(hp, model)

    tuner.hypermodel.fit = crash
    fit(tuner)
    record = json.loads((tmp_path / "project" / "trial_0" / "executions.json").read_text())
    assert "ValueError: out of memory" in record["message"]
    assert record["executions"] == [{"val_accuracy": 0.5}]
    assert tuner.executions("1") == (0.5, 0.5)


def test_a_failed_write_leaves_the_tuner_s_old_file(tmp_path, monkeypatch):
    tuner = make(tmp_path)
    tuner.save()
    path = tmp_path / "project" / "tuner0.json"
    before = path.read_text()

    def fail(source, target):
        raise OSError("no space left on device")

    monkeypatch.setattr("tfnas.state.os.replace", fail)
    monkeypatch.setattr(tuner.oracle, "save", lambda: None)
    with pytest.raises(OSError, match="no space"):
        tuner.save()
    assert path.read_text() == before


def test_overwriting_starts_anew(tmp_path):
    fit(faked(make(tmp_path), [[0.5]] * 2))
    tuner = fit(faked(make(tmp_path, overwrite=True), [[0.25]] * 2))
    assert [trial.score for trial in tuner.oracle.trials.values()] == [0.25, 0.25]


@pytest.mark.parametrize(
    "arguments, error, named",
    [
        ({"strategy": "nasbench999"}, UnknownNameError, "nasbench999"),
        ({"strategy": 3}, ConfigError, "strategy"),
        ({"executions_per_trial": 0}, ConfigError, "executions_per_trial"),
        ({"objective": "val_f1"}, ConfigError, "val_f1"),
    ],
)
def test_arguments_that_cannot_work_are_named(arguments, error, named, tmp_path):
    with pytest.raises(error, match=named):
        make(tmp_path, **arguments)


def test_a_space_s_name_stands_for_random_search(tmp_path):
    tuner = faked(make(tmp_path, seed=5), [[0.5]] * 2)
    fit(tuner)
    expected = strategies.RandomSearch(SPACE, seed=5)
    assert [architecture(t.hyperparameters) for t in tuner.oracle.trials.values()] == [
        expected.ask()[0].architecture for _ in range(2)
    ]

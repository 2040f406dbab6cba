"""`tfnas search --evaluator table`: tables by name, by default, and as files."""

import json

import pytest
from click.testing import CliRunner

from tfnas import cli, job, recipe
from tfnas.data import places, store
from tfnas.data.tables import Table, cache
from tfnas.errors import ConfigError, DependencyError, RunFolderError
from tfnas.runlog import RunRecord
from tfnas.spaces import NASBench201
from tfnas.trial import Split

SPACE = NASBench201()


def search(*arguments):
    return CliRunner().invoke(
        cli.main, ["search", "--evaluator", "table", "--strategy", "random", *map(str, arguments)]
    )


def test_without_a_table_the_one_from_the_package_is_searched(tmp_path):
    done = search("--trials", 12, "-o", tmp_path / "run")
    assert done.exit_code == 0, done.output
    lines = done.output.splitlines()
    assert lines[0].startswith("Benchmark study: the search sees a test column, qat_accuracy.")
    summary = next(line for line in lines[1:] if not line.startswith("random "))
    assert summary.startswith("Benchmark study: the search signal was a test column, qat_accuracy.")
    assert "baseline_accuracy" in done.output
    config = job.read_config(tmp_path / "run")
    assert (config.table, config.signal, config.test_columns, config.benchmark_study) == (
        "nasbench201_analog",
        "qat_accuracy",
        ("baseline_accuracy",),
        True,
    )
    record = RunRecord.read(tmp_path / "run")
    table = store.table("nasbench201_analog")
    for trial in record.trials:
        assert trial.objective == table.column("qat_accuracy")[table.find(trial.architecture)]
    best = max(record.trials, key=lambda trial: trial.objective)
    assert record.final.objective == table.column("baseline_accuracy")[table.find(best.architecture)]
    report = (tmp_path / "run" / "report.md").read_text("utf-8")
    assert report.startswith("**Benchmark study")
    assert record.start["evaluator"]["checksum"] == table.checksum


def test_samples_of_what_was_learned_are_looked_up(tmp_path):
    learner = ("--strategy", "independent_reinforce", "--strategy-options", "xla=false")
    done = search("--trials", 6, "-o", tmp_path / "run", "--distribution-samples", 9, *learner)
    assert done.exit_code == 0, done.output
    assert "  learned " in done.output and "9 samples" in done.output
    assert job.read_config(tmp_path / "run").distribution_samples == 9
    record = RunRecord.read(tmp_path / "run")
    table = store.table("nasbench201_analog")
    for drawn in record.distribution["samples"]:
        row = table.find(SPACE.from_native(drawn["native"]))
        assert record.samples[drawn["sample"]].objective == table.column("qat_accuracy")[row]
    assert record.distribution["drawn"] == 9 and len(record.trials) == 6


def test_a_finished_recipe_on_the_default_table_goes_on_with_itself(tmp_path):
    config = job.SearchConfig(evaluator="table", strategy="random", trials=5)
    recipe.run(config, tmp_path / "run")
    again = recipe.run(config, tmp_path / "run")
    assert len(again.trials) == 5
    with pytest.raises(RunFolderError, match="signal"):
        recipe.run(job.SearchConfig(evaluator="table", strategy="random", trials=5, signal="x"), tmp_path / "run")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--signal", "baseline_accuracy"], "a test column"),
        (["--table", "nasbench201_analog", "--signal", "qat_accuracy"], "--benchmark-study"),
        (["--signal", "analog_drift_60_uncertainty", "--benchmark-study"], "--signal-direction min"),
        (["--cost", "baseline_accuracy"], "cost 'baseline_accuracy'"),
        (["--test-columns", "qat_accuracy"], "its signal"),
        (["--epochs", "3", "--data", "digits"], "--data, --epochs"),
    ],
)
def test_what_a_study_may_not_is_refused(options, words, tmp_path):
    done = search(*options, "-o", tmp_path / "run")
    assert done.exit_code == 2 and words in done.output, done.output
    assert not (tmp_path / "run").exists()


def test_less_may_be_better(tmp_path):
    options = ("--signal", "analog_drift_60_uncertainty", "--benchmark-study", "--signal-direction", "min")
    done = search(*options, "--trials", 9, "-o", tmp_path / "run")
    assert done.exit_code == 0, done.output
    record = RunRecord.read(tmp_path / "run")
    values = [trial.outcome.metrics["analog_drift_60_uncertainty"] for trial in record.trials]
    best = max(record.trials, key=lambda trial: trial.objective)
    assert best.outcome.metrics["analog_drift_60_uncertainty"] == min(values)
    assert record.final.metrics.keys() == {"baseline_accuracy"}  # the benchmark's own test column


def test_what_to_install_is_said_where_the_package_is_absent(monkeypatch, tmp_path):
    monkeypatch.setattr(places.importlib.util, "find_spec", lambda name: None)
    done = search("-o", tmp_path / "run")
    assert done.exit_code == 2
    assert 'pip install "tfnas[tables]"' in done.output
    assert not (tmp_path / "run").exists()
    with pytest.raises(DependencyError, match="analognasbench"):
        store.table("nasbench201_analog")


def own_table():
    natives = tuple(SPACE.to_native(arch) for arch in SPACE.enumerate())
    columns = {
        "valid": [float(native.count("3x3")) for native in natives],
        "seconds": [2.5] * len(natives),
        "test": [float(native.count("1x1")) for native in natives],
    }
    splits = {"valid": Split.VALIDATION, "seconds": Split.TRAIN, "test": Split.TEST}
    return Table(SPACE, "mine", natives, columns, splits)


def test_a_table_of_ones_own_is_searched_by_name(tmp_path):
    cache.save(own_table(), places.table_dir("mine"), {})
    options = ("--table", "mine", "--signal", "valid", "--test-columns", "test", "--cost", "seconds")
    done = search(*options, "--trials", 8, "-o", tmp_path / "run")
    assert done.exit_code == 0, done.output
    assert "Benchmark study" not in done.output
    ledger = json.loads((tmp_path / "run" / "events.jsonl").read_text().splitlines()[-1])
    assert (ledger["event"], ledger["queries"], ledger["cost_s"]) == ("ledger", 8, 20.0)
    assert job.read_config(tmp_path / "run").table == "mine"
    assert search("--table", "mine", "-o", tmp_path / "other").exit_code == 2  # its signal is not known
    refused = search(*options, "--space", "nasbench_macro", "-o", tmp_path / "other")
    assert "one of nasbench201" in refused.output and "--space nasbench201" in refused.output


def test_what_is_given_stands():
    given = job.SearchConfig(evaluator="table", signal="noisy_accuracy", test_columns=("ptq_accuracy",))
    found = job.with_table(given)
    assert not found.benchmark_study and job.with_table(found) == found
    assert (found.table, found.signal, found.test_columns) == (
        "nasbench201_analog",
        "noisy_accuracy",
        ("ptq_accuracy",),
    )
    known = job.with_table(job.SearchConfig(evaluator="table", table="nats_tss"))
    assert known.signal == "cifar10-valid:x-valid@12" and not known.benchmark_study
    train = job.SearchConfig()
    assert job.with_table(train) is train
    with pytest.raises(ConfigError, match="--evaluator table"):
        job.SearchConfig(cost="seconds")


def test_drawn_repeats_and_given_columns_reach_the_evaluator(tmp_path):
    natives = tuple(SPACE.to_native(arch) for arch in SPACE.enumerate())
    columns = {
        "valid": [[1.0, 2.0]] * len(natives),
        "seconds": [[10.0, 20.0]] * len(natives),
        "test": [3.0] * len(natives),
    }
    splits = {"valid": Split.VALIDATION, "seconds": Split.TRAIN, "test": Split.TEST}
    cache.save(Table(SPACE, "mine", natives, columns, splits), places.table_dir("mine"), {})
    options = ("--table", "mine", "--signal", "valid", "--cost", "seconds", "--repeat", "random")
    done = search(*options, "--trials", 12, "-o", tmp_path / "run")
    assert done.exit_code == 0, done.output
    seen = {(trial.objective, trial.outcome.cost_s) for trial in RunRecord.read(tmp_path / "run").trials}
    assert seen == {(1.0, 10.0), (2.0, 20.0)}


def test_columns_that_are_given_replace_the_benchmarks():
    known = job.with_table(job.SearchConfig(evaluator="table", table="nats_tss"))
    assert (known.test_columns, known.cost) == (("cifar10:ori-test@200",), "cifar10-valid:seconds@12")
    given = job.SearchConfig(evaluator="table", table="nats_tss", test_columns=("a",), cost="b")
    assert (job.with_table(given).test_columns, job.with_table(given).cost) == (("a",), "b")
    other = job.with_table(job.SearchConfig(evaluator="table", table="nats_tss", signal="cifar100:x-valid@12"))
    assert (other.test_columns, other.cost) == (("cifar10:ori-test@200",), None)


@pytest.mark.parametrize("options", [{"repeat": "random"}, {"benchmark_study": True}, {"signal_direction": "min"}])
def test_options_of_tables_are_refused_where_networks_are_trained(options):
    with pytest.raises(ConfigError, match="--repeat and --benchmark-study"):
        job.SearchConfig(**options)


def test_repeats_are_checked():
    with pytest.raises(ConfigError, match="repeat"):
        job.SearchConfig(evaluator="table", repeat="best")

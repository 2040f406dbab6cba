"""Searches and retrainings of a study: done once, resumable, kept in files."""

import dataclasses
import json

import numpy as np
import pytest

from tests.unit.protocol_study import SPACE, TRAINED, StubEvaluator, made_up, make_study, write_table
from tfnas import spaces
from tfnas.errors import ConfigError, RunFolderError, UnknownNameError
from tfnas.evaluators import TableEvaluator
from tfnas.protocol import Line, Results, Retraining, Row, Study, Table
from tfnas.protocol import retraining as retraining_module
from tfnas.protocol.command_line import run
from tfnas.protocol.figures import Clouds
from tfnas.protocol.retraining import retrain
from tfnas.protocol.sources import BestOf, Drawn, Given, Samples, Top
from tfnas.runlog import comparable, read_events
from tfnas.trial import Failure, Measurement

FOLDERS = [("random", 0), ("random", 1), ("evolution", 0)]


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    return write_table(tmp_path_factory.mktemp("table") / "made_up.csv")


@pytest.fixture(scope="module")
def searched(table, tmp_path_factory):
    """The folder of a study whose searches are over. Nobody writes into it."""
    folder = tmp_path_factory.mktemp("searched")
    run(make_study(table), folder, ["search"])
    return folder


@pytest.fixture
def evaluator(monkeypatch):
    """What retrainings measure with."""
    stub = StubEvaluator()
    monkeypatch.setattr(retraining_module.job, "make_evaluator", lambda config, **training: stub)
    return stub


def on(searched, folder, study):
    """Results with the searches of one folder, and retrainings in another."""
    folder.mkdir(exist_ok=True)
    (folder / "searches").symlink_to(searched / "searches")
    return Results(study, folder)


def kept(folder):
    return {str(path.relative_to(folder)): path.read_text() for path in sorted(folder.rglob("network*.json"))}


class Killed(BaseException):
    """Nothing catches it, so nothing is put in order, as where a process is killed."""


ENDS = pytest.mark.parametrize("ended_by", [KeyboardInterrupt, Killed])


@ENDS
def test_searches_go_on_in_the_middle_of_a_row(table, searched, tmp_path, monkeypatch, ended_by):
    study = make_study(table)
    answers = []
    plain = TableEvaluator._answer

    def answer(self, proposal, seed):
        if len(answers) == 17:  # the sixth query of the second run
            raise ended_by
        answers.append(seed)
        return plain(self, proposal, seed)

    monkeypatch.setattr(TableEvaluator, "_answer", answer)
    with pytest.raises((SystemExit, Killed)) as end:
        run(study, tmp_path, ["search"])
    assert ended_by is Killed or end.value.code == 130
    results = Results(study, tmp_path)
    assert [results.is_over(*pair) for pair in FOLDERS] == [True, False, False]
    monkeypatch.setattr(TableEvaluator, "_answer", lambda *given: answers.append(given[2]) or plain(*given))
    run(study, tmp_path, ["search"])
    assert len(answers) == 36  # three runs of 12: none was asked for twice
    whole = Results(study, searched)
    results = Results(study, tmp_path)
    for pair in FOLDERS:
        logs = [read_events(one.run_folder(*pair)) for one in (results, whole)]
        assert list(comparable(logs[0])) == list(comparable(logs[1])), pair
    run(study, tmp_path, ["search"])
    assert len(answers) == 36


def test_rows_can_be_done_one_by_one(table, tmp_path):
    study = make_study(table, trials=4)
    run(study, tmp_path, ["search"], ["evolution"])
    results = Results(study, tmp_path)
    assert [results.is_over(*pair) for pair in FOLDERS] == [False, False, True]
    assert results.run_folder("evolution", 0).name == "seed5"
    assert len(results.records("evolution")) == 1 and results.records("random") == ()


def test_a_folder_of_other_searches_is_refused(table, searched):
    with pytest.raises(RunFolderError, match="trials 12 instead of 13"):
        run(make_study(table, trials=13), searched, ["search"])


@ENDS
def test_retraining_goes_on_where_it_was(table, searched, tmp_path, evaluator, ended_by):
    study = make_study(table)
    once = on(searched, tmp_path / "once", study)
    for part in study.retrainings:
        retrain(part, once, lambda text: None)
    assert [len(list((tmp_path / "once" / "retrained" / part.name).iterdir())) for part in study.retrainings] == [
        3, 6, 2, 2,
    ]  # fmt: skip
    wanted = list(evaluator.calls)
    evaluator.calls.clear()
    twice = on(searched, tmp_path / "twice", study)
    evaluator.interrupt_at, evaluator.interruption = 5, ended_by
    with pytest.raises(ended_by):
        run(study, tmp_path / "twice", ["retrain"])
    assert len(kept(twice.directory)) == 5
    evaluator.interrupt_at = None
    run(study, tmp_path / "twice", ["retrain"])
    assert evaluator.calls == wanted
    assert kept(twice.directory) == kept(once.directory)
    run(study, tmp_path / "twice", ["retrain"])
    assert evaluator.calls == wanted


def test_what_is_measured(table, searched, tmp_path, evaluator):
    study = make_study(table)
    results = on(searched, tmp_path / "a", study)
    for name in ("short", "top"):
        retrain(study.retraining(name), results, lambda text: None)
    assert [(kind, seed) for kind, _, seed in evaluator.calls] == [("val", 0)] * 3 + [
        ("test", seed) for _ in range(2) for seed in range(3)
    ]
    # the best two of the three, by what the short training gave
    natives = [native for _, native, _ in evaluator.calls]
    ranked = sorted(natives[:3], key=lambda native: -made_up(native, "val0"))
    assert natives[3:] == [ranked[0]] * 3 + [ranked[1]] * 3
    first = results.retrained("top")[0]
    arch = first.chosen.architecture
    assert first.chosen.value == made_up(ranked[0], "val0")
    assert [outcome.objective for outcome in first.outcomes] == [made_up(ranked[0], f"test{k}") for k in range(3)]
    assert first.parameters == evaluator.space.cost(arch, (8, 8, 3), 10, **TRAINED.skeleton).params


def test_auxiliary_heads_are_not_counted():
    space = spaces.get("darts")
    (chosen,) = Drawn("uniform", 1).choose(None, space)
    skeleton = {"cells": 3, "channels": 4}
    config = {"input_shape": [32, 32, 3], "num_classes": 10, "skeleton": {**skeleton, "auxiliary": True}}
    bare = space.cost(chosen.architecture, (32, 32, 3), 10, live_only=True, **skeleton).params
    assert retraining_module._parameters(space, chosen, config) == bare


def test_only_some_rows_are_trained_again(table, searched, tmp_path, evaluator):
    study = make_study(table)
    on(searched, tmp_path / "a", study)
    run(study, tmp_path / "a", ["retrain"], ["given"])
    assert [kind for kind, _, _ in evaluator.calls] == ["test", "test"]


def test_nothing_is_trained_before_its_time(table, tmp_path, evaluator):
    study = make_study(table)
    said = []
    results = Results(study, tmp_path)
    for name in ("short", "top"):
        retrain(study.retraining(name), results, said.append)
    assert evaluator.calls == [] and results.retrained("top") == ()
    assert ["waits for random" in said[0], "waits for short" in said[1]] == [True, True]


def test_what_failed_is_tried_again_and_left_out_of_means(table, searched, tmp_path, evaluator):
    study = make_study(table)
    results = on(searched, tmp_path / "a", study)
    part = study.retraining("given")
    evaluator.fail_at = 1
    retrain(part, results, lambda text: None)
    (network,) = results.retrained("given")
    assert network.finished == 2 and len(network.outcomes) == 1
    assert results.is_retrained("given")
    evaluator.fail_at = None
    retrain(part, results, lambda text: None)
    assert [seed for _, _, seed in evaluator.calls] == [0, 1, 0]
    assert len(results.retrained("given")[0].outcomes) == 2


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"config": dataclasses.replace(TRAINED, final_epochs=9)}, "other settings"),
        ({"training": {"cutout_probability": 0.5}}, "other settings"),
        ({"held_back": False}, "other settings"),
        ({"source": Drawn("uniform", 1, seed=3)}, "other architecture"),
    ],
)
def test_results_of_something_else_are_refused(table, tmp_path, evaluator, change, message):
    study = make_study(table)
    results = Results(study, tmp_path)
    part = study.retraining("given")
    retrain(part, results, lambda text: None)
    with pytest.raises(RunFolderError, match=message):
        retrain(dataclasses.replace(part, **change), results, lambda text: None)
    # what decides nothing of a training may differ
    other = dataclasses.replace(part, config=dataclasses.replace(TRAINED, trials=3, workers=7, strategy="random"))
    retrain(other, results, lambda text: None)
    assert len(evaluator.calls) == 2


@pytest.mark.parametrize("text", ["", "{", "[]", '{"settings": 1}'])
def test_damaged_results_are_said_to_be(table, tmp_path, evaluator, text):
    study = make_study(table)
    results = Results(study, tmp_path)
    path = tmp_path / "retrained" / "given" / "network1-seed0.json"
    path.parent.mkdir(parents=True)
    path.write_text(text)
    with pytest.raises(RunFolderError, match="network1-seed0"):
        retrain(study.retraining("given"), results, lambda text: None)
    assert path.read_text() == text


def test_the_best_networks_of_a_search(table, searched):
    study = make_study(table)
    chosen = Top("random", 4).choose(Results(study, searched), spaces.get(SPACE))
    events = read_events(Results(study, searched).run_folder("random", 0))
    values = {event["native"]: made_up(event["native"]) for event in events if event["event"] == "proposal"}
    assert [one.value for one in chosen] == sorted(values.values(), reverse=True)[:4]
    assert all(made_up(spaces.get(SPACE).to_native(one.architecture)) == one.value for one in chosen)


def test_samples_keep_their_draws_and_values():
    space = spaces.get(SPACE)
    archs = [space.sample(np.random.default_rng(seed)) for seed in (1, 2)]
    drawn = [
        {"sample": number, "draws": draws, "architecture": arch.to_dict()}
        for number, draws, arch in zip((1, 2), (3, 1), archs)
    ]

    class Fake:
        distribution = {"samples": drawn}
        samples = {1: Measurement(0.25), 2: Failure("no")}

        def first_record(self, row):
            return self if row == "mine" else None

    chosen = Samples("mine").choose(Fake(), space)
    assert [(one.architecture, one.value, one.draws) for one in chosen] == [(archs[0], 0.25, 3), (archs[1], None, 1)]
    assert Samples("other").choose(Fake(), space) == ()


def test_mistakes_in_a_study_show_at_once(table):
    study = make_study(table)
    with pytest.raises(ConfigError, match="one row each"):
        dataclasses.replace(study, rows=study.rows * 2)
    with pytest.raises(UnknownNameError, match="earlier retraining"):
        dataclasses.replace(study, retrainings=study.retrainings[1:], tables=(), figures=())
    with pytest.raises(UnknownNameError, match="'nobody'"):
        dataclasses.replace(study, tables=(Table("t", "", (), (Line("x", "nobody"),)),))
    with pytest.raises(UnknownNameError, match="'nobody'"):
        dataclasses.replace(study, figures=(Clouds("c", ("nobody",), 3),))
    with pytest.raises(UnknownNameError, match="'nobody'"):
        Study("s", (), (Retraining("r", "r", Top("nobody", 1), TRAINED),))
    with pytest.raises(ConfigError, match="evaluator 'train'"):
        Retraining("r", "r", Given(()), study.rows[0].search)
    for wrong in (lambda: Row("r", TRAINED, 0), lambda: BestOf("x", 0), lambda: Drawn("uniform", 0).choose(None, None)):
        with pytest.raises(ConfigError):
            wrong()
    with pytest.raises(UnknownNameError):
        study.row("nobody")
    with pytest.raises(UnknownNameError):
        study.retraining("nobody")


def test_a_smaller_study_has_what_is_about_it_alone(table):
    small = make_study(table).only(["random"], ["given"])
    assert [row.name for row in small.rows] == ["random"] and [part.name for part in small.retrainings] == ["given"]
    assert [[line.label for line in part.lines] for part in small.tables] == [["Given"], ["Random", "Other"]]
    assert [figure.name for figure in small.figures] == ["clouds", "best"]


def test_values_can_be_changed_everywhere(table):
    changed = make_study(table).changed({"data": "mnist"}, seeds=7)
    assert {row.search.data for row in changed.rows} | {part.config.data for part in changed.retrainings} == {"mnist"}
    assert [row.seeds for row in changed.rows] == [7, 7]
    assert changed.retrainings[1].seeds == 3
    assert json.dumps(changed.retrainings[0].settings()) != json.dumps(make_study(table).retrainings[0].settings())

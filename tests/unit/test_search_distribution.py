"""The distribution at the end of a search: samples that are measured, resumed and counted apart; files."""

import json
import math
import shutil

import numpy as np
import pytest

from tests.unit.test_search import MAKERS, SPACE, Made, log
from tfnas import search, strategies
from tfnas.errors import ConfigError, RunFolderError, SearchError, StateError, UnknownNameError
from tfnas.models import priors
from tfnas.runlog import FILE_NAME, RunRecord, comparable, read_events
from tfnas.search import loop
from tfnas.search.distribution_files import save_distribution
from tfnas.trial import Failure, Split

OPTIONS = {"budget": 4, "seed": 5, "finalists": 1, "finalist_seeds": 1}
SAMPLES = 7


class Four(priors.Uniform):
    """Uniform over four members, so that draws repeat."""

    def _draw(self, rng):
        return MEMBERS[rng.integers(len(MEMBERS))]


MEMBERS = [SPACE.sample(np.random.default_rng(seed)) for seed in range(4)]


class Prior(strategies.RandomSearch):
    """Random search that calls a prior what it has learned."""

    name = "prior"

    def distribution(self):
        return Four(self.space) if len(self.seen) else None

    def learning_curve(self):
        return ({"queries": 2, "entropy": 3.0, "entropy_error": 0.5},)


class Broken(priors.Uniform):
    def sample(self, n, seed):
        raise SearchError("samples", expected="a member", received="none")


@pytest.fixture(autouse=True)
def quiet(monkeypatch):
    monkeypatch.setattr(loop, "_CHECKPOINT_EVERY_S", 0.0)
    monkeypatch.setattr(loop.report, "write", lambda *a, **k: None)


def prior(seed=3):
    return Prior(SPACE, seed=seed)


def run(directory, evaluator=None, strategy=None, **changes):
    options = {**OPTIONS, "distribution_samples": SAMPLES, **changes}
    return search.run(strategy or prior(), evaluator or Made(), directory=directory, **options)


def events(directory, kind):
    return [event for event in read_events(directory) if event["event"] == kind]


def test_samples_are_drawn_and_each_distinct_one_is_measured_once(tmp_path):
    evaluator = Made()
    result = run(tmp_path, evaluator)
    (event,) = events(tmp_path, "distribution")
    measured = events(tmp_path, "sample")
    assert event["drawn"] == SAMPLES == sum(sample["draws"] for sample in event["samples"])
    assert max(sample["draws"] for sample in event["samples"]) > 1, "seven draws of four members repeat"
    assert [sample["sample"] for sample in event["samples"]] == [sample["sample"] for sample in measured]
    calls = evaluator.calls[-len(measured) :]
    assert [native for native, _ in calls] == [sample["native"] for sample in event["samples"]]
    assert len({native for native, _ in calls}) == len(calls)
    assert [seed for _, seed in calls] == [sample["seed"] for sample in measured]
    assert {sample["native"] for sample in event["samples"]} <= {SPACE.to_native(arch) for arch in MEMBERS}
    drawn = result.distribution.sample(8, seed=0)
    assert len(drawn) == 8 and set(drawn) <= set(MEMBERS)


def test_samples_are_neither_trials_nor_queries_and_come_before_the_last_measurement(tmp_path):
    with_samples, without = Made(), Made()
    result, plain = run(tmp_path / "a", with_samples), run(tmp_path / "b", without, distribution_samples=0)
    assert (result.trials, result.rows, result.final) == (plain.trials, plain.rows, plain.final)
    kinds = [event["event"] for event in read_events(tmp_path / "a")]
    count = kinds.count("sample")
    start = kinds.index("choice")
    assert kinds[start:] == ["choice", "distribution", *["sample"] * count, "final", "ledger"]
    ledgers = [events(tmp_path / name, "ledger")[0] for name in "ab"]
    for name in ("queries", "networks", "failures", "final_reads", "cost_s"):
        assert ledgers[0][name] == ledgers[1][name], name
    assert (ledgers[0]["samples"], ledgers[1]["samples"]) == (count, 0)
    assert ledgers[0]["samples_cost_s"] == pytest.approx(0.1 * count) and ledgers[1]["samples_cost_s"] == 0
    splits = {event["measurement"]["split"] for event in events(tmp_path / "a", "sample") if "measurement" in event}
    assert splits == {Split.VALIDATION.value}


def test_no_seed_is_used_twice(tmp_path):
    run(tmp_path, distribution_samples=50)
    seeds = [event["seed"] for event in read_events(tmp_path) if "seed" in event and event["event"] != "start"]
    assert len(seeds) == len(set(seeds)) > OPTIONS["budget"] + 3


@pytest.mark.parametrize("repeatable, drawn", [(True, 100), (False, 4)])
def test_tables_have_more_samples_by_default(tmp_path, repeatable, drawn):
    run(tmp_path, Made(repeatable=repeatable), distribution_samples=None)
    assert events(tmp_path, "distribution")[0]["drawn"] == drawn
    assert events(tmp_path, "start")[0]["distribution_samples"] == drawn


def test_what_is_written_down_of_the_distribution(tmp_path):
    run(tmp_path)
    (event,) = events(tmp_path, "distribution")
    assert event["class"] == "Four" and event["error"] is None
    assert event["entropy"] == pytest.approx([math.log(15_625), 0.0]) and len(event["mode"]) == 4
    assert {network["log_prob"] for network in event["mode"]} == {-math.log(15_625)}
    assert event["curve"] == [{"queries": 2, "entropy": 3.0, "entropy_error": 0.5}]
    record = RunRecord.read(tmp_path)
    assert record.distribution == event and list(record.samples) == [s["sample"] for s in event["samples"]]


def test_a_run_cut_at_any_event_continues_as_if_it_had_not_been(tmp_path):
    whole, evaluator = tmp_path / "whole", Made()
    run(whole, evaluator)
    lines = (whole / FILE_NAME).read_bytes().splitlines(keepends=True)
    asked = (b'"event":"result"', b'"event":"recheck"', b'"event":"sample"')
    for cut in range(1, len(lines)):
        folder = tmp_path / f"cut{cut}"
        folder.mkdir()
        (folder / FILE_NAME).write_bytes(b"".join(lines[:cut]) + lines[cut][: len(lines[cut]) // 2])
        shutil.copytree(whole / "checkpoint", folder / "checkpoint")
        again = Made()
        result = run(folder, again, resume=True)
        assert log(folder) == log(whole), f"cut after event {cut}"
        logged = sum(any(kind in line for kind in asked) for line in lines[:cut])
        assert again.calls == evaluator.calls[logged:], f"cut after event {cut}"
        assert result.distribution is not None


def test_ctrl_c_among_the_samples_loses_nothing(tmp_path):
    whole = Made()
    run(tmp_path / "whole", whole)
    first = Made(reverse=True, stop_at=len(whole.calls) - 2)
    stopped = run(tmp_path / "stopped", first)
    assert stopped.finished == "interrupted" and stopped.final is None and stopped.distribution is not None
    second = Made(reverse=True)
    run(tmp_path / "stopped", second, resume=True)
    assert log(tmp_path / "stopped") == log(tmp_path / "whole")
    assert sorted(first.calls + second.calls) == sorted(whole.calls)


def test_after_ctrl_c_in_the_search_there_are_no_samples(tmp_path):
    result = run(tmp_path, Made(stop_at=2))
    assert result.finished == "interrupted" and result.distribution is None
    assert not events(tmp_path, "distribution")


def test_what_was_drawn_stays_where_a_resumed_run_would_draw_otherwise(tmp_path, monkeypatch):
    evaluator = Made()
    run(tmp_path, Made(stop_at=6))
    drawn = events(tmp_path, "distribution")
    assert drawn
    monkeypatch.setattr(Four, "_draw", lambda self, rng: MEMBERS[0])  # as another machine might, by a last bit
    run(tmp_path, evaluator, resume=True)
    assert events(tmp_path, "distribution") == drawn
    assert len(events(tmp_path, "sample")) == len(drawn[0]["samples"])


def test_zero_samples_measure_nothing_but_tell_the_entropy(tmp_path):
    result = run(tmp_path, distribution_samples=0)
    (event,) = events(tmp_path, "distribution")
    assert event["drawn"] == 0 and event["samples"] == [] and event["entropy"] and event["mode"]
    assert not events(tmp_path, "sample") and result.distribution is not None


def test_a_strategy_without_a_distribution_leaves_no_trace_of_one(tmp_path):
    result = run(tmp_path, strategy=MAKERS["random"]())
    assert result.distribution is None
    assert not events(tmp_path, "distribution") and not (tmp_path / "distribution").exists()


def test_a_distribution_that_cannot_be_drawn_from_ends_no_search(tmp_path):
    strategy = prior()
    strategy.distribution = lambda: Broken(SPACE)
    result = run(tmp_path, strategy=strategy)
    (event,) = events(tmp_path, "distribution")
    assert "a member" in event["error"] and event["samples"] == []
    assert result.final is not None


def test_a_distribution_without_probabilities_has_samples_alone(tmp_path):
    class Hidden(Four):
        def __init__(self, space):
            super().__init__(space)
            self.has_log_prob = False

    strategy = prior()
    strategy.distribution = lambda: Hidden(SPACE)
    run(tmp_path, strategy=strategy)
    (event,) = events(tmp_path, "distribution")
    assert event["entropy"] is None and event["mode"] == []
    assert event["samples"] and all(sample["log_prob"] is None for sample in event["samples"])


@pytest.mark.parametrize("samples", [-1, 2.5, True, "4"])
def test_a_number_of_samples_that_cannot_be_is_refused(tmp_path, samples):
    with pytest.raises(ConfigError, match="distribution_samples"):
        run(tmp_path / "run", distribution_samples=samples)
    assert not (tmp_path / "run").exists()


def test_resuming_with_another_number_names_it(tmp_path):
    run(tmp_path)
    with pytest.raises(RunFolderError, match="distribution_samples=9"):
        run(tmp_path, distribution_samples=9, resume=True)


def independent(seed=3):
    options = {"xla": False, "epochs": 4, "explore": {"points": [[0, 1.0], [4, 0.0]]}}
    return strategies.IndependentReinforce(SPACE, seed=seed, **options)


LEARNED = {"budget": 25, "distribution_samples": 5, "finalists": 0}


@pytest.fixture(scope="module")
def learned(tmp_path_factory):
    folder = tmp_path_factory.mktemp("learned") / "run"
    with pytest.MonkeyPatch.context() as patch:  # what a fixture of each test does comes too late
        patch.setattr(loop, "_CHECKPOINT_EVERY_S", 0.0)
        patch.setattr(loop.report, "write", lambda *a, **k: None)
        return search.run(independent(), Made(), directory=folder, **{**OPTIONS, **LEARNED})


def test_a_generator_comes_back_from_its_files_bit_for_bit(learned, tmp_path):
    loaded = search.load_distribution(learned.directory)
    archs = learned.distribution.sample(30, seed=1)
    assert type(loaded) is type(learned.distribution) and loaded.config == learned.distribution.config
    assert loaded.space.name == SPACE.name and loaded.sample(30, seed=1) == archs
    assert np.array_equal(loaded.log_prob(archs), learned.distribution.log_prob(archs))
    untrained = type(loaded)(SPACE, loaded.config)
    assert not np.array_equal(untrained.log_prob(archs), loaded.log_prob(archs)), "the weights were learned"
    assert not list(learned.directory.rglob("*.tmp"))


def test_the_saved_model_has_the_same_probabilities(learned):
    import tensorflow as tf

    model = tf.saved_model.load(str(learned.directory / "distribution" / "savedmodel"))
    graphs = model.sample(n=6, seed=[0, 1])
    assert np.isfinite(model.log_prob(**graphs)["log_prob"].numpy()).all()


def test_the_learning_curve_has_a_row_every_ten_queries_or_more(learned):
    (event,) = events(learned.directory, "distribution")
    queries = [row["queries"] for row in event["curve"]]
    assert queries == [4, 14, 24]
    assert all(0 < row["entropy"] < math.log(15_625) and row["entropy_error"] > 0 for row in event["curve"])


def test_a_learned_run_continues_as_if_it_had_not_been_cut(learned, tmp_path):
    lines = (learned.directory / FILE_NAME).read_bytes().splitlines(keepends=True)
    kinds = [event["event"] for event in read_events(learned.directory)]
    cuts = {kinds.index("distribution"), kinds.index("sample") + 2, 40}
    for cut in cuts:
        folder = tmp_path / f"cut{cut}"
        folder.mkdir()
        (folder / FILE_NAME).write_bytes(b"".join(lines[:cut]))
        if cut == 40:
            shutil.copytree(learned.directory / "checkpoint", folder / "checkpoint")
        result = search.run(independent(), Made(), directory=folder, resume=True, **{**OPTIONS, **LEARNED})
        assert log(folder) == list(comparable(read_events(learned.directory)))
        archs = learned.distribution.sample(5, seed=2)
        assert np.array_equal(result.distribution.log_prob(archs), learned.distribution.log_prob(archs))


def test_state_of_a_strategy_holds_its_curve():
    first, second = independent(), independent()
    first._curve.append({"queries": 7, "entropy": 1.5, "entropy_error": 0.25})
    second.set_state(json.loads(json.dumps(first.get_state(), default=str)))
    assert second.learning_curve() == ({"queries": 7, "entropy": 1.5, "entropy_error": 0.25},)


def test_files_are_written_once_for_the_same_weights(learned, tmp_path):
    folder = tmp_path / "run"
    shutil.copytree(learned.directory, folder)
    before = {path: path.stat().st_mtime_ns for path in (folder / "distribution").rglob("*")}
    save_distribution(folder, independent(), learned.distribution)
    assert {path: path.stat().st_mtime_ns for path in (folder / "distribution").rglob("*")} == before
    other = type(learned.distribution)(SPACE, learned.distribution.config, seed=9)
    save_distribution(folder, independent(), other)
    archs = other.sample(5, seed=0)
    assert np.array_equal(search.load_distribution(folder).log_prob(archs), other.log_prob(archs))
    assert sorted(path.name for path in (folder / "distribution").iterdir() if path.suffix != ".npy") == [
        "savedmodel",
        "weights.json",
    ]


def test_folders_without_a_distribution_are_told_apart(tmp_path):
    with pytest.raises(RunFolderError, match="no such folder"):
        search.load_distribution(tmp_path / "nowhere")
    run(tmp_path / "prior")
    with pytest.raises(RunFolderError, match="distribution/weights.json; received no such file.*graphpnas"):
        search.load_distribution(tmp_path / "prior")


def spoil_array(folder):
    (array, *_) = sorted(folder.glob("*.npy"))
    content = bytearray(array.read_bytes())
    content[-1] ^= 1
    array.write_bytes(content)


def change(**fields):
    def spoil(folder):
        path = folder / "weights.json"
        path.write_text(json.dumps({**json.loads(path.read_text()), **fields}))

    return spoil


@pytest.mark.parametrize(
    "spoil, error, words",
    [
        (spoil_array, StateError, "changed later"),
        (lambda folder: sorted(folder.glob("*.npy"))[0].unlink(), StateError, "weights"),
        (lambda folder: (folder / "weights.json").write_text('{"format": 1'), StateError, "weights.json"),
        (lambda folder: (folder / "weights.json").write_text("[]"), StateError, "weights.json"),
        (lambda folder: (folder / "weights.json").write_text('{"format": 1}'), StateError, "KeyError"),
        (change(format=2), StateError, "format 2"),
        (change(strategy="nobody"), UnknownNameError, "nobody"),
        (change(strategy="random"), StateError, "'random' does not have"),
        (change(space="nowhere"), UnknownNameError, "nowhere"),
        (change(space="nasbench101"), StateError, "arrays"),
        (change(config={"depth": 3}), StateError, "depth"),
    ],
)
def test_damaged_files_are_told(learned, tmp_path, spoil, error, words):
    folder = tmp_path / "run"
    shutil.copytree(learned.directory / "distribution", folder / "distribution")
    spoil(folder / "distribution")
    with pytest.raises(error, match=words):
        search.load_distribution(folder)


def test_a_generator_of_a_strategy_that_names_no_class_has_its_saved_model(learned, tmp_path):
    save_distribution(tmp_path, prior(), learned.distribution)
    assert [path.name for path in (tmp_path / "distribution").iterdir()] == ["savedmodel"]
    with pytest.raises(RunFolderError):
        search.load_distribution(tmp_path)


def test_failed_samples_are_in_the_log(tmp_path):
    class Fails(Made):
        def stream(self, proposals, *, seeds):
            for index, outcome in super().stream(proposals, seeds=seeds):
                sampled = proposals[index].source == "sample"
                yield index, Failure("hung", cost_s=2.0) if sampled else outcome

    result = run(tmp_path, Fails())
    assert all(isinstance(outcome, Failure) for outcome in RunRecord.read(tmp_path).samples.values())
    assert result.final is not None and events(tmp_path, "ledger")[0]["samples_cost_s"] > 0

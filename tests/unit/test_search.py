"""The search loop: resuming after an end at any moment, budgets, choice, errors."""

import dataclasses
import json
import math
import zlib

import pytest

from tfnas import search, spaces, strategies
from tfnas.errors import ConfigError, RunFolderError, SearchError
from tfnas.evaluators import Evaluator
from tfnas.ledger import Ledger
from tfnas.runlog import FILE_NAME, RunRecord, comparable, read_events
from tfnas.search import loop
from tfnas.trial import Failure, Measurement, Split

SPACE = spaces.get("nasbench201")


class Made(Evaluator):
    """A deterministic function of key and seed; counts its calls, fails now and then, may stop anywhere."""

    space = SPACE
    validation_size = 500

    def __init__(self, *, parallelism=2, reverse=False, stop_at=None, repeatable=False):
        self.parallelism = parallelism
        self.reverse = reverse
        self.stop_at = stop_at
        self.is_repeatable = repeatable
        self.calls = []
        self.final_calls = 0

    def stream(self, proposals, *, seeds):
        order = list(enumerate(zip(proposals, seeds)))
        for index, (proposal, seed) in reversed(order) if self.reverse else order:
            if self.stop_at is not None and len(self.calls) == self.stop_at:
                raise KeyboardInterrupt
            self.calls.append((SPACE.to_native(proposal.architecture), seed))
            number = zlib.crc32(f"{SPACE.canonical_key(proposal.architecture)} {seed}".encode())
            if number % 7 == 0:
                yield index, Failure("made to fail", cost_s=0.1)
            else:
                yield index, Measurement(round(0.5 + number % 1000 / 2500, 4), {"val_loss": 1.5}, cost_s=0.1)

    def finalize(self, architecture, *, seed, directory=None):
        self.final_calls += 1
        return Measurement(0.75, {"test_accuracy": 0.75}, Split.TEST)

    def config(self):
        return {"name": "made", "validation_size": self.validation_size}


MAKERS = {
    "random": lambda: strategies.RandomSearch(SPACE, seed=3),
    "evolution": lambda: strategies.RegularizedEvolution(SPACE, population=5, tournament=2, seed=3),
    "local": lambda: strategies.LocalSearch(SPACE, seed=3),
}
ASKED = ("result", "recheck")
OPTIONS = {"budget": 11, "seed": 5, "finalists": 2, "finalist_seeds": 2}


@pytest.fixture(autouse=True)
def checkpoint_always(monkeypatch):
    monkeypatch.setattr(loop, "_CHECKPOINT_EVERY_S", 0.0)


def log(directory):
    return list(comparable(read_events(directory)))


@pytest.mark.parametrize("name", MAKERS)
@pytest.mark.parametrize("keep_checkpoint", [True, False])
def test_a_run_cut_at_any_event_continues_as_if_it_had_not_been(tmp_path, name, keep_checkpoint, monkeypatch):
    monkeypatch.setattr(loop.report, "write", lambda *a, **k: None)
    whole = tmp_path / "whole"
    evaluator = Made()
    search.run(MAKERS[name](), evaluator, directory=whole, **OPTIONS)
    lines = (whole / FILE_NAME).read_bytes().splitlines(keepends=True)
    expected = log(whole)
    for cut in range(1, len(lines)):
        folder = tmp_path / f"cut{cut}"
        folder.mkdir()
        # a run that stopped here, with half of the next line written
        (folder / FILE_NAME).write_bytes(b"".join(lines[:cut]) + lines[cut][: len(lines[cut]) // 2])
        if keep_checkpoint:
            (folder / "checkpoint").mkdir()
            for file in (whole / "checkpoint").iterdir():  # newer than the log in most of the cuts
                (folder / "checkpoint" / file.name).write_bytes(file.read_bytes())
        again = Made()
        search.run(MAKERS[name](), again, directory=folder, resume=True, **OPTIONS)
        assert log(folder) == expected, f"cut after event {cut}"
        logged = sum(b'"event":"result"' in line or b'"event":"recheck"' in line for line in lines[:cut])
        assert again.calls == evaluator.calls[logged:], f"cut after event {cut}"


@pytest.mark.parametrize("stop_at", range(0, 15))
def test_ctrl_c_ends_with_a_result_and_the_run_can_go_on(tmp_path, stop_at):
    whole, folder = tmp_path / "whole", tmp_path / "stopped"
    result = search.run(MAKERS["evolution"](), Made(), directory=whole, **OPTIONS)
    assert result.finished == "budget"
    first = Made(reverse=True, stop_at=stop_at)
    stopped = search.run(MAKERS["evolution"](), first, directory=folder, **OPTIONS)
    assert stopped.finished == "interrupted"
    assert (folder / "report.html").exists()
    second = Made(reverse=True)
    resumed = search.run(MAKERS["evolution"](), second, directory=folder, resume=True, **OPTIONS)
    assert log(folder) == log(whole)
    assert resumed.best == result.best
    # what was measured before the end was not measured again, in its turn or not
    assert len(first.calls) + len(second.calls) == 11 + 4
    assert not set(first.calls) & set(second.calls)


def test_outcomes_are_logged_in_order_whatever_order_they_come_in(tmp_path):
    search.run(MAKERS["random"](), Made(), directory=tmp_path / "a", **OPTIONS)
    search.run(MAKERS["random"](), Made(reverse=True), directory=tmp_path / "b", **OPTIONS)
    assert log(tmp_path / "a") == log(tmp_path / "b")
    assert not (tmp_path / "b" / "pending").exists()


def test_a_finished_run_resumes_to_the_same_result_without_work(tmp_path):
    first = search.run(MAKERS["random"](), Made(), directory=tmp_path, **OPTIONS)
    evaluator = Made()
    again = search.run(MAKERS["random"](), evaluator, directory=tmp_path, resume=True, **OPTIONS)
    assert evaluator.calls == [] and evaluator.final_calls == 0
    assert (again.trials, again.rows, again.final) == (first.trials, first.rows, first.final)
    assert RunRecord.read(tmp_path).resumes == 1


def test_the_ledger_counts_queries_and_their_seconds(tmp_path):
    search.run(MAKERS["random"](), Made(), directory=tmp_path, **OPTIONS)
    events = read_events(tmp_path)
    outcomes = [event.get("measurement") or event["failure"] for event in events if event["event"] in ASKED]
    final = [event["measurement"] for event in events if event["event"] == "final"]
    ledger = {name: value for name, value in events[-1].items() if name not in ("n", "time", "chain")}
    assert ledger == {
        "event": "ledger",
        "queries": len(outcomes),
        "networks": len({event["key"] for event in events if event["event"] == "proposal"}),
        "failures": sum("reason" in outcome for outcome in outcomes),
        "final_reads": 1,
        "cost_s": math.fsum(outcome["cost_s"] for outcome in (*outcomes, *final)),
        "samples": 0,
        "samples_cost_s": 0.0,
    }
    assert ledger["queries"] > OPTIONS["budget"] and ledger["cost_s"] > 0
    before = Ledger.of(RunRecord.read(tmp_path))
    search.run(MAKERS["random"](), Made(), directory=tmp_path, **OPTIONS, resume=True)  # over: nothing is asked again
    assert Ledger.of(RunRecord.read(tmp_path)) == before


def test_test_values_are_read_once(tmp_path):
    evaluator = Made()
    result = search.run(MAKERS["random"](), evaluator, directory=tmp_path, **OPTIONS)
    assert evaluator.final_calls == 1
    assert result.final.split is Split.TEST
    kinds = [event["event"] for event in read_events(tmp_path)]
    assert kinds.count("final") == 1 and kinds[-2:] == ["final", "ledger"]
    assert all(trial.outcome.split is Split.VALIDATION for trial in result.trials if trial.objective is not None)


def test_without_a_directory_nothing_is_written_and_nothing_is_finalized(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    evaluator = Made()
    result = search.run(MAKERS["random"](), evaluator, budget=4)
    assert len(result.trials) == 4 and result.final is None and evaluator.final_calls == 0
    assert not list(tmp_path.iterdir())


def test_the_winner_is_chosen_by_fresh_measurements_alone():
    result = search.run(MAKERS["random"](), Made(), **OPTIONS)
    finalists = [row for row in result.rows if row.fresh]
    assert [row.fresh for row in finalists] == [2, 1]  # one fresh measurement was made to fail
    by_search = sorted((trial for trial in result.trials if trial.objective is not None), key=lambda t: -t.objective)
    assert {row.trial.id for row in finalists} == {trial.id for trial in by_search[:2]}
    assert result.best is result.rows[0].trial
    assert finalists[0].value >= finalists[1].value


def test_failures_count_against_the_budget():
    result = search.run(MAKERS["random"](), Made(), budget=40, finalists=0)
    failed = [trial for trial in result.trials if isinstance(trial.outcome, Failure)]
    assert len(result.trials) == 40 and failed
    assert len(result.rows) == 40 - len(failed)


def test_all_trials_failing_is_one_error_with_the_reason(tmp_path, monkeypatch):
    monkeypatch.setattr(zlib, "crc32", lambda *_: 7)
    evaluator = Made()
    result = search.run(MAKERS["random"](), evaluator, budget=3)
    with pytest.raises(SearchError, match="3 trials, 3 of them failed.*made to fail"):
        result.best


class Small(strategies.Strategy):
    """Proposes the same few networks for ever, or each once."""

    name = "small"

    def __init__(self, space, *, seed=0, repeat=False):
        super().__init__(space, seed=seed)
        self.repeat = repeat
        self.members = [space.sample(self.rng) for _ in range(3)]

    def _propose(self, n):
        from tfnas.trial import Proposal

        if self.repeat:
            return [Proposal(self.members[0])]
        arch = self.seen.first_new(self.members)
        return [] if arch is None else [Proposal(arch)]

    def _learn(self, trials):
        pass


def test_an_exhausted_space_ends_the_run_and_says_so(tmp_path):
    result = search.run(Small(SPACE), Made(), budget=10**6, directory=tmp_path)
    assert result.finished == "exhausted" and len(result.trials) == 3
    assert RunRecord.read(tmp_path).finished == "exhausted"


def test_a_strategy_that_repeats_a_network_is_told_so():
    with pytest.raises(SearchError, match="'small'.*network it has not proposed"):
        search.run(Small(SPACE, repeat=True), Made(), budget=3)


@pytest.mark.parametrize("budget", [0, -1, 2.5, True])
def test_a_budget_that_is_no_positive_integer_is_refused(tmp_path, budget):
    with pytest.raises(ConfigError, match="budget"):
        search.run(MAKERS["random"](), Made(), budget=budget, directory=tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_a_folder_with_a_run_is_not_overwritten(tmp_path):
    search.run(MAKERS["random"](), Made(), budget=2, directory=tmp_path)
    before = (tmp_path / FILE_NAME).read_bytes()
    with pytest.raises(RunFolderError, match="holds a run already.*resume"):
        search.run(MAKERS["random"](), Made(), budget=2, directory=tmp_path)
    assert (tmp_path / FILE_NAME).read_bytes() == before


@pytest.mark.parametrize(
    "change, named",
    [
        ({"budget": 12}, "budget=12"),
        ({"seed": 6}, "seed=6"),
        ({"finalists": 1}, "finalists=1"),
        ({"strategy": strategies.RandomSearch(SPACE, seed=4)}, "strategy: seed=4"),
        ({"strategy": strategies.LocalSearch(SPACE, seed=3)}, "name='local_search'"),
    ],
)
def test_resuming_with_other_arguments_names_them(tmp_path, change, named):
    search.run(MAKERS["random"](), Made(), directory=tmp_path, **OPTIONS)
    arguments = {"strategy": MAKERS["random"](), **OPTIONS, **change}
    with pytest.raises(RunFolderError, match=named):
        search.run(arguments.pop("strategy"), Made(), directory=tmp_path, resume=True, **arguments)


def test_resuming_a_run_of_another_version_is_refused(tmp_path, monkeypatch):
    search.run(MAKERS["random"](), Made(), directory=tmp_path, **OPTIONS)
    monkeypatch.setattr("tfnas.__version__", "9.9.9")
    with pytest.raises(RunFolderError, match="expected a run of tfnas 9.9.9; received one of tfnas"):
        search.run(MAKERS["random"](), Made(), directory=tmp_path, resume=True, **OPTIONS)


def test_a_log_of_other_proposals_is_noticed_at_the_first_one(tmp_path):
    search.run(MAKERS["random"](), Made(), directory=tmp_path, **OPTIONS)
    strategy = MAKERS["random"]()
    strategy.rng.random()  # same configuration, other numbers: as another version of the code would be
    import shutil

    shutil.rmtree(tmp_path / "checkpoint")
    with pytest.raises(RunFolderError, match="event 1 of .*expected what this search does next"):
        search.run(strategy, Made(), directory=tmp_path, resume=True, **OPTIONS)


def test_nothing_to_resume_is_an_error(tmp_path):
    with pytest.raises(RunFolderError, match="no such file"):
        search.run(MAKERS["random"](), Made(), directory=tmp_path / "none", resume=True, **OPTIONS)


def test_a_full_disk_ends_the_run_with_what_is_safe_and_it_can_go_on(tmp_path, monkeypatch):
    import errno

    from tfnas.runlog import EventLog

    original = EventLog._write

    def write(self, line):
        if len(self) == 9:
            raise OSError(errno.ENOSPC, "No space left on device")
        original(self, line)

    monkeypatch.setattr(EventLog, "_write", write)
    with pytest.raises(RunFolderError, match="first 9 events are safe.*tfnas resume"):
        search.run(MAKERS["random"](), Made(), directory=tmp_path / "full", **OPTIONS)
    monkeypatch.setattr(EventLog, "_write", original)
    search.run(MAKERS["random"](), Made(), directory=tmp_path / "full", resume=True, **OPTIONS)
    search.run(MAKERS["random"](), Made(), directory=tmp_path / "whole", **OPTIONS)
    assert log(tmp_path / "full") == log(tmp_path / "whole")


def test_every_proposal_has_its_seed_and_no_two_are_equal(tmp_path):
    search.run(MAKERS["random"](), Made(), directory=tmp_path, **OPTIONS)
    seeds = [event["seed"] for event in read_events(tmp_path) if "seed" in event and event["event"] != "start"]
    assert len(seeds) == 11 + 4 + 1 and len(set(seeds)) == len(seeds)


def test_the_architecture_file_names_the_winner(tmp_path):
    result = search.run(MAKERS["random"](), Made(), directory=tmp_path, **OPTIONS)
    content = json.loads((tmp_path / "architecture.json").read_text())
    assert content["native"] == SPACE.to_native(result.best.architecture)


def test_two_runs_cannot_use_one_folder_at_a_time(tmp_path):
    class Meets(Made):
        def stream(self, proposals, *, seeds):
            with pytest.raises(RunFolderError, match="no other run is using"):
                search.run(MAKERS["random"](), Made(), directory=tmp_path, resume=True, **OPTIONS)
            yield from super().stream(proposals, seeds=seeds)

    search.run(MAKERS["random"](), Meets(), directory=tmp_path, **OPTIONS)
    assert read_events(tmp_path)


@pytest.mark.parametrize("content", [b"", b'{"n":0,"event":"sta'])
@pytest.mark.parametrize("resume", [True, False])
def test_a_run_killed_before_its_first_event_simply_begins(tmp_path, content, resume):
    (tmp_path / FILE_NAME).write_bytes(content)
    result = search.run(MAKERS["random"](), Made(), directory=tmp_path, resume=resume, **OPTIONS)
    assert len(result.trials) == 11 and len(read_events(tmp_path)) > 20


def test_a_used_strategy_is_refused(tmp_path):
    strategy = MAKERS["random"]()
    strategy.ask(2)
    with pytest.raises(ConfigError, match="fresh one; received one that has proposed or been told 2"):
        search.run(strategy, Made(), directory=tmp_path / "run", **OPTIONS)
    assert not (tmp_path / "run").exists()


def test_an_evaluator_that_cannot_work_is_noticed_before_anything_is_written(tmp_path):
    class Wrong(Made):
        def check(self):
            raise ConfigError("loss", expected="one", received="none")

    with pytest.raises(ConfigError, match="loss"):
        search.run(MAKERS["random"](), Wrong(), directory=tmp_path / "run", **OPTIONS)
    assert not (tmp_path / "run").exists()


def test_ctrl_c_inside_a_batch_keeps_what_the_log_has(tmp_path):
    stopped = search.run(MAKERS["random"](), Made(parallelism=4, stop_at=6), directory=tmp_path, **OPTIONS)
    logged = [trial for trial in RunRecord.read(tmp_path).trials if trial.outcome is not None]
    assert len(logged) == 6 and stopped.trials == tuple(logged)


def test_a_last_training_that_failed_is_tried_again_on_resuming(tmp_path):
    class Fails(Made):
        def finalize(self, architecture, *, seed, directory=None):
            return Failure("out of memory", cost_s=100.0)

    first = search.run(MAKERS["random"](), Fails(), directory=tmp_path, **OPTIONS)
    assert first.final == Failure("out of memory", cost_s=100.0)
    before = Ledger.of(RunRecord.read(tmp_path))
    assert before.final_reads == 0
    again = search.run(MAKERS["random"](), Made(), directory=tmp_path, resume=True, **OPTIONS)
    assert again.final.objective == 0.75 and RunRecord.read(tmp_path).final.objective == 0.75
    after = Ledger.of(RunRecord.read(tmp_path))
    assert after == dataclasses.replace(before, final_reads=1)  # the failed one's 100 s stay counted
    assert after.cost_s > 100


def test_what_was_set_aside_for_something_else_is_not_used(tmp_path):
    (tmp_path / "pending").mkdir()
    (tmp_path / "pending" / "result-1.json").write_text('{"of": {}, "measurement": {"objective": 9.0}}')
    (tmp_path / "pending" / "result-2.json").write_text('{"half')
    search.run(MAKERS["random"](), Made(), directory=tmp_path, **OPTIONS)
    search.run(MAKERS["random"](), Made(), directory=tmp_path / "clean", **OPTIONS)
    assert log(tmp_path) == log(tmp_path / "clean")


def test_spaces_with_options_and_unregistered_ones_are_reported_whole(tmp_path):
    from tfnas.testing import TinySpace

    class Own(TinySpace):
        name = "never_registered"

    for number, space in enumerate((spaces.get("randwire,nodes=5"), Own())):
        made = Made()
        made.space = space
        made.stream = lambda proposals, *, seeds: ((k, Measurement(0.5, cost_s=0.1)) for k in range(len(proposals)))
        folder = tmp_path / str(number)
        result = search.run(strategies.RandomSearch(space, seed=1), made, budget=3, directory=folder)
        written = json.loads((folder / "architecture.json").read_text())
        assert written["native"] == space.to_native(result.best.architecture)
    pictures = {path.name for path in (tmp_path / "0" / "figures").iterdir()}
    assert any(name.startswith("cell_1") for name in pictures), pictures
    assert "not registered" not in (tmp_path / "0" / "report.md").read_text()

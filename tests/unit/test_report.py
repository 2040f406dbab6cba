"""Reports, from made-up run folders at every stage of a run."""

from __future__ import annotations

import html.parser
import itertools
import math
import re

import pytest

from tfnas import report
from tfnas.errors import RunFolderError
from tfnas.report import html as html_report
from tfnas.report import markdown as markdown_report
from tfnas.report import values
from tfnas.report.gather import gather
from tfnas.report.markdown import code, text
from tfnas.runlog import EventLog, outcome_fields
from tfnas.spaces import NASBench201
from tfnas.trial import Failure, Measurement, Proposal, Split

SPACE = NASBench201()
LIVE = "|nor_conv_3x3~0|+|nor_conv_3x3~0|avg_pool_3x3~1|+|none~0|nor_conv_3x3~1|avg_pool_3x3~2|"
DEAD = "|nor_conv_3x3~0|+|none~0|none~1|+|skip_connect~0|none~1|none~2|"
OTHERS = [arch for arch, _ in zip(itertools.islice(SPACE.enumerate(), 3000, None, 7), range(60))]
CELLS = [SPACE.from_native(LIVE), SPACE.from_native(DEAD), *OTHERS]
TRAINING = {
    "name": "training",
    "objective": {"name": "val_accuracy", "direction": "max"},
    "input_shape": [8, 8, 1],
    "num_classes": 10,
    "skeleton": {"cells_per_stage": 1, "channels": 8},
    "validation_size": 200,
    "data": {"test": {"shape": [400, 8, 8, 1]}},
}
TABLE = {"name": "table", "signal": "valid", "split": "validation", "test": ["cifar10_test"], "direction": "max"}


class Folder:
    """Writes a log step by step, two seconds an event."""

    def __init__(self, path, monkeypatch, *, budget=6, evaluator=TRAINING, strategy=None, **start):
        path.mkdir(parents=True, exist_ok=True)
        self.path, self.now, self.trials = path, 1_700_000_000.0, 0
        monkeypatch.setattr("tfnas.runlog.time.time", self._tick)
        self.log = EventLog(path)
        self.add(
            "start",
            **{
                "format": 1,
                "space": "nasbench201",
                "strategy": strategy or {"name": "evolution", "seed": 3, "dedupe": "canonical", "population": 20},
                "evaluator": evaluator,
                "budget": budget,
                "seed": 7,
                "batch_size": 1,
                "finalists": 2,
                "finalist_seeds": 2,
                "versions": {"tfnas": "0.1.0", "numpy": "2.4.6"},
                "threads": {"cores": 2},
                "platform": "Linux",
                **start,
            },
        )

    def _tick(self):
        self.now += 2.0
        return self.now

    def add(self, event, **fields):
        self.log.append(event, **fields)
        return self

    def propose(self, native=None):
        arch = CELLS[self.trials]
        fields = {"trial": self.trials, "seed": self.trials, "key": SPACE.canonical_key(arch)}
        self.add("proposal", **fields, native=native or SPACE.to_native(arch), proposal=Proposal(arch).to_dict())
        self.trials += 1
        return self

    def trial(self, outcome, native=None):
        """Adds a trial: a value, or the reason of a failure."""
        self.propose(native)
        return self.outcome("result", self.trials - 1, outcome)

    def outcome(self, event, trial, outcome, **fields):
        made = Failure(outcome, 1.0) if isinstance(outcome, str) else Measurement(outcome, cost_s=60.0)
        return self.add(event, trial=trial, **fields, **outcome_fields(made))

    def finish(self, reason="budget"):
        return self.add("finish", reason=reason, trials=self.trials)

    def recheck(self, trial, *outcomes):
        for repeat, outcome in enumerate(outcomes):
            self.outcome("recheck", trial, outcome, repeat=repeat, seed=5)
        return self

    def choose(self, trial, value, interval=None, tied=()):
        return self.add("choice", trial=trial, value=value, interval=interval, tied=list(tied))

    def final(self, trial, outcome):
        return self.add("final", trial=trial, seed=9, **outcome_fields(outcome))


@pytest.fixture
def folder(tmp_path, monkeypatch):
    def make(name="run", **start):
        return Folder(tmp_path / name, monkeypatch, **start)

    return make


def finished(folder, name="run", test=0.617, **start):
    """A whole run: six trials, one failed, two finalists, a choice, a test value."""
    run = folder(name, **start)
    for outcome in (0.80, 0.92, "loss is nan", 0.60, 0.91, 0.70):
        run.trial(outcome)
    run.finish().recheck(1, 0.86, 0.88).recheck(4, 0.89, 0.91).choose(4, 0.90, (0.84, 0.95), [1])
    metrics = {"test_accuracy": test, "test_loss": 0.7654, "epochs": 24.0}
    return run.final(4, Measurement(test, metrics, Split.TEST, 24, 30.0))


STAGES = {
    "started": lambda f: f(),
    "one proposal": lambda f: f().propose(),
    "one trial": lambda f: f().trial(0.8),
    "interrupted": lambda f: f().trial(0.8).trial("out of memory").trial(0.7).add("interrupt", reason="keyboard"),
    "all failed": lambda f: f(budget=2).trial("a").trial("a").finish(),
    "searched": lambda f: f(budget=3).trial(0.8).trial(0.7).trial(0.75).finish(),
    "fresh measurement failed": lambda f: f(budget=2).trial(0.8).trial(0.7).finish().recheck(0, "died", "died"),
    "chosen": lambda f: f(budget=2).trial(0.8).trial(0.7).finish().recheck(0, 0.7, 0.75).choose(0, 0.725),
    "final failed": lambda f: f(budget=1).trial(0.8).finish().choose(0, 0.8).final(0, Failure("disk went away")),
    "final on validation": lambda f: f(budget=1).trial(0.8).finish().choose(0, 0.8).final(0, Measurement(0.79)),
    "exhausted": lambda f: f().trial(0.8).finish("exhausted").choose(0, 0.8),
    "finished": finished,
    "table": lambda f: f(evaluator=TABLE, budget=2).trial(91.5).trial(90.25).finish().choose(0, 91.5),
}


class Page(html.parser.HTMLParser):
    """Reads a page: its text, its tags, and whether every tag is closed."""

    VOID = {"meta", "link", "br", "hr", "img", "input", "wbr"}

    def __init__(self, source):
        super().__init__()
        self.open, self.tags, self.words, self.attributes = [], [], [], []
        self.feed(source)
        self.close()
        assert not self.open, self.open

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.words.append(data)

    @property
    def text(self):
        return "".join(self.words)


def without_pictures(run):
    """Returns the Markdown and the page of a run folder without the work of drawing."""
    data = gather(run.path)
    return markdown_report.render(data, {}, {}), html_report.render(data, {})


def section(markdown, title):
    return markdown.partition(f"## {title}\n")[2].partition("\n## ")[0]


@pytest.mark.parametrize("stage", STAGES)
def test_a_report_can_be_written_at_every_stage(folder, stage):
    run = STAGES[stage](folder)
    paths = report.write(run.path)
    assert (paths.markdown.name, paths.html.name) == ("report.md", "report.html")
    markdown, page = paths.markdown.read_text("utf-8"), paths.html.read_text("utf-8")
    assert set(re.findall(r"!\[.*\]\((.*)\)", markdown)) == {f"figures/{path.name}" for path in paths.figures}
    read = Page(page)
    assert "script" not in read.tags and "link" not in read.tags and "img" not in read.tags
    assert not [value for _, value in read.attributes if value and "://" in value and "w3.org" not in value]
    status = gather(run.path).status
    assert status in markdown and status in read.text
    assert markdown.startswith("# Architecture search in nasbench201")
    assert len(report.summary(run.path).splitlines()) <= 14
    assert not list(run.path.rglob("*.tmp"))


@pytest.mark.parametrize("stage", ["started", "finished"])
def test_the_same_log_gives_the_same_bytes(folder, stage):
    run = STAGES[stage](folder)
    first, second = (
        {path.name: path.read_bytes() for path in (paths.markdown, paths.html, *paths.figures)}
        for paths in (report.write(run.path), report.write(run.path))
    )
    assert first == second


@pytest.mark.parametrize(
    "stage, words",
    [
        ("started", "Not finished after 0 of 6 trials; it can be resumed."),
        ("interrupted", "Interrupted after 3 of 6 trials; it can be resumed."),
        ("all failed", "Finished: all 2 trials of the budget. Every trial failed."),
        ("searched", "The best networks are not measured again yet"),
        ("exhausted", "Finished: the space has no further network after 1 of 6 trials."),
        ("finished", "Finished: all 6 trials of the budget."),
        ("chosen", "Trial 0: validation accuracy 72.5 %"),
        ("searched", "Trial 0 leads so far: validation accuracy 80.0 %"),
        ("one proposal", "No trial has a value yet."),
        ("all failed", "No trial gave a value."),
        ("final failed", "The last measurement failed: disk went away"),
        ("final on validation", "No test value: no examples were held back."),
        ("final on validation", "Its value on the validation examples, by which it was chosen, is 79.0 %."),
        ("chosen", "No test value: nothing was held back"),
        ("table", "No interval is known for these values"),
    ],
)
def test_what_a_stage_says(folder, stage, words):
    markdown, page = without_pictures(STAGES[stage](folder))
    assert words in markdown
    assert words in Page(page).text


def test_a_validation_value_is_never_among_the_test_values(folder):
    assert not gather(STAGES["final on validation"](folder).path).test


def test_the_leaderboard_has_values_intervals_and_ties(folder):
    data = gather(finished(folder).path)
    assert [(entry.trial, entry.row.fresh) for entry in data.entries] == [(4, 2), (1, 2), (0, 0), (5, 0), (3, 0)]
    assert [entry.tied for entry in data.entries] == [False, True, False, False, False]
    assert data.best.chosen and data.best.trial == 4
    markdown, _ = without_pictures(finished(folder, "again"))
    rows = [line.split(" | ") for line in section(markdown, "Leaderboard").splitlines() if re.match(r"\| \d", line)]
    assert [row[3] for row in rows] == ["90.0", "87.0", "80.0", "70.0", "60.0"]
    assert [row[-1].strip(" |") for row in rows] == ["chosen", "tie", "", "", ""]
    # Wilson's interval of 160 out of 200, from its closed form
    z = 1.959963984540054
    middle, half = 0.8 + z * z / 400, z * math.sqrt(0.8 * 0.2 / 200 + z * z / (4 * 200 * 200))
    low, high = ((middle + sign * half) / (1 + z * z / 200) for sign in (-1, 1))
    assert rows[2][4] == f"{100 * low:.1f} to {100 * high:.1f}"


def test_a_proportion_never_lies_outside_nought_and_one(folder):
    run = folder(budget=1).trial(0.99).finish().recheck(0, 0.99, 0.93).choose(0, 0.96, (0.4, 1.52))
    low, high = gather(run.path).best.row.interval
    assert 0.0 <= low < 0.96 < high == 1.0


def test_test_values_stand_in_their_own_section_alone(folder):
    markdown, page = without_pictures(finished(folder))
    assert "61.7 %" in section(markdown, "Test") and "0.7654" in section(markdown, "Test")
    assert markdown.count("61.7") == 1 and markdown.count("0.7654") == 1
    assert "400 examples" in section(markdown, "Test")
    before, _, rest = page.partition("<h2>Test</h2>")
    inside, _, after = rest.partition("</section>")
    assert "61.7 %" in inside and "61.7 %" not in before + after
    assert "nothing was chosen by these values" in inside
    assert "trained once more, for 24 epochs" in inside


@pytest.mark.parametrize("split, says", [("test", True), ("validation", False)])
def test_a_test_column_as_signal_is_said_on_the_first_line(folder, split, says):
    evaluator = {**TABLE, "signal": "test-acc", "split": split, "benchmark_study": True}
    run = folder(evaluator=evaluator).trial(91.5)
    markdown, page = without_pictures(run)
    body = page.partition("<body>")[2].strip().splitlines()
    for first in (markdown.splitlines()[0], body[0], report.summary(run.path).splitlines()[0]):
        assert ("search signal was a test column, test-acc" in first) == says


def test_costs_are_those_of_the_skeleton_that_was_trained_or_the_published_one(folder):
    # published figures of NAS-Bench-201: 802,426 parameters, 113.95137 M "flops"
    run = folder(evaluator=TABLE).trial(91.5).trial(91.0)
    best, dead = (entry.size for entry in gather(run.path).entries)
    assert (best.params, best.macs) == (802_426, 113_951_370 - 10) and not best.differs
    convolution = sum(9 * c * c + 2 * c for c in (16, 32, 64))
    assert dead.published_params - dead.params == 5 * convolution
    assert dead.params == 73_306
    own = gather(folder("own").trial(0.9).trial(0.8).path).entries[1].size
    expected = SPACE.cost(CELLS[1], (8, 8, 1), 10, live_only=True, cells_per_stage=1, channels=8)
    assert (own.params, own.macs) == (expected.params, expected.macs)
    markdown, _ = without_pictures(run)
    assert "802,426" in markdown and "114 M" in markdown
    assert "73,306 (published 316,346)" in markdown


def test_a_minimised_objective_keeps_the_sign_of_the_user(folder):
    evaluator = {**TRAINING, "objective": {"name": "val_mae", "direction": "min"}, "validation_size": None}
    run = folder(evaluator=evaluator, budget=3).trial(-0.5).trial(-0.25).trial(-0.75).finish()
    run.recheck(1, -0.30, -0.32).recheck(0, -0.5, -0.51).choose(1, -0.31, (-0.36, -0.26))
    data = gather(run.path)
    assert data.best.trial == 1 and data.scale.minimise
    assert data.facts[0].name == "Validation mae" and data.facts[0].value == "0.3100"
    low, high = map(float, re.findall(r"[\d.]+", data.facts[0].note.removeprefix("95 % interval")))
    assert 0.0 < low < 0.31 < high
    assert data.runs[0].curve == (0.5, 0.25, 0.75) and data.runs[0].best == "0.2500"
    assert "minimised" in next(fact for fact in data.setup if fact.name == "Evaluator").note
    assert "-0." not in report.write(run.path).markdown.read_text("utf-8")


def test_tables_of_plain_numbers_are_not_percentages(folder):
    run = folder(evaluator=TABLE).trial(91.53).trial(90.25)
    data = gather(run.path)
    assert data.facts[0].name == "valid (validation column)" and data.facts[0].value == "91.53"
    assert "%" not in data.scale.axis


def test_a_baseline_is_drawn_and_told_beside_the_run(folder, tmp_path):
    run = finished(folder)
    random = folder("baseline", strategy={"name": "random", "seed": 3, "dedupe": "canonical"}, finalists=0)
    for value in (0.5, 0.85, 0.7):
        random.trial(value)
    paths = report.write(run.path, baseline_directory=random.path)
    data = gather(run.path, random.path)
    assert [(one.name, one.best) for one in data.runs] == [("evolution", "92.0 %"), ("random (baseline)", "85.0 %")]
    assert data.runs[0].curve == pytest.approx((80.0, 92.0, None, 60.0, 91.0, 70.0))
    assert data.runs[0].chosen.startswith("90.0 % (")
    assert "The runs differ in length: 6 and 3 trials." in data.run_notes
    assert not any("evaluators differ" in note for note in data.run_notes)
    markdown, page = paths.markdown.read_text("utf-8"), Page(paths.html.read_text("utf-8"))
    for written in (markdown, page.text):
        assert "random (baseline)" in written and "85.0 %" in written
    other = folder("other", evaluator={**TRAINING, "validation_size": 99}).trial(0.5)
    assert any("evaluators differ" in note for note in gather(run.path, other.path).run_notes)
    with pytest.raises(RunFolderError, match="no such file"):
        report.write(run.path, baseline_directory=tmp_path / "nowhere")


def test_a_test_value_of_the_baseline_is_beside_that_of_the_run(folder):
    run, other = finished(folder), finished(folder, "other", test=0.555)
    facts = {fact.name: fact.value for fact in gather(run.path, other.path).test}
    assert facts["test accuracy"] == "61.7 %"
    assert facts["test accuracy, choice of evolution (baseline)"] == "55.5 %"


NASTY = "</td><img src=x onerror=alert(1)> | `boom` **b** [a](http://e.vil)\n# heading"


def test_no_text_of_a_log_becomes_markup(folder):
    run = folder(
        evaluator={**TRAINING, "name": "<b>evaluator</b>", "note": "```\n# out of the fence"},
        strategy={"name": "<i>strategy</i>", "dedupe": "canonical", "option": "<u>x</u>"},
        platform="<script>alert(2)</script>",
    )
    run.trial(0.9, native="<script>alert(1)</script>|`x`").trial(NASTY).trial(0.8, native="``two`` | ticks")
    paths = report.write(run.path)
    page = Page(paths.html.read_text("utf-8"))
    assert not {"script", "img", "b", "i", "u"} & set(page.tags)
    for written in ("<script>alert(1)</script>|`x`", "<img src=x onerror=alert(1)>", "<i>strategy</i>", "<u>x</u>"):
        assert written in page.text
    markdown = paths.markdown.read_text("utf-8")
    fenced = re.sub(r"^(`{3,})\w*\n.*?^\1$", "", markdown, flags=re.S | re.M)
    plain = re.sub(r"(?<!\\)(?<!`)(`+)(?!`).*?(?<!`)\1(?!`)", "", fenced)
    assert "<" not in plain and not {"# heading", "# out of the fence"} & set(fenced.splitlines())
    assert "**b**" not in plain and "[a](" not in plain
    rows = [line for line in section(markdown, "Leaderboard").splitlines() if line.startswith("|")]
    assert {len(re.findall(r"(?<!\\)\|", row)) for row in rows} == {11}


@pytest.mark.parametrize("value", ["plain", "a|b", "`a`", "``", "a `b` ``c``", " x ", "line\nline"])
def test_code_spans_give_their_text_back(value):
    span = code(value)
    fence = re.match("`+", span)[0]
    inner = span[len(fence) : -len(fence)]
    assert fence not in re.findall("`+", inner)
    if inner[0] == inner[-1] == " ":
        inner = inner[1:-1]
    assert inner == " ".join(value.split())


def test_markdown_text_is_on_one_line_and_escaped():
    assert text("a_b*c\n<d>|`e`&") == r"a\_b\*c &lt;d&gt;\|\`e\`&amp;"


def test_failures_are_grouped_by_reason_with_the_most_frequent_first(folder):
    run = folder(budget=4).trial("nan").trial("memory").trial("memory").trial(0.9).finish().recheck(3, 0.8, "memory")
    run.choose(3, 0.8).final(3, Failure("nan"))
    groups = gather(run.path).failures
    assert [(group.stage, group.reason, group.trials) for group in groups] == [
        ("search", "memory", (1, 2)),
        ("search", "nan", (0,)),
        ("fresh measurement", "memory", (3,)),
        ("last measurement", "nan", (3,)),
    ]
    markdown, _ = without_pictures(run)
    assert "| 2 | search | memory | 1, 2 |" in section(markdown, "Failures")


def test_pauses_are_not_running_time_and_resumes_are_counted(folder):
    run = folder().trial(0.9).add("interrupt", reason="keyboard")
    run.now += 5000
    run.add("resume", versions={"tfnas": "0.1.0", "numpy": "2.5.0"}).trial(0.8).add("resume").trial(0.7)
    data = gather(run.path)
    machine = {fact.name: fact for fact in data.machine}
    # ten events after the start, two seconds apart, less the two gaps before a resume
    assert machine["Running time"].value == "14 s"
    assert machine["Running time"].note == "interrupted by hand once, resumed twice; pauses not counted"
    assert machine["Started"].value == "2023-11-14 22:13 UTC"
    assert machine["Evaluation time"].value == "3 min 00 s"
    assert machine["Versions"].value == "tfnas 0.1.0, numpy 2.4.6"
    assert machine["Threads"].value == "cores 2"
    assert data.notes == ("A resumed part ran with other versions: numpy 2.5.0.",)
    assert data.facts[-1].note == "resumed twice"


@pytest.mark.parametrize(
    "dedupe, words", [("canonical", "isomorphic live graphs"), ("native", "published form"), ("none", "repeats")]
)
def test_the_counting_of_queries_is_said(folder, dedupe, words):
    run = folder(strategy={"name": "random", "seed": 0, "dedupe": dedupe}).trial(0.9)
    setup = {fact.name: fact for fact in gather(run.path).setup}
    assert words in setup["Budget"].note
    assert setup["Space"].note == "15,625 architectures, 5,425 distinct networks"
    assert setup["Seed"].value == "7"


def test_files_to_take_away_come_with_three_lines_that_load_them(folder):
    run = finished(folder)
    assert "No network was saved" in without_pictures(run)[0]
    for name in ("best.keras", "architecture.json"):
        (run.path / name).write_text('{"ops": ["input"], "edges": []}')
    (run.path / "best_savedmodel").mkdir()
    artefacts = {artefact.name: artefact.snippet for artefact in gather(run.path).artefacts}
    assert list(artefacts) == ["best.keras", "best_savedmodel", "architecture.json"]
    for snippet in artefacts.values():
        compile(snippet, "snippet", "exec")
        assert len(snippet.splitlines()) == 3 and "tfnas" not in snippet
    assert "[N, 8, 8, 1]" in artefacts["best.keras"]
    markdown, _ = without_pictures(run)
    assert all(snippet in markdown for snippet in artefacts.values())
    assert "best_savedmodel" in report.summary(run.path)


def test_the_architecture_snippet_runs(folder, monkeypatch, capsys):
    run = folder().trial(0.9)
    (run.path / "architecture.json").write_text(CELLS[0].to_json())
    (artefact,) = gather(run.path).artefacts
    monkeypatch.chdir(run.path)
    exec(compile(artefact.snippet, "snippet", "exec"), {})
    assert capsys.readouterr().out.startswith("['input', 'nor_conv_3x3'")


def test_the_pictures_are_those_of_the_best_five(folder):
    run = finished(folder)
    paths = report.write(run.path)
    names = {path.stem for path in paths.figures}
    assert names == {"best_so_far", "leaderboard", "value_against_size", *(f"cell_{k}" for k in range(1, 6))}
    page = Page(paths.html.read_text("utf-8"))
    assert page.tags.count("svg") == len(names)
    ids = [value for name, value in page.attributes if name == "id"]
    assert len(ids) == len(set(ids))
    operators = set(itertools.chain(*(SPACE.live_operators(CELLS[trial]) for trial in (4, 1, 0, 5, 3))))
    assert operators <= set(page.words)
    assert "#1f2933" not in paths.html.read_text("utf-8").partition("</style>")[2], "drawings follow the page's colours"


def test_pictures_of_an_older_report_go_away(folder):
    figures = folder().trial("died").path / "figures"
    figures.mkdir()
    for name in ("cell_5.png", "own.png"):
        (figures / name).write_bytes(b"")
    report.write(figures.parent)
    assert [path.name for path in figures.iterdir()] == ["own.png"], "only its own pictures are its to remove"


def test_a_long_leaderboard_is_cut_and_says_so(folder):
    run = folder(budget=30)
    for k in range(30):
        run.trial(0.5 + k / 100)
    markdown, page = without_pictures(run)
    assert "10 more are in events.jsonl." in markdown
    assert "10 more are in events.jsonl." in Page(page).text
    assert len([line for line in section(markdown, "Leaderboard").splitlines() if re.match(r"\| \d", line)]) == 20


def test_a_space_that_is_not_registered_leaves_pictures_and_costs_out(folder):
    run = folder(space="elsewhere").trial(0.9)
    paths = report.write(run.path)
    assert "tfnas.spaces.register" in paths.markdown.read_text("utf-8")
    assert not [path for path in paths.figures if path.stem.startswith("cell")]
    assert "parameters" not in report.summary(run.path)


def test_a_space_whose_costs_have_no_defaults_leaves_costs_out(folder, monkeypatch):
    def cost(self, arch, input_shape, num_classes, *, live_only=False, **skeleton):
        raise AssertionError("not to be asked")

    monkeypatch.setattr(NASBench201, "cost", cost)
    data = gather(folder(evaluator=TABLE).trial(91.0).path)
    assert data.best.size is None
    assert any("costs are left out" in note for note in data.notes)


def test_the_summary_of_a_finished_run(folder):
    run = finished(folder)
    for name in ("report.html", "report.md"):
        (run.path / name).touch()
    lines = report.summary(run.path).splitlines()
    told = {line[2:14].strip(): line[14:] for line in lines[2:]}
    assert lines[:2] == ["Architecture search in nasbench201", "Finished: all 6 trials of the budget."]
    assert told["found"] == SPACE.to_native(CELLS[4])
    assert told["value"].startswith("90.0 % validation accuracy; 95 % interval ")
    assert told["value"].endswith("mean of 2 fresh measurements")
    assert told["ties"] == "1 network may be as good: 1"
    size = SPACE.cost(CELLS[4], (8, 8, 1), 10, live_only=True, cells_per_stage=1, channels=8)
    assert f"{size.params:,}" in told["size"] and "multiply-accumulates" in told["size"]
    assert told["test"].startswith("61.7 % test accuracy (95 % interval ")
    assert told["trials"] == "6; 1 failed"
    assert told["failures"] == "most often: loss is nan"
    assert told["time"] == "38 s"
    assert told["files"].startswith(str(run.path)) and "report.html, report.md" in told["files"]


def test_a_folder_without_a_log_is_refused(tmp_path):
    for function in (report.write, report.summary):
        with pytest.raises(RunFolderError, match="events.jsonl"):
            function(tmp_path)


@pytest.mark.parametrize(
    "seconds, words",
    [(0, "0.0 s"), (9.94, "9.9 s"), (59.4, "59 s"), (59.6, "1 min 00 s"), (61, "1 min 01 s"), (600, "10 min"),
     (3599, "59 min"), (3660, "1 h 01 min"), (86400 + 7200, "1 d 02 h")],
)  # fmt: skip
def test_durations(seconds, words):
    assert values.duration(seconds) == words


@pytest.mark.parametrize(
    "evaluator, largest, value, shown",
    [
        ({"validation_size": 360}, 1.0, 0.94166, "94.2 %"),
        ({"validation_size": 10_000}, 1.0, 0.94166, "94.17 %"),
        ({"objective": {"direction": "min"}, "validation_size": 360}, 0.1, -0.05, "5.0 %"),
        ({}, 91.5, 91.5, "91.50"),
        ({}, 0.9153, 0.9153, "0.9153"),
        ({}, 0.0, 0.0, "0.000"),
        ({"objective": {"direction": "min"}}, 0.5, 0.0, "0.0000"),
        ({}, 123456.0, 123456.0, "123456"),
    ],
)
def test_values_are_shown_with_the_digits_that_mean_something(evaluator, largest, value, shown):
    assert values.Scale.of(evaluator, largest).text(value) == shown


def test_a_folder_that_cannot_be_written_is_named(folder):
    run = folder().trial(0.9)
    (run.path / "figures").write_text("in the way")
    with pytest.raises(RunFolderError, match="The log is safe"):
        report.write(run.path)


def test_long_published_forms_are_whole_once_and_short_in_tables():
    from tfnas.report.wording import shortened

    assert shortened("|" * 200) == "|" * 200
    assert shortened("x" * 1234) == "x" * 100 + "... (1234 characters)"

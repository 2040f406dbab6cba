"""Comparisons of autoencoders: folders, stages, tables; and the recipes that have the papers' values."""

import json
import math

import numpy as np
import pytest
from click.testing import CliRunner

from recipes.darts import autoencoders as darts
from recipes.enas_macro import autoencoders as enas_macro
from recipes.nasbench101 import autoencoders as nasbench101
from recipes.nasbench201 import autoencoders as nasbench201
from tfnas import spaces
from tfnas.autoencoding import EVALUATION, Evaluation, Measure, TrainingJob
from tfnas.errors import ConfigError, UnknownNameError
from tfnas.protocol import autoencoders, tables
from tfnas.protocol.autoencoder_tables import arch2vec_table, svge_table
from tfnas.protocol.autoencoders import Comparison, Entry, Trainings, make_command

SVGE = svge_table("ENAS", "members", [("SVGe", "svge", ("1", "2", "3", "4")), ("DGMG", "dgmg", ("5", "6", "7", "8"))])
JOB = TrainingJob(model="svge", space="nasbench201", count=50)
STUDIES = [*nasbench101.STUDIES.values(), *nasbench201.STUDIES.values(), *enas_macro.STUDIES.values()]


def evaluation(equal, validity):
    rules = {"members": {"validity": validity, "uniqueness": None, "novelty": 0.25}, "labels": {"validity": 1.0}}
    measures = (
        Measure("reconstruction", {}, {"equal": equal}, 1.0),
        Measure("generation scaled", {}, rules, 1.0),
        Measure("coverage scaled", {}, {"distinct": 0.125, "members": 1.0}, 1.0),
    )
    return Evaluation("svge", "enas_macro", "weights", measures, "1")


def keep(folder, made):
    folder.mkdir(parents=True)
    (folder / EVALUATION).write_text(json.dumps(made.to_json()))


def test_a_table_has_means_over_seeds_beside_the_printed_figures(tmp_path):
    comparison = Comparison.of("x", {"svge": JOB}, (SVGE,), seeds=2)
    keep(tmp_path / "autoencoders" / "svge" / "seed0", evaluation(0.5, 0.25))
    keep(tmp_path / "autoencoders" / "svge" / "seed1", evaluation(0.7, 0.75))
    text = tables.write(Trainings(comparison, tmp_path))
    (line,) = json.loads((tmp_path / "tables.json").read_text())["svge-table1"]["lines"]  # DGMG has no entry
    accuracy, validity = line["values"]["accuracy (%)"], line["values"]["validity (%)"]
    assert math.isclose(accuracy["mean"], 60) and math.isclose(accuracy["deviation"], 20 / math.sqrt(2))
    assert (validity["mean"], validity["count"]) == (50, 2)
    assert line["values"]["uniqueness (%)"] is None and line["values"]["distinct members (%)"]["mean"] == 12.5
    assert list(line["paper"].values()) == ["1", "2", "3", "4"]
    assert "| SVGe | 60.00 ± 14.14 (2) | 1 |" in text


def test_without_measures_there_are_no_figures(tmp_path):
    table = arch2vec_table("x", "labels", [("arch2vec", "a", ("1", "2", "3"))])
    comparison = Comparison("x", (Entry("a", JOB),), (table,))
    tables.write(Trainings(comparison, tmp_path))
    (line,) = json.loads((tmp_path / "tables.json").read_text())["arch2vec-table1"]["lines"]
    assert set(line["values"].values()) == {None}


def test_names_are_checked():
    with pytest.raises(ConfigError, match="one entry each"):
        Comparison("x", (Entry("a", JOB), Entry("a", JOB)), ())
    with pytest.raises(UnknownNameError, match="dgmg"):
        Comparison("x", (Entry("svge", JOB),), (SVGE,))


@pytest.fixture
def calls(monkeypatch):
    made = []

    def train(job, folder, **_):
        made.append(("train", job, folder))
        return type("Card", (), {"parameters": 1, "seconds": 1.0})

    monkeypatch.setattr(autoencoders.autoencoding, "train", train)
    monkeypatch.setattr(
        autoencoders.autoencoding, "evaluate", lambda folder, **given: made.append(("evaluate", given, folder))
    )
    return made


def test_graphs_are_written_once_and_trained_on(tmp_path, calls):
    written = []

    def write(path):
        written.append(path)
        path.write_text("graphs")

    comparison = Comparison.of("x", {"svge": JOB}, (SVGE,), write_graphs=write, measures={"limit": 3})
    for _ in range(2):
        autoencoders.run(comparison, tmp_path, ("train", "evaluate"))
    assert len(written) == 1
    (_, job, folder), (_, given, measured) = calls[:2]
    assert (job.graphs, job.count) == (str(tmp_path / "graphs.txt"), None)
    assert folder == measured == tmp_path / "autoencoders" / "svge" / "seed0"
    assert given["priors"] == ("scaled",) and given["limit"] == 3 and given["graphs"] == job.graphs


def test_the_command_passes_options_on(tmp_path, calls):
    made = make_command("What.", {"paper": Comparison.of("x", {"svge": JOB, "dgmg": JOB}, (SVGE,))}, None)
    result = CliRunner().invoke(
        made, ["train", "--row", "svge", "--seeds", "2", "--epochs", "7", "-o", str(tmp_path)], catch_exceptions=False
    )
    assert result.exit_code == 0, result.output
    assert [(job.seed, job.epochs, folder.name) for _, job, folder in calls] == [(0, 7, "seed0"), (1, 7, "seed1")]


@pytest.mark.parametrize(
    ("job", "epochs", "batch", "beta"),
    [
        # SVGe's code: .005 times the graphs of a batch, half of it where the objective is a mean of two directions
        (nasbench101.STUDIES["paper"].entries[0].job, 300, 128, 0.32),
        (nasbench101.STUDIES["paper"].entries[1].job, 300, 128, 0.64),
        (nasbench201.STUDIES["paper"].entries[0].job, 300, 32, 0.08),
        (nasbench201.STUDIES["paper"].entries[1].job, 300, 32, 0.16),
        (enas_macro.STUDIES["paper"].entries[0].job, 300, 32, 0.08),
        (nasbench101.STUDIES["paper"].entries[3].job, 8, 32, None),
        (nasbench201.STUDIES["paper"].entries[2].job, 10, 32, None),
        (darts.STUDIES["paper"].entries[0].job, 10, 32, None),
    ],
)
def test_trainings_are_the_papers(job, epochs, batch, beta):
    assert (job.training().epochs, job.training().batch, job.split, job.held_out) == (epochs, batch, "line", 0.1)
    assert beta is None or math.isclose(job.config().beta, beta)


def test_without_a_divergence_it_is_the_papers_row():
    jobs = {entry.name: entry.job for entry in nasbench101.STUDIES["paper"].entries}
    assert jobs["no_kl"].config().beta == 0 and jobs["arch2vec"].config().beta > 0
    assert set(jobs) == {"svge", "dgmg", "dvae", "arch2vec", "no_kl", "gae", "vgae"}


@pytest.mark.parametrize("comparison", STUDIES, ids=lambda one: one.name)
def test_every_entry_is_in_a_table(comparison):
    assert {row for table in comparison.tables for row in table.rows} == {entry.name for entry in comparison.entries}


def test_larger_graphs_can_be_read():
    (eight,) = nasbench101.STUDIES["nodes8"].entries
    (fourteen,) = enas_macro.STUDIES["nodes14"].entries
    assert (eight.job.form().nodes, fourteen.job.form().nodes) == (8, 14)


def test_cells_of_darts_are_distinct_and_small(tmp_path):
    darts.write_mobile_cells(tmp_path / "graphs.txt", 150)
    space = spaces.get("darts,shared=True")
    cells = [space.from_native(line) for line in (tmp_path / "graphs.txt").read_text().splitlines()]
    assert len({space.canonical_key(cell) for cell in cells}) == len(cells) == 150
    macs = [
        space.cost(cell, (224, 224, 3), 1000, channels=48, cells=14, auxiliary=False, imagenet=True).macs
        for cell in cells
    ]
    assert max(macs) < 600e6
    assert any("none" in space.to_native(cell) for cell in cells)
    sources = [[source for _, source in space.cells(cell)[0]] for cell in cells]
    assert all(one[k] != one[k + 1] for one in sources for k in range(0, 8, 2))
    # some of the draws were too large
    drawn = np.random.default_rng(0)
    first = [space.sample(drawn, allow_none=True) for _ in range(150)]
    assert [space.to_native(cell) for cell in first] != [space.to_native(cell) for cell in cells]

"""The section on the learned distribution, from made-up run folders."""

from __future__ import annotations

import math
import re

import numpy as np
import pytest

from tests.unit.test_report import CELLS, SPACE, STAGES, TABLE, Page, finished, folder, section, without_pictures
from tfnas import report, spaces
from tfnas.report.gather import gather
from tfnas.report.learned import sample_values, student_interval
from tfnas.report.wording import likely_title
from tfnas.trial import Failure, Measurement, Proposal

__all__ = ["folder"]  # a fixture

DRAWS = (3, 1, 1)
VALUES = (0.90, 0.80, 0.70)


def network(arch, space=SPACE, log_prob=-1.5):
    return {
        "key": space.canonical_key(arch),
        "native": space.to_native(arch),
        "log_prob": log_prob,
        "architecture": arch.to_dict(),
    }


def with_distribution(run, outcomes=VALUES, *, archs=CELLS[10:13], space=SPACE, **changes):
    """Adds a distribution event and samples of it to a run that is over."""
    fields = {
        "class": "GraphGenerator",
        "drawn": sum(DRAWS),
        "samples": [
            {"sample": k, "draws": draws, **network(arch, space)}
            for k, (arch, draws) in enumerate(zip(archs, DRAWS), start=1)
        ],
        "entropy": [4.0, 0.25],
        "mode": [network(arch, space, -1.0 - k) for k, arch in enumerate((CELLS[1], *archs))] if space is SPACE else [],
        "curve": [{"queries": 2, "entropy": 6.0, "entropy_error": 0.5}],
        "error": None,
        **changes,
    }
    run.add("distribution", **fields)
    for k, outcome in enumerate(outcomes, start=1):
        run.outcome("sample", 0, outcome, sample=k, seed=100 + k)
    return run


def learned(run):
    return gather(run.path).learned


def test_the_interval_of_the_mean_is_students():
    low, high = student_interval([1.0, 2.0, 4.0, 5.0])
    # mean 3, squares 4 + 1 + 1 + 4 = 10, deviation sqrt(10 / 3); 3.182446 is the quantile with 3 degrees of freedom
    half = 3.182446305 * math.sqrt(10 / 3) / 2
    assert (low, high) == pytest.approx((3 - half, 3 + half), abs=1e-8)
    assert student_interval([1.0]) is None and student_interval([]) is None


def test_what_was_drawn_twice_counts_twice_and_failures_do_not_count():
    event = {"samples": [{"sample": 1, "draws": 2}, {"sample": 2, "draws": 1}, {"sample": 3, "draws": 1}]}
    outcomes = {1: Measurement(0.5), 2: Failure("hung"), 3: Measurement(0.75)}
    assert sample_values(event, outcomes) == [0.5, 0.5, 0.75]


def test_the_expected_value_stands_beside_the_best_and_the_start(folder):
    run = folder(strategy={"name": "graphpnas", "seed": 3, "dedupe": "canonical"})
    for outcome in (0.60, 0.50, 0.92):
        run.trial(outcome)
    facts = {fact.name: fact for fact in learned(with_distribution(run.finish().choose(2, 0.92))).facts}
    values = np.repeat(VALUES, DRAWS)
    assert facts["Expected value"].value == f"{100 * values.mean():.1f} %" == "84.0 %"
    half = 2.7764451052 * values.std(ddof=1) / math.sqrt(5)
    low, high = 100 * (values.mean() - half), min(100 * (values.mean() + half), 100.0)
    assert facts["Expected value"].note == f"95 % interval {low:.1f} to {high:.1f}, mean of 5 samples"
    assert facts["Best sample"].value == "90.0 %"
    assert facts["Best network found"].value == "92.0 %" and "trial 2" in facts["Best network found"].note
    assert facts["Before learning"].value == "67.3 %" and "the first trials" in facts["Before learning"].note
    assert facts["Distinct samples"].value == "60 %" and facts["Distinct samples"].note.startswith("3 of 5 samples")
    assert facts["Entropy"].value == "4.00 nats" and "9.7 if all 15,625 members" in facts["Entropy"].note
    assert "Failed samples" not in facts


def test_trials_of_the_explorer_are_the_start_where_there_are_some(folder):
    run = folder()
    for trial, (source, outcome) in enumerate((("explorer", 0.5), ("generator", 0.9), ("explorer", 0.7))):
        arch = CELLS[trial]
        fields = {"trial": trial, "seed": trial, "key": SPACE.canonical_key(arch), "native": SPACE.to_native(arch)}
        run.add("proposal", **fields, proposal=Proposal(arch, source).to_dict())
        run.outcome("result", trial, outcome)
    section_of = learned(with_distribution(run))
    fact = next(fact for fact in section_of.facts if fact.name == "Before learning")
    assert fact.value == "60.0 %" and "mean of 2, random networks of the explorer" in fact.note
    assert [cloud.name for cloud in section_of.clouds] == ["samples of the distribution", "explorer"]
    assert len(section_of.clouds[1].points) == 2


@pytest.mark.parametrize("stage", STAGES)
def test_nothing_is_shown_where_there_is_no_distribution(folder, stage):
    run = STAGES[stage](folder)
    assert learned(run) is None
    markdown, page = without_pictures(run)
    assert "Learned distribution" not in markdown and "Learned distribution" not in page
    assert "  learned " not in report.summary(run.path)


def test_the_whole_section_with_its_pictures(folder):
    run = with_distribution(finished(folder))
    paths = report.write(run.path)
    names = {path.stem for path in paths.figures}
    assert {"entropy", "graphs", "likely_1", "likely_2", "likely_3", "likely_4"} <= names
    markdown, page = paths.markdown.read_text("utf-8"), Page(paths.html.read_text("utf-8"))
    told = section(markdown, "Learned distribution")
    assert re.findall(r"figures/(\w+).png", told) == ["entropy", "graphs", *(f"likely_{k}" for k in range(1, 5))]
    for words in ("84.0 %", "5 networks were drawn", "Log-probability", "4.00 nats"):
        assert words in told and words in page.text
    assert page.tags.count("svg") == len(names)
    ids = [value for name, value in page.attributes if name == "id"]
    assert len(ids) == len(set(ids))
    line = next(line for line in report.summary(run.path).splitlines() if line.startswith("  learned"))
    assert "84.0 % expected of a network that is drawn; 95 % interval" in line and line.endswith("5 samples")
    assert len(report.summary(run.path).splitlines()) <= 15


def test_pictures_of_a_distribution_that_is_gone_go_away(folder):
    figures = folder().trial(0.5).path / "figures"
    figures.mkdir()
    for name in ("likely_4.png", "entropy.png", "graphs.png"):
        (figures / name).write_bytes(b"")
    report.write(figures.parent)
    assert not {path.name for path in figures.iterdir()} & {"likely_4.png", "entropy.png", "graphs.png"}


def test_the_most_probable_networks_say_what_they_measured(folder):
    likely = learned(with_distribution(finished(folder))).likely
    assert [one.log_prob for one in likely] == [-1.0, -2.0, -3.0, -4.0]
    assert likely[0].measured == "92.0 % in trial 1"
    assert likely[1].measured == "90.0 % as a sample"
    assert likely_title(likely[0]) == "Log-probability -1.00 (37 %); 92.0 % in trial 1"
    markdown, _ = without_pictures(with_distribution(finished(folder, "none"), (), samples=[], drawn=0))
    assert "; not measured" in markdown


def test_failed_samples_are_counted_and_grouped(folder):
    run = with_distribution(finished(folder), (0.9, "out of memory", "out of memory"))
    facts = {fact.name: fact.value for fact in learned(run).facts}
    assert facts["Failed samples"] == "2" and facts["Expected value"] == "90.0 %"
    groups = {(group.stage, group.reason): group.trials for group in gather(run.path).failures}
    assert groups["sample of the distribution", "out of memory"] == (2, 3)


def test_the_curve_ends_with_the_end_of_the_search(folder):
    run = with_distribution(finished(folder))
    assert learned(run).curve == ((2, 6.0, 0.5), (6, 4.0, 0.25))


def test_points_are_graphs_with_values(folder):
    space = spaces.get("randwire,nodes=4")
    triangle, path = space.from_edges([(0, 1), (1, 2), (0, 2), (2, 3)]), space.from_edges([(0, 1), (1, 2), (2, 3)])
    empty = space.from_edges([])
    run = folder(space=space.name, evaluator=TABLE)
    with_distribution(run, (91.0, 92.0, 93.0), archs=(triangle, path, empty), space=space)
    (cloud,) = learned(run).clouds
    # a triangle with a tail: lengths 1, 1, 1, 1, 2, 2; shares 1, 1, 1/3, 0. A graph without edges has no length.
    assert cloud.points == (
        (pytest.approx(8 / 6), pytest.approx(7 / 12), 91.0, 3),
        (pytest.approx(10 / 6), 0.0, 92.0, 1),
    )


def test_graphs_are_left_out_where_all_are_wired_alike(folder):
    run = folder(evaluator=TABLE)
    with_distribution(run, (91.0, 92.0), archs=(CELLS[0], CELLS[0]))
    assert learned(run).clouds == () and "graphs" not in {path.stem for path in report.write(run.path).figures}


def test_samples_in_the_middle_of_their_measurement(folder):
    run = with_distribution(finished(folder), (0.9,))
    assert "2 networks of these are not measured yet." in learned(run).notes
    report.write(run.path)


def test_a_distribution_that_gave_nothing_says_why(folder):
    run = with_distribution(
        finished(folder), (), error="no <b>member</b>", samples=[], drawn=0, entropy=None, mode=[], curve=[]
    )
    markdown, page = without_pictures(run)
    assert "Nothing could be drawn" in section(markdown, "Learned distribution")
    assert "<b>member" not in markdown and "b" not in Page(page).tags


def test_samples_are_counted_apart_and_their_settings_told(folder):
    run = with_distribution(finished(folder, distribution_samples=5))
    data = gather(run.path)
    machine = {fact.name: fact for fact in data.machine}
    assert machine["Queries"].value == "10"
    assert machine["Samples"].value == "3" and "3 min 00 s" in machine["Samples"].note
    assert "but for 3 samples" in machine["Evaluation time"].note
    assert '"distribution_samples": 5' in data.settings


def test_files_of_the_distribution_come_with_lines_that_load_them(folder):
    run = with_distribution(finished(folder))
    (run.path / "distribution" / "savedmodel").mkdir(parents=True)
    (run.path / "distribution" / "weights.json").write_text("{}")
    artefacts = {artefact.name: artefact.snippet for artefact in gather(run.path).artefacts}
    assert list(artefacts) == ["distribution/savedmodel", "distribution/weights.json"]
    for snippet in artefacts.values():
        compile(snippet, "snippet", "exec")

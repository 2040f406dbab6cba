"""``tfnas autoencoder ...`` as a user meets it."""

from __future__ import annotations

import dataclasses
import json
import os
import shlex
from types import SimpleNamespace

import pytest
from click.testing import CliRunner

from tfnas import autoencoding
from tfnas.autoencoding import Card, Evaluation, Measure, TrainedEpoch, TrainingJob
from tfnas.autoencoding.card import write_card
from tfnas.autoencoding.tables import tables
from tfnas.cli import main

GENERATION = {"validity": 0.5, "uniqueness": None, "novelty": 0.25, "distinct": 1234, "decoded": 10_000}
EVALUATION = Evaluation(
    "svge",
    "nasbench201",
    "",
    (
        Measure("reconstruction", {}, {"equal": 0.98765, "graphs": 1216}, 1.0),
        Measure("most_probable", {}, {"equal": 0.5, "ops": 1.0, "edges": 0.75, "false_edges": 0.0, "graphs": 7}, 1.0),
        Measure("distances", {}, {"edits": [1, 2], "mean": [0.5, 1.0], "deviation": [0.1, 0.2], "pairs": [3, 4]}, 1.0),
        Measure("isomorphs", {}, {"equal": 1.0, "pairs": 11_606}, 1.0),
        Measure("generation scaled", {"points": 1000}, {"members": GENERATION, "cells": GENERATION}, 1.0),
        Measure("coverage flow", {}, {"distinct": 0.7, "members": 0.9, "agreement": 0.8, "points": 10_000}, 1.0),
    ),
    "0",
)


def run(*words: str):
    return CliRunner().invoke(main, ["autoencoder", *words])


def _card(job: TrainingJob) -> Card:
    return Card(
        job=job, digest="", trained=90, held_out=10, parameters=12_345, weights="", seconds=200.0, epochs=[],
        version="0", command="",
    )  # fmt: skip


@pytest.fixture
def jobs(monkeypatch):
    """Trainings that were asked for, none of which takes place."""
    found = []

    def train(job, directory, *, on_epoch, on_progress):
        found.append((job, directory))
        on_progress(5, 10)
        on_epoch(TrainedEpoch(1, 12.34567, 1e-3, 9.5, 1.25, 60.0, 1234.5))
        on_epoch(TrainedEpoch(2, 1.0, 1e-3, 9.5, 1.25, 60.0, 1234.5))
        return _card(job)

    monkeypatch.setattr(autoencoding, "train", train)
    return found


def test_options_make_the_job(jobs, tmp_path):
    words = "train --model arch2vec --space nasbench201 --configuration symmetric --option hidden=[64,32]"
    words += " --option dtype=float64 --option grammar=True --epochs 2 --batch 8 --rate 0.01 --count 100 --split line"
    words += f" --held-out 0.2 --split-seed 4 --seed 5 -o {tmp_path}/out"
    done = run(*words.split())
    assert done.exit_code == 0, done.output
    ((job, directory),) = jobs
    assert job == TrainingJob(
        model="arch2vec",
        space="nasbench201",
        configuration="symmetric",
        options={"hidden": [64, 32], "dtype": "float64", "grammar": True},
        epochs=2,
        batch=8,
        rate=0.01,
        count=100,
        split="line",
        held_out=0.2,
        split_seed=4,
        seed=5,
    )
    assert directory == tmp_path / "out"
    assert "epoch 1 of 2: loss 12.35; held out: reconstruction 9.5, divergence 1.25; 1,234 graphs/s, 60 s left" in (
        done.stderr
    )
    assert "epoch 2 of 2: loss 1; held out: reconstruction 9.5, divergence 1.25; 1,234 graphs/s\n" in done.stderr
    assert "arch2vec with 12,345 weights, trained on 90 graphs, 10 held out, 3 min" in done.stdout
    assert f"tfnas autoencoder evaluate {tmp_path}/out" in done.stdout


def test_the_command_of_a_job_makes_the_same_job(jobs, tmp_path):
    made = [
        TrainingJob(model="svge", space="enas_macro,layers=6", configuration="compact", graphs="my graphs.txt"),
        TrainingJob(model="gae", space="nasbench201", options={"pairs": "symmetric", "hidden": [4]}, rate=1e-4, seed=3),
    ]
    for job in made:
        words = shlex.split(job.command(tmp_path / "a folder"))
        assert words[:2] == ["tfnas", "autoencoder"]
        done = run(*words[2:])
        assert done.exit_code == 0, done.output
        assert jobs.pop() == (job, tmp_path / "a folder")


def test_interrupts_say_how_to_go_on(monkeypatch, tmp_path):
    def stop(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(autoencoding, "train", stop)
    monkeypatch.setattr(autoencoding, "evaluate", stop)
    done = run("train", "--model", "gae", "--space", "nasbench_macro", "-o", "out")
    assert done.exit_code == 130
    assert done.stderr == (
        "Interrupted. Go on with: tfnas autoencoder train --model gae --space nasbench_macro -o out\n"
    )
    done = run("evaluate", "out", "--prior", "flow", "--prior", "scaled", "--points", "10", "--limit", "3")
    assert done.exit_code == 130
    assert done.stderr == (
        "Interrupted. Go on with: tfnas autoencoder evaluate out --prior flow --prior scaled --points 10 --limit 3 "
        "--independent 10000 --seed 0\n"
    )


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("--model svg --space nasbench201", "arch2vec, dgmg, dvae, gae, svge, vgae"),
        ("--model svge --space nasbench301", "nasbench201"),
        ("--model svge --space nasbench201 --configuration small", "paper, compact"),
        ("--model svge --space nasbench201 --option hidden", "NAME=VALUE"),
        ("--model svge --space nasbench201 --option size=4", "hidden"),
        ("--model svge --space nasbench201 --option nodes=4", "at least 8"),
        ("--model svge --space enas_macro", "--count N"),
        ("--model svge --space nasbench201 --count 20000", "at most 15,625"),
        ("--model svge --space enas_macro --graphs none.txt", "No such file"),
        ("--model svge --space nasbench201 --split skips", "enas_macro"),
    ],
)
def test_bad_input_is_refused_in_words_and_leaves_nothing(words, message, tmp_path):
    done = run("train", *words.split(), "-o", str(tmp_path / "out"))
    assert done.exit_code == 2
    assert done.stderr.startswith("Error: ") and message in done.stderr
    assert not (tmp_path / "out").exists()


def test_a_folder_without_a_card_is_refused(tmp_path):
    done = run("evaluate", str(tmp_path))
    assert done.exit_code == 2 and "card.json" in done.stderr


def test_evaluations_are_shown_as_tables(monkeypatch):
    asked = {}

    def evaluate(directory, *, on_start, on_measure, on_progress, **given):
        asked.update(given, directory=directory)
        on_progress(1, 2)
        on_start("isomorphs", 1, 2)
        on_measure(EVALUATION.measures[3])
        return EVALUATION

    monkeypatch.setattr(autoencoding, "evaluate", evaluate)
    done = run("evaluate", "out", "--prior", "scaled", "--limit", "7", "--graphs", "there.txt")
    assert done.exit_code == 0, done.output
    directory = asked.pop("directory")
    assert (str(directory), str(asked.pop("graphs"))) == ("out", "there.txt")
    assert asked == {"priors": ("scaled",), "points": 1000, "independent": 10_000, "limit": 7, "seed": 0}
    assert done.stderr == "isomorphs (1 of 2): 1 s\n"
    for text in ("svge on nasbench201", "98.77", "1,216", "0.5 ± 0.1", "11,606", "1,000 points x 10 drawn graphs"):
        assert text in done.stdout
    assert done.stdout.endswith(f"{os.path.join('out', 'evaluation.json')}\n")


def test_tables_have_a_row_for_each_prior_and_rule():
    made = {str(table.title).partition(":")[0]: table for table in tables(EVALUATION)}
    assert list(made) == ["reconstruction of held-out graphs", "latent space", "generation", "coverage"]
    columns = [list(column.cells) for column in made["generation"].columns]
    assert columns == [
        ["scaled", "scaled"],
        ["members", "cells"],
        ["50.00", "50.00"],
        ["–", "–"],
        ["25.00", "25.00"],
        ["1,234", "1,234"],
    ]
    assert [next(iter(column.cells)) for column in made["coverage"].columns] == [
        "flow",
        "10,000",
        "70.00",
        "90.00",
        "80.00",
    ]


def test_the_list_has_models_spaces_and_configurations():
    done = run("list")
    assert done.exit_code == 0
    lines = done.stdout.split("\n")
    for line in ("arch2vec", "dgmg", "dvae", "gae", "svge", "vgae"):
        assert line in lines
    assert '  symmetric: pairs="symmetric"' in lines
    assert "  compact: latent=32 hidden=64" in lines
    by_model = {entry.model: entry.spaces for entry in autoencoding.catalogue()}
    assert "randwire" not in by_model["dvae"] and "randwire" in by_model["svge"]
    assert "darts,shared=True" in by_model["dvae"] and "darts" not in by_model["dvae"]


def test_maps_colour_the_graphs_that_a_table_has(monkeypatch, tmp_path):
    from tfnas.autoencoding import mapping, page

    path, seen = tmp_path / "graphs.txt", {}
    path.write_text("00000000\n00000001\n00000000\n22222222\n00000012\n")
    job = TrainingJob(model="gae", space="nasbench_macro", graphs=str(path), split="line", held_out=0.4)
    found = autoencoding.graphs_of(job)
    write_card(tmp_path, dataclasses.replace(_card(job), digest=found.digest))
    (tmp_path / "values.csv").write_text("arch,valid\n00000001,0.25\n22222222,0.75\n")
    monkeypatch.setattr(mapping.autoencoders, "load", lambda _: SimpleNamespace(form=job.form()))

    def write_page(autoencoder, graphs, output, **given):
        seen.update(given, natives=[job.make_space().to_native(arch) for arch in autoencoder.form.decode(graphs)])
        return SimpleNamespace(html=output)

    monkeypatch.setattr(page, "write_page", write_page)
    done = run("map", str(tmp_path), "--table", str(tmp_path / "values.csv"), "--column", "valid")
    assert done.exit_code == 0, done.output
    assert done.stdout == f"{tmp_path / 'map'}\n"
    assert seen["natives"] == ["00000000", "00000001", "22222222", "00000012"]
    assert str(seen["values"].tolist()) == "[nan, 0.25, 0.75, nan]"
    assert (seen["label"], seen["evaluation"]) == ("valid", None)
    done = run("map", str(tmp_path), "--column", "valid")
    assert done.exit_code == 2 and "a table and a column" in done.stderr


@pytest.mark.slow
def test_trained_and_measured_for_real(tmp_path):
    folder = str(tmp_path / "out")
    words = ["--model", "gae", "--space", "nasbench_macro", "--count", "60", "--option", "hidden=[8]", "--epochs", "1"]
    done = run("train", *words, "-o", folder)
    assert done.exit_code == 0, done.output
    done = run("evaluate", folder, "--points", "5", "--independent", "9", "--prior", "scaled")
    assert done.exit_code == 0, done.output
    found = json.loads((tmp_path / "out" / "evaluation.json").read_text())
    assert [measure["name"] for measure in found["measures"]][-1] == "coverage scaled"
    done = run("map", folder, "-o", str(tmp_path / "map.html"))
    assert done.exit_code == 0, done.output
    assert (tmp_path / "map.html").exists()

"""Every model in `saved_models/` loads with TensorFlow alone and says what its golden file says."""

from __future__ import annotations

import json
import os
import pathlib
import subprocess
import sys

import pytest

from tfnas import spaces

ROOT = pathlib.Path(__file__).resolve().parents[2] / "saved_models"
MODELS = sorted(path.parent for path in ROOT.glob("*/card.json"))
GENERATORS = [path for path in MODELS if (path / "generator").exists()]
AUTOENCODERS = [path for path in MODELS if (path / "model").exists()]

READER = """
import json, sys
import numpy as np
import tensorflow as tf

for folder in sys.argv[1:]:
    golden = json.load(open(folder + "/golden.json"))
    model = tf.saved_model.load(folder + "/generator")
    drawn = model.sample(tf.constant(len(golden["ops"])), tf.constant(golden["seed"]))
    found = model.log_prob(tf.constant(golden["adjacency"]), tf.constant(golden["ops"]))["log_prob"].numpy()
    vocabulary = json.load(open(model.vocabulary.asset_path.numpy()))
    print(json.dumps({
        "same": [np.array_equal(drawn[name], golden[name]) for name in ("adjacency", "ops")],
        "error": float(np.abs(found - golden["log_prob"]).max()),
        "space": vocabulary["space"],
        "foreign": sorted({"tfnas", "tf_keras", "tensorflow_gnn", "tensorflow_probability"} & set(sys.modules)),
    }))
"""

ENCODER = """
import json, sys
import numpy as np
import tensorflow as tf

for folder in sys.argv[1:]:
    golden = json.load(open(folder + "/golden.json"))
    model = tf.saved_model.load(folder + "/model")
    encoded = model.encode(tf.constant(golden["adjacency"]), tf.constant(golden["ops"]))
    decoded = model.decode(encoded["mean"])
    vocabulary = json.load(open(model.vocabulary.asset_path.numpy()))
    print(json.dumps({
        "same": [np.array_equal(decoded[name], golden["decoded"][name]) for name in ("adjacency", "ops")],
        "errors": [float(np.abs(encoded[name] - golden[name]).max()) for name in ("mean", "embedding")],
        "space": vocabulary["space"],
        "operators": [[vocabulary["operators"][op] for op in ops if op >= 0] for ops in golden["ops"]],
        "foreign": sorted({"tfnas", "tf_keras", "tensorflow_gnn", "tensorflow_probability"} & set(sys.modules)),
    }))
"""


def test_there_are_models():
    assert [path.name for path in GENERATORS] == ["graphpnas_nasbench201"]
    shipped = {f"{model}_{space}" for model in ("arch2vec", "svge") for space in ("enas_macro", "nasbench201")}
    assert shipped <= {path.name for path in AUTOENCODERS}
    assert {*GENERATORS, *AUTOENCODERS} == {*MODELS}


@pytest.mark.parametrize("model", MODELS, ids=lambda path: path.name)
def test_cards_say_how_it_was_made(model):
    card = json.loads((model / "card.json").read_text("utf-8"))
    described = {"job", "command", "digest", "seconds"} if model in AUTOENCODERS else {"what", "data"}
    assert {"name", "recipe", "config", "commit", "version", "scores", *described} <= card.keys()
    assert "/tmp" not in json.dumps(card)
    assert card["name"] == model.name and len(card["commit"]) == 40
    size = sum(path.stat().st_size for path in model.rglob("*") if path.is_file())
    assert size < 10e6


def _read(reader: str, models: list[pathlib.Path]) -> list[dict]:
    """Returns what a process without this library says of models."""
    environment = {
        name: value for name, value in os.environ.items() if name not in ("TF_USE_LEGACY_KERAS", "PYTHONPATH")
    }
    done = subprocess.run(
        [sys.executable, "-c", reader, *map(str, models)], capture_output=True, text=True, cwd=ROOT, env=environment
    )
    assert done.returncode == 0, done.stderr[-2000:]
    found = [json.loads(line) for line in done.stdout.strip().splitlines()]
    assert len(found) == len(models)
    return found


def test_autoencoders_encode_and_decode_with_tensorflow_alone():
    for model, said in zip(AUTOENCODERS, _read(ENCODER, AUTOENCODERS)):
        card, golden = (json.loads((model / name).read_text("utf-8")) for name in ("card.json", "golden.json"))
        assert said["same"] == [True, True] and said["foreign"] == [] and said["space"] == card["space"], said
        assert max(said["errors"]) < 1e-3, said
        space = spaces.get(card["space"])
        for native, operators in zip(golden["natives"], said["operators"]):
            assert sorted(operators) == sorted(space.from_native(native).ops)


def test_golden_outputs_with_tensorflow_alone():
    for said in _read(READER, GENERATORS):
        assert said["same"] == [True, True] and said["foreign"] == [] and said["space"] == "nasbench201", said
        assert said["error"] < 1e-4


def test_the_generator_draws_what_its_card_says():
    """Its samples are better than cells without knowledge, by the figures that the card itself has."""
    for model in GENERATORS:
        scores = json.loads((model / "card.json").read_text("utf-8"))["scores"]
        ours, uniform = scores["generator"], scores["uniform"]
        for column in ours.keys() - {"distinct_networks"}:
            low = ours[column]["mean"] - ours[column]["half_width_95"]
            assert low > uniform[column]["mean"] + uniform[column]["half_width_95"]

"""Saved autoencoders, as TensorFlow alone and as this library load them."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import numpy as np
import pytest

from tfnas import spaces
from tfnas.errors import ConfigError, StateError, UnknownNameError
from tfnas.models import autoencoders
from tfnas.models.autoencoder import GraphAutoencoder, TrainingConfig

MODELS = {
    "arch2vec": ("nasbench101", {"hidden": [8, 8], "latent": 4, "pairs": "symmetric"}),
    "vgae": ("nasbench201", {"hidden": [8], "latent": 3, "grammar": True}),
    "gae": ("darts,shared=True", {"hidden": [8], "latent": 3}),
    "svge": ("enas_macro,layers=2", {"hidden": 8, "latent": 3}),
}

READER = """
import json, sys
import numpy as np
import tensorflow as tf

for folder in sys.argv[1:]:
    given = np.load(folder + ".npz")
    model = tf.saved_model.load(folder)
    found = {f"encode_{name}": value for name, value in model.encode(given["adjacency"], given["ops"]).items()}
    found |= {f"decode_{name}": value for name, value in model.decode(given["z"]).items()}
    found |= {f"sample_{name}": value for name, value in model.sample(given["z"], given["seed"]).items()}
    signature = model.signatures["decode"](z=tf.constant(given["z"]))
    assert np.array_equal(signature["ops"], found["decode_ops"])
    np.savez(folder + ".out.npz", **found)
    assert json.load(open(model.vocabulary.asset_path.numpy()))["operators"]
print(sorted({"tfnas", "tf_keras", "tensorflow_gnn", "tensorflow_probability"} & set(sys.modules)))
"""


def _graphs(model: GraphAutoencoder, count: int = 12):
    rng = np.random.default_rng(0)
    return model.form.encode([model.space.sample(rng) for _ in range(count)])


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    folder = tmp_path_factory.mktemp("saved")
    made = {}
    for name, (space, options) in MODELS.items():
        model = autoencoders.make(name, spaces.get(space), seed=3, **options)
        model.fit(_graphs(model), TrainingConfig(epochs=1, batch=4))
        model.save(folder / name)
        graphs = _graphs(model)
        z = model.means(graphs)
        np.savez(
            folder / f"{name}.npz", adjacency=graphs.adjacency, ops=graphs.ops, z=z, seed=np.array([1, 2], np.int32)
        )
        made[name] = model
    environment = {key: value for key, value in os.environ.items() if key not in ("TF_USE_LEGACY_KERAS", "PYTHONPATH")}
    done = subprocess.run(
        [sys.executable, "-c", READER, *(str(folder / name) for name in MODELS)],
        capture_output=True,
        text=True,
        cwd=folder,
        env=environment,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout.strip() == "[]"
    return folder, made


@pytest.mark.parametrize("name", MODELS)
def test_tensorflow_alone_says_the_same(saved, name):
    folder, made = saved
    model, found = made[name], np.load(folder / f"{name}.out.npz")
    graphs = _graphs(model)
    posterior = model.posterior(graphs)
    np.testing.assert_allclose(found["encode_mean"], posterior.mean(), atol=1e-5)
    np.testing.assert_allclose(found["encode_stddev"], posterior.stddev(), atol=1e-5)
    np.testing.assert_allclose(found["encode_embedding"], model.embed(graphs), atol=1e-5)
    decoded = model.decode_most_probable(model.means(graphs))
    assert np.array_equal(found["decode_ops"], decoded.ops)
    assert np.array_equal(found["decode_adjacency"], decoded.adjacency)
    assert found["sample_ops"].shape == graphs.ops.shape


@pytest.mark.parametrize("name", MODELS)
def test_this_library_gives_it_back(saved, name):
    folder, made = saved
    model, again = made[name], autoencoders.load(folder / name)
    assert type(again) is type(model) and again.config == model.config and again.space.name == model.space.name
    for one, other in zip(model.get_weights(), again.get_weights(), strict=True):
        assert np.array_equal(one, other)


def test_the_asset_says_what_numbers_mean(saved):
    folder, made = saved
    asset = json.loads((folder / "vgae" / "assets" / "autoencoder.json").read_text("utf-8"))
    form = made["vgae"].form
    assert asset["operators"][asset["end"]] == "output" and tuple(asset["operators"]) == form.operators
    assert [len(ops) for ops in asset["allowed_operators"]] == [1, 5, 5, 5, 5, 5, 5, 1]
    assert asset["latent_shape"] == [8, 3] and asset["nodes"] == 8


def test_what_cannot_be_saved_or_loaded(saved, tmp_path):
    folder, made = saved
    with pytest.raises(ConfigError, match="folder with files"):
        made["gae"].save(folder / "vgae")
    with pytest.raises(StateError, match="GraphAutoencoder.save"):
        autoencoders.load(tmp_path)
    (tmp_path / "assets").mkdir()
    (tmp_path / "assets" / "autoencoder.json").write_text('{"format": 9}')
    with pytest.raises(StateError, match="form 9"):
        autoencoders.load(tmp_path)
    with pytest.raises(StateError, match="other shapes"):
        made["gae"].set_weights([np.zeros(2)] * len(made["gae"].get_weights()))
    with pytest.raises(UnknownNameError, match="arch2vec"):
        autoencoders.make("arch3vec", spaces.get("nasbench201"))
    with pytest.raises(UnknownNameError, match="hidden"):
        autoencoders.make("gae", spaces.get("nasbench201"), layers=3)

"""Saved autoencoders, as TensorFlow alone and as this library load them."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import numpy as np
import pytest

from tfnas import spaces
from tfnas._keras import tensorflow
from tfnas.errors import ConfigError, StateError, UnknownNameError
from tfnas.models import autoencoders
from tfnas.models.autoencoder import GraphAutoencoder, TrainingConfig
from tfnas.models.dngo import DNGO, DNGOConfig
from tfnas.models.latent_mlp import LatentMLP, LatentMLPConfig
from tfnas.models.predictors import Predictor
from tfnas.models.sparse_gp import SparseGP, SparseGPConfig

MODELS = {
    "arch2vec": ("nasbench101", {"hidden": [8, 8], "latent": 4, "pairs": "symmetric"}),
    "vgae": ("nasbench201", {"hidden": [8], "latent": 3, "grammar": True}),
    "gae": ("darts,shared=True", {"hidden": [8], "latent": 3}),
    "svge": ("enas_macro,layers=2", {"hidden": 8, "latent": 3}),
}

PREDICTORS = {
    "svge": lambda: DNGO(DNGOConfig(epochs=3, includes_noise=False)),
    "vgae": lambda: SparseGP(SparseGPConfig(epochs=2, inducing=8)),
    "gae": lambda: SparseGP(SparseGPConfig(method="optimal_variational_posterior", includes_noise=False)),
}
"""What is saved with a model, of its embeddings; with arch2vec a `LatentMLP` is."""

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
    found |= {f"predict_{name}": value for name, value in model.predict(given["adjacency"], given["ops"]).items()}
    signature = model.signatures["predict"](
        adjacency=tf.constant(given["adjacency"][:1]), ops=tf.constant(given["ops"][:1])
    )
    assert np.allclose(signature["mean"], found["predict_mean"][:1]) and set(signature) == {"mean", "stddev"}
    signature = model.signatures["decode"](z=tf.constant(given["z"]))
    assert np.array_equal(signature["ops"], found["decode_ops"])
    np.savez(folder + ".out.npz", **found)
    assert json.load(open(model.vocabulary.asset_path.numpy()))["operators"]
print(sorted({"tfnas", "tf_keras", "tensorflow_gnn", "tensorflow_probability"} & set(sys.modules)))
"""


def _graphs(model: GraphAutoencoder, count: int = 12):
    rng = np.random.default_rng(0)
    return model.form.encode([model.space.sample(rng) for _ in range(count)])


def _fitted(name: str, model: GraphAutoencoder):
    graphs = _graphs(model, 30)
    values = 90 + graphs.ops @ np.arange(graphs.ops.shape[1]) / 10
    if name == "arch2vec":
        predictor = LatentMLP(model, LatentMLPConfig(share=0.0))
        predictor.fit(graphs, values, TrainingConfig(epochs=1, batch=8), seed=0)
    else:
        predictor = PREDICTORS[name]()
        predictor.fit(model.embed(graphs), values, seed=0)
    return predictor


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    folder = tmp_path_factory.mktemp("saved")
    made = {}
    for name, (space, options) in MODELS.items():
        model = autoencoders.make(name, spaces.get(space), seed=3, **options)
        model.fit(_graphs(model), TrainingConfig(epochs=1, batch=4))
        predictor = _fitted(name, model)
        model.save(folder / name, predictor)
        graphs = _graphs(model)
        z = model.means(graphs)
        np.savez(
            folder / f"{name}.npz", adjacency=graphs.adjacency, ops=graphs.ops, z=z, seed=np.array([1, 2], np.int32)
        )
        made[name] = model, predictor
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
    (model, _), found = made[name], np.load(folder / f"{name}.out.npz")
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
def test_tensorflow_alone_believes_the_same(saved, name):
    folder, made = saved
    (model, predictor), found = made[name], np.load(folder / f"{name}.out.npz")
    graphs = _graphs(model)
    belief = predictor.predict(graphs if name == "arch2vec" else model.embed(graphs))
    np.testing.assert_allclose(found["predict_mean"], belief.mean(), atol=1e-5)
    np.testing.assert_allclose(found["predict_stddev"], belief.stddev(), atol=1e-5)
    # in the units of the values, and not the same for all
    assert found["predict_mean"].min() > 50 and (name == "arch2vec" or np.ptp(found["predict_mean"]) > 1e-3)


def test_a_predictor_whose_values_were_all_equal(saved, tmp_path):
    _, made = saved
    model, graphs = made["gae"][0], _graphs(made["gae"][0])
    predictor = DNGO()
    predictor.fit(model.embed(graphs), np.full(len(graphs.ops), 7.5), seed=0)
    model.save(tmp_path / "model", predictor)
    found = tensorflow().saved_model.load(str(tmp_path / "model")).predict(*graphs)
    assert (found["mean"] == 7.5).numpy().all() and (found["stddev"] == 1.0).numpy().all()


class Sums(Predictor):
    """A user's own: the sum of the coordinates."""

    def _fit(self, x, y, seed):
        pass

    def _predict(self, x):
        return x.sum(1), np.ones(len(x))


class SavedSums(Sums):
    """The same, in TensorFlow besides."""

    def _predict_tensor(self, x):
        tf = tensorflow()
        return tf.reduce_sum(x, 1), tf.ones_like(x[:, 0])


def test_another_kind_of_predictor_says_what_it_is_in_tensorflow(saved, tmp_path):
    _, made = saved
    model, graphs = made["vgae"][0], _graphs(made["vgae"][0])
    for kind in (Sums, SavedSums):
        predictor = kind()
        predictor.fit(model.embed(graphs), np.arange(len(graphs.ops)), seed=0)
        if kind is Sums:
            with pytest.raises(ConfigError, match="defines _predict_tensor.*received Sums"):
                model.save(tmp_path / "model", predictor)
    model.save(tmp_path / "model", predictor)
    found = tensorflow().saved_model.load(str(tmp_path / "model")).predict(*graphs)
    np.testing.assert_allclose(found["mean"], predictor.predict(model.embed(graphs)).mean(), atol=1e-5)


def test_predictors_that_cannot_be_saved(saved, tmp_path):
    _, made = saved
    model = made["vgae"][0]
    with pytest.raises(ConfigError, match="fitted"):
        model.save(tmp_path / "model", DNGO())
    with pytest.raises(ConfigError, match="coordinates"):
        made["arch2vec"][0].save(tmp_path / "model", made["svge"][1])
    with pytest.raises(ConfigError, match="of another"):
        model.save(tmp_path / "model", made["arch2vec"][1])
    with pytest.raises(ConfigError, match="fitted"):
        model.save(tmp_path / "model", LatentMLP(model))
    with pytest.raises(ConfigError, match="a LatentMLP or a Predictor; received str"):
        model.save(tmp_path / "model", "dngo")
    assert not (tmp_path / "model").exists()


@pytest.mark.parametrize("name", MODELS)
def test_this_library_gives_it_back(saved, name):
    folder, made = saved
    (model, _), again = made[name], autoencoders.load(folder / name)
    assert type(again) is type(model) and again.config == model.config and again.space.name == model.space.name
    for one, other in zip(model.get_weights(), again.get_weights(), strict=True):
        assert np.array_equal(one, other)


def test_the_asset_says_what_numbers_mean(saved):
    folder, made = saved
    asset = json.loads((folder / "vgae" / "assets" / "autoencoder.json").read_text("utf-8"))
    assert asset["predictor"] == "SparseGP" and any("predict(" in line for line in asset["description"])
    form = made["vgae"][0].form
    assert asset["operators"][asset["end"]] == "output" and tuple(asset["operators"]) == form.operators
    assert [len(ops) for ops in asset["allowed_operators"]] == [1, 5, 5, 5, 5, 5, 5, 1]
    assert asset["latent_shape"] == [8, 3] and asset["nodes"] == 8


def test_what_cannot_be_saved_or_loaded(saved, tmp_path):
    folder, made = saved
    gae = made["gae"][0]
    with pytest.raises(ConfigError, match="folder with files"):
        gae.save(folder / "vgae")
    with pytest.raises(StateError, match="GraphAutoencoder.save"):
        autoencoders.load(tmp_path)
    (tmp_path / "assets").mkdir()
    (tmp_path / "assets" / "autoencoder.json").write_text('{"format": 9}')
    with pytest.raises(StateError, match="form 9"):
        autoencoders.load(tmp_path)
    with pytest.raises(StateError, match="other shapes"):
        gae.set_weights([np.zeros(2)] * len(gae.get_weights()))
    with pytest.raises(UnknownNameError, match="arch2vec"):
        autoencoders.make("arch3vec", spaces.get("nasbench201"))
    with pytest.raises(UnknownNameError, match="hidden"):
        autoencoders.make("gae", spaces.get("nasbench201"), layers=3)

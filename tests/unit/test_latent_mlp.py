"""SVGe's performance predictor: its loss, its joint training and its beliefs."""

from __future__ import annotations

import numpy as np
import pytest

from tfnas import spaces
from tfnas.errors import ConfigError, StateError
from tfnas.models.arch2vec import Arch2Vec, Arch2VecConfig
from tfnas.models.autoencoder import TrainingConfig
from tfnas.models.latent_mlp import LatentMLP, LatentMLPConfig

CONFIG = LatentMLPConfig(hidden=(5, 4))


def _autoencoder(seed: int = 0) -> Arch2Vec:
    config = Arch2VecConfig(hidden=(6, 5), latent=3, dtype="float64", dropout=0.0)
    return Arch2Vec(spaces.get("nasbench201"), config, seed=seed)


@pytest.fixture(scope="module")
def data():
    """Graphs, and values that depend on their operators."""
    autoencoder = _autoencoder()
    rng = np.random.default_rng(0)
    graphs = autoencoder.form.encode([autoencoder.space.sample(rng) for _ in range(48)])
    return graphs, 0.5 + 0.1 * (graphs.ops == graphs.ops[0]).mean(1)


@pytest.fixture(scope="module")
def fitted(data):
    """A predictor after a short training, its autoencoder's first weights, and the epochs."""
    predictor = LatentMLP(_autoencoder(), CONFIG)
    before = predictor.autoencoder.network.get_weights()
    epochs = predictor.fit(*data, TrainingConfig(epochs=3, batch=16, rate=1e-2), seed=5)
    return predictor, before, epochs


def test_training_is_joint(fitted):
    predictor, before, epochs = fitted
    assert len(epochs) == 3 and epochs[-1].loss < epochs[0].loss
    network = predictor.autoencoder.network
    for layer in network._layers:
        assert any(id(variable) in map(id, network.trainable_variables) for variable in layer.trainable_variables)
    changed = [not np.array_equal(old, new) for old, new in zip(before, network.get_weights())]
    assert all(changed)


def test_the_encoder_learns_from_the_values_alone(data):
    import tensorflow as tf

    graphs, y = data
    predictor = LatentMLP(_autoencoder(), LatentMLPConfig(hidden=(5, 4), share=0.0))
    predictor.network.start(0.0, np.random.default_rng(0))
    with tf.GradientTape() as tape:
        loss = predictor.network.loss_of(*graphs, tf.constant(y), tf.constant([1, 2]))
    first = predictor.autoencoder.network._layers[0]._linear[0].kernel
    assert np.abs(tape.gradient(loss, first)).max() > 0


def test_the_loss_weighs_both(data):
    import tensorflow as tf

    graphs, y = data
    losses = {}
    for share in (0.0, 0.1, 0.5):
        # an autoencoder each, since batch normalisation remembers batches
        predictor = LatentMLP(_autoencoder(), LatentMLPConfig(hidden=(5, 4), share=share))
        predictor.network.start(0.2, np.random.default_rng(0))
        losses[share] = float(predictor.network.loss_of(*graphs, tf.constant(y), tf.constant([1, 2])))
    network = _autoencoder().network
    alone = float(network.loss_of(*graphs, tf.constant([1, 2])))
    assert losses[0.1] == pytest.approx(0.1 * alone + 0.9 * losses[0.0], rel=1e-9)
    assert losses[0.5] == pytest.approx(0.5 * alone + 0.5 * losses[0.0], rel=1e-9)


def test_beliefs_are_the_mlp_on_the_means(fitted, data):
    predictor, _, _ = fitted
    graphs, y = data
    z = predictor.autoencoder.means(graphs).reshape(len(y), -1)
    *hidden, last = predictor.network._mlp.layers
    for layer in hidden:
        z = np.maximum(z @ layer.kernel.numpy() + layer.bias.numpy(), 0)
    expected = (z @ last.kernel.numpy() + last.bias.numpy())[:, 0]
    belief = predictor.predict(graphs)
    assert belief.batch_shape == [48]
    np.testing.assert_allclose(belief.mean(), expected, rtol=1e-6)
    np.testing.assert_allclose(belief.stddev(), np.full(48, np.sqrt(np.mean((expected - y) ** 2))), rtol=1e-6)
    mean, deviation = predictor.predict_tensor(*graphs)
    np.testing.assert_allclose(mean, expected, rtol=1e-6)
    np.testing.assert_array_equal(deviation, belief.stddev())


def test_training_goes_on_bit_for_bit(fitted, data, tmp_path):
    whole, _, epochs = fitted
    first = LatentMLP(_autoencoder(), CONFIG)
    first.fit(*data, TrainingConfig(epochs=2, batch=16, rate=1e-2), seed=5, directory=tmp_path)
    again = LatentMLP(_autoencoder(seed=3), CONFIG)
    rest = again.fit(*data, TrainingConfig(epochs=3, batch=16, rate=1e-2), seed=5, directory=tmp_path)
    assert rest == epochs[2:]
    assert np.array_equal(again.predict(data[0]).mean(), whole.predict(data[0]).mean())
    assert np.array_equal(again.predict(data[0]).stddev(), whole.predict(data[0]).stddev())
    with pytest.raises(StateError, match="the same data as before"):
        again.fit(data[0], data[1] + 1, TrainingConfig(epochs=3, batch=16, rate=1e-2), seed=5, directory=tmp_path)


def test_wrong_arguments_are_refused(data):
    graphs, y = data
    predictor = LatentMLP(_autoencoder())
    assert predictor.config.hidden == (28, 14, 7)
    assert predictor.training == TrainingConfig(epochs=100, batch=32, rate=1e-3, patience=10)
    with pytest.raises(ConfigError, match="predictor that is fitted"):
        predictor.predict(graphs)
    with pytest.raises(ConfigError, match="predictor that is fitted"):
        predictor.predict_tensor(*graphs)
    bad = y.copy()
    bad[3] = np.nan
    for few, values, message in (
        (graphs.take(slice(0, 1)), y[:1], "at least 2; received 1"),
        (graphs, y[:5], r"shape \(48,\), one a graph"),
        (graphs, bad, "1 that are not"),
    ):
        with pytest.raises(ConfigError, match=message):
            predictor.fit(few, values, seed=0)
    with pytest.raises(ConfigError, match="seed"):
        predictor.fit(graphs, y, seed=-1)
    with pytest.raises(ConfigError, match="GraphAutoencoder"):
        LatentMLP("svge")
    for options in ({"hidden": ()}, {"share": 1.0}, {"share": -0.1}):
        with pytest.raises(ConfigError):
            LatentMLPConfig(**options)

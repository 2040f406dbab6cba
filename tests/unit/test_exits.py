"""Training networks with further outputs, and with smoothed labels."""

from __future__ import annotations

import re

import numpy as np
import pytest

from tfnas import networks, spaces
from tfnas.errors import ConfigError
from tfnas.evaluators import TrainingEvaluator
from tfnas.evaluators.training.exits import with_exits, without_auxiliary
from tfnas.evaluators.training.recipe import TrainingRecipe
from tfnas.evaluators.training.trainer import smoothed
from tfnas.trial import Measurement, Proposal

X = np.random.default_rng(0).normal(size=(8, 32, 32, 1)).astype("float32")
Y = np.arange(8) % 4
DARTS = spaces.get("darts")
ARCH = DARTS.sample(np.random.default_rng(0))
SKELETON = {"cells": 3, "channels": 2, "auxiliary": True}


def two_outputs():
    return networks.build(ARCH, input_shape=(32, 32, 1), num_classes=4, **SKELETON)


def test_the_loss_is_weighted_in_training_and_the_last_output_measures():
    import keras

    network = two_outputs()
    model = with_exits(network, 0.4)
    model.compile("sgd", "sparse_categorical_crossentropy", metrics=["accuracy"])
    entropy = keras.losses.SparseCategoricalCrossentropy()
    result = network(X, training=False)
    head, auxiliary = (float(entropy(Y, result[name])) for name in ("head", "auxiliary"))
    assert abs(head - auxiliary) > 1e-3
    logs = model.evaluate(X, Y, verbose=0, return_dict=True)
    assert logs["loss"] == pytest.approx(head, rel=1e-4)
    assert logs["accuracy"] == pytest.approx(float((np.asarray(result["head"]).argmax(1) == Y).mean()))
    loss = model.compute_loss(X, Y, result, training=True)
    assert float(loss) == pytest.approx(head + 0.4 * auxiliary, rel=1e-4)


def test_regularisation_counts_once():
    import keras

    head = keras.layers.Dense(4, activation="softmax", kernel_regularizer=keras.regularizers.L2(3.0))
    network = networks.build(ARCH, input_shape=(32, 32, 1), num_classes=4, head=head, **SKELETON)
    model = with_exits(network, 0.5)
    model.compile("sgd", "sparse_categorical_crossentropy")
    result = model(X, training=False)
    entropy = keras.losses.SparseCategoricalCrossentropy()
    expected = float(entropy(Y, result["head"])) + 0.5 * float(entropy(Y, result["auxiliary"]))
    penalty = sum(
        3.0 * float((np.array(weight) ** 2).sum())
        for weight in model.weights
        if re.search(r"dense(_\d+)?/kernel", weight.path)
    )
    assert penalty > 1
    assert float(model.compute_loss(X, Y, result, training=True)) == pytest.approx(expected + penalty, rel=1e-4)


def test_networks_with_one_output_are_left_alone():
    network = networks.build(ARCH, input_shape=(8, 8, 1), num_classes=4, cells=1, channels=2)
    assert with_exits(network, 0.4) is network and without_auxiliary(network) is network


def test_an_auxiliary_head_is_not_kept_and_early_exits_are():
    network = two_outputs()
    kept = without_auxiliary(network)
    np.testing.assert_allclose(kept(X), network(X)["head"], rtol=1e-5)
    assert not any("auxiliary" in weight.path for weight in kept.weights)
    space = spaces.get("ghn_anytime,nodes1=2,nodes2=2,nodes3=1,exits=2")
    arch = space.sample(np.random.default_rng(0))
    anytime = networks.build(arch, input_shape=(8, 8, 1), num_classes=4, channels=2)
    assert list(without_auxiliary(anytime).output) == list(anytime.output) and len(anytime.output) == 3


@pytest.mark.parametrize(
    ("name", "skeleton", "outputs"),
    [("darts", SKELETON, 1), ("ghn_anytime,nodes1=2,nodes2=2,nodes3=1,exits=2", {"channels": 2}, 3)],
)
def test_they_train_and_are_saved(name, skeleton, outputs, tmp_path):
    import keras

    space = spaces.get(name)
    with TrainingEvaluator(
        space, (np.repeat(X, 4, 0), np.repeat(Y, 4)), (X, Y), (X, Y), epochs=2, skeleton=skeleton, isolation="inprocess"
    ) as evaluator:
        arch = space.sample(np.random.default_rng(0))
        (outcome,) = evaluator.evaluate([Proposal(arch)], seeds=[1])
        assert isinstance(outcome, Measurement) and "val_accuracy" in outcome.metrics, outcome
        final = evaluator.finalize(arch, seed=2, directory=tmp_path)
        assert isinstance(final, Measurement), final
    result = keras.models.load_model(tmp_path / "best.keras")(X)
    assert (len(result) if isinstance(result, dict) else 1) == outputs


def test_smoothed_labels():
    recipe = TrainingRecipe(label_smoothing=0.1, num_classes=4)
    predicted = np.random.default_rng(0).dirichlet(np.ones(4), size=8).astype("float32")
    target = np.full((8, 4), 0.1 / 4)
    target[np.arange(8), Y] += 0.9
    np.testing.assert_allclose(smoothed(recipe)(Y, predicted), -(target * np.log(predicted)).sum(1), rtol=1e-5)
    np.testing.assert_allclose(smoothed(recipe)(Y[:, None], predicted), smoothed(recipe)(Y, predicted))


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"label_smoothing": 1.0}, "label_smoothing"),
        ({"label_smoothing": 0.1, "loss": "mean_squared_error"}, "only with the loss 'sparse_categorical"),
        ({"exit_weight": -1}, "exit_weight"),
    ],
)
def test_what_cannot_be(fields, message):
    with pytest.raises(ConfigError, match=message):
        TrainingRecipe(**fields)

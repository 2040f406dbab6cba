"""Keras networks, networks with weights from outside, super-networks."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass

import numpy as np
import pytest

from tests.own import SPACES
from tfnas import Architecture, networks, spaces
from tfnas.blueprints import IMAGE, Draft, Parameter, chain, layers
from tfnas.errors import ConfigError, InvalidArchitectureError

SPACE = spaces.get("nasbench201")
CELL = "|nor_conv_3x3~0|+|nor_conv_3x3~0|avg_pool_3x3~1|+|skip_connect~0|nor_conv_1x1~1|skip_connect~2|"
ARCH = SPACE.from_native(CELL)
SMALL = {"cells_per_stage": 1, "channels": 4}
SHAPE = (8, 8, 3)
IMAGES = np.random.default_rng(0).normal(size=(6, *SHAPE)).astype("float32")


def built(arch=ARCH, **arguments):
    return networks.build(arch, input_shape=SHAPE, num_classes=5, **SMALL, **arguments)


def parameters(model, blueprint):
    wanted = blueprint.parameters(5)
    return {variable.path: variable for variable in model.variables if variable.path in wanted}


def test_saved_networks_load_without_the_library(tmp_path):
    images = np.random.default_rng(0).normal(size=(2, 9, 7, 2)).astype("float32")
    np.save(tmp_path / "images.npy", images)
    expected = {}
    for name in SPACES:
        space = spaces.get(name)
        arch = space.sample(np.random.default_rng(0))
        model = networks.build(arch, input_shape=(9, 7, 2), num_classes=3, **space.quick_skeleton((9, 7, 2)))
        model.save(tmp_path / f"{name}.keras")
        result = model(images)
        expected[name] = np.asarray(result["head"] if isinstance(result, dict) else result)
    script = (
        "import sys, numpy, keras; folder, *names = sys.argv[1:]\n"
        "images = numpy.load(folder + '/images.npy')\n"
        "for name in names:\n"
        "    result = keras.models.load_model(folder + '/' + name + '.keras')(images)\n"
        "    numpy.save(folder + '/' + name + '.npy', result['head'] if isinstance(result, dict) else result)\n"
        "assert 'tfnas' not in sys.modules"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path), *SPACES], capture_output=True, text=True, cwd=tmp_path
    )
    assert done.returncode == 0, done.stderr[-2000:]
    for name in SPACES:
        np.testing.assert_allclose(
            np.load(tmp_path / f"{name}.npy"), expected[name], rtol=1e-4, atol=1e-5, err_msg=name
        )


def test_variables_have_the_names_of_the_blueprint():
    blueprint = SPACE.blueprint(ARCH, SHAPE, **SMALL)
    made = {variable.path: tuple(variable.shape) for variable in built().variables}
    assert made == {name: parameter.shape for name, parameter in blueprint.parameters(5).items()}
    assert "stage2.cell1.edge13.nor_conv_1x1.conv/kernel" in made and made["head/bias"] == (5,)


def test_nodes_know_the_operator_they_stand_for():
    for node in SPACE.blueprint(ARCH, SHAPE, **SMALL).nodes:
        if node.place is not None:
            assert node.name.endswith(ARCH.ops[node.place])


def test_gradients_flow_into_weights_that_are_given():
    import tensorflow as tf

    blueprint = SPACE.blueprint(ARCH, SHAPE, **SMALL)
    model = built(head="regression")
    variables = parameters(model, blueprint)
    weights = {name: tf.Variable(value) for name, value in variables.items()}
    trainable = [name for name, parameter in blueprint.parameters(5).items() if parameter.trainable]
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(networks.stateless_call(blueprint, weights, IMAGES, training=True)["head"] ** 2)
    given = dict(zip(trainable, tape.gradient(loss, [weights[name] for name in trainable])))
    with tf.GradientTape() as tape:
        expected_loss = tf.reduce_mean(model(IMAGES, training=True) ** 2)
    expected = tape.gradient(expected_loss, [variables[name].value for name in trainable])
    np.testing.assert_allclose(loss, expected_loss, rtol=1e-5)
    for name, gradient in zip(trainable, expected):
        np.testing.assert_allclose(given[name], gradient, rtol=1e-2, atol=1e-5, err_msg=name)
    assert any(np.abs(gradient).max() > 1e-4 for gradient in expected)


def test_moving_statistics_may_be_left_out():
    blueprint = SPACE.blueprint(ARCH, SHAPE, **SMALL)
    weights = parameters(built(), blueprint)
    learned = {name: value for name, value in weights.items() if "moving" not in name}
    by_batch = networks.stateless_call(blueprint, learned, IMAGES)["head"]
    np.testing.assert_allclose(
        by_batch, networks.stateless_call(blueprint, weights, IMAGES, training=True)["head"], rtol=1e-5
    )


def test_weights_that_do_not_fit_are_refused():
    blueprint = SPACE.blueprint(ARCH, SHAPE, **SMALL)
    weights = dict(parameters(built(), blueprint))
    kernel = weights.pop("stem.conv/kernel")
    with pytest.raises(ConfigError, match=r"1 of them missing \(stem.conv/kernel"):
        networks.stateless_call(blueprint, weights, IMAGES)
    with pytest.raises(ConfigError, match=r"1 unknown \(trunk/kernel"):
        networks.stateless_call(blueprint, {**weights, "stem.conv/kernel": kernel, "trunk/kernel": kernel}, IMAGES)
    with pytest.raises(ConfigError, match=r"weight stem.conv/kernel: expected shape \(3, 3, 3, 4\); received \(2, 2\)"):
        networks.stateless_call(blueprint, {**weights, "stem.conv/kernel": np.zeros((2, 2))}, IMAGES)
    with pytest.raises(ConfigError, match="open choice at stage1.cell1.edge01"):
        networks.stateless_call(SPACE.super_blueprint(SHAPE, **SMALL), weights, IMAGES)
    with pytest.raises(ConfigError, match="'trunk/kernel'"):
        networks.load_weights(built(), {"trunk/kernel": kernel})


def test_training_a_super_network_touches_the_chosen_operators_alone():
    import tensorflow as tf

    whole = networks.SuperNetwork(SPACE, input_shape=SHAPE, num_classes=5, **SMALL)
    before = {name: np.array(value) for name, value in whole.named_weights.items()}
    optimizer = tf.constant(0.1)

    @tf.function
    def step(images, choices):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean((whole(images, choices, training=True) - 1.0) ** 2)
        for variable, gradient in zip(
            whole.trainable_variables, tape.gradient(loss, [v.value for v in whole.trainable_variables])
        ):
            variable.assign_sub(optimizer * gradient)
        return loss

    choices = tf.constant(SPACE.super_choices(ARCH))
    losses = [float(step(IMAGES, choices)) for _ in range(5)]
    assert losses[-1] < losses[0]
    used = set(whole.weights_of(ARCH))
    moved = {name for name, value in whole.named_weights.items() if not np.array_equal(before[name], value)}
    assert moved <= used
    assert {name for name in used if "moving" in name or name.endswith("conv/kernel")} <= moved


def test_moving_statistics_of_a_super_network_move_as_keras_moves_them():
    whole = networks.SuperNetwork(SPACE, input_shape=SHAPE, num_classes=5, **SMALL)
    model = built(head="regression")
    networks.load_weights(model, whole.weights_of(ARCH))
    import tensorflow as tf

    whole(IMAGES, tf.constant(SPACE.super_choices(ARCH)), training=True)
    model(IMAGES, training=True)
    own = {variable.path: variable for variable in model.variables}
    for name, value in whole.weights_of(ARCH).items():
        np.testing.assert_allclose(value, own[name], rtol=1e-4, atol=1e-6, err_msg=name)


def test_super_networks_are_seeded():
    first, same, other = (
        networks.SuperNetwork(SPACE, input_shape=SHAPE, num_classes=5, seed=seed, **SMALL) for seed in (1, 1, 2)
    )
    name = "stage1.cell1.edge01.nor_conv_3x3.conv/kernel"
    np.testing.assert_array_equal(first.named_weights[name], same.named_weights[name])
    assert not np.array_equal(first.named_weights[name], other.named_weights[name])
    kernels = [np.array(value) for name, value in first.named_weights.items() if name.endswith("3x3.conv/kernel")]
    assert len({kernel.tobytes() for kernel in kernels}) == len(kernels)


def test_no_two_networks_share_a_weight():
    first, second = built(), built()
    assert not {id(v) for v in first.variables} & {id(v) for v in second.variables}


def test_a_network_with_further_outputs_is_a_dictionary():
    space = spaces.get("darts")
    arch = space.sample(np.random.default_rng(0))
    model = networks.build(arch, input_shape=(32, 32, 3), num_classes=4, cells=3, channels=4, auxiliary=True)
    result = model(np.zeros((2, 32, 32, 3), "float32"))
    assert {name: value.shape for name, value in result.items()} == {"auxiliary": (2, 4), "head": (2, 4)}
    assert model.get_layer("auxiliary") is not model.get_layer("head")


def test_a_layer_as_head_is_copied_for_every_output():
    import keras

    space = spaces.get("ghn_anytime,nodes1=2,nodes2=2,nodes3=1,exits=2")
    arch = space.sample(np.random.default_rng(0))
    model = networks.build(arch, input_shape=SHAPE, num_classes=3, head=keras.layers.Dense(3, name="own"), channels=2)
    assert {name: value.shape[1] for name, value in model.output.items()} == {"exit1": 3, "exit2": 3, "head": 3}
    assert {layer.name for layer in model.layers if "own" in layer.name} == {"own", "exit1_own", "exit2_own"}


def test_drop_path_drops_whole_examples_in_training_alone():
    space = spaces.get("darts")
    arch = space.sample(np.random.default_rng(1))
    model = networks.build(arch, input_shape=SHAPE, num_classes=4, cells=1, channels=4, drop_path=0.5)
    dropping = [layer for layer in model.layers if type(layer).__name__ == "Dropout"]
    assert dropping
    x = np.ones((64, 2, 2, 4), "float32")
    kept = np.asarray(dropping[0](x, training=True))
    assert {tuple(np.unique(example)) for example in kept} == {(0.0,), (2.0,)}
    np.testing.assert_array_equal(dropping[0](x, training=False), x)


@dataclass(frozen=True)
class Scale(layers.Layer):
    """A user's own layer: one learned number."""

    def output_shape(self, inputs):
        return inputs[0]

    def parameters(self, inputs):
        return {"embeddings": Parameter((1, 1))}


def test_a_layer_of_ones_own():
    import keras

    def make(layer, tensors, name):
        (x,) = tensors
        table = keras.layers.Embedding(1, 1, embeddings_initializer="ones", name=name)
        return x * table(keras.ops.zeros_like(x[:, 0, 0, 0], dtype="int32"))[:, None, None]

    networks.register_layer(Scale, make, lambda layer, tensors, weights, training: tensors[0] * weights["embeddings"])
    draft = Draft(SHAPE)
    node = draft.add("scaled", chain(scale=Scale(), pool=layers.GlobalPool()), IMAGE)
    blueprint = draft.finish(node)
    weights = {"scaled.scale/embeddings": np.array([[3.0]], "float32")}
    weights |= {"head/kernel": np.eye(3, dtype="float32"), "head/bias": np.zeros(3, "float32")}
    result = networks.stateless_call(blueprint, weights, IMAGES)["head"]
    np.testing.assert_allclose(result, 3 * IMAGES.mean((1, 2)), rtol=1e-5)
    assert blueprint.costs(3) == (1 + 12, 9)


def test_bad_arguments():
    with pytest.raises(ConfigError, match="skeleton of nasbench201"):
        built(width=3)
    with pytest.raises(ConfigError, match="head: expected 'classification' or 'regression'"):
        built(head="linear")
    with pytest.raises(InvalidArchitectureError):
        built(Architecture("nasbench201", ("input",), ()))
    with pytest.raises(ConfigError, match="differ in their wiring"):
        networks.SuperNetwork(spaces.get("randwire"), input_shape=SHAPE, num_classes=5)
    with pytest.raises(ConfigError, match="num_classes"):
        networks.SuperNetwork(SPACE, input_shape=SHAPE, num_classes=0)
    with pytest.raises(AttributeError, match="no attribute 'Supernet'"):
        networks.Supernet  # noqa: B018

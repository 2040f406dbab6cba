"""Blueprints: shapes, parameters and costs of primitive layers, judged by Keras."""

from __future__ import annotations

import numpy as np
import pytest

from tfnas.blueprints import IMAGE, MAIN, Choice, Draft, Operator, chain, layers, merge, operators
from tfnas.errors import ConfigError
from tfnas.networks import functional, keras_layers

SHAPE = (7, 9, 6)
LAYERS = [
    layers.Conv(5, (3, 3)),
    layers.Conv(5, (1, 7), strides=2),
    layers.Conv(4, (3, 3), dilation=2),
    layers.Conv(4, (2, 2), padding="valid", bias=True),
    layers.DepthwiseConv((5, 5), strides=2),
    layers.DepthwiseConv((3, 3), dilation=2),
    layers.DepthwiseConv((3, 3), strides=2, dilation=2),
    layers.BatchNorm(),
    layers.BatchNorm(affine=False, epsilon=1e-3),
    layers.Relu(),
    layers.Relu(0.5),
    layers.Sigmoid(),
    layers.Pool("max", 3),
    layers.Pool("average", 3),
    layers.Pool("average", 3, strides=2),
    layers.Pool("max", 5, strides=3, padding="valid"),
    layers.GlobalPool(),
    layers.GlobalPool(keep=True),
    layers.Flatten(),
    layers.Upsample(2),
    layers.Crop(5, 4),
    layers.Shift(),
    layers.FirstChannels(4),
    layers.Identity(),
    layers.Zero(),
    layers.Dropout(0.5),
    layers.Dropout(0.5, whole=True),
    layers.Add(),
    layers.Mean(),
    layers.Multiply(),
    layers.GatedSum(),
    layers.Concat(),
]
SEVERAL = (layers.Add, layers.Mean, layers.Multiply, layers.GatedSum, layers.Concat)


@pytest.mark.parametrize("layer", LAYERS, ids=repr)
def test_a_layer_is_what_keras_makes_of_it(layer):
    """Shape and parameters of the value, of stock Keras layers, and of the function agree; so do results."""
    import keras

    rng = np.random.default_rng(0)
    count = 3 if isinstance(layer, SEVERAL) else 1
    images = [keras.Input(SHAPE) for _ in range(count)]
    model = keras.Model(images, keras_layers.apply(layer, images, "it"))
    given = [SHAPE] * count
    assert model.output_shape[1:] == layer.output_shape(given)
    parameters = layer.parameters(given)
    made = {variable.path: variable for variable in model.variables if "seed" not in variable.path}
    assert {f"it/{name}": (p.shape, p.trainable) for name, p in parameters.items()} == {
        path: (tuple(variable.shape), variable.trainable) for path, variable in made.items()
    }
    for variable in made.values():
        variable.assign(rng.uniform(0.5, 1.5, size=variable.shape))
    tensors = [rng.normal(size=(2, *SHAPE)).astype("float32") for _ in range(count)]
    weights = {path[3:]: variable for path, variable in made.items()}
    result = functional.apply(layer, tensors, weights, False)
    np.testing.assert_allclose(result, model(tensors, training=False), rtol=1e-4, atol=1e-5)


def test_a_strided_convolution_is_padded_evenly():
    """As PyTorch does it: the window of the first output begins one pixel outside."""
    image = np.zeros((1, 4, 4, 1), "float32")
    image[0, 0, 0, 0] = 1
    kernel = np.arange(9, dtype="float32").reshape(3, 3, 1, 1)
    (result,) = functional.apply(layers.Conv(1, (3, 3), strides=2), [image], {"kernel": kernel}, False)
    np.testing.assert_array_equal(np.asarray(result)[..., 0], [[4, 0], [0, 0]])


def test_batch_statistics_in_training_and_where_no_others_are_given():
    x = np.random.default_rng(0).normal(2, 3, size=(64, 2, 2, 3)).astype("float32")
    weights = {"gamma": np.ones(3, "float32"), "beta": np.zeros(3, "float32")}
    moving = {"moving_mean": np.zeros(3, "float32"), "moving_variance": np.ones(3, "float32")}
    for given, training in ((weights, False), ({**weights, **moving}, True)):
        y = np.asarray(functional.apply(layers.BatchNorm(), [x], given, training))
        np.testing.assert_allclose(y.mean((0, 1, 2)), 0, atol=1e-5)
        np.testing.assert_allclose(y.std((0, 1, 2)), 1, atol=1e-4)
    np.testing.assert_allclose(
        functional.apply(layers.BatchNorm(), [x], {**weights, **moving}, False), x, rtol=1e-4, atol=1e-4
    )


def test_costs_by_hand():
    draft = Draft((8, 8, 3))
    a = draft.add("a", operators.conv_bn(4, 3, 2), IMAGE)
    b = draft.add("b", operators.separable(4, 5), a)
    pooled = draft.add("pool", chain(pool=layers.GlobalPool()), draft.sum("sum", [a, b]))
    blueprint = draft.finish(pooled)
    params = (27 * 4 + 8) + (25 * 4 + 16 + 8) + (4 * 10 + 10)
    macs = 27 * 4 * 16 + (25 * 4 + 16) * 16 + 40
    assert blueprint.costs(10) == (params, macs)
    assert sum(p.size for p in blueprint.parameters(10).values() if p.trainable) == params
    assert blueprint.macs_until(10) == {MAIN: macs}


def test_what_an_exit_costs_is_what_has_to_run():
    draft = Draft((4, 4, 1))
    a = draft.add("a", chain(conv=layers.Conv(2, (1, 1))), IMAGE)
    b = draft.add("b", chain(conv=layers.Conv(3, (1, 1))), a)
    first, last = (draft.add(f"pool{k}", chain(pool=layers.GlobalPool()), node) for k, node in enumerate((a, b)))
    blueprint = draft.finish(last, exit1=first)
    assert [name for name, _ in blueprint.outputs] == ["exit1", MAIN]
    assert blueprint.macs_until(5) == {"exit1": 16 * 2 + 10, MAIN: 16 * 2 + 10 + 16 * 6 + 15}


def test_names_are_given_once():
    draft = Draft((4, 4, 1))
    draft.add("a", operators.pool("max"), IMAGE)
    with pytest.raises(ConfigError, match="a second 'a'"):
        draft.add("a", operators.pool("max"), IMAGE)


def test_a_convolution_has_strides_or_dilation():
    with pytest.raises(ConfigError, match="strides 2, dilation 2"):
        layers.Conv(4, (3, 3), strides=2, dilation=2)


def test_operators_are_made_once_and_traced_once():
    assert operators.conv_bn(4, 3) is operators.conv_bn(4, 3)
    assert merge(layers.Add(), 2) is merge(layers.Add(), 2)
    operator = operators.relu_conv_bn(5, 3)
    assert operator.trace(((8, 8, 5),)) is operator.trace(((8, 8, 5),))


def test_an_operator_without_steps_is_its_input():
    draft = Draft((4, 4, 1))
    assert draft.add("same", Operator(()), IMAGE) == IMAGE


def test_a_choice_has_the_parameters_of_all_options():
    options = {"one": operators.relu_conv_bn(2, 1), "three": operators.relu_conv_bn(2, 3)}
    traced = Choice(0, options).trace(((4, 4, 2),))
    assert traced.params == (4 + 4) + (36 + 4)
    assert set(traced.parameters) >= {"one.conv/kernel", "three.conv/kernel", "three.bn/gamma"}


def test_what_does_not_fit_is_said_when_it_is_added():
    draft = Draft((8, 8, 3))
    a = draft.add("a", operators.conv_bn(4, 3), IMAGE)
    b = draft.add("b", operators.conv_bn(4, 3, 2), IMAGE)
    pooled = draft.add("pooled", chain(pool=layers.GlobalPool()), a)
    for work, message in [
        (lambda: draft.sum("sum", [a, b]), "Add: expected tensors of one shape"),
        (lambda: draft.concat("concat", [a, b]), "Concat: expected tensors of one height and width"),
        (lambda: draft.sum("sum", []), "inputs of sum: expected at least one node"),
        (lambda: draft.add("c", operators.conv_bn(4), a, b), "inputs of c: expected 1 of the 3 nodes"),
        (lambda: draft.add("c", operators.conv_bn(4), 17), "inputs of c"),
        (lambda: draft.add("c", operators.conv_bn(4), pooled), "c: expected inputs of a shape that its layers take"),
        (
            lambda: draft.add("c", chain(conv=layers.Conv(2, (9, 9), padding="valid")), a),
            "c: expected something left of the image",
        ),
        (lambda: draft.finish(a), "output head: expected a node with features alone"),
        (lambda: draft.finish(pooled, exit1=b), "output exit1"),
        (
            lambda: draft.add("c", Choice(0, {"x": operators.conv_bn(4), "y": operators.conv_bn(5)}), a),
            "options of slot 0: expected results of one shape; received x .8, 8, 4., y .8, 8, 5.",
        ),
        (lambda: layers.Conv(3, (2, 2)), "kernel: expected odd sides"),
        (lambda: layers.DepthwiseConv((3, 4)), "kernel: expected odd sides"),
    ]:
        with pytest.raises(ConfigError, match=message):
            work()
    assert draft.finish(pooled).costs(10)[0] == 108 + 8 + 108 + 8 + 50


def test_unknown_layers_say_how_they_become_known():
    class Strange(layers.Layer):
        def output_shape(self, inputs):
            return inputs[0]

    for apply in (keras_layers.apply, lambda *given: functional.apply(*given[:2], {}, False)):
        with pytest.raises(ConfigError, match="register_layer"):
            apply(Strange(), [], "name")

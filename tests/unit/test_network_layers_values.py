"""What strided layers and a reduction cell compute, judged by NumPy and plain loops over pixels."""

from __future__ import annotations

import math

import numpy as np
import pytest

from tfnas import networks
from tfnas.blueprints import layers, operators
from tfnas.networks import functional, keras_layers
from tfnas.spaces.darts import DARTS


def windows(image: np.ndarray, size: int, strides: int, dilation: int = 1):
    """For each position of a result its pixels ``(row of the window, column, values)``, those outside left out.

    Padding is even: (size - 1) * dilation / 2 on each side, as PyTorch's networks ask for.
    """
    height, width, _ = image.shape
    for i in range(math.ceil(height / strides)):
        for j in range(math.ceil(width / strides)):
            pixels = []
            for a in range(size):
                for b in range(size):
                    row = i * strides + a * dilation - (size - 1) * dilation // 2
                    column = j * strides + b * dilation - (size - 1) * dilation // 2
                    if 0 <= row < height and 0 <= column < width:
                        pixels.append((a, b, image[row, column]))
            yield i, j, pixels


def result_of(image: np.ndarray, channels: int, strides: int) -> np.ndarray:
    return np.zeros((math.ceil(image.shape[0] / strides), math.ceil(image.shape[1] / strides), channels))


def convolved(image: np.ndarray, kernel: np.ndarray, strides: int = 1) -> np.ndarray:
    result = result_of(image, kernel.shape[-1], strides)
    for i, j, pixels in windows(image, kernel.shape[0], strides):
        for a, b, values in pixels:
            result[i, j] += values @ kernel[a, b]
    return result


def convolved_by_channel(image: np.ndarray, kernel: np.ndarray, strides: int = 1, dilation: int = 1) -> np.ndarray:
    result = result_of(image, image.shape[-1], strides)
    for i, j, pixels in windows(image, kernel.shape[0], strides, dilation):
        for a, b, values in pixels:
            result[i, j] += values * kernel[a, b, :, 0]
    return result


def pooled(image: np.ndarray, kind: str, size: int, strides: int) -> np.ndarray:
    result = result_of(image, image.shape[-1], strides)
    for i, j, pixels in windows(image, size, strides):
        values = np.array([values for _, _, values in pixels])
        result[i, j] = values.max(axis=0) if kind == "max" else values.sum(axis=0) / len(pixels)
    return result


def normalised(image: np.ndarray, weights: dict, name: str) -> np.ndarray:
    centred = image - weights[f"{name}/moving_mean"]
    return (
        centred / np.sqrt(weights[f"{name}/moving_variance"] + 1e-5) * weights[f"{name}/gamma"]
        + (weights[f"{name}/beta"])
    )


def reduced(image: np.ndarray, weights: dict, name: str) -> np.ndarray:
    """Factorised reduction behind its ReLU: pixels (2i, 2j) and (2i + 1, 2j + 1), zeros beyond the image."""
    first, second = weights[f"{name}conv1/kernel"][0, 0], weights[f"{name}conv2/kernel"][0, 0]
    result = result_of(image, first.shape[1] + second.shape[1], 2)
    for i in range(result.shape[0]):
        for j in range(result.shape[1]):
            result[i, j, : first.shape[1]] = image[2 * i, 2 * j] @ first
            if 2 * i + 1 < image.shape[0] and 2 * j + 1 < image.shape[1]:
                result[i, j, first.shape[1] :] = image[2 * i + 1, 2 * j + 1] @ second
    return normalised(result, weights, f"{name}bn")


def random_weights(shapes: dict[str, tuple], rng: np.random.Generator) -> dict[str, np.ndarray]:
    positive = ("gamma", "moving_variance")
    return {
        name: rng.uniform(0.5, 1.5, size=shape) if name.endswith(positive) else rng.normal(size=shape)
        for name, shape in shapes.items()
    }


def single(values: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    return {name: value.astype("float32") for name, value in values.items()}


def both_ways(layer: layers.Layer, images: np.ndarray) -> list[np.ndarray]:
    """A layer without weights as the function and as Keras's layers."""
    import keras

    given = keras.Input(images.shape[1:])
    model = keras.Model(given, keras_layers.apply(layer, [given], "it"))
    return [np.asarray(functional.apply(layer, [images], {}, False)), np.asarray(model(images))]


def test_strided_pooling_is_padded_evenly():
    """Figures of PyTorch's ``MaxPool2d(3, 2, 1)`` and ``AvgPool2d(3, 2, 1, count_include_pad=False)``, by hand."""
    image = np.arange(16, dtype="float32").reshape(1, 4, 4, 1)
    for result in both_ways(layers.Pool("max", 3, 2), image):
        np.testing.assert_array_equal(result[0, ..., 0], [[5, 7], [13, 15]])
    for result in both_ways(layers.Pool("average", 3, 2), image):
        np.testing.assert_allclose(result[0, ..., 0], [[2.5, 4], [8.5, 10]], rtol=1e-6)


@pytest.mark.parametrize(("size", "strides"), [(3, 1), (3, 2), (5, 3)])
@pytest.mark.parametrize("kind", ["max", "average"])
def test_pooling(kind, size, strides):
    rng = np.random.default_rng(0)
    for height, width in ((8, 8), (7, 7), (8, 7), (9, 6), (2, 1)):
        images = rng.normal(-5, 1, size=(2, height, width, 3)).astype("float32")  # zeros would be seen
        expected = [pooled(image, kind, size, strides) for image in images]
        for result in both_ways(layers.Pool(kind, size, strides), images):
            np.testing.assert_allclose(result, expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("relu", [True, False])
@pytest.mark.parametrize("shape", [(8, 8, 3), (7, 7, 3), (8, 7, 3), (1, 2, 3)])
def test_factorized_reduction(shape, relu):
    rng = np.random.default_rng(1)
    operator = operators.factorized_reduction(5, relu=relu)
    parameters = operator.trace((shape,)).parameters
    weights = random_weights({name: parameter.shape for name, parameter in parameters.items()}, rng)
    images = rng.normal(size=(2, *shape))
    result = functional.run(operator, [images.astype("float32")], single(weights), False)
    given = np.maximum(images, 0) if relu else images
    expected = [reduced(image, weights, "") for image in given]
    np.testing.assert_allclose(result, expected, rtol=1e-4, atol=1e-5)


REDUCE = (
    *(("max_pool_3x3", 0), ("avg_pool_3x3", 1)),
    *(("skip_connect", 0), ("sep_conv_3x3", 1)),
    *(("sep_conv_5x5", 0), ("dil_conv_3x3", 1)),
    *(("dil_conv_5x5", 0), ("max_pool_3x3", 3)),
)


def reduction_cell(s0: np.ndarray, s1: np.ndarray, weights: dict) -> np.ndarray:
    """`REDUCE` from its two inputs, brought to their channels, to the concatenation."""

    def half(image: np.ndarray, branch: str, number: str, strides: int, dilation: int) -> np.ndarray:
        x = np.maximum(image, 0)
        x = convolved_by_channel(x, weights[f"cell1.{branch}.depthwise{number}/kernel"], strides, dilation)
        return normalised(
            convolved(x, weights[f"cell1.{branch}.conv{number}/kernel"]), weights, f"cell1.{branch}.bn{number}"
        )

    def separable(image: np.ndarray, branch: str) -> np.ndarray:
        return half(half(image, branch, "1", 2, 1), branch, "2", 1, 1)

    steps = [pooled(s0, "max", 3, 2) + pooled(s1, "average", 3, 2)]
    skip = reduced(np.maximum(s0, 0), weights, "cell1.branch3.skip_connect.")
    steps.append(skip + separable(s1, "branch4.sep_conv_3x3"))
    steps.append(separable(s0, "branch5.sep_conv_5x5") + half(s1, "branch6.dil_conv_3x3", "", 2, 2))
    steps.append(half(s0, "branch7.dil_conv_5x5", "", 2, 2) + pooled(steps[1], "max", 3, 1))
    return np.concatenate(steps, axis=-1)


@pytest.mark.parametrize("shape", [(8, 8, 2), (7, 8, 2)])
def test_reduction_cell(shape):
    import keras

    rng = np.random.default_rng(2)
    space = DARTS()
    arch = space.from_cells(REDUCE, REDUCE)
    skeleton = {"cells": 1, "channels": 2}  # one cell is a reduction cell
    blueprint = space.blueprint(arch, shape, **skeleton)
    weights = random_weights({name: part.shape for name, part in blueprint.parameters(3).items()}, rng)
    images = rng.normal(size=(2, *shape))
    cells = []
    for image in images:
        stem = normalised(convolved(image, weights["stem.conv/kernel"]), weights, "stem.bn")
        s0, s1 = (
            normalised(
                convolved(np.maximum(stem, 0), weights[f"cell1.{name}.conv/kernel"]), weights, f"cell1.{name}.bn"
            )
            for name in ("input0", "input1")
        )
        cells.append(reduction_cell(s0, s1, weights))
    logits = np.mean(cells, axis=(1, 2)) @ weights["head/kernel"] + weights["head/bias"]
    result = networks.stateless_call(blueprint, single(weights), images.astype("float32"))
    np.testing.assert_allclose(result["head"], logits, rtol=1e-3, atol=1e-3)
    model = networks.build(arch, input_shape=shape, num_classes=3, head="regression", **skeleton)
    networks.load_weights(model, single(weights))
    cell = keras.Model(model.input, model.get_layer("cell1.concat.concat").output)
    np.testing.assert_allclose(cell(images.astype("float32")), cells, rtol=1e-3, atol=1e-3)
    np.testing.assert_allclose(model(images.astype("float32")), logits, rtol=1e-3, atol=1e-3)

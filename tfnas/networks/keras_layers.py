"""Primitive layers as stock Keras 3 layers, so that a saved network loads without this library."""

from __future__ import annotations

from typing import Any, Callable, Sequence

from tfnas._keras import keras3
from tfnas.blueprints import Layer, layers
from tfnas.errors import ConfigError

Make = Callable[[Any, Sequence[Any], str], Any]


def apply(layer: Layer, inputs: Sequence[Any], name: str) -> Any:
    """Applies a primitive layer to Keras tensors; what has parameters is called `name`.

    Raises:
        ConfigError: If the layer is of no known kind.
    """
    if type(layer) not in _MAKERS:
        raise ConfigError(
            "layer",
            expected="a kind of layer that networks know",
            received=repr(layer),
            remedy="Add yours with tfnas.networks.register_layer.",
        )
    return _MAKERS[type(layer)](layer, inputs, name)


def _conv(layer: layers.Conv, inputs: Sequence[Any], name: str) -> Any:
    (x,) = inputs
    x, padding = _evenly_padded(x, layer) if layer.padding == "same" else (x, "valid")
    return keras3().layers.Conv2D(
        layer.filters,
        layer.kernel,
        strides=layer.strides,
        dilation_rate=layer.dilation,
        padding=padding,
        use_bias=layer.bias,
        kernel_initializer="he_normal",
        name=name,
    )(x)


def _depthwise(layer: layers.DepthwiseConv, inputs: Sequence[Any], name: str) -> Any:
    x, padding = _evenly_padded(inputs[0], layer)
    return keras3().layers.DepthwiseConv2D(
        layer.kernel,
        strides=layer.strides,
        dilation_rate=layer.dilation,
        padding=padding,
        use_bias=False,
        depthwise_initializer="he_normal",
        name=name,
    )(x)


def _evenly_padded(x: Any, layer: Any) -> tuple[Any, str]:
    """Pads as the published code does; returns what is left for Keras to do."""
    margins = layers.even_padding(layer)
    if margins is None:
        return x, "same"
    return keras3().layers.ZeroPadding2D(margins)(x), "valid"


def _batch_norm(layer: layers.BatchNorm, inputs: Sequence[Any], name: str) -> Any:
    return keras3().layers.BatchNormalization(
        momentum=layer.momentum, epsilon=layer.epsilon, center=layer.affine, scale=layer.affine, name=name
    )(inputs[0])


def _pool(layer: layers.Pool, inputs: Sequence[Any], name: str) -> Any:
    keras = keras3()
    kinds = {"max": keras.layers.MaxPooling2D, "average": keras.layers.AveragePooling2D}
    (x,) = inputs
    if layer.is_evenly_padded:
        # every second window of those of stride 1, which Keras pads evenly
        every = kinds[layer.kind](layer.size, strides=1, padding="same", name=name)(x)
        return every[:, :: layer.strides, :: layer.strides]
    return kinds[layer.kind](layer.size, strides=layer.strides, padding=layer.padding, name=name)(x)


def _gated_sum(layer: layers.GatedSum, inputs: Sequence[Any], name: str) -> Any:
    keras = keras3()
    zeros = keras.ops.zeros_like(inputs[0][:, 0, 0, 0], dtype="int32")
    table = keras.layers.Embedding(1, len(inputs), embeddings_initializer="zeros", name=name)
    gates = keras.layers.Activation("sigmoid")(table(zeros))
    return keras.ops.einsum("bhwck,bk->bhwc", keras.ops.stack(inputs, axis=-1), gates)


def _dropout(layer: layers.Dropout, inputs: Sequence[Any], name: str) -> Any:
    (x,) = inputs
    noise = (None, *(1 for _ in x.shape[1:])) if layer.whole else None
    return keras3().layers.Dropout(layer.rate, noise_shape=noise, name=name)(x)


def _shift(layer: layers.Shift, inputs: Sequence[Any], name: str) -> Any:
    padded = keras3().layers.ZeroPadding2D(((0, 1), (0, 1)))(inputs[0])
    return keras3().layers.Cropping2D(((1, 0), (1, 0)), name=name)(padded)


def _crop(layer: layers.Crop, inputs: Sequence[Any], name: str) -> Any:
    (x,) = inputs
    rows, columns = x.shape[1] - layer.height, x.shape[2] - layer.width
    return keras3().layers.Cropping2D(((0, rows), (0, columns)), name=name)(x)


def _simple(build: Callable[[Any, Any, str], Any]) -> Make:
    """A stock layer of one input."""
    return lambda layer, inputs, name: build(keras3().layers, layer, name)(inputs[0])


def _joined(kind: str) -> Make:
    """A stock layer of several inputs."""
    return lambda layer, inputs, name: getattr(keras3().layers, kind)(name=name)(list(inputs))


def register(kind: type[Layer], make: Make) -> None:
    """Says which stock Keras layers a further kind of layer is."""
    _MAKERS[kind] = make


_MAKERS: dict[type[Layer], Make] = {
    layers.Conv: _conv,
    layers.DepthwiseConv: _depthwise,
    layers.BatchNorm: _batch_norm,
    layers.Pool: _pool,
    layers.GatedSum: _gated_sum,
    layers.Dropout: _dropout,
    layers.Shift: _shift,
    layers.Crop: _crop,
    layers.Dense: _simple(lambda stock, layer, name: stock.Dense(layer.units, name=name)),
    layers.Relu: _simple(lambda stock, layer, name: stock.ReLU(max_value=layer.maximum, name=name)),
    layers.Sigmoid: _simple(lambda stock, layer, name: stock.Activation("sigmoid", name=name)),
    layers.GlobalPool: _simple(lambda stock, layer, name: stock.GlobalAveragePooling2D(keepdims=layer.keep, name=name)),
    layers.Flatten: _simple(lambda stock, layer, name: stock.Flatten(name=name)),
    layers.Upsample: _simple(
        lambda stock, layer, name: stock.UpSampling2D(layer.factor, interpolation="nearest", name=name)
    ),
    layers.Zero: _simple(lambda stock, layer, name: stock.Rescaling(0.0, name=name)),
    layers.FirstChannels: lambda layer, inputs, name: inputs[0][..., : layer.channels],
    layers.Identity: lambda layer, inputs, name: inputs[0],
    layers.Add: _joined("Add"),
    layers.Mean: _joined("Average"),
    layers.Concat: _joined("Concatenate"),
    layers.Multiply: _joined("Multiply"),
}

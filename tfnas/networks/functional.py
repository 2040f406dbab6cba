"""Primitive layers as functions of tensors and parameters that come from outside (``keras.ops`` only)."""

from __future__ import annotations

from typing import Any, Callable, Mapping, Sequence

from tfnas._keras import keras3
from tfnas.blueprints import Layer, Operator, layers
from tfnas.errors import ConfigError

Weights = Mapping[str, Any]
Compute = Callable[[Any, Sequence[Any], Weights, bool], Any]


def run(operator: Operator, inputs: Sequence[Any], weights: Weights, training: bool, *, update: bool = False) -> Any:
    """Computes an operator.

    Args:
        operator: What to compute.
        inputs: Tensors of shape [B, ...].
        weights: Tensors by ``"step/parameter"``.
        training: Whether normalisation goes by the batch.
        update: Whether moving statistics, which must then be Keras variables, move in training.
    """
    values = list(inputs)
    for step in operator.steps:
        start = step.name + "/"
        own = {name[len(start) :]: value for name, value in weights.items() if name.startswith(start)}
        given = [values[k] for k in step.inputs]
        if update and training and isinstance(step.layer, layers.BatchNorm):
            _move(step.layer, given[0], own)
        values.append(apply(step.layer, given, own, training))
    return values[-1]


def _move(layer: layers.BatchNorm, x: Any, weights: Weights) -> None:
    for name, value in zip(("moving_mean", "moving_variance"), _moments(x)):
        weights[name].assign(layer.momentum * weights[name] + (1 - layer.momentum) * value)


def _moments(x: Any) -> Any:
    return keras3().ops.moments(x, axes=list(range(len(x.shape) - 1)))


def apply(layer: Layer, inputs: Sequence[Any], weights: Weights, training: bool) -> Any:
    """Computes a primitive layer; dropout and drop-path leave their input as it is.

    Batch normalisation goes by the batch in training, or where no moving statistics are given.

    Raises:
        ConfigError: If the layer is of no known kind.
    """
    if type(layer) not in _FUNCTIONS:
        raise ConfigError(
            "layer",
            expected="a kind of layer that networks know",
            received=repr(layer),
            remedy="Add yours with tfnas.networks.register_layer.",
        )
    return _FUNCTIONS[type(layer)](layer, inputs, weights, training)


def _conv(layer: layers.Conv, inputs: Sequence[Any], weights: Weights, training: bool) -> Any:
    ops = keras3().ops
    x, padding = _evenly_padded(inputs[0], layer) if layer.padding == "same" else (inputs[0], "valid")
    y = ops.conv(x, weights["kernel"], strides=layer.strides, padding=padding, dilation_rate=layer.dilation)
    return y + weights["bias"] if layer.bias else y


def _depthwise(layer: layers.DepthwiseConv, inputs: Sequence[Any], weights: Weights, training: bool) -> Any:
    x, padding = _evenly_padded(inputs[0], layer)
    return keras3().ops.depthwise_conv(
        x, weights["kernel"], strides=layer.strides, padding=padding, dilation_rate=layer.dilation
    )


def _evenly_padded(x: Any, layer: Any) -> tuple[Any, str]:
    """Pads as the published code does; returns what is left for Keras to do."""
    margins = layers.even_padding(layer)
    if margins is None:
        return x, "same"
    rows, columns = margins
    return keras3().ops.pad(x, ((0, 0), (rows, rows), (columns, columns), (0, 0))), "valid"


def _batch_norm(layer: layers.BatchNorm, inputs: Sequence[Any], weights: Weights, training: bool) -> Any:
    ops = keras3().ops
    (x,) = inputs
    if training or "moving_mean" not in weights:
        mean, variance = _moments(x)
    else:
        mean, variance = weights["moving_mean"], weights["moving_variance"]
    scale = ops.rsqrt(variance + layer.epsilon)
    if layer.affine:
        scale = scale * weights["gamma"]
        return x * scale + (weights["beta"] - mean * scale)
    return (x - mean) * scale


def _pool(layer: layers.Pool, inputs: Sequence[Any], weights: Weights, training: bool) -> Any:
    ops = keras3().ops
    pool = {"max": ops.max_pool, "average": ops.average_pool}[layer.kind]
    if layer.is_evenly_padded:
        every = pool(inputs[0], layer.size, strides=1, padding="same")
        return every[:, :: layer.strides, :: layer.strides]
    return pool(inputs[0], layer.size, strides=layer.strides, padding=layer.padding)


def _gated_sum(layer: layers.GatedSum, inputs: Sequence[Any], weights: Weights, training: bool) -> Any:
    gates = keras3().ops.sigmoid(weights["embeddings"])[0]
    return sum(gates[k] * x for k, x in enumerate(inputs))


def _dense(layer: layers.Dense, inputs: Sequence[Any], weights: Weights, training: bool) -> Any:
    return keras3().ops.matmul(inputs[0], weights["kernel"]) + weights["bias"]


def _relu(layer: layers.Relu, inputs: Sequence[Any], weights: Weights, training: bool) -> Any:
    y = keras3().ops.relu(inputs[0])
    return y if layer.maximum is None else keras3().ops.minimum(y, layer.maximum)


def _shift(layer: layers.Shift, inputs: Sequence[Any], weights: Weights, training: bool) -> Any:
    return keras3().ops.pad(inputs[0], ((0, 0), (0, 1), (0, 1), (0, 0)))[:, 1:, 1:]


def _upsample(layer: layers.Upsample, inputs: Sequence[Any], weights: Weights, training: bool) -> Any:
    ops = keras3().ops
    return ops.repeat(ops.repeat(inputs[0], layer.factor, axis=1), layer.factor, axis=2)


def _product(layer: layers.Multiply, inputs: Sequence[Any], weights: Weights, training: bool) -> Any:
    x, *others = inputs
    for other in others:
        x = x * other
    return x


def _of_one(compute: Callable[[Any, Any, Any], Any]) -> Compute:
    """A function of one input without parameters."""
    return lambda layer, inputs, weights, training: compute(keras3().ops, layer, inputs[0])


def register(kind: type[Layer], compute: Compute) -> None:
    """Says how a further kind of layer is computed."""
    _FUNCTIONS[kind] = compute


_FUNCTIONS: dict[type[Layer], Compute] = {
    layers.Conv: _conv,
    layers.DepthwiseConv: _depthwise,
    layers.BatchNorm: _batch_norm,
    layers.Pool: _pool,
    layers.GatedSum: _gated_sum,
    layers.Dense: _dense,
    layers.Relu: _relu,
    layers.Shift: _shift,
    layers.Upsample: _upsample,
    layers.Multiply: _product,
    layers.Sigmoid: _of_one(lambda ops, layer, x: ops.sigmoid(x)),
    layers.GlobalPool: _of_one(lambda ops, layer, x: ops.mean(x, axis=(1, 2), keepdims=layer.keep)),
    layers.Flatten: _of_one(lambda ops, layer, x: ops.reshape(x, (-1, x.shape[1] * x.shape[2] * x.shape[3]))),
    layers.Crop: _of_one(lambda ops, layer, x: x[:, : layer.height, : layer.width]),
    layers.FirstChannels: _of_one(lambda ops, layer, x: x[..., : layer.channels]),
    layers.Zero: _of_one(lambda ops, layer, x: ops.zeros_like(x)),
    layers.Identity: _of_one(lambda ops, layer, x: x),
    layers.Dropout: _of_one(lambda ops, layer, x: x),
    layers.Add: lambda layer, inputs, weights, training: sum(inputs),
    layers.Mean: lambda layer, inputs, weights, training: sum(inputs) / len(inputs),
    layers.Concat: lambda layer, inputs, weights, training: keras3().ops.concatenate(list(inputs), axis=-1),
}

"""Operators that several spaces share, as functions on Keras tensors. Stock layers only."""

from __future__ import annotations

from typing import Any

from tfnas._keras import keras3

NORMALIZATION = {"momentum": 0.9, "epsilon": 1e-5}
"""Batch normalisation as the PyTorch code of the benchmarks has it (its momentum is one minus ours)."""


def relu_conv_bn(x: Any, filters: int, kernel: int, *, strides: int = 1, name: str) -> Any:
    """ReLU, convolution without bias, batch normalisation."""
    layers = keras3().layers
    x = layers.ReLU(name=f"{name}_relu")(x)
    return conv_bn(x, filters, kernel, strides=strides, name=name)


def conv_bn(x: Any, filters: int, kernel: int, *, strides: int = 1, name: str) -> Any:
    """Convolution without bias, batch normalisation.

    Strided convolutions are padded evenly on both sides, as in the published code; Keras's own
    ``"same"`` would pad even sizes on one side only.
    """
    layers = keras3().layers
    padding = "same"
    if strides > 1 and kernel > 1:
        x = layers.ZeroPadding2D(kernel // 2, name=f"{name}_pad")(x)
        padding = "valid"
    x = layers.Conv2D(
        filters,
        kernel,
        strides=strides,
        padding=padding,
        use_bias=False,
        kernel_initializer="he_normal",
        name=f"{name}_conv",
    )(x)
    return layers.BatchNormalization(**NORMALIZATION, name=f"{name}_bn")(x)


def average_pool(x: Any, *, name: str) -> Any:
    """3x3 average pooling, stride 1; padded positions are not counted."""
    return keras3().layers.AveragePooling2D(3, strides=1, padding="same", name=name)(x)


def add(terms: list[Any], *, name: str) -> Any:
    """Sum of one or more tensors."""
    return terms[0] if len(terms) == 1 else keras3().layers.Add(name=name)(terms)

"""Operators that several spaces share. Each function returns one object for equal arguments."""

from __future__ import annotations

import functools

from tfnas.blueprints.layers import (
    Add,
    BatchNorm,
    Concat,
    Conv,
    DepthwiseConv,
    GlobalPool,
    Identity,
    Layer,
    Multiply,
    Pool,
    Relu,
    Shift,
    Sigmoid,
    Zero,
)
from tfnas.blueprints.operator import Operator, Step, chain

TORCH = BatchNorm(momentum=0.9, epsilon=1e-5)
"""Batch normalisation with PyTorch's defaults, which most of the published networks use."""


@functools.cache
def layer(value: Layer) -> Operator:
    """A single layer."""
    return chain(**{type(value).__name__.lower(): value})


@functools.cache
def identity() -> Operator:
    """Its input, by a layer: super-networks need one."""
    return layer(Identity())


@functools.cache
def nothing() -> Operator:
    """No layer at all: the input itself."""
    return Operator(())


@functools.cache
def zero() -> Operator:
    """Zeros in the shape of the input."""
    return layer(Zero())


@functools.cache
def conv_bn(
    filters: int, kernel: int = 1, strides: int = 1, norm: BatchNorm = TORCH, relu: Relu | None = None
) -> Operator:
    """Convolution without bias, batch normalisation and, where one is given, a ReLU behind them."""
    layers: dict[str, Layer] = {"conv": Conv(filters, (kernel, kernel), strides), "bn": norm}
    return chain(**layers, **({"relu": relu} if relu else {}))


@functools.cache
def relu_conv_bn(filters: int, kernel: int = 1, strides: int = 1, norm: BatchNorm = TORCH) -> Operator:
    """ReLU, convolution without bias, batch normalisation."""
    return chain(relu=Relu(), conv=Conv(filters, (kernel, kernel), strides), bn=norm)


@functools.cache
def pool(kind: str, size: int = 3, strides: int = 1) -> Operator:
    """Pooling whose padding does not count."""
    return layer(Pool(kind, size, strides))


@functools.cache
def separable(filters: int, kernel: int, strides: int = 1, dilation: int = 1, norm: BatchNorm = TORCH) -> Operator:
    """ReLU, depthwise convolution, 1x1 convolution, batch normalisation."""
    return chain(
        relu=Relu(),
        depthwise=DepthwiseConv((kernel, kernel), strides, dilation),
        conv=Conv(filters, (1, 1)),
        bn=norm,
    )


@functools.cache
def separable_twice(filters: int, kernel: int, strides: int = 1, norm: BatchNorm = TORCH) -> Operator:
    """`separable` with the stride and the input's channels, then again with stride 1 and `filters` channels.

    The first 1x1 convolution keeps the number of channels; all published cells use it where input
    and output have `filters` channels.
    """
    size = (kernel, kernel)
    return chain(
        relu1=Relu(),
        depthwise1=DepthwiseConv(size, strides),
        conv1=Conv(filters, (1, 1)),
        bn1=norm,
        relu2=Relu(),
        depthwise2=DepthwiseConv(size),
        conv2=Conv(filters, (1, 1)),
        bn2=norm,
    )


@functools.cache
def factorized_reduction(filters: int, norm: BatchNorm = TORCH, relu: bool = True) -> Operator:
    """Halves the resolution by two 1x1 convolutions of stride 2, of which one looks a pixel further."""
    before = (Step("relu", Relu(), (0,)),) if relu else ()
    x = len(before)
    half = filters // 2
    return Operator(
        (
            *before,
            Step("conv1", Conv(half, (1, 1), 2), (x,)),
            Step("shift", Shift(), (x,)),
            Step("conv2", Conv(filters - half, (1, 1), 2), (x + 2,)),
            Step("concat", Concat(), (x + 1, x + 3)),
            Step("bn", norm, (x + 4,)),
        )
    )


@functools.cache
def inverted_residual(
    channels: int,
    filters: int,
    kernel: int,
    expansion: int,
    strides: int = 1,
    relu: Relu = Relu(),
    norm: BatchNorm = TORCH,
    squeeze: int = 0,
) -> Operator:
    """Mobile inverted bottleneck (Sandler et al., CVPR 2018), added to its input where the shapes allow.

    Args:
        channels: Input channels.
        filters: Output channels.
        kernel: Side of the depthwise kernel.
        expansion: Factor of the hidden channels.
        strides: Of the depthwise convolution.
        relu: The nonlinearity.
        norm: The normalisation.
        squeeze: Channels of a squeeze-and-excitation between depthwise and last convolution (Hu et
            al., CVPR 2018; 1x1 convolutions with bias, ReLU, sigmoid); 0 for none.
    """
    hidden = channels * expansion
    steps = [
        Step("expand", Conv(hidden, (1, 1)), (0,)),
        Step("expand_bn", norm, (1,)),
        Step("expand_relu", relu, (2,)),
        Step("depthwise", DepthwiseConv((kernel, kernel), strides), (3,)),
        Step("depthwise_bn", norm, (4,)),
        Step("depthwise_relu", relu, (5,)),
    ]
    if squeeze:
        steps += [
            Step("squeeze_pool", GlobalPool(keep=True), (6,)),
            Step("squeeze", Conv(squeeze, (1, 1), bias=True), (7,)),
            Step("squeeze_relu", Relu(), (8,)),
            Step("excite", Conv(hidden, (1, 1), bias=True), (9,)),
            Step("excite_sigmoid", Sigmoid(), (10,)),
            Step("excite_multiply", Multiply(), (6, 11)),
        ]
    steps += [Step("project", Conv(filters, (1, 1)), (len(steps),))]
    steps += [Step("project_bn", norm, (len(steps),))]
    if strides == 1 and channels == filters:
        steps += [Step("add", Add(), (0, len(steps)))]
    return Operator(tuple(steps))

"""The FairNAS network: 19 inverted residuals between the stem and head of a MobileNetV2."""

from __future__ import annotations

import functools
from typing import Mapping, Sequence

from tfnas.blueprints import operators as ops
from tfnas.blueprints.blueprint import IMAGE, Blueprint, Draft
from tfnas.blueprints.layers import Conv, DepthwiseConv, Dropout, GlobalPool, Relu, Shape
from tfnas.blueprints.operator import Operator, chain
from tfnas.checks import check_positive, check_rate
from tfnas.errors import ConfigError

KERNELS, EXPANSIONS = (3, 5, 7), (3, 6)
OPERATORS = tuple(f"mb_k{kernel}_e{expansion}" for expansion in EXPANSIONS for kernel in KERNELS)
"""K3E3, K5E3, K7E3, K3E6, K5E6, K7E6."""

LAYERS = (
    *((32, 2), (32, 1)),
    *((40, 2), (40, 1), (40, 1), (40, 1)),
    *((80, 2), (80, 1), (80, 1), (80, 1)),
    *((96, 1), (96, 1), (96, 1), (96, 1)),
    *((192, 2), (192, 1), (192, 1), (192, 1)),
    (320, 1),
)
"""Output channels and stride of each layer."""

_RELU6 = Relu(6.0)


@functools.cache
def _options(inputs: int, outputs: int, strides: int, squeeze_excite: bool) -> Mapping[str, Operator]:
    return {
        f"mb_k{kernel}_e{expansion}": ops.inverted_residual(
            inputs,
            outputs,
            kernel,
            expansion,
            strides,
            _RELU6,
            ops.TORCH,
            max(1, inputs // 4) if squeeze_excite else 0,
        )
        for expansion in EXPANSIONS
        for kernel in KERNELS
    }


def network(
    operators: Sequence[str] | None,
    input_shape: Shape,
    *,
    width: int,
    head_channels: int,
    dropout: float,
    squeeze_excite: bool,
) -> Blueprint:
    """Stem, separable convolution, 19 layers, last convolution, up to the dropout before the classifier.

    Published code: xiaomi-automl/FairNAS. Its squeeze-and-excitation variants are not in it; here the
    squeeze has a quarter of the block's input channels, as in MnasNet (Tan et al., CVPR 2019).

    Args:
        operators: One operator a layer; None leaves all 19 choices open, one a slot.
        input_shape: ``(height, width, channels)``.
        width: Channels of the stem; 32 is the published network, and the other widths follow in
            proportion.
        head_channels: Channels of the last convolution.
        dropout: Rate before the classifier.
        squeeze_excite: Whether every layer has squeeze-and-excitation.

    Raises:
        ConfigError: If a size is wrong, or the width is no multiple of four.
    """
    check_positive(width=width, head_channels=head_channels)
    check_rate(dropout=dropout)
    if width % 4:
        raise ConfigError("width", expected="a multiple of 4", received=str(width))
    draft = Draft(input_shape)
    x = draft.add("stem", ops.conv_bn(width, 3, 2, ops.TORCH, _RELU6), IMAGE)
    inputs = width // 2
    x = draft.add("separable", _separable(inputs), x)
    for slot, (published, strides) in enumerate(LAYERS):
        outputs = published * width // 32
        options = _options(inputs, outputs, strides, squeeze_excite)
        chosen = operators[slot] if operators else None
        x = draft.choose(f"layer{slot + 1}", slot, chosen, options, x, place=slot + 1)
        inputs = outputs
    x = draft.add("last", _last(head_channels, dropout), x)
    return draft.finish(x)


@functools.cache
def _separable(filters: int) -> Operator:
    return chain(depthwise=DepthwiseConv((3, 3)), bn1=ops.TORCH, relu=_RELU6, conv=Conv(filters, (1, 1)), bn2=ops.TORCH)


@functools.cache
def _last(filters: int, dropout: float) -> Operator:
    rest = {"dropout": Dropout(dropout)} if dropout else {}
    return chain(conv=Conv(filters, (1, 1)), bn=ops.TORCH, relu=_RELU6, pool=GlobalPool(), **rest)

"""The NAS-Bench-Macro network: a chain of eight layers in three stages."""

from __future__ import annotations

import functools
from typing import Mapping, Sequence

from tfnas.blueprints import operators as ops
from tfnas.blueprints.blueprint import IMAGE, Blueprint, Draft
from tfnas.blueprints.layers import Conv, GlobalPool, Relu, Shape
from tfnas.blueprints.operator import Operator, chain
from tfnas.checks import check_positive

IDENTITY, SMALL, LARGE = "identity", "mb_e3_k3", "mb_e6_k5"
OPERATORS = (IDENTITY, SMALL, LARGE)
"""In the order of the published digits."""

STAGES = (2, 3, 3)
"""Layers of each stage; the first one halves the resolution."""


@functools.cache
def _options(inputs: int, outputs: int, strides: int, open_choice: bool) -> Mapping[str, Operator]:
    if strides > 1 or inputs != outputs:
        same = ops.conv_bn(outputs, 1, strides)
    else:
        same = ops.identity() if open_choice else ops.nothing()
    return {
        IDENTITY: same,
        SMALL: ops.inverted_residual(inputs, outputs, 3, 3, strides),
        LARGE: ops.inverted_residual(inputs, outputs, 5, 6, strides),
    }


def network(
    operators: Sequence[str] | None,
    input_shape: Shape,
    *,
    channels: int,
    stem_channels: int,
    head_channels: int,
) -> Blueprint:
    """Stem, eight layers, last convolution, up to the pooled features (SPOS's and NAS-Bench-Macro's code).

    Args:
        operators: One operator a layer; None leaves all eight choices open, one a slot.
        input_shape: ``(height, width, channels)``.
        channels: Channels of the first stage; doubled from stage to stage.
        stem_channels: Channels of the first convolution.
        head_channels: Channels of the last convolution.
    """
    check_positive(channels=channels, stem_channels=stem_channels, head_channels=head_channels)
    draft = Draft(input_shape)
    x = draft.add("stem", ops.conv_bn(stem_channels, 3, 1, relu=Relu()), IMAGE)
    slot, inputs = 0, stem_channels
    for layers in STAGES:
        for layer in range(layers):
            options = _options(inputs, channels, 1 if layer else 2, operators is None)
            chosen = operators[slot] if operators else None
            x = draft.choose(f"layer{slot + 1}", slot, chosen, options, x, place=slot + 1)
            slot, inputs = slot + 1, channels
        channels *= 2
    x = draft.add("last", _last(head_channels), x)
    return draft.finish(x)


@functools.cache
def _last(filters: int) -> Operator:
    return chain(conv=Conv(filters, (1, 1)), bn=ops.TORCH, relu=Relu(), pool=GlobalPool())

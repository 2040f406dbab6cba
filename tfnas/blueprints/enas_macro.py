"""The ENAS macro network: a chain of layers with skip connections, pooled twice."""

from __future__ import annotations

import functools
from typing import Mapping, Sequence

from tfnas.blueprints import operators as ops
from tfnas.blueprints.blueprint import IMAGE, Blueprint, Draft
from tfnas.blueprints.layers import Add, Concat, Conv, DepthwiseConv, Dropout, GlobalPool, Layer, Pool, Relu, Shape
from tfnas.blueprints.operator import Operator, Step, chain
from tfnas.checks import check_positive, check_rate
from tfnas.errors import ConfigError

CONV3, SEPARABLE3, CONV5, SEPARABLE5 = "conv3x3", "sep3x3", "conv5x5", "sep5x5"
AVERAGE_POOL, MAX_POOL = "avg3x3", "max3x3"
OPERATORS = (CONV3, SEPARABLE3, CONV5, SEPARABLE5, AVERAGE_POOL, MAX_POOL)
"""In the order of the published numbers."""


def network(
    operators: Sequence[str],
    skips: Sequence[Sequence[int]],
    input_shape: Shape,
    *,
    live_only: bool,
    fixed: bool,
    channels: int,
    dropout: float,
) -> Blueprint:
    """Stem, layers, and two reductions of everything there is so far (Pham et al., ICML 2018, and its code).

    Layers, as in the code, are counted from 0 here; a layer reads the one before it, and the first one
    reads the stem and joins nothing. There are two forms. In that of the search, a layer adds the
    results that it skips to up to its operator's, and normalises the sum. In the fixed one, for
    training from scratch, it concatenates them and applies ReLU, 1x1 convolution and normalisation;
    and each reduction doubles the channels.

    Deviations from the published code: each operator is bound to its own branch, where there every
    layer runs one and the same whatever was sampled. Both forms have the same six operators (1x1
    convolution first, normalisation and ReLU after each convolution), where the fixed form there has
    ReLUs before its convolutions, plain convolutions for separable ones, and no pooling. With an odd
    number of channels the halves of a reduction differ by one.

    Args:
        operators: One of `OPERATORS` a layer.
        skips: For each layer k a sequence of k zeros or ones: whether it joins the stem (the first), or
            the result of layer 0, 1, ..., k - 2.
        input_shape: ``(height, width, channels)``.
        live_only: Leave reductions out whose result no later layer reads.
        fixed: Whether the network has the fixed form.
        channels: Channels of the stem and the first layers. Published: 36 in the search, 96 after it.
        dropout: Share of the pooled features set to zero in training. Published: 0.1 in the search,
            0.5 after it.

    Raises:
        ConfigError: If a size is wrong.
    """
    check_positive(channels=channels)
    if channels < 2:
        raise ConfigError("channels", expected="at least 2, of which reductions halve", received=repr(channels))
    check_rate(dropout=dropout)
    distance = len(operators) // 3
    reductions = {distance - 1, 2 * distance - 1}
    draft = Draft(input_shape)
    results = {0: draft.add("stem", ops.conv_bn(channels, 3), IMAGE)}
    for layer, operator in enumerate(operators):
        name = f"layer{layer + 1}"
        x = draft.add(f"{name}.{operator}", _options(channels)[operator], results[layer], place=layer + 1)
        if layer:
            joined = [results[k] for k, bit in enumerate(skips[layer]) if bit]
            join = _concat(len(joined) + 1, channels) if fixed else _sum(len(joined) + 1)
            x = draft.add(f"{name}.join", join, *joined, x)
        results[layer + 1] = x
        if layer in reductions:
            channels *= 2 if fixed else 1
            reduction = ops.factorized_reduction(channels, relu=False)
            read = {k for bits in skips[layer + 1 :] for k, bit in enumerate(bits) if bit} | {layer + 1}
            results = {
                k: draft.add(f"{name}.reduce{k}", reduction, result)
                for k, result in results.items()
                if k in read or not live_only
            }
    return draft.finish(draft.add("last", _last(float(dropout)), results[len(operators)]))


@functools.cache
def _options(channels: int) -> Mapping[str, Operator]:
    first: dict[str, Layer] = {"conv1": Conv(channels, (1, 1)), "bn1": ops.TORCH, "relu1": Relu()}
    last: dict[str, Layer] = {"bn2": ops.TORCH, "relu2": Relu()}
    return {
        CONV3: chain(**first, conv2=Conv(channels, (3, 3)), **last),
        SEPARABLE3: chain(**first, depthwise=DepthwiseConv((3, 3)), conv2=Conv(channels, (1, 1)), **last),
        CONV5: chain(**first, conv2=Conv(channels, (5, 5)), **last),
        SEPARABLE5: chain(**first, depthwise=DepthwiseConv((5, 5)), conv2=Conv(channels, (1, 1)), **last),
        AVERAGE_POOL: chain(**first, pool=Pool("average", 3)),
        MAX_POOL: chain(**first, pool=Pool("max", 3)),
    }


@functools.cache
def _last(dropout: float) -> Operator:
    return chain(pool=GlobalPool(), **({"drop": Dropout(dropout)} if dropout else {}))


@functools.cache
def _sum(count: int) -> Operator:
    if count == 1:
        return ops.layer(ops.TORCH)
    return Operator((Step("add", Add(), tuple(range(count))), Step("bn", ops.TORCH, (count,))), num_inputs=count)


@functools.cache
def _concat(count: int, channels: int) -> Operator:
    if count == 1:
        return ops.relu_conv_bn(channels)
    return Operator(
        (
            Step("concat", Concat(), tuple(range(count))),
            Step("relu", Relu(), (count,)),
            Step("conv", Conv(channels, (1, 1)), (count + 1,)),
            Step("bn", ops.TORCH, (count + 2,)),
        ),
        num_inputs=count,
    )

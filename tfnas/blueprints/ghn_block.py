"""The networks of graph hypernetworks: a stack of equal blocks, for CIFAR-10 or for ImageNet."""

from __future__ import annotations

import functools
from typing import Sequence

from tfnas.blueprints import operators as ops
from tfnas.blueprints.blueprint import AUXILIARY, IMAGE, Blueprint, Draft
from tfnas.blueprints.layers import Add, Conv, DepthwiseConv, Dropout, GlobalPool, Layer, Pool, Relu, Shape
from tfnas.blueprints.operator import Operator, Step, chain
from tfnas.checks import check_positive, check_rate
from tfnas.errors import ConfigError

IDENTITY, CONV1, SEPARABLE3, SEPARABLE5 = "identity", "conv_1x1", "sep_conv_3x3", "sep_conv_5x5"
DILATED3, DILATED5, FACTORIZED7 = "dil_conv_3x3", "dil_conv_5x5", "conv_1x7_7x1"
MAX_POOL, AVERAGE_POOL = "max_pool_3x3", "avg_pool_3x3"
OPERATORS = (IDENTITY, CONV1, SEPARABLE3, SEPARABLE5, DILATED3, DILATED5, FACTORIZED7, MAX_POOL, AVERAGE_POOL)
"""In the order of the paper."""

INPUTS = ("input_prev_prev", "input_prev")
"""Nodes 0 and 1 of a block: what the block before the last one and the last one give."""

Block = Sequence[tuple[str, Sequence[int]]]
"""For each operator node, 2, 3, ..., its operator and the earlier nodes it reads."""


def network(
    block: Block,
    input_shape: Shape,
    *,
    live_only: bool,
    channels: int | None,
    blocks: int | None,
    auxiliary: bool,
    drop_path: float,
    imagenet: bool,
) -> Blueprint:
    """Stem, blocks, pooled features (Zhang et al., ICLR 2019, section 5.1).

    A node applies its operator, with one set of weights, to each of its inputs and adds up (equation 1).
    Convolutions are linear, so they run once, on the sum of the inputs' ReLUs; max pooling is done for
    each input. The block's results are the concatenated nodes that no other node reads. Its two inputs
    are bottlenecks: ReLU, 1x1 convolution, batch normalisation, or factorized reductions where the
    resolution is halved, which have stride 2 and as many parameters.

    The paper leaves open, and here it is so: batch normalisation follows the sum; separable
    convolutions are applied once; for ImageNet, the first block has the width of the stem and
    each further reduction doubles it; a ReLU comes before the last pooling; the auxiliary head is that
    of NASNet with a mean at its end, so that it fits any image. Deviation: drop-path has a
    constant rate, where the paper raises it during training; identities are never dropped.

    Args:
        block: The block.
        input_shape: ``(height, width, channels)``.
        live_only: Leave out inputs that no node of the block reads, and blocks that are then not read.
        channels: Channels of the first block's nodes; by default 32, and 12 for ImageNet, with which 98
            in 100 random blocks need less than 600 M multiply-accumulates.
        blocks: Number of blocks; by default 18, and 14 for ImageNet.
        auxiliary: Whether there is an auxiliary head behind two thirds of the blocks.
        drop_path: Share of the examples for which a node's result is dropped in training.
        imagenet: Whether the stem has stride 2 and blocks 1, 2, 6 and 10 (of 14) halve the resolution,
            instead of blocks 7 and 13 (of 18).

    Raises:
        ConfigError: If a size is wrong.
    """
    channels = (12 if imagenet else 32) if channels is None else channels
    blocks = (14 if imagenet else 18) if blocks is None else blocks
    check_positive(channels=channels, blocks=blocks)
    check_rate(drop_path=drop_path)
    if imagenet and channels < 2:
        raise ConfigError("channels", expected="at least 2 for ImageNet, to reduce", received=repr(channels))
    reductions = _reductions(blocks, imagenet)
    read = {source for _, sources in block for source in sources if source < len(INPUTS)}
    inputs = sorted(read) if live_only else list(range(len(INPUTS)))
    head = max(1, 2 * blocks // 3) - 1
    needed = {blocks - 1, head if auxiliary else blocks - 1}
    for k in reversed(range(blocks)):
        if k in needed:
            needed |= {k - 2 + source for source in inputs}
    draft = Draft(input_shape)
    stem = draft.add("stem", ops.conv_bn(channels, 3, 2 if imagenet else 1), IMAGE)
    results = {-2: stem, -1: stem}
    level = {-2: 0, -1: 0}  # how often the resolution was halved
    others = {}
    for k in range(blocks):
        level[k] = level[k - 1] + (k in reductions)
        channels *= 2 if k in reductions and k else 1
        if k in needed:
            name, nodes = f"block{k + 1}", {}
            for source in inputs:
                halvings = level[k] - level[k - 2 + source]
                nodes[source] = _input(
                    draft, f"{name}.{INPUTS[source]}", results[k - 2 + source], channels, halvings, source
                )
            results[k] = _block(draft, name, block, nodes, channels, float(drop_path))
        if auxiliary and k == head:
            others[AUXILIARY] = draft.add("auxiliary_features", _auxiliary(), results[k])
    return draft.finish(draft.add("last", _last(), results[blocks - 1]), **others)


def _reductions(blocks: int, imagenet: bool) -> set[int]:
    """Returns the blocks that halve the resolution, counted from 0."""
    if imagenet:
        return {0, 1, 1 + (blocks - 2) // 3, 1 + 2 * (blocks - 2) // 3} & set(range(blocks))
    return {blocks // 3, 2 * blocks // 3} - {0}


def _input(draft: Draft, name: str, x: int, channels: int, halvings: int, place: int) -> int:
    if not halvings:
        return draft.add(name, ops.relu_conv_bn(channels), x, place=place)
    for k in range(1, halvings):
        x = draft.add(f"{name}.before{k}", ops.factorized_reduction(channels), x, place=place)
    return draft.add(name, ops.factorized_reduction(channels), x, place=place)


def _block(draft: Draft, name: str, block: Block, nodes: dict[int, int], channels: int, drop_path: float) -> int:
    """Adds a block; `nodes` has its inputs."""
    for node, (operator, sources) in enumerate(block, start=len(INPUTS)):
        made = _operator(operator, len(sources), channels, drop_path)
        given = [nodes[source] for source in sources]
        nodes[node] = draft.add(f"{name}.node{node - 1}.{operator}", made, *given, place=node)
    read = {source for _, sources in block for source in sources}
    leaves = [nodes[node] for node in range(len(INPUTS), len(INPUTS) + len(block)) if node not in read]
    return draft.concat(f"{name}.concat", leaves)


@functools.cache
def _operator(name: str, count: int, channels: int, drop_path: float) -> Operator:
    """Returns an operator that is applied to each of `count` inputs and added up."""
    steps: list[Step] = []
    terms = list(range(count))
    before = {IDENTITY: None, AVERAGE_POOL: None, MAX_POOL: Pool("max", 3)}.get(name, Relu())
    if before:
        kind = "pool" if name == MAX_POOL else "relu"
        steps += [Step(f"{kind}{k + 1}", before, (k,)) for k in range(count)]
        terms = list(range(count, 2 * count))
    if count > 1:
        steps.append(Step("sum", Add(), tuple(terms)))
    for step, layer in _LINEAR[name](channels):
        steps.append(Step(step, layer, (count + len(steps) - 1 if steps else 0,)))
    if drop_path and name != IDENTITY:
        steps.append(Step("drop", Dropout(drop_path, whole=True), (count + len(steps) - 1,)))
    return Operator(tuple(steps), num_inputs=count)


def _separable(kernel: int, dilation: int, channels: int) -> list[tuple[str, Layer]]:
    depthwise = DepthwiseConv((kernel, kernel), dilation=dilation)
    return [("depthwise", depthwise), ("conv", Conv(channels, (1, 1))), ("bn", ops.TORCH)]


_LINEAR = {
    IDENTITY: lambda channels: [],
    CONV1: lambda channels: [("conv", Conv(channels, (1, 1))), ("bn", ops.TORCH)],
    SEPARABLE3: functools.partial(_separable, 3, 1),
    SEPARABLE5: functools.partial(_separable, 5, 1),
    DILATED3: functools.partial(_separable, 3, 2),
    DILATED5: functools.partial(_separable, 5, 2),
    FACTORIZED7: lambda channels: [
        ("conv1", Conv(channels, (1, 7))),
        ("conv2", Conv(channels, (7, 1))),
        ("bn", ops.TORCH),
    ],
    MAX_POOL: lambda channels: [],
    AVERAGE_POOL: lambda channels: [("pool", Pool("average", 3))],
}
"""What follows the sum of a node's inputs."""


@functools.cache
def _last() -> Operator:
    return chain(relu=Relu(), pool=GlobalPool())


@functools.cache
def _auxiliary() -> Operator:
    return chain(
        relu1=Relu(),
        pool1=Pool("average", 5, 3),
        conv1=Conv(128, (1, 1)),
        bn1=ops.TORCH,
        relu2=Relu(),
        conv2=Conv(768, (3, 3)),
        bn2=ops.TORCH,
        relu3=Relu(),
        pool2=GlobalPool(),
    )

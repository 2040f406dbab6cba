"""The anytime networks of graph hypernetworks: three cells over three scales, with early exits."""

from __future__ import annotations

import functools
from typing import Sequence

from tfnas.blueprints import operators as ops
from tfnas.blueprints.blueprint import IMAGE, Blueprint, Draft
from tfnas.blueprints.layers import Crop, GlobalPool, Layer, Pool, Relu, Shape, Upsample
from tfnas.blueprints.operator import Operator, chain
from tfnas.checks import check_positive

CONV1, CONV3, CONV5 = "conv_1x1", "conv_3x3", "conv_5x5"
MAX_POOL, AVERAGE_POOL = "max_pool_3x3", "avg_pool_3x3"
OPERATORS = (CONV1, CONV3, CONV5, MAX_POOL, AVERAGE_POOL)

CELL_SCALES = ((1, 2, 4), (2, 4), (4,))
"""For each cell the scales that its nodes may have: what the image's height and width are divided by."""

Cell = Sequence[tuple[str, int, int, Sequence[int]]]
"""For each operator node, 1, 2, ..., its operator, its scale, whether it is an exit (0 or 1) and the
earlier nodes of the cell that it reads; 0 is the cell's input."""


def network(cells: Sequence[Cell], input_shape: Shape, *, channels: int) -> Blueprint:
    """Stem, three cells, exits (Zhang et al., ICLR 2019, sections 3.2 and 5.1).

    A node brings what it reads to its scale, by average pooling or by repeating rows and columns,
    concatenates it in the order of the nodes' numbers, reduces it to its own number of channels by a
    1x1 convolution, batch normalisation and ReLU, and applies its operator, a convolution with batch
    normalisation and ReLU, or a pooling. The mean over height and width of an exit feeds a head of its
    own: the outputs ``exit1``, ``exit2``, ... by the multiply-accumulates that each needs by itself.

    The paper leaves open, and here it is so: a node at scale s has s times `channels` channels, as
    the feature maps of MSDNet (Huang et al., ICLR 2018), which the space is modelled on. A cell's result
    is the concatenation of the nodes that no other node of it reads, exits or not, at the finest scale of
    the next cell (4 behind the last one), and is all that the next cell sees. The last head reads the
    mean of the third cell's result. Before the first cell comes one 3x3 convolution with stride 1.

    Args:
        cells: The three cells.
        input_shape: ``(height, width, channels)``.
        channels: Channels of a node at scale 1, and of the stem. The paper chooses them by cost; with 16,
            nine in ten random members need 95 to 155 M multiply-accumulates for a 32 x 32 image.
    """
    check_positive(channels=channels)
    draft = Draft(input_shape)
    x = draft.add("stem", ops.conv_bn(channels, 3, relu=Relu()), IMAGE)
    exits: list[int] = []
    start = 0
    for k, cell in enumerate(cells):
        target = CELL_SCALES[min(k + 1, len(cells) - 1)][0]
        x = _cell(draft, x, cell, k, start, target, channels, exits)
        start += len(cell) + 2
    last = draft.add("last", ops.layer(GlobalPool()), x)
    whole = draft.finish(last)
    costs = {node: whole.macs_of(whole.ancestors(node)) for node in exits}
    ordered = sorted(exits, key=costs.__getitem__)
    return draft.finish(last, **{f"exit{number}": node for number, node in enumerate(ordered, start=1)})


def _cell(
    draft: Draft, x: int, cell: Cell, number: int, start: int, target: int, channels: int, exits: list[int]
) -> int:
    """Adds a cell, whose input has the place `start`; its result is brought to the scale `target`."""
    name = f"cell{number + 1}"
    scales = [CELL_SCALES[number][0], *(scale for _, scale, _, _ in cell)]
    nodes = [x]
    brought: dict[tuple[int, int], int] = {}

    def bring(node: int, scale: int) -> int:
        if (node, scale) not in brought:
            operator = _resample(scales[node], scale, _side(draft, 0, scale), _side(draft, 1, scale))
            brought[node, scale] = draft.add(f"{name}.node{node}.scale{scale}", operator, nodes[node])
        return brought[node, scale]

    for k, (operator, scale, is_exit, sources) in enumerate(cell, start=1):
        here, place = f"{name}.node{k}", start + k
        read = draft.concat(f"{here}.concat", [bring(source, scale) for source in sources])
        read = draft.add(f"{here}.bottleneck", ops.conv_bn(channels * scale, relu=Relu()), read, place=place)
        nodes.append(draft.add(f"{here}.{operator}", _operator(operator, channels * scale), read, place=place))
        if is_exit:
            exits.append(draft.add(f"{here}.exit", ops.layer(GlobalPool()), nodes[k]))
    inner = {source for _, _, _, sources in cell for source in sources}
    leaves = [bring(k, target) for k in range(1, len(nodes)) if k not in inner]
    return draft.concat(f"{name}.concat", leaves)


def _side(draft: Draft, axis: int, scale: int) -> int:
    return -(-draft.shape(IMAGE)[axis] // scale)


def _operator(name: str, channels: int) -> Operator:
    kernels = {CONV1: 1, CONV3: 3, CONV5: 5}
    if name in kernels:
        return ops.conv_bn(channels, kernels[name], relu=Relu())
    return ops.pool("max" if name == MAX_POOL else "average")


@functools.cache
def _resample(source: int, target: int, height: int, width: int) -> Operator:
    """Returns what brings a map from one scale to another, where it has `height` rows and `width` columns."""
    layers: dict[str, Layer] = {}
    if target > source:
        layers = {"pool": Pool("average", target // source, target // source)}
    elif target < source:
        layers = {"upsample": Upsample(source // target), "crop": Crop(height, width)}
    return chain(**layers)

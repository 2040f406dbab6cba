"""The RandWire network: stages whose nodes are wired by a graph."""

from __future__ import annotations

import functools
from typing import Sequence

from tfnas.blueprints import operators as ops
from tfnas.blueprints.blueprint import IMAGE, Blueprint, Draft
from tfnas.blueprints.layers import Conv, GatedSum, GlobalPool, Mean, Relu, Shape
from tfnas.blueprints.operator import Operator, chain
from tfnas.checks import check_positive

SEPARABLE = "sep_conv_3x3"
"""The one operator."""

STAGES = 3

Predecessors = Sequence[Sequence[int]]
"""For each node, 0, 1, ..., the earlier nodes it reads; none for the nodes that read the stage's input."""

_BASE = ((32, 64), ((64, 0, 2), (128, 1, 2), (256, 2, 2)))
_LARGE = ((48, 96), ((192, 0, 2), (288, 1, 2), (384, 1, 1), (586, 2, 2)))
"""Table 9 of the paper: filters of the two first convolutions; filters, graph and stride of each stage."""


def network(
    graphs: Sequence[Predecessors],
    input_shape: Shape,
    *,
    channels: int,
    head_channels: int,
    large: bool,
) -> Blueprint:
    """Two convolutions of stride 2, the stages, a 1x1 convolution, up to the pooled features.

    A node of a stage adds its inputs up, each scaled by the sigmoid of a learned number where there is
    more than one, and is then ReLU, depthwise-separable 3x3 convolution, batch normalisation. Nodes that
    read no other node read the stage's input; they have its stride and change of channels. The stage's
    output is the mean of the nodes that nobody reads (GraphPNAS, appendix E.1, Table 9; Xie et al.,
    ICCV 2019).

    Deviations from Table 9: its caption puts the stride at the end of each block and makes every
    convolution separable; here, as in RandWire, the stride is at the nodes that read the stage's input,
    and the two first convolutions and the last one are ordinary ones. A second ReLU follows the last
    one, without which it would only be a linear map in front of another.

    Args:
        graphs: The wiring of the three stages, or one for all of them.
        input_shape: ``(height, width, channels)``.
        channels: Filters of the first stage of the base network; all others scale with it.
        head_channels: Filters of the last convolution.
        large: The scaled-up network, which has a fourth stage: the second one is there twice.
    """
    check_positive(channels=channels, head_channels=head_channels)
    first, stages = _LARGE if large else _BASE
    draft = Draft(input_shape)
    x = draft.add("stem1", ops.conv_bn(_scaled(first[0], channels), 3, 2), IMAGE)
    x = draft.add("stem2", ops.relu_conv_bn(_scaled(first[1], channels), 3, 2), x)
    starts = [1 + sum(len(graph) + 2 for graph in graphs[:k]) for k in range(len(graphs))]
    for number, (filters, graph, strides) in enumerate(stages, start=1):
        k = graph if len(graphs) > 1 else 0
        x = _stage(draft, x, graphs[k], _scaled(filters, channels), strides, f"stage{number}", starts[k])
    return draft.finish(draft.add("last", _last(head_channels), x))


def _stage(draft: Draft, x: int, graph: Predecessors, filters: int, strides: int, name: str, start: int) -> int:
    """Adds a stage; `start` is the place of its first node."""
    nodes: list[int] = []
    for k, sources in enumerate(graph):
        given = draft.join(f"{name}.node{k + 1}.sum", GatedSum(), [nodes[i] for i in sources] or [x], place=start + k)
        operator = ops.separable(filters, 3, 1 if sources else strides)
        nodes.append(draft.add(f"{name}.node{k + 1}.{SEPARABLE}", operator, given, place=start + k))
    read = {i for sources in graph for i in sources}
    return draft.join(f"{name}.mean", Mean(), [nodes[k] for k in range(len(graph)) if k not in read])


def _scaled(filters: int, channels: int) -> int:
    return max(1, filters * channels // 64)


@functools.cache
def _last(filters: int) -> Operator:
    return chain(relu1=Relu(), conv=Conv(filters, (1, 1)), bn=ops.TORCH, relu2=Relu(), pool=GlobalPool())

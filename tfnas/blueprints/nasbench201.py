"""The NAS-Bench-201 network: three stages of equal cells, residual blocks between them."""

from __future__ import annotations

import functools
from typing import Mapping, Sequence

from tfnas.blueprints import operators as ops
from tfnas.blueprints.blueprint import IMAGE, Blueprint, Draft
from tfnas.blueprints.layers import Conv, GlobalPool, Pool, Relu, Shape
from tfnas.blueprints.operator import Operator, chain
from tfnas.checks import check_positive

NONE, SKIP, CONV1, CONV3, POOL = "none", "skip_connect", "nor_conv_1x1", "nor_conv_3x3", "avg_pool_3x3"
OPERATORS = (NONE, SKIP, CONV1, CONV3, POOL)

PAIRS = ((0, 1), (0, 2), (1, 2), (0, 3), (1, 3), (2, 3))
"""The cell: (source, target) of each edge, in the order of the published string."""

STAGES = 3


@functools.cache
def _options(channels: int, open_choice: bool) -> Mapping[str, Operator]:
    return {
        NONE: ops.zero(),
        SKIP: ops.identity() if open_choice else ops.nothing(),
        CONV1: ops.relu_conv_bn(channels, 1),
        CONV3: ops.relu_conv_bn(channels, 3),
        POOL: ops.pool("average"),
    }


def network(
    operators: Sequence[str] | None,
    input_shape: Shape,
    *,
    live_only: bool,
    cells_per_stage: int,
    channels: int,
) -> Blueprint:
    """Stem, cells and residual blocks (NATS-Bench, section 3.1), up to the pooled features.

    A cell without any path gives zeros.

    Args:
        operators: One operator an edge; None leaves all six choices open, one a slot in the order of
            `PAIRS`, which all cells share.
        input_shape: ``(height, width, channels)``.
        live_only: An edge with ``none`` is not there, instead of giving zeros; what hangs on such
            edges alone must be ``none`` too.
        cells_per_stage: Cells in each of the three stages.
        channels: Channels of the first stage; doubled with each halving of the resolution.
    """
    check_positive(cells_per_stage=cells_per_stage, channels=channels)
    draft = Draft(input_shape)
    x = draft.add("stem", ops.conv_bn(channels, 3), IMAGE)
    for stage in range(1, STAGES + 1):
        if stage > 1:
            channels *= 2
            x = _residual_block(draft, x, channels, f"stage{stage}.reduce")
        for cell in range(1, cells_per_stage + 1):
            x = _cell(draft, x, operators, channels, live_only, f"stage{stage}.cell{cell}")
    return draft.finish(draft.add("last", _last(), x))


def _cell(draft: Draft, x: int, operators: Sequence[str] | None, channels: int, live_only: bool, name: str) -> int:
    options = _options(channels, operators is None)
    nodes = {0: x}
    for node in (1, 2, 3):
        terms = []
        for slot, (source, target) in enumerate(PAIRS):
            chosen = operators[slot] if operators else None
            if target == node and not (live_only and chosen == NONE):
                edge = f"{name}.edge{source}{target}"
                terms.append(draft.choose(edge, slot, chosen, options, nodes[source], place=slot + 1))
        if terms:
            nodes[node] = draft.sum(f"{name}.node{node}", terms)
    return nodes[3] if 3 in nodes else draft.add(f"{name}.zero", ops.zero(), x)


def _residual_block(draft: Draft, x: int, channels: int, name: str) -> int:
    a = draft.add(f"{name}.a", ops.relu_conv_bn(channels, 3, 2), x)
    b = draft.add(f"{name}.b", ops.relu_conv_bn(channels, 3), a)
    shortcut = draft.add(f"{name}.shortcut", _shortcut(channels), x)
    return draft.sum(f"{name}.sum", [b, shortcut])


@functools.cache
def _last() -> Operator:
    return chain(bn=ops.TORCH, relu=Relu(), pool=GlobalPool())


@functools.cache
def _shortcut(channels: int) -> Operator:
    return chain(pool=Pool("average", 2, 2), conv=Conv(channels, (1, 1)))

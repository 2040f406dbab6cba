"""The DARTS network: a stack of normal cells and two reduction cells, for CIFAR or for ImageNet."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Mapping, Sequence

from tfnas.blueprints import operators as ops
from tfnas.blueprints.blueprint import AUXILIARY, IMAGE, Blueprint, Draft
from tfnas.blueprints.layers import (
    BatchNorm,
    Concat,
    Conv,
    Dropout,
    FirstChannels,
    Flatten,
    GlobalPool,
    Pool,
    Relu,
    Shape,
    Zero,
)
from tfnas.blueprints.operator import Operator, Step, chain
from tfnas.checks import check_positive, check_rate
from tfnas.errors import ConfigError

NONE, MAX_POOL, AVERAGE_POOL, SKIP = "none", "max_pool_3x3", "avg_pool_3x3", "skip_connect"
SEPARABLE3, SEPARABLE5, DILATED3, DILATED5 = "sep_conv_3x3", "sep_conv_5x5", "dil_conv_3x3", "dil_conv_5x5"
OPERATORS = (NONE, MAX_POOL, AVERAGE_POOL, SKIP, SEPARABLE3, SEPARABLE5, DILATED3, DILATED5)
"""In the published order."""

STEPS = 4
"""Steps of a cell; each adds up two branches."""

Cell = Sequence[tuple[str, int]]
"""Eight branches ``(operator, predecessor)``, two a step. Predecessors 0 and 1 are the results of the
cell before the last one and of the last one; 2 to 5 are the steps' sums."""

NODES = 3 + 3 * STEPS
"""Nodes of a cell as a component of an architecture: two inputs, for each step two branches and their
sum, the output."""


def branch_node(branch: int) -> int:
    """Returns the node of a component that a branch (0 to 7) is."""
    return 2 + 3 * (branch // 2) + branch % 2


def live_branches(cell: Cell) -> tuple[bool, ...]:
    """Returns, for each branch, whether it is anything but zero. All that is not zero reaches the output."""
    nonzero, live = [True, True], []
    for step in range(STEPS):
        pair = [operator != NONE and nonzero[source] for operator, source in cell[2 * step : 2 * step + 2]]
        live += pair
        nonzero.append(any(pair))
    return tuple(live)


def network(
    normal: Cell,
    reduce: Cell | None,
    input_shape: Shape,
    *,
    live_only: bool,
    channels: int,
    cells: int,
    auxiliary: bool,
    drop_path: float,
    imagenet: bool,
) -> Blueprint:
    """Stem, cells with reductions at one and two thirds, pooled features (Liu et al., ICLR 2019, and its code).

    Batch normalisation behind pools is of the search network alone, and not here. A cell of which
    nothing is live gives zeros. With `live_only`, cells and stems that no live branch reads are not
    built either.

    Deviations from the published code: drop-path has a constant rate, where training there raises it
    linearly from 0 over the epochs. The auxiliary head flattens what its convolutions leave, so that it
    also works for images that leave more than one position.

    Args:
        normal: The normal cell.
        reduce: The reduction cell; None where the normal cell is both.
        input_shape: ``(height, width, channels)``.
        live_only: Leave out what is only fed with zeros, and ``none``.
        channels: Channels of the first cell's branches; doubled by each reduction.
        cells: Number of cells.
        auxiliary: Whether there is an auxiliary head behind the second reduction.
        drop_path: Share of the examples for which a branch is dropped in training; identities never are.
        imagenet: Whether the stem is that of ImageNet, three convolutions of stride 2, and the auxiliary
            head too: it pools with stride 2 instead of 3, and has, as published, no normalisation at
            its end.

    Raises:
        ConfigError: If a size is wrong, or the image too small for the auxiliary head.
    """
    check_positive(channels=channels, cells=cells)
    check_rate(drop_path=drop_path)
    if imagenet and channels < 2:
        raise ConfigError("channels", expected="at least 2 with the stem of ImageNet", received=repr(channels))
    first = _plan(normal, live_only, 0)
    plans = first, first if reduce is None else _plan(reduce, live_only, NODES)
    reductions = {cells // 3, 2 * cells // 3}
    needed = {cells - 1, 2 * cells // 3 if auxiliary else cells - 1}
    for k in reversed(range(cells)):
        if k in needed:
            needed |= {k - 2 + source for source in plans[k in reductions].reads}
    draft = Draft(input_shape)
    results = _stems(draft, channels, imagenet, -1 in needed)
    others = {}
    for k in range(cells):
        reduction = k in reductions
        channels *= 2 if reduction else 1
        if k in needed:
            after_reduction = k - 1 in reductions or (imagenet and k == 0)
            sources = results.get(k - 2), results.get(k - 1)
            results[k] = _cell(
                draft, f"cell{k + 1}", plans[reduction], sources, channels, reduction, after_reduction, float(drop_path)
            )
        if auxiliary and k == 2 * cells // 3:
            others[AUXILIARY] = _auxiliary(draft, results[k], imagenet)
    return draft.finish(draft.add("last", ops.layer(GlobalPool()), results[cells - 1]), **others)


@dataclass(frozen=True, slots=True)
class _Plan:
    """One of the two cells.

    Attributes:
        cell: Its branches.
        kept: Whether each branch is built.
        entries: The inputs that are brought to the cell's shape.
        reads: The inputs that must be there.
        place: The first node of its component.
    """

    cell: Cell
    kept: tuple[bool, ...]
    entries: frozenset[int]
    reads: frozenset[int]
    place: int


def _plan(cell: Cell, live_only: bool, place: int) -> _Plan:
    if not live_only:
        return _Plan(cell, (True,) * len(cell), frozenset({0, 1}), frozenset({0, 1}), place)
    kept = live_branches(cell)
    entries = frozenset(source for (_, source), keep in zip(cell, kept) if keep and source < 2)
    return _Plan(cell, kept, entries, entries or frozenset({1}), place)


def _stems(draft: Draft, channels: int, imagenet: bool, both: bool) -> dict[int, int]:
    """Returns what the first cell reads, as the results of cells -2 and -1."""
    if not imagenet:
        x = draft.add("stem", ops.conv_bn(3 * channels, 3), IMAGE)
        return {-2: x, -1: x}
    x = draft.add("stem0", _imagenet_stem(channels), IMAGE)
    return {-2: x, -1: draft.add("stem1", ops.relu_conv_bn(channels, 3, 2), x)} if both else {-2: x}


@functools.cache
def _imagenet_stem(channels: int) -> Operator:
    return chain(
        conv1=Conv(channels // 2, (3, 3), 2),
        bn1=ops.TORCH,
        relu=Relu(),
        conv2=Conv(channels, (3, 3), 2),
        bn2=ops.TORCH,
    )


def _cell(
    draft: Draft,
    name: str,
    plan: _Plan,
    sources: tuple[int | None, int | None],
    channels: int,
    reduction: bool,
    after_reduction: bool,
    drop_path: float,
) -> int:
    if not any(plan.kept):
        zeros = _zeros(draft.shape(sources[1])[-1], STEPS * channels, 2 if reduction else 1)
        return draft.add(f"{name}.zero", zeros, sources[1])
    nodes = {}
    for source in sorted(plan.entries):
        # Behind a reduction the older of the two inputs is twice as large.
        halve = after_reduction and source == 0
        entry = ops.factorized_reduction(channels) if halve else ops.relu_conv_bn(channels)
        nodes[source] = draft.add(f"{name}.input{source}", entry, sources[source])
    for step in range(STEPS):
        terms = []
        for branch in (2 * step, 2 * step + 1):
            if plan.kept[branch]:
                operator, source = plan.cell[branch]
                options = _options(channels, 2 if reduction and source < 2 else 1, drop_path)
                place = plan.place + branch_node(branch)
                terms.append(
                    draft.add(f"{name}.branch{branch + 1}.{operator}", options[operator], nodes[source], place=place)
                )
        if terms:
            nodes[2 + step] = draft.sum(f"{name}.sum{step + 1}", terms)
    sums = [nodes.get(2 + step) for step in range(STEPS)]
    if None in sums:
        some = next(node for node in sums if node is not None)
        zero = draft.add(f"{name}.zero", ops.zero(), some)
        sums = [zero if node is None else node for node in sums]
    return draft.concat(f"{name}.concat", sums)


@functools.cache
def _options(channels: int, strides: int, drop_path: float) -> Mapping[str, Operator]:
    options = {
        MAX_POOL: ops.pool("max", 3, strides),
        AVERAGE_POOL: ops.pool("average", 3, strides),
        SEPARABLE3: ops.separable_twice(channels, 3, strides),
        SEPARABLE5: ops.separable_twice(channels, 5, strides),
        DILATED3: ops.separable(channels, 3, strides, 2),
        DILATED5: ops.separable(channels, 5, strides, 2),
    }
    if strides > 1:
        options[SKIP] = ops.factorized_reduction(channels)
    if drop_path:
        drop = Dropout(drop_path, whole=True)
        options = {
            name: Operator((*operator.steps, Step("drop", drop, (len(operator.steps),))))
            for name, operator in options.items()
        }
    none = chain(pool=Pool("max", 1, strides), zero=Zero()) if strides > 1 else ops.zero()
    return {NONE: none, SKIP: ops.nothing(), **options}


@functools.cache
def _zeros(inputs: int, outputs: int, strides: int) -> Operator:
    """Zeros with `outputs` channels."""
    copies = -(-outputs // inputs)
    return Operator(
        (
            Step("pool", Pool("max", 1, strides), (0,)),
            Step("concat", Concat(), (1,) * copies),
            Step("first", FirstChannels(outputs), (2,)),
            Step("zero", Zero(), (3,)),
        )
    )


def _auxiliary(draft: Draft, x: int, imagenet: bool) -> int:
    strides = 2 if imagenet else 3
    height, width, _ = draft.shape(x)
    if min(height, width) < 5 + strides:
        raise ConfigError(
            "auxiliary",
            expected=f"at least {5 + strides} rows and columns behind the second reduction, where the head is",
            received=f"{height} x {width}",
            remedy="Give larger images, or leave the head out: auxiliary=False, --skeleton auxiliary=false.",
        )
    return draft.add("auxiliary_features", _auxiliary_head(strides, not imagenet), x)


@functools.cache
def _auxiliary_head(strides: int, norm: bool) -> Operator:
    end: dict[str, BatchNorm] = {"bn2": ops.TORCH} if norm else {}
    return chain(
        relu1=Relu(),
        pool=Pool("average", 5, strides, "valid"),
        conv1=Conv(128, (1, 1)),
        bn1=ops.TORCH,
        relu2=Relu(),
        conv2=Conv(768, (2, 2), padding="valid"),
        **end,
        relu3=Relu(),
        flatten=Flatten(),
    )

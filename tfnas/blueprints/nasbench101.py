"""The NAS-Bench-101 network: stacks of equal modules, max-pooling between the stacks (Ying et al., ICML 2019)."""

from __future__ import annotations

import functools
from typing import Mapping, Sequence

from tfnas.blueprints import operators as ops
from tfnas.blueprints.blueprint import IMAGE, Blueprint, Draft
from tfnas.blueprints.layers import BatchNorm, FirstChannels, GlobalPool, Relu, Shape
from tfnas.blueprints.operator import Operator
from tfnas.checks import check_positive
from tfnas.errors import ConfigError

INPUT, OUTPUT = "input", "output"
CONV3, CONV1, POOL = "conv3x3-bn-relu", "conv1x1-bn-relu", "maxpool3x3"
OPERATORS = (CONV3, CONV1, POOL)
"""In the order of the labels 0, 1, 2 that the published hash uses."""

NORM = BatchNorm(momentum=0.997, epsilon=1e-5)

Edges = Sequence[tuple[int, int]]


@functools.cache
def _conv(filters: int, kernel: int) -> Operator:
    return ops.conv_bn(filters, kernel, 1, NORM, Relu())


@functools.cache
def _options(channels: int) -> Mapping[str, tuple[str, Operator]]:
    """Returns, for each operator, its name in the names of nodes, and itself."""
    made = {CONV3: _conv(channels, 3), CONV1: _conv(channels, 1), POOL: ops.pool("max")}
    return {name: (name.replace("-", "_"), operator) for name, operator in made.items()}


def vertex_channels(nodes: int, edges: Edges, channels: int) -> list[int]:
    """Returns the channels of each vertex of a module (Ying et al., and the released ``compute_vertex_channels``).

    The output's channels are divided evenly between the vertices that feed it, the first ones in
    order of their numbers get what remains; any other vertex has as many as the largest of its
    successors. So two numberings of one graph can differ in the place of a channel, and then in cost.

    Args:
        nodes: Number of vertices, at least 2; the first is the input, which has `channels` too.
        edges: Pairs ``(source, target)``; every vertex lies on a path from the input to the output.
        channels: Of the output.

    Raises:
        ConfigError: If a vertex would get no channel.
    """
    result = [0] * nodes
    result[0] = result[-1] = channels
    feeding = [source for source, target in edges if target == nodes - 1 and source]
    if len(feeding) > channels:
        raise ConfigError(
            "stem_channels",
            expected=f"at least {len(feeding)}, one channel for each vertex whose result is concatenated",
            received=str(channels),
        )
    for rank, node in enumerate(sorted(feeding)):
        share, rest = divmod(channels, len(feeding))
        result[node] = share + (rank < rest)
    for source, target in sorted(edges, reverse=True):
        if source and source not in feeding:
            result[source] = max(result[source], result[target])
    return result


def network(
    operators: Sequence[str],
    edges: Edges,
    input_shape: Shape,
    *,
    stem_channels: int,
    num_stacks: int,
    modules_per_stack: int,
) -> Blueprint:
    """Stem, modules and pooling (Ying et al., figure 1 and the released code), up to the pooled features.

    Args:
        operators: One operator a vertex, the first ``"input"``, the last ``"output"``.
        edges: Sorted pairs ``(source, target)``; every vertex lies on a path from first to last.
        input_shape: ``(height, width, channels)``.
        stem_channels: Channels of the stem and the first stack; doubled from stack to stack.
        num_stacks: Number of stacks.
        modules_per_stack: Modules in each stack.
    """
    check_positive(stem_channels=stem_channels, num_stacks=num_stacks, modules_per_stack=modules_per_stack)
    draft = Draft(input_shape)
    channels = stem_channels
    x = draft.add("stem", _conv(channels, 3), IMAGE)
    for stack in range(1, num_stacks + 1):
        if stack > 1:
            x = draft.add(f"stack{stack}.pool", ops.pool("max", 2, 2), x)
            channels *= 2
        widths = vertex_channels(len(operators), edges, channels)
        for module in range(1, modules_per_stack + 1):
            x = _module(draft, x, operators, edges, widths, f"stack{stack}.module{module}")
    x = draft.add("last", ops.layer(GlobalPool()), x)
    return draft.finish(x)


def _module(draft: Draft, x: int, operators: Sequence[str], edges: Edges, widths: Sequence[int], name: str) -> int:
    last = len(operators) - 1
    incoming: list[list[int]] = [[] for _ in operators]
    for source, target in edges:
        incoming[target].append(source)
    results = [x] * len(operators)

    def projection(target: int) -> int:
        return draft.add(f"{name}.projection{target}", _conv(widths[target], 1), x)

    for node in range(1, last):
        terms = []
        for source in incoming[node]:
            if source == 0:
                terms.append(projection(node))
            elif widths[source] == widths[node]:
                terms.append(results[source])
            else:
                first = ops.layer(FirstChannels(widths[node]))
                terms.append(draft.add(f"{name}.first{source}.{node}", first, results[source]))
        label, operator = _options(widths[node])[operators[node]]
        results[node] = draft.add(
            f"{name}.node{node}.{label}", operator, draft.sum(f"{name}.sum{node}", terms), place=node
        )
    joined = [results[source] for source in incoming[last] if source]
    terms = [draft.concat(f"{name}.concat", joined)] if joined else []
    if 0 in incoming[last]:
        terms.append(projection(last))
    return draft.sum(f"{name}.sum{last}", terms)

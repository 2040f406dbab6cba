"""Average and longest path from input to output: two numbers that say how deep a graph is.

GraphPNAS (appendix E.4, table 11) shows by them that rewards of few epochs favour shallow networks.
"""

from __future__ import annotations

from dataclasses import dataclass

from tfnas.architecture import Architecture
from tfnas.spaces.base import SearchSpace


@dataclass(frozen=True, slots=True)
class Depth:
    """Lengths of the directed paths from input to output, in edges.

    Attributes:
        average: Mean over all paths, each counted once.
        longest: The largest.
    """

    average: float
    longest: float


def depth(space: SearchSpace, arch: Architecture) -> Depth:
    """Returns the lengths of the paths through a graph; of several components, their means.

    Inputs are the nodes that nothing feeds, outputs those that feed nothing; RandWire has one of each a component,
    and their edges count. Deviation: the paper does not say which average it means. Here it is the one over paths.

    Args:
        space: The space.
        arch: A member.

    Raises:
        InvalidArchitectureError: If `arch` is no member.
    """
    space.validate(arch)
    sources: list[list[int]] = [[] for _ in arch.ops]
    for source, target in arch.edges:
        sources[target].append(source)
    feeding = {source for source, _ in arch.edges}
    found, first = [], 0
    for _, size in arch.components:
        found.append(_component(sources, feeding, range(first, first + size)))
        first += size
    return Depth(sum(one.average for one in found) / len(found), sum(one.longest for one in found) / len(found))


def _component(sources: list[list[int]], feeding: set[int], nodes: range) -> Depth:
    # number of paths that end at a node, their lengths added up, the longest; integers, for there may be many paths
    paths: dict[int, tuple[int, int, int]] = {}
    for node in nodes:  # in topological order
        before = [paths[source] for source in sources[node]]
        count = sum(one[0] for one in before)
        total = sum(one[0] + one[1] for one in before)
        paths[node] = (count, total, 1 + max(one[2] for one in before)) if before else (1, 0, 0)
    ends = [paths[node] for node in nodes if node not in feeding]
    if not ends:
        return Depth(0.0, 0.0)
    return Depth(sum(one[1] for one in ends) / sum(one[0] for one in ends), float(max(one[2] for one in ends)))

"""Random graph models as directed acyclic graphs (Xie et al., ICCV 2019, section 3.3).

Each function draws an undirected graph over nodes 0 .. n-1 and directs every edge from the lower to
the higher index. All return sorted pairs ``(source, target)`` with ``source < target``.
"""

from __future__ import annotations

import itertools
import numbers

import numpy as np

from tfnas.checks import check_positive
from tfnas.errors import ConfigError

Edges = tuple[tuple[int, int], ...]

_ATTEMPTS = 10_000  # a probability at which connected graphs are rarer than this is a mistake


def bernoulli(n: int, p: float, rng: np.random.Generator) -> Edges:
    """Draws each of the n (n - 1) / 2 edges with probability p, independently.

    Args:
        n: Number of nodes.
        p: Probability of an edge, from 0 to 1.
        rng: Source of randomness.

    Raises:
        ConfigError: If an argument is out of its range.
    """
    check_positive(n=n)
    _check_probability(p)
    pairs = list(itertools.combinations(range(n), 2))
    return tuple(pair for pair, draw in zip(pairs, rng.random(len(pairs)).tolist()) if draw < p)


def erdos_renyi(n: int, p: float, rng: np.random.Generator) -> Edges:
    """Draws a connected Erdos-Renyi graph: `bernoulli`, drawn again until the undirected graph is connected.

    The paper numbers the nodes in random order, which changes nothing here: all orders of such a
    graph are equally likely.

    Args:
        n: Number of nodes.
        p: Probability of an edge, above 0 and at most 1.
        rng: Source of randomness.

    Raises:
        ConfigError: If an argument is out of its range, or p so small that none of 10,000 graphs is
            connected.
    """
    for _ in range(_ATTEMPTS):
        edges = bernoulli(n, p, rng)
        if _is_connected(n, edges):
            return edges
        if p == 0:
            break
    raise ConfigError(
        "p",
        expected=f"a probability at which graphs of {n} nodes are connected now and then",
        received=repr(p),
        remedy="Above log(n) / n most graphs are connected.",
    )


def watts_strogatz(n: int, k: int, p: float, rng: np.random.Generator) -> Edges:
    """Draws a Watts-Strogatz graph: a ring whose edges are rewired with probability p.

    Node i is joined to its k/2 next neighbours on the ring. Then, for each distance from 1 to k/2 and
    clockwise for each node, the edge to the neighbour at that distance moves, with probability p, to a
    node drawn uniformly from those that the node is not joined to. A node that is joined to all
    others keeps its edge. The index is the place on the ring.

    Args:
        n: Number of nodes.
        k: Neighbours of each node in the ring, even and below n.
        p: Probability of rewiring, from 0 to 1.
        rng: Source of randomness.

    Raises:
        ConfigError: If an argument is out of its range.
    """
    check_positive(n=n, k=k)
    _check_probability(p)
    if k % 2 or k >= n:
        raise ConfigError("k", expected=f"an even number below the {n} nodes", received=repr(k))
    joined = [{(node + step) % n for distance in range(1, k // 2 + 1) for step in (-distance, distance)}
              for node in range(n)]  # fmt: skip
    for distance, node in itertools.product(range(1, k // 2 + 1), range(n)):
        neighbour = (node + distance) % n
        if rng.random() >= p:
            continue
        others = [other for other in range(n) if other != node and other not in joined[node]]
        if others:
            chosen = others[int(rng.integers(len(others)))]
            joined[node] ^= {neighbour, chosen}
            joined[neighbour].remove(node)
            joined[chosen].add(node)
    return tuple((low, high) for low in range(n) for high in sorted(joined[low]) if low < high)


def barabasi_albert(n: int, m: int, rng: np.random.Generator) -> Edges:
    """Draws a Barabasi-Albert graph: nodes come one by one and prefer those that have many edges.

    The first m nodes have no edge among them. The next one is joined to all of them, and each further
    one to m different nodes, drawn one after the other with probability proportional to their number
    of edges. The index is the order of arrival; there are m (n - m) edges.

    Args:
        n: Number of nodes.
        m: Edges of each new node, from 1 to n - 1.
        rng: Source of randomness.

    Raises:
        ConfigError: If an argument is out of its range.
    """
    check_positive(n=n, m=m)
    if m >= n:
        raise ConfigError("m", expected=f"a number below the {n} nodes", received=repr(m))
    degrees = np.zeros(n)
    edges = []
    for node in range(m, n):
        if node == m:
            targets = np.arange(m)
        else:
            targets = rng.choice(node, size=m, replace=False, p=degrees[:node] / degrees.sum())
        degrees[targets] += 1
        degrees[node] = m
        edges += [(int(target), node) for target in targets]
    return tuple(sorted(edges))


def _check_probability(p: float) -> None:
    if not isinstance(p, numbers.Real) or not 0 <= p <= 1:
        raise ConfigError("p", expected="a probability from 0 to 1", received=repr(p))


def _is_connected(n: int, edges: Edges) -> bool:
    reached = {0}
    for _ in range(n):
        more = {b for a, b in edges if a in reached} | {a for a, b in edges if b in reached}
        if more <= reached:
            break
        reached |= more
    return len(reached) == n

"""Random graph models, judged by their definitions, by closed forms and by networkx."""

from __future__ import annotations

import itertools
import math
from collections import Counter

import networkx as nx
import numpy as np
import pytest

from tfnas.errors import ConfigError
from tfnas.spaces.random_graphs import barabasi_albert, bernoulli, erdos_renyi, watts_strogatz

MODELS = {
    "bernoulli": lambda n, rng: bernoulli(n, 0.3, rng),
    "erdos_renyi": lambda n, rng: erdos_renyi(n, 0.3, rng),
    "watts_strogatz": lambda n, rng: watts_strogatz(n, 4, 0.5, rng),
    "barabasi_albert": lambda n, rng: barabasi_albert(n, 3, rng),
}


def _graph(n: int, edges) -> nx.Graph:
    graph = nx.Graph(edges)
    graph.add_nodes_from(range(n))
    return graph


def _agree(ours, theirs, deviations: float = 4.5) -> bool:
    """Whether two samples of a number have equal means, but for chance."""
    ours, theirs = np.asarray(ours, float), np.asarray(theirs, float)
    spread = math.sqrt(ours.var() / len(ours) + theirs.var() / len(theirs))
    return abs(ours.mean() - theirs.mean()) <= deviations * spread + 1e-12


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("n", [9, 12, 32])
def test_edges_ascend_are_sorted_and_follow_the_seed(model, n):
    draw = MODELS[model]
    for seed in range(20):
        edges = draw(n, np.random.default_rng(seed))
        assert edges == tuple(sorted(set(edges))) == draw(n, np.random.default_rng(seed))
        assert all(type(a) is int and type(b) is int and 0 <= a < b < n for a, b in edges)
    assert len({draw(n, np.random.default_rng(seed)) for seed in range(20)}) > 10


def test_bernoulli_draws_every_graph_with_its_probability():
    rng = np.random.default_rng(0)
    pairs = list(itertools.combinations(range(3), 2))
    counts = Counter(bernoulli(3, 0.25, rng) for _ in range(8_000))
    for k in range(4):
        for edges in itertools.combinations(pairs, k):
            p = 0.25**k * 0.75 ** (3 - k)
            assert abs(counts[edges] - 8_000 * p) < 4.5 * math.sqrt(8_000 * p)
    assert bernoulli(4, 0, rng) == () and len(bernoulli(4, 1, rng)) == 6


def test_erdos_renyi_is_bernoulli_given_that_it_is_connected():
    rng = np.random.default_rng(0)
    counts = Counter(erdos_renyi(4, 0.4, rng) for _ in range(6_000))
    weights = {
        edges: 0.4 ** len(edges) * 0.6 ** (6 - len(edges))
        for k in range(7)
        for edges in itertools.combinations(itertools.combinations(range(4), 2), k)
        if nx.is_connected(_graph(4, edges))
    }
    assert set(counts) == set(weights) and len(weights) == 38  # connected labelled graphs of 4 nodes
    for edges, weight in weights.items():
        expected = 6_000 * weight / sum(weights.values())
        assert abs(counts[edges] - expected) < 4.5 * math.sqrt(expected)


def test_watts_strogatz_without_rewiring_is_the_ring():
    rng = np.random.default_rng(0)
    for n, k in ((3, 2), (7, 4), (8, 6), (32, 4)):
        assert set(watts_strogatz(n, k, 0, rng)) == {
            (a, b) for a, b in itertools.combinations(range(n), 2) if min(b - a, n - b + a) <= k // 2
        }
    complete = watts_strogatz(5, 4, 1, rng)  # nothing to rewire to
    assert complete == tuple(itertools.combinations(range(5), 2))


@pytest.mark.parametrize(("n", "k", "p"), [(12, 4, 0.25), (20, 6, 0.8), (10, 2, 1.0)])
def test_watts_strogatz_has_the_statistics_of_networkx(n, k, p):
    rng = np.random.default_rng(1)
    ours = [_graph(n, watts_strogatz(n, k, p, rng)) for _ in range(400)]
    theirs = [nx.watts_strogatz_graph(n, k, p, seed=seed) for seed in range(400)]
    ring = set(watts_strogatz(n, k, 0, rng))
    for statistic in (
        lambda graph: len(ring & {tuple(sorted(edge)) for edge in graph.edges}),
        lambda graph: max(dict(graph.degree).values()),
        lambda graph: sum(nx.triangles(graph).values()),
        lambda graph: nx.number_connected_components(graph),
    ):
        assert _agree([statistic(graph) for graph in ours], [statistic(graph) for graph in theirs])
    assert all(graph.number_of_edges() == n * k // 2 for graph in ours)
    assert all(min(dict(graph.degree).values()) >= k // 2 for graph in ours)  # a node keeps the edges it sends


@pytest.mark.parametrize(("n", "m"), [(2, 1), (10, 1), (20, 3), (32, 7)])
def test_barabasi_albert_has_the_statistics_of_networkx(n, m):
    rng = np.random.default_rng(2)
    ours = [barabasi_albert(n, m, rng) for _ in range(400)]
    theirs = [nx.barabasi_albert_graph(n, m, seed=seed) for seed in range(400)]
    for edges in ours[:100]:
        assert len(edges) == m * (n - m)
        arrivals = Counter(target for _, target in edges)
        assert arrivals == {node: m for node in range(m, n)}
    for statistic in (
        lambda graph: max(dict(graph.degree).values()),
        lambda graph: sum(degree**2 for _, degree in graph.degree),
        lambda graph: sum(nx.triangles(graph).values()),
    ):
        assert _agree([statistic(_graph(n, edges)) for edges in ours], [statistic(graph) for graph in theirs])


def test_barabasi_albert_prefers_nodes_with_edges():
    rng = np.random.default_rng(3)
    # After nodes 0-1 and 2, degrees are 1, 1, 2; node 3 takes two in turn, so node 2 is left out
    # with probability 2 * (1/4 * 1/3).
    left_out = sum((2, 3) not in barabasi_albert(4, 2, rng) for _ in range(6_000))
    assert abs(left_out - 1_000) < 4.5 * math.sqrt(1_000)


@pytest.mark.parametrize(
    ("draw", "message"),
    [
        (lambda rng: bernoulli(0, 0.5, rng), "n: expected a positive integer; received 0"),
        (lambda rng: bernoulli(3, 1.5, rng), "p: expected a probability from 0 to 1; received 1.5"),
        (lambda rng: bernoulli(3, float("nan"), rng), "p: expected a probability"),
        (lambda rng: bernoulli(3, "0.5", rng), "p: expected a probability"),
        (lambda rng: erdos_renyi(3, 0, rng), "p: expected .* connected now and then; received 0"),
        (lambda rng: erdos_renyi(3, 1e-9, rng), "p: expected .* connected now and then"),
        (lambda rng: watts_strogatz(5, 3, 0.1, rng), "k: expected an even number below the 5 nodes; received 3"),
        (lambda rng: watts_strogatz(4, 4, 0.1, rng), "k: expected an even number below the 4 nodes; received 4"),
        (lambda rng: watts_strogatz(5, 2, -0.1, rng), "p: expected a probability"),
        (lambda rng: barabasi_albert(3, 3, rng), "m: expected a number below the 3 nodes; received 3"),
        (lambda rng: barabasi_albert(3, 0, rng), "m: expected a positive integer"),
    ],
)
def test_bad_parameters(draw, message):
    with pytest.raises(ConfigError, match=message):
        draw(np.random.default_rng(0))

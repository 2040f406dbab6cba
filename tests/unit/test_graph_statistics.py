"""Clustering coefficient and average path length, against closed forms and slow counts."""

import itertools
import math

import numpy as np
import pytest

from tfnas import spaces
from tfnas.encodings.graph_statistics import average_path_length, clustering_coefficient, undirected_graph


def matrix(nodes, edges):
    found = np.zeros((nodes, nodes), bool)
    for one, other in edges:
        found[one, other] = found[other, one] = True
    return found


def ring(nodes, neighbours):
    """Each node is joined to the nearest ones, half of them on either side."""
    return matrix(nodes, [(i, (i + k) % nodes) for i in range(nodes) for k in range(1, neighbours // 2 + 1)])


def clustering_by_hand(graph):
    shares = []
    for node in range(len(graph)):
        neighbours = [other for other in range(len(graph)) if graph[node, other]]
        pairs = list(itertools.combinations(neighbours, 2))
        shares.append(sum(bool(graph[pair]) for pair in pairs) / len(pairs) if pairs else 0.0)
    return sum(shares) / len(shares)


def length_by_hand(graph):
    """Breadth-first search from every node."""
    lengths = []
    for start in range(len(graph)):
        distance, front = {start: 0}, [start]
        while front:
            node = front.pop(0)
            for other in range(len(graph)):
                if graph[node, other] and other not in distance:
                    distance[other] = distance[node] + 1
                    front.append(other)
        lengths += [steps for other, steps in distance.items() if other != start]
    return sum(lengths) / len(lengths) if lengths else math.nan


@pytest.mark.parametrize(
    "graph, clustering, length",
    [
        (matrix(6, itertools.combinations(range(6), 2)), 1.0, 1.0),
        (matrix(5, [(k, k + 1) for k in range(4)]), 0.0, (5 + 1) / 3),
        (matrix(7, [(0, k) for k in range(1, 7)]), 0.0, 2 * (7 - 1) / 7),
        (ring(9, 2), 0.0, (1 + 2 + 3 + 4) / 4),
        (ring(12, 4), 3 * (4 - 2) / (4 * (4 - 1)), (1 * 4 + 2 * 4 + 3 * 3) / 11),
        (matrix(3, [(0, 1), (1, 2), (0, 2)]), 1.0, 1.0),
        (matrix(5, [(0, 1), (2, 3), (3, 4)]), 0.0, (1 + 1 + 1 + 2) / 4),
        (matrix(4, [(0, 1), (1, 2), (0, 2)]), 3 / 4, 1.0),
    ],
    ids=["complete", "path", "star", "ring", "lattice", "triangle", "two parts", "a node without neighbours"],
)
def test_closed_forms(graph, clustering, length):
    assert clustering_coefficient(graph) == pytest.approx(clustering, abs=1e-15)
    assert average_path_length(graph) == pytest.approx(length, abs=1e-15)


def test_random_graphs_agree_with_counting():
    rng = np.random.default_rng(0)
    for nodes in range(1, 12):
        for chance in (0.1, 0.3, 0.7):
            graph = np.triu(rng.random((nodes, nodes)) < chance, k=1)
            graph |= graph.T
            assert clustering_coefficient(graph) == pytest.approx(clustering_by_hand(graph), abs=1e-12)
            assert average_path_length(graph) == pytest.approx(length_by_hand(graph), abs=1e-12, nan_ok=True)


def test_graphs_without_edges_or_nodes():
    assert clustering_coefficient(np.zeros((0, 0))) == 0.0 and math.isnan(average_path_length(np.zeros((0, 0))))
    assert clustering_coefficient(np.zeros((3, 3))) == 0.0 and math.isnan(average_path_length(np.zeros((3, 3))))


def test_operator_nodes_alone_count_in_randwire():
    space = spaces.get("randwire,nodes=5")
    edges = [(0, 1), (0, 2), (1, 2), (3, 4)]
    graph = undirected_graph(space, space.from_edges(edges))
    assert np.array_equal(graph, matrix(5, edges))
    staged = spaces.get("randwire,nodes=3,stages=True")
    graph = undirected_graph(staged, staged.from_edges([(0, 1)], [(1, 2)], [(0, 2)]))
    assert np.array_equal(graph, matrix(9, [(0, 1), (4, 5), (6, 8)]))


def test_operators_are_edges_where_a_space_has_them_there():
    space = spaces.get("nasbench201")
    native = "|nor_conv_3x3~0|+|none~0|avg_pool_3x3~1|+|skip_connect~0|none~1|nor_conv_1x1~2|"
    graph = undirected_graph(space, space.from_native(native))
    assert np.array_equal(graph, matrix(4, [(0, 1), (1, 2), (0, 3), (2, 3)]))
    darts = spaces.get("darts")
    arch = darts.sample(np.random.default_rng(0))
    joined = sum(
        label != rules.no_edge
        for rules, view in zip(darts.grammar.edge_labelled, darts.to_edge_labelled(arch))
        for label in view.labels
    )
    assert undirected_graph(darts, arch).sum() == 2 * joined


@pytest.mark.parametrize("name", ["nasbench101", "enas_macro", "ghn_block", "ghn_anytime", "nasbench_macro", "fairnas"])
def test_every_space_has_a_symmetric_graph_without_loops(name):
    space = spaces.get(name)
    rng = np.random.default_rng(1)
    for _ in range(5):
        graph = undirected_graph(space, space.sample(rng))
        assert graph.dtype == bool and np.array_equal(graph, graph.T) and not graph.diagonal().any()
        assert len(graph) <= space.max_nodes and graph.any()
        assert 0 <= clustering_coefficient(graph) <= 1 <= average_path_length(graph)

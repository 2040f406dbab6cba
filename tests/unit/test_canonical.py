"""Canonical forms of labelled graphs, judged by brute force."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tfnas.spaces import canonical
from tfnas.spaces.canonical import canonical_form, live_graph

Graph = tuple[list[str], dict[tuple[int, int], int]]


@st.composite
def _graphs(draw, most: int = 7, labels: str = "ab") -> Graph:
    """Labelled graphs with edges of multiplicity up to three, cycles included."""
    total = draw(st.integers(1, most))
    pairs = [(a, b) for a in range(total) for b in range(total) if a != b]
    counts = draw(st.lists(st.integers(0, 3), min_size=len(pairs), max_size=len(pairs)))
    names = draw(st.lists(st.sampled_from(list(labels)), min_size=total, max_size=total))
    return names, {pair: count for pair, count in zip(pairs, counts) if count}


def _relabel(graph: Graph, order) -> Graph:
    labels, edges = graph
    renamed = [""] * len(labels)
    for old, new in enumerate(order):
        renamed[new] = labels[old]
    return renamed, {(order[a], order[b]): count for (a, b), count in edges.items()}


def _isomorphic(first: Graph, second: Graph) -> bool:
    if len(first[0]) != len(second[0]):
        return False
    return any(_relabel(first, order) == second for order in itertools.permutations(range(len(first[0]))))


@settings(deadline=None)
@given(_graphs(), st.randoms(use_true_random=False))
def test_a_name_survives_relabelling(graph, random):
    order = list(range(len(graph[0])))
    random.shuffle(order)
    assert canonical_form(*_relabel(graph, order)) == canonical_form(*graph)


@settings(max_examples=150, deadline=None)
@given(_graphs(most=4), _graphs(most=4), st.data())
def test_names_are_equal_iff_graphs_are_isomorphic(first, second, data):
    assert (canonical_form(*first) == canonical_form(*second)) == _isomorphic(first, second)
    if not first[1]:
        return
    edge = data.draw(st.sampled_from(sorted(first[1])))  # the closest graphs differ in one edge
    closest = first[0], {**first[1], edge: first[1][edge] + 1}
    assert canonical_form(*first) != canonical_form(*closest) and not _isomorphic(first, closest)


def test_all_directed_graphs_of_three_and_four_nodes():
    for total, number in ((3, 16), (4, 218)):  # OEIS A000273
        pairs = [(a, b) for a in range(total) for b in range(total) if a != b]
        names = {
            canonical_form(["x"] * total, {pair: 1 for k, pair in enumerate(pairs) if mask >> k & 1})
            for mask in range(2 ** len(pairs))
        }
        assert len(names) == number


def _crown(*lengths: int) -> Graph:
    """An input, sources that feed two sinks each so that they close rings, and an output.

    Colour refinement sees no difference between rings of different lengths.
    """
    half = sum(lengths)
    edges, start = {}, 0
    for length in lengths:
        for k in range(length):
            edges[1 + start + k, 1 + half + start + k] = 1
            edges[1 + start + k, 1 + half + start + (k + 1) % length] = 1
        start += length
    edges |= {(0, 1 + k): 1 for k in range(half)} | {(1 + half + k, 1 + 2 * half): 1 for k in range(half)}
    return ["in", *["conv"] * (2 * half), "out"], edges


def _incidence(neighbours: list[set[int]]) -> Graph:
    """An undirected graph as a directed one: each node feeds the edges that end in it."""
    links = sorted({(min(a, b), max(a, b)) for a, found in enumerate(neighbours) for b in found})
    total = len(neighbours)
    edges = {(end, total + k): 1 for k, link in enumerate(links) for end in link}
    return ["conv"] * (total + len(links)), edges


def _rook() -> list[set[int]]:
    cells = list(itertools.product(range(4), repeat=2))
    return [{k for k, (c, d) in enumerate(cells) if ((a == c) != (b == d))} for a, b in cells]


def _shrikhande() -> list[set[int]]:
    cells = list(itertools.product(range(4), repeat=2))
    steps = {(0, 1), (0, 3), (1, 0), (3, 0), (1, 1), (3, 3)}
    return [{k for k, (c, d) in enumerate(cells) if ((c - a) % 4, (d - b) % 4) in steps} for a, b in cells]


def _refinement(graph: Graph) -> list[object]:
    """The stable colouring by nested tuples, an independent form of colour refinement."""
    labels, edges = graph
    colours: list[object] = list(labels)
    for _ in labels:
        nested = [
            (
                colours[node],
                tuple(sorted((colours[a], count) for (a, b), count in edges.items() if b == node)),
                tuple(sorted((colours[b], count) for (a, b), count in edges.items() if a == node)),
            )
            for node in range(len(labels))
        ]
        index = {signature: rank for rank, signature in enumerate(sorted(set(nested)))}
        colours = [index[signature] for signature in nested]
    return sorted(colours)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (_crown(4), _crown(2, 2)),
        (_crown(6), _crown(3, 3)),
        (_crown(6), _crown(2, 4)),
        (_crown(3, 3), _crown(2, 4)),
        (_incidence(_rook()), _incidence(_shrikhande())),
    ],
)
def test_graphs_that_refinement_alone_cannot_tell_apart(first, second):
    assert _refinement(first) == _refinement(second)
    assert canonical_form(*first) != canonical_form(*second)
    rng = np.random.default_rng(0)
    for graph in (first, second):
        order = rng.permutation(len(graph[0])).tolist()
        assert canonical_form(*_relabel(graph, order)) == canonical_form(*graph)


def _chains(number: int, length: int) -> Graph:
    """Equal chains side by side between an input and an output."""
    last = 1 + number * length
    edges = {}
    for start in range(1, last, length):
        nodes = [0, *range(start, start + length), last]
        edges |= {pair: 1 for pair in itertools.pairwise(nodes)}
    return ["in", *["conv"] * (number * length), "out"], edges


@pytest.mark.parametrize(
    "graph", [_chains(30, 1), _chains(12, 2), _crown(3, 3, 3, 3), (["conv"] * 25, {}), _incidence(_rook())]
)
def test_symmetries_are_not_multiplied_out(graph, monkeypatch):
    calls = []
    refine = canonical._refine
    monkeypatch.setattr(canonical, "_refine", lambda *arguments: calls.append(1) or refine(*arguments))
    name = canonical_form(*graph)
    assert len(calls) <= len(graph[0]) ** 2  # trying every order of 30 equal nodes would take 30! of them
    order = np.random.default_rng(0).permutation(len(graph[0])).tolist()
    assert canonical_form(*_relabel(graph, order)) == name


@pytest.mark.parametrize("lengths", [(3, 3, 6), (4, 4, 3, 3), (5, 5, 4), (3, 4, 5)])
def test_rings_of_several_lengths(lengths):
    edges, start = {}, 0
    for length in lengths:
        for k in range(length):
            pair = start + k, start + (k + 1) % length
            edges |= {pair: 1, pair[::-1]: 1}
        start += length
    rings = ["x"] * start, edges
    rng = np.random.default_rng(0)
    names = {canonical_form(*_relabel(rings, rng.permutation(start).tolist())) for _ in range(40)}
    assert names == {canonical_form(*rings)}


def test_text():
    assert canonical_form(["in", "conv", "out"], {(0, 1): 1, (1, 2): 2}) == "conv,in,out|0>2*2,1>0"
    assert canonical_form([], {}) == "|" and canonical_form(["a"], {}) == "a|"


def test_labels_may_hold_the_marks_of_the_text():
    several = [["a,b"], ["a", "b"], ["a\\", "b"], ["a\\,b"], ["a|", "b"], ["a", "|b"]]
    assert len({canonical_form(labels, {}) for labels in several}) == len(several)
    assert canonical_form(["a|0>1", "b"], {}) != canonical_form(["a", "b"], {(0, 1): 1})


@st.composite
def _cells(draw):
    total = draw(st.integers(2, 8))
    ops = draw(st.lists(st.sampled_from(["conv", "pool", "none", "skip"]), min_size=total, max_size=total))
    ops[0], ops[-1] = "in", "out"
    pairs = [(a, b) for b in range(total) for a in range(b)]
    return tuple(ops), tuple(sorted(draw(st.lists(st.sampled_from(pairs), unique=True))))


@settings(max_examples=300, deadline=None)
@given(_cells())
def test_live_graph_against_matrices(cell):
    ops, edges = cell
    adjacency = np.zeros((len(ops), len(ops)), int)
    for source, target in edges:
        adjacency[source, target] = ops[source] != "none" and ops[target] != "none"
    skips = [k for k, op in enumerate(ops) if op == "skip"]
    others = [k for k, op in enumerate(ops) if op not in ("skip", "none")]
    # Walks through identities alone: A + A_ks (I - A_ss)^-1 A_sk, a finite sum since nothing cycles.
    inside = adjacency[np.ix_(skips, skips)]
    walks = sum((np.linalg.matrix_power(inside, k) for k in range(len(skips) + 1)), np.zeros_like(inside))
    reduced = adjacency[np.ix_(others, others)]
    reduced = reduced + adjacency[np.ix_(others, skips)] @ walks @ adjacency[np.ix_(skips, others)]
    reach = np.linalg.matrix_power(np.eye(len(others), dtype=int) + reduced, len(others)) > 0
    on_path = reach[0] & reach[:, -1]
    kept = [k for k in range(len(others)) if on_path[k] or k in (0, len(others) - 1)]
    expected = {
        (a, b): int(reduced[m, n])
        for a, m in enumerate(kept)
        for b, n in enumerate(kept)
        if reduced[m, n] and on_path[m] and on_path[n]
    }
    labels, found = live_graph(ops, edges, zero={"none"}, identity={"skip"})
    assert labels == tuple(ops[others[k]] for k in kept) and found == expected


def test_live_graph_keeps_instances_apart():
    ops = ("in", "pool", "pool", "out")
    assert live_graph(ops, ((0, 1), (0, 2), (1, 3), (2, 3))) == (ops, {(0, 1): 1, (0, 2): 1, (1, 3): 1, (2, 3): 1})


def test_parallel_identities_add_up():
    ops = ("in", "skip", "skip", "skip", "out")
    edges = ((0, 1), (0, 2), (1, 3), (2, 3), (3, 4), (0, 4), (1, 4))
    assert live_graph(ops, tuple(sorted(edges)), identity={"skip"}) == (("in", "out"), {(0, 1): 4})


def test_input_and_output_stay_when_nothing_connects_them():
    assert live_graph(("in", "conv", "none", "out"), ((0, 1), (1, 2), (2, 3)), zero={"none"}) == (("in", "out"), {})

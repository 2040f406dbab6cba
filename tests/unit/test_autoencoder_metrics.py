"""Metrics of autoencoders, on one that decodes a number as the graph of that number, with mistakes that are known."""

from __future__ import annotations

import numpy as np
import pytest

from tfnas import spaces
from tfnas.errors import ConfigError, UnknownNameError
from tfnas.models.autoencoder import GraphArrays, form_of
from tfnas.models.autoencoder.metrics import (
    coverage,
    elementwise_reconstruction,
    exact_reconstruction,
    generation,
    reconstruction,
)
from tfnas.models.autoencoder.validity import VALIDITY, validity


class _Parrot:
    """Decodes point k as graph k; by drawing, one in four times as graph 0."""

    def __init__(self, name: str = "nasbench201", count: int = 40, noise: float = 0.25) -> None:
        self.space = spaces.get(name)
        self.form = form_of(self.space)
        rng = np.random.default_rng(0)
        archs = list(
            {self.space.canonical_key(arch): arch for arch in (self.space.sample(rng) for _ in range(900))}.values()
        )
        self.graphs = self.form.encode(archs[:count])
        self._noise, self._number = noise, {key: k for k, key in enumerate(self.graphs.keys())}

    def means(self, graphs: GraphArrays) -> np.ndarray:
        return np.array([[self._number[key]] for key in graphs.keys()], float)

    def decode_most_probable(self, z: np.ndarray) -> GraphArrays:
        return self.graphs.take(z[:, 0].astype(int))

    def decode_draws(self, z: np.ndarray, seed: int) -> GraphArrays:
        wrong = np.random.default_rng(seed).random(len(z)) < self._noise
        return self.graphs.take(np.where(wrong, 0, z[:, 0]).astype(int))


def test_reconstruction_counts_exact_graphs():
    parrot = _Parrot()
    found = reconstruction(parrot, parrot.graphs, encodings=10, decodings=10)
    assert abs(found - (1 / 40 + 39 / 40 * 0.75)) < 4 * (0.25 * 0.75 / 4000) ** 0.5
    assert exact_reconstruction(parrot, parrot.graphs) == 1.0
    assert reconstruction(parrot, parrot.graphs, seed=1) != found == reconstruction(parrot, parrot.graphs)


def test_elements_are_counted_one_by_one():
    parrot = _Parrot("nasbench101", 2)
    graphs = parrot.graphs.take(np.array([0, 1]))
    wrong = GraphArrays(graphs.adjacency.copy(), graphs.ops.copy())
    size = int((graphs.ops[0] >= 0).sum())
    wrong.ops[0, 1] = 1 + wrong.ops[0, 1] % 3
    edge = np.argwhere(graphs.adjacency[0])[0]
    wrong.adjacency[0, edge[0], edge[1]] = 0
    parrot.decode_most_probable = lambda z: wrong
    found = elementwise_reconstruction(parrot, graphs)
    nodes, edges = (graphs.ops >= 0).sum(), graphs.adjacency.sum()
    assert found.ops == pytest.approx(1 - 1 / nodes) and found.edges == pytest.approx(1 - 1 / edges)
    assert found.false_edges == 0.0
    pairs = [(i, j) for i in range(size) for j in range(i + 1, size) if not graphs.adjacency[0, i, j]]
    wrong.adjacency[0][pairs[0]] = 1
    sizes = (graphs.ops >= 0).sum(1)
    none = (sizes * (sizes - 1) // 2).sum() - edges
    assert elementwise_reconstruction(parrot, graphs).false_edges == pytest.approx(1 / none)


def test_generation_counts_valid_distinct_and_new():
    parrot = _Parrot(noise=0.0)
    parrot.graphs.adjacency[3, 0, 7] = 1  # no member any more
    points = np.arange(8.0)[:, None] % 6
    trained = parrot.graphs.take(np.array([0, 1])).keys()
    found = generation(parrot, points, trained, decodings=2)
    # points 0, 1, 2, 3, 4, 5, 0, 1: seven valid, five distinct, three of seven new
    assert found.validity == 7 / 8 and found.uniqueness == pytest.approx(5 / 14) and found.distinct == 5
    assert found.novelty == pytest.approx(3 / 7) and found.decoded == 16
    assert generation(parrot, points, trained, decodings=0).decoded == 8
    assert generation(parrot, points, trained, valid="cells").validity == 1.0


def test_coverage_counts_by_published_form():
    parrot = _Parrot(noise=0.0)
    found = coverage(parrot, np.array([[0.0], [1.0], [1.0], [2.0]]))
    assert (found.distinct, found.members, found.agreement) == (0.75, 1.0, 1.0)
    noisy = coverage(_Parrot(noise=0.25), np.full((2000, 1), 1.0))
    # twice right or twice wrong
    assert abs(noisy.agreement - (0.75**2 + 0.25**2)) < 4 * (0.375 * 0.625 / 2000) ** 0.5


def test_rules_of_validity():
    form = form_of(spaces.get("nasbench101"))
    edges = {"member": [(0, 1), (1, 2)], "dangling": [(0, 1), (1, 3), (0, 2)], "open": [(0, 1), (2, 3), (1, 3)]}
    adjacency, ops = np.zeros((4, 7, 7), np.int32), np.full((4, 7), -1, np.int32)
    for row, pairs in enumerate(edges.values()):
        adjacency[row][tuple(zip(*pairs))] = 1
        ops[row, : 1 + max(max(pair) for pair in pairs)] = 1
        ops[row, 0], ops[row, max(max(pair) for pair in pairs)] = 0, form.end
    ops[3, :3] = 0, 0, form.end
    graphs = GraphArrays(adjacency, ops)
    found = {name: rule(form, graphs).tolist() for name, rule in VALIDITY.items()}
    assert found == {
        "members": [True, False, False, False],
        "cells": [True, False, False, False],
        "labels": [True, True, True, False],
        "pruned": [True, True, True, False],
        "six": [True, False, False, False],
    }


def test_the_six_rules_of_darts_cells():
    form = form_of(spaces.get("darts,shared=True"))
    cell = (("skip_connect", 0), ("skip_connect", 1), *[("sep_conv_3x3", 1), ("skip_connect", 2)] * 3)
    member = form.encode([form.space.from_cells(cell)])
    edits = {
        "member": {},
        "two nodes of different steps": {(2, 7): 0, (4, 7): 1},
        "input in the middle": "ops",
        "nothing read": {(1, 3): 0},
        "not read": {(9, 10): 0},
        "two inputs": {(0, 3): 1},
        "an input and a step": {(0, 5): 1},
        "one half of a step": {(2, 5): 0},
        "an input that is not read": {(0, 2): 0, (1, 2): 1},
    }
    found = {}
    for name, edit in edits.items():
        adjacency, ops = member.adjacency.copy(), member.ops.copy()
        if edit == "ops":
            ops[0, 4] = 0
        else:
            for place, value in edit.items():
                adjacency[(0, *place)] = value
        found[name] = bool(VALIDITY["six"](form, GraphArrays(adjacency, ops))[0])
    assert found == {name: name in ("member", "two nodes of different steps") for name in edits}


def test_wrong_input_is_refused():
    parrot = _Parrot()
    none = parrot.graphs.take(np.zeros(0, int))
    for wrong in (
        lambda: reconstruction(parrot, none),
        lambda: exact_reconstruction(parrot, none),
        lambda: elementwise_reconstruction(parrot, none),
        lambda: generation(parrot, np.zeros((0, 1)), []),
        lambda: generation(parrot, np.zeros((1, 1)), [], decodings=-1),
        lambda: coverage(parrot, np.zeros((0, 1))),
        lambda: reconstruction(parrot, parrot.graphs, encodings=0),
    ):
        with pytest.raises(ConfigError):
            wrong()
    with pytest.raises(UnknownNameError, match="members"):
        validity("dag")

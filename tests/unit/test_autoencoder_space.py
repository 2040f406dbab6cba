"""Splits, isomorphic pairs, distances and walks."""

from __future__ import annotations

import numpy as np
import pytest

from tfnas import spaces
from tfnas.errors import ConfigError
from tfnas.models.arch2vec import Arch2Vec, Arch2VecConfig
from tfnas.models.autoencoder import GraphArrays, form_of
from tfnas.models.autoencoder.isomorphs import isomorphic_pairs, same_points
from tfnas.models.autoencoder.smoothness import edit_distance, great_circle, latent_distances, random_walk
from tfnas.models.autoencoder.splitting import split_by_group, split_by_key
from tfnas.spaces.nasbench101_hash import module_hash


@pytest.fixture(scope="module")
def model() -> Arch2Vec:
    return Arch2Vec(spaces.get("nasbench101"), Arch2VecConfig(hidden=(8, 8), latent=3))


@pytest.fixture(scope="module")
def graphs(model) -> GraphArrays:
    rng = np.random.default_rng(0)
    return model.form.encode([model.space.sample(rng) for _ in range(150)])


def _hash(form, adjacency, ops) -> str:
    size = int((ops >= 0).sum())
    return module_hash([form.operators[op] for op in ops[:size]], np.argwhere(adjacency).tolist())


def test_isomorphs_are_on_one_side():
    space = spaces.get("nasbench201")
    archs = list(space.enumerate())[::5]
    train, held_out = split_by_key(space, archs, held_out=0.1, seed=3)
    keys = [{space.canonical_key(archs[row]) for row in rows} for rows in (train, held_out)]
    assert not keys[0] & keys[1] and sorted([*train, *held_out]) == list(range(len(archs)))
    assert len(keys[1]) == round(0.1 * len(keys[0] | keys[1]))
    assert np.array_equal(split_by_key(space, archs, seed=3)[1], held_out)


def test_a_split_needs_both_sides():
    assert [len(part) for part in split_by_group(range(20))] == [18, 2]
    for groups, share in ((["a"] * 9, 0.1), (range(3), 0.1), (range(20), 1.0), (range(20), 0.0), ([], 0.5)):
        with pytest.raises(ConfigError, match="both sides"):
            split_by_group(groups, held_out=share)


def test_isomorphic_pairs_have_one_hash_and_one_point(model, graphs):
    one, other = isomorphic_pairs(graphs, 60)
    for k in range(60):
        assert _hash(model.form, one.adjacency[k], one.ops[k]) == _hash(model.form, other.adjacency[k], other.ops[k])
    assert (edit_distance(one, other) > 0).all() and not np.tril(other.adjacency).any()
    assert model.form.are_members(other).all()
    assert same_points(model, one, other) == 1.0
    assert same_points(model, one, one.take(np.roll(np.arange(60), 1))) < 0.2


def test_too_few_isomorphs_are_an_error():
    form = form_of(spaces.get("nasbench_macro"))
    space = form.space
    graphs = form.encode([space.sample(np.random.default_rng(0))])
    with pytest.raises(ConfigError, match="written otherwise"):
        isomorphic_pairs(graphs, 1)


def test_edits_are_counted(graphs):
    other = GraphArrays(graphs.adjacency.copy(), graphs.ops.copy())
    other.ops[0, 1] += 1
    other.adjacency[0, 0, 1] ^= 1
    other.adjacency[1, 0, 1] ^= 1
    assert edit_distance(graphs, other).tolist() == [2, 1] + [0] * 148


def test_distances_are_by_edits(model, graphs):
    found = latent_distances(model, graphs, pairs=4000)
    assert found.pairs.sum() == 4000 and (np.diff(found.edits) > 0).all()
    assert np.isfinite(found.mean).all() and (found.deviation >= 0).all()
    with pytest.raises(ConfigError, match="at least two"):
        latent_distances(model, graphs.take(np.array([0])))


def test_a_great_circle_comes_back(model, graphs):
    start = model.means(graphs)[0]
    walk = great_circle(model, start, points=9)
    lengths = np.linalg.norm(walk.points.reshape(9, -1), axis=1)
    np.testing.assert_allclose(lengths, np.linalg.norm(start), rtol=1e-5)
    np.testing.assert_allclose(walk.points[-1], start, atol=1e-4 * np.linalg.norm(start))
    np.testing.assert_allclose(walk.points[4], -start, atol=1e-4 * np.linalg.norm(start))
    steps = np.linalg.norm(np.diff(walk.points.reshape(9, -1), axis=0), axis=1)
    np.testing.assert_allclose(steps, steps[0], rtol=1e-4)
    assert (
        walk.edits.tolist() == edit_distance(walk.graphs.take(np.arange(8)), walk.graphs.take(np.arange(1, 9))).tolist()
    )


def test_a_walk_keeps_its_step(model, graphs):
    start = model.means(graphs)[0]
    walk = random_walk(model, start, step=0.5, points=5)
    steps = np.linalg.norm(np.diff(walk.points.reshape(5, -1), axis=0), axis=1)
    np.testing.assert_allclose(steps, 0.5, rtol=1e-4)
    for wrong in (lambda: random_walk(model, start, step=0.0), lambda: great_circle(model, start * 0)):
        with pytest.raises(ConfigError):
            wrong()

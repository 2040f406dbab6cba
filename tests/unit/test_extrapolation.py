"""Architectures that are larger than those a model was trained on: which there are, and their order."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from tfnas import spaces
from tfnas.architecture import Architecture
from tfnas.errors import ConfigError, InvalidArchitectureError
from tfnas.models import autoencoders
from tfnas.models.autoencoder import TrainingConfig
from tfnas.models.autoencoder.extrapolation import (
    appended,
    expansions,
    larger_space,
    prepended,
    random_cells,
    rank,
    read,
)
from tfnas.models.dngo import DNGO, DNGOConfig
from tfnas.models.latent_mlp import LatentMLP, LatentMLPConfig

SPACE = spaces.get("nasbench101")
THREE, ONE, POOL = SPACE.op_names[1:-1]
BEST = Architecture(
    "nasbench101",
    ("input", THREE, THREE, THREE, THREE, ONE, "output"),
    ((0, 1), (0, 2), (0, 4), (0, 6), (1, 5), (2, 3), (3, 4), (4, 5), (5, 6)),
)
"""The cell of the best validation accuracy, which SVGe expands."""

WINNER = "01111111001101010000001000001000000001000000001000000001" + "0" * 8
"""The cell of 8 vertices that SVGe trained and reports, row by row."""


@pytest.fixture(scope="module")
def autoencoder():
    return autoencoders.make("svge", SPACE, nodes=8, hidden=8, latent=3, seed=2)


@pytest.fixture(scope="module")
def predictor(autoencoder):
    rng = np.random.default_rng(0)
    archs = [SPACE.sample(rng) for _ in range(30)]
    predictor = DNGO(DNGOConfig(epochs=10))
    predictor.fit(autoencoder.embed(autoencoder.form.encode(archs)), [len(arch.edges) for arch in archs], seed=0)
    return predictor


def _inner(arch: Architecture, shift: int) -> set[tuple[int, int]]:
    """Returns the edges between the old vertices, by their old numbers."""
    return {(a - shift, b - shift) for a, b in arch.edges if a >= shift and b < 7 + shift}


def test_the_expansions_of_the_best_cell():
    assert SPACE.canonical_key(BEST) == "ba0a27cafe7d648aa57f7d5dd64c0b48"
    at_the_end, at_the_beginning = list(appended(BEST)), list(prepended(BEST))
    assert (len(at_the_end), len(at_the_beginning)) == (192, 192)
    assert expansions(BEST) == at_the_end + at_the_beginning
    assert len(set(expansions(BEST))) == 384
    # different ones, each with all that is asked of one: all there are
    for arch in at_the_end:
        assert _inner(arch, 0) == set(BEST.edges) and (6, 7) in arch.edges
        assert arch.ops[:6] == BEST.ops[:6] and arch.ops[6] in (THREE, ONE, POOL) and arch.ops[7] == "output"
    for arch in at_the_beginning:
        assert _inner(arch, 1) == set(BEST.edges) and (0, 1) in arch.edges
        assert arch.ops[2:] == BEST.ops[1:] and arch.ops[1] in (THREE, ONE, POOL) and arch.ops[0] == "input"
    space = larger_space(8)
    for arch in expansions(BEST):
        space.validate(arch)
    native = f"{WINNER}:input,{','.join([THREE] * 5)},{ONE},output"
    assert space.from_native(native) in at_the_beginning


def test_expansions_of_smaller_cells_and_none_of_others():
    chain = SPACE.from_native(f"010001000:input,{ONE},output")
    assert len(expansions(chain)) == 2 * 3 * 2**2
    with pytest.raises(ConfigError, match="nasbench201"):
        expansions(next(spaces.get("nasbench201").enumerate()))
    with pytest.raises(InvalidArchitectureError, match="dangling"):
        expansions(dataclasses.replace(BEST, edges=BEST.edges[1:-1] + ((5, 6),)))
    largest = larger_space(10).sample(np.random.default_rng(0))
    while len(largest.ops) < 10:
        largest = larger_space(10).sample(np.random.default_rng(1))
    with pytest.raises(ConfigError, match="11"):
        expansions(largest)


def test_random_cells():
    cells = random_cells(400, seed=1)
    assert cells == random_cells(400, seed=1) != random_cells(400, seed=2)
    space = larger_space(8)
    for arch in cells:
        space.validate(arch)
        assert len(arch.ops) == 8
    # each of 40 pairs is this one, in one order or the other, with probability 2 / 64; that the vertices between are
    # on paths is nearly independent of the edge past them all
    share = np.mean([(0, 7) in arch.edges for arch in cells])
    assert share == pytest.approx(1 - (62 / 64) ** 40, abs=4 * np.sqrt(0.2 / 400))
    ops = [op for arch in cells for op in arch.ops[1:-1]]
    assert [ops.count(op) / len(ops) for op in (THREE, ONE, POOL)] == pytest.approx([1 / 3] * 3, abs=0.04)
    with pytest.raises(ConfigError, match="pairs"):
        random_cells(1, seed=0, pairs=3)


def test_larger_graphs_are_read_as_they_are(autoencoder):
    graphs = read(expansions(BEST)[:1], autoencoder)
    assert graphs.ops.shape == (1, 8) and (graphs.ops >= 0).all()
    (arch,) = expansions(BEST)[:1]
    assert {tuple(edge) for edge in np.argwhere(graphs.adjacency[0]).tolist()} == set(arch.edges)
    assert tuple(autoencoder.form.operators[op] for op in graphs.ops[0]) == arch.ops
    # a cell is the same graph in both spaces
    same = dataclasses.replace(BEST, space=larger_space(8).name)
    for one, other in zip(read([same], autoencoder), autoencoder.form.encode([BEST])):
        assert np.array_equal(one, other)


def test_the_order_is_that_of_the_beliefs(autoencoder, predictor):
    archs = expansions(BEST)[::16]
    order, belief = rank(archs, autoencoder, predictor)
    means = [float(predictor.predict(autoencoder.embed(read([arch], autoencoder))).mean()[0].numpy()) for arch in archs]
    np.testing.assert_allclose(belief.mean(), means, atol=1e-4)
    assert sorted(order.tolist()) == list(range(len(archs)))
    assert (np.diff(belief.mean().numpy()[order]) <= 0).all() and np.ptp(means) > 0


def test_of_equals_the_first_is_first(autoencoder):
    import tensorflow_probability as tfp

    class Levels:
        def predict(self, embeddings):
            return tfp.distributions.Normal(np.array([1.0, 2.0, 1.0, 2.0, 2.0]), np.ones(len(embeddings)))

    assert rank(expansions(BEST)[:5], autoencoder, Levels()).order.tolist() == [1, 3, 4, 0, 2]


def test_longer_networks_of_enas():
    small, large = spaces.get("enas_macro,layers=3"), spaces.get("enas_macro,layers=6")
    model = autoencoders.make("arch2vec", small, nodes=8, hidden=[8], latent=3)
    rng = np.random.default_rng(0)
    graphs = model.form.encode([small.sample(rng) for _ in range(20)])
    predictor = LatentMLP(model, LatentMLPConfig(share=0.0))
    predictor.fit(graphs, np.linspace(0, 1, 20), TrainingConfig(epochs=2, batch=10), seed=0)
    archs = [large.sample(rng) for _ in range(9)]
    order, belief = rank(archs, model, predictor)
    np.testing.assert_allclose(belief.mean(), predictor.predict(read(archs, model)).mean())
    assert np.argmax(belief.mean()) == order[0]
    with pytest.raises(ConfigError, match="of another"):
        rank(archs, autoencoders.make("arch2vec", small, nodes=8, hidden=[8], latent=3), predictor)


def test_what_cannot_be_ranked(autoencoder, predictor):
    small = autoencoders.make("svge", SPACE, hidden=8, latent=3)
    with pytest.raises(ConfigError, match="nodes=8"):
        rank(expansions(BEST)[:2], small, predictor)
    with pytest.raises(ConfigError, match="one space"):
        rank([BEST, expansions(BEST)[0]], autoencoder, predictor)
    with pytest.raises(ConfigError, match="none"):
        rank([], autoencoder, predictor)
    with pytest.raises(ConfigError, match="operators of nasbench201"):
        rank([next(spaces.get("nasbench201").enumerate())], autoencoder, predictor)
    with pytest.raises(ConfigError, match="fitted"):
        rank([BEST], autoencoder, DNGO())

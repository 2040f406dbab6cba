"""D-VAE: probabilities by enumeration, the sampler by counting, the encoder by a slow NumPy."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from tfnas import spaces
from tfnas.errors import ConfigError
from tfnas.models.autoencoder import TrainingConfig
from tfnas.models.autoregressive.rules import Rules
from tfnas.models.dvae import DVAE, DVAEConfig

SMALL = {"hidden": 5, "latent": 3, "dtype": "float64"}


class _Tiny:
    """Graphs of up to four nodes: an input, up to two others, an end."""

    nodes, operators, end = 4, ("input", "op", "output"), 2
    rules = Rules(
        "tiny",
        np.array([[1, 0, 0], [0, 1, 1], [0, 1, 1], [0, 0, 1]], bool),
        np.zeros((4, 4), bool),
        np.tril(np.ones((4, 4), bool), -1),
        np.zeros(4, np.int32),
        np.arange(4, dtype=np.int32),
        1,
        np.array([0, 0, 1], bool),
    )


@pytest.fixture(scope="module")
def tiny():
    import tensorflow as tf

    from tfnas.models.dvae.network import DVAENetwork

    network = DVAENetwork(_Tiny(), DVAEConfig(**SMALL))
    z = np.random.default_rng(0).normal(size=(1, 3))
    network.decoder(z).mode()
    network.posterior(np.zeros((1, 4, 4), np.int32), np.zeros((1, 4), np.int32), training=False)
    rng = np.random.default_rng(1)
    for variable in network.variables:
        variable.assign(rng.normal(size=variable.shape))
    return network, z, tf


def _all_graphs():
    """Every array of nodes and edges in which nothing comes after the end."""
    pairs = [(i, j) for i in range(4) for j in range(i + 1, 4)]
    for ops in itertools.product(range(3), repeat=4):
        if 2 not in ops or any(op != 0 for op in ops[ops.index(2) + 1 :]):
            continue
        size = ops.index(2) + 1
        live = [pair for pair in pairs if pair[1] < size]
        for bits in itertools.product((0, 1), repeat=len(live)):
            adjacency = np.zeros((4, 4), np.int32)
            for pair, bit in zip(live, bits):
                adjacency[pair] = bit
            yield adjacency, np.array([*ops[:size], *[-1] * (4 - size)], np.int32)


def test_probabilities_add_up_and_draws_have_them(tiny):
    network, z, tf = tiny
    adjacency, ops = (np.array(part) for part in zip(*_all_graphs()))
    chances = np.exp(network.decoder(np.repeat(z, len(ops), 0)).log_prob(adjacency, ops).numpy())
    assert chances.sum() == pytest.approx(1.0, abs=1e-9)
    count = 20_000
    drawn = [part.numpy() for part in network.decoder(np.repeat(z, count, 0)).sample(tf.constant([3, 4]))]
    keys = [a.tobytes() + o.tobytes() for a, o in zip(adjacency, ops)]
    number = {key: k for k, key in enumerate(keys)}
    found = np.bincount([number[a.tobytes() + o.tobytes()] for a, o in zip(*drawn)], minlength=len(keys))
    often = chances * count >= 10
    expected = np.append(chances[often], chances[~often].sum()) * count
    seen = np.append(found[often], found[~often].sum())
    statistic = ((seen - expected) ** 2 / np.maximum(expected, 1e-9)).sum()
    from scipy import stats

    assert often.sum() > 5 and stats.chi2.sf(statistic, len(seen) - 1) > 1e-3
    assert not found[chances == 0].any()


def test_the_end_reads_what_nothing_reads(tiny):
    network, z, tf = tiny
    adjacency, ops = (part.numpy() for part in network.decoder(np.repeat(z, 500, 0)).sample(tf.constant([5, 6])))
    for matrix, row in zip(adjacency, ops):
        last = int((row >= 0).sum()) - 1
        assert row[last] == 2 and not (row[:last] == 2).any()
        unread = [node for node in range(last) if not matrix[node, :last].any()]
        assert np.flatnonzero(matrix[:, last]).tolist() == unread


def test_the_most_probable_choices_are_a_draw_of_them(tiny):
    network, z, _ = tiny
    adjacency, ops = (part.numpy() for part in network.decoder(z).mode())
    assert np.isfinite(network.decoder(z).log_prob(adjacency, ops).numpy()).all()


def test_the_encoder_reads_node_by_node(tiny):
    network, _, _ = tiny
    adjacency = np.zeros((1, 4, 4), np.int32)
    adjacency[0, 0, 1] = adjacency[0, 0, 2] = adjacency[0, 1, 2] = 1
    ops = np.array([[0, 1, 2, -1]], np.int32)

    def states(update, matrix, row):
        kernel, recurrent, bias = (array.numpy() for array in update._cell.variables)
        found = []
        for node in range(4):
            received = np.zeros(5)
            for other in np.flatnonzero(matrix[:node, node]):
                both = np.append(found[other], np.eye(4)[other])
                gate = 1 / (1 + np.exp(-(both @ update._gate.kernel.numpy() + update._gate.bias.numpy())))
                received += gate * (both @ update._map.kernel.numpy())
            x = np.eye(3)[max(row[node], 0)] @ kernel + bias[0]
            h = received @ recurrent + bias[1]
            (xz, xr, xh), (hz, hr, hh) = np.split(x, 3), np.split(h, 3)
            z, r = 1 / (1 + np.exp(-(xz + hz))), 1 / (1 + np.exp(-(xr + hr)))
            state = z * received + (1 - z) * np.tanh(xh + r * hh)
            found.append(state if row[node] >= 0 else np.zeros(5))
        return found

    forward = states(network._forward, adjacency[0], ops[0])[2]
    backward = states(network._backward, adjacency[0].T[::-1, ::-1], ops[0][::-1])[3]
    both = np.concatenate([forward, backward]) @ network._unify.kernel.numpy() + network._unify.bias.numpy()
    expected = both @ network._mean.kernel.numpy() + network._mean.bias.numpy()
    found = network.posterior(adjacency, ops, training=False).mean().numpy()[0]
    np.testing.assert_allclose(found, expected, atol=1e-9)


@pytest.mark.parametrize("name", ["enas_macro,layers=3", pytest.param("nasbench101", marks=pytest.mark.slow)])
def test_it_learns(name):
    model = DVAE(spaces.get(name), DVAEConfig(hidden=16, latent=4))
    rng = np.random.default_rng(0)
    graphs = model.form.encode([model.space.sample(rng) for _ in range(32)])
    losses = [epoch.loss for epoch in model.fit(graphs, TrainingConfig(epochs=3, batch=16, rate=1e-2))]
    assert losses[-1] < losses[0]
    decoded = model.decode_draws(model.means(graphs), 0)
    assert model.form.are_whole(decoded.ops).all()


def test_wrong_spaces_and_options_are_refused():
    with pytest.raises(ConfigError, match="ends|end with"):
        DVAE(spaces.get("randwire"), DVAEConfig(**SMALL))
    with pytest.raises(ConfigError, match="grammar"):
        DVAEConfig(grammar=True)

"""DGMG: its network against plain NumPy, its probabilities against enumeration and counting."""

from __future__ import annotations

import functools
import shutil

import numpy as np
import pytest

from tests.unit.test_svge import SOME, Tiny, all_graphs, encoded, literal_objective
from tfnas import spaces
from tfnas.models.autoencoder import GraphArrays, TrainingConfig
from tfnas.models.dgmg import COMPACT, DGMG, DGMGConfig

SMALL = {"hidden": 5, "latent": 3, "dtype": "float64"}


@functools.cache
def tiny_network(**options):
    from tfnas.models.dgmg.network import DGMGNetwork

    network = DGMGNetwork(Tiny(), DGMGConfig(**SMALL, **options))
    network.elbo(*SOME, [0, 0])
    rng = np.random.default_rng(4)
    network.set_weights([rng.normal(size=array.shape) * 0.5 for array in network.get_weights()])
    return network


def test_the_encoder_hears_both_ways_at_once():
    network = tiny_network()
    posterior = network.posterior(*SOME, training=False)
    for row in range(2):
        mean, log_variance = encoded(network._encoder, SOME.adjacency[row], SOME.ops[row])
        np.testing.assert_allclose(posterior.mean()[row], mean, atol=1e-12)
        np.testing.assert_allclose(posterior.variance()[row], np.exp(log_variance), atol=1e-12)


@pytest.mark.parametrize("objective", ["mean", "sum"])
def test_the_objective_is_literal(objective):
    network, z = tiny_network(objective=objective), np.random.default_rng(1).normal(size=(2, 3))
    found = network.decoder(z).objective(*SOME).numpy()
    for row in range(2):
        graph = SOME.adjacency[row], SOME.ops[row]
        assert found[row] == pytest.approx(literal_objective(network._growing, z[row], *graph, objective), abs=1e-9)
    if objective == "sum":
        np.testing.assert_array_equal(found, network.decoder(z).log_prob(*SOME))


@pytest.mark.parametrize("grammar", [False, True])
def test_probabilities_add_up_and_draws_are_as_frequent(grammar):
    from scipy import stats

    graphs, z, count = all_graphs(), np.array([[0.3, -1.0, 0.5]]), 4000
    network = tiny_network(grammar=grammar)
    probabilities = np.exp(network.decoder(np.repeat(z, len(graphs.ops), 0)).log_prob(*graphs).numpy())
    assert probabilities.sum() == pytest.approx(1.0, abs=1e-9)
    drawn = GraphArrays(*(array.numpy() for array in network.decoder(np.repeat(z, count, 0)).sample([5, 7]))).keys()
    place = {key: row for row, key in enumerate(graphs.keys())}
    found, expected = np.bincount([place[key] for key in drawn], minlength=len(place)), count * probabilities
    assert not found[expected == 0].any()
    rare = expected < 5
    found, expected = (np.append(array[~rare], array[rare].sum()) for array in (found, expected))
    seen = expected > 0
    assert stats.chisquare(found[seen], expected[seen]).pvalue > 1e-3


def test_a_graph_does_not_depend_on_others_of_its_batch():
    network, z = tiny_network(objective="sum"), np.random.default_rng(1).normal(size=(2, 3))
    together = network.decoder(z).log_prob(*SOME)
    for row in range(2):
        alone = network.decoder(z[row : row + 1]).log_prob(*SOME.take(np.array([row])))
        np.testing.assert_allclose(together[row], alone[0], rtol=1e-12)


def test_cells_are_learned_and_points_are_distributions_of_members(tmp_path):
    space = spaces.get("enas_macro,layers=2")
    first, again = (DGMG(space, DGMGConfig(hidden=12, latent=4, grammar=True), seed=seed) for seed in (1, 9))
    members = sorted({space.sample(np.random.default_rng(seed)) for seed in range(1200)}, key=str)
    assert len(members) == space.size
    graphs, training = first.form.encode(members[:40]), TrainingConfig(epochs=30, batch=13, rate=1e-2)
    one, other = tmp_path / "one", tmp_path / "other"

    def keep(epoch):
        if epoch.number == 20:
            shutil.copytree(one, other)

    whole = first.fit(graphs, training, seed=5, directory=one, on_epoch=keep)
    assert whole[-1].loss < 0.8 * whole[0].loss
    assert again.fit(graphs, training, seed=5, directory=other) == whole[20:]
    assert all(map(np.array_equal, first.get_weights(), again.get_weights()))
    decoded = first.decode(first.means(graphs)[0])
    assert np.exp(decoded.log_prob(members)).sum() == pytest.approx(1.0, abs=1e-5)
    drawn = decoded.sample(30, 1)
    assert len(drawn) == 30 and decoded.rejections == 0 and first.has_log_prob


def test_options_come_back():
    assert DGMGConfig(**COMPACT.to_json()) == COMPACT and DGMGConfig().hidden > COMPACT.hidden

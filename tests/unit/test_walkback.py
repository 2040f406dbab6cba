"""Walking back: points become those of the graphs that they are decoded to."""

from __future__ import annotations

import numpy as np
import pytest

from tfnas import spaces
from tfnas.errors import ConfigError
from tfnas.models import autoencoders
from tfnas.models.autoencoder.walkback import walked_back


class _Halves:
    """Decodes a number to the nearest whole one above or below, and encodes that as itself."""

    def __init__(self) -> None:
        self.seeds: list[int] = []

    def decode_draws(self, points, seed):
        self.seeds.append(seed)
        return np.floor(points + np.random.default_rng(seed).random(points.shape))

    def means(self, graphs):
        return graphs


def test_points_end_where_graphs_are_encoded_and_stay():
    model = _Halves()
    points = np.array([[0.25], [3.0], [7.5]])
    once = walked_back(model, points, seed=4)
    assert np.array_equal(once, np.round(once)) and (np.abs(once - points) < 1).all() and once[1] == 3.0
    assert np.array_equal(walked_back(model, once, rounds=3), once)
    assert len(set(model.seeds)) == 4


def test_the_seed_decides():
    points = np.random.default_rng(0).random((200, 1))
    one, same, other = (walked_back(_Halves(), points, seed=seed) for seed in (1, 1, 2))
    assert np.array_equal(one, same) and not np.array_equal(one, other)
    assert 0.3 < one.mean() < 0.7


def test_an_autoencoder_walks_to_the_means_of_what_it_draws():
    model = autoencoders.make("arch2vec", spaces.get("nasbench201"), hidden=(8,), latent=4)
    points = np.random.default_rng(0).normal(size=(5, 8, 4)).astype(np.float32)
    moved = walked_back(model, points, seed=2)
    state = int(np.random.SeedSequence([2, 1]).generate_state(1)[0])
    assert np.array_equal(moved, model.means(model.decode_draws(points, state)))


def test_bad_numbers():
    for wrong in ({"rounds": 0}, {"seed": -1}):
        with pytest.raises(ConfigError):
            walked_back(_Halves(), np.zeros((2, 1)), **wrong)

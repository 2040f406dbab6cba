"""First weights: the distributions that the docstrings name, by variable."""

from __future__ import annotations

import numpy as np
import pytest

from tfnas import spaces
from tfnas.errors import ConfigError
from tfnas.models.graphpnas import GraphGenerator, GraphGeneratorConfig

SPACE = spaces.get("nasbench201")


def _drawn(rule: str, seed: int = 0) -> dict[str, np.ndarray]:
    config = GraphGeneratorConfig(hidden=32, message=48, steps=1, first_weights=rule)
    generator = GraphGenerator(SPACE, config, seed=seed)
    return {f"{k} {v.name}": v.numpy() for k, v in enumerate(generator.trainable_variables)}


def test_glorot():
    for name, array in _drawn("glorot").items():
        if "bias" in name:
            assert not array.any(), name
        elif "recurrent_kernel" in name:
            assert np.allclose(array @ array.T, np.eye(32), atol=1e-5), name
        else:
            limit = np.sqrt(6 / sum(array.shape))
            assert 0.8 * limit < np.abs(array).max() <= limit, name


def test_uniform():
    for name, array in _drawn("uniform").items():
        limit = 1 / np.sqrt(array.shape[-1] if "bias" in name else array.shape[0])
        assert 0.5 * limit < np.abs(array).max() <= limit, name


def test_seeds_and_names():
    assert all(np.array_equal(a, b) for a, b in zip(_drawn("uniform", 3).values(), _drawn("uniform", 3).values()))
    assert any(not np.array_equal(a, b) for a, b in zip(_drawn("glorot", 3).values(), _drawn("glorot", 4).values()))
    with pytest.raises(ConfigError, match="first_weights"):
        GraphGeneratorConfig(first_weights="normal")

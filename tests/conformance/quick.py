"""Options with which every strategy is quick enough for the conformance kits."""

from __future__ import annotations

import functools
from typing import Any, Callable

import pytest

from tfnas import strategies
from tfnas.errors import ConfigError
from tfnas.models.arch2vec import Arch2Vec, Arch2VecConfig
from tfnas.models.autoencoder import GraphAutoencoder, form_of
from tfnas.spaces import SearchSpace
from tfnas.strategies import Strategy

_LEARNING = {"rate": 1e-2, "epochs": 40, "batch": 8, "update_every": 5, "xla": False}
_FEW = {"initial": 8, "pool": 300}
_OPTIONS: dict[str, dict[str, Any]] = {
    "graphpnas": {**_LEARNING, "mixture": 2, "steps": 1, "hidden": 8, "message": 8},
    "rnn_reinforce": {**_LEARNING, "layers": 1, "hidden": 8},
    "independent_reinforce": {**_LEARNING, "rate": 0.1},
    "discrete_reinforce": {"rate": 2.0},
    "latent_bo": _FEW,
    "latent_rl": {**_FEW, "steps": 4, "hidden": 8},
    "continuous_bo": {
        "initial": 8,
        "batch": 6,
        "starts": 200,
        "iterations": 20,
        "attempts": 20,
        "surrogate_options": {"epochs": 2, "inducing": 5},
    },
    "supervised_bo": {**_FEW, "layers": (16, 16), "latent": 8, "epochs": 20},
    "supervised_rl": {**_FEW, "steps": 4, "hidden": 8, "layers": (8,), "latent": 4},
}

LEARNED = tuple(_OPTIONS)
"""Strategies that fit a network."""

MANY_FITS = ("graphpnas", "rnn_reinforce", "latent_bo", "continuous_bo", "supervised_bo")
"""Strategies whose fits in statistical tests, thousands of them, take minutes."""

AUTOENCODED = ("latent_bo", "latent_rl", "continuous_bo")
"""Strategies that are given an autoencoder."""

ONE_GRAPH = (*AUTOENCODED, "supervised_bo", "supervised_rl")
"""Strategies that read an architecture as one graph."""


def maker(name: str, **options: Any) -> Callable[[SearchSpace, int], Strategy]:
    """Returns what makes a strategy in small sizes from a space and a seed; other options stand above them.

    Where a strategy reads one graph and the space has several components, it skips the test that calls it.
    """

    def make(space: SearchSpace, seed: int) -> Strategy:
        chosen = {**_OPTIONS.get(name, {}), **options}
        if name in ONE_GRAPH:
            try:
                form_of(space)
            except ConfigError as error:
                pytest.skip(f"{name}: {error}")
        if name in AUTOENCODED:
            chosen.setdefault("autoencoder", autoencoder(space))
        return strategies.get(name)(space, seed=seed, **chosen)

    return make


@functools.lru_cache(maxsize=2)
def autoencoder(space: SearchSpace) -> GraphAutoencoder:
    """Returns a small one for a space, which is not trained."""
    return Arch2Vec(space, Arch2VecConfig(hidden=(16, 16), latent=8))


def few_trials(name: str) -> dict[str, Any]:
    """Returns options with which a strategy does in a dozen trials all that it does in many."""
    if name == "gaussian_process_ei":
        return {"pool": 60}
    if name == "continuous_bo":
        return {"initial": 4, "batch": 3}
    if name in ONE_GRAPH:
        return {"initial": 4, **({"epochs": 2} if name == "supervised_bo" else {})}
    if name == "bananas":
        return {"initial": 4, "batch": 3, "candidates": 10, "epochs": 10}
    reinforces = name in ("graphpnas", "rnn_reinforce", "independent_reinforce")
    return {"epochs": 2, "explore": {"points": [[0, 1.0], [4, 0.0]]}} if reinforces else {}

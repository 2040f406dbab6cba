"""Options with which every strategy is quick enough for the conformance kits."""

from __future__ import annotations

from typing import Any, Callable

from tfnas import strategies
from tfnas.spaces import SearchSpace
from tfnas.strategies import Strategy

_LEARNING = {"rate": 1e-2, "epochs": 40, "batch": 8, "update_every": 5, "xla": False}
_OPTIONS: dict[str, dict[str, Any]] = {
    "graphpnas": {**_LEARNING, "mixture": 2, "steps": 1, "hidden": 8, "message": 8},
    "rnn_reinforce": {**_LEARNING, "layers": 1, "hidden": 8},
    "independent_reinforce": {**_LEARNING, "rate": 0.1},
}

LEARNED = tuple(_OPTIONS)
"""Strategies that fit a generator."""

MANY_FITS = ("graphpnas", "rnn_reinforce")
"""Strategies whose fits in statistical tests, thousands of them, take minutes."""


def maker(name: str, **options: Any) -> Callable[[SearchSpace, int], Strategy]:
    """Returns what makes a strategy in small sizes from a space and a seed; other options stand above them."""
    return lambda space, seed: strategies.get(name)(space, seed=seed, **{**_OPTIONS.get(name, {}), **options})


def few_trials(name: str) -> dict[str, Any]:
    """Returns options with which a strategy does in a dozen trials all that it does in many."""
    if name == "gaussian_process_ei":
        return {"pool": 60}
    return {"epochs": 2, "explore": {"points": [[0, 1.0], [4, 0.0]]}} if name in _OPTIONS else {}

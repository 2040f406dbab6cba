"""Search strategies, by name: all ask and tell, none sees an evaluator."""

from __future__ import annotations

from typing import Any, Mapping

from tfnas import spaces
from tfnas.registry import Registry
from tfnas.strategies.bananas import Bananas
from tfnas.strategies.base import Strategy
from tfnas.strategies.continuous import ContinuousBO
from tfnas.strategies.discrete_reinforce import DiscreteReinforce
from tfnas.strategies.evolution import RegularizedEvolution
from tfnas.strategies.gaussian_process_ei import GaussianProcessEI
from tfnas.strategies.latent import LatentBO, LatentRL
from tfnas.strategies.local_search import LocalSearch
from tfnas.strategies.random import RandomSearch
from tfnas.strategies.reinforce import GraphPNAS, IndependentReinforce, RNNReinforce
from tfnas.strategies.supervised import SupervisedBO, SupervisedRL

_registry: Registry[Strategy] = Registry("strategy", "tfnas.strategies.register")


def register(strategy: type[Strategy]) -> type[Strategy]:
    """Makes a strategy available to `get` under its ``name``; usable as a class decorator."""
    _registry.add(strategy.name, strategy)
    return strategy


def get(name: str) -> type[Strategy]:
    """Returns the class registered under `name`.

    Raises:
        UnknownNameError: If there is none; the error lists the names there are.
    """
    return _registry.get(name)  # type: ignore[return-value]


def names() -> tuple[str, ...]:
    """Returns the registered names in order of registration."""
    return _registry.names()


def from_config(config: Mapping[str, Any]) -> Strategy:
    """Builds the strategy that ``Strategy.config`` described."""
    arguments = dict(config)
    name, space = arguments.pop("name"), arguments.pop("space")
    return get(name)(spaces.get(space), **arguments)


for _strategy in (
    RandomSearch,
    RegularizedEvolution,
    LocalSearch,
    GaussianProcessEI,
    GraphPNAS,
    RNNReinforce,
    IndependentReinforce,
    DiscreteReinforce,
    Bananas,
    LatentBO,
    LatentRL,
    ContinuousBO,
    SupervisedBO,
    SupervisedRL,
):
    register(_strategy)

__all__ = [
    "Bananas",
    "ContinuousBO",
    "DiscreteReinforce",
    "GaussianProcessEI",
    "GraphPNAS",
    "IndependentReinforce",
    "LatentBO",
    "LatentRL",
    "LocalSearch",
    "RNNReinforce",
    "RandomSearch",
    "RegularizedEvolution",
    "Strategy",
    "SupervisedBO",
    "SupervisedRL",
    "from_config",
    "get",
    "names",
    "register",
]

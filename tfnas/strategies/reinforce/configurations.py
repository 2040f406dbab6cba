"""Named configurations: what GraphPNAS's paper and its released code set in each space, as a table."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Mapping

from tfnas.blueprints.darts import OPERATORS
from tfnas.errors import ConfigError, UnknownNameError
from tfnas.models.autoregressive import GeneratorConfig
from tfnas.spaces.base import SearchSpace
from tfnas.strategies.reinforce.settings import Settings


@dataclass(frozen=True, slots=True)
class Configuration:
    """Values of `Settings.replace`.

    Attributes:
        space: Name of the space it is for; None for any.
        loop: Options of the loop, which all generators share.
        generator: Options of the generators of one strategy each, by the strategy's name.
    """

    space: str | None
    loop: Mapping[str, Any]
    generator: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


_DARTS_EDGES = {"labels": list(OPERATORS[1:]), "in_degree": [2, 2]}


def _first(queries: int, then: float = 0.0) -> dict[str, Any]:
    return {"points": [[0, 1.0], [queries, then]]}


def _down(queries: int) -> dict[str, Any]:
    return {"points": [[0, 1.0], [queries, 0.0]], "linear": True}


_RELEASED_NETWORK = {
    "hidden": 24,
    "message": 24,
    "head_layers": 3,
    "messages": "prefix",
    "pooling": "mean",
    "sees_operators": False,
    "sees_positions": True,
    "shared": False,
    "first_weights": "uniform",
}
# chosen on NAS-Bench-Macro, where the RNN's own 1e-3 and 128 states were no better
_OTHERS = {"rnn_reinforce": {"hidden": 32, "rate": 3e-3}, "independent_reinforce": {"rate": 0.05}}
_WITHOUT_NONE = {"rewards": "ranks", "explorer": {"name": "uniform", "exclude_ops": ["none"]}}
# shares here and below: 1/8 of 6 labels, .5 of 7 operators, 1/8 of 8 labels against all pairs, 6, 21 and 15
_RELEASED_201 = {**_WITHOUT_NONE, "shares": [1.0, 1.0, 0.125]}
_PAPER_NETWORK = {"messages": "prefix"}

CONFIGURATIONS: Mapping[str, Configuration] = {
    # Any space, and short searches.
    "default": Configuration(
        None,
        {"rewards": "ranks"},
        {"graphpnas": {"hidden": 24, "message": 24}, **_OTHERS},
    ),
    # Section 4.1, table 10: 40 steps of 8 queries. From step 25 on the explorer rests.
    "randwire_paper": Configuration(
        "randwire",
        {
            "rate": 1e-4,
            "epochs": 2000,
            "batch": 16,
            "clip": 1.0,
            "restart": False,
            "keep": {"points": [[0, 0.3], [320, 0.1]], "linear": True},
            "explorer": {"name": "watts_strogatz", "k": [2, 6], "p": [0.2, 0.8]},
            "explore": {"points": [[0, 0.6], [80, 0.12], [160, 0.024], [200, 0.0]]},
            "update_every": 8,
        },
        {"graphpnas": _PAPER_NETWORK},
    ),
    # Section 4.2 and appendix F: 300 steps of about 100 queries, and table 10.
    "enas_macro_paper": Configuration(
        "enas_macro",
        {
            "rate": 1e-4,
            "epochs": 2000,
            "batch": 32,
            "clip": 1.0,
            "restart": False,
            "keep": 0.2,
            "explorer": {"name": "erdos_renyi", "p": 0.4},
            "explore": _down(100 * 100),
            "update_every": 100,
        },
        {"graphpnas": _PAPER_NETWORK},
    ),
    # Section 4.3 and appendix G.
    "nasbench101_paper": Configuration(
        "nasbench101",
        {
            "restart": False,
            "keep": 30,
            "explorer": {"name": "erdos_renyi", "p": 0.25},
            "explore": _down(30),
            "update_every": 10,
        },
        {"graphpnas": _PAPER_NETWORK},
    ),
    "nasbench101_released": Configuration(
        "nasbench101",
        {
            "rewards": "ranks",
            "shares": [1.5, 1.0, 1.0],
            "keep": 15,
            "explorer": {"name": "erdos_renyi", "p": 0.25, "nodes": [3, 7]},
            "explore": _first(30),
            "update_every": 10,
        },
        {"graphpnas": _RELEASED_NETWORK},
    ),
    # Appendix A: 150, 80 and 40 queries on its three data sets, the explorer first for ten.
    "nasbench201_paper": Configuration(
        "nasbench201",
        {"restart": False, "explore": _first(10)},
        {"graphpnas": _PAPER_NETWORK},
    ),
    "nasbench201_released": Configuration(
        "nasbench201",
        {**_RELEASED_201, "explore": _first(30)},
        {"graphpnas": _RELEASED_NETWORK, **_OTHERS},
    ),
    "nasbench201_released_cifar100": Configuration(
        "nasbench201",
        {**_RELEASED_201, "keep": 10, "epochs": 60, "explore": _first(15)},
        {"graphpnas": _RELEASED_NETWORK},
    ),
    "nasbench201_released_imagenet16": Configuration(
        "nasbench201",
        {**_RELEASED_201, "keep": 5, "epochs": 50, "explore": _first(10)},
        {"graphpnas": _RELEASED_NETWORK},
    ),
    # As released, but for the rewards of equations 11 and 12.
    "nasbench201_reweighted": Configuration(
        "nasbench201",
        {**_RELEASED_201, "rewards": "standardised", "explore": _first(30)},
        {"graphpnas": _RELEASED_NETWORK, **_OTHERS},
    ),
    # Ours: as released, but the explorer rests sooner, and a Gaussian process looks at what both draw.
    "nasbench201": Configuration(
        "nasbench201",
        {**_WITHOUT_NONE, "explore": _first(20), "screen": 100, "screen_explorer": 500},
        {"graphpnas": _RELEASED_NETWORK, **_OTHERS},
    ),
    # Appendix C takes over the settings of NAS-Bench-101; the released code fits for longer.
    "darts_paper": Configuration(
        "darts",
        {
            "restart": False,
            "keep": 30,
            "explorer": "distinct_predecessors",
            "explore": _down(30),
            "update_every": 10,
        },
        {
            "graphpnas": {**_PAPER_NETWORK, **_DARTS_EDGES},
            "rnn_reinforce": _DARTS_EDGES,
            "independent_reinforce": _DARTS_EDGES,
        },
    ),
    "darts_released": Configuration(
        "darts",
        {
            "rewards": "ranks",
            "shares": [1.0, 1.0, 0.23],
            "epochs": 200,
            "keep": 30,
            "explorer": "distinct_predecessors",
            "explore": _first(30),
            "update_every": 10,
        },
        {
            "graphpnas": {**_RELEASED_NETWORK, **_DARTS_EDGES},
            "rnn_reinforce": _DARTS_EDGES,
            "independent_reinforce": _DARTS_EDGES,
        },
    ),
}


def settings_for(
    strategy: str, generator: type[GeneratorConfig], space: SearchSpace, name: str | None
) -> tuple[str, Settings]:
    """Returns the name of a configuration and its settings.

    Args:
        strategy: Name of the strategy.
        generator: Class of its generator's configuration.
        space: The space.
        name: Name of a configuration; None for ``default``.

    Raises:
        UnknownNameError: If there is none of that name.
        ConfigError: If it is for another space.
    """
    name = "default" if name is None else name
    if name not in CONFIGURATIONS:
        raise UnknownNameError("configuration", expected=", ".join(CONFIGURATIONS), received=repr(name))
    chosen = CONFIGURATIONS[name]
    if chosen.space is not None and space.name.partition(",")[0] != chosen.space:
        raise ConfigError(
            f"configuration {name!r}",
            expected=f"the space {chosen.space}",
            received=space.name,
            remedy="configuration='default' is for any space.",
        )
    settings = Settings(generator=generator())
    return name, settings.replace({**chosen.loop, **chosen.generator.get(strategy, {})})

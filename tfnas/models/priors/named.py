"""Priors by name, for configurations that are JSON values."""

from __future__ import annotations

import inspect
from typing import Any, Mapping

from tfnas.errors import ConfigError, UnknownNameError
from tfnas.models.distribution import ArchitectureDistribution
from tfnas.models.priors.darts import DistinctPredecessors
from tfnas.models.priors.er import ErdosRenyi
from tfnas.models.priors.random_graphs import BarabasiAlbert, WattsStrogatz
from tfnas.models.priors.uniform import Uniform
from tfnas.spaces.base import SearchSpace

_PRIORS: Mapping[str, type[ArchitectureDistribution]] = {
    "uniform": Uniform,
    "erdos_renyi": ErdosRenyi,
    "watts_strogatz": WattsStrogatz,
    "barabasi_albert": BarabasiAlbert,
    "distinct_predecessors": DistinctPredecessors,
}


def from_config(space: SearchSpace, config: str | Mapping[str, Any]) -> ArchitectureDistribution:
    """Returns the prior that JSON values describe.

    Args:
        space: The space.
        config: ``uniform``, ``erdos_renyi``, ``watts_strogatz``, ``barabasi_albert`` or
            ``distinct_predecessors``; or a mapping with that ``name`` and the prior's own arguments, lists in
            place of tuples: ``{"name": "uniform", "exclude_ops": ["none"]}``.

    Raises:
        UnknownNameError: If there is no such prior.
        ConfigError: If it has no such argument, lacks one that it needs, or a value cannot be.
    """
    if not isinstance(config, (str, Mapping)) or (isinstance(config, Mapping) and "name" not in config):
        raise ConfigError("prior", expected="a name, or a mapping with a name", received=repr(config))
    options = {"name": config} if isinstance(config, str) else dict(config)
    name = options.pop("name")
    if name not in _PRIORS:
        raise UnknownNameError("prior", expected=", ".join(_PRIORS), received=repr(name))
    make = _PRIORS[name]
    known = {option: value for option, value in inspect.signature(make).parameters.items() if option != "space"}
    missing = [option for option, value in known.items() if value.default is value.empty and option not in options]
    if missing or any(option not in known for option in options):
        raise ConfigError(
            f"options of prior {name}",
            expected=", ".join(known) + (f" (at least {', '.join(missing)})" if missing else ""),
            received=", ".join(options) or "none",
        )
    return make(space, **{key: tuple(value) if isinstance(value, list) else value for key, value in options.items()})

"""Search spaces, by name. NumPy only."""

from __future__ import annotations

import inspect
import json
from typing import Any, Sequence

from tfnas.errors import ConfigError
from tfnas.registry import Registry, imported
from tfnas.spaces.base import Cost, SearchSpace, variant_name
from tfnas.spaces.darts import DARTS
from tfnas.spaces.enas_macro import ENASMacro
from tfnas.spaces.fairnas import FairNAS
from tfnas.spaces.ghn_anytime import GHNAnytime
from tfnas.spaces.ghn_block import GHNBlock
from tfnas.spaces.grammar import ComponentGrammar, EdgeLabelled, EdgeLabelledGrammar, Grammar
from tfnas.spaces.nasbench101 import NASBench101
from tfnas.spaces.nasbench201 import NASBench201
from tfnas.spaces.nasbench_macro import NASBenchMacro
from tfnas.spaces.randwire import RandWire

_registry: Registry[SearchSpace] = Registry("search space", "tfnas.spaces.register")


def register(space: type[SearchSpace]) -> type[SearchSpace]:
    """Makes a space available to `get` under its ``name``; usable as a class decorator.

    Raises:
        ConfigError: If it is no class of spaces, has no usable name, or another one has it.
    """
    name = getattr(space, "name", None)
    if not (isinstance(space, type) and issubclass(space, SearchSpace)):
        raise ConfigError("search space", expected="a subclass of tfnas.spaces.SearchSpace", received=repr(space))
    if not isinstance(name, str) or not name or set(name) & set(",:"):
        raise ConfigError(
            f"name of {space.__name__}",
            expected="text without commas and colons, as a class attribute",
            received=repr(name),
        )
    _registry.add(space.name, space)
    return space


def get(name: str, **options: Any) -> SearchSpace:
    """Returns the space registered under `name`.

    Args:
        name: A registered name, alone or with options behind commas, as in ``Architecture.space``:
            ``"enas_macro,layers=6"``. Or ``"module:Class"``, a space of one's own in a module that can
            be imported, which registers it.
        **options: Options of the space, instead.

    Raises:
        UnknownNameError: If there is none; the error lists the names there are.
        ConfigError: If the space has no such option, or it has a value that cannot be.
    """
    base, *texts = str(name).split(",")
    if ":" in base:
        base = register(imported(base)).name
    factory = _registry.get(base)
    allowed = list(inspect.signature(factory).parameters)
    options.update(parse_options(texts))
    for key in options:
        if key not in allowed:
            raise ConfigError(f"options of space {base!r}", expected=", ".join(allowed) or "none", received=repr(key))
    return factory(**options)


def parse_options(texts: Sequence[str]) -> dict[str, Any]:
    """Reads texts such as ``"layers=6"``: integers, decimal numbers, True and False.

    Raises:
        ConfigError: If a text is of another form.
    """
    options: dict[str, Any] = {}
    for text in texts:
        key, _, value = text.partition("=")
        try:
            parsed = json.loads(value.lower())
        except ValueError:
            parsed = None
        if not key.isidentifier() or not isinstance(parsed, (bool, int, float)):
            raise ConfigError("option", expected="NAME=VALUE with a number, true or false", received=repr(text))
        if key in options:
            raise ConfigError(f"option {key}", expected="one value", received=f"{options[key]} and {parsed}")
        options[key] = parsed
    return options


def names() -> tuple[str, ...]:
    """Returns the registered names in order of registration."""
    return _registry.names()


register(NASBench101)
register(NASBench201)
register(NASBenchMacro)
register(FairNAS)
register(ENASMacro)
register(DARTS)
register(RandWire)
register(GHNBlock)
register(GHNAnytime)

__all__ = [
    "ComponentGrammar",
    "Cost",
    "DARTS",
    "ENASMacro",
    "EdgeLabelled",
    "EdgeLabelledGrammar",
    "FairNAS",
    "GHNAnytime",
    "GHNBlock",
    "Grammar",
    "NASBench101",
    "NASBench201",
    "NASBenchMacro",
    "RandWire",
    "SearchSpace",
    "get",
    "names",
    "parse_options",
    "register",
    "variant_name",
]

"""Search spaces, by name. NumPy only."""

from __future__ import annotations

from tfnas.registry import Registry
from tfnas.spaces.base import Cost, SearchSpace
from tfnas.spaces.grammar import ComponentGrammar, EdgeLabelled, EdgeLabelledGrammar, Grammar
from tfnas.spaces.nasbench201 import NASBench201

_registry: Registry[SearchSpace] = Registry("search space", "tfnas.spaces.register")


def register(space: type[SearchSpace]) -> type[SearchSpace]:
    """Makes a space available to `get` under its ``name``; usable as a class decorator."""
    _registry.add(space.name, space)
    return space


def get(name: str) -> SearchSpace:
    """Returns the space registered under `name`.

    Raises:
        UnknownNameError: If there is none; the error lists the names there are.
    """
    return _registry.get(name)()


def names() -> tuple[str, ...]:
    """Returns the registered names in order of registration."""
    return _registry.names()


register(NASBench201)

__all__ = [
    "ComponentGrammar",
    "Cost",
    "EdgeLabelled",
    "EdgeLabelledGrammar",
    "Grammar",
    "NASBench201",
    "SearchSpace",
    "get",
    "names",
    "register",
]

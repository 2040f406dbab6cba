"""Things by name: a table of classes, and what stands in a module of the user's."""

from __future__ import annotations

import difflib
import importlib
from typing import Any, Callable, Generic, TypeVar

from tfnas.errors import ConfigError, UnknownNameError

T = TypeVar("T")


class Registry(Generic[T]):
    """Maps names to factories.

    Args:
        kind: What is registered, for messages.
        remedy: The function that adds an entry, for messages.
    """

    def __init__(self, kind: str, remedy: str) -> None:
        self._kind = kind
        self._remedy = remedy
        self._factories: dict[str, Callable[..., T]] = {}

    def add(self, name: str, factory: Callable[..., T]) -> None:
        """Registers `factory`; a name is taken once.

        Raises:
            ConfigError: If another factory has the name.
        """
        known = self._factories.get(name)
        if known is not None and known is not factory:
            raise ConfigError(
                f"{self._kind} {name!r}",
                expected="a name that is free",
                received=f"a second factory beside {known!r}",
                remedy="Choose another name.",
            )
        self._factories[name] = factory

    def get(self, name: str) -> Callable[..., T]:
        """Returns the factory of `name`.

        Raises:
            UnknownNameError: Listing the names there are and the closest one.
        """
        try:
            return self._factories[name]
        except (KeyError, TypeError):
            close = difflib.get_close_matches(str(name), self._factories, n=1)
            hint = f"Did you mean {close[0]!r}? " if close else ""
            raise UnknownNameError(
                self._kind,
                expected=f"one of {', '.join(sorted(self._factories))}",
                received=repr(name),
                remedy=f"{hint}Your own is added with {self._remedy}.",
            ) from None

    def names(self) -> tuple[str, ...]:
        """Returns all names in order of registration."""
        return tuple(self._factories)


def imported(name: str) -> Any:
    """Returns what ``"module:attribute"`` names.

    Raises:
        ConfigError: If there is no such module or attribute.
    """
    module, _, path = name.partition(":")
    try:
        value: Any = importlib.import_module(module)
        for part in path.split("."):
            value = getattr(value, part)
        return value
    except (ImportError, AttributeError) as error:
        raise ConfigError(
            f"{name!r}",
            expected="'module:attribute' of a module that can be imported",
            received=str(error),
            remedy="Put the module's folder on PYTHONPATH.",
        ) from error

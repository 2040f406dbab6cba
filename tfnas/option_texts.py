"""`read_pairs`: options that are given as texts."""

from __future__ import annotations

import json
from typing import Any, Iterable

from tfnas.errors import ConfigError


def read_pairs(texts: Iterable[str], option: str) -> dict[str, Any]:
    """Reads texts such as ``"hidden=64"``: JSON values, True and False, and else the text itself.

    Args:
        texts: The texts.
        option: The option that they are values of, for errors.

    Raises:
        ConfigError: If a text is of another form, or a name comes twice.
    """
    found: dict[str, Any] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals or not name.isidentifier():
            raise ConfigError(option, expected="NAME=VALUE, such as hidden=64", received=repr(text))
        try:
            read = json.loads(value)
        except ValueError:
            read = {"True": True, "False": False}.get(value, value)
        if name in found:
            raise ConfigError(f"{option} {name}", expected="one value", received=f"{found[name]} and {read}")
        found[name] = read
    return found

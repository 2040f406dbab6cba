"""`catalogue`: the autoencoders that can be trained, and on what."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Mapping

from tfnas import spaces
from tfnas.errors import ConfigError
from tfnas.models import autoencoders


@dataclass(frozen=True, slots=True)
class Entry:
    """What there is of an autoencoder.

    Attributes:
        model: Its name.
        spaces: Names of the spaces that it can do.
        configurations: Of each configuration that has a name, what differs from the paper's.
    """

    model: str
    spaces: tuple[str, ...]
    configurations: Mapping[str, Mapping[str, Any]]


def catalogue() -> tuple[Entry, ...]:
    """Returns all autoencoders, without loading TensorFlow."""
    return tuple(_entry(name) for name in autoencoders.names())


def _entry(name: str) -> Entry:
    named = {key: config.to_json() for key, config in autoencoders.configurations(name).items()}
    paper = named[autoencoders.PAPER]
    differs = {
        key: {option: value for option, value in config.items() if value != paper[option]}
        for key, config in named.items()
    }
    known = (*spaces.names(), "darts,shared=True")
    return Entry(name, tuple(space for space in known if _can_do(name, space)), differs)


def _can_do(name: str, space: str) -> bool:
    try:
        autoencoders.form_for(name, spaces.get(space), autoencoders.configure(name))
    except ConfigError:
        return False
    return True

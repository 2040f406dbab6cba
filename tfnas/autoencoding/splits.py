"""Splits of graphs into those to train on and those held out, by the names that cards and commands use."""

from __future__ import annotations

import random
from typing import Sequence

import numpy as np

from tfnas.errors import ConfigError, UnknownNameError
from tfnas.models.autoencoder.splitting import split_by_group
from tfnas.spaces.base import SearchSpace
from tfnas.spaces.enas_macro import ENASMacro

SPLITS = ("key", "line", "skips")
"""All names, see `split`."""


def check_split(name: str, space: SearchSpace, held_out: float) -> None:
    """Checks what can be known of a split before there are graphs.

    Raises:
        UnknownNameError: If there is no such split.
        ConfigError: If the space does not have it, or nothing would be on one side.
    """
    if name not in SPLITS:
        raise UnknownNameError("split", expected=", ".join(SPLITS), received=repr(name))
    if name == "skips" and not isinstance(space, ENASMacro):
        raise ConfigError("split 'skips'", expected="the space enas_macro", received=space.name)
    if isinstance(held_out, bool) or not isinstance(held_out, (int, float)) or not 0 < held_out < 1:
        raise ConfigError("held_out", expected="a share between 0 and 1", received=repr(held_out))


def split(
    name: str, space: SearchSpace, natives: Sequence[str], *, held_out: float, seed: int, distinct: bool = False
) -> tuple[np.ndarray, np.ndarray]:
    """Splits graphs.

    - ``"key"``: isomorphic graphs, and those of one network, are on one side (`SearchSpace.canonical_key`).
    - ``"line"``: each graph by itself, as the papers do it, with the shuffle of D-VAE's code: that of Python's
      ``random.Random(seed)``, the first ones to train on. On the 19,020 lines of ENAS's published file that
      count, seed 0 and a tenth held out give the 17,118 and 1,902 of D-VAE and SVGe.
    - ``"skips"``: ENAS's networks of one pattern of skips are on one side. Published values depend on that alone.

    Args:
        name: One of `SPLITS`.
        space: Of the graphs.
        natives: Their published forms.
        held_out: Share that is held out: of graphs, or of groups of them.
        seed: Of the split.
        distinct: Whether it is known that no two are of one network, which spares their keys.

    Returns:
        The numbers of those to train on, and of those held out, ascending.

    Raises:
        UnknownNameError: If there is no such split.
        ConfigError: If the space does not have it, or a side would be empty.
    """
    check_split(name, space, held_out)
    if name == "line":
        return _by_line(len(natives), held_out, seed)
    return split_by_group(_groups(name, space, natives, distinct), held_out=held_out, seed=seed)


def _by_line(count: int, held_out: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    order = list(range(count))
    random.Random(seed).shuffle(order)
    trained = int(count * (1 - held_out))
    if not 0 < trained < count:
        raise ConfigError(
            "split", expected="a share that leaves graphs on both sides", received=f"{held_out!r} of {count} graphs"
        )
    return np.sort(order[:trained]), np.sort(order[trained:])


def _groups(name: str, space: SearchSpace, natives: Sequence[str], distinct: bool) -> Sequence[object]:
    if name == "skips" and isinstance(space, ENASMacro):
        return [space.skips(space.from_native(native)) for native in natives]
    if distinct:
        return range(len(natives))
    return [space.canonical_key(space.from_native(native)) for native in natives]

"""Splits of architectures into those to train on and those held out."""

from __future__ import annotations

from typing import Hashable, Sequence

import numpy as np

from tfnas.architecture import Architecture
from tfnas.checks import check_seed
from tfnas.errors import ConfigError
from tfnas.spaces.base import SearchSpace


def split_by_key(
    space: SearchSpace, archs: Sequence[Architecture], *, held_out: float = 0.1, seed: int = 0
) -> tuple[np.ndarray, np.ndarray]:
    """Splits architectures so that isomorphic ones, and those of one network, are on one side.

    Args:
        space: Their space.
        archs: The architectures.
        held_out: Share of the networks that is held out.
        seed: Of the split.

    Returns:
        The numbers of those to train on, and of those held out, each in the order of `archs`.

    Raises:
        ConfigError: If a side would be empty.
    """
    return split_by_group([space.canonical_key(arch) for arch in archs], held_out=held_out, seed=seed)


def split_by_group(
    groups: Sequence[Hashable], *, held_out: float = 0.1, seed: int = 0
) -> tuple[np.ndarray, np.ndarray]:
    """Splits rows so that all of a group are on one side; see `split_by_key`.

    Rows that are groups of their own (``range(n)``) are split one by one, as papers do.
    """
    check_seed(seed)
    number: dict[Hashable, int] = {}
    of_row = np.array([number.setdefault(group, len(number)) for group in groups], np.int64)
    count = round(held_out * len(number)) if 0 < held_out < 1 else 0
    if not 0 < count < len(number):
        raise ConfigError(
            "split",
            expected="a share between 0 and 1 that leaves groups on both sides",
            received=f"{held_out!r} of {len(number)} groups",
        )
    chosen = np.zeros(len(number), bool)
    chosen[np.random.default_rng(seed).permutation(len(number))[:count]] = True
    return np.flatnonzero(~chosen[of_row]), np.flatnonzero(chosen[of_row])

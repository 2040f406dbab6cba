"""`Candidates`: the architectures that a search in a latent space chooses from, as points."""

from __future__ import annotations

import pathlib
from typing import Sequence

import numpy as np

from tfnas.architecture import Architecture
from tfnas.checks import check_positive
from tfnas.errors import ConfigError
from tfnas.models import autoencoders
from tfnas.models.autoencoder import GraphAutoencoder
from tfnas.spaces.base import SearchSpace
from tfnas.strategies.seen import Seen

LISTED = 500_000
"""Largest size of a space of which all members are candidates."""

_CHUNK = 10_000


class Candidates:
    """Architectures, each with its embedding by an autoencoder.

    In a space of at most 500,000 members these are the members, else as many as `pool` says are drawn by
    `SearchSpace.sample`. Of those that `Seen.key` says are the same the first is a candidate.

    Args:
        autoencoder: Trained, for the space.
        seen: Says which are the same.
        pool: Number of draws.
        seed: Of the draws.
    """

    def __init__(self, autoencoder: GraphAutoencoder, seen: Seen, pool: int, seed: int) -> None:
        check_positive(pool=pool)
        space = seen.space
        if space.is_enumerable and space.size <= LISTED:
            archs = list(space.enumerate())
        else:
            rng = np.random.default_rng([seed, 1])
            archs = [space.sample(rng) for _ in range(pool)]
        by_key: dict[str, Architecture] = {}
        for arch in archs:
            by_key.setdefault(seen.key(arch), arch)
        self.archs: Sequence[Architecture] = tuple(by_key.values())
        self._row = {key: row for row, key in enumerate(by_key)}
        parts = [
            autoencoder.embed(autoencoder.form.encode(self.archs[start : start + _CHUNK]))
            for start in range(0, len(self.archs), _CHUNK)
        ]
        self.points = np.concatenate(parts).astype(np.float32)
        """Embeddings. Float32, shape [C, D]."""
        self.is_open = np.ones(len(self.archs), bool)
        """Which have not been proposed or measured yet. Bool, shape [C]."""
        self._autoencoder, self._seen = autoencoder, seen

    def close(self, arch: Architecture) -> None:
        """Marks the candidate that is the same as an architecture, if there is one, as not open any more."""
        row = self.row(arch)
        if row is not None and self._seen.dedupe != "none":
            self.is_open[row] = False

    def read(self) -> None:
        """Marks anew which are open, after `Seen` was restored."""
        self.is_open = np.array([arch not in self._seen for arch in self.archs], bool)

    def points_of(self, archs: Sequence[Architecture]) -> np.ndarray:
        """Returns the embeddings of any members. Float32, shape [B, D]."""
        return self._autoencoder.embed(self._autoencoder.form.encode(archs)).astype(np.float32)

    def row(self, arch: Architecture) -> int | None:
        """Returns the number of the candidate that is the same, None where there is none."""
        return self._row.get(self._seen.key(arch))


def trained(autoencoder: GraphAutoencoder | pathlib.Path | str, space: SearchSpace) -> GraphAutoencoder:
    """Returns an autoencoder, read from its folder if it is none.

    Raises:
        ConfigError: If it is for another space.
        StateError: If the folder has none.
    """
    found = autoencoder if isinstance(autoencoder, GraphAutoencoder) else autoencoders.load(autoencoder)
    if found.space.name != space.name:
        raise ConfigError("autoencoder", expected=f"one for {space.name}", received=f"one for {found.space.name}")
    return found

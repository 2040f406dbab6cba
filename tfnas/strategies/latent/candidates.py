"""`Candidates`: the architectures that a model of graphs chooses from."""

from __future__ import annotations

import functools
from typing import Mapping, Sequence

import numpy as np

from tfnas.architecture import Architecture
from tfnas.models.autoencoder.forms import form_of
from tfnas.models.autoencoder.graph_form import GraphArrays, GraphForm
from tfnas.spaces.base import SearchSpace
from tfnas.strategies.seen import Seen

LISTED = 500_000
"""Largest size of a space of which all members are candidates."""

_Listing = tuple[tuple[Architecture, ...], Mapping[str, int], GraphArrays]


class Candidates:
    """Architectures, each with its graph.

    In a space of at most 500,000 members these are the members, else as many as `pool` says are drawn by
    `SearchSpace.sample`. Of those that `Seen.key` says are the same the first is a candidate.

    Args:
        form: Of the graphs.
        seen: Says which are the same, and which were proposed or measured.
        pool: Number of draws.
        seed: Of the draws.

    Attributes:
        archs: The C candidates.
        graphs: Their graphs.
    """

    def __init__(self, form: GraphForm, seen: Seen, pool: int, seed: int) -> None:
        self._seen, self._form = seen, form
        space = seen.space
        if space.is_enumerable and space.size <= LISTED:
            self.archs, self._rows, self.graphs = _members(space, seen.dedupe, form.nodes)
        else:
            rng = np.random.default_rng([seed, 1])
            self.archs, self._rows, self.graphs = _listing([space.sample(rng) for _ in range(pool)], seen, form)

    def open_rows(self) -> np.ndarray:
        """Returns the numbers of the candidates that may be proposed. Int64, shape [O]."""
        is_open = np.ones(len(self.archs), bool)
        known = (self._rows.get(key) for key in self._seen.get_state()["keys"])
        is_open[[row for row in known if row is not None]] = False
        return np.flatnonzero(is_open)

    def graphs_of(self, archs: Sequence[Architecture]) -> GraphArrays:
        """Returns the graphs of any B members."""
        return self._form.encode(archs)


@functools.lru_cache(maxsize=2)
def _members(space: SearchSpace, dedupe: str, nodes: int) -> _Listing:
    """Returns the listing of a whole space, once for all searches of it in a process."""
    return _listing(space.enumerate(), Seen(space, dedupe), form_of(space, nodes))


def _listing(archs, seen: Seen, form: GraphForm) -> _Listing:
    """Returns the first architecture of each key, the row of each key, and the graphs."""
    by_key: dict[str, Architecture] = {}
    for arch in archs:
        by_key.setdefault(seen.key(arch), arch)
    members = tuple(by_key.values())
    return members, {key: row for row, key in enumerate(by_key)}, form.encode(members)

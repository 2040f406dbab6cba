"""Which graphs an autoencoder is trained on, and which are held out; the same again from the same words."""

from __future__ import annotations

import functools
import hashlib
import itertools
import json
import os
import pathlib
import re
from dataclasses import dataclass
from typing import Any, Callable, Collection, Iterable

import numpy as np

from tfnas.architecture import Architecture
from tfnas.autoencoding.job import TrainingJob
from tfnas.autoencoding.splits import split
from tfnas.data.tables import enas
from tfnas.errors import ConfigError, DataError, InvalidArchitectureError
from tfnas.models.autoencoder import GraphArrays, GraphForm
from tfnas.spaces.base import SearchSpace
from tfnas.spaces.enas_macro import ENASMacro
from tfnas.spaces.nasbench101 import NASBench101

LARGEST = 500_000
"""Members of the largest space that is taken whole."""

_PATIENCE = 20_000
"""Draws in a row without a new network after which there are held to be no more."""

_CHUNK = 4096
"""Graphs that are encoded at once."""

_PUBLISHED = re.compile(r"\[\[.*\]\],\s*[0-9.]+")
"""A line of ENAS's published file: a network, and its value behind it."""

Observer = Callable[[int, int], Any]
"""Called with the number of graphs that are done, and that of all."""


@dataclass(frozen=True, eq=False)
class GraphSet:
    """The graphs of a training.

    Attributes:
        space: Their space.
        natives: The published forms of all, in a fixed order; those of `TrainingJob.drawn` come last.
        trained: Numbers of those that are trained on, ascending.
        held_out: Numbers of those that are held out, ascending.
    """

    space: SearchSpace
    natives: tuple[str, ...]
    trained: np.ndarray
    held_out: np.ndarray

    @functools.cached_property
    def digest(self) -> str:
        """SHA-256 of the space's name, all published forms, and the numbers of those held out."""
        lines = [self.space.name, *self.natives, ",".join(map(str, self.held_out.tolist()))]
        return hashlib.sha256("\n".join(lines).encode("utf-8")).hexdigest()

    def archs(self, rows: Iterable[int]) -> list[Architecture]:
        """Returns the members of some rows."""
        return [self.space.from_native(self.natives[row]) for row in rows]

    def encode(self, form: GraphForm, rows: np.ndarray, on_progress: Observer | None = None) -> GraphArrays:
        """Returns the graphs of some rows."""
        parts = []
        for start in range(0, len(rows), _CHUNK):
            parts.append(form.encode(self.archs(rows[start : start + _CHUNK])))
            if on_progress is not None:
                on_progress(min(start + _CHUNK, len(rows)), len(rows))
        return GraphArrays(*(np.concatenate(arrays) for arrays in zip(*parts)))


def graphs_of(job: TrainingJob, on_progress: Observer | None = None) -> GraphSet:
    """Returns the graphs of a training.

    Args:
        job: The training.
        on_progress: Called while graphs are found.

    Raises:
        ConfigError: If the job asks for graphs that there are not, or nothing would be on one side of the split.
        DataError: If its file cannot be read.
    """
    space = job.make_space()
    natives, distinct = _choose(space, job, on_progress)
    trained, held_out = split(job.split, space, natives, held_out=job.held_out, seed=job.split_seed, distinct=distinct)
    if job.drawn is not None:
        known = {space.canonical_key(space.from_native(native)) for native in natives}
        trained = np.concatenate([trained, len(natives) + np.arange(job.drawn)])
        natives += _drawn(space, "drawn", job.drawn, [job.split_seed, 1], on_progress, known)
    return GraphSet(space, tuple(natives), trained, held_out)


def _choose(space: SearchSpace, job: TrainingJob, on_progress: Observer | None) -> tuple[list[str], bool]:
    """Returns published forms, and whether it is known that no two are of one network."""
    if job.graphs is not None:
        return read_graphs(job.graphs, space, on_progress), False
    size = _listed(space)
    if size is None:
        if job.count is None:
            raise ConfigError(
                f"graphs of {space.name}",
                expected=f"a count, or a file, where a space has more than {LARGEST:,} members",
                received="neither",
                remedy="Give --count N, and so many members are drawn.",
            )
        return _drawn(space, "count", job.count, job.split_seed, on_progress), True
    count = size if job.count is None else job.count
    if count > size:
        raise ConfigError("count", expected=f"at most {size:,}, all members of {space.name}", received=f"{count:,}")
    taken = np.zeros(size, bool)
    taken[np.random.default_rng(job.split_seed).choice(size, count, replace=False)] = True
    members, distinct = space.enumerate(), size == space.num_networks
    if isinstance(space, NASBench101):
        members, distinct = space.unique(), True
    return [space.to_native(arch) for arch in itertools.compress(members, taken)], distinct


def _listed(space: SearchSpace) -> int | None:
    """Returns the number of members of a space that is small enough to be listed, None of others.

    Of NAS-Bench-101 that is one member a network, as the papers take it.
    """
    if not space.is_enumerable:
        return None
    size = space.size
    if isinstance(space, NASBench101):
        size = space.num_networks or sum(1 for _ in space.unique())
    return size if size <= LARGEST else None


def _drawn(
    space: SearchSpace,
    what: str,
    count: int,
    seed: int | list[int],
    on_progress: Observer | None,
    known: Collection[str] = frozenset(),
) -> list[str]:
    """Draws members by `SearchSpace.sample` until there are so many networks, none of which is of a known key."""
    most = (space.size if space.num_networks is None else space.num_networks) - len(known)
    found: dict[str, str] = {}
    rng, in_vain = np.random.default_rng(seed), 0
    while len(found) < count <= most and in_vain < _PATIENCE:
        arch = space.sample(rng)
        key = space.canonical_key(arch)
        if key in found or key in known:
            in_vain += 1
            continue
        in_vain = 0
        found[key] = space.to_native(arch)
        if on_progress is not None and len(found) % _CHUNK == 0:
            on_progress(len(found), count)
    if len(found) < count:
        there = f"at most {most:,}" if count > most else f"at most {len(found):,}, as many as were found"
        raise ConfigError(
            what, expected=f"{there} {'other ' if known else ''}networks of {space.name}", received=f"{count:,}"
        )
    return list(found.values())


def read_graphs(path: str | os.PathLike[str], space: SearchSpace, on_progress: Observer | None = None) -> list[str]:
    """Reads a file of published forms, one a line, or ENAS's published file.

    Of the latter, ``final_structures6.txt`` of D-VAE (`tfnas.data.tables.enas`), the first 1,000 lines are left
    out, as there, and the other 19,020 are kept, those that repeat an earlier one, too.

    Args:
        path: The file.
        space: The space of the graphs.
        on_progress: Called while the file is read.

    Raises:
        DataError: If the file cannot be read, or a line is no member of the space.
    """
    try:
        lines = pathlib.Path(path).read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"graphs in {path}", expected="a text file", received=str(error)) from error
    if isinstance(space, ENASMacro) and space.layers == enas.LAYERS and lines and _PUBLISHED.fullmatch(lines[0]):
        enas.read(path, on_progress=on_progress)  # checks every line
        lines = [json.dumps(json.loads(f"[{line}]")[0]) for line in lines[enas.BURN_IN :]]
    natives = []
    for number, line in enumerate(lines, start=1):
        try:
            natives.append(space.to_native(space.from_native(line)))
        except InvalidArchitectureError as error:
            raise DataError(
                f"{path}, line {number}", expected=f"a member of {space.name}", received=f"{line[:120]!r}: {error}"
            ) from error
    return natives

"""NATS-Bench's topology space: NAS-Bench-201's cells, trained for 12 and for 200 epochs (Dong et al., TPAMI 2021)."""

from __future__ import annotations

import os
import pathlib
from typing import Any, Callable, Mapping, Sequence

import numpy as np

from tfnas.data import pickles
from tfnas.data.tables.nats_record import Wrong, condense, entry, read_row
from tfnas.data.tables.table import Table
from tfnas.errors import DataError, InvalidArchitectureError, TableError
from tfnas.spaces.nasbench201 import NASBench201
from tfnas.trial import Split

NAME = "nats_tss"
_SPLITS = {
    "train": Split.TRAIN,
    "x-valid": Split.VALIDATION,
    "x-test": Split.TEST,
    "ori-test": Split.TEST,
    "seconds": Split.TRAIN,
    "parameters": Split.TRAIN,
    "flop": Split.TRAIN,
}
_NOTE = (
    "ori-test of cifar100 and ImageNet16-120 contains the images of x-valid; their x-test does not. "
    "cifar10-valid was trained on one half of CIFAR-10's training images, cifar10 on all of them."
)
_META = "meta.pickle.pbz2"
_SIMPLE = "NATS-tss-v1_0-3ffb9-simple"
_REMEDY = "The file may be damaged, or of another benchmark: get it again, and unpack it again."
_FILE_LIMIT, _META_LIMIT, _SINGLE_LIMIT = 16 * 2**20, 64 * 2**20, 32 * 2**30
"""Bytes that an architecture's file, the folder's index, and the single file may have, decompressed.

Made-up values in the published layout take 0.3 MB an architecture.
"""

_TORCH = (b"PK\x03\x04", b"\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19")
"""How files of torch begin: the zip archive, and the older form with its magic number."""

Progress = Callable[[int, int], None]


def read(path: str | os.PathLike[str], *, on_progress: Progress | None = None) -> Table:
    """Reads NATS-Bench's topology archive, the folder ``...-simple`` or the single file; nothing of it is run.

    Columns bear the benchmark's own names. An accuracy in per cent is ``"DATA:EVALUATION@EPOCHS"``, after
    the last of 12 or 200 epochs, for example ``"cifar10-valid:x-valid@12"``. DATA is what the network was
    trained on; ``cifar10-valid`` is one half of CIFAR-10's training images with the other half as
    ``x-valid``, and ``cifar10`` is all of them, so that the two are different trainings. ``ori-test`` is
    the original test set, which for the last two data sets is the union of ``x-valid`` and ``x-test``:
    use no ``ori-test`` of theirs beside their ``x-valid``. ``"DATA:seconds@EPOCHS"`` is the simulated
    cost as the benchmark's ``simulate_train_eval`` adds it up: all epochs of training and one epoch's
    evaluation on ``x-valid``; ``cifar10`` has no ``x-valid``, so that there it is the training alone.
    These have shape [R, K], one value a training with a seed of its own, in the order of the seeds in the
    file; nan where an architecture has fewer. Value k of two columns of one DATA and EPOCHS is the same
    training.

    ``"DATA:parameters"`` and ``"DATA:flop"`` are in millions, shape [R]. They are those of the trainings
    for 12 epochs, as the benchmark's ``get_cost_info`` gives by default: of those for 200, some are wrong
    (https://github.com/D-X-Y/NATS-Bench/issues/36).

    The folder takes less memory: of the single file, about 0.1 MB an architecture is kept until its end.

    Rows are in the benchmark's order. There are 15,625, unless ``evaluated_indexes`` of the file names
    fewer; in the published folder that set is empty, which means all.

    Args:
        path: The folder, or the file ``NATS-tss-v1_0-3ffb9.pickle.pbz2``.
        on_progress: Called with the architectures that are read, and their number.

    Raises:
        DataError: If a file is missing, damaged, or names anything but arrays and plain containers.
        TableError: If the content is not NATS-Bench's, or a value is out of its range, with the number and
            the name of the architecture; if it is the size space, the archive with weights, or a file of
            NAS-Bench-201 itself, with what to get instead.
    """
    path = pathlib.Path(path)
    space = NASBench201()
    meta = _load(_meta_file(path), _META_LIMIT if path.is_dir() else _SINGLE_LIMIT)
    natives = _architectures(path, meta, space)
    indexes = _indexes(path, meta, len(natives))
    if path.is_dir():
        missing = [index for index in indexes if not _file(path, index).is_file()]
        if missing:
            raise TableError(
                str(path),
                expected=f"{len(indexes):,} files, one an architecture",
                received=f"{len(missing):,} missing, the first {_file(path, missing[0]).name}",
                remedy="Unpack the archive again; it may have been cut short.",
            )
    columns: dict[str, list[list[float]]] = {}
    for done, index in enumerate(indexes, start=1):
        place = f"{path}, architecture {index} ({natives[index]})"
        try:
            found = _load(_file(path, index), _FILE_LIMIT) if path.is_dir() else entry(entry(meta, "arch2infos"), index)
            row = read_row(found, index, natives[index])
        except Wrong as wrong:
            raise TableError(place, expected=wrong.expected, received=wrong.received, remedy=_REMEDY) from None
        for name, values in row.items():
            columns.setdefault(name, []).append(values)
        if on_progress is not None:
            on_progress(done, len(indexes))
    return Table(
        space,
        NAME,
        tuple(natives[index] for index in indexes),
        {name: _padded(values) if "@" in name else np.array(values)[:, 0] for name, values in columns.items()},
        {name: _SPLITS[name.partition(":")[2].partition("@")[0]] for name in columns},
        _NOTE,
    )


def _meta_file(path: pathlib.Path) -> pathlib.Path:
    if not path.is_dir():
        return path
    if not (path / _META).is_file():
        raise TableError(
            str(path),
            expected=f"the folder {_SIMPLE}, with {_META} in it",
            received="no such file in the folder",
            remedy=f"Unpack the archive (tar xf {_SIMPLE}.tar) and give the folder that it makes.",
        )
    return path / _META


def _file(folder: pathlib.Path, index: int) -> pathlib.Path:
    return folder / f"{index:06d}.pickle.pbz2"


def _load(file: pathlib.Path, limit: int) -> Any:
    """Reads one file of the benchmark; every record in it is cut down to a `Run` as soon as it is whole."""
    with open(file, "rb") if file.is_file() else open(os.devnull, "rb") as raw:
        head = raw.read(max(map(len, _TORCH)))
    if head.startswith(_TORCH):
        raise TableError(
            str(file),
            expected=f"NATS-Bench's folder {_SIMPLE}, or its file of the same name without -simple",
            received="a file of torch, as NAS-Bench-201 was published in",
            remedy=f"Get {_SIMPLE}.tar: it has the same cells, with more trainings.",
        )
    try:
        return pickles.load(file, on_items=condense, limit=limit)
    except DataError as error:
        if "'torch." not in error.received:
            raise
        raise TableError(
            str(file),
            expected="records without trained weights",
            received=error.received,
            remedy=f"Nothing of it was executed. Get {_SIMPLE}.tar, which has the measurements alone.",
        ) from error


def _architectures(path: pathlib.Path, meta: Any, space: NASBench201) -> list[str]:
    """Returns the published forms of all architectures, in the benchmark's order."""
    names = meta.get("meta_archs") if isinstance(meta, dict) else None
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise TableError(
            str(path),
            expected="a dictionary with the list 'meta_archs' of architectures",
            received=f"a {type(meta).__name__}" + (" without it" if isinstance(meta, dict) else ""),
            remedy=f"Give the folder {_SIMPLE}, or the file of the same name without -simple.",
        )
    if names and ":" in names[0]:
        raise TableError(
            str(path),
            expected="the topology space of NATS-Bench (tss)",
            received=f"the size space (sss), with architectures like {names[0]!r:.40}",
            remedy=f"Get {_SIMPLE}.tar. The size space has no search space here.",
        )
    try:
        natives = [space.to_native(space.from_native(name)) for name in names]
    except InvalidArchitectureError as error:
        raise TableError(
            f"{path}, 'meta_archs'",
            expected=f"architectures of {space.name}",
            received=str(error),
            remedy=_REMEDY,
        ) from error
    if len(natives) != space.size or len(set(natives)) != space.size:
        raise TableError(
            f"{path}, 'meta_archs'",
            expected=f"each of the {space.size:,} cells once",
            received=f"{len(natives):,} names, {len(set(natives)):,} different",
            remedy=_REMEDY,
        )
    return natives


def _indexes(path: pathlib.Path, meta: Mapping[str, Any], total: int) -> Sequence[int]:
    """Returns the numbers of the architectures that the file says it has."""
    evaluated = meta.get("evaluated_indexes")
    if not isinstance(evaluated, (set, frozenset, list, tuple)) or not all(
        type(index) is int and 0 <= index < total for index in evaluated
    ):
        raise TableError(
            f"{path}, 'evaluated_indexes'",
            expected=f"a set of numbers from 0 to {total - 1}",
            received=f"a {type(evaluated).__name__}",
            remedy=_REMEDY,
        )
    return sorted(set(evaluated)) or range(total)


def _padded(values: Sequence[Sequence[float]]) -> np.ndarray:
    """Returns rows of different lengths as one array, with nan behind the short ones."""
    padded = np.full((len(values), max(map(len, values))), np.nan)
    for row, found in enumerate(values):
        padded[row, : len(found)] = found
    return padded

"""NAS-Bench-101's published files, ``nasbench_only108.tfrecord`` and ``nasbench_full.tfrecord``, to a `Table`."""

from __future__ import annotations

import os
import pathlib
from typing import Callable, Sequence

import numpy as np

from tfnas.data.tables.nasbench101_draft import Draft, find_unfit
from tfnas.data.tables.nasbench101_records import FRAME, VALUES, RecordParser, batches, check_start
from tfnas.data.tables.table import Table
from tfnas.errors import InvalidArchitectureError, TableError

_MOMENTS = ("start", "half-way", "end")
_REMEDY = "The file is damaged or another one. Get it again from https://github.com/google-research/nasbench."


def read(path: str | os.PathLike[str], *, on_progress: Callable[[int, int], None] | None = None) -> Table:
    """Reads the published trainings of NAS-Bench-101 (Ying et al., ICML 2019).

    For each budget of E epochs, and each repeat in the order of the file, with nan where another budget
    has more repeats: ``train_accuracy@E``, ``valid_accuracy@E`` and ``test_accuracy@E`` (fractions of 9,984
    images) and ``seconds@E`` (of training) at the end, the same with ``halfway_`` in front after half of the
    epochs, and ``parameters``. Rows are `ModuleRows`, in the order of the hashes.

    Every record is checked: its checksums, its five fields, that the cell is a pruned member of the space,
    that the hash is the cell's (recomputed for every cell), that start, half-way and end are there with
    all their fields and the epochs they should have, that accuracies are fractions and times finite, and
    that all records of a hash say the same of the cell. Protobuf fields that the message does not have are
    ignored, as protobuf does.

    Every cell must have as many trainings as the others at each budget, as the published ones have: the
    records of a file that was cut between two of them are all right, but some means would be wrong. A cut
    that leaves all cells alike is told by the file's checksum only, which an import compares.

    Args:
        path: The file. It may have fewer cells than the published ones.
        on_progress: Called in this thread with the bytes read so far and their total.

    Raises:
        TableError: Naming the record, counted from 1, and its byte, if the file is missing, damaged or of
            another format, or says what cannot be.
    """
    path = pathlib.Path(path)
    size = check_start(path)
    draft, parser = Draft(), RecordParser()
    number, offset = 0, 0
    for batch in batches(path):
        modules, epochs, values = [], [], np.empty((len(batch), VALUES))
        for k, raw in enumerate(batch):
            try:
                key, budget, adjacency, operations, parameters, values[k] = parser.parse(raw)
                modules.append(draft.module(key, adjacency, operations, parameters))
                epochs.append(budget)
            except (TableError, InvalidArchitectureError) as error:
                raise _located(path, batch, k, number, offset, error) from None
        evaluations = values[:, :-1].reshape(len(batch), len(_MOMENTS), -1)
        wrong = _find_wrong(epochs, evaluations, values[:, -1])
        if wrong:
            raise _located(path, batch, wrong[0], number, offset, wrong[1])
        draft.add(modules, epochs, evaluations[:, 1:, 1:])
        number += len(batch)
        offset += sum(map(len, batch)) + FRAME * len(batch)
        if on_progress is not None:
            on_progress(offset, size)
    try:
        draft.check_complete()
    except TableError as error:
        raise TableError(str(path), expected=error.expected, received=error.received, remedy=_REMEDY) from None
    return draft.table(path.name.partition(".")[0])


def _find_wrong(
    epochs: Sequence[int], evaluations: np.ndarray, total_seconds: np.ndarray
) -> tuple[int, TableError] | None:
    """Returns the first record whose numbers cannot be, and the error.

    Args:
        epochs: Of each record. Length B.
        evaluations: Epoch, seconds, and accuracies of each evaluation. Shape [B, 3, 5].
        total_seconds: Shape [B].
    """
    due = np.multiply.outer(epochs, (0.0, 0.5, 1.0))
    amiss = (evaluations[..., 0] != due).any(axis=1)
    if amiss.any():
        k = int(np.argmax(amiss))
        expected = f"evaluations after {', '.join(f'{epoch:g}' for epoch in due[k])} epochs"
        received = ", ".join(f"{epoch:g}" for epoch in evaluations[k, :, 0])
        return k, TableError("metrics", expected=expected, received=received)
    unfit = find_unfit(evaluations[..., 1:])
    if unfit:
        k, moment, expected, received = unfit
        return k, TableError(f"metrics, {_MOMENTS[moment]}", expected=expected, received=received)
    amiss = ~(np.isfinite(total_seconds) & (total_seconds >= 0))
    if amiss.any():
        k = int(np.argmax(amiss))
        return k, TableError("total_time", expected="a finite number >= 0", received=f"{total_seconds[k]:g}")
    return None


def _located(
    path: pathlib.Path,
    batch: Sequence[bytes],
    k: int,
    number: int,
    offset: int,
    error: TableError | InvalidArchitectureError,
) -> TableError:
    """Returns an error with the place of the batch's record k in front."""
    byte = offset + sum(map(len, batch[:k])) + FRAME * k
    return TableError(
        f"{path}, record {number + k + 1} at byte {byte}, {error.subject}",
        expected=error.expected,
        received=error.received,
        remedy=_REMEDY,
    )

"""Images and labels from a NumPy archive (``.npz``)."""

from __future__ import annotations

import os
import pathlib
import zipfile
import zlib
from typing import Any, Sequence

import numpy as np

from tfnas.data.images import Examples, ImageData, check_labels
from tfnas.data.splitting import complete_splits
from tfnas.errors import DataError
from tfnas.trial import Split

_SUFFIXES = {
    Split.TRAIN: ("", "_train"),
    Split.VALIDATION: ("_valid", "_validation", "_val"),
    Split.TEST: ("_test",),
}
"""What follows ``x`` and ``y`` in the keys of each split."""

_KEYS = "x_train and y_train (or x and y), and optionally x_valid, y_valid, x_test and y_test"


def from_npz(path: str | os.PathLike[str], *, seed: int = 0, validation: float = 0.2, test: float = 0.2) -> ImageData:
    """Reads an archive that `numpy.savez` wrote.

    Images stand under ``x_train`` (or ``x``), and labels under ``y_train`` (or ``y``). Validation
    images under ``x_valid``, ``x_validation`` or ``x_val`` and test images under ``x_test`` are used
    as they are; a split that is missing is cut from the training examples. Integer labels are
    classes, which must be numbered from zero without a gap; float labels make it a regression.
    Images keep their dtype, so uint8 pixels stay uint8. Objects in the archive are never unpickled.

    Args:
        path: The archive. Images have shape [B, height, width, channels], or [B, height, width]
            where they are grey, and dtype uint8 or a float type. Labels have shape [B] or, where
            they are float, [B, outputs].
        seed: Seed of the splits that are cut.
        validation: Fraction of the training examples to cut for validation, where there is none.
        test: Fraction of the training examples to cut for the test, where there is none; 0 for no test.

    Raises:
        DataError: If the file is missing, damaged or no such archive, or its arrays cannot be
            trained on.
    """
    path = pathlib.Path(path)
    notes: list[str] = []
    examples: dict[Split, Examples] = {}
    with _open(path) as archive:
        for split, (x_key, y_key) in _keys(archive.files, path).items():
            x, y = _read(archive, x_key, path), _read(archive, y_key, path)
            if x.ndim == 3:
                x = x[..., None]
                notes.append(f"{x_key}: grey images, channel axis added")
            if y.ndim == 2 and y.shape[1] == 1 and y.dtype.kind in "iu":
                y = y[:, 0]
                notes.append(f"{y_key}: labels of shape (examples, 1) flattened")
            examples[split] = Examples(x, _check_target(y, y_key, path), split)
    return complete_splits(
        examples,
        class_names=_class_names(examples, path),
        name=path.stem,
        provenance={"source": str(path), "notes": notes},
        seed=seed,
        validation=validation,
        test=test,
    )


def _open(path: pathlib.Path) -> Any:
    received = ""
    try:
        with open(path, "rb") as file:
            if not zipfile.is_zipfile(file):
                received = f"{path.stat().st_size} bytes that are no complete zip archive"
        if not received:
            archive = np.load(path, allow_pickle=False)
            if isinstance(archive, np.lib.npyio.NpzFile):
                return archive
            received = "a single array"
    except (OSError, ValueError, RuntimeError, zipfile.BadZipFile) as error:  # zipfile raises RuntimeError too
        received = getattr(error, "strerror", None) or str(error)
    raise DataError(
        f"archive {path}",
        expected="a complete file written by numpy.savez",
        received=received,
        remedy="Write it with numpy.savez(path, x_train=images, y_train=labels), or copy it again.",
    )


def _keys(names: Sequence[str], path: pathlib.Path) -> dict[Split, tuple[str, str]]:
    """Returns the keys of the images and labels of each split that the archive has."""

    def unfit(received: str) -> DataError:
        return DataError(
            f"keys of {path}", expected=_KEYS, received=received, remedy=f"It has {', '.join(names) or 'no keys'}."
        )

    keys: dict[Split, tuple[str, str]] = {}
    for split, suffixes in _SUFFIXES.items():
        present = [suffix for suffix in suffixes if f"x{suffix}" in names or f"y{suffix}" in names]
        if len(present) > 1:
            raise unfit(f"{split.value} examples twice, as {' and '.join(f'x{suffix}' for suffix in present)}")
        if not present and split is Split.TRAIN:
            raise unfit("no training images")
        for suffix in present:
            keys[split] = (f"x{suffix}", f"y{suffix}")
    used = {key for pair in keys.values() for key in pair}
    if missing := sorted(used - set(names)):
        raise unfit(f"no {' and no '.join(missing)}")
    # A misspelt key would otherwise go unused without a word.
    if unknown := [name for name in names if name.startswith(("x_", "y_")) and name not in used]:
        raise unfit(f"unknown {', '.join(unknown)}")
    return keys


def _read(archive: Any, key: str, path: pathlib.Path) -> np.ndarray:
    remedy = "Copy or write the file again."
    try:
        array = archive[key]
        if isinstance(array, np.ndarray):
            return array
        received = "something that is no array"
    except ValueError as error:  # among them objects, which would need unpickling
        received = str(error)
        remedy = "Arrays of objects are not read: give all images one shape, and labels numbers."
    except (OSError, EOFError, RuntimeError, zipfile.BadZipFile, zlib.error) as error:
        received = f"damaged data ({error})"
    raise DataError(f"array {key!r} of {path}", expected="a plain array of numbers", received=received, remedy=remedy)


def _check_target(y: np.ndarray, key: str, path: pathlib.Path) -> np.ndarray:
    """Returns class labels as int64 and float targets as they are."""
    if y.ndim == 2 and y.shape[1] > 1 and len(y) and y.dtype.kind in "biuf":
        if ((y == 0) | (y == 1)).all() and (y.sum(axis=1) == 1).all():
            raise DataError(
                f"labels {key!r} of {path}",
                expected="class numbers of shape (examples,)",
                received=f"one-hot rows of shape {y.shape}",
                remedy="Save labels.argmax(-1) instead.",
            )
    return y.astype(np.int64) if y.dtype.kind in "iu" else y


def _class_names(examples: dict[Split, Examples], path: pathlib.Path) -> tuple[str, ...]:
    """Names the classes by their numbers; empty for regression."""
    integer = {split for split, part in examples.items() if part.y.dtype.kind == "i"}
    if not integer:
        return ()
    if len(integer) < len(examples):
        raise DataError(
            f"labels of {path}",
            expected="integers in all splits, or floats in all of them",
            received=", ".join(f"{split.value} {part.y.dtype}" for split, part in examples.items()),
        )
    top = max(int(part.y.max()) for part in examples.values())
    for part in examples.values():
        check_labels(part, top + 1)
    present = np.unique(examples[Split.TRAIN].y)
    if len(present) <= top:
        absent = int(np.argmax(np.append(present, -1) != np.arange(len(present) + 1)))
        raise DataError(
            f"training labels of {path}",
            expected=f"every class from 0 to {top}",
            received=f"no example of class {absent} ({top + 1 - len(present)} classes have none)",
            remedy="Number the classes from zero without a gap, and train on all of them.",
        )
    return tuple(str(label) for label in range(top + 1))

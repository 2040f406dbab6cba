"""ImageNet16: ImageNet shrunk to 16x16 pixels, in the batches that its authors publish."""

from __future__ import annotations

import os
import pathlib
from typing import Any, Mapping

import numpy as np

from tfnas.checks import is_integer
from tfnas.data import pickles, protocols
from tfnas.data.images import Examples, ImageData
from tfnas.data.splitting import complete_splits
from tfnas.errors import ConfigError, DataError
from tfnas.trial import Split

_TRAIN = tuple(f"train_data_batch_{number}" for number in range(1, 11))
_HELD_OUT = "val_data"
_SIDE = 16
_CLASSES = 1000


def is_imagenet16(root: pathlib.Path) -> bool:
    """Returns whether a folder holds the batches, or one of them at least."""
    return any((root / name).is_file() for name in (*_TRAIN, _HELD_OUT))


def from_imagenet16(
    path: str | os.PathLike[str], *, first_classes: int = 120, seed: int = 0, protocol: str | None = None
) -> ImageData:
    """Reads ImageNet16-120 (Chrabaszcz et al., 2017; Dong and Yang, NAS-Bench-201, section 2.2).

    The batches are pickles of dictionaries with ``data`` (uint8 of shape [B, 768], channels first) and
    ``labels`` (from 1). They are read without executing anything in them. As in NAS-Bench-201, the first
    120 classes are kept, all training images are trained on, and halves of the held-out images are for
    validation and the test. Deviation: the halves are drawn by `seed` with equal class shares; the
    published lists of indices are not shipped.

    Args:
        path: The folder with ``train_data_batch_1`` to ``train_data_batch_10`` and ``val_data``.
        first_classes: How many of the 1,000 classes to keep, from the first on.
        seed: Seed of the halves.
        protocol: Name of a study that the data must fit, see `tfnas.data.protocols`.

    Returns:
        Images, uint8. Shape [B, 16, 16, 3].

    Raises:
        ConfigError: If `first_classes` is not from 2 to 1,000.
        DataError: If a batch is missing, damaged or something else.
        UnknownNameError: If there is no such protocol.
    """
    root = pathlib.Path(path)
    if not is_integer(first_classes) or not 2 <= first_classes <= _CLASSES:
        raise ConfigError("first_classes", expected=f"an integer from 2 to {_CLASSES}", received=repr(first_classes))
    study = None if protocol is None else protocols.get(protocol, first_classes)
    if missing := [name for name in (*_TRAIN, _HELD_OUT) if not (root / name).is_file()]:
        raise DataError(
            f"ImageNet16 in {root}",
            expected=f"{_TRAIN[0]} to {_TRAIN[-1]} and {_HELD_OUT}",
            received=f"no {', '.join(missing)}",
            remedy="Unpack all parts of the archive into one folder.",
        )
    parts = {}
    for split, names in ((Split.TRAIN, _TRAIN), (Split.TEST, (_HELD_OUT,))):
        batches = [_batch(root / name, first_classes) for name in names]
        x, y = (np.concatenate(arrays) for arrays in zip(*batches))
        parts[split] = Examples(x, y, split)
    return complete_splits(
        parts,
        class_names=tuple(str(number) for number in range(1, first_classes + 1)),
        name=f"imagenet16-{first_classes}",
        provenance={"source": str(root), "first_classes": first_classes},
        seed=seed,
        validation=0.0,
        test=0.0,
        halve_test=True,
        protocol=study,
    )


def _batch(path: pathlib.Path, first_classes: int) -> tuple[np.ndarray, np.ndarray]:
    """Returns the images and labels, from zero, of the classes that are kept."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise DataError(str(path), expected="a file that can be read", received=str(error)) from error
    value = pickles.loads(content, source=str(path))
    if not isinstance(value, Mapping) or not {"data", "labels"} <= value.keys():
        raise _unfit(path, f"{', '.join(map(repr, value)) if isinstance(value, Mapping) else type(value).__name__}")
    x, y = np.asarray(value["data"]), _labels(value["labels"])
    if x.dtype != np.uint8 or x.ndim != 2 or x.shape[1] != 3 * _SIDE**2 or y is None or y.shape != (len(x),):
        raise _unfit(path, f"data {x.dtype} {x.shape}, labels {'no integers' if y is None else y.shape}")
    if len(y) and not (1 <= y.min() and y.max() <= _CLASSES):
        raise _unfit(path, f"labels from {y.min()} to {y.max()}")
    kept = y <= first_classes
    images = x[kept].reshape(-1, 3, _SIDE, _SIDE).transpose(0, 2, 3, 1)
    return np.ascontiguousarray(images), y[kept] - 1


def _labels(value: Any) -> np.ndarray | None:
    try:
        y = np.asarray(value)
    except ValueError:  # lists of different lengths
        return None
    return y.astype(np.int64) if y.dtype.kind in "iu" and y.ndim == 1 else None


def _unfit(path: pathlib.Path, received: str) -> DataError:
    return DataError(
        f"batch {path}",
        expected=f"'data' (uint8, examples x {3 * _SIDE**2}) and 'labels' (integers from 1 to {_CLASSES})",
        received=received,
        remedy="These are the files of the 16x16 pixel version, as published; get them again.",
    )

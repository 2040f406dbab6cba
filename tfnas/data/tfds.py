"""Data sets of the TensorFlow Datasets catalogue, where that package is installed."""

from __future__ import annotations

import importlib
from typing import Any, Iterable

import numpy as np

from tfnas.data import protocols
from tfnas.data.decoding import MEMORY_LIMIT, check_memory, resized
from tfnas.data.home import is_offline
from tfnas.data.images import Examples, ImageData
from tfnas.data.splitting import complete_splits
from tfnas.errors import DataError, DependencyError
from tfnas.trial import Split

PREFIX = "tfds:"
_SPLITS = {Split.TRAIN: ("train",), Split.VALIDATION: ("validation", "val"), Split.TEST: ("test",)}


def from_tfds(
    name: str,
    *,
    image_size: tuple[int, int] | None = None,
    seed: int = 0,
    validation: float = 0.2,
    test: float = 0.2,
    protocol: str | None = None,
    memory_limit: int = MEMORY_LIMIT,
) -> ImageData:
    """Loads images with class labels through ``tensorflow_datasets``, into memory.

    The splits ``train``, ``validation`` and ``test`` are used as they are; what is missing is cut from
    the training images.

    Args:
        name: Name in the catalogue, with or without a configuration and version.
        image_size: ``(height, width)`` to resize to, by the filter of `tfnas.data.decoding.decode`; by
            default the size of the images, which then must be the same in all of them.
        seed: Seed of the splits that are cut.
        validation: Fraction of the training images to cut for validation, where there is none.
        test: Fraction of the training images to cut for the test, where there is none; 0 for no test.
        protocol: Name of a study whose splits are wanted instead, see `tfnas.data.protocols`.
        memory_limit: Largest number of bytes of pixels.

    Raises:
        DependencyError: If the package is not installed.
        DataError: If the data set cannot be had, has no images with class labels or no training split,
            sizes differ, the images need more memory than the limit, or the protocol is for other data.
        ConfigError: If the protocol resizes images, and no size is given.
        UnknownNameError: If there is no such protocol.
    """
    try:
        catalogue = importlib.import_module("tensorflow_datasets")
    except ImportError as error:
        raise DependencyError(
            "tensorflow_datasets",
            expected=f"the package, for {PREFIX}{name}",
            received=str(error),
            remedy="Run: pip install tensorflow-datasets",
        ) from error
    try:
        there, info = catalogue.load(name, as_supervised=True, with_info=True, download=not is_offline())
    except Exception as error:  # its own errors are of many kinds
        raise DataError(
            f"data set {PREFIX}{name}",
            expected="an entry of the catalogue that is downloaded or can be, with images and labels",
            received=f"{type(error).__name__}: {error}"[:500],
            remedy="See tensorflow_datasets.list_builders().",
        ) from error
    label = info.features["label"] if "label" in info.features else None
    class_names = tuple(str(class_name) for class_name in getattr(label, "names", None) or ())
    if not class_names or "train" not in there:
        raise DataError(
            f"data set {PREFIX}{name}",
            expected="class labels and a split 'train'",
            received=f"{len(class_names)} classes and the splits {', '.join(there)}",
        )
    study = None if protocol is None else protocols.get(protocol, len(class_names))
    if study is not None:
        study.check_size(image_size)
    parts = {}
    for split, keys in _SPLITS.items():
        for key in keys:
            if key in there:
                count = int(info.splits[key].num_examples)
                x, y = _stacked(catalogue.as_numpy(there[key]), count, image_size, memory_limit, f"{PREFIX}{name}")
                parts[split] = Examples(x, y, split)
    if study is not None and Split.TEST not in parts and Split.VALIDATION in parts:
        held_out = parts.pop(Split.VALIDATION)
        parts[Split.TEST] = Examples(held_out.x, held_out.y, Split.TEST)
    return complete_splits(
        parts,
        class_names=class_names,
        name=name,
        provenance={"source": f"{PREFIX}{name}", "version": str(getattr(info, "full_name", name))},
        seed=seed,
        validation=validation,
        test=test,
        protocol=study,
    )


def _stacked(
    pairs: Iterable[tuple[Any, Any]], count: int, size: tuple[int, int] | None, memory_limit: int, name: str
) -> tuple[np.ndarray, np.ndarray]:
    """Returns the images and labels of a split as arrays."""
    x, y = np.empty(0), np.empty(count, np.int64)
    read = 0
    for image, label in pairs:
        if image.dtype != np.uint8 or image.ndim != 3:
            raise DataError(
                f"images of {name}",
                expected="uint8 of three axes",
                received=f"{image.dtype} of shape {image.shape}",
            )
        if not read:
            height, width = size or image.shape[:2]
            check_memory(count, height, width, image.shape[2], memory_limit, name)
            x = np.empty((count, height, width, image.shape[2]), np.uint8)
        if size is None and image.shape[:2] != x.shape[1:3]:
            raise DataError(
                f"image sizes of {name}",
                expected="one size, or a size to resize to",
                received=f"{x.shape[1:3]} and {image.shape[:2]}",
                remedy="Give image_size, on the command line --image-size.",
            )
        x[read], y[read] = resized(image, *x.shape[1:3]), int(label)
        read += 1
    if read != count or not count:
        raise DataError(f"split of {name}", expected=f"{count} examples", received=str(read))
    return x, y

"""`load`: image data by name or path."""

from __future__ import annotations

import os
import pathlib
from typing import Sequence

from tfnas.data import protocols, store
from tfnas.data.decoding import checked_size
from tfnas.data.digits import digits
from tfnas.data.folder import from_folder
from tfnas.data.imagenet16 import from_imagenet16, is_imagenet16
from tfnas.data.images import ImageData
from tfnas.data.keras_datasets import NAMES, from_keras
from tfnas.data.npz import from_npz
from tfnas.data.subset import class_subset
from tfnas.data.tfds import PREFIX, from_tfds
from tfnas.errors import ConfigError, DataError

FOLDERS = ("tiny_imagenet", "imagenet16", "imagenet")
"""Published folders that are known by name, once they are where `tfnas data fetch` puts them or says."""

_ACCEPTED = (
    f"'digits', {', '.join(map(repr, (*NAMES, *FOLDERS)))}, '{PREFIX}NAME', a path that ends in .npz, or a folder "
    "with one folder of images a class"
)
_FRACTION = 0.2


def is_path(spec: str) -> bool:
    """Whether `load` reads the file or folder of this name, and not what is known under it."""
    return spec != "digits" and spec not in NAMES and not spec.startswith(PREFIX) and os.path.exists(spec)


def load(
    spec: str | os.PathLike[str],
    *,
    seed: int = 0,
    image_size: int | Sequence[int] | None = None,
    validation: float = _FRACTION,
    test: float = _FRACTION,
    classes: int | None = None,
    class_seed: int = 0,
    protocol: str | None = None,
    cache: bool = True,
) -> ImageData:
    """Reads the data that a command line or a configuration names.

    Args:
        spec: One of

            * ``"digits"`` for the embedded data,
            * ``"mnist"``, ``"fashion_mnist"``, ``"cifar10"`` or ``"cifar100"`` (see `from_keras`),
            * ``"tiny_imagenet"``, ``"imagenet16"`` or ``"imagenet"``, the folders that ``tfnas data fetch``
              gets or explains,
            * ``"tfds:NAME"`` for an entry of TensorFlow Datasets (see `from_tfds`),
            * a path that ends in ``.npz`` (see `from_npz`),
            * a folder: of class folders, or Tiny-ImageNet (see `from_folder`), or ImageNet16, of which
              the first 120 classes are read (see `from_imagenet16`).

        seed: Seed of the splits that are cut.
        image_size: Side or ``(height, width)`` to resize images to; for folders and TensorFlow Datasets.
        validation: Fraction of the training examples to cut for validation, where there is none.
        test: Fraction of the training examples to cut for the test, where there is none; 0 for no test.
        classes: Number of classes to draw at random; all by default.
        class_seed: Seed of that draw.
        protocol: Name of a study whose splits are wanted, instead of fractions and `classes`; see
            `tfnas.data.protocols`. Where the study resizes images, `image_size` must say to what.
        cache: Whether decoded images of folders are kept on disk, and looked for there.

    Raises:
        ConfigError: If an argument cannot be, or not together with this data or with another argument.
        UnknownNameError: If there is no such protocol.
        DataError: If `spec` is none of these, or the data cannot be trained on or had.
        DependencyError: If a package is missing that the data needs.
    """
    if not isinstance(spec, (str, os.PathLike)):
        raise DataError("data", expected=_ACCEPTED, received=repr(spec))
    if protocol is not None:
        protocols.of_name(protocol)
        if (validation, test, classes) != (_FRACTION, _FRACTION, None):
            raise ConfigError(
                "protocol",
                expected="a protocol alone, since it decides the splits and classes",
                received=f"{protocol!r} with validation={validation}, test={test}, classes={classes}",
                remedy="Leave the others away.",
            )
    name, path = os.fspath(spec), pathlib.Path(spec)
    if name in FOLDERS and not path.is_dir():
        path = store.published_folder(name)
    is_named = name == "digits" or name in NAMES
    is_batches = name == "imagenet16" or is_imagenet16(path)
    if not is_named and path.is_dir() and not is_batches:
        return from_folder(
            path,
            image_size=image_size,
            seed=seed,
            validation=validation,
            test=test,
            classes=classes,
            class_seed=class_seed,
            protocol=protocol,
            cache=cache,
        )
    if name.startswith(PREFIX):
        data = from_tfds(
            name.removeprefix(PREFIX),
            image_size=checked_size(image_size),
            seed=seed,
            validation=validation,
            test=test,
            protocol=protocol,
        )
        return data if classes is None else class_subset(data, classes, class_seed)
    if not is_named and not path.is_dir() and path.suffix.lower() != ".npz":
        exists = "a file of another kind" if path.exists() else "a path that does not exist"
        raise DataError("data", expected=_ACCEPTED, received=f"{name!r}, {exists}")
    if image_size is not None:
        raise ConfigError(
            "image_size",
            expected=f"none, since only folders of images and {PREFIX}NAME are resized",
            received=f"{image_size!r} with {name!r}",
            remedy="Leave it away, or resize the arrays before they are saved.",
        )
    if name in NAMES:
        data = from_keras(name, seed=seed, validation=validation, protocol=protocol)
    elif not is_named and path.is_dir():
        data = from_imagenet16(path, seed=seed, protocol=protocol)
    elif protocol is not None:
        raise ConfigError(
            "protocol",
            expected=f"data that {protocol!r} is for: {protocols.data_of(protocol)}",
            received=repr(name),
            remedy=f"Protocols are for {', '.join(dict.fromkeys(known.data for known in protocols.PROTOCOLS))}, by "
            "name or as a folder.",
        )
    elif name == "digits":
        data = digits(seed=seed, validation=validation, test=test)
    else:
        data = from_npz(path, seed=seed, validation=validation, test=test)
    return data if classes is None else class_subset(data, classes, class_seed)

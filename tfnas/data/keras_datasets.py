"""MNIST, Fashion-MNIST, CIFAR-10 and CIFAR-100 through ``keras.datasets``."""

from __future__ import annotations

import hashlib
import os
import pathlib
import sys
from dataclasses import dataclass
from typing import Any

import numpy as np

from tfnas._keras import keras3
from tfnas.data import protocols
from tfnas.data.home import OFFLINE_VARIABLE, is_offline
from tfnas.data.images import Examples, ImageData
from tfnas.data.splitting import complete_splits
from tfnas.errors import DataError
from tfnas.trial import Split

_DIGITS = tuple("0123456789")
_FASHION = ("T-shirt/top", "trouser", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "ankle boot")
_CIFAR10 = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
_CIFAR100 = tuple(
    "apple aquarium_fish baby bear beaver bed bee beetle bicycle bottle bowl boy bridge bus butterfly camel can castle "
    "caterpillar cattle chair chimpanzee clock cloud cockroach couch crab crocodile cup dinosaur dolphin elephant "
    "flatfish forest fox girl hamster house kangaroo keyboard lamp lawn_mower leopard lion lizard lobster man "
    "maple_tree motorcycle mountain mouse mushroom oak_tree orange orchid otter palm_tree pear pickup_truck pine_tree "
    "plain plate poppy porcupine possum rabbit raccoon ray road rocket rose sea seal shark shrew skunk skyscraper "
    "snail snake spider squirrel streetcar sunflower sweet_pepper table tank telephone television tiger tractor train "
    "trout tulip turtle wardrobe whale willow_tree wolf woman worm".split()
)

_GOOGLE = "https://storage.googleapis.com/tensorflow/tf-keras-datasets"
_TORONTO = "https://www.cs.toronto.edu/~kriz"
_FASHION_FILES = tuple(
    f"{part}-{what}-ubyte.gz" for part in ("train", "t10k") for what in ("labels-idx1", "images-idx3")
)


@dataclass(frozen=True, slots=True)
class _File:
    """A file that Keras keeps.

    Attributes:
        name: Where it is below Keras's folder of data sets.
        url: Where it is published.
        sha256: What Keras checks; None where it takes any content.
    """

    name: str
    url: str
    sha256: str | None = None


_SETS: dict[str, tuple[tuple[str, ...], tuple[_File, ...]]] = {
    "mnist": (
        _DIGITS,
        (
            _File(
                "mnist.npz",
                f"{_GOOGLE}/mnist.npz",
                "731c5ac602752760c8e48fbffcf8c3b850d9dc2a2aedcf2cc48468fc17b673d1",
            ),
        ),
    ),
    "fashion_mnist": (
        _FASHION,
        tuple(_File(f"fashion-mnist/{name}", f"{_GOOGLE}/{name}") for name in _FASHION_FILES),
    ),
    "cifar10": (
        _CIFAR10,
        (
            _File(
                "cifar-10-batches-py-target_archive",
                f"{_TORONTO}/cifar-10-python.tar.gz",
                "6d958be074577803d12ecdefd02955f39262c83c16fe9348329d7fe0b5c001ce",
            ),
        ),
    ),
    "cifar100": (
        _CIFAR100,
        (
            _File(
                "cifar-100-python-target_archive",
                f"{_TORONTO}/cifar-100-python.tar.gz",
                "85cd44d02ba6437773c5bbd22e183051d648de2e7d6b014e1ef29b855ba677a7",
            ),
        ),
    ),
}
"""Class names, and what Keras 3.15 looks for. Of an archive, the unpacked folder beside it does not count: without
the archive Keras downloads again."""

NAMES = tuple(_SETS)


def from_keras(name: str, *, seed: int = 0, validation: float = 0.2, protocol: str | None = None) -> ImageData:
    """Loads one of the data sets that Keras knows, with the published test images as the test split.

    Keras downloads the files once, into its own folder (``KERAS_HOME``, by default ``~/.keras``), and
    checks those that have a published checksum. Without a network they can be put there by hand: an
    error says which and where.

    Args:
        name: ``"mnist"``, ``"fashion_mnist"``, ``"cifar10"`` or ``"cifar100"``.
        seed: Seed of the splits that are cut.
        validation: Fraction of the training images to cut for validation.
        protocol: Name of a study whose splits are wanted instead, see `tfnas.data.protocols`.

    Returns:
        Images, uint8, of shape [B, 28, 28, 1] or [B, 32, 32, 3].

    Raises:
        DataError: If the files are not there and cannot be downloaded, are damaged, or the protocol is
            for other data.
        UnknownNameError: If there is no such protocol.
    """
    class_names, _ = _SETS[name]
    study = None if protocol is None else protocols.get(protocol, len(class_names))
    train, test = _arrays(name)
    return complete_splits(
        {split: _examples(*part, split) for split, part in ((Split.TRAIN, train), (Split.TEST, test))},
        class_names=class_names,
        name=name,
        provenance={"source": f"keras.datasets.{name}"},
        seed=seed,
        validation=validation,
        test=0.0,
        protocol=study,
    )


def folder() -> pathlib.Path:
    """Returns where Keras keeps data sets: ``datasets/`` in ``KERAS_HOME``, by default in ``~/.keras``.

    Keras reads that variable once, when it is imported; from then on its own word counts.
    """
    loaded = sys.modules.get("keras.src.backend.config")
    home = loaded.keras_home() if loaded else os.environ.get("KERAS_HOME") or "~/.keras"
    return pathlib.Path(os.path.expanduser(home)) / "datasets"


def wanted(name: str) -> tuple[str, ...]:
    """Returns the files of a data set that Keras looks for, below `folder`, with ``/`` between parts.

    Args:
        name: One of `NAMES`.
    """
    _, files = _SETS[name]
    return tuple(file.name for file in files)


def stored(name: str) -> pathlib.Path | None:
    """Returns where Keras has a data set whole, so that loading it needs no network; None where it has not.

    Files are compared with their published SHA-256, which takes a fifth of a second for the largest. Those
    of Fashion-MNIST have none: there it is enough that all four are there and not empty.

    Args:
        name: One of `NAMES`.

    Returns:
        The file, or the folder of several ones.
    """
    files = wanted(name)
    if _lack(name):
        return None
    return folder() / files[0] if len(files) == 1 else (folder() / files[0]).parent


def _lack(name: str) -> str:
    """Returns why Keras would use the network for a data set, nothing where it would not."""
    _, files = _SETS[name]
    for file in files:
        path = folder() / file.name
        try:
            if not path.is_file() or not path.stat().st_size:
                return f"no file {path}"
            if file.sha256 is not None:
                with open(path, "rb") as stream:
                    if hashlib.file_digest(stream, "sha256").hexdigest() != file.sha256:
                        return f"{path} with another SHA-256 than the published file"
        except OSError as error:
            return f"no reading it: {error}"
    home = folder().parent
    return "" if os.access(home, os.W_OK) else f"no right to write in {home}, and Keras uses no such folder"


def _arrays(name: str) -> Any:
    lack = _lack(name) if is_offline() else ""
    received = f"{OFFLINE_VARIABLE} is set, and there is {lack}"
    if not lack:
        try:
            return getattr(keras3().datasets, name).load_data()
        except Exception as error:  # Keras raises a plain Exception where it cannot download
            received = f"{type(error).__name__}: {error}"
    _, files = _SETS[name]
    places = "; ".join(f"{file.url} as {folder() / file.name}" for file in files)
    raise DataError(
        f"data set {name!r}",
        expected="its files in Keras's folder, or a network to get them from",
        received=received,
        remedy=f"On another machine download {places}.",
    )


def _examples(x: np.ndarray, y: np.ndarray, split: Split) -> Examples:
    images = x[..., None] if x.ndim == 3 else x
    return Examples(np.ascontiguousarray(images), y.reshape(-1).astype(np.int64), split)

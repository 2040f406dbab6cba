"""MNIST, Fashion-MNIST, CIFAR-10 and CIFAR-100 through ``keras.datasets``."""

from __future__ import annotations

import os
import pathlib
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
_SETS: dict[str, tuple[tuple[str, ...], dict[str, str]]] = {
    "mnist": (_DIGITS, {"mnist.npz": f"{_GOOGLE}/mnist.npz"}),
    "fashion_mnist": (_FASHION, {f"fashion-mnist/{name}": f"{_GOOGLE}/{name}" for name in _FASHION_FILES}),
    "cifar10": (_CIFAR10, {"cifar-10-batches-py_archive": f"{_TORONTO}/cifar-10-python.tar.gz"}),
    "cifar100": (_CIFAR100, {"cifar-100-python_archive": f"{_TORONTO}/cifar-100-python.tar.gz"}),
}
"""Class names, and the files that Keras keeps, with where they are published."""

NAMES = tuple(_SETS)


def from_keras(name: str, *, seed: int = 0, validation: float = 0.2, protocol: str | None = None) -> ImageData:
    """Loads one of the data sets that Keras knows, with the published test images as the test split.

    Keras downloads the files once, into its own folder (``KERAS_HOME``, by default ``~/.keras``), and
    checks them. Without a network they can be put there by hand: an error says which and where.

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
    class_names, files = _SETS[name]
    study = None if protocol is None else protocols.get(protocol, len(class_names))
    train, test = _arrays(name, files)
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


def _arrays(name: str, files: dict[str, str]) -> Any:
    folder = pathlib.Path(os.path.expanduser(os.environ.get("KERAS_HOME") or "~/.keras")) / "datasets"
    received = f"{OFFLINE_VARIABLE} is set"
    if not is_offline() or all((folder / file).exists() for file in files):
        try:
            return getattr(keras3().datasets, name).load_data()
        except Exception as error:  # Keras raises a plain Exception where it cannot download
            received = f"{type(error).__name__}: {error}"
    places = "; ".join(f"{url} as {folder / file}" for file, url in files.items())
    raise DataError(
        f"data set {name!r}",
        expected="its files in Keras's folder, or a network to get them from",
        received=received,
        remedy=f"On another machine download {places}.",
    )


def _examples(x: np.ndarray, y: np.ndarray, split: Split) -> Examples:
    images = x[..., None] if x.ndim == 3 else x
    return Examples(np.ascontiguousarray(images), y.reshape(-1).astype(np.int64), split)

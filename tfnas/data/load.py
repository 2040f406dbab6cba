"""`load`: image data by name or path."""

from __future__ import annotations

import os
import pathlib
from typing import Sequence

from tfnas.data.digits import digits
from tfnas.data.folder import from_folder
from tfnas.data.images import ImageData
from tfnas.data.npz import from_npz
from tfnas.errors import ConfigError, DataError

_ACCEPTED = "'digits', a path that ends in .npz, or a folder with one folder of images a class"


def load(
    spec: str | os.PathLike[str],
    *,
    seed: int = 0,
    image_size: int | Sequence[int] | None = None,
    validation: float = 0.2,
    test: float = 0.2,
) -> ImageData:
    """Reads the data that a command line or a configuration names.

    Args:
        spec: ``"digits"`` for the embedded data, a path that ends in ``.npz`` (see `from_npz`), or a
            folder (see `from_folder`).
        seed: Seed of the splits that are cut.
        image_size: Side or ``(height, width)`` to resize images to; for folders only.
        validation: Fraction of the training examples to cut for validation, where there is none.
        test: Fraction of the training examples to cut for the test, where there is none; 0 for no test.

    Raises:
        ConfigError: If `image_size` is given for data that is not resized.
        DataError: If `spec` is none of these, or the data cannot be trained on.
    """
    if not isinstance(spec, (str, os.PathLike)):
        raise DataError("data", expected=_ACCEPTED, received=repr(spec))
    path = pathlib.Path(spec)
    if spec != "digits" and path.is_dir():
        return from_folder(path, image_size=image_size, seed=seed, validation=validation, test=test)
    if spec != "digits" and path.suffix.lower() != ".npz":
        exists = "a file of another kind" if path.exists() else "a path that does not exist"
        raise DataError("data", expected=_ACCEPTED, received=f"{os.fspath(spec)!r}, {exists}")
    if image_size is not None:
        raise ConfigError(
            "image_size",
            expected="none, since only folders of images are resized",
            received=f"{image_size!r} with {os.fspath(spec)!r}",
            remedy="Leave it away, or resize the arrays before they are saved.",
        )
    if spec == "digits":
        return digits(seed=seed, validation=validation, test=test)
    return from_npz(path, seed=seed, validation=validation, test=test)

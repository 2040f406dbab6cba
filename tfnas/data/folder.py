"""Images from folders, one a class."""

from __future__ import annotations

import os
import pathlib
from typing import Sequence

import numpy as np

from tfnas.checks import check_positive
from tfnas.data.decoding import Progress, common_form, decode
from tfnas.data.images import Examples, ImageData, check_classes
from tfnas.data.splitting import cut_missing
from tfnas.errors import ConfigError, DataError
from tfnas.trial import Split

IMAGE_SUFFIXES = (".jpg", ".jpeg", ".png", ".bmp", ".gif")
MEMORY_LIMIT = 2 * 2**30
"""Bytes of decoded pixels that are read without asking."""

_SPLIT_FOLDERS = {
    "train": Split.TRAIN,
    "valid": Split.VALIDATION,
    "validation": Split.VALIDATION,
    "val": Split.VALIDATION,
    "test": Split.TEST,
}
_LAYOUT = "one folder of images a class, or train/, optionally valid/ and test/, each with such folders"

Labelled = tuple[list[pathlib.Path], list[int]]


def from_folder(
    path: str | os.PathLike[str],
    *,
    image_size: int | Sequence[int] | None = None,
    seed: int = 0,
    validation: float = 0.2,
    test: float = 0.2,
    memory_limit: int = MEMORY_LIMIT,
    on_progress: Progress | None = None,
) -> ImageData:
    """Reads JPEG, PNG, BMP and GIF images from class folders.

    The folder holds either one folder a class, or ``train/`` and optionally ``valid/`` (also
    ``validation/`` or ``val/``) and ``test/``, each with the same class folders. A split that is
    missing is cut from the training images with equal class shares. Classes and files are sorted by
    name. Images are decoded to uint8, to one channel if all files are grey and to red, green and
    blue otherwise (see `tfnas.data.decoding.decode`). Hidden files and folders, and files without
    an image suffix, are passed over; the provenance says how many of the latter there were.

    Args:
        path: The folder.
        image_size: Side or ``(height, width)`` to resize to, in pixels; the ratio of sides is not
            kept. By default the size of the images, which then must be the same in all files.
        seed: Seed of the splits that are cut.
        validation: Fraction of the training images to cut for validation, where there is none.
        test: Fraction of the training images to cut for the test, where there is none; 0 for no test.
        memory_limit: Largest number of bytes of decoded pixels.
        on_progress: Called in this thread with the number of images decoded so far and the total.

    Raises:
        ConfigError: If `image_size` or `memory_limit` is not positive.
        DataError: If the folders are laid out in another way, a file is no image, sizes differ, or
            the images need more memory than the limit.
    """
    path = pathlib.Path(path)
    size = _image_size(image_size)
    check_positive(memory_limit=memory_limit)
    parts, class_names, layout, ignored = _scan(path)
    files, labels = parts.pop(Split.TRAIN)
    y = np.array(labels, np.int64)
    given = {split: len(part) for split, (part, _) in parts.items()}
    cut, done = cut_missing(y, given, seed=seed, validation=validation, test=test)
    for split, index in cut.items():
        parts[split] = ([files[k] for k in index], y[index].tolist())

    total = sum(len(part) for part, _ in parts.values())
    form = common_form([file for part, _ in parts.values() for file in part], size, memory_limit, str(path))
    finished = 0

    def on_image() -> None:
        nonlocal finished
        finished += 1
        if on_progress is not None:
            on_progress(finished, total)

    examples = {
        split: Examples(decode(part, form, on_image), np.array(labels, np.int64), split)
        for split, (part, labels) in parts.items()
    }
    return ImageData(
        train=examples[Split.TRAIN],
        validation=examples[Split.VALIDATION],
        test=examples.get(Split.TEST),
        class_names=class_names,
        name=path.resolve().name,
        provenance={
            "source": str(path),
            "layout": layout,
            "ignored_files": ignored,
            "image_size": [form.height, form.width],
            "resized": form.resized,
            **done,
        },
    )


def _image_size(value: int | Sequence[int] | None) -> tuple[int, int] | None:
    if value is None:
        return None
    sides = tuple(value) if isinstance(value, (tuple, list)) else (value, value)
    if len(sides) != 2:
        raise ConfigError("image_size", expected="a side or (height, width)", received=repr(value))
    check_positive(**{"height of image_size": sides[0], "width of image_size": sides[1]})
    return int(sides[0]), int(sides[1])


def _scan(root: pathlib.Path) -> tuple[dict[Split, Labelled], tuple[str, ...], str, int]:
    """Returns the labelled files of each split, the class names, the layout and how many files are no images."""
    folders, loose = _list(root)
    names = {folder.name for folder in folders}
    train = root / "train"
    if names and (names <= set(_SPLIT_FOLDERS) or ("train" in names and _list(train)[0])):
        layout, splits = "split folders", _split_folders(root, names)
    else:
        layout, splits = "class folders", {Split.TRAIN: root}
    parts: dict[Split, Labelled] = {}
    class_names: tuple[str, ...] = ()
    ignored = len(loose) if layout == "split folders" else 0
    for split, folder in splits.items():
        classes, others = _list(folder)
        found = tuple(entry.name for entry in classes)
        if split is Split.TRAIN:
            class_names = found
            _check_class_folders(class_names, folder, others)
        elif found != class_names:
            differing = sorted(set(found) ^ set(class_names))
            raise DataError(
                f"class folders in {folder}",
                expected=f"the same as in {train}",
                received=f"{', '.join(differing)} in only one of them",
                remedy="Every split needs the same class folders.",
            )
        ignored += len(others)
        labelled: Labelled = ([], [])
        for label, class_folder in enumerate(classes):
            images, other = _images(class_folder)
            labelled[0].extend(images)
            labelled[1].extend([label] * len(images))
            ignored += other
        parts[split] = labelled
    return parts, class_names, layout, ignored


def _split_folders(root: pathlib.Path, names: set[str]) -> dict[Split, pathlib.Path]:
    """Returns the folder of each split, training first."""
    splits: dict[Split, pathlib.Path] = {}
    unfit = sorted(names - set(_SPLIT_FOLDERS))
    for name, split in _SPLIT_FOLDERS.items():
        if name in names and split in splits:
            unfit.append(name)
        elif name in names:
            splits[split] = root / name
    if unfit or Split.TRAIN not in splits:
        raise DataError(
            f"folders in {root}",
            expected="train/, optionally valid/ (or validation/, val/) and test/",
            received=", ".join(f"{name}/" for name in sorted(names)),
            remedy="Put class folders into train/, and name each split once.",
        )
    return splits


def _check_class_folders(class_names: tuple[str, ...], folder: pathlib.Path, others: Sequence[pathlib.Path]) -> None:
    if not class_names:
        raise DataError(
            f"folder {folder}",
            expected=_LAYOUT,
            received=f"no folders and {len(others)} files",
            remedy="Sort the images into one folder a class.",
        )
    check_classes(class_names, str(folder))


def _images(folder: pathlib.Path) -> tuple[list[pathlib.Path], int]:
    """Returns the images in a class folder and how many other files there are."""
    folders, files = _list(folder)
    if folders:
        raise DataError(
            f"class folder {folder}",
            expected="images",
            received=f"the folder {folders[0].name}/",
            remedy=f"Expected is {_LAYOUT}.",
        )
    images = [file for file in files if file.suffix.lower() in IMAGE_SUFFIXES]
    if not images:
        raise DataError(
            f"class folder {folder}",
            expected=f"images ({', '.join(IMAGE_SUFFIXES)})",
            received=f"none among {len(files)} files",
            remedy="Add images or remove the folder.",
        )
    return images, len(files) - len(images)


def _list(folder: pathlib.Path) -> tuple[list[pathlib.Path], list[pathlib.Path]]:
    """Returns the folders and the files in a folder, sorted by name, without hidden ones."""
    try:
        entries = sorted(
            (entry for entry in os.scandir(folder) if not entry.name.startswith(".")), key=lambda entry: entry.name
        )
        folders = [pathlib.Path(entry.path) for entry in entries if entry.is_dir()]
        files = [pathlib.Path(entry.path) for entry in entries if not entry.is_dir()]
    except OSError as error:
        raise DataError(
            f"folder {folder}", expected="a folder that can be read", received=error.strerror or str(error)
        ) from error
    return folders, files

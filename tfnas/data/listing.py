"""Which image files a folder holds, and what they show, by its class folders."""

from __future__ import annotations

import os
import pathlib
from dataclasses import dataclass, field
from typing import Any, Callable, Mapping, Sequence

from tfnas.data.images import check_classes
from tfnas.errors import DataError
from tfnas.trial import Split

IMAGE_SUFFIXES = (".jpg", ".jpeg", ".png", ".bmp", ".gif")
LAYOUT = "one folder of images a class, or train/, optionally valid/ and test/, each with such folders"

_SPLIT_FOLDERS = {
    "train": Split.TRAIN,
    "valid": Split.VALIDATION,
    "validation": Split.VALIDATION,
    "val": Split.VALIDATION,
    "test": Split.TEST,
}

Labelled = tuple[list[pathlib.Path], list[int]]
Choose = Callable[[tuple[str, ...]], Sequence[int]]
"""From the names of all classes to the sorted positions of those that are wanted."""


@dataclass(frozen=True, slots=True)
class Listing:
    """The files of a data set.

    Attributes:
        parts: Files and labels of each split there is, at least for training.
        class_names: One name a class.
        layout: What the folder looks like, for people.
        ignored: Files that are no images.
        notes: What else a provenance should say, as JSON values.
    """

    parts: Mapping[Split, Labelled]
    class_names: tuple[str, ...]
    layout: str
    ignored: tuple[pathlib.Path, ...]
    notes: Mapping[str, Any] = field(default_factory=dict)


def list_class_folders(root: pathlib.Path, choose: Choose) -> Listing:
    """Lists images in one folder a class, or in split folders with such folders.

    Args:
        root: The folder.
        choose: Which classes to list. It sees all names before the images of any class are listed.

    Raises:
        DataError: If the folders are laid out in another way.
    """
    folders, loose = list_folder(root)
    names = {folder.name for folder in folders}
    _check_lower_case(root, sorted(names))
    train = root / "train"
    if names and (names <= set(_SPLIT_FOLDERS) or ("train" in names and list_folder(train)[0])):
        layout, splits = "split folders", _split_folders(root, names)
    else:
        layout, splits = "class folders", {Split.TRAIN: root}
    parts: dict[Split, Labelled] = {}
    class_names: tuple[str, ...] = ()
    wanted: Sequence[int] = ()
    ignored = list(loose) if layout == "split folders" else []
    for split, folder in splits.items():
        classes, others = list_folder(folder)
        found = tuple(entry.name for entry in classes)
        if split is Split.TRAIN:
            class_names = found
            _check_class_folders(class_names, folder, others)
            wanted = choose(class_names)
        elif found != class_names:
            differing = sorted(set(found) ^ set(class_names))
            raise DataError(
                f"class folders in {folder}",
                expected=f"the same as in {train}",
                received=f"{', '.join(differing)} in only one of them",
                remedy="Every split needs the same class folders.",
            )
        ignored += others
        labelled: Labelled = ([], [])
        for label, position in enumerate(wanted):
            images, other = list_images(classes[position])
            labelled[0].extend(images)
            labelled[1].extend([label] * len(images))
            ignored += other
        parts[split] = labelled
    return Listing(parts, tuple(class_names[k] for k in wanted), layout, tuple(ignored))


def list_images(folder: pathlib.Path) -> tuple[list[pathlib.Path], list[pathlib.Path]]:
    """Returns the images in a folder and the other files, both sorted by name.

    Raises:
        DataError: If there are none, or folders among them.
    """
    folders, files = list_folder(folder)
    if folders:
        raise DataError(
            f"class folder {folder}",
            expected="images",
            received=f"the folder {folders[0].name}/",
            remedy=f"Expected is {LAYOUT}.",
        )
    images: list[pathlib.Path] = []
    others: list[pathlib.Path] = []
    for file in files:
        (images if file.suffix.lower() in IMAGE_SUFFIXES else others).append(file)
    if not images:
        raise DataError(
            f"class folder {folder}",
            expected=f"images ({', '.join(IMAGE_SUFFIXES)})",
            received=f"none among {len(files)} files",
            remedy="Add images or remove the folder.",
        )
    return images, others


def list_folder(folder: pathlib.Path) -> tuple[list[pathlib.Path], list[pathlib.Path]]:
    """Returns the folders and the files in a folder, sorted by name, without hidden ones.

    Raises:
        DataError: If it cannot be read.
    """
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


def _check_lower_case(root: pathlib.Path, names: Sequence[str]) -> None:
    """Refuses ``Train/`` and the like, unless they hold no folders: then they are classes."""
    capital = [name for name in names if name not in _SPLIT_FOLDERS and name.lower() in _SPLIT_FOLDERS]
    if any(list_folder(root / name)[0] for name in capital):
        raise DataError(
            f"folders in {root}",
            expected="split folders in lower case",
            received=", ".join(f"{name}/" for name in capital),
            remedy=f"Rename them: {', '.join(f'{name.lower()}/' for name in capital)}.",
        )


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
            expected=LAYOUT,
            received=f"no folders and {len(others)} files",
            remedy="Sort the images into one folder a class.",
        )
    check_classes(class_names, str(folder))

"""Tiny-ImageNet's own layout: ``train/WNID/images/`` and ``val/images/`` with ``val/val_annotations.txt``."""

from __future__ import annotations

import pathlib

from tfnas.data.images import check_classes
from tfnas.data.listing import Choose, Labelled, Listing, list_folder, list_images
from tfnas.errors import DataError
from tfnas.trial import Split

_ANNOTATIONS = "val_annotations.txt"


def is_tiny_imagenet(root: pathlib.Path) -> bool:
    """Returns whether a folder has the layout, be it that a part of ``val`` is missing."""
    there = ((root / "val" / _ANNOTATIONS).is_file(), (root / "val" / "images").is_dir())
    return all(there) or (any(there) and any(folder.is_dir() for folder in root.glob("train/*/images")))


def list_tiny_imagenet(root: pathlib.Path, choose: Choose) -> Listing:
    """Lists the images of Tiny-ImageNet (Le and Yang, 2015; 200 classes, 64x64 pixels).

    The labelled ``val`` images are the test split here, and validation images are cut from the
    training images, since labels of the ``test`` images were never published.

    Args:
        root: The folder that holds ``train`` and ``val``.
        choose: Which classes to list; see `tfnas.data.listing.list_class_folders`.

    Raises:
        DataError: If a class has no ``images`` folder, or the annotations are missing or do not say one
            known class for each of the ``val`` images, or there is none of an image that they name.
    """
    classes, _ = list_folder(root / "train")
    names = tuple(folder.name for folder in classes)
    check_classes(names, str(root / "train"))
    wanted = choose(names)
    train: Labelled = ([], [])
    ignored: list[pathlib.Path] = []
    for label, position in enumerate(wanted):
        images, other = list_images(classes[position] / "images")
        train[0].extend(images)
        train[1].extend([label] * len(images))
        ignored += other
    images, other = list_images(root / "val" / "images")
    annotated = _annotations(root / "val" / _ANNOTATIONS, set(names))
    there = {image.name for image in images}
    _refuse_missing(root / "val" / _ANNOTATIONS, f"a line for each of the {len(there)} images", there - set(annotated))
    _refuse_missing(root / "val" / "images", f"the {len(annotated)} annotated images", set(annotated) - there)
    labels = {names[position]: label for label, position in enumerate(wanted)}
    shown = [image for image in images if annotated[image.name] in labels]
    return Listing(
        parts={Split.TRAIN: train, Split.TEST: (shown, [labels[annotated[image.name]] for image in shown])},
        class_names=tuple(labels),
        layout="Tiny-ImageNet",
        ignored=(*ignored, *other),
        notes={"test_images": "the labelled val images; labels of the test images were never published"},
    )


def _refuse_missing(path: pathlib.Path, expected: str, missing: set[str]) -> None:
    if missing:
        raise DataError(
            str(path),
            expected=expected,
            received=f"none for {min(missing)}" + (f" and {len(missing) - 1} more" if len(missing) > 1 else ""),
            remedy="Something was cut short or removed: unpack the archive again.",
        )


def _annotations(path: pathlib.Path, known: set[str]) -> dict[str, str]:
    """Returns the class of each file name."""
    classes: dict[str, str] = {}
    try:
        lines = path.read_text("utf-8").splitlines()
    except FileNotFoundError as error:
        raise DataError(
            str(path),
            expected="the file that tells the class of each image in val/images, as this looks like Tiny-ImageNet",
            received="no such file",
            remedy="Unpack the archive again.",
        ) from error
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(str(path), expected="text in UTF-8", received=str(error)) from error
    for number, line in enumerate(lines, 1):
        name, _, rest = line.partition("\t")
        label = rest.partition("\t")[0]
        if label not in known:
            raise DataError(
                f"{path}, line {number}",
                expected="a file name, a tab and the name of a folder in train/",
                received=f"{line!r:.120}",
                remedy="The file may be damaged: unpack the archive again.",
            )
        classes[name] = label
    return classes

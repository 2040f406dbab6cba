"""Images from folders, one a class."""

from __future__ import annotations

import os
import pathlib
from typing import Any, Sequence

import numpy as np

from tfnas.checks import check_flag, check_positive
from tfnas.data import protocols
from tfnas.data.decoded import digest_of, open_decoded, origin_of, save_decoded
from tfnas.data.decoding import MEMORY_LIMIT, Progress, checked_size, common_form, decode
from tfnas.data.images import Examples, ImageData
from tfnas.data.listing import list_class_folders
from tfnas.data.protocols import Protocol
from tfnas.data.splitting import arrange
from tfnas.data.subset import choose_classes, described
from tfnas.data.tiny_imagenet import is_tiny_imagenet, list_tiny_imagenet
from tfnas.errors import ConfigError
from tfnas.trial import Split

_EXAMPLES = 3
"""How many of the files that are passed over a provenance names."""


def from_folder(
    path: str | os.PathLike[str],
    *,
    image_size: int | Sequence[int] | None = None,
    seed: int = 0,
    validation: float = 0.2,
    test: float = 0.2,
    classes: int | None = None,
    class_seed: int = 0,
    protocol: str | None = None,
    memory_limit: int = MEMORY_LIMIT,
    cache: bool = True,
    on_progress: Progress | None = None,
) -> ImageData:
    """Reads JPEG, PNG, BMP and GIF images from class folders.

    The folder holds either one folder a class, or ``train/`` and optionally ``valid/`` (also
    ``validation/`` or ``val/``) and ``test/``, each with the same class folders, or Tiny-ImageNet as it
    is published (see `tfnas.data.tiny_imagenet`). A split that is missing is cut from the training
    images with equal class shares. Classes and files are sorted by name. Images are decoded to uint8,
    to one channel if all files are grey and to red, green and blue otherwise (see
    `tfnas.data.decoding.decode`). Hidden files and folders, and files without an image suffix, are
    passed over; the provenance says how many of the latter there were, and names three.

    Decoded images are kept in ``images/`` of the data folder (`tfnas.data.home.data_dir`), and mapped
    from there as long as no file of the folder changes. Then it is decoded again, and the older copy is
    removed. Other folders, sizes and choices of classes have copies of their own. All can be removed at
    any time (`tfnas.data.decoded.clear`).

    Args:
        path: The folder.
        image_size: Side or ``(height, width)`` to resize to, in pixels; the ratio of sides is not
            kept. By default the size of the images, which then must be the same in all files.
        seed: Seed of the splits that are cut.
        validation: Fraction of the training images to cut for validation, where there is none.
        test: Fraction of the training images to cut for the test, where there is none; 0 for no test.
        classes: Number of classes to draw at random before any image is listed; all by default.
        class_seed: Seed of that draw.
        protocol: Name of a study whose splits are wanted, instead of the two fractions (see
            `tfnas.data.protocols`). Images in ``val/`` are then its held-out images.
        memory_limit: Largest number of bytes of decoded pixels.
        cache: Whether decoded images are kept on disk, and looked for there.
        on_progress: Called in this thread with the number of images decoded so far and the total.

    Raises:
        ConfigError: If `image_size`, `memory_limit` or `classes` cannot be, or the protocol resizes
            images and no `image_size` is given.
        UnknownNameError: If there is no such protocol.
        DataError: If the folders are laid out in another way, a file is no image, sizes differ, the
            images need more memory than the limit, or the protocol is for other data.
    """
    path = pathlib.Path(path)
    size = checked_size(image_size)
    check_positive(memory_limit=memory_limit)
    check_flag(cache=cache)
    if protocol is not None and classes is not None:
        raise ConfigError("classes", expected="none, since a protocol decides them", received=repr(classes))
    study: Protocol | None = None
    notes: dict[str, Any] = {}

    def choose(names: tuple[str, ...]) -> Sequence[int]:
        nonlocal study
        study = None if protocol is None else protocols.get(protocol, len(names))
        count = classes if study is None else study.drawn
        if count is None:
            return range(len(names))
        chosen = choose_classes(names, count, class_seed)
        notes.update(described([names[k] for k in chosen], len(names), class_seed))
        return chosen

    listing = (list_tiny_imagenet if is_tiny_imagenet(path) else list_class_folders)(path, choose)
    parts = dict(listing.parts)
    halve_test = False
    if study is not None:
        if Split.TEST not in parts and Split.VALIDATION in parts:
            parts[Split.TEST] = parts.pop(Split.VALIDATION)
        study.check({split: len(files) for split, (files, _) in parts.items()})
        study.check_size(size)
        validation, test, halve_test = study.validation, 0.0, study.halve_test
        notes["protocol"] = study.to_dict()
    labels = {split: np.array(numbers, np.int64) for split, (_, numbers) in parts.items()}
    placed, done = arrange(labels, seed=seed, validation=validation, test=test, halve_test=halve_test)

    files = [file for part, _ in parts.values() for file in part]
    starts = dict(zip(parts, np.cumsum([0, *(len(part) for part, _ in parts.values())]).tolist()))
    rows = {split: starts[source] + index for split, (source, index) in placed.items()}
    form = common_form(files, size, memory_limit, str(path))
    origin = origin_of(path, form, listing.class_names if "class_subset" in notes else None)
    digest = digest_of(origin, files) if cache else None
    kept = None if digest is None else open_decoded(digest)
    if kept is not None:
        pixels, resized = kept
        images = {split: _take(pixels, index) for split, index in rows.items()}
        if on_progress is not None:
            on_progress(len(files), len(files))
    else:
        finished = 0

        def on_image() -> None:
            nonlocal finished
            finished += 1
            if on_progress is not None:
                on_progress(finished, len(files))

        order = np.concatenate(list(rows.values()))  # split by split, so that each is a part of one array
        pixels, resized = decode([files[k] for k in order], form, files[0], on_image)
        ends = np.cumsum([len(index) for index in rows.values()])
        images = dict(zip(rows, np.split(pixels, ends[:-1])))
        if digest is not None:
            save_decoded(digest, origin, pixels, np.argsort(order), resized)
    examples = {
        split: Examples(images[split], labels[source][index], split) for split, (source, index) in placed.items()
    }
    return ImageData(
        train=examples[Split.TRAIN],
        validation=examples[Split.VALIDATION],
        test=examples.get(Split.TEST),
        class_names=listing.class_names,
        name=path.resolve().name,
        provenance={
            "source": str(path),
            "layout": listing.layout,
            "ignored_files": len(listing.ignored),
            "ignored_examples": [_shown(file.relative_to(path)) for file in listing.ignored[:_EXAMPLES]],
            "image_size": [form.height, form.width],
            "resized": resized,
            **listing.notes,
            **notes,
            **done,
        },
    )


def _shown(path: pathlib.Path) -> str:
    """Returns a path as text that every file can hold, whatever bytes it is made of."""
    return os.fsencode(path).decode("utf-8", "replace")


def _take(pixels: np.ndarray, index: np.ndarray) -> np.ndarray:
    """Returns the rows of a memory map, still mapped where they stand together."""
    first, last = int(index[0]), int(index[-1]) + 1
    return pixels[first:last] if last - first == len(index) else pixels[index]

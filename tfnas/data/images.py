"""`Examples` and `ImageData`: images with labels, checked once, where they enter."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Mapping, Sequence

import numpy as np

from tfnas.errors import DataError
from tfnas.trial import Split


@dataclass(frozen=True, slots=True, eq=False, repr=False)  # arrays have no single truth value to compare by
class Examples:
    """Images and labels of one split, as arrays.

    Attributes:
        x: Images, uint8 or a float type. Shape [B, height, width, channels].
        y: Integer class labels of shape [B], or float targets of shape [B] or [B, outputs].
        split: Which split they are.

    Raises:
        DataError: For a wrong rank or dtype, no examples, numbers of images and labels that
            differ, or values that are not finite.
    """

    x: np.ndarray
    y: np.ndarray
    split: Split

    def __post_init__(self) -> None:
        x, y = np.asanyarray(self.x), np.asanyarray(self.y)
        name = f"{self.split.value} images"
        if x.ndim != 4:
            raise DataError(
                name,
                expected="four axes, (examples, height, width, channels)",
                received=f"shape {x.shape}",
                remedy="Grey images have one channel: add the axis with images[..., None].",
            )
        if x.dtype != np.uint8 and x.dtype.kind != "f":
            raise DataError(
                name,
                expected="dtype uint8 or a float type",
                received=str(x.dtype),
                remedy="Convert with images.astype('uint8') or images.astype('float32').",
            )
        if 0 in x.shape:
            raise DataError(name, expected="at least one image of at least one pixel", received=f"shape {x.shape}")
        if y.ndim not in (1, 2) or y.dtype.kind not in "iuf":
            raise DataError(
                f"{self.split.value} labels",
                expected="integer class labels of shape (examples,), or float targets",
                received=f"shape {y.shape}, dtype {y.dtype}",
                remedy="One-hot labels become class labels with labels.argmax(-1); names need numbers.",
            )
        if len(x) != len(y):
            raise DataError(
                f"{self.split.value} split", expected=f"{len(x)} labels, one an image", received=str(len(y))
            )
        for what, values in ((name, x), (f"{self.split.value} labels", y)):
            if values.dtype.kind == "f" and not np.isfinite(values).all():
                first = int(np.flatnonzero(~np.isfinite(values.reshape(len(values), -1)).all(axis=1))[0])
                raise DataError(what, expected="finite values", received=f"nan or inf in example {first}")
        object.__setattr__(self, "x", x)
        object.__setattr__(self, "y", y)

    def __len__(self) -> int:
        return len(self.x)

    def __repr__(self) -> str:
        return f"Examples({self.split.value}, x {self.x.dtype} {self.x.shape}, y {self.y.dtype} {self.y.shape})"


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class ImageData:
    """A data set: three splits and what they mean.

    Attributes:
        train: Examples to fit weights on.
        validation: Examples that a search chooses by.
        test: Examples that are read once, at the end; None where there are none.
        class_names: One name a class; empty for regression.
        name: For reports.
        provenance: How the splits came about (source, seed, fractions), for the run's log.

    Raises:
        DataError: If the splits disagree in the shape of images or targets, there is one class only,
            or a label is outside the classes.
    """

    train: Examples
    validation: Examples
    test: Examples | None
    class_names: tuple[str, ...]
    name: str
    provenance: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        check_classes(self.class_names, self.name)
        for examples in self.splits:
            if examples.x.shape[1:] != self.train.x.shape[1:]:
                raise DataError(
                    f"{examples.split.value} images of {self.name}",
                    expected=f"shape {self.train.x.shape[1:]}, as the training images have",
                    received=str(examples.x.shape[1:]),
                    remedy="Resize the images to one shape first.",
                )
            if self.class_names:
                check_labels(examples, len(self.class_names))
            elif examples.y.shape[1:] != self.train.y.shape[1:]:
                raise DataError(
                    f"{examples.split.value} targets of {self.name}",
                    expected=f"shape {self.train.y.shape[1:]} an example, as the training targets have",
                    received=str(examples.y.shape[1:]),
                )

    @property
    def splits(self) -> tuple[Examples, ...]:
        """The splits there are."""
        return tuple(s for s in (self.train, self.validation, self.test) if s is not None)

    @property
    def input_shape(self) -> tuple[int, int, int]:
        """``(height, width, channels)``."""
        return tuple(int(size) for size in self.train.x.shape[1:])  # type: ignore[return-value]

    @property
    def num_classes(self) -> int:
        """Number of classes; 0 for regression."""
        return len(self.class_names)

    def __repr__(self) -> str:
        splits = ", ".join(f"{examples.split.value} {len(examples)}" for examples in self.splits)
        task = f"{self.num_classes} classes" if self.class_names else "regression"
        return f"ImageData({self.name!r}, {self.train.x.dtype} images of {self.input_shape}, {splits}, {task})"


def check_classes(class_names: Sequence[str], name: str) -> None:
    """Checks that there are several classes, or none, which means regression.

    Raises:
        DataError: If there is one class only.
    """
    if len(class_names) == 1:
        raise DataError(
            f"classes of {name}",
            expected="at least two",
            received=f"one, {class_names[0]!r}",
            remedy="A single class leaves nothing to learn.",
        )


def check_labels(examples: Examples, num_classes: int) -> None:
    """Checks that labels are integers in ``[0, num_classes)``.

    Raises:
        DataError: Naming the first label that is not.
    """
    name = f"{examples.split.value} labels"
    if examples.y.dtype.kind not in "iu" or examples.y.ndim != 1:
        raise DataError(
            name,
            expected="integer class labels of shape (examples,)",
            received=f"dtype {examples.y.dtype}, shape {examples.y.shape}",
            remedy="Pass labels.astype('int64'), or set up a regression task.",
        )
    wrong = np.flatnonzero((examples.y < 0) | (examples.y >= num_classes))
    if wrong.size:
        first = int(wrong[0])
        raise DataError(
            name,
            expected=f"integers from 0 to {num_classes - 1}",
            received=f"{examples.y[first]} at position {first} ({wrong.size} of {len(examples)} are outside)",
            remedy="Number the classes from zero.",
        )


def channel_statistics(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Returns the mean and the standard deviation of each channel; a deviation of nothing counts as 1.

    Args:
        x: Images. Shape [B, height, width, channels].
    """
    total, squares = np.zeros(x.shape[-1]), np.zeros(x.shape[-1])
    for start in range(0, len(x), 1024):  # in parts: the images may fill most of the memory
        part = x[start : start + 1024].astype("float64")
        total += part.sum(axis=(0, 1, 2))
        squares += (part**2).sum(axis=(0, 1, 2))
    count = x.size / x.shape[-1]
    mean = total / count
    deviation = np.sqrt(np.maximum(squares / count - mean**2, 0.0))
    return mean, np.where(deviation > 1e-6, deviation, 1.0)

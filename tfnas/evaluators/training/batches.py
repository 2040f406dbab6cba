"""Batches of examples, from arrays, ``tf.data`` and Keras ``PyDataset`` alike."""

from __future__ import annotations

import math
from typing import Any, Iterator

import numpy as np

Batch = tuple[Any, ...]


class ArrayBatches:
    """Shuffled, optionally augmented batches of arrays.

    Args:
        x: Images, uint8 or float. Shape [B, height, width, channels].
        y: Labels.
        batch_size: Examples a batch; the last one may be smaller.
        rng: Source of order and augmentation; None for neither (evaluation).
        pad_crop: Pixels of zero padding before a random crop.
        flip: Whether to mirror half of the images.
        cutout: Side of a blanked square.
        cutout_probability: Share of the images that it is blanked in.
    """

    def __init__(
        self,
        x: np.ndarray,
        y: np.ndarray,
        batch_size: int,
        rng: np.random.Generator | None = None,
        *,
        pad_crop: int = 0,
        flip: bool = False,
        cutout: int = 0,
        cutout_probability: float = 1.0,
    ) -> None:
        self._x, self._y, self._size, self._rng = x, y, batch_size, rng
        self._augmentation = {
            "pad_crop": pad_crop,
            "flip": flip,
            "cutout": cutout,
            "cutout_probability": cutout_probability,
        }

    def __len__(self) -> int:
        return math.ceil(len(self._x) / self._size)

    def __iter__(self) -> Iterator[Batch]:
        order = np.arange(len(self._x)) if self._rng is None else self._rng.permutation(len(self._x))
        for start in range(0, len(order), self._size):
            chosen = order[start : start + self._size]
            x = np.asarray(self._x[chosen], "float32")
            if self._rng is not None:
                x = augment(x, self._rng, **self._augmentation)
            yield x, np.asarray(self._y[chosen])


class DatasetBatches:
    """Batches of a ``tf.data.Dataset`` or a Keras ``PyDataset``, as they come.

    Args:
        dataset: Yields ``(x, y)`` or ``(x, y, sample_weight)``, batched and finite.
    """

    def __init__(self, dataset: Any) -> None:
        self._dataset = dataset

    def __len__(self) -> int:
        if hasattr(self._dataset, "num_batches"):
            return int(self._dataset.num_batches)
        return int(self._dataset.cardinality()) if hasattr(self._dataset, "cardinality") else len(self._dataset)

    def __iter__(self) -> Iterator[Batch]:
        if not hasattr(self._dataset, "on_epoch_end"):
            yield from self._dataset
            return
        for index in range(len(self)):
            yield self._dataset[index]
        self._dataset.on_epoch_end()


def augment(
    x: np.ndarray,
    rng: np.random.Generator,
    *,
    pad_crop: int = 0,
    flip: bool = False,
    cutout: int = 0,
    cutout_probability: float = 1.0,
) -> np.ndarray:
    """Returns a randomly shifted, mirrored and blanked copy of a batch of float images.

    Args:
        x: Images. Shape [B, height, width, channels].
        rng: Source of randomness.
        pad_crop: Shifts by up to this many pixels each way, filled with zeros (He et al., 2016).
        flip: Mirror left to right with probability one half.
        cutout: Side of a square of zeros at a random place, which may reach over the border
            (DeVries and Taylor, 2017).
        cutout_probability: Share of the images that it is blanked in.
    """
    number, height, width, _ = x.shape
    if pad_crop:
        margin = ((0, 0), (pad_crop, pad_crop), (pad_crop, pad_crop), (0, 0))
        windows = np.lib.stride_tricks.sliding_window_view(np.pad(x, margin), (height, width), axis=(1, 2))
        top, left = rng.integers(2 * pad_crop + 1, size=(2, number))
        x = np.moveaxis(windows[np.arange(number), top, left], 1, -1)
    if flip:
        mirrored = rng.random(number) < 0.5
        x = np.where(mirrored[:, None, None, None], x[:, :, ::-1], x)
    if cutout:
        row, column = rng.integers(height, size=number), rng.integers(width, size=number)
        rows = _blanked(row, height, cutout)
        columns = _blanked(column, width, cutout)
        if cutout_probability < 1:
            rows &= rng.random(number)[:, None] < cutout_probability
        x = np.where((rows[:, :, None] & columns[:, None, :])[..., None], np.zeros((), x.dtype), x)
    return np.ascontiguousarray(x)


def _blanked(centre: np.ndarray, length: int, side: int) -> np.ndarray:
    first = centre - side // 2
    position = np.arange(length)
    return (position >= first[:, None]) & (position < first[:, None] + side)

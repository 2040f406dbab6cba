"""Batches of a data set as a ``tf.data.Dataset``, for those who train with ``model.fit``."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Iterator

import numpy as np

from tfnas._keras import tensorflow
from tfnas.checks import check_flag, check_positive, is_integer
from tfnas.data.images import Examples, ImageData, channel_statistics
from tfnas.errors import ConfigError, DataError
from tfnas.trial import Split

if TYPE_CHECKING:
    import tensorflow as tf


def dataset(
    data: ImageData,
    split: Split | str = Split.TRAIN,
    *,
    batch_size: int = 64,
    seed: int = 0,
    pad_crop: int = 0,
    flip: bool = False,
    cutout: int = 0,
    resize: int | None = None,
    normalize: bool = False,
) -> tf.data.Dataset:
    """Returns batches of one split, prefetched.

    Training batches are shuffled anew in each epoch and augmented, in the order resize, crop, flip,
    cutout, normalisation; those of the other splits come in order and are only resized and normalised.
    Epochs are counted by the data set that is returned: two that are made alike give the same epochs,
    whatever TensorFlow's global seed. What the last batch lacks is not filled up. The arrays in memory
    serve as the cache: one behind them would hold the same pixels as floats, in four times the memory.

    Args:
        data: The images.
        split: Which of its splits.
        batch_size: Examples a batch.
        seed: Seed of order and augmentation.
        pad_crop: Shifts by up to this many pixels each way, filled with zeros (He et al., 2016).
        flip: Whether to mirror half of the images from left to right.
        cutout: Side of a square of zeros at a random place, which may reach over the border (DeVries and
            Taylor, 2017).
        resize: Side that images get by antialiased bilinear interpolation; None for their own size.
        normalize: Whether channels are standardised by the mean and standard deviation that they have in
            the training images. A network that `tfnas.evaluators.TrainingEvaluator` trains does this itself.

    Returns:
        Yields ``(x, y)``: float32 images of shape [B, height, width, channels], and the labels.

    Raises:
        ConfigError: If an argument cannot be.
        DataError: If there is no such split.
    """
    examples = _find(data, split)
    check_positive(batch_size=batch_size, resize=1 if resize is None else resize)
    check_flag(flip=flip, normalize=normalize)
    for name, value in (("seed", seed), ("pad_crop", pad_crop), ("cutout", cutout)):
        if not is_integer(value) or value < 0:
            raise ConfigError(name, expected="an integer, 0 or above", received=repr(value))
    height, width, channels = data.input_shape
    if resize is not None:
        height = width = int(resize)
    is_training = examples.split is Split.TRAIN
    if not is_training:
        pad_crop, flip, cutout = 0, False, 0
    draws = _Draws(height, width, pad_crop, flip, cutout)
    batches = _Batches(examples, int(batch_size), int(seed) if is_training else None, draws)
    mean, deviation = channel_statistics(data.train.x) if normalize else (np.zeros(channels), np.ones(channels))

    tf = tensorflow()

    def finish(x: Any, y: Any, rows: Any, columns: Any, hole: Any) -> tuple[Any, Any]:
        x = tf.cast(x, tf.float32)
        if resize is not None:
            x = tf.image.resize(x, (height, width), antialias=True)
        x = tf.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)))  # one frame of zeros, for all places outside
        x = tf.gather(tf.gather(x, rows, axis=1, batch_dims=1), columns, axis=2, batch_dims=1)
        row, column = tf.range(height), tf.range(width)
        in_rows = (row >= hole[:, :1]) & (row < hole[:, :1] + cutout)
        in_columns = (column >= hole[:, 1:]) & (column < hole[:, 1:] + cutout)
        x = tf.where((in_rows[:, :, None] & in_columns[:, None, :])[..., None], 0.0, x)
        x = (x - mean.astype("float32")) / deviation.astype("float32")
        return tf.ensure_shape(x, (None, height, width, channels)), y

    signature = (
        tf.TensorSpec((None, *data.input_shape), examples.x.dtype),
        tf.TensorSpec((None, *examples.y.shape[1:]), examples.y.dtype),
        tf.TensorSpec((None, height), tf.int32),
        tf.TensorSpec((None, width), tf.int32),
        tf.TensorSpec((None, 2), tf.int32),
    )
    raw = tf.data.Dataset.from_generator(batches, output_signature=signature)
    ready = raw.map(finish, num_parallel_calls=tf.data.AUTOTUNE, deterministic=True)
    return ready.apply(tf.data.experimental.assert_cardinality(len(batches))).prefetch(tf.data.AUTOTUNE)


class _Draws:
    """What augmentation does to each image of a batch, drawn in NumPy.

    Args:
        height: Pixels.
        width: Pixels.
        pad_crop: See `dataset`.
        flip: See `dataset`.
        cutout: See `dataset`.
    """

    def __init__(self, height: int, width: int, pad_crop: int, flip: bool, cutout: int) -> None:
        self._height, self._width = height, width
        self._pad_crop, self._flip, self._cutout = pad_crop, flip, cutout

    def __call__(self, rng: np.random.Generator, number: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Returns which rows and columns of the framed image to take, and the first row and column of the hole.

        Returns:
            int32 of shapes [B, height], [B, width] and [B, 2]. Row 0 and the last one are the frame.
        """
        rows = np.tile(np.arange(self._height), (number, 1))
        columns = np.tile(np.arange(self._width), (number, 1))
        if self._pad_crop:
            down, right = rng.integers(2 * self._pad_crop + 1, size=(2, number, 1)) - self._pad_crop
            rows, columns = rows + down, columns + right
        if self._flip:
            columns = np.where(rng.random((number, 1)) < 0.5, columns[:, ::-1], columns)
        hole = np.zeros((number, 2))
        if self._cutout:
            hole = rng.integers((self._height, self._width), size=(number, 2)) - self._cutout // 2
        rows, columns = np.clip(rows + 1, 0, self._height + 1), np.clip(columns + 1, 0, self._width + 1)
        return rows.astype(np.int32), columns.astype(np.int32), hole.astype(np.int32)


class _Batches:
    """A generator function that counts its epochs: images, labels, and what to do to them.

    Args:
        examples: What to yield.
        batch_size: Examples a batch.
        seed: Seed of order and augmentation; None for the order as it is.
        draws: Draws the augmentation.
    """

    def __init__(self, examples: Examples, batch_size: int, seed: int | None, draws: _Draws) -> None:
        self._examples, self._size, self._seed, self._draws = examples, batch_size, seed, draws
        self._epoch = 0

    def __len__(self) -> int:
        return math.ceil(len(self._examples) / self._size)

    def __call__(self) -> Iterator[tuple[np.ndarray, ...]]:
        rng = np.random.default_rng((self._seed or 0, self._epoch))
        self._epoch += 1
        total = len(self._examples)
        order = np.arange(total) if self._seed is None else rng.permutation(total)
        for start in range(0, total, self._size):
            chosen = order[start : start + self._size]
            yield self._examples.x[chosen], self._examples.y[chosen], *self._draws(rng, len(chosen))


def _find(data: ImageData, split: Split | str) -> Examples:
    for examples in data.splits:
        if examples.split.value == split:
            return examples
    raise DataError(
        f"split of {data.name}",
        expected=f"one of {', '.join(examples.split.value for examples in data.splits)}",
        received=repr(getattr(split, "value", split)),
    )

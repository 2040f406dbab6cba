"""Batches as ``tf.data``."""

from __future__ import annotations

import numpy as np
import pytest

from tfnas.data import Examples, ImageData, dataset
from tfnas.errors import ConfigError, DataError
from tfnas.trial import Split

tf = pytest.importorskip("tensorflow")


def _data(count: int = 10, shape: tuple[int, ...] = (6, 5, 3), dtype: str = "uint8") -> ImageData:
    """No pixel is 0, and the first pixel of every image tells which one it is."""
    parts = {}
    for k, split in enumerate(Split):
        x = np.random.default_rng(k).integers(1, 256, (count + k, *shape)).astype(dtype)
        parts[split.value] = Examples(x, np.arange(count + k) % 2, split)
    return ImageData(**parts, class_names=("a", "b"), name="toy")


def _epoch(batches) -> list[tuple[np.ndarray, np.ndarray]]:
    return [(x.numpy(), y.numpy()) for x, y in batches]


def _equal(a, b) -> bool:
    return len(a) == len(b) and all(np.array_equal(x, u) and np.array_equal(y, v) for (x, y), (u, v) in zip(a, b))


def _variants(image: np.ndarray, reach: int, flip: bool) -> dict[bytes, tuple[int, int, bool]]:
    """Every image that a shift by up to `reach` pixels, zeros moving in, and a mirror can make."""
    height, width, _ = image.shape
    found = {}
    for down in range(-reach, reach + 1):
        for right in range(-reach, reach + 1):
            moved = np.zeros_like(image)
            for row in range(height):
                for column in range(width):
                    if 0 <= row + down < height and 0 <= column + right < width:
                        moved[row, column] = image[row + down, column + right]
            found[moved.tobytes()] = (down, right, False)
            if flip:
                found[moved[:, ::-1].tobytes()] = (down, right, True)
    return found


def test_shapes_and_order_of_evaluation():
    data = _data()
    for split, part in (("validation", data.validation), (Split.TEST, data.test)):
        batches = dataset(data, split, batch_size=4, pad_crop=2, flip=True, cutout=2, seed=5)
        assert batches.element_spec[0].shape == (None, 6, 5, 3) and batches.element_spec[0].dtype == tf.float32
        assert int(batches.cardinality()) == 3
        read = _epoch(batches)
        assert [len(x) for x, _ in read] == [4, 4, len(part) - 8]
        assert np.array_equal(np.concatenate([x for x, _ in read]), part.x.astype("float32"))
        assert np.array_equal(np.concatenate([y for _, y in read]), part.y)


def test_every_epoch_has_every_example_in_another_order():
    data = _data(50)
    batches = dataset(data, batch_size=8)
    epochs = [_epoch(batches) for _ in range(3)]
    whole = {image.astype("float32").tobytes(): label for image, label in zip(data.train.x, data.train.y)}
    for epoch in epochs:
        read = [(image.tobytes(), label) for x, y in epoch for image, label in zip(x, y)]
        assert len(read) == 50 and dict(read) == whole
    assert not _equal(epochs[0], epochs[1]) and not _equal(epochs[1], epochs[2])


def test_the_seed_decides_and_the_global_one_does_not():
    options = {"batch_size": 4, "pad_crop": 1, "flip": True, "cutout": 2}
    runs = []
    for number, seed in enumerate((3, 3, 4)):
        tf.random.set_seed(number)
        np.random.seed(number)
        batches = dataset(_data(), seed=seed, **options)
        runs.append([_epoch(batches), _epoch(batches)])
    assert all(_equal(a, b) for a, b in zip(runs[0], runs[1]))
    assert not _equal(runs[0][0], runs[2][0])


@pytest.mark.parametrize(("pad_crop", "flip"), [(0, True), (1, False), (2, True), (7, False)])
def test_augmented_images_are_shifted_and_mirrored_versions(pad_crop, flip):
    data = _data(8)
    variants = [_variants(image.astype("float32"), pad_crop, flip) for image in data.train.x]
    batches = dataset(data, batch_size=3, pad_crop=pad_crop, flip=flip)
    seen = set()
    for _ in range(40):
        for x, y in _epoch(batches):
            for image, label in zip(x, y):
                sources = [k for k, found in enumerate(variants) if image.tobytes() in found]
                assert sources and any(data.train.y[k] == label for k in sources)
                seen.add(variants[sources[0]][image.tobytes()])
    possible = (2 * pad_crop + 1) ** 2 * (1 + flip)
    assert len(seen) == possible if possible < 60 else len(seen) > 60


def test_shifts_and_mirrors_are_drawn_evenly():
    x = np.zeros((2000, 5, 5, 1), np.uint8)
    x[:, 2, 1] = 1  # left of the middle
    part = Examples(x, np.arange(2000) % 2, Split.TRAIN)
    data = ImageData(part, Examples(x, part.y, Split.VALIDATION), None, ("a", "b"), "toy")
    ((images, _),) = _epoch(dataset(data, batch_size=2000, pad_crop=1, flip=True))
    _, row, column, _ = np.nonzero(images)
    # Columns 0 to 2 where it is not mirrored, 2 to 4 where it is: 1/6, 1/6, 1/3, 1/6, 1/6.
    # Standard deviations are 17, 17, 21, 17 and 17 of 2,000; five of them hold.
    assert np.abs(np.bincount(row, minlength=5) - [0, 667, 667, 667, 0]).max() < 106
    assert np.abs(np.bincount(column, minlength=5) - [333, 333, 667, 333, 333]).max() < 106


@pytest.mark.parametrize("side", [1, 2, 3, 20])
def test_cutout_blanks_one_square(side):
    data = _data(30)
    sources = {image.tobytes(): image for image in data.train.x.astype("float32")}
    corners = set()
    for x, _ in _epoch(dataset(data, batch_size=7, cutout=side)):
        for image in x:
            blank = (image == 0).all(axis=-1)
            assert ((image == 0).any(axis=-1) == blank).all() and blank.any()
            rows, columns = np.flatnonzero(blank.any(axis=1)), np.flatnonzero(blank.any(axis=0))
            assert blank[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1].all()
            assert np.ptp(rows) < side and np.ptp(columns) < side
            # Less than the whole square only where it reaches over the border.
            assert len(rows) == min(side, 6) or rows[0] == 0 or rows[-1] == 5
            assert len(columns) == min(side, 5) or columns[0] == 0 or columns[-1] == 4
            matches = [s for s in sources.values() if np.array_equal(s[~blank], image[~blank])]
            assert matches
            corners.add((rows[0], columns[0]))
    assert side == 20 or len(corners) > 5


def test_normalisation_by_the_training_images():
    data = _data(40)
    x = data.train.x.astype("float64")
    mean, deviation = x.mean(axis=(0, 1, 2)), x.std(axis=(0, 1, 2))
    for split, part in (("train", data.train), ("validation", data.validation)):
        read = np.concatenate([x for x, _ in _epoch(dataset(data, split, normalize=True, batch_size=16))])
        expected = (part.x - mean) / deviation
        if split == "train":
            assert np.allclose(read.mean(axis=(0, 1, 2)), 0, atol=1e-4) and np.allclose(
                read.std(axis=(0, 1, 2)), 1, atol=1e-4
            )
        else:
            assert np.allclose(read, expected, atol=1e-4)


def test_a_constant_channel_does_not_divide_by_zero():
    x = np.full((4, 3, 3, 1), 7, np.uint8)
    parts = {split.value: Examples(x, np.arange(4) % 2, split) for split in Split}
    data = ImageData(**parts, class_names=("a", "b"), name="toy")
    ((images, _),) = _epoch(dataset(data, normalize=True))
    assert (images == 0).all()


def test_resizing_comes_before_the_crop():
    level = np.arange(1, 9, dtype=np.uint8) * 30
    x = np.broadcast_to(level[:, None, None, None], (8, 4, 4, 3)).copy()
    parts = {split.value: Examples(x, np.arange(8) % 2, split) for split in Split}
    data = ImageData(**parts, class_names=("a", "b"), name="toy")
    batches = dataset(data, batch_size=8, resize=10, pad_crop=3)
    assert batches.element_spec[0].shape == (None, 10, 10, 3)
    ((images, _),) = _epoch(batches)
    frames = {int((image[:, :, 0] == 0).sum(axis=0).min()) for image in images}
    assert len(frames) > 1 and max(frames) <= 3  # rows of zeros in single pixels of the larger image
    for image in images:
        assert len(np.unique(np.round(image[image > 0]))) == 1


def test_no_test_split_and_wrong_arguments():
    data = _data()
    with pytest.raises(DataError, match="split of toy: expected one of train, validation, test; received 'valid'"):
        dataset(data, "valid")
    wrong = {"batch_size": 0, "seed": -1, "pad_crop": 1.5, "cutout": -2, "resize": 0, "flip": 2, "normalize": "yes"}
    for name, value in wrong.items():
        with pytest.raises(ConfigError, match=name):
            dataset(data, **{name: value})


def test_keras_trains_with_it():
    import keras

    data = _data(40)
    model = keras.Sequential([keras.Input((6, 5, 3)), keras.layers.Flatten(), keras.layers.Dense(2)])
    model.compile("sgd", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    options = {"batch_size": 8, "normalize": True}
    batches = dataset(data, pad_crop=1, flip=True, **options)
    history = model.fit(batches, validation_data=dataset(data, "validation", **options), epochs=3, verbose=0)
    assert len(history.history["val_loss"]) == 3 and np.isfinite(history.history["val_loss"]).all()


def test_regression_targets_and_memory_maps(tmp_path):
    np.save(tmp_path / "x.npy", _data().train.x)
    x = np.load(tmp_path / "x.npy", mmap_mode="r")
    y = np.random.default_rng(0).random((10, 2), np.float32)
    data = ImageData(Examples(x, y, Split.TRAIN), Examples(x, y, Split.VALIDATION), None, (), "toy")
    ((images, targets),) = _epoch(dataset(data, "validation"))
    assert np.array_equal(images, x.astype("float32")) and np.array_equal(targets, y)

"""Images with labels are checked once, where they enter."""

from __future__ import annotations

import numpy as np
import pytest

from tfnas.data import Examples, ImageData
from tfnas.data.images import check_classes, check_labels
from tfnas.errors import DataError
from tfnas.trial import Split


def _x(count: int = 6, shape: tuple[int, ...] = (4, 5, 3), dtype: str = "uint8") -> np.ndarray:
    return np.zeros((count, *shape), dtype)


def _examples(split: Split, count: int = 6, shape: tuple[int, ...] = (4, 5, 3), y: np.ndarray | None = None):
    return Examples(_x(count, shape), np.arange(count) % 2 if y is None else y, split)


def _data(**changes) -> ImageData:
    fields = {split.value: _examples(split) for split in Split}
    return ImageData(**{**fields, "class_names": ("a", "b"), "name": "toy", **changes})


@pytest.mark.parametrize("dtype", ["uint8", "float16", "float32", "float64"])
def test_image_dtypes_are_kept(dtype):
    examples = Examples(_x(dtype=dtype), np.arange(6) % 2, Split.TRAIN)
    assert examples.x.dtype == dtype and len(examples) == 6


def test_lists_become_arrays():
    examples = Examples([[[[0.5]]]], [1], Split.TEST)
    assert examples.x.shape == (1, 1, 1, 1) and examples.y.tolist() == [1]


@pytest.mark.parametrize("y", [np.zeros(6, "float32"), np.zeros((6, 3)), np.zeros(6, "uint8"), np.zeros(6, "int32")])
def test_targets_of_all_kinds(y):
    assert Examples(_x(), y, Split.TRAIN).y is y


@pytest.mark.parametrize("shape", [(6,), (6, 4), (6, 4, 5), (6, 4, 5, 3, 1)])
def test_rank(shape):
    with pytest.raises(DataError, match=r"train images: expected four axes.*images\[..., None\]"):
        Examples(np.zeros(shape, "uint8"), np.zeros(6, int), Split.TRAIN)


@pytest.mark.parametrize("dtype", ["int8", "int32", "int64", "uint16", "bool", "complex64", "U3"])
def test_image_dtype(dtype):
    with pytest.raises(DataError, match=rf"validation images: expected dtype uint8.*{np.dtype(dtype)}.*astype"):
        Examples(_x(dtype=dtype), np.zeros(6, int), Split.VALIDATION)


@pytest.mark.parametrize("shape", [(0, 4, 5, 3), (6, 0, 5, 3), (6, 4, 5, 0)])
def test_no_images_or_pixels(shape):
    with pytest.raises(DataError, match="at least one image of at least one pixel"):
        Examples(np.zeros(shape, "uint8"), np.zeros(shape[0], int), Split.TRAIN)


@pytest.mark.parametrize("y", [np.zeros((6, 2, 2), int), np.int64(3), np.array(["cat"] * 6), np.zeros(6, bool)])
def test_label_kinds(y):
    with pytest.raises(DataError, match="test labels: expected integer class labels.*argmax"):
        Examples(_x(), y, Split.TEST)


def test_numbers_of_images_and_labels():
    with pytest.raises(DataError, match="train split: expected 6 labels, one an image; received 5"):
        Examples(_x(), np.zeros(5, int), Split.TRAIN)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_values_that_are_not_finite_are_located(value):
    x = _x(dtype="float32")
    x[4, 1, 2, 0] = value
    with pytest.raises(DataError, match="train images: expected finite values; received nan or inf in example 4"):
        Examples(x, np.zeros(6, int), Split.TRAIN)
    y = np.zeros(6)
    y[2] = value
    with pytest.raises(DataError, match="train labels: expected finite values; received nan or inf in example 2"):
        Examples(_x(), y, Split.TRAIN)


def test_memory_maps_stay_memory_maps(tmp_path):
    np.save(tmp_path / "x.npy", _x())
    examples = Examples(np.load(tmp_path / "x.npy", mmap_mode="r"), np.zeros(6, int), Split.TRAIN)
    assert isinstance(examples.x, np.memmap)


def test_image_data():
    data = _data()
    assert data.input_shape == (4, 5, 3) and all(type(size) is int for size in data.input_shape)
    assert data.num_classes == 2 and data.splits == (data.train, data.validation, data.test)
    assert [part.split for part in _data(test=None).splits] == [Split.TRAIN, Split.VALIDATION]


def test_what_is_printed_is_one_short_line():
    data = _data()
    assert repr(data.train) == "Examples(train, x uint8 (6, 4, 5, 3), y int64 (6,))"
    assert repr(data) == "ImageData('toy', uint8 images of (4, 5, 3), train 6, validation 6, test 6, 2 classes)"
    parts = {split.value: _examples(split, y=np.zeros((6, 2))) for split in Split}
    assert repr(_data(**{**parts, "test": None}, class_names=())) == (
        "ImageData('toy', uint8 images of (4, 5, 3), train 6, validation 6, regression)"
    )


def test_two_data_sets_can_be_compared():
    data = _data()
    assert data == data and data != _data() and data.train != _data().train
    assert len({data, _data(), data}) == 2


def test_splits_of_different_image_shapes():
    with pytest.raises(DataError, match=r"validation images of toy: expected shape \(4, 5, 3\).*\(4, 4, 3\)"):
        _data(validation=_examples(Split.VALIDATION, shape=(4, 4, 3)))


@pytest.mark.parametrize("label", [-1, 2, 300])
def test_labels_outside_the_classes(label):
    y = np.array([0, 1, 0, label, label, 1])
    message = rf"test labels: expected integers from 0 to 1; received {label} at position 3 \(2 of 6"
    with pytest.raises(DataError, match=message):
        _data(test=_examples(Split.TEST, y=y))


@pytest.mark.parametrize("y", [np.zeros(6, "float32"), np.zeros((6, 2), int)])
def test_targets_that_are_no_class_labels(y):
    with pytest.raises(DataError, match="train labels: expected integer class labels"):
        check_labels(_examples(Split.TRAIN, y=y), 2)


def test_one_class_is_refused():
    with pytest.raises(DataError, match="classes of toy: expected at least two; received one, 'a'"):
        _data(class_names=("a",))
    check_classes((), "regression")
    check_classes(("a", "b"), "toy")


def test_regression_has_no_classes():
    parts = {split.value: _examples(split, y=np.zeros((6, 2))) for split in Split}
    assert _data(**parts, class_names=()).num_classes == 0


def test_regression_targets_of_different_widths():
    parts = {split.value: _examples(split, y=np.zeros((6, 2))) for split in Split}
    parts["test"] = _examples(Split.TEST, y=np.zeros((6, 3)))
    with pytest.raises(DataError, match=r"test targets of toy: expected shape \(2,\) an example.*\(3,\)"):
        _data(**parts, class_names=())

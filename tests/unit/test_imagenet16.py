"""ImageNet16 in its published batches."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

from tfnas.data import from_imagenet16, load
from tfnas.errors import ConfigError, DataError

_NAMES = [*(f"train_data_batch_{k}" for k in range(1, 11)), "val_data"]


def _batch(seed: int, count: int = 260) -> dict:
    rng = np.random.default_rng(seed)
    labels = (np.arange(count) % 130 + 1).tolist()
    return {"data": rng.integers(0, 256, (count, 768), np.uint8), "labels": labels, "mean": rng.random(768)}


@pytest.fixture
def root(tmp_path):
    for seed, name in enumerate(_NAMES):
        (tmp_path / name).write_bytes(pickle.dumps(_batch(seed), protocol=2))
    return tmp_path


def test_first_classes_and_halves(root):
    data = load(root, seed=1)
    assert data.name == "imagenet16-120" and data.input_shape == (16, 16, 3) and data.num_classes == 120
    assert [len(part) for part in data.splits] == [2400, 120, 120]
    assert all((np.bincount(part.y) == len(part) // 120).all() for part in data.splits)
    # The training images as given: channels first, labels from one.
    given = [_batch(seed) for seed in range(10)]
    x = np.concatenate([batch["data"] for batch in given])
    y = np.concatenate([batch["labels"] for batch in given])
    assert np.array_equal(data.train.y, y[y <= 120] - 1)
    for k, row in enumerate(x[y <= 120][:50]):
        for channel in range(3):
            assert np.array_equal(data.train.x[k, :, :, channel].ravel(), row[256 * channel : 256 * (channel + 1)])
    # Both halves together are the held-out images.
    held_out = _batch(10)
    kept = np.array(held_out["labels"]) <= 120
    pixels = {row.reshape(3, 256).T.tobytes() for row in held_out["data"][kept]}
    halves = [{image.tobytes() for image in part.x} for part in (data.validation, data.test)]
    assert halves[0] | halves[1] == pixels and not halves[0] & halves[1]
    assert not np.array_equal(load(root, seed=2).test.x, data.test.x)


def test_another_number_of_classes(root):
    assert from_imagenet16(root, first_classes=7).num_classes == 7
    assert load(root, classes=5).num_classes == 5
    for wrong in (1, 0, 1001, 2.0):
        with pytest.raises(ConfigError, match="first_classes: expected an integer from 2 to 1000"):
            from_imagenet16(root, first_classes=wrong)


def test_the_protocol_needs_all_images(root):
    with pytest.raises(DataError, match="ImageNet16-120 as published: 151700 train images and 6000 test.*2400 train"):
        load(root, protocol="nasbench201")


def test_missing_batches(root):
    (root / "train_data_batch_3").unlink()
    (root / "val_data").unlink()
    with pytest.raises(DataError, match="received no train_data_batch_3, val_data"):
        load(root)


def test_a_batch_that_was_cut_short(root):
    path = root / "train_data_batch_2"
    whole = path.read_bytes()
    for content in (b"", whole[:100], whole[: len(whole) // 2], b"not a pickle"):
        path.write_bytes(content)
        with pytest.raises(DataError, match="train_data_batch_2"):
            load(root)


class _Harmful:
    def __reduce__(self):
        return (exec, ("raise SystemExit",))


@pytest.mark.parametrize(
    "value",
    [
        [1, 2],
        {"data": np.zeros((4, 768), np.uint8)},
        {"data": np.zeros((4, 3072), np.uint8), "labels": [1, 2, 3, 4]},
        {"data": np.zeros((4, 768), np.float32), "labels": [1, 2, 3, 4]},
        {"data": np.zeros((4, 768), np.uint8), "labels": [1, 2, 3]},
        {"data": np.zeros((4, 768), np.uint8), "labels": [0, 1, 2, 3]},
        {"data": np.zeros((4, 768), np.uint8), "labels": [1, 2, 3, 1001]},
        {"data": np.zeros((4, 768), np.uint8), "labels": [1.0, 2.0, 3.0, 4.0]},
        {"data": np.zeros((4, 768), np.uint8), "labels": [[1], [2, 3], [4], [5]]},
        {"data": np.zeros((4, 768), np.uint8), "labels": _Harmful()},
    ],
)
def test_batches_of_something_else(root, value):
    (root / "train_data_batch_4").write_bytes(pickle.dumps(value, protocol=2))
    with pytest.raises(DataError, match="train_data_batch_4"):
        load(root)


@pytest.mark.parametrize("names", [(), ("train_data_batch_1",), ("val_data",)])
def test_an_incomplete_folder_by_name(monkeypatch, tmp_path, names):
    (tmp_path / "imagenet16").mkdir()
    for name in names:
        (tmp_path / "imagenet16" / name).write_bytes(b"x")
    monkeypatch.chdir(tmp_path)
    missing = ", ".join(name for name in _NAMES if name not in names)
    message = f"expected train_data_batch_1 to train_data_batch_10 and val_data; received no {missing}"
    with pytest.raises(DataError, match=message):
        load("imagenet16")

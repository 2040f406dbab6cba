"""Data sets through ``keras.datasets``."""

from __future__ import annotations

import gzip
import types

import numpy as np
import pytest

from tfnas.data import from_keras, load
from tfnas.data.keras_datasets import NAMES
from tfnas.errors import ConfigError, DataError

_SHAPES = {"mnist": (28, 28), "fashion_mnist": (28, 28), "cifar10": (32, 32, 3), "cifar100": (32, 32, 3)}


def _arrays(name: str, count: int, seed: int):
    classes = 100 if name == "cifar100" else 10
    x = np.random.default_rng(seed).integers(0, 256, (count, *_SHAPES[name]), np.uint8)
    y = (np.arange(count) % classes).astype(np.uint8)
    return x, y[:, None] if name.startswith("cifar") else y


@pytest.fixture
def keras(monkeypatch):
    """Stands in for ``keras.datasets``, with a few images."""
    sets = {
        name: types.SimpleNamespace(load_data=lambda name=name: (_arrays(name, 500, 0), _arrays(name, 200, 1)))
        for name in NAMES
    }
    monkeypatch.setattr(
        "tfnas.data.keras_datasets.keras3", lambda: types.SimpleNamespace(datasets=types.SimpleNamespace(**sets))
    )
    monkeypatch.delenv("TFNAS_OFFLINE", raising=False)


@pytest.mark.parametrize("name", NAMES)
def test_published_test_images_are_the_test_split(keras, name):
    data = load(name, validation=0.2, seed=3)
    (x_train, y_train), (x_test, y_test) = _arrays(name, 500, 0), _arrays(name, 200, 1)
    assert np.array_equal(data.test.x.reshape(x_test.shape), x_test)
    assert np.array_equal(data.test.y, y_test.reshape(-1)) and data.test.y.dtype == np.int64
    assert [len(part) for part in data.splits] == [400, 100, 200]
    assert data.num_classes == y_train.max() + 1 == len(set(data.class_names))
    assert data.input_shape == (*_SHAPES[name], 1)[:3]
    labels = {image.tobytes(): int(label) for image, label in zip(x_train, y_train.reshape(-1))}
    for part in data.splits[:2]:
        assert [labels[image.tobytes()] for image in part.x] == part.y.tolist()
    assert data.provenance["source"] == f"keras.datasets.{name}" and data.provenance["test"] == "given"


def test_class_names_are_sorted_where_the_published_ones_are(keras):
    assert list(load("cifar100").class_names) == sorted(load("cifar100").class_names)
    assert load("cifar10").class_names[3] == "cat" and load("fashion_mnist").class_names[9] == "ankle boot"


def test_some_classes(keras):
    assert load("cifar100", classes=20, class_seed=1).num_classes == 20


def test_arrays_are_not_resized(keras):
    with pytest.raises(ConfigError, match="image_size: expected none, since only folders"):
        load("cifar10", image_size=16)


def test_without_a_network_the_error_says_which_file_goes_where(monkeypatch, tmp_path):
    def fail():
        raise Exception("URL fetch failure on https://somewhere: None -- no route to host")

    sets = types.SimpleNamespace(**{name: types.SimpleNamespace(load_data=fail) for name in NAMES})
    monkeypatch.setattr("tfnas.data.keras_datasets.keras3", lambda: types.SimpleNamespace(datasets=sets))
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    monkeypatch.delenv("TFNAS_OFFLINE", raising=False)
    message = (
        f"URL fetch failure.*download https.*cifar-10-python.tar.gz as {tmp_path}/datasets/cifar-10-batches-py_archive"
    )
    with pytest.raises(DataError, match=message):
        from_keras("cifar10")
    with pytest.raises(DataError, match=f"mnist.npz as {tmp_path}/datasets/mnist.npz"):
        from_keras("mnist")
    with pytest.raises(DataError, match=f"t10k-images-idx3-ubyte.gz as {tmp_path}/datasets/fashion-mnist/t10k"):
        from_keras("fashion_mnist")


def test_offline_nothing_is_tried(monkeypatch, tmp_path):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    monkeypatch.setenv("TFNAS_OFFLINE", "1")
    monkeypatch.setattr("tfnas.data.keras_datasets.keras3", None)
    with pytest.raises(DataError, match="received TFNAS_OFFLINE is set"):
        from_keras("mnist")


def test_the_real_keras_reads_a_file_put_there_by_hand(monkeypatch, tmp_path):
    keras = pytest.importorskip("keras")
    for part in ("train", "t10k"):
        count = 40 if part == "train" else 20
        x, y = np.zeros((count, 28, 28), np.uint8), (np.arange(count) % 10).astype(np.uint8)
        folder = tmp_path / "datasets" / "fashion-mnist"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{part}-images-idx3-ubyte.gz").write_bytes(gzip.compress(bytes(16) + x.tobytes()))
        (folder / f"{part}-labels-idx1-ubyte.gz").write_bytes(gzip.compress(bytes(8) + y.tobytes()))
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    monkeypatch.setattr("keras.src.backend.config.keras_home", lambda: str(tmp_path))
    monkeypatch.setattr("keras.src.backend.config._KERAS_DIR", str(tmp_path), raising=False)
    monkeypatch.setenv("TFNAS_OFFLINE", "1")
    data = from_keras("fashion_mnist", validation=0.25)
    assert keras.__version__ and [len(part) for part in data.splits] == [30, 10, 20]

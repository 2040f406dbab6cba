"""Data sets through ``keras.datasets``."""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import pickle
import tarfile
import types
from dataclasses import replace

import numpy as np
import pytest

from tests.keras_home import set_keras_home
from tfnas.data import from_keras, keras_datasets, load
from tfnas.data.keras_datasets import NAMES, stored, wanted
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
    set_keras_home(monkeypatch, tmp_path)
    monkeypatch.delenv("TFNAS_OFFLINE", raising=False)
    message = (
        "URL fetch failure.*download https.*cifar-10-python.tar.gz as "
        f"{tmp_path}/datasets/cifar-10-batches-py-target_archive"
    )
    with pytest.raises(DataError, match=message):
        from_keras("cifar10")
    with pytest.raises(DataError, match=f"mnist.npz as {tmp_path}/datasets/mnist.npz"):
        from_keras("mnist")
    with pytest.raises(DataError, match=f"t10k-images-idx3-ubyte.gz as {tmp_path}/datasets/fashion-mnist/t10k"):
        from_keras("fashion_mnist")


def test_offline_nothing_is_tried(monkeypatch, tmp_path):
    set_keras_home(monkeypatch, tmp_path)
    monkeypatch.setenv("TFNAS_OFFLINE", "1")
    monkeypatch.setattr("tfnas.data.keras_datasets.keras3", None)
    with pytest.raises(DataError, match="received TFNAS_OFFLINE is set, and there is no file .*mnist.npz"):
        from_keras("mnist")


@pytest.fixture
def home(monkeypatch, tmp_path):
    """Keras's folder, also for a Keras that is loaded, with a network that must not be used."""
    pytest.importorskip("keras")
    set_keras_home(monkeypatch, tmp_path)
    monkeypatch.setattr("keras.src.backend.config._KERAS_DIR", str(tmp_path))

    def refuse(url, *_):
        raise AssertionError(f"the network was used for {url}")

    monkeypatch.setattr("keras.src.utils.file_utils.urlretrieve", refuse)
    return tmp_path / "datasets"


def _put(home, name: str, content: bytes = b"content") -> None:
    for file in wanted(name):
        (home / file).parent.mkdir(parents=True, exist_ok=True)
        (home / file).write_bytes(content)


def _publish(monkeypatch, name: str, content: bytes) -> None:
    """Makes the checksum of a content the published one."""
    class_names, files = keras_datasets._SETS[name]
    known = tuple(replace(file, sha256=hashlib.sha256(content).hexdigest()) for file in files)
    monkeypatch.setitem(keras_datasets._SETS, name, (class_names, known))


@pytest.mark.filterwarnings("ignore:Could not extract")
@pytest.mark.parametrize("name", NAMES)
def test_the_real_keras_looks_for_the_files_that_are_named(monkeypatch, home, name):
    import keras

    asked: list[tuple[str, str]] = []
    checksums: list[str] = []

    def retrieve(url, target, *_):
        asked.append((url, target))
        with open(target, "wb"):
            pass

    def validate(path, checksum, **_):
        checksums.append(checksum)
        return True

    monkeypatch.setattr("keras.src.utils.file_utils.urlretrieve", retrieve)
    monkeypatch.setattr("keras.src.utils.file_utils.validate_file", validate)
    with contextlib.suppress(EOFError, ValueError, FileNotFoundError):  # there is nothing in the files
        getattr(keras.datasets, name).load_data()
    _, files = keras_datasets._SETS[name]
    assert asked == [(file.url, str(home / file.name)) for file in files]
    assert checksums == [file.sha256 for file in files if file.sha256]


def test_stored_is_what_is_whole(monkeypatch, home):
    for name in NAMES:
        assert stored(name) is None
        _put(home, name, b"")
        assert stored(name) is None
        _put(home, name)
        assert (stored(name) is None) == (name != "fashion_mnist")  # others have a checksum that this is not
        _publish(monkeypatch, name, b"content")
        assert stored(name) == (home / "fashion-mnist" if name == "fashion_mnist" else home / wanted(name)[0])
    (home / wanted("fashion_mnist")[2]).unlink()
    assert stored("fashion_mnist") is None


def test_the_unpacked_folder_alone_is_not_enough(home):
    for folder in ("cifar-10-batches-py-target/cifar-10-batches-py", "cifar-100-python-target/cifar-100-python"):
        (home / folder).mkdir(parents=True)
        (home / folder / "data_batch_1").write_bytes(b"x")
    assert stored("cifar10") is None and stored("cifar100") is None


def test_a_folder_that_keras_passes_over(monkeypatch, home):
    _put(home, "mnist")
    _publish(monkeypatch, "mnist", b"content")
    assert stored("mnist") is not None
    monkeypatch.setattr("os.access", lambda path, mode: path != home.parent)  # Keras then takes another folder
    assert stored("mnist") is None
    monkeypatch.setenv("TFNAS_OFFLINE", "1")
    with pytest.raises(DataError, match="no right to write in"):
        from_keras("mnist")


@pytest.mark.parametrize("name", NAMES)
def test_offline_something_else_is_refused_before_keras_is_called(monkeypatch, home, name):
    monkeypatch.setenv("TFNAS_OFFLINE", "1")
    monkeypatch.setattr("tfnas.data.keras_datasets.keras3", None)
    if name == "fashion_mnist":
        _put(home, name, b"")
        message = "no file .*train-labels"
    else:
        _put(home, name, b"another content")
        message = f"{home / wanted(name)[0]} with another SHA-256 than the published file"
    with pytest.raises(DataError, match=message):
        from_keras(name)


def test_offline_stored_data_load_without_the_network(monkeypatch, home):
    monkeypatch.setenv("TFNAS_OFFLINE", "1")
    monkeypatch.setattr("keras.src.utils.file_utils.validate_file", lambda *_, **__: True)
    home.mkdir()
    (x, y), (x_test, y_test) = _arrays("mnist", 50, 0), _arrays("mnist", 20, 1)
    np.savez(home / "mnist.npz", x_train=x, y_train=y, x_test=x_test, y_test=y_test)
    _publish(monkeypatch, "mnist", (home / "mnist.npz").read_bytes())
    assert np.array_equal(from_keras("mnist").test.x[..., 0], x_test)


def test_the_real_keras_reads_files_put_there_by_hand(monkeypatch, home):
    for part in ("train", "t10k"):
        count = 40 if part == "train" else 20
        x, y = np.zeros((count, 28, 28), np.uint8), (np.arange(count) % 10).astype(np.uint8)
        folder = home / "fashion-mnist"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{part}-images-idx3-ubyte.gz").write_bytes(gzip.compress(bytes(16) + x.tobytes()))
        (folder / f"{part}-labels-idx1-ubyte.gz").write_bytes(gzip.compress(bytes(8) + y.tobytes()))
    monkeypatch.setenv("TFNAS_OFFLINE", "1")
    data = from_keras("fashion_mnist", validation=0.25)
    assert [len(part) for part in data.splits] == [30, 10, 20]


def test_an_archive_put_there_by_hand(monkeypatch, home, tmp_path):
    inner = tmp_path / "cifar-100-python"
    inner.mkdir()
    rng = np.random.default_rng(0)
    pixels = {}
    for part, count in (("train", 200), ("test", 100)):
        pixels[part] = rng.integers(0, 256, (count, 3 * 32 * 32), np.uint8)
        labels = [k % 100 for k in range(count)]
        content = {b"data": pixels[part], b"fine_labels": labels}
        (inner / part).write_bytes(pickle.dumps(content, protocol=3))
    home.mkdir()
    with tarfile.open(home / wanted("cifar100")[0], "w:gz") as archive:
        archive.add(inner, inner.name)
    _publish(monkeypatch, "cifar100", (home / wanted("cifar100")[0]).read_bytes())
    monkeypatch.setattr("keras.src.utils.file_utils.validate_file", lambda *_, **__: True)
    monkeypatch.setenv("TFNAS_OFFLINE", "1")
    data = from_keras("cifar100", validation=0.5)
    assert [len(part) for part in data.splits] == [100, 100, 100]
    assert np.array_equal(data.test.x, pixels["test"].reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1))

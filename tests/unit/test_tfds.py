"""Entries of TensorFlow Datasets, by a stand-in for the package."""

from __future__ import annotations

import dataclasses
import sys
import types

import numpy as np
import pytest

from tfnas.data import from_tfds, load, protocols
from tfnas.errors import ConfigError, DataError, DependencyError


def _image(seed: int, shape=(6, 5, 3)) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, shape, np.uint8)


def _split(count: int, start: int = 0, shape=(6, 5, 3)):
    return [(_image(start + k, shape), np.int64(k % 2)) for k in range(count)]


@pytest.fixture
def catalogue(monkeypatch):
    """A module with one entry, whose splits and features can be set."""
    module = types.ModuleType("tensorflow_datasets")
    module.splits = {"train": _split(20), "test": _split(4, 100)}
    module.features = {"label": types.SimpleNamespace(names=["cat", "dog"])}
    module.asked = []

    def fetch(name, *, as_supervised, with_info, download):
        module.asked.append((name, download))
        if name != "pets":
            raise KeyError(f"Dataset {name} not found")
        sizes = {key: types.SimpleNamespace(num_examples=len(split)) for key, split in module.splits.items()}
        return module.splits, types.SimpleNamespace(splits=sizes, features=module.features, full_name="pets/1.0.0")

    module.load, module.as_numpy = fetch, iter
    monkeypatch.setitem(sys.modules, "tensorflow_datasets", module)
    monkeypatch.delenv("TFNAS_OFFLINE", raising=False)
    return module


def test_splits_and_names(catalogue):
    data = load("tfds:pets", validation=0.2)
    assert data.class_names == ("cat", "dog") and [len(part) for part in data.splits] == [16, 4, 4]
    assert all(np.array_equal(data.test.x[k], _image(100 + k)) for k in range(4)) and data.test.y.tolist() == [
        0,
        1,
        0,
        1,
    ]
    labels = {_image(k).tobytes(): k % 2 for k in range(20)}
    for part in data.splits[:2]:
        assert [labels[image.tobytes()] for image in part.x] == part.y.tolist()
    assert data.provenance["source"] == "tfds:pets" and data.provenance["version"] == "pets/1.0.0"
    catalogue.splits["validation"] = _split(6, 200)
    assert [len(part) for part in load("tfds:pets").splits] == [20, 6, 4]


def test_resizing(catalogue):
    catalogue.splits["train"][3] = (_image(3, (9, 9, 3)), np.int64(1))
    with pytest.raises(DataError, match=r"image sizes of tfds:pets.*\(6, 5\) and \(9, 9\).*image_size"):
        load("tfds:pets")
    assert load("tfds:pets", image_size=(4, 3)).input_shape == (4, 3, 3)
    catalogue.splits = {"train": _split(20, shape=(6, 6, 1))}
    assert load("tfds:pets", image_size=4).input_shape == (4, 4, 1)


def test_a_study_that_resizes_asks_for_a_size(catalogue, monkeypatch):
    study = dataclasses.replace(protocols.get("graphpnas_randwire", 200), classes=2, train=20, held_out=4)
    monkeypatch.setattr(protocols, "PROTOCOLS", (study,))
    with pytest.raises(ConfigError, match="expected image_size, since the study resizes to 224"):
        load("tfds:pets", protocol="graphpnas_randwire")
    assert load("tfds:pets", protocol="graphpnas_randwire", image_size=3).input_shape == (3, 3, 3)


def test_memory_limit(catalogue):
    with pytest.raises(DataError, match="at most 0.00 MiB of decoded pixels.*20 images of 6x5 pixels, 3 bytes each"):
        from_tfds("pets", memory_limit=1799)
    from_tfds("pets", memory_limit=1800)


def test_offline_nothing_is_downloaded(catalogue, monkeypatch):
    load("tfds:pets")
    monkeypatch.setenv("TFNAS_OFFLINE", "1")
    load("tfds:pets")
    assert catalogue.asked == [("pets", True), ("pets", False)]


def test_what_cannot_be_used(catalogue):
    with pytest.raises(DataError, match="data set tfds:cars: .*KeyError.*cars not found"):
        load("tfds:cars")
    catalogue.features = {}
    with pytest.raises(DataError, match="expected class labels and a split 'train'; received 0 classes"):
        load("tfds:pets")
    catalogue.features = {"label": types.SimpleNamespace(names=["cat", "dog"])}
    catalogue.splits = {"test": _split(4)}
    with pytest.raises(DataError, match="received 2 classes and the splits test"):
        load("tfds:pets")
    catalogue.splits = {"train": [(np.zeros((4, 4, 3), np.uint16), 0)] * 4}
    with pytest.raises(DataError, match="images of tfds:pets: expected uint8 of three axes; received uint16"):
        load("tfds:pets")
    with pytest.raises(DataError, match="'nasbench201': expected CIFAR-10"):
        load("tfds:pets", protocol="nasbench201")


def test_without_the_package(monkeypatch):
    monkeypatch.setitem(sys.modules, "tensorflow_datasets", None)
    with pytest.raises(DependencyError, match="pip install tensorflow-datasets"):
        load("tfds:pets")

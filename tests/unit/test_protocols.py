"""Splits and augmentation of published studies."""

from __future__ import annotations

import json
import types

import numpy as np
import pytest
from PIL import Image

from tfnas.data import from_folder, load, protocols
from tfnas.errors import ConfigError, DataError, UnknownNameError
from tfnas.trial import Split

_SIZES = [
    # study, classes, training, validation and test images as the studies state them
    ("nasbench101", 10, 40_000, 10_000, 10_000),
    ("nasbench201", 10, 25_000, 25_000, 10_000),
    ("nasbench201", 100, 50_000, 5_000, 5_000),
    ("darts", 10, 25_000, 25_000, 10_000),
    ("graphpnas_darts", 10, 40_000, 10_000, 10_000),
    ("ghn", 10, 45_000, 5_000, 10_000),
]


@pytest.fixture
def keras(monkeypatch):
    """Stands in for ``keras.datasets`` with images of one pixel that say which one they are."""

    def loader(classes: int, train: int):
        def numbered(count):
            x = np.zeros((count, 1, 1, 3), np.uint8)
            x[:, 0, 0] = np.stack(
                [np.arange(count) // 65536, np.arange(count) // 256 % 256, np.arange(count) % 256], -1
            )
            return x, (np.arange(count) % classes).astype(np.uint8)[:, None]

        return types.SimpleNamespace(load_data=lambda: (numbered(train), numbered(10_000)))

    sets = types.SimpleNamespace(cifar10=loader(10, 50_000), cifar100=loader(100, 50_000), mnist=loader(10, 60_000))
    monkeypatch.setattr("tfnas.data.keras_datasets.keras3", lambda: types.SimpleNamespace(datasets=sets))


@pytest.mark.parametrize(("name", "classes", "train", "validation", "test"), _SIZES)
def test_published_sizes(keras, name, classes, train, validation, test):
    data = load(f"cifar{classes}", protocol=name, seed=1)
    assert [len(part) for part in data.splits] == [train, validation, test]
    assert all(len(set(np.bincount(part.y, minlength=classes))) == 1 for part in data.splits)
    numbers = [(part.x.reshape(-1, 3).astype(int) @ [65536, 256, 1]).tolist() for part in data.splits]
    held_out = [*numbers[1], *numbers[2]] if classes == 100 else numbers[2]
    trained = numbers[0] if classes == 100 else [*numbers[0], *numbers[1]]
    assert sorted(trained) == list(range(50_000)) and sorted(held_out) == list(range(10_000))
    for part, index in zip(data.splits, numbers):
        assert np.array_equal(part.y, np.array(index) % classes)
    assert data.provenance["protocol"]["name"] == name and data.provenance["seed"] == 1
    json.dumps(data.provenance)
    other = load(f"cifar{classes}", protocol=name, seed=2)
    assert not np.array_equal(other.validation.x, data.validation.x)


def test_a_protocol_refuses_other_data(keras, tmp_path):
    with pytest.raises(DataError, match="'nasbench101': expected CIFAR-10 .10 classes.; received 100 classes"):
        load("cifar100", protocol="nasbench101")
    with pytest.raises(DataError, match="CIFAR-10 as published: 50000 train images and 10000 test.*60000 train"):
        load("mnist", protocol="nasbench201")
    with pytest.raises(DataError, match="CIFAR-10 .* or CIFAR-100 .* or ImageNet16-120 .*; received 200"):
        protocols.get("nasbench201", 200)
    for own in ("digits", tmp_path / "mine.npz"):
        with pytest.raises(ConfigError) as caught:
            load(own, protocol="nasbench201")
        assert "data that 'nasbench201' is for: CIFAR-10 (10 classes) or CIFAR-100" in str(caught.value)
        assert "CIFAR-10, CIFAR-100, ImageNet16-120, Tiny-ImageNet, ImageNet, by name or" in str(caught.value)


@pytest.mark.parametrize("spec", ["cifar10", "digits", "mine.npz", "imagenet16", "tfds:pets", "nowhere"])
@pytest.mark.parametrize("other", [{}, {"classes": 5}, {"image_size": 3}])
def test_an_unknown_protocol_is_named_before_anything_else(spec, other):
    with pytest.raises(UnknownNameError, match="nasbench101, nasbench201, darts.*received 'nasbench301'"):
        load(spec, protocol="nasbench301", **other)


def test_a_size_is_asked_for_where_the_study_resizes():
    study = protocols.get("graphpnas_randwire", 200)
    with pytest.raises(ConfigError, match="'graphpnas_randwire': expected image_size, since the study resizes to 224"):
        study.check_size(None)
    study.check_size(64)
    study.check_size((64, 64))
    for other in protocols.PROTOCOLS:
        assert (other.resize is None) == (other.side is None)
        if other.resize is None:
            other.check_size(None)


@pytest.mark.parametrize("other", [{"validation": 0.1}, {"test": 0.0}, {"classes": 5}])
def test_a_protocol_alone_decides(keras, other):
    with pytest.raises(ConfigError, match="protocol: expected a protocol alone"):
        load("cifar10", protocol="nasbench101", **other)


def test_augmentation_as_stated():
    assert protocols.get("nasbench201", 100).augmentation == {"pad_crop": 4, "flip": True, "resize": None}
    assert protocols.get("nasbench201", 120).augmentation["pad_crop"] == 2
    assert protocols.get("darts", 10).final_cutout == 16
    assert protocols.get("graphpnas_randwire", 200).augmentation == {"pad_crop": 4, "flip": True, "resize": 224}


def test_names_with_a_number_of_classes_are_unique():
    keys = [(protocol.name, protocol.classes) for protocol in protocols.PROTOCOLS]
    assert len(keys) == len(set(keys)) and all(protocol.source for protocol in protocols.PROTOCOLS)


def test_two_published_parts_are_needed():
    study = protocols.get("oneshot_nas_gcn", 1000)
    study.check({Split.TRAIN: 117_000, Split.TEST: 5_000})
    for sizes in ({Split.TRAIN: 5}, {Split.TRAIN: 5, Split.TEST: 5, Split.VALIDATION: 5}):
        with pytest.raises(DataError, match="ImageNet as published: some train images and some test images"):
            study.check(sizes)


def test_a_hundred_classes_of_imagenet(tmp_path):
    image = Image.fromarray(np.zeros((2, 2, 3), np.uint8))
    image.save(tmp_path / "a.png")
    content = (tmp_path / "a.png").read_bytes()
    root = tmp_path / "imagenet"
    for k in range(1000):
        for split, count in (("train", 10), ("val", 2)):
            folder = root / split / f"n{k:08d}"
            folder.mkdir(parents=True)
            for n in range(count if k % 10 == 0 else 1):
                (folder / f"{n}.png").write_bytes(content)
    data = load(root, protocol="oneshot_nas_gcn", class_seed=3, cache=False)
    assert data.num_classes == 100 and data.provenance["class_subset"]["of"] == 1000
    assert data.provenance["class_subset"]["class_seed"] == 3
    full = sum(name.endswith("0") for name in data.class_names)
    assert [len(part) for part in data.splits] == [9 * full + 100 - full, full, 2 * full + 100 - full]
    with pytest.raises(ConfigError, match="classes: expected none, since a protocol decides"):
        from_folder(root, protocol="oneshot_nas_gcn", classes=5)

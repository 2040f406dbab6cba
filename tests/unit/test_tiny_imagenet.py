"""Tiny-ImageNet's own layout."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from PIL import Image

from tfnas.data import load, protocols
from tfnas.errors import ConfigError, DataError

_WNIDS = ("n01", "n02", "n03")


def _write(path, level: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.full((8, 8, 3), level, np.uint8)).save(path, quality=95)


@pytest.fixture
def root(tmp_path):
    """Three classes; the level of an image is 60 times its class, and 200 where it has no label."""
    root = tmp_path / "tiny"
    lines = []
    for k, wnid in enumerate(_WNIDS):
        for n in range(10):
            _write(root / "train" / wnid / "images" / f"{wnid}_{n}.JPEG", 60 * k)
        (root / "train" / wnid / f"{wnid}_boxes.txt").write_text("x\t0\t0\t7\t7\n")
    for n in range(9):
        _write(root / "val" / "images" / f"val_{n}.JPEG", 60 * ((n * 2) % 3))
        lines.append(f"val_{n}.JPEG\t{_WNIDS[(n * 2) % 3]}\t0\t0\t7\t7\n")
        _write(root / "test" / "images" / f"test_{n}.JPEG", 200)
    (root / "val" / "val_annotations.txt").write_text("".join(lines))
    (root / "wnids.txt").write_text("\n".join(_WNIDS))
    return root


def _fails(root, message: str) -> None:
    with pytest.raises(DataError, match=message):
        load(root)


def test_labelled_val_images_are_the_test_split(root):
    data = load(root, seed=2, validation=0.3)
    assert data.class_names == _WNIDS and data.input_shape == (8, 8, 3)
    assert [np.bincount(part.y).tolist() for part in data.splits] == [[7] * 3, [3] * 3, [3] * 3]
    for part in data.splits:
        assert np.array_equal(np.round(part.x.mean(axis=(1, 2, 3)) / 60), part.y)
    assert data.provenance["layout"] == "Tiny-ImageNet" and data.provenance["test"] == "given"
    assert "never published" in data.provenance["test_images"]


def test_some_classes(root):
    data = load(root, classes=2, class_seed=0)
    assert data.num_classes == 2 and len(data.test) == 6
    for part in data.splits:
        assert np.array_equal(
            np.round(part.x.mean(axis=(1, 2, 3)) / 60), [_WNIDS.index(data.class_names[y]) for y in part.y]
        )


def test_annotations_that_were_cut_short(root):
    path = root / "val" / "val_annotations.txt"
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join(lines[:5]))
    _fails(
        root, "val_annotations.txt: expected a line for each of the 9 images; received none for val_5.JPEG and 3 more"
    )
    path.write_text("".join(lines)[:-20])
    _fails(root, "val_annotations.txt, line 9: expected a file name, a tab and the name of a folder in train/")
    path.write_bytes(b"\xff\xfe\x00")
    _fails(root, "val_annotations.txt: expected text in UTF-8")


def test_images_that_are_missing(root):
    (root / "val" / "images" / "val_4.JPEG").unlink()
    _fails(root, "val.images: expected the 9 annotated images; received none for val_4.JPEG. .*unpack the archive")
    for number in (2, 3, 7):
        (root / "val" / "images" / f"val_{number}.JPEG").unlink()
    _fails(root, "received none for val_2.JPEG and 3 more")
    with pytest.raises(DataError, match="received none for val_2.JPEG and 3 more"):
        load(root, classes=2)


def test_a_part_of_val_is_missing(root):
    (root / "val" / "val_annotations.txt").rename(root / "kept.txt")
    _fails(root, "val_annotations.txt: expected the file that tells .* looks like Tiny-ImageNet; received no such file")
    (root / "kept.txt").rename(root / "val" / "val_annotations.txt")
    (root / "val" / "images").rename(root / "images")
    _fails(root, "folder .*val.images: expected a folder that can be read")


def test_a_class_called_images_is_no_tiny_imagenet(tmp_path):
    for split in ("train", "val"):
        for name in ("images", "sketches"):
            for k in range(4):
                _write(tmp_path / split / name / f"{k}.png", k)
    assert load(tmp_path, cache=False).class_names == ("images", "sketches")


def test_a_class_without_its_images_folder(root):
    (root / "train" / "n02" / "images").rename(root / "train" / "n02" / "pictures")
    _fails(root, "folder .*n02.images: expected a folder that can be read")


def test_one_class(root):
    for wnid in _WNIDS[1:]:
        (root / "train" / wnid).rename(root / wnid)
    _fails(root, "classes of .*train: expected at least two; received one, 'n01'")


def test_the_randwire_study_needs_all_of_it(root):
    with pytest.raises(DataError, match="Tiny-ImageNet .200 classes.; received 3 classes"):
        load(root, protocol="graphpnas_randwire")


def test_the_randwire_study_asks_for_a_size(root, monkeypatch):
    study = dataclasses.replace(protocols.get("graphpnas_randwire", 200), classes=3, train=30, held_out=9)
    monkeypatch.setattr(protocols, "PROTOCOLS", (study,))
    with pytest.raises(ConfigError) as caught:
        load(root, protocol="graphpnas_randwire")
    assert "expected image_size, since the study resizes to 224; received none" in str(caught.value)
    assert "--image-size 224 as the study, or --image-size 64 for the images' own size" in str(caught.value)
    for size in (8, 12):
        data = load(root, protocol="graphpnas_randwire", image_size=size)
        assert data.input_shape == (size, size, 3) and data.provenance["image_size"] == [size, size]
        assert [len(part) for part in data.splits] == [3, 27, 9]

"""Images from class folders."""

from __future__ import annotations

import json
import os
import tarfile
import threading

import numpy as np
import pytest
from PIL import Image

from tests.realdata import real_data
from tfnas.data import from_folder, load
from tfnas.errors import ConfigError, DataError
from tfnas.trial import Split


def _write(path, pixels, **options) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path, **options)


def _pixels(seed: int, shape: tuple[int, ...] = (6, 8, 3)) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, shape, np.uint8)


def _classes(root, names=("ant", "bee"), count: int = 10, shape=(6, 8, 3), suffix: str = ".png") -> None:
    for label, name in enumerate(names):
        for k in range(count):
            _write(root / name / f"{k:03d}{suffix}", _pixels(1000 * label + k, shape))


def _fails(path, message: str, **arguments) -> None:
    with pytest.raises(DataError, match=message):
        from_folder(path, **arguments)


def test_class_folders(tmp_path):
    _classes(tmp_path / "insects", ("bee", "ant", "wasp"), count=10)
    data = from_folder(tmp_path / "insects", seed=1, validation=0.2, test=0.1)
    assert data.name == "insects" and data.class_names == ("ant", "bee", "wasp")
    assert data.input_shape == (6, 8, 3) and data.train.x.dtype == np.uint8
    assert [np.bincount(part.y).tolist() for part in data.splits] == [[7] * 3, [2] * 3, [1] * 3]
    # Every image is in one split, pixel for pixel, with the label of its folder.
    names = ("bee", "ant", "wasp")
    written = {_pixels(1000 * k + n).tobytes(): name for k, name in enumerate(names) for n in range(10)}
    read = {x.tobytes(): data.class_names[y] for part in data.splits for x, y in zip(part.x, part.y)}
    assert read == written
    assert data.provenance == {
        "source": str(tmp_path / "insects"),
        "layout": "class folders",
        "ignored_files": 0,
        "ignored_examples": [],
        "image_size": [6, 8],
        "resized": 0,
        "seed": 1,
        "validation": 0.2,
        "test": 0.1,
        "stratified": True,
        "sizes": {"train": 21, "validation": 6, "test": 3},
    }
    json.dumps(data.provenance)


def test_the_seed_decides_and_the_order_of_creation_does_not(tmp_path):
    _classes(tmp_path / "a", ("ant", "bee"))
    for label, name in ((1, "bee"), (0, "ant")):
        for k in reversed(range(10)):
            _write(tmp_path / "b" / name / f"{k:03d}.png", _pixels(1000 * label + k))
    a, b, other = from_folder(tmp_path / "a"), from_folder(tmp_path / "b"), from_folder(tmp_path / "a", seed=1)
    for first, second in zip(a.splits, b.splits):
        assert np.array_equal(first.x, second.x) and np.array_equal(first.y, second.y)
    assert not np.array_equal(a.validation.x, other.validation.x)


@pytest.mark.parametrize("validation", ["valid", "validation", "val"])
def test_split_folders(tmp_path, validation):
    for k, name in enumerate(("train", validation, "test")):
        _classes(tmp_path / name, count=3 + k)
    data = from_folder(tmp_path)
    assert [part.split for part in data.splits] == list(Split)
    assert [np.bincount(part.y).tolist() for part in data.splits] == [[3, 3], [4, 4], [5, 5]]
    # Given splits are in the order of the sorted classes and files.
    assert all(np.array_equal(data.validation.x[k], _pixels(k)) for k in range(4))
    assert data.provenance["layout"] == "split folders"
    assert data.provenance["validation"] == data.provenance["test"] == "given"


def test_splits_that_are_missing_are_cut_from_training(tmp_path):
    _classes(tmp_path / "train", count=20)
    data = from_folder(tmp_path, validation=0.1, test=0.2)
    assert [np.bincount(part.y).tolist() for part in data.splits] == [[14, 14], [2, 2], [4, 4]]
    _classes(tmp_path / "test", count=3)
    data = from_folder(tmp_path, validation=0.1, test=0.2)
    assert [np.bincount(part.y).tolist() for part in data.splits] == [[18, 18], [2, 2], [3, 3]]
    assert data.provenance["test"] == "given" and data.provenance["validation"] == 0.1
    (tmp_path / "test").rename(tmp_path / "valid")
    data = from_folder(tmp_path, validation=0.1, test=0.2)
    assert [np.bincount(part.y).tolist() for part in data.splits] == [[16, 16], [3, 3], [4, 4]]
    assert from_folder(tmp_path, test=0).test is None


def test_a_class_may_be_called_train(tmp_path):
    _classes(tmp_path, ("bus", "train", "tram"))
    assert from_folder(tmp_path).class_names == ("bus", "train", "tram")


@pytest.mark.parametrize(
    ("suffix", "exact"),
    [(".png", True), (".bmp", True), (".gif", False), (".jpg", False), (".jpeg", False), (".JPG", False)],
)
def test_formats(tmp_path, suffix, exact):
    smooth = np.tile(np.linspace(0, 255, 16).astype(np.uint8)[:, None, None], (1, 16, 3))
    for name in ("a", "b"):
        for k in range(4):
            _write(tmp_path / name / f"{k}{suffix}", smooth)
    data = from_folder(tmp_path, validation=0.25, test=0.25)
    assert data.input_shape == (16, 16, 3)
    difference = np.abs(data.train.x.astype(int) - smooth).max()
    assert difference == 0 if exact else difference < 12


def test_grey_files_give_one_channel(tmp_path):
    _classes(tmp_path, shape=(5, 7))
    data = from_folder(tmp_path)
    assert data.input_shape == (5, 7, 1)
    assert _pixels(0, (5, 7))[..., None].tobytes() in {x.tobytes() for part in data.splits for x in part.x}


def test_one_coloured_file_makes_all_coloured(tmp_path):
    _classes(tmp_path, shape=(5, 7))
    _write(tmp_path / "bee" / "zz.png", _pixels(7, (5, 7, 3)))
    data = from_folder(tmp_path)
    assert data.input_shape == (5, 7, 3)
    grey = np.repeat(_pixels(0, (5, 7))[..., None], 3, axis=-1)
    assert grey.tobytes() in {x.tobytes() for part in data.splits for x in part.x}


def test_modes_of_png(tmp_path):
    deep = (np.arange(16, dtype=np.uint16) * 4369).reshape(4, 4)
    for name in ("a", "b"):
        _write(tmp_path / "grey" / name / "deep.png", deep)
        bits = Image.fromarray(np.eye(4, dtype=np.uint8) * 255)
        bits.convert("1").save(tmp_path / "grey" / name / "bits.png")
        bits.convert("LA").save(tmp_path / "grey" / name / "transparent.png")
    for split, mode in (("grey", None), ("colour", "P"), ("colour", "RGBA")):
        for name in ("a", "b"):
            (tmp_path / split / name).mkdir(parents=True, exist_ok=True)
            if mode:
                Image.fromarray(_pixels(0, (4, 4, 3))).convert(mode).save(tmp_path / split / name / f"{mode}.png")
    grey = from_folder(tmp_path / "grey", validation=0.3, test=0.3)
    assert grey.input_shape == (4, 4, 1)
    found = {x.tobytes() for part in grey.splits for x in part.x}
    assert found == {(np.arange(16, dtype=np.uint8) * 17).tobytes(), (np.eye(4, dtype=np.uint8) * 255).tobytes()}
    colour = from_folder(tmp_path / "colour", validation=0.4, test=0)
    assert colour.input_shape == (4, 4, 3)
    assert _pixels(0, (4, 4, 3)).tobytes() in {x.tobytes() for part in colour.splits for x in part.x}


def test_resizing(tmp_path):
    for name, level in (("dark", 20), ("light", 220)):
        for k in range(5):
            _write(tmp_path / name / f"{k}.png", np.full((10 + k, 30, 3), level, np.uint8))
    for size, shape in ((7, (7, 7, 3)), ((12, 30), (12, 30, 3)), ([4, 9], (4, 9, 3))):
        data = load(tmp_path, image_size=size)
        assert data.input_shape == shape
        for part in data.splits:
            assert (part.x == np.array([20, 220])[part.y][:, None, None, None]).all()
        assert data.provenance["image_size"] == list(shape[:2])
        assert data.provenance["resized"] == (8 if shape[:2] == (12, 30) else 10)


def test_resizing_averages_over_area(tmp_path):
    checkers = (np.indices((64, 64)).sum(axis=0) % 2 * 255).astype(np.uint8)
    for name in ("a", "b"):
        for k in range(3):
            _write(tmp_path / name / f"{k}.png", checkers)
    data = from_folder(tmp_path, image_size=8, validation=0.3, test=0.3)
    assert np.abs(data.train.x.astype(int) - 127).max() < 8  # nearest pixels would be 0 or 255


def test_height_comes_before_width(tmp_path):
    stripes = np.repeat(np.array([0, 255], np.uint8), 4)[None].repeat(6, axis=0)  # dark left of light
    for name in ("a", "b"):
        for k in range(3):
            _write(tmp_path / name / f"{k}.png", stripes)
    for size, shape in ((None, (6, 8, 1)), ((4, 10), (4, 10, 1)), ((12, 6), (12, 6, 1))):
        data = from_folder(tmp_path, validation=0.3, test=0.3, image_size=size)
        assert data.input_shape == shape
        assert (data.train.x[:, :, 0] == 0).all() and (data.train.x[:, :, -1] == 255).all()


@pytest.mark.parametrize("size", [0, -3, 2.5, "32", (4,), (4, 5, 3), (4, 0), True])
def test_image_sizes_that_cannot_be(tmp_path, size):
    with pytest.raises(ConfigError, match="image_size"):
        from_folder(tmp_path, image_size=size)


def test_different_sizes_need_a_size(tmp_path):
    _classes(tmp_path)
    _write(tmp_path / "bee" / "odd.png", _pixels(0, (9, 8, 3)))
    _fails(tmp_path, r"6x8 pixels in .*000.png and 9x8 pixels in .*odd.png.*image_size.*--image-size")
    assert from_folder(tmp_path, image_size=6).provenance["resized"] == 21


def test_other_files_are_counted_and_hidden_ones_passed_over(tmp_path):
    _classes(tmp_path)
    for name in ("labels.csv", "ant/notes.txt", "ant/Thumbs.db", "bee/photo.webp"):
        (tmp_path / name).write_text("x")
    for name in (".DS_Store", "ant/.DS_Store", "ant/._000.png"):
        (tmp_path / name).write_text("x")
    (tmp_path / ".cache").mkdir()
    data = from_folder(tmp_path)
    assert data.provenance["ignored_files"] == 4
    named = ["labels.csv", os.path.join("ant", "Thumbs.db"), os.path.join("ant", "notes.txt")]
    assert data.provenance["ignored_examples"] == named
    json.dumps(data.provenance)
    assert sum(map(len, data.splits)) == 20 and data.num_classes == 2


def test_a_name_that_is_no_text_is_shown_all_the_same(tmp_path):
    _classes(tmp_path)
    try:
        with open(os.fsencode(tmp_path) + b"/caf\xe9.txt", "wb"):
            pass
    except OSError:
        pytest.skip("this file system has no such names")
    assert from_folder(tmp_path).provenance["ignored_examples"] == ["caf\N{REPLACEMENT CHARACTER}.txt"]


def test_other_files_beside_split_folders_are_counted(tmp_path):
    _classes(tmp_path / "train")
    (tmp_path / "README").write_text("x")
    (tmp_path / "train" / "labels.csv").write_text("x")
    (tmp_path / "train" / "ant" / "notes.txt").write_text("x")
    provenance = from_folder(tmp_path).provenance
    assert provenance["ignored_files"] == 3
    assert provenance["ignored_examples"] == [
        "README",
        os.path.join("train", "labels.csv"),
        os.path.join("train", "ant", "notes.txt"),
    ]


def test_progress_counts_to_the_total_in_the_calling_thread(tmp_path):
    _classes(tmp_path, count=8)
    calls = []
    from_folder(tmp_path, on_progress=lambda done, total: calls.append((done, total, threading.get_ident())))
    assert calls == [(k + 1, 16, threading.get_ident()) for k in range(16)]


def test_an_error_of_the_callback_ends_the_decoding(tmp_path):
    _classes(tmp_path, count=8)

    def stop(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        from_folder(tmp_path, on_progress=stop)


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".bmp", ".gif"])
def test_broken_images_are_named(tmp_path, suffix):
    _classes(tmp_path, shape=(64, 64, 3), suffix=suffix, count=4)
    victim = tmp_path / "bee" / f"001{suffix}"
    whole = victim.read_bytes()
    for content in (b"", b"not an image", whole[:10], whole[: len(whole) // 2]):
        victim.write_bytes(content)
        _fails(tmp_path, rf"image .*bee{os.sep}001{suffix}: expected a complete JPEG, PNG, BMP or GIF file")


@pytest.mark.parametrize("victim", ["ant/000.png", "bee/001.png"])
def test_an_empty_file_is_called_empty(tmp_path, victim):
    _classes(tmp_path)
    (tmp_path / victim).write_bytes(b"")
    _fails(tmp_path, f"image .*{victim}: expected a complete .*; received an empty file. Replace or remove the file")
    (tmp_path / victim).write_bytes(b"no image at all")
    with pytest.raises(DataError) as caught:
        from_folder(tmp_path)
    assert "received something that is not recognised as one" in str(caught.value)
    assert "object at" not in str(caught.value)


def test_formats_that_are_not_listed_are_not_opened(tmp_path):
    _classes(tmp_path)
    Image.fromarray(_pixels(0)).save(tmp_path / "ant" / "000.png", format="TIFF")
    _fails(tmp_path, "image .*000.png.*not recognised as one")


def test_a_link_that_leads_nowhere(tmp_path):
    _classes(tmp_path)
    (tmp_path / "ant" / "gone.png").symlink_to(tmp_path / "nothing.png")
    _fails(tmp_path, "image .*gone.png.*FileNotFoundError")


def test_memory_limit_holds_before_anything_is_decoded(tmp_path, monkeypatch):
    _classes(tmp_path)
    message = r"at most 0.00 MiB of decoded pixels.*\(20 images of 6x8 pixels, 3 bytes each\)"
    _fails(tmp_path, message, memory_limit=2879)
    assert len(from_folder(tmp_path, memory_limit=2880).train) == 12
    monkeypatch.setattr("tfnas.data.folder.decode", None)
    _fails(tmp_path, r"4.19 GiB \(20 images.*--image-size \(5982 would fit\)", image_size=8660)
    _fails(tmp_path, r"--image-size; or take fewer images", memory_limit=59)
    with pytest.raises(ConfigError, match="memory_limit: expected a positive integer"):
        from_folder(tmp_path, memory_limit=0)


def test_the_size_that_is_said_to_fit_does_fit(tmp_path):
    _classes(tmp_path)
    with pytest.raises(DataError) as caught:
        from_folder(tmp_path, image_size=50, memory_limit=10_000)
    side = int(str(caught.value).rpartition("(")[2].split()[0])
    assert from_folder(tmp_path, image_size=side, memory_limit=10_000).input_shape[0] == side
    _fails(tmp_path, "--image-size", image_size=side + 1, memory_limit=10_000)


def test_folders_that_are_none(tmp_path):
    _fails(tmp_path / "none", "folder .*none: expected a folder that can be read; received No such file")
    (tmp_path / "file").write_text("x")
    _fails(tmp_path / "file", "folder .*file: expected a folder.*Not a directory")


def test_no_class_folders(tmp_path):
    _fails(tmp_path, "expected one folder of images a class.*no folders and 0 files")
    _write(tmp_path / "a.png", _pixels(0))
    _fails(tmp_path, "no folders and 1 files. Sort the images into one folder a class")
    (tmp_path / "train").mkdir()
    _fails(tmp_path, "folder .*train: expected one folder of images a class.*no folders and 0 files")


def test_unlabelled_split_folders_are_no_classes(tmp_path):
    for name in ("train", "test"):
        _write(tmp_path / name / "a.png", _pixels(0))
    _fails(tmp_path, "folder .*train: expected one folder of images a class.*no folders and 1 files")


def test_one_class(tmp_path):
    _classes(tmp_path, ("ant",))
    _fails(tmp_path, f"classes of {tmp_path}: expected at least two; received one, 'ant'")


def test_a_class_folder_without_images(tmp_path):
    _classes(tmp_path)
    (tmp_path / "cicada").mkdir()
    (tmp_path / "cicada" / "notes.txt").write_text("x")
    _fails(tmp_path, "class folder .*cicada: expected images.*none among 1 files")


def test_a_folder_inside_a_class_folder(tmp_path):
    _classes(tmp_path)
    _write(tmp_path / "bee" / "more" / "a.png", _pixels(0))
    _fails(tmp_path, "class folder .*bee: expected images; received the folder more/")


def test_split_folders_without_training(tmp_path):
    _classes(tmp_path / "test")
    _fails(tmp_path, "folders in .*: expected train/.*received test/")


def test_class_folders_beside_split_folders(tmp_path):
    _classes(tmp_path / "train")
    _classes(tmp_path)
    _fails(tmp_path, "received ant/, bee/, train/. Put class folders into train/")


@pytest.mark.parametrize(
    ("names", "received", "remedy"),
    [
        (("Train", "Test"), "Test/, Train/", "test/, train/"),
        (("train", "Test"), "Test/", "test/"),
        (("TRAIN", "Validation", "test"), "TRAIN/, Validation/", "train/, validation/"),
    ],
)
def test_split_folders_in_capitals(tmp_path, names, received, remedy):
    for name in names:
        _classes(tmp_path / name, count=3)
    _fails(tmp_path, f"expected split folders in lower case; received {received}. Rename them: {remedy}")


def test_classes_may_be_called_like_splits_in_capitals(tmp_path):
    _classes(tmp_path, ("Bus", "Train", "Test"))
    assert from_folder(tmp_path).class_names == ("Bus", "Test", "Train")


def test_two_names_of_one_split(tmp_path):
    for name in ("train", "val", "valid"):
        _classes(tmp_path / name)
    _fails(tmp_path, "received train/, val/, valid/.*name each split once")


@pytest.mark.parametrize("names", [("ant",), ("ant", "bee", "wasp"), ("ant", "wasp")])
def test_splits_with_other_classes(tmp_path, names):
    _classes(tmp_path / "train")
    _classes(tmp_path / "test", names)
    differing = ", ".join(sorted({"ant", "bee"} ^ set(names)))
    _fails(tmp_path, f"class folders in .*test: expected the same as in .*train; received {differing} in only one")


def test_classes_with_one_image_go_to_training(tmp_path):
    _classes(tmp_path)
    _write(tmp_path / "wasp" / "only.png", _pixels(0))
    data = from_folder(tmp_path, validation=0.45, test=0.45)
    assert np.bincount(data.train.y).tolist() == [2, 2, 1] and data.validation.y.max() == 1


@pytest.mark.slow
def test_real_photographs(tmp_path):
    chosen = 0
    with tarfile.open(real_data("cifar10_jpeg.tar.xz")) as archive:
        for member in archive:
            if member.isfile() and int(member.name[-8:-4]) % 1000 < 200 and chosen < 2000:
                archive.extract(member, tmp_path, filter="data")
                chosen += 1
    data = from_folder(tmp_path / "test", seed=0)
    assert chosen == 2000 and data.class_names[:3] == ("airplane", "automobile", "bird")
    assert [len(part) for part in data.splits] == [1200, 400, 400]
    assert all(len(set(np.bincount(part.y))) == 1 for part in data.splits)
    assert data.input_shape == (32, 32, 3) and 110 < data.train.x.mean() < 135
    small = from_folder(tmp_path / "test", image_size=16)
    whole = data.train.x.reshape(-1, 16, 2, 16, 2, 3).mean(axis=(2, 4))
    assert np.abs(small.train.x - whole).mean() < 10


@pytest.mark.slow
def test_the_splits_of_a_real_archive(tmp_path):
    names = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
    counts: dict[tuple[str, str], int] = {}
    with tarfile.open(real_data("cifar10_jpeg.tar.xz")) as archive:
        for member in archive:
            part = tuple(member.name.lstrip("./").split("/")[-3:-1])
            if member.isfile() and counts.get(part, 0) < 50:
                counts[part] = counts.get(part, 0) + 1
                archive.extract(member, tmp_path, filter="data")
    assert counts == {(split, name): 50 for split in ("train", "test") for name in names}
    data = load(tmp_path, seed=0, validation=0.2)
    assert data.class_names == names and data.input_shape == (32, 32, 3)
    assert [np.bincount(part.y).tolist() for part in data.splits] == [[40] * 10, [10] * 10, [50] * 10]
    assert data.provenance["layout"] == "split folders" and data.provenance["resized"] == 0
    for label, name in enumerate(names):
        files = sorted((tmp_path / "test" / name).iterdir())
        expected = [np.asarray(Image.open(file)) for file in files]
        assert np.array_equal(data.test.x[data.test.y == label], expected)
    with pytest.raises(
        DataError, match="CIFAR-10 as published: 50000 train images and 10000 test images; received 500"
    ):
        load(tmp_path, protocol="nasbench201")

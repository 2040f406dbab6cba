"""Decoded images on disk."""

from __future__ import annotations

import json
import os
import time

import numpy as np
import pytest
from PIL import Image

import tfnas.data.folder
from tfnas.data import decoded as copies
from tfnas.data import from_folder
from tfnas.errors import DataError


@pytest.fixture
def kept(tmp_path, monkeypatch):
    """The folder for decoded images."""
    monkeypatch.setenv("TFNAS_DATA_DIR", str(tmp_path / "data"))
    return tmp_path / "data" / "images"


@pytest.fixture
def decoded(monkeypatch) -> list[int]:
    """Grows by the number of files whenever some are decoded."""
    counts: list[int] = []
    decode = tfnas.data.folder.decode

    def counting(files, *arguments):
        counts.append(len(files))
        return decode(files, *arguments)

    monkeypatch.setattr("tfnas.data.folder.decode", counting)
    return counts


@pytest.fixture
def root(tmp_path):
    for label, name in enumerate(("ant", "bee")):
        (tmp_path / "insects" / name).mkdir(parents=True)
        for k in range(10):
            _write(tmp_path / "insects" / name / f"{k}.bmp", 10 * label + k)
    return tmp_path / "insects"


def _write(path, seed: int) -> None:
    Image.fromarray(np.random.default_rng(seed).integers(0, 256, (5, 6, 3), np.uint8)).save(path)


def _same(a, b) -> bool:
    pairs = list(zip(a.splits, b.splits, strict=True))
    return all(np.array_equal(x.x, y.x) and np.array_equal(x.y, y.y) for x, y in pairs)


def test_a_folder_is_decoded_once_whatever_the_splits(root, kept, decoded):
    first = from_folder(root)
    again = from_folder(root)
    assert decoded == [20] and _same(first, again) and first.provenance == again.provenance
    for options in ({"seed": 1}, {"validation": 0.4, "test": 0}):
        assert _same(from_folder(root, **options), from_folder(root, cache=False, **options))
    assert decoded == [20, 20, 20] and len(list(kept.iterdir())) == 1


def test_given_splits_stay_on_disk(tmp_path, root, kept, decoded):
    for name in ("train", "valid", "test"):
        for label in ("ant", "bee"):
            (tmp_path / "given" / name / label).mkdir(parents=True)
            _write(tmp_path / "given" / name / label / "0.bmp", 7)
    first, again = from_folder(tmp_path / "given"), from_folder(tmp_path / "given")
    assert decoded == [6] and _same(first, again)
    assert all(isinstance(part.x, np.memmap) for part in again.splits)


def test_progress_ends_at_the_total_either_way(root, kept):
    calls: list[tuple[int, int]] = []
    for _ in range(2):
        from_folder(root, on_progress=lambda done, total: calls.append((done, total)))
    assert calls[19:] == [(20, 20), (20, 20)]


def test_another_size_is_decoded_again(root, kept, decoded):
    from_folder(root)
    assert from_folder(root, image_size=3).input_shape == (3, 3, 3)
    assert from_folder(root, image_size=3).provenance["resized"] == 20
    assert decoded == [20, 20]


def test_a_file_that_changed(root, kept, decoded):
    from_folder(root)
    _write(root / "ant" / "3.bmp", 99)
    assert _same(from_folder(root), from_folder(root, cache=False))
    assert decoded == [20, 20, 20]


def test_a_file_of_the_same_size_and_date(root, kept, decoded):
    from_folder(root)
    victim = root / "ant" / "3.bmp"
    before = victim.stat()
    _write(victim, 99)
    os.utime(victim, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert victim.stat().st_size == before.st_size
    assert _same(from_folder(root), from_folder(root, cache=False))


def test_a_file_more_and_a_file_less(root, kept, decoded):
    from_folder(root)
    _write(root / "ant" / "new.bmp", 5)
    from_folder(root)
    (root / "ant" / "new.bmp").unlink()
    from_folder(root)
    assert decoded == [20, 21, 20]


def test_a_newer_copy_replaces_the_older_one(root, kept, decoded):
    from_folder(root)
    (before,) = kept.iterdir()
    _write(root / "ant" / "new.bmp", 5)
    data = from_folder(root)
    (after,) = kept.iterdir()
    assert after != before and _same(data, from_folder(root)) and decoded == [20, 21]


def test_a_class_more_is_a_change_too(tmp_path, root, kept):
    from_folder(root)
    (root / "fly").mkdir()
    _write(root / "fly" / "0.bmp", 5)
    assert from_folder(root).num_classes == 3 and len(list(kept.iterdir())) == 1


def test_mapped_pixels_outlive_their_copy(root, kept):
    for name in ("train", "valid", "test"):
        for label in ("ant", "bee"):
            (root / name / label).mkdir(parents=True)
            _write(root / name / label / "0.bmp", 7)
    for label in ("ant", "bee"):
        for file in (root / label).iterdir():
            file.rename(root / "train" / label / f"more{file.name}")
        (root / label).rmdir()
    from_folder(root)
    mapped = from_folder(root)
    pixels = np.array(mapped.train.x)
    assert isinstance(mapped.train.x, np.memmap)
    _write(root / "train" / "ant" / "0.bmp", 8)
    assert not np.array_equal(from_folder(root).train.x, pixels)
    assert len(list(kept.iterdir())) == 1 and np.array_equal(mapped.train.x, pixels)


def test_other_folders_sizes_and_classes_keep_their_copies(tmp_path, root, kept, decoded):
    for name in ("other", "third"):
        for label in ("ant", "bee", "fly"):
            (tmp_path / name / label).mkdir(parents=True)
            for k in range(10):
                _write(tmp_path / name / label / f"{k}.bmp", k)
    loads = [
        {"path": root},
        {"path": root, "image_size": 3},
        {"path": tmp_path / "other"},
        *({"path": tmp_path / "third", "classes": 2, "class_seed": seed} for seed in range(2)),
    ]
    names = {from_folder(**options).class_names for options in loads[3:]}
    assert len(names) == 2
    for options in loads[:3]:
        from_folder(**options)
    assert len(list(kept.iterdir())) == len(loads)
    _write(root / "ant" / "new.bmp", 5)
    from_folder(root)
    assert len(list(kept.iterdir())) == len(loads)
    decoded.clear()
    for options in (*loads[2:], {"path": root}):
        from_folder(**options)
    assert decoded == []
    from_folder(root, image_size=3)
    assert decoded == [21] and len(list(kept.iterdir())) == len(loads)


def test_what_died_processes_left_is_removed_after_a_day(root, kept):
    for name, hours in ((".part-old", 25), (".part-new", 1), (".part-bare", 25), ("mine", 25)):
        (kept / name).mkdir(parents=True)
        if name != ".part-bare":
            (kept / name / "x.npy").write_bytes(b"x" * 10)
        then = time.time() - 3600 * hours
        for path in (*(kept / name).iterdir(), kept / name):
            os.utime(path, (then, then))
    for young in (kept / ".part-old", kept / ".part-old" / "x.npy"):  # either shows that somebody may be writing
        os.utime(young)
        from_folder(root)
        assert {".part-old", ".part-new", "mine"} <= {path.name for path in kept.iterdir()}
        os.utime(young, (then, then))
        _write(root / "ant" / f"new{young.name}.bmp", 5)  # so that it is decoded again
    from_folder(root)
    left = {path.name for path in kept.iterdir()}
    assert len(left) == 3 and {".part-new", "mine"} < left


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"{}", b"\xff", b'{"shape": [1]}'])
def test_copies_that_say_nothing_of_their_folder_stay(root, kept, content):
    (kept / ("0" * 32)).mkdir(parents=True)
    (kept / ("0" * 32) / "manifest.json").write_bytes(content)
    from_folder(root)
    assert len(list(kept.iterdir())) == 2


def test_size_and_clear(root, kept):
    assert copies.size() == copies.clear() == 0
    from_folder(root)
    from_folder(root, image_size=3)
    (kept / ".part-left").mkdir()
    (kept / ".part-left" / "x.npy").write_bytes(b"x" * 1000)
    total = sum(file.stat().st_size for file in kept.rglob("*.*") if file.is_file())
    assert copies.size() == total > 20 * 5 * 6 * 3 + 20 * 3 * 3 * 3 + 1000
    assert copies.clear() == total and list(kept.iterdir()) == [] and copies.size() == 0
    assert len(from_folder(root).train) == 12


def test_clear_removes_nothing_of_others(tmp_path, root, kept):
    from_folder(root)
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "a.txt").write_text("a")
    (kept / "notes").mkdir()
    (kept / "notes" / "b.txt").write_text("b")
    (kept / ("f" * 32)).symlink_to(tmp_path / "elsewhere")
    (kept / ("e" * 32)).write_text("a file")
    copies.clear()
    assert sorted(path.name for path in kept.iterdir()) == ["e" * 32, "f" * 32, "notes"]
    assert (tmp_path / "elsewhere" / "a.txt").exists() and (kept / "notes" / "b.txt").exists()


def test_what_cannot_be_removed_is_said(root, kept, monkeypatch):
    def fail(*_, **__):
        raise PermissionError("not yours")

    from_folder(root)
    monkeypatch.setattr("tfnas.data.decoded.shutil.rmtree", fail)
    with pytest.raises(DataError, match="decoded images in .*not yours"):
        copies.clear()


def test_folders_that_only_look_alike(tmp_path, root, kept, decoded):
    from_folder(root)
    root.rename(tmp_path / "others")
    from_folder(tmp_path / "others")
    assert decoded == [20, 20]


@pytest.mark.parametrize("where", [0, 90, 150, -1])
def test_damaged_pixels_are_not_used(root, kept, decoded, where):
    whole = from_folder(root)
    (entry,) = kept.iterdir()
    content = bytearray((entry / "x.npy").read_bytes())
    content[where] ^= 1
    (entry / "x.npy").write_bytes(content)
    assert _same(from_folder(root), whole) and _same(from_folder(root), whole)
    assert decoded == [20, 20]


@pytest.mark.parametrize("name", ["x.npy", "manifest.json"])
@pytest.mark.parametrize("content", [None, b"", b"{", b"[]", b"{}", b'{"shape": 3, "crc32": 0, "resized": 0}'])
def test_missing_or_wrong_files_are_not_used(root, kept, decoded, name, content):
    whole = from_folder(root)
    (entry,) = kept.iterdir()
    (entry / name).unlink()
    if content is not None:
        (entry / name).write_bytes(content)
    assert _same(from_folder(root), whole) and _same(from_folder(root), whole)
    assert decoded == [20, 20]


def test_cut_short(root, kept, decoded):
    from_folder(root)
    (entry,) = kept.iterdir()
    content = (entry / "x.npy").read_bytes()
    (entry / "x.npy").write_bytes(content[: len(content) // 2])
    from_folder(root)
    assert decoded == [20, 20]


def test_nothing_half_written_is_left(root, kept, monkeypatch):
    def fail(*_, **__):
        raise OSError("no space left")

    monkeypatch.setattr("tfnas.data.decoded.os.rename", fail)
    assert len(from_folder(root).train) == 12
    assert list(kept.iterdir()) == []


def test_a_data_folder_that_cannot_be_written(root, kept, decoded):
    kept.parent.write_text("a file is in the way")
    assert len(from_folder(root).train) == len(from_folder(root).train) == 12
    assert decoded == [20, 20]


def test_turned_off(root, kept, decoded):
    from_folder(root, cache=False)
    assert decoded == [20] and not kept.exists()


def test_what_is_kept_is_plain(root, kept):
    data = from_folder(root)
    (entry,) = kept.iterdir()
    assert sorted(file.name for file in entry.iterdir()) == ["manifest.json", "x.npy"]
    assert json.loads((entry / "manifest.json").read_text())["shape"] == [20, 5, 6, 3]
    pixels = np.load(entry / "x.npy", allow_pickle=False)  # in the order of classes and files
    assert np.array_equal(pixels[12], np.asarray(Image.open(root / "bee" / "2.bmp")))
    assert pixels.shape[1:] == data.input_shape

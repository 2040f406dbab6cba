"""Saved states of JSON values and arrays."""

from __future__ import annotations

import json
import os

import numpy as np
import pytest

from tfnas.errors import StateError
from tfnas.state import load_state, pack, save_state, unpack, write_text

ARRAYS = {
    "float": np.array([[0.1, -0.0, np.nan], [np.inf, -np.inf, 5e-324]]),
    "float32": np.random.default_rng(0).normal(size=(3, 0, 2)).astype("float32"),
    "float16": np.float16([0.1, 65504]),
    "int": np.array([[2**63 - 1, -(2**63)]]),
    "uint8": np.arange(256, dtype=np.uint8),
    "bool": np.array([True, False]),
    "complex": np.array([1 + 2j, 3 - 4j]),
    "scalar": np.array(3.5),
    "big endian": np.arange(3, dtype=">i4"),
    "column order": np.asfortranarray(np.arange(6.0).reshape(2, 3)),
    "strided": np.arange(20)[::3],
    "text": np.array(["ä", "bc"]),
}


def _files(folder):
    return sorted(path.name for path in folder.iterdir())


def test_arrays_come_back_bit_for_bit(tmp_path):
    save_state(tmp_path / "state.json", ARRAYS)
    again = load_state(tmp_path / "state.json")
    assert list(again) == list(ARRAYS)
    for name, array in ARRAYS.items():
        assert again[name].dtype == array.dtype and again[name].shape == array.shape
        assert again[name].tobytes() == array.tobytes(), name


def test_nested_values(tmp_path):
    state = {"a": [1, 2.5, None, True, "ä"], "b": {"c": [{"x": np.arange(3)}, np.ones(2)]}, "big": 2**200, "d": {}}
    save_state(tmp_path / "deep" / "er" / "state.json", state)
    again = load_state(tmp_path / "deep" / "er" / "state.json")
    assert again["a"] == state["a"] and again["big"] == 2**200 and again["d"] == {}
    assert again["b"]["c"][0]["x"].tolist() == [0, 1, 2] and again["b"]["c"][1].tolist() == [1, 1]


def test_tuples_come_back_as_lists(tmp_path):
    save_state(tmp_path / "state.json", {"a": (1, (2, 3))})
    assert load_state(tmp_path / "state.json") == {"a": [1, [2, 3]]}


def test_a_random_generator_goes_on_where_it_was(tmp_path):
    rng = np.random.default_rng(7)
    rng.normal(size=5)
    save_state(tmp_path / "state.json", rng.bit_generator.state)
    other = np.random.default_rng(0)
    other.bit_generator.state = load_state(tmp_path / "state.json")
    assert np.array_equal(rng.normal(size=9), other.normal(size=9))


def test_old_arrays_are_deleted(tmp_path):
    for round_ in range(3):
        save_state(tmp_path / "state.json", {"a": np.full(3, round_), "b": np.zeros(2)})
        assert len(_files(tmp_path)) == 3
        assert load_state(tmp_path / "state.json")["a"].tolist() == [round_] * 3
    save_state(tmp_path / "state.json", {"a": 1})
    assert _files(tmp_path) == ["state.json"]


def test_other_files_are_left_alone(tmp_path):
    for name in ("state-backup.npy", "other-0.npy", "state-0.npz"):
        (tmp_path / name).write_bytes(b"mine")
    save_state(tmp_path / "state-extra.json", {"a": np.arange(3)})
    save_state(tmp_path / "state.json", {"a": np.arange(5)})
    save_state(tmp_path / "state.json", {"a": np.arange(6)})
    assert load_state(tmp_path / "state-extra.json")["a"].tolist() == [0, 1, 2]
    assert load_state(tmp_path / "state.json")["a"].tolist() == [0, 1, 2, 3, 4, 5]
    assert {"state-backup.npy", "other-0.npy", "state-0.npz"} < set(_files(tmp_path))


def test_names_with_pattern_characters(tmp_path):
    save_state(tmp_path / "run1.json", {"a": np.arange(3)})
    for value in range(3):
        save_state(tmp_path / "run[1].json", {"a": np.full(2, value)})
    assert load_state(tmp_path / "run[1].json")["a"].tolist() == [2, 2]
    assert load_state(tmp_path / "run1.json")["a"].tolist() == [0, 1, 2] and len(_files(tmp_path)) == 4


@pytest.mark.parametrize("name", ["state.json", "run[1].json", "a.b.json"])
def test_a_crash_before_the_rename_leaves_the_old_state(tmp_path, monkeypatch, name):
    path = tmp_path / name
    save_state(path, {"a": np.arange(3), "step": 1})

    def crash(source, target):
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "replace", crash)
    with pytest.raises(KeyboardInterrupt):
        save_state(path, {"a": np.arange(5), "step": 2})
    monkeypatch.undo()
    old = load_state(path)
    assert old["step"] == 1 and old["a"].tolist() == [0, 1, 2]
    assert not [name for name in _files(tmp_path) if name.endswith(".tmp")]
    save_state(path, {"a": np.arange(7), "step": 3})
    assert load_state(path)["a"].tolist() == list(range(7)) and len(_files(tmp_path)) == 2


def test_a_full_disk_in_the_middle_of_the_arrays_leaves_the_old_state(tmp_path, monkeypatch):
    path = tmp_path / "state.json"
    save_state(path, {"a": np.arange(3), "b": np.arange(4)})
    real, calls = np.save, []

    def save(file, value, **options):
        calls.append(file)
        if len(calls) == 2:
            file.write(b"half")
            raise OSError(28, "No space left on device")
        real(file, value, **options)

    monkeypatch.setattr(np, "save", save)
    with pytest.raises(OSError, match="No space"):
        save_state(path, {"a": np.arange(30), "b": np.arange(40)})
    monkeypatch.undo()
    assert load_state(path)["b"].tolist() == [0, 1, 2, 3]


def test_arrays_reach_the_disk_before_the_text_that_names_them(tmp_path, monkeypatch):
    if not os.path.exists("/proc/self/fd"):
        pytest.skip("the name of an open file is found through /proc")
    synced = []
    monkeypatch.setattr(os, "fsync", lambda handle: synced.append(os.readlink(f"/proc/self/fd/{handle}")))
    save_state(tmp_path / "state.json", {"a": np.arange(3)})
    assert [os.path.basename(name)[:7] for name in synced] == ["state-0", ".state."]


@pytest.mark.parametrize("value", [np.array([object()]), {"a": np.float32(1)}, {"a": {1, 2}}, {"a": float("nan")}])
def test_values_that_are_no_state_leave_the_old_one(tmp_path, value):
    save_state(tmp_path / "state.json", {"a": 1})
    with pytest.raises((TypeError, ValueError)):
        save_state(tmp_path / "state.json", value)
    assert load_state(tmp_path / "state.json") == {"a": 1}


def test_a_state_that_is_missing(tmp_path):
    with pytest.raises(StateError, match="saved state .*state.json: expected a complete state.*No such file"):
        load_state(tmp_path / "state.json")


@pytest.mark.parametrize("content", [b"", b"{", b'{"a": 1', b"\xff\xfe", b"[1,]"])
def test_damaged_text(tmp_path, content):
    (tmp_path / "state.json").write_bytes(content)
    with pytest.raises(StateError, match="state.json.*Delete it and resume"):
        load_state(tmp_path / "state.json")


def test_damaged_and_missing_arrays(tmp_path):
    save_state(tmp_path / "state.json", {"a": np.arange(100)})
    array = tmp_path / "state-0.npy"
    whole = array.read_bytes()
    for content in (b"", b"\x93NUMPY", whole[:50], whole[:-1], b"junk" * 50):
        array.write_bytes(content)
        with pytest.raises(StateError, match="state.json"):
            load_state(tmp_path / "state.json")
    array.unlink()
    with pytest.raises(StateError, match="state-0.npy"):
        load_state(tmp_path / "state.json")


def test_an_array_name_that_is_no_name(tmp_path):
    (tmp_path / "state.json").write_text(json.dumps({"a": {"__npy__": 3}}))
    with pytest.raises(StateError, match="state.json"):
        load_state(tmp_path / "state.json")


def test_objects_are_not_unpickled(tmp_path):
    np.save(tmp_path / "state-0.npy", np.array([{"a": 1}], object), allow_pickle=True)
    (tmp_path / "state.json").write_text(json.dumps({"a": {"__npy__": "state-0.npy"}}))
    with pytest.raises(StateError, match="state.json"):
        load_state(tmp_path / "state.json")


def test_write_text_replaces_or_leaves(tmp_path, monkeypatch):
    path = tmp_path / "report.md"
    write_text(path, "old ä\n")
    with pytest.raises(UnicodeEncodeError):
        write_text(path, "\ud800")
    assert path.read_text("utf-8") == "old ä\n" and _files(tmp_path) == ["report.md"]
    write_text(path, "new\n")
    assert path.read_bytes() == b"new\n" and _files(tmp_path) == ["report.md"]


def test_packed_arrays_come_back_bit_for_bit(tmp_path):
    arrays = [np.arange(6, dtype=np.float32).reshape(2, 3), np.array(7, np.int64), np.zeros((0, 4)), np.array([np.nan])]
    save_state(tmp_path / "state.json", {"arrays": pack(arrays)})
    assert len(list(tmp_path.glob("*.npy"))) == 1
    found = unpack(load_state(tmp_path / "state.json")["arrays"])
    assert [array.tobytes() for array in found] == [array.tobytes() for array in arrays]
    assert [(array.dtype, array.shape) for array in found] == [(array.dtype, array.shape) for array in arrays]
    packed = pack(arrays)
    for wrong in ({"bytes": packed["bytes"][:-1]}, {"shapes": packed["shapes"][:-1]}, {"types": ["x"] * 4}):
        with pytest.raises(StateError, match="packed arrays"):
            unpack({**packed, **wrong})

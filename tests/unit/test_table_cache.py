"""Tables on disk: they come back as they were or not at all."""

import json
import os
import pathlib
import random
import re
import shutil
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

from tfnas.data.tables import Table, cache
from tfnas.data.tables.modules import ModuleRows, pack, parse_hashes, unpack
from tfnas.errors import InvalidArchitectureError, TableError
from tfnas.spaces import NASBench101, NASBench201
from tfnas.trial import Split

SPACE = NASBench201()
CELLS = NASBench101()
SOURCE = {"path": "made_up.csv", "sha256": "ab" * 32, "size": 7}


def text_table(rows=40):
    rng = np.random.default_rng(0)
    natives = [SPACE.to_native(SPACE.sample(rng)) for _ in range(3 * rows)]
    natives = tuple(dict.fromkeys(natives))[:rows]
    repeated = rng.random((rows, 3)).astype(np.float32).astype(np.float64)
    repeated[0, 1:] = np.nan
    return Table(
        SPACE,
        "made up",
        natives,
        {"valid@12": repeated, "test@12": rng.random(rows), "parameters": np.arange(rows)},
        {"valid@12": Split.VALIDATION, "test@12": Split.TEST, "parameters": Split.TRAIN},
        "Made up.",
    )


def module_table(rows=60):
    rng = np.random.default_rng(0)
    members = {CELLS.canonical_key(arch): arch for arch in (CELLS.sample(rng) for _ in range(rows))}
    keys = sorted(members)
    modules = ModuleRows(
        CELLS,
        hashes=parse_hashes(keys),
        cells=np.array([pack(members[key].ops, members[key].edges) for key in keys], np.uint64),
    )
    table = Table(CELLS, "cells", modules, {"valid": rng.random(len(keys))}, {"valid": Split.VALIDATION})
    return table, [members[key] for key in keys]


def same(one, other):
    assert (one.space.name, one.name, one.note, len(one)) == (other.space.name, other.name, other.note, len(other))
    assert one.splits == other.splits and list(one.columns) == list(other.columns)
    for name, values in one.columns.items():
        np.testing.assert_array_equal(values, other.columns[name])
    assert [one.rows.native(row) for row in range(len(one))] == [other.rows.native(row) for row in range(len(one))]
    assert one.checksum == other.checksum


@pytest.mark.parametrize("table", [text_table(), module_table()[0]], ids=["text", "modules"])
def test_what_is_saved_comes_back(tmp_path, table):
    cache.save(table, tmp_path / "deep" / "table", SOURCE)
    assert cache.exists(tmp_path / "deep" / "table")
    opened = cache.open_table(tmp_path / "deep" / "table")
    same(table, opened)
    assert cache.manifest(tmp_path / "deep" / "table")["source"] == SOURCE
    assert [path.name for path in (tmp_path / "deep").iterdir()] == ["table"]  # nothing is left over
    for values in opened.columns.values():
        assert isinstance(values, np.memmap) and not values.flags.writeable


def test_numbers_are_stored_small_where_that_loses_nothing(tmp_path):
    cache.save(text_table(), tmp_path / "table", SOURCE)
    opened = cache.open_table(tmp_path / "table")
    kinds = {name: values.dtype for name, values in opened.columns.items()}
    assert kinds == {"valid@12": np.float32, "test@12": np.float64, "parameters": np.int64}


def test_cells_are_found_by_hash_member_and_matrix(tmp_path):
    table, members = module_table()
    cache.save(table, tmp_path / "table", SOURCE)
    rows = cache.open_table(tmp_path / "table").rows
    keys = [CELLS.canonical_key(member) for member in members]
    absent = ["0" * 32, "f" * 32, keys[0][:16] + "0" * 16, keys[-1][:16] + "f" * 16]
    assert rows.find([*keys, *absent]).tolist() == [*range(len(members)), -1, -1, -1, -1]
    for row, member in enumerate(members):
        assert rows.row(keys[row]) == row
        assert rows.architecture(row) == member
        matrix, ops = CELLS.to_matrix(member)
        assert rows.find_matrix(matrix, ops) == row
        wider = np.zeros((len(ops) + 1,) * 2, int)  # a vertex that leads nowhere is pruned first
        wider[:-2, :-2], wider[:-2, -1] = matrix[:-1, :-1], matrix[:-1, -1]
        assert rows.find_matrix(wider, [*ops[:-1], "maxpool3x3", "output"]) == row
    assert rows.find_matrix(np.zeros((3, 3)), ["input", "conv3x3-bn-relu", "output"]) is None  # no path
    with pytest.raises(InvalidArchitectureError, match="conv3x3"):
        rows.find_matrix(np.triu(np.ones((3, 3)), 1), ["input", "conv3x3", "output"])
    for wrong in (["0" * 31], ["g" * 32], [3], ["0" * 30, "0" * 34]):
        with pytest.raises(TableError, match="32 hexadecimal digits"):
            rows.find(wrong)


def test_cells_are_packed_without_loss():
    rng = np.random.default_rng(1)
    for _ in range(300):
        arch = CELLS.sample(rng)
        assert unpack(pack(arch.ops, arch.edges)) == (arch.ops, arch.edges)


def test_hashes_must_ascend():
    with pytest.raises(TableError, match="ascending order"):
        ModuleRows(CELLS, hashes=np.array([[2, 0], [1, 0]], np.uint64), cells=np.zeros(2, np.uint64))
    with pytest.raises(TableError, match="at least one row"):
        ModuleRows(CELLS, hashes=np.zeros((0, 2), np.uint64), cells=np.zeros(0, np.uint64))


def _opens_as(directory, table):
    """Returns whether a folder gives the table, and not whether it gives an error; anything else fails the test."""
    try:
        same(cache.open_table(directory), table)
        return True
    except TableError as error:
        assert str(directory) in str(error)
        return False


@pytest.mark.parametrize("table", [text_table(), module_table()[0]], ids=["text", "modules"])
def test_no_flipped_bit_gives_a_wrong_number(tmp_path, table):
    cache.save(table, tmp_path / "table", SOURCE)
    rng = random.Random(0)
    paths = sorted((tmp_path / "table").iterdir())
    harmless = 0
    for _ in range(300):
        path = rng.choice(paths)
        good = path.read_bytes()
        bad = bytearray(good)
        bad[rng.randrange(len(bad))] ^= 1 << rng.randrange(8)
        path.write_bytes(bad)
        harmless += _opens_as(tmp_path / "table", table)
        path.write_bytes(good)
    assert harmless < 30  # white space of the manifest
    assert _opens_as(tmp_path / "table", table)


def test_damage_is_told_with_its_place(tmp_path):
    natives = tuple(SPACE.to_native(arch) for arch in SPACE.enumerate())
    values = np.random.default_rng(0).random((len(natives), 20))
    table = Table(SPACE, "made up", natives, {"valid": values}, {"valid": Split.VALIDATION})
    cache.save(table, tmp_path / "table", SOURCE)
    (path,) = (tmp_path / "table").glob("column_0-*.npy")
    bad = bytearray(path.read_bytes())
    assert len(bad) > 2 * cache.BLOCK
    bad[cache.BLOCK + 5] ^= 1
    path.write_bytes(bad)
    with pytest.raises(TableError, match=r"column_0-.*npy.*between byte 1048576 and 2097152.*Import it again"):
        cache.open_table(tmp_path / "table")


@pytest.mark.parametrize("name", ["column_0-*.npy", "rows_text-*.npy", cache.MANIFEST])
def test_files_that_are_missing_short_or_long_are_refused(tmp_path, name):
    cache.save(text_table(), tmp_path / "table", SOURCE)
    (path,) = (tmp_path / "table").glob(name)
    good = path.read_bytes()
    for bad in (b"", good[:-1], good[: len(good) // 2], good + b"\0"):
        path.write_bytes(bad)
        with pytest.raises(TableError, match=re.escape(path.name)):
            cache.open_table(tmp_path / "table")
    path.unlink()
    with pytest.raises(TableError, match=str(tmp_path)):
        cache.open_table(tmp_path / "table")
    assert cache.exists(tmp_path / "table") == (name != cache.MANIFEST)


def test_another_format_is_named(tmp_path):
    cache.save(text_table(), tmp_path / "table", SOURCE)
    path = tmp_path / "table" / cache.MANIFEST
    content = json.loads(path.read_text())
    del content["seal"]
    content["format"] = 9
    path.write_text(json.dumps({**content, "seal": cache._seal(content)}))
    with pytest.raises(TableError, match="format 1.*format 9"):
        cache.open_table(tmp_path / "table")


def test_a_table_replaces_the_one_before(tmp_path):
    cache.save(text_table(10), tmp_path / "table", SOURCE)
    old, young = tmp_path / ".table.1.partial", tmp_path / ".table.2.partial"
    for leftover in (old, young):
        leftover.mkdir()
    os.utime(old, (0, 0))
    cache.save(text_table(20), tmp_path / "table", SOURCE)
    assert len(cache.open_table(tmp_path / "table")) == 20
    assert not old.exists()  # what a killed process left behind
    assert young.exists()  # what may be another one's work
    table = cache.manifest(tmp_path / "table")
    names = {cache.MANIFEST, *(entry["file"] for entry in table["files"].values())}
    assert {path.name for path in (tmp_path / "table").iterdir()} == names


def test_the_table_before_stays_whole_up_to_the_last_step(tmp_path, monkeypatch):
    cache.save(text_table(10), tmp_path / "table", SOURCE)

    def killed(source, target):
        raise KeyboardInterrupt

    monkeypatch.setattr(cache.os, "replace", killed)
    with pytest.raises(KeyboardInterrupt):
        cache.save(text_table(20), tmp_path / "table", SOURCE)
    assert len(cache.open_table(tmp_path / "table")) == 10
    monkeypatch.undo()
    (tmp_path / "table" / cache.MANIFEST).unlink()
    assert not cache.exists(tmp_path / "table")
    cache.save(text_table(20), tmp_path / "table", SOURCE)
    assert len(cache.open_table(tmp_path / "table")) == 20


def test_a_place_that_cannot_be_written_is_said(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(TableError, match="can be written.*TFNAS_DATA_DIR"):
        cache.save(text_table(), tmp_path / "file" / "table", SOURCE)


_SAVE = """
import pathlib, sys
import numpy as np
from tfnas.data.tables import Table, cache
from tfnas.spaces import NASBench201
from tfnas.trial import Split

space = NASBench201()
natives = tuple(space.to_native(arch) for arch in space.enumerate())
columns = {f"valid@{k}": np.full((len(natives), 8), k / 7) for k in range(60)}
table = Table(space, "made up", natives, columns, dict.fromkeys(columns, Split.VALIDATION))
print("ready", flush=True)
cache.save(table, pathlib.Path(sys.argv[1]), {})
print("saved", flush=True)
"""


def test_a_killed_process_leaves_nothing_that_looks_whole(tmp_path):
    target = tmp_path / "table"
    rng = random.Random(0)
    outcomes = []
    for delay in (0.0, 0.02, 0.05, 0.1, 0.2, rng.random()):
        shutil.rmtree(target, ignore_errors=True)
        process = subprocess.Popen([sys.executable, "-c", _SAVE, str(target)], stdout=subprocess.PIPE)
        assert process.stdout.readline() == b"ready\n"
        time.sleep(delay)
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        process.stdout.close()
        outcomes.append(cache.exists(target))
        if cache.exists(target):
            assert len(cache.open_table(target)) == SPACE.size
        elif pathlib.Path(target).exists():
            raise AssertionError("a folder without a manifest was put in place")
    assert not outcomes[0]
    cache.save(text_table(), target, SOURCE)  # and the leftovers hinder nobody
    assert len(cache.open_table(target)) == 40


def test_everything_is_forced_to_the_disk_before_it_gets_its_name(tmp_path, monkeypatch):
    steps = []
    fsync, rename = os.fsync, os.rename
    monkeypatch.setattr(cache.os, "fsync", lambda descriptor: (steps.append("fsync"), fsync(descriptor)))
    monkeypatch.setattr(cache.os, "rename", lambda *names: (steps.append("rename"), rename(*names)))
    cache.save(text_table(), tmp_path / "table", SOURCE)
    files = len(cache.manifest(tmp_path / "table")["files"]) + 1
    assert steps == ["fsync"] * (files + 1) + ["rename", "fsync"]  # each file, their folder; then the name


def test_a_table_that_came_into_being_meanwhile_is_replaced(tmp_path, monkeypatch):
    rename = os.rename

    def late(source, target):
        if target == tmp_path / "table" and not cache.exists(target):
            monkeypatch.undo()
            cache.save(text_table(10), tmp_path / "table", SOURCE)  # another process was faster
        rename(source, target)

    monkeypatch.setattr(cache.os, "rename", late)
    cache.save(text_table(20), tmp_path / "table", SOURCE)
    assert len(cache.open_table(tmp_path / "table")) == 20


def test_a_reader_takes_the_table_that_replaced_the_one_it_began_with(tmp_path, monkeypatch):
    cache.save(text_table(10), tmp_path / "table", SOURCE)
    check, calls = cache._check, []

    def slow(path, sums):
        if not calls:
            calls.append(path)
            cache.save(text_table(20), tmp_path / "table", SOURCE)
        check(path, sums)

    monkeypatch.setattr(cache, "_check", slow)
    assert len(cache.open_table(tmp_path / "table")) == 20


def test_files_that_no_manifest_names_are_removed_in_the_end(tmp_path):
    cache.save(text_table(10), tmp_path / "table", SOURCE)
    old, young = tmp_path / "table" / "column_0-old.npy", tmp_path / "table" / "column_0-young.npy"
    for path in (old, young):
        path.write_bytes(b"")
    os.utime(old, (0, 0))
    cache.save(text_table(20), tmp_path / "table", SOURCE)
    assert not old.exists() and young.exists()


def test_a_hash_is_there_once():
    hashes = np.array([[1, 0], [1, 5], [2, 0]], np.uint64)  # equal upper halves
    with pytest.raises(TableError, match="first 16 digits"):
        ModuleRows(CELLS, hashes=hashes, cells=np.zeros(3, np.uint64))


def test_checksums_tell_shapes_apart():
    values = np.arange(6.0)
    natives = tuple(SPACE.to_native(SPACE.sample(np.random.default_rng(seed))) for seed in range(6))
    wide = Table(SPACE, "made", natives[:2], {"valid": values.reshape(2, 3)}, {"valid": Split.VALIDATION})
    narrow = Table(SPACE, "made", natives[:2], {"valid": values[:2]}, {"valid": Split.VALIDATION})
    doubled = Table(SPACE, "made", natives[:2], {"valid": values[:2, None]}, {"valid": Split.VALIDATION})
    assert len({wide.checksum, narrow.checksum, doubled.checksum}) == 3


@pytest.mark.parametrize("wrong", [np.inf, -np.inf])
def test_infinite_values_are_refused(wrong):
    natives = tuple(SPACE.to_native(SPACE.sample(np.random.default_rng(seed))) for seed in range(2))
    with pytest.raises(TableError, match="nan only for repeats"):
        Table(SPACE, "made", natives, {"valid": [[1.0, wrong], [1.0, 2.0]]}, {"valid": Split.VALIDATION})


def test_a_view_of_somebody_elses_array_is_copied():
    values = np.zeros((2, 2))
    view = values[:]
    view.flags.writeable = False
    natives = tuple(SPACE.to_native(SPACE.sample(np.random.default_rng(seed))) for seed in range(2))
    table = Table(SPACE, "made", natives, {"valid": view}, {"valid": Split.VALIDATION})
    values[:] = 7.0
    assert not table.column("valid").any()


def test_a_space_of_ones_own_is_found_by_another_process(tmp_path):
    from recipes.own_space.skip_net import SkipNet

    space = SkipNet()
    natives = tuple(dict.fromkeys(space.to_native(space.sample(np.random.default_rng(seed))) for seed in range(9)))
    values = {"valid": np.arange(float(len(natives)))}
    table = Table(space, "own", natives, values, {"valid": Split.VALIDATION})
    cache.save(table, tmp_path / "table", SOURCE)
    script = (
        "import pathlib, sys; from tfnas.data.tables import cache\n"
        "print(cache.open_table(pathlib.Path(sys.argv[1])).rows.native(0))"
    )
    done = subprocess.run([sys.executable, "-c", script, str(tmp_path / "table")], capture_output=True, text=True)
    assert done.stdout.strip() == natives[0], done.stderr

"""NAS-Bench-101's published files and API objects: every number, every kind of damage, a kill while converting."""

from __future__ import annotations

import base64
import dataclasses
import gzip
import json
import pathlib
import pickle
import re
import signal
import struct
import subprocess
import sys

import numpy as np
import pytest

from tests.official import nasbench101_files as files
from tfnas.data.tables import cache, nasbench101_records
from tfnas.data.tables.nasbench101 import read
from tfnas.data.tables.nasbench101_api import from_api
from tfnas.errors import TableError
from tfnas.trial import Split

ROOT = pathlib.Path(__file__).resolve().parents[2]
QUANTITIES = ("train_accuracy", "valid_accuracy", "test_accuracy")


@pytest.fixture(scope="module")
def made():
    return files.sampled(200, budgets=(4, 108), repeats=3)


@pytest.fixture(scope="module")
def path(made, tmp_path_factory):
    return files.write(tmp_path_factory.mktemp("made") / "nasbench_full.tfrecord", made.contents())


@pytest.fixture(scope="module")
def table(path):
    return read(path)


@pytest.fixture(scope="module")
def small():
    return files.sampled(4, seed=5, budgets=(108,), repeats=2)


def _fails(path, *parts: str) -> None:
    with pytest.raises(TableError) as caught:
        read(path)
    for part in parts:
        assert part in str(caught.value)


# The format


def test_checksum_of_the_tests():
    assert files.crc32c(b"123456789") == 0xE3069283  # the published check value of CRC-32C


def test_the_writer_makes_the_first_published_record():
    """The numbers are those of the first record of nasbench_full.tfrecord; so are its length and checksums."""
    record = files.frame(_first_published())
    assert len(record) == 417
    assert record[:12] == bytes.fromhex("9101000000000000 9825ed9b")
    assert record[-4:] == bytes.fromhex("68166903")


def test_the_first_published_record_is_read(tmp_path):
    table = read(files.write(tmp_path / "one.tfrecord", [_first_published()]))
    row = table.rows.row("00005c142e6f48ac74fdcf73e3439874")
    assert table.column("seconds@4")[row, 0] == 89.90399932861328
    assert table.column("test_accuracy@4")[row, 0] == 0.3504607379436493
    assert table.column("halfway_valid_accuracy@4")[row, 0] == 0.10526842623949051
    assert table.column("parameters")[row] == 8555530


@pytest.mark.parametrize(
    ("budgets", "published"), [((108,), 522_767_376), ((4, 12, 36, 108), 2_085_986_016)], ids=["only108", "full"]
)
def test_full_size_files_have_the_published_sizes(cell_lengths, budgets, published):
    """Only the cell and the budget change the length of a record, so this needs no file."""
    cell = files.sampled(1, budgets=budgets)
    ours = len(files.SPACE.to_native(cell.archs[0]))
    around = sum(len(files.frame(cell.content(0, budget, 0))) - ours for budget in range(len(budgets)))
    assert 3 * (len(cell_lengths) * around + len(budgets) * sum(cell_lengths)) == published


@pytest.fixture(scope="module")
def cell_lengths():
    return [len(files.SPACE.to_native(arch)) for arch in files.SPACE.unique()]


def _first_published() -> bytes:
    evaluations = (
        (0.0, 0.0, 0.1002604141831398, 0.09775640815496445, 0.09985977411270142),
        (2.0, 45.152000427246094, 0.10166265815496445, 0.10526842623949051, 0.10436698794364929),
        (4.0, 89.90399932861328, 0.3498597741127014, 0.3489583432674408, 0.3504607379436493),
    )
    return files.content(
        "00005c142e6f48ac74fdcf73e3439874",
        4,
        "0100110001000000010010000010000001000000010000000",
        "input,conv3x3-bn-relu,maxpool3x3,conv3x3-bn-relu,conv3x3-bn-relu,conv1x1-bn-relu,output",
        files.metrics([files.evaluation(*values) for values in evaluations], 8555530, 413.7015450000763),
    )


# What is read


def test_every_number_of_every_cell(made, table):
    rows = table.rows.find(made.keys)
    assert len(table) == 200 and sorted(rows.tolist()) == list(range(200))
    assert table.name == "nasbench_full"
    for budget, epochs in enumerate(made.budgets):
        for prefix, moment in (("halfway_", 1), ("", 2)):
            seconds = table.column(f"{prefix}seconds@{epochs}")
            assert np.array_equal(seconds[rows], made.seconds[:, budget, :, moment])
            for index, quantity in enumerate(QUANTITIES):
                values = table.column(f"{prefix}{quantity}@{epochs}")
                assert np.array_equal(values[rows], made.accuracies[:, budget, :, moment, index])
    assert table.column("parameters").dtype == np.int64
    assert np.array_equal(table.column("parameters")[rows], made.parameters)
    assert len(table.columns) == 2 * 2 * 4 + 1


def test_columns_splits_and_budgets(table):
    assert dict(table.budgets("valid_accuracy@108")) == {4: "valid_accuracy@4", 108: "valid_accuracy@108"}
    for prefix in ("", "halfway_"):
        for epochs in (4, 108):
            assert table.splits[f"{prefix}train_accuracy@{epochs}"] is Split.TRAIN
            assert table.splits[f"{prefix}valid_accuracy@{epochs}"] is Split.VALIDATION
            assert table.splits[f"{prefix}test_accuracy@{epochs}"] is Split.TEST
            assert table.splits[f"{prefix}seconds@{epochs}"] is Split.TRAIN
    assert table.splits["parameters"] is Split.TRAIN


def test_rows_are_found_by_hash_member_and_matrix(made, table):
    assert [table.rows.key(arch) for arch in made.archs[:20]] == made.keys[:20]
    for arch, key in zip(made.archs[:20], made.keys):
        row = table.rows.row(key)
        assert table.find(arch) == row == table.rows.find_matrix(*files.SPACE.to_matrix(arch))
        assert table.rows.architecture(row) == arch


def test_another_decoder_finds_the_same_numbers(path, table):
    """Frames, JSON, base64 and wire types are taken apart here by hand, knowing nothing of the writer."""
    data, start, seen = path.read_bytes(), 0, {}
    while start < len(data):
        (length,) = struct.unpack_from("<Q", data, start)
        key, epochs, _, _, encoded = json.loads(data[start + 12 : start + 12 + length])
        start += length + 16
        repeat = seen[key, epochs] = seen.get((key, epochs), -1) + 1
        message = _wire(base64.b64decode(encoded))
        _, half, end = (_wire(part) for part in message[1])
        row = table.rows.row(key)
        assert table.column("parameters")[row] == message[2][0]
        for prefix, fields in (("halfway_", half), ("", end)):
            for number, quantity in enumerate(("seconds", *QUANTITIES), start=2):
                (value,) = struct.unpack("<d", fields[number][0])
                assert table.column(f"{prefix}{quantity}@{epochs}")[row, repeat] == value
    assert start == len(data) and set(seen.values()) == {2}


def _wire(data: bytes) -> dict[int, list]:
    """Takes a protobuf message apart by its wire types: varints, 64 bits, and lengths."""
    fields: dict[int, list] = {}
    place = 0

    def varint() -> int:
        nonlocal place
        number = shift = 0
        while True:
            byte = data[place]
            number, shift, place = number | (byte & 0x7F) << shift, shift + 7, place + 1
            if byte < 0x80:
                return number

    while place < len(data):
        tag = varint()
        if tag & 7 == 0:
            value: int | bytes = varint()
        else:
            length = {1: 8, 2: None}[tag & 7] or varint()
            value, place = data[place : place + length], place + length
        fields.setdefault(tag >> 3, []).append(value)
    return fields


def test_the_order_of_cells_in_the_file_does_not_matter(made, table, tmp_path):
    assert read(files.write(tmp_path / "other.tfrecord", made.contents(seed=9))).checksum == table.checksum


def test_the_order_of_repeats_is_that_of_the_file(small, tmp_path):
    table = read(files.write(tmp_path / "reversed.tfrecord", reversed(list(small.contents()))))
    seconds = table.column("seconds@108")[table.rows.find(small.keys)]
    assert np.array_equal(seconds, small.seconds[:, 0, ::-1, 2])


def test_numbers_of_64_bits_are_kept(small, tmp_path):
    fine = files.Made(small.archs, small.keys, small.parameters, small.budgets, small.accuracies, small.seconds + 1e-9)
    table = read(files.write(tmp_path / "fine.tfrecord", fine.contents()))
    assert np.array_equal(table.column("seconds@108")[table.rows.find(fine.keys)], fine.seconds[:, 0, :, 2])


def test_budgets_with_fewer_repeats_have_nan(small, tmp_path):
    quick = dataclasses.replace(files.make(small.archs, budgets=(12,), repeats=1), parameters=small.parameters)
    table = read(files.write(tmp_path / "mixed.tfrecord", [*small.contents(), *quick.contents()]))
    assert table.column("valid_accuracy@108").shape == table.column("valid_accuracy@12").shape == (4, 2)
    assert np.isfinite(table.column("valid_accuracy@108")).all()
    assert np.isnan(table.column("valid_accuracy@12")).tolist() == [[False, True]] * 4


def test_progress_is_told_in_bytes(path, monkeypatch):
    monkeypatch.setattr(nasbench101_records, "_BATCH", 500)
    calls = []
    read(path, on_progress=lambda done, total: calls.append((done, total)))
    size = path.stat().st_size
    assert [total for _, total in calls] == [size] * 3
    done = [done for done, _ in calls]
    assert done == sorted(done) and done[-1] == size and 0 < done[0] < size


def test_a_line_free_base64_text_and_a_checkpoint_path_are_read(small, tmp_path):
    def changed(raw: bytes) -> bytes:
        *fields, encoded = json.loads(raw)
        message = _wire(base64.b64decode(encoded))
        parts = [part + b"\x32\x04path" for part in message[1]]
        again = files.metrics(parts, message[2][0], *struct.unpack("<d", message[3][0]))
        return json.dumps([*fields, base64.b64encode(again).decode()]).encode()

    other = files.write(tmp_path / "other.tfrecord", map(changed, small.contents()))
    whole = files.write(tmp_path / "whole.tfrecord", small.contents())
    assert read(other).checksum == read(whole).checksum


def test_the_cache_gives_the_same_table(table, tmp_path):
    cache.save(table, tmp_path / "table", {"path": "made up"})
    opened = cache.open_table(tmp_path / "table")
    assert opened.checksum == table.checksum and opened.rows.native(7) == table.rows.native(7)


# The API object


def test_an_api_object_gives_the_same_table(made, table):
    assert from_api(made.api()).checksum == table.checksum


def test_values_are_those_of_the_api(made, table):
    api = made.api()
    for key, budgets in api.computed_statistics.items():
        row = table.rows.row(key)
        for epochs, repeats in budgets.items():
            for repeat, point in enumerate(repeats):
                for moment, prefix in (("final", ""), ("halfway", "halfway_")):
                    pairs = {"training_time": "seconds", "validation_accuracy": "valid_accuracy"}
                    for name in ("training_time", "train_accuracy", "validation_accuracy", "test_accuracy"):
                        column = table.column(f"{prefix}{pairs.get(name, name)}@{epochs}")
                        assert column[row, repeat] == point[f"{moment}_{name}"]


def test_cells_of_an_api_with_fewer_repeats_have_nan(small):
    api = small.api()
    api.computed_statistics[small.keys[0]][108].pop()
    table = from_api(api)
    row = table.rows.row(small.keys[0])
    assert np.isnan(table.column("seconds@108")).sum() == 1 and np.isnan(table.column("seconds@108")[row, 1])
    assert table.mean("seconds@108")[row] == small.seconds[0, 0, 0, 2]


@pytest.mark.parametrize(
    ("change", "parts"),
    [
        (lambda fixed, points: fixed.update(trainable_parameters=0), ["parameters", "received 0"]),
        (lambda fixed, points: fixed.update(trainable_parameters=2.5), ["parameters", "2.5"]),
        (lambda fixed, points: fixed.pop("module_adjacency"), ["KeyError", "module_adjacency"]),
        (lambda fixed, points: fixed.update(module_adjacency=np.eye(3)), ["digits"]),
        (lambda fixed, points: fixed.update(module_operations=None), ["TypeError"]),
        (lambda fixed, points: points[108][1].pop("final_test_accuracy"), ["KeyError", "final_test_accuracy"]),
        (lambda fixed, points: points[108][1].update(final_test_accuracy=1.5), ["test_accuracy from 0 to 1", "1.5"]),
        (lambda fixed, points: points[108][1].update(halfway_training_time=np.nan), ["halfway", "108 epochs", "nan"]),
        (lambda fixed, points: points[108][1].update(final_train_accuracy="1"), ["TypeError"]),
        (lambda fixed, points: points.update({0: points[108]}), ["positive integers; received 0"]),
        (lambda fixed, points: points.update({2**40: points[108]}), ["OverflowError"]),
        (lambda fixed, points: points.clear(), ["trainings", "received none"]),
        (lambda fixed, points: points[108].clear(), ["trainings", "received none"]),
    ],
)
def test_bad_api_objects_are_refused_by_cell(small, change, parts):
    api = small.api()
    key = small.keys[2]
    change(api.fixed_statistics[key], api.computed_statistics[key])
    with pytest.raises(TableError) as caught:
        from_api(api)
    for part in (key, *parts):
        assert part in str(caught.value)


def test_a_budget_that_one_cell_of_an_api_lacks_is_refused(small):
    api = small.api()
    points = api.computed_statistics[small.keys[0]]
    points[12] = points[108]
    with pytest.raises(TableError, match="column 'seconds@12'.*4 rows of finite numbers"):
        from_api(api)


def test_objects_that_are_no_api_are_refused(small):
    with pytest.raises(TableError, match="fixed_statistics and computed_statistics; received int"):
        from_api(3)
    api = small.api()
    del api.computed_statistics[small.keys[0]]
    with pytest.raises(TableError, match="same cells.*received 4 and 3"):
        from_api(api)


# Damage


@pytest.mark.parametrize(
    "data",
    [
        b"arch,value\n1,2\n" * 9,
        gzip.compress(b"[" * 9999),
        pickle.dumps({"a": [1.5] * 50}),
        b"\x00",
        b"[" * 13,
        bytes(64),
        files.frame(b"\x0a\x10an image, say"),
    ],
    ids=["text", "gzip", "pickle", "one byte", "brackets", "zeros", "other records"],
)
def test_other_formats_are_refused(tmp_path, data):
    (tmp_path / "a.tfrecord").write_bytes(data)
    _fails(tmp_path / "a.tfrecord", "a.tfrecord", "expected a TFRecord at byte 0", f"{len(data)} bytes that starts")


def test_missing_and_empty_files_and_folders_are_refused(tmp_path):
    _fails(tmp_path / "none.tfrecord", "none.tfrecord", "No such file")
    _fails(tmp_path, "directory")
    (tmp_path / "empty.tfrecord").touch()
    _fails(tmp_path / "empty.tfrecord", "an empty file")


def test_tensorflow_is_not_needed(small, tmp_path):
    files.write(tmp_path / "a.tfrecord", small.contents())
    script = (
        "import sys\nfrom tfnas.data.tables import nasbench101, nasbench101_api\n"
        "nasbench101.read(sys.argv[1])\nprint([name for name in ('tensorflow', 'keras') if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, tmp_path / "a.tfrecord"], capture_output=True, text=True, cwd=ROOT
    )
    assert done.stdout.strip() == "[]", done.stderr
    assert not done.stderr


def test_a_hundred_flipped_bits_are_all_noticed(small, tmp_path):
    whole = b"".join(map(files.frame, small.contents()))
    rng = np.random.default_rng(0)
    for bit in rng.choice(8 * len(whole), 100, replace=False).tolist():
        damaged = bytearray(whole)
        damaged[bit // 8] ^= 1 << bit % 8
        (tmp_path / "a.tfrecord").write_bytes(damaged)
        with pytest.raises(TableError, match=r"byte \d"):
            read(tmp_path / "a.tfrecord")


def test_damage_is_told_by_its_byte(small, tmp_path):
    records = list(map(files.frame, small.contents()))
    start = len(records[0]) + len(records[1])
    damaged = bytearray(b"".join(records))
    damaged[start + 100] ^= 1
    (tmp_path / "a.tfrecord").write_bytes(damaged)
    _fails(tmp_path / "a.tfrecord", f"record 3 at byte {start}:", "a content with another checksum")
    damaged = bytearray(b"".join(records))
    damaged[start + 3] ^= 1
    (tmp_path / "a.tfrecord").write_bytes(damaged)
    _fails(tmp_path / "a.tfrecord", f"record 3 at byte {start}:", "a length with another checksum")


def test_a_huge_length_with_a_right_checksum_takes_no_memory(small, tmp_path):
    length = struct.pack("<Q", 2**60)
    head = length + struct.pack("<I", files.masked(files.crc32c(length)))
    first = files.frame(next(iter(small.contents())))
    (tmp_path / "a.tfrecord").write_bytes(first + head + bytes(100))
    _fails(tmp_path / "a.tfrecord", f"record 2 at byte {len(first)}:", "112 bytes of")


def test_flipped_bits_under_right_checksums_never_crash(small, tmp_path):
    """The checksums cannot tell; whatever the content says then is refused in words, or possible."""
    contents = list(small.contents())
    rng = np.random.default_rng(1)
    refused = 0
    for _ in range(60):
        damaged = bytearray(contents[3])
        bit = int(rng.integers(8 * len(damaged)))
        damaged[bit // 8] ^= 1 << bit % 8
        files.write(tmp_path / "a.tfrecord", [*contents[:3], bytes(damaged), *contents[4:]])
        try:
            read(tmp_path / "a.tfrecord")
        except TableError as error:
            refused += 1
            assert re.search(r"record [4-8] at byte|for every cell", str(error))  # a later one may contradict it
    assert 30 < refused < 60


def test_cut_files_are_refused_or_whole_in_what_they_have(small, tmp_path):
    records = list(map(files.frame, small.contents()))
    whole = b"".join(records)
    target = tmp_path / "a.tfrecord"
    borders = np.cumsum([len(record) for record in records]).tolist()
    for count, border in enumerate(borders[:-1], start=1):
        target.write_bytes(whole[:border])
        if count == len(small.keys):  # each cell has one training now
            assert read(target).column("seconds@108").shape == (4, 1)
        elif count < len(small.keys):
            assert len(read(target)) == count
        else:
            _fails(target, "a.tfrecord", "expected 2 of 108 epochs for every cell; received 1 of cell")
    for length in sorted({*range(0, len(whole), 61), *(border + 5 for border in borders[:-1])} - {*borders}):
        target.write_bytes(whole[:length])
        _fails(target, "a.tfrecord", "byte" if length > borders[0] else "")


def _with(fields: dict[int, object]) -> bytes:
    made = files.sampled(1)
    values = json.loads(made.content(0, 0, 0))
    for place, value in fields.items():
        values[place] = value
    return json.dumps(values).encode()


def _encoded(message: bytes) -> bytes:
    return _with({4: base64.encodebytes(message).decode()})


POOLS = "maxpool3x3,maxpool3x3,maxpool3x3"
START, HALF, END = (0.0, 0.0, 0.1, 0.1, 0.1), (54.0, 1.0, 0.5, 0.5, 0.5), (108.0, 2.0, 0.9, 0.9, 0.9)


def _metrics(*evaluations: tuple[float, ...], parameters: int = 9, total: float = 3.0) -> bytes:
    return _encoded(files.metrics([files.evaluation(*values) for values in evaluations], parameters, total))


def _lacking(number: int, path: bytes = b"") -> bytes:
    """A message whose last evaluation lacks a field, with a checkpoint path or without."""
    end = files.evaluation(*END) + path
    return _encoded(
        files.metrics(
            [files.evaluation(*START), files.evaluation(*HALF), end[: 9 * (number - 1)] + end[9 * number :]], 9, 3.0
        )
    )


_THREE = [files.evaluation(*values) for values in (START, HALF, END)]
_NESTED = files.metrics(_THREE, 9, 3.0)


@pytest.mark.parametrize(
    ("content", "parts"),
    [
        (b"[nonsense", ["JSON"]),
        (b"[" * 100_000, ["JSON"]),
        (b"[\xff\xfe", ["JSON"]),
        (b"[]", ["five fields", "received 0 fields"]),
        (json.dumps(json.loads(_with({}))[:4]).encode(), ["five fields", "received 4 fields"]),
        (json.dumps([*json.loads(_with({})), 1]).encode(), ["five fields", "received 6 fields"]),
        (_with({1: 108.0}), ["five fields", "108.0"]),
        (_with({1: True}), ["five fields", "True"]),
        (_with({1: 0}), ["epochs", "received 0"]),
        (_with({1: -4}), ["epochs", "-4"]),
        (_with({1: 10**400}), ["epochs"]),
        (_with({1: 36}), ["after 0, 18, 36 epochs", "0, 54, 108"]),
        (_with({0: "0" * 32}), ["hash", "0" * 32]),
        (_with({0: "hello"}), ["hash", "hello"]),
        (_with({2: "0" * 48}), ["digits"]),
        (_with({2: ""}), ["digits"]),
        (_with({2: "2" * 49}), ["digits"]),
        (_with({2: "1" * 49}), ["above the diagonal"]),
        (_with({2: "011001000", 3: "input,conv5x5,output"}), ["operator", "conv5x5"]),
        (_with({2: "001000000", 3: "input,maxpool3x3,output"}), ["path", "dangling vertices [1]"]),
        (_with({2: "0" * 64, 3: f"input,{POOLS},{POOLS},output"}), ["at most 7"]),
        (_with({2: "0111100111000110000100000", 3: f"input,{POOLS},output"}), ["at most 9", "received 10"]),
        (_with({3: "output,maxpool3x3,input", 2: "010001000"}), ["'input' first"]),
        (_with({4: "####"}), ["base64"]),
        (_with({4: "é"}), ["base64"]),
        (_with({4: ""}), ["three evaluations", "received 0"]),
        (_encoded(_NESTED[:-3]), ["ModelMetrics message"]),
        (_encoded(b"\xff" * 40), ["ModelMetrics message"]),
        (_encoded(_NESTED[:-9]), ["total_time"]),
        (_encoded(_NESTED[:-11] + _NESTED[-9:]), ["trainable_parameters"]),
        (_metrics(HALF, END), ["three evaluations", "received 2"]),
        (_metrics(START, HALF, END, END), ["three evaluations", "received 4"]),
        *((_lacking(number), ["test_accuracy in each evaluation"]) for number in range(1, 6)),
        (_lacking(3, b"\x32\x04path"), ["test_accuracy in each evaluation", "test_accuracy, checkpoint_path"]),
        (_metrics(START, END, HALF), ["0, 54, 108 epochs", "0, 108, 54"]),
        (_metrics(START, HALF, (108.0, 2.0, 0.9, 0.9, 1.01)), ["end", "test_accuracy from 0 to 1", "1.01"]),
        (_metrics(START, HALF, (108.0, 2.0, -0.1, 0.9, 0.9)), ["end", "train_accuracy", "-0.1"]),
        (_metrics(START, (54.0, 1.0, 0.9, float("nan"), 0.9), END), ["half-way", "valid_accuracy", "nan"]),
        (_metrics((0.0, 0.0, 2.0, 0.1, 0.1), HALF, END), ["start", "train_accuracy", "2.0"]),
        (_metrics(START, HALF, (108.0, float("inf"), 0.9, 0.9, 0.9)), ["seconds", "inf"]),
        (_metrics(START, (54.0, -1.0, 0.5, 0.5, 0.5), END), ["half-way", "seconds", "-1.0"]),
        (_metrics(START, HALF, END, total=float("nan")), ["total_time", "nan"]),
        (_metrics(START, HALF, END, total=-1.0), ["total_time", "-1"]),
        (_metrics(START, HALF, END, parameters=0), ["parameters", "received 0"]),
        (_metrics(START, HALF, END, parameters=2**64 - 5), ["parameters", "received -5"]),
    ],
)  # fmt: skip
def test_bad_records_are_refused_by_number_and_byte(small, tmp_path, monkeypatch, content, parts):
    """Batches of two records, so that the place is counted over batches."""
    monkeypatch.setattr(nasbench101_records, "_BATCH", 2)
    before = list(small.contents())[:3]
    path = files.write(tmp_path / "a.tfrecord", [*before, content])
    byte = sum(len(record) + 16 for record in before)
    _fails(path, f"a.tfrecord, record 4 at byte {byte}", *parts)


def test_records_of_one_cell_agree_on_it(tmp_path):
    one = files.sampled(1, budgets=(108,), repeats=2)
    first, second = json.loads(one.content(0, 0, 0)), json.loads(one.content(0, 0, 1))
    message = _wire(base64.b64decode(second[4]))
    other = files.metrics(message[1], message[2][0] + 1, 1.0)
    second[4] = base64.encodebytes(other).decode()
    path = files.write(tmp_path / "a.tfrecord", [json.dumps(fields).encode() for fields in (first, second)])
    _fails(path, "record 2 at byte", f"cell {first[0]}", "as before", str(message[2][0] + 1))


def test_the_graph_of_one_cell_with_the_labels_of_another_is_refused(tmp_path):
    texts = "010001000:input,maxpool3x3,output", "0100001000010000:input,maxpool3x3,maxpool3x3,output"
    one, two = (files.make([files.SPACE.from_native(text)], repeats=1).content(0, 0, 0) for text in texts)
    mixed = json.loads(one)
    mixed[2] = json.loads(two)[2]
    mixed[0] = mixed[0][::-1]
    path = files.write(tmp_path / "a.tfrecord", [one, two, json.dumps(mixed).encode()])
    _fails(path, "record 3 at byte", "3 * 3 digits")


def test_isomorphic_forms_of_one_cell_are_refused(tmp_path):
    swapped = "input,maxpool3x3,conv3x3-bn-relu,output", "input,conv3x3-bn-relu,maxpool3x3,output"
    archs = [files.SPACE.from_native(f"0110000100010000:{operations}") for operations in swapped]
    contents = [files.make([arch], repeats=1).content(0, 0, 0) for arch in archs]
    _fails(files.write(tmp_path / "a.tfrecord", contents), "record 2 at byte", "as before")


# A kill

_CONVERT = """
import os, pathlib, signal, sys
from tfnas.data.tables import cache, nasbench101, nasbench101_records

moment, count = sys.argv[3], int(sys.argv[4])
calls = 0

def wrapped(call, after):
    def deadly(*arguments):
        global calls
        calls += 1
        if calls == count and not after:
            os.kill(os.getpid(), signal.SIGKILL)
        call(*arguments)
        if calls == count:
            os.kill(os.getpid(), signal.SIGKILL)
    return deadly

progress = None
if moment == "reading":
    nasbench101_records._BATCH = 100
    progress = wrapped(lambda *_: None, False)
elif moment == "forcing":
    os.fsync = wrapped(os.fsync, False)
else:
    os.rename = wrapped(os.rename, moment == "renamed")
cache.save(nasbench101.read(sys.argv[1], on_progress=progress), pathlib.Path(sys.argv[2]), {})
"""


@pytest.mark.parametrize(
    ("moment", "count", "is_there"),
    [
        ("forcing", 3, False),
        pytest.param("reading", 5, False, marks=pytest.mark.slow),
        pytest.param("forcing", 1, False, marks=pytest.mark.slow),
        pytest.param("forcing", 20, False, marks=pytest.mark.slow),
        pytest.param("rename", 1, False, marks=pytest.mark.slow),
        pytest.param("renamed", 1, True, marks=pytest.mark.slow),
    ],
)
def test_a_kill_while_converting_leaves_all_or_nothing(path, table, tmp_path, moment, count, is_there):
    folder = tmp_path / "table"
    command = [sys.executable, "-c", _CONVERT, path, folder, moment, str(count)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True)
    assert done.returncode == -signal.SIGKILL, done.stderr
    assert cache.exists(folder) is is_there
    if not is_there:
        with pytest.raises(TableError):
            cache.open_table(folder)
        cache.save(table, folder, {})
    assert cache.open_table(folder).checksum == table.checksum
    assert [entry.name for entry in tmp_path.iterdir() if not entry.name.startswith(".")] == ["table"]

"""Benchmark tables: reading, what is refused and where, immutability, checksum."""

import csv
import dataclasses
import gzip
import io
import pathlib
import re
import subprocess
import sys

import numpy as np
import pytest

from tests.realdata import real_data
from tfnas.data import Table
from tfnas.data.tables.csv_file import read_header
from tfnas.errors import ConfigError, TableError, UnknownNameError
from tfnas.spaces import NASBench201
from tfnas.trial import Split

SPACE = NASBench201()
ARCHS = tuple(SPACE.sample(np.random.default_rng(seed)) for seed in range(4))
NATIVES = tuple(SPACE.to_native(arch) for arch in ARCHS)
HEADER = "index,arch,note,valid,test_acc,seconds"
ROWS = tuple(f"{k},{native},n{k},{k}.5,9{k}.25,{10 + k}" for k, native in enumerate(NATIVES))
GOOD = "\n".join((HEADER, *ROWS)) + "\n"


def write(folder: pathlib.Path, text: str | bytes, name: str = "made.csv") -> pathlib.Path:
    path = folder / name
    data = text.encode() if isinstance(text, str) else text
    path.write_bytes(gzip.compress(data) if name.endswith(".gz") else data)
    return path


def lines(*changes: tuple[int, str]) -> str:
    """The good file with lines (numbered from 1) replaced."""
    whole = [HEADER, *ROWS]
    for number, line in changes:
        whole[number - 1] = line
    return "\n".join(whole) + "\n"


@pytest.mark.parametrize("name", ["made.csv", "made.csv.gz"])
def test_reads_numeric_columns_with_their_splits(tmp_path, name):
    table = Table.from_csv(write(tmp_path, GOOD, name), SPACE)
    assert (table.name, len(table), table.rows.natives) == ("made", 4, NATIVES)
    assert list(table.columns) == ["index", "valid", "test_acc", "seconds"]
    np.testing.assert_array_equal(table.column("valid"), [0.5, 1.5, 2.5, 3.5])
    np.testing.assert_array_equal(table.column("test_acc"), [90.25, 91.25, 92.25, 93.25])
    assert dict(table.splits) == {
        "index": Split.VALIDATION,
        "valid": Split.VALIDATION,
        "test_acc": Split.TEST,
        "seconds": Split.VALIDATION,
    }
    assert [table.find(arch) for arch in reversed(ARCHS)] == [3, 2, 1, 0]
    absent = next(arch for arch in SPACE.enumerate() if SPACE.to_native(arch) not in NATIVES)
    assert table.find(absent) is None


def test_compression_goes_by_content_not_by_name(tmp_path):
    packed = write(tmp_path, gzip.compress(GOOD.encode()), "made.csv")
    plain = tmp_path / "made.gz"
    plain.write_text(GOOD)
    assert Table.from_csv(packed, SPACE).rows.natives == Table.from_csv(plain, SPACE).rows.natives == NATIVES


def test_columns_splits_and_name_can_be_chosen(tmp_path):
    text = lines((3, f"1,{NATIVES[1]},n1,1.5,broken,11"))  # a column that nobody asks for
    table = Table.from_csv(
        write(tmp_path, text),
        SPACE,
        columns=["seconds", "valid"],
        splits={"valid": "test", "seconds": Split.TRAIN},
        name="mine",
    )
    assert table.name == "mine"
    assert dict(table.splits) == {"seconds": Split.TRAIN, "valid": Split.TEST}


def test_byte_order_mark_blank_lines_quotes_and_spaces_are_harmless(tmp_path):
    rows = [ROWS[0].replace("n0", '"a, ""quoted"" note"'), "", ROWS[1].replace(NATIVES[1], f" {NATIVES[1]} ")]
    header = "\ufeff" + HEADER.replace(",arch", ", arch")
    table = Table.from_csv(write(tmp_path, "\r\n".join((header, *rows))), SPACE)
    assert table.rows.natives == NATIVES[:2]
    assert list(table.columns) == ["index", "valid", "test_acc", "seconds"]


ROW = ROWS[2].split(",")


@pytest.mark.parametrize(
    ("text", "options", "parts"),
    [
        pytest.param("", {}, ["line 1", "empty file"], id="empty"),
        pytest.param(HEADER + "\n", {}, ["at least one row"], id="header only"),
        pytest.param(
            GOOD.replace("arch", "cell"), {}, ["line 1", "'arch'", "index, cell, note"], id="no architectures"
        ),
        pytest.param(GOOD.replace("note", "valid"), {}, ["line 1", "every column name once"], id="column twice"),
        pytest.param(
            lines((4, ",".join((ROW[0], ROW[1].replace("~0", "~7", 1), *ROW[2:])))),
            {},
            ["line 4", "'arch'", "nasbench201", "~7"],
            id="malformed architecture",
        ),
        pytest.param(lines((4, ",".join(ROW[:4]))), {}, ["line 4", "6 fields", "received 4"], id="truncated line"),
        pytest.param(
            lines((2, ROWS[0].replace("n0", '"two\nlines"')), (4, ",".join(ROW[:4]))), {}, ["line 5"], id="line break"
        ),
        pytest.param(lines((4, ",".join((*ROW, "1")))), {}, ["line 4", "6 fields", "received 7"], id="long line"),
        pytest.param(
            lines((5, ROWS[0].replace(NATIVES[0], f" {NATIVES[0]}"))),
            {},
            ["line 5", "after line 2", NATIVES[0]],
            id="duplicate",
        ),
        pytest.param(
            lines((4, f"2,{NATIVES[2]},n2,high,92.25,12")), {}, ["line 4", "'valid'", "'high'"], id="not a number"
        ),
        pytest.param(lines((4, f"2,{NATIVES[2]},n2,,92.25,12")), {}, ["line 4", "'valid'", "''"], id="empty number"),
        pytest.param(
            lines((3, f"1,{NATIVES[1]},n1,1.5,nan,11"), (4, f"2,{NATIVES[2]},n2,2.5,-inf,12")),
            {"columns": ["test_acc"]},
            ["line 3", "'test_acc'", "'nan'", "2 of 4"],
            id="not finite",
        ),
        pytest.param(
            GOOD.replace("arch", "cell"), {}, ["--architecture", "architecture=..."], id="no architectures, what to do"
        ),
        pytest.param(GOOD.replace(",", ";"), {}, ["line 1", "semicolons", "with commas"], id="semicolons"),
        pytest.param(GOOD.replace(",", "\t"), {}, ["line 1", "tabs", "with commas"], id="tabs"),
        pytest.param(
            re.sub(r"(\.25),", r"\1%,", GOOD),
            {},
            ["line 2", "'test_acc'", "'90.25%' (4 of 4", "plain numbers", "--columns A,B", "columns=[...]"],
            id="per cent",
        ),
        pytest.param(
            re.sub(r"(\.25),", r"\1 %,", lines((2, ROWS[0].replace("90.25", "absent")))),
            {},
            ["line 2", "'test_acc'", "'absent' (4 of 4"],
            id="per cent in most rows",
        ),
        pytest.param(re.sub(r"9(\d)\.25", r'"9\1,25"', GOOD), {}, ["line 2", "'90,25'"], id="decimal commas"),
        pytest.param(
            "arch,note,more\n" + "".join(f"{native},a,b\n" for native in NATIVES),
            {},
            ["at least one column of numbers", "note, more"],
            id="nothing but text",
        ),
        pytest.param("arch\n" + "\n".join(NATIVES), {}, ["column of numbers", "no other columns"], id="one column"),
        pytest.param(GOOD, {"columns": ["note"]}, ["line 2", "'note'", "'n0'"], id="text column asked for"),
        pytest.param(GOOD, {"splits": {"note": "test"}}, ["line 2", "'note'", "'n0'"], id="split of a text column"),
        pytest.param(
            GOOD, {"columns": ["vlaid"]}, ["line 1", "'vlaid'", HEADER.replace(",", ", ")], id="no such column"
        ),
        pytest.param(GOOD, {"splits": {"vlaid": "test"}}, ["splits", "'vlaid'", "valid"], id="split of no column"),
        pytest.param(
            GOOD, {"columns": ["valid"], "splits": {"seconds": "test"}}, ["'seconds'", "loaded"], id="split not loaded"
        ),
        pytest.param(GOOD.encode() + b"\xff\xfe", {}, ["made.csv", "UTF-8"], id="not text"),
        pytest.param(GOOD + '9,"never closed', {}, ["after line 5"], id="open quote"),
    ],
)
def test_bad_files_are_refused_by_line(tmp_path, text, options, parts):
    path = write(tmp_path, text)
    with pytest.raises(TableError) as caught:
        Table.from_csv(path, SPACE, **options)
    for part in ("made.csv", *parts):
        assert part in str(caught.value)


def test_a_cut_short_gzip_file_is_refused_after_its_last_line(tmp_path):
    output = io.StringIO()
    rng = np.random.default_rng(0)
    csv.writer(output).writerows(
        [["arch", "valid"], *([SPACE.to_native(arch), rng.random()] for arch in list(SPACE.enumerate())[:2000])]
    )
    packed = gzip.compress(output.getvalue().encode())
    path = tmp_path / "cut.csv.gz"
    path.write_bytes(packed[: len(packed) // 2])
    with pytest.raises(TableError, match=r"cut\.csv\.gz, after line [1-9]\d+: .*end-of-stream.*cut short"):
        Table.from_csv(path, SPACE)
    path.write_bytes(packed[:500] + b"damage" + packed[506:])
    with pytest.raises(TableError, match=r"cut\.csv\.gz"):
        Table.from_csv(path, SPACE)


def test_missing_files_and_folders_are_refused(tmp_path):
    with pytest.raises(TableError, match="absent.csv: .*no such file"):
        Table.from_csv(tmp_path / "absent.csv", SPACE)
    with pytest.raises(TableError, match="a CSV file; received a folder"):
        Table.from_csv(tmp_path, SPACE)


def test_text_that_only_begins_like_a_number_is_text(tmp_path):
    for text in ("1st", "2024-01-31", "3x3", "%", "1.2.3.4", "1,2,3", "45 K", ""):
        table = Table.from_csv(write(tmp_path, re.sub(r"n\d", f'"{text}"', GOOD)), SPACE)
        assert "note" not in table.columns


def test_columns_of_per_cent_can_be_left_out(tmp_path):
    path = write(tmp_path, re.sub(r"(\.25),", r"\1%,", GOOD))
    assert list(Table.from_csv(path, SPACE, columns=["valid"]).columns) == ["valid"]


def test_the_header_alone(tmp_path):
    assert read_header(write(tmp_path, GOOD.replace(",note", ", note ,"))) == tuple(
        HEADER.replace(",note", ",note,").split(",")
    )
    assert read_header(write(tmp_path, "")) == ()


def test_arguments_are_checked(tmp_path):
    path = write(tmp_path, GOOD)
    with pytest.raises(ConfigError, match="'valid'.*train, validation, test.*'exam'"):
        Table.from_csv(path, SPACE, splits={"valid": "exam"})
    with pytest.raises(ConfigError, match="columns.*sequence of names.*'valid'"):
        Table.from_csv(path, SPACE, columns="valid")
    with pytest.raises(UnknownNameError, match="'made'.*index, valid, test_acc, seconds.*'note'"):
        Table.from_csv(path, SPACE).column("note")


def test_a_table_cannot_be_changed(tmp_path):
    values = np.arange(4.0)
    table = Table(SPACE, "made", NATIVES, {"valid": values}, {"valid": Split.VALIDATION})
    with pytest.raises(ValueError, match="read-only"):
        table.column("valid")[0] = 1.0
    with pytest.raises(TypeError):
        table.columns["more"] = values
    with pytest.raises(dataclasses.FrozenInstanceError):
        table.name = "other"
    values[:] = 9.0  # the caller's array is not the table's
    np.testing.assert_array_equal(table.column("valid"), np.arange(4.0))


@pytest.mark.parametrize(
    ("natives", "columns", "splits", "message"),
    [
        ((), {}, {}, "at least one row"),
        ((NATIVES[0], NATIVES[0]), {}, {}, "two rows"),
        (NATIVES, {"valid": np.zeros(3)}, {"valid": Split.VALIDATION}, r"'valid'.*4 rows of finite numbers.*\(3,\)"),
        (NATIVES[:2], {"valid": [1.0, np.nan]}, {"valid": Split.VALIDATION}, "'valid'.*1 not finite"),
        (NATIVES[:1], {"valid": [1.0]}, {}, "one split for each.*valid"),
    ],
)
def test_tables_made_by_hand_are_checked(natives, columns, splits, message):
    with pytest.raises(TableError, match=message):
        Table(SPACE, "made", natives, columns, splits)


def test_checksum_is_of_the_content(tmp_path):
    same = Table.from_csv(write(tmp_path, GOOD), SPACE).checksum
    assert Table.from_csv(write(tmp_path, GOOD, "other.csv.gz"), SPACE, name="x").checksum == same
    changed = {
        Table.from_csv(write(tmp_path, lines((3, ROWS[1].replace("1.5", "1.500001")))), SPACE).checksum,
        Table.from_csv(write(tmp_path, "\n".join((HEADER, *ROWS[:3]))), SPACE).checksum,
        Table.from_csv(write(tmp_path, "\n".join((HEADER, *reversed(ROWS)))), SPACE).checksum,
        Table.from_csv(write(tmp_path, GOOD), SPACE, splits={"valid": "test"}).checksum,
        Table.from_csv(write(tmp_path, GOOD), SPACE, columns=["valid"]).checksum,
        Table.from_csv(write(tmp_path, GOOD.replace("valid", "value")), SPACE).checksum,
        same,
    }
    assert len(changed) == 7


def test_heavy_packages_are_not_imported():
    code = (
        "import sys, tfnas.data, tfnas.evaluators.table, tfnas.strategies.evolution, tfnas.strategies.local_search\n"
        "print([name for name in ('tensorflow', 'keras', 'scipy', 'pandas', 'matplotlib') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "[]"


def test_the_real_table_has_its_published_optima():
    path = real_data("nasbench201.csv.gz")
    table = Table.from_csv(path, SPACE)
    assert len(table) == SPACE.size
    assert table.column("cifar10_test_200ep").max() == 94.3733
    assert table.column("cifar100_test_200ep").max() == 73.5133
    assert [name for name, split in table.splits.items() if split is Split.TEST] == [
        "cifar10_test_12ep",
        "cifar100_test_12ep",
        "cifar10_test_200ep",
        "cifar100_test_200ep",
    ]
    with gzip.open(path, "rt") as file:  # an independent reader
        for row, record in enumerate(csv.DictReader(file)):
            assert table.find(SPACE.from_native(record["arch"])) == row
            assert table.columns["cifar100_valid_12ep"][row] == float(record["cifar100_valid_12ep"])

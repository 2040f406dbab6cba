"""The reader of D-VAE's ENAS text."""

from __future__ import annotations

import csv
import functools
import gzip

import numpy as np
import pytest

from tests.realdata import real_data
from tfnas.data.tables import enas
from tfnas.errors import TableError
from tfnas.spaces import get
from tfnas.trial import Split

SPACE = get("enas_macro,layers=6")


@functools.cache
def made_up() -> tuple[str, ...]:
    """As many different networks as the published file has lines; the values rise with the line."""
    rng = np.random.default_rng(6)
    natives: dict[str, None] = {}
    while len(natives) < enas.LINES:
        natives.setdefault(SPACE.to_native(SPACE.sample(rng)))
    return tuple(f"{native}, {0.5 + k / 100_000:.5f}" for k, native in enumerate(natives))


def write(folder, lines, end: str = "\n"):
    path = folder / "final_structures6.txt"
    path.write_text("\n".join(lines) + end)
    return path


def changed(number: int, line: str) -> list[str]:
    """The lines with one, counted from 1, replaced."""
    lines = list(made_up())
    lines[number - 1] = line
    return lines


def refusal(path) -> str:
    with pytest.raises(TableError) as caught:
        enas.read(path)
    return str(caught.value)


def test_the_burn_in_is_dropped_and_the_rest_kept_in_order(tmp_path):
    calls = []
    table = enas.read(write(tmp_path, made_up()), on_progress=lambda *call: calls.append(call))
    assert calls == [(done, 20_020) for done in range(1, 20_021)]
    assert table.name == "enas_dvae" and table.space.name == SPACE.name and len(table) == 19_020
    assert dict(table.splits) == {"ws_accuracy": Split.VALIDATION} and "skip connections alone" in table.note
    assert table.rows.native(0) == made_up()[1000].rpartition(",")[0]
    np.testing.assert_allclose(table.column("ws_accuracy"), 0.5 + np.arange(1000, 20_020) / 100_000, rtol=0, atol=1e-9)
    assert table.find(SPACE.from_native(made_up()[999].rpartition(",")[0])) is None


def test_equal_lines_are_one_row_and_the_burn_in_does_not_count(tmp_path):
    lines = changed(1500, made_up()[1400])
    lines[1600] = made_up()[10]  # the same network is in the burn-in too
    lines[20] = made_up()[1700].rpartition(",")[0] + ", 0.1"
    table = enas.read(write(tmp_path, lines))
    assert len(table) == 19_019
    assert table.column("ws_accuracy").min() == pytest.approx(0.5001)


def test_the_published_values(tmp_path):
    with gzip.open(real_data("enas_weight_sharing.csv.gz"), "rt") as file:
        rows = list(csv.DictReader(file))
    lines = []
    for row in rows:
        layers = zip(row["ops"], row["connections"].split("/"))
        lines.append(f"{[[int(op), *map(int, bits)] for op, bits in layers]}, {float(row['ws_accuracy'])}")
    path = write(tmp_path, lines)
    assert path.stat().st_size == 1_677_427  # as published, so that the published file ends with a line end too
    table = enas.read(path)
    values = table.column("ws_accuracy")
    assert len(table) == 19_015
    assert (round(values.mean(), 4), values.min(), values.max()) == (0.7363, 0.702, 0.7502)
    by_skips: dict[str, list[float]] = {}
    for row in range(len(table)):
        by_skips.setdefault(str(SPACE.skips(table.rows.architecture(row))), []).append(values[row])
    assert len(by_skips) == 8_477
    assert all(len(set(found)) == 1 for found in by_skips.values())
    assert sum(len(found) > 1 for found in by_skips.values()) > 3_500


GOOD = made_up()[4999]
NETWORK = GOOD.rpartition(",")[0]


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ("", "no accuracy"),
        (NETWORK, "no accuracy"),
        (f"{NETWORK}, 1.5", "no accuracy from 0 to 1"),
        (f"{NETWORK}, -0.5", "no accuracy from 0 to 1"),
        (f"{NETWORK}, NaN", "no accuracy from 0 to 1"),
        (f"{NETWORK}, Infinity", "no accuracy from 0 to 1"),
        (f"{NETWORK}, 1", "no accuracy from 0 to 1"),
        (f"{NETWORK}, true", "no accuracy from 0 to 1"),
        (f'{NETWORK}, "0.7"', "no accuracy from 0 to 1"),
        (f"{NETWORK}, 0.7, 0.7", "no accuracy from 0 to 1"),
        (f"{NETWORK} 0.7", "delimiter"),
        (f"{NETWORK}, 0..7", "delimiter"),
        (f"{NETWORK}, 0.7]", "Extra data"),
        (f"{NETWORK}, __import__('os').system('true')", "Expecting value"),
        ("[[6], [0, 1], [0, 1, 1], [0, 1, 1, 1], [0, 1, 1, 1, 1], [0, 1, 1, 1, 1, 1]], 0.7", "a network of enas_macro"),
        ("[[0], [0, 2], [0, 1, 1], [0, 1, 1, 1], [0, 1, 1, 1, 1], [0, 1, 1, 1, 1, 1]], 0.7", "a network of enas_macro"),
        ("[[0], [0, 1], [0, 1, 1], [0, 1, 1, 1], [0, 1, 1, 1, 1]], 0.7", "a network of enas_macro"),
        ("[[0], [0, 1], [0, 1], [0, 1, 1, 1], [0, 1, 1, 1, 1], [0, 1, 1, 1, 1, 1]], 0.7", "a network of enas_macro"),
        (
            "[[0.0], [0, 1], [0, 1, 1], [0, 1, 1, 1], [0, 1, 1, 1, 1], [0, 1, 1, 1, 1, 1]], 0.7",
            "a network of enas_macro",
        ),
        ('["0 0 1 0 1 1"], 0.7', "a network of enas_macro"),
        ('"0 0 1 0 1 1", 0.7', "a network of enas_macro"),
        ("[" * 100_000, "recursion"),
        (f"{NETWORK}, {'9' * 5000}", "digits"),
    ],
)
@pytest.mark.parametrize("number", [5, 5000])
def test_lines_that_are_not_the_publishers_are_refused_by_number(tmp_path, number, line, what):
    message = refusal(write(tmp_path, changed(number, line)))
    assert f"final_structures6.txt, line {number}:" in message and what in message and len(message) < 700


def test_a_network_with_two_values_is_refused(tmp_path):
    lines = changed(6000, f"{NETWORK}, 0.1")
    message = refusal(write(tmp_path, lines))
    assert "line 6000" in message and "in line 5000" in message and "received 0.1" in message


@pytest.mark.parametrize("count", [0, 1, 1000, 19_020, 20_019, 20_021])
def test_files_with_other_numbers_of_lines_are_refused(tmp_path, count):
    lines = (*made_up(), made_up()[-1])[:count]
    assert "20,020 lines" in refusal(write(tmp_path, lines))


def test_files_that_cannot_be_read(tmp_path):
    assert "No such file" in refusal(tmp_path / "none.txt")
    assert "Is a directory" in refusal(tmp_path)
    path = write(tmp_path, made_up())
    path.write_bytes(path.read_bytes()[:500] + b"\xff" + path.read_bytes()[501:])
    assert "position 500" in refusal(path)


@pytest.mark.parametrize("missing", [1, 2, 4, 10, 1000])
def test_a_file_that_is_cut_short_is_refused(tmp_path, missing):
    """Also within its last number, which is a number then too."""
    path = write(tmp_path, made_up())
    path.write_bytes(path.read_bytes()[:-missing])
    message = refusal(path)
    assert "a line end at the end" in message and "may be cut short" in message


def test_a_line_that_is_cut_short_is_refused_by_number(tmp_path):
    path = write(tmp_path, (*made_up()[:-1], made_up()[-1][:-10]))
    assert "line 20020:" in refusal(path)


def test_flipped_bits_are_refused_with_their_place_or_give_a_table_in_range(tmp_path, monkeypatch):
    """The text has no checksum: a digit of an accuracy, an operator or a skip may become another one unseen."""
    read_line = enas._read_line
    known = functools.cache(lambda number, line: read_line(path, number, line, SPACE))  # few lines change
    monkeypatch.setattr(enas, "_read_line", lambda _, number, line, space: known(number, line))
    path = write(tmp_path, made_up())
    whole = path.read_bytes()
    refused = 0
    for place in np.random.default_rng(0).integers(8 * len(whole), size=100).tolist():
        damaged = bytearray(whole)
        damaged[place // 8] ^= 1 << place % 8
        path.write_bytes(damaged)
        try:
            found = enas.read(path)
        except TableError as error:
            refused += 1
            assert any(word in str(error) for word in ("line ", "position ", "20,020 lines"))
        else:
            assert len(found) >= 19_019 and 0 <= found.column("ws_accuracy").min()
            assert found.column("ws_accuracy").max() <= 1
    assert refused > 60

"""The reader of NAS-Bench-Macro's JSON file."""

from __future__ import annotations

import csv
import gzip
import itertools
import json

import numpy as np
import pytest

from tests.realdata import real_data
from tfnas.data.tables import nasbench_macro
from tfnas.errors import TableError
from tfnas.spaces import get
from tfnas.trial import Split

SPACE = get("nasbench_macro")
NAMES = ["".join(digits) for digits in itertools.product("012", repeat=8)][::-1]
COSTS = [SPACE.cost(SPACE.from_native(name)) for name in NAMES]


def entry(k: int) -> dict:
    accuracies = [50 + k / 1000, 60 + k / 1000, 70 + k / 1000]
    return {
        "test_acc": accuracies,
        "mean_acc": sum(accuracies) / 3,
        "std": float(np.std(accuracies)),
        "params": COSTS[k].params,
        "flops": COSTS[k].macs,
    }


def content() -> dict:
    """Made-up values that all differ, in another order than the space's."""
    return {name: entry(k) for k, name in enumerate(NAMES)}


def write(folder, value) -> str:
    path = folder / "nas-bench-macro_cifar10.json"
    path.write_text(value if isinstance(value, str) else json.dumps(value))
    return path


def refusal(path) -> str:
    with pytest.raises(TableError) as caught:
        nasbench_macro.read(path)
    return str(caught.value)


def test_columns_splits_and_values(tmp_path):
    calls = []
    table = nasbench_macro.read(write(tmp_path, content()), on_progress=lambda *call: calls.append(call))
    assert calls == [(done, 6561) for done in range(1, 6562)]
    assert table.name == "nasbench_macro" and table.space.name == SPACE.name and len(table) == 6561
    assert dict(table.splits) == {
        "test_accuracy": Split.TEST,
        "mean_accuracy": Split.TEST,
        "parameters": Split.TRAIN,
        "flops": Split.TRAIN,
    }
    assert table.rows.natives == tuple(NAMES) and "no validation column" in table.note
    row = table.find(SPACE.from_native("01201201"))
    expected = content()["01201201"]
    np.testing.assert_array_equal(table.column("test_accuracy")[row], expected["test_acc"])
    assert table.column("test_accuracy").shape == (6561, 3)
    for column, name in (("mean_accuracy", "mean_acc"), ("parameters", "params"), ("flops", "flops")):
        assert table.column(column)[row] == expected[name]
        assert table.column(column).shape == (6561,)


def test_the_published_values(tmp_path):
    """Written as the benchmark's file from its values, read back, and compared with the space's own sizes."""
    with gzip.open(real_data("nasbench_macro.csv.gz"), "rt") as file:
        rows = {row["arch"]: row for row in csv.DictReader(file)}
    values = {
        name: {
            "test_acc": [float(row[f"acc_run{k}"]) for k in range(3)],
            "mean_acc": float(row["mean_acc"]),
            "std": 0.1,
            "params": int(row["params"]),
            "flops": int(row["flops"]),
        }
        for name, row in rows.items()
    }
    table = nasbench_macro.read(write(tmp_path, values))
    assert len(table) == 6561 and table.rows.natives == tuple(rows)
    means = table.column("mean_accuracy")
    assert means.max() == pytest.approx(93.12667) and means.min() == pytest.approx(45.36333)
    assert {table.rows.native(row) for row in np.flatnonzero(means == means.max())} == {"22212220", "22212202"}
    np.testing.assert_allclose(table.mean("test_accuracy"), means, atol=2e-5)
    for row in range(0, 6561, 700):
        arch = table.rows.architecture(row)
        cost = SPACE.cost(arch, (32, 32, 3), 10)
        assert (table.column("parameters")[row], table.column("flops")[row]) == (cost.params, cost.macs)
    groups: dict[str, set] = {}
    for row, native in enumerate(table.rows.natives):
        key = SPACE.canonical_key(SPACE.from_native(native))
        groups.setdefault(key, set()).add(tuple(table.column("test_accuracy")[row]))
    assert len(groups) == 3969 and all(len(found) == 1 for found in groups.values())


def _changed(name: str, field: str, value) -> dict:
    values = content()
    values[name][field] = value
    return values


def _entry(value) -> dict:
    return {**content(), NAMES[5]: value}


DEEP = "[" * 500 + "]" * 500


@pytest.mark.parametrize(
    ("value", "what"),
    [
        ("", "a JSON file; received Expecting value: line 1 column 1"),
        ("{", "line 1 column 2"),
        ("[" * 100_000, "a JSON file"),
        ("[]", "an object of networks; received a list"),
        ("{}", "each of the 6,561 networks once; received 0"),
        (json.dumps(content())[:-1], "a JSON file"),
        (json.dumps(content())[:200_000], "a JSON file; received"),
        (json.dumps(content()) + "}", "Extra data: line 1"),
        (dict(list(content().items())[:-1]), "each of the 6,561 networks once; received 6,560"),
        (json.dumps(content())[:-1] + f', "{NAMES[0]}": ' + json.dumps(entry(0)) + "}", "6,562, of which 6,561 differ"),
        ({**content(), "0120120": entry(0)}, "network '0120120': expected an architecture of nasbench_macro"),
        ({**content(), "01201203": entry(0)}, "network '01201203'"),
        ({**content(), "0120120x": entry(0)}, "network '0120120x'"),
        (_entry([1, 2]), f"network '{NAMES[5]}': expected an object of values; received a list"),
        (_entry(None), "received a NoneType"),
        (_entry({}), "3 values as 'test_acc'; received None"),
        (_changed(NAMES[5], "test_acc", [50.0, 60.0]), "3 values as 'test_acc'; received [50.0, 60.0]"),
        (_changed(NAMES[5], "test_acc", 60.0), "3 values as 'test_acc'"),
        (_changed(NAMES[5], "test_acc", [50.0, 60.0, "70"]), "'test_acc' from 0 to 100; received '70'"),
        (_changed(NAMES[5], "test_acc", [50.0, 60.0, True]), "received True"),
        (
            _changed(NAMES[5], "test_acc", [50.0, 60.0, 100.1]),
            f"network '{NAMES[5]}': expected 'test_acc' from 0 to 100",
        ),
        (_changed(NAMES[5], "test_acc", [50.0, 60.0, -0.1]), "received -0.1"),
        (_changed(NAMES[5], "test_acc", [50.0, 60.0, float("nan")]), "received nan"),
        (_changed(NAMES[5], "test_acc", [50.0, 60.0, float("inf")]), "received inf"),
        (_changed(NAMES[5], "mean_acc", 60.1), f"network '{NAMES[5]}': expected the mean of [50.005"),
        (_changed(NAMES[5], "mean_acc", None), "'mean_acc' from 0 to 100; received None"),
        (_changed(NAMES[5], "params", 0), f"{COSTS[5].params} as 'params', which the network has; received 0"),
        (_changed(NAMES[5], "params", 1.5), "which the network has; received 1.5"),
        (_changed(NAMES[5], "flops", 10**30), f"{COSTS[5].macs} as 'flops', which the network has"),
        (_changed(NAMES[5], "flops", None), "as 'flops', which the network has; received None"),
        (json.dumps(_changed(NAMES[5], "flops", "DEEP")).replace('"DEEP"', DEEP), "as 'flops', which the network has"),
        (json.dumps(_changed(NAMES[5], "flops", "LONG")).replace('"LONG"', "9" * 5000), "a JSON file"),
    ],
)
def test_other_files_are_refused_with_the_place(tmp_path, value, what):
    message = refusal(write(tmp_path, value))
    assert what in message and "nas-bench-macro_cifar10.json" in message


def test_files_that_cannot_be_read(tmp_path):
    assert "No such file" in refusal(tmp_path / "none.json")
    assert "Is a directory" in refusal(tmp_path)
    path = write(tmp_path, content())
    path.write_bytes(path.read_bytes().replace(b"test_acc", b"test_\xffcc", 1))
    assert "position" in refusal(path)


@pytest.mark.parametrize("count", [15, pytest.param(100, marks=pytest.mark.slow)])
def test_flipped_bits_are_refused_with_their_place_or_give_a_table_in_range(tmp_path, count):
    """JSON has no checksum: a digit may become another one. The mean still gives away those of the accuracies."""
    path = write(tmp_path, content())
    whole, right = path.read_bytes(), nasbench_macro.read(path)
    refused = 0
    for place in np.random.default_rng(0).integers(8 * len(whole), size=count).tolist():
        damaged = bytearray(whole)
        damaged[place // 8] ^= 1 << place % 8
        path.write_bytes(damaged)
        try:
            found = nasbench_macro.read(path)
        except TableError as error:
            refused += 1
            assert any(word in str(error) for word in ("network '", "line ", "position ", "differ"))
        else:
            np.testing.assert_array_equal(found.column("parameters"), right.column("parameters"))
            np.testing.assert_array_equal(found.column("flops"), right.column("flops"))
            np.testing.assert_allclose(found.column("test_accuracy"), right.column("test_accuracy"), atol=4e-4)
            np.testing.assert_allclose(found.column("mean_accuracy"), right.column("mean_accuracy"), atol=2e-4)
    assert refused > 0.6 * count

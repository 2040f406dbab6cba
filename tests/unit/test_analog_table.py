"""The NAS-Bench-201 table of the package analog-nasbench: what its keys mean, and damaged files."""

from __future__ import annotations

import bz2
import functools
import hashlib
import importlib.metadata
import itertools
import pathlib
import pickle
import subprocess
import sys

import numpy as np
import pytest

from tests.realdata import real_data
from tfnas.data import Table, catalogue, pickles, places
from tfnas.data.tables import analog
from tfnas.errors import DataError, TableError
from tfnas.spaces import NASBench201
from tfnas.trial import Split

SPACE = NASBench201()
ENTRY = catalogue.get(analog.NAME)


@functools.cache
def published() -> pathlib.Path:
    """The file of the installed package."""
    path = places.published_file(ENTRY)
    if not path.is_file():
        pytest.skip(f"the package {analog.PACKAGE} is absent: pip install {analog.PACKAGE}=={analog.VERSION}")
    return path


@functools.cache
def table() -> Table:
    return analog.read(published())


@functools.cache
def ranks_of(values: tuple[float, ...]) -> np.ndarray:
    from scipy.stats import rankdata

    return rankdata(values)


def correlation(x: np.ndarray, y: np.ndarray) -> float:
    return float(np.corrcoef(x, y)[0, 1])


def test_the_file_is_the_one_that_was_examined():
    assert published().name == ENTRY.file.name and published().stat().st_size == ENTRY.file.size
    assert importlib.metadata.version(analog.PACKAGE) == analog.VERSION
    assert hashlib.sha256(published().read_bytes()).hexdigest() == ENTRY.file.sha256


def test_all_cells_are_there_with_percentages():
    assert len(table()) == len(set(table().rows.natives)) == SPACE.size
    assert len(table().columns) == 21 and set(table().splits.values()) == {Split.TEST}
    for name, values in table().columns.items():
        assert values.shape == (SPACE.size,), name
        assert values.min() >= 0 and values.max() <= 100 and np.ptp(values) > 0, name
    assert table().column("baseline_accuracy").max() > 90


def test_known_cells():
    """Without a path the network can only guess among ten classes; the best published cell is among the best here."""
    baseline = table().column("baseline_accuracy")
    for operators in (["none"] * 6, ["nor_conv_3x3"] + ["none"] * 5):
        assert baseline[table().find(SPACE.from_operators(operators))] == pytest.approx(10, abs=0.5)
    best = "|nor_conv_3x3~0|+|nor_conv_3x3~0|nor_conv_3x3~1|+|skip_connect~0|nor_conv_3x3~1|nor_conv_3x3~2|"
    assert baseline[table().find(SPACE.from_native(best))] > np.quantile(baseline, 0.99)


def test_isomorphic_cells_keep_rows_and_values_of_their_own():
    none, conv = "none", "nor_conv_3x3"
    cells = [SPACE.from_operators(operators) for operators in ([none] * 6, [none, none, conv, none, none, none])]
    assert SPACE.canonical_key(cells[0]) == SPACE.canonical_key(cells[1])
    assert table().find(cells[0]) != table().find(cells[1])


def test_the_package_is_not_imported():
    script = (
        f"import sys; from tfnas.data.tables import analog; analog.read({str(published())!r});"
        "print([name for name in sys.modules if name.startswith(('analognasbench', 'pandas', 'tensorflow'))])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def _official() -> tuple[np.ndarray, np.ndarray]:
    """Both accuracies of all cells, in the published table's order."""
    official = Table.from_csv(real_data("nasbench201.csv.gz"), SPACE, columns=["cifar10_test_200ep"])
    rows = table().rows.find(official.rows.natives)
    return table().column("baseline_accuracy")[rows], official.column("cifar10_test_200ep")


def test_the_baseline_agrees_with_the_published_accuracies():
    baseline, official = _official()
    assert correlation(baseline, official) > 0.999
    assert correlation(ranks_of(tuple(baseline)), ranks_of(tuple(official))) > 0.99


@pytest.mark.parametrize("together", [False, pytest.param(True, marks=pytest.mark.slow)])
def test_no_other_meaning_of_the_keys_agrees_as_well(together):
    """All 120 assignments of digits to operators and all 720 of places to edges; together, all 86,400 pairs."""
    official = Table.from_csv(real_data("nasbench201.csv.gz"), SPACE, columns=["cifar10_test_200ep"])
    found = pickles.load(published(), records=(analog._ARCHITECTURE, analog._DRIFT))
    by_key = np.empty((5,) * 6)
    for key, record in found.items():
        by_key[key] = record.fields["baseline_accuracy"]
    by_cell = np.empty((5,) * 6)
    for native, value in zip(official.rows.natives, official.column("cifar10_test_200ep")):
        operators = SPACE.operators(SPACE.from_native(native))
        by_cell[tuple(analog._OPERATORS.index(operator) for operator in operators)] = value
    target = (by_cell - by_cell.mean()).ravel() / by_cell.std() / by_cell.size
    deviations = (by_key - by_key.mean()) / by_key.std()
    chosen = (analog._PLACES, tuple(range(5)))
    agreement = {
        (places, digits): float(deviations.transpose(places)[np.ix_(*[digits] * 6)].ravel() @ target)
        for places in itertools.permutations(range(6))
        for digits in itertools.permutations(range(5))
        if together or places == chosen[0] or digits == chosen[1]
    }
    assert len(agreement) == (86_400 if together else 120 + 720 - 1)
    best = sorted(agreement, key=agreement.__getitem__)
    assert best[-1] == chosen and agreement[chosen] > 0.999
    assert agreement[best[-2]] < agreement[chosen] - 0.005


# Files that are made up, in the layout of the package.

DRIFT = {"value": 50.0, "uncertainty": 1.0}
FIELDS = {
    **dict.fromkeys(analog._ACCURACIES, 60.0),
    **{f"{kind}_drift_{s}": "drift" for kind in ("baseline", "analog") for s in (60, 3600, 86400, 2592000)},
}


def record(kind: str, fields: dict[str, str]) -> bytes:
    """An instance of a class, protocol 2, whose fields are given as instructions."""
    module, _, name = kind.rpartition(".")
    items = b"".join(f"S{key!r}\n".encode() + value for key, value in fields.items())
    return f"c{module}\n{name}\n".encode() + b")\x81}(" + items + b"ub"


def number(value: float | str) -> bytes:
    return f"F{value}\n".encode() if not isinstance(value, str) else f"S{value!r}\n".encode()


def cell(**changes) -> bytes:
    drift = record(analog._DRIFT, {name: number(value) for name, value in DRIFT.items()})
    fields = {name: drift if value == "drift" else number(value) for name, value in {**FIELDS, **changes}.items()}
    return record(analog._ARCHITECTURE, {name: value for name, value in fields.items() if value != number("gone")})


def made_up(changed: bytes | None = None, key: bytes | None = None, count: int = 5**6) -> bytes:
    """All cells with the same values, but for one (2, 0, 0, 0, 0, 0), which may have others or another key."""
    keys = itertools.islice(itertools.product(range(5), repeat=6), count)
    whole = [b"\x80\x02}", cell() + b"q\x000"]
    special = (2, 0, 0, 0, 0, 0)
    for digits in keys:
        name = b"(" + b"".join(b"K" + bytes([digit]) for digit in digits) + b"t"
        value = b"h\x00"
        if digits == special:
            name, value = key or name, changed or value
        whole.append(name + value + b"s")
    return b"".join((*whole, b"."))


def test_a_made_up_file_is_read(tmp_path):
    path = tmp_path / "data.anb"
    path.write_bytes(made_up(cell(qat_accuracy=12.5)))
    found = analog.read(path)
    assert len(found) == 15_625 and found.column("qat_accuracy").min() == 12.5
    row = int(found.column("qat_accuracy").argmin())
    expected = ["nor_conv_3x3", *["skip_connect"] * 5]
    assert list(SPACE.operators(found.rows.architecture(row))) == expected
    assert found.column("analog_drift_60_uncertainty")[row] == 1


@pytest.mark.parametrize(
    ("data", "error", "what"),
    [
        (lambda: b"", DataError, "byte 0"),
        (lambda: made_up()[:-1], DataError, "byte"),
        (lambda: made_up() + b"N", DataError, "more bytes"),
        (lambda: made_up(count=15_624), TableError, "15624 entries"),
        (lambda: pickle.dumps({}), TableError, "0 entries"),
        (lambda: pickle.dumps([1]), TableError, "list"),
        (lambda: pickle.dumps({"a": 1}), TableError, "1 entries"),
        (lambda: pickle.dumps(dict.fromkeys(range(15_625))), TableError, "six digits"),
        (lambda: made_up(key=b"(K\x02K\x00K\x00K\x00K\x00K\x05t"), TableError, "digits from 0 to 4"),
        (lambda: made_up(key=b"(K\x02K\x00K\x00K\x00K\x00\x88t"), TableError, "15624 entries"),
        (lambda: made_up(key=b"(K\x02K\x00K\x00K\x00K\x00t"), TableError, "six digits"),
        (lambda: made_up(cell(qat_accuracy=100.5)), TableError, "(2, 0, 0, 0, 0, 0).*qat_accuracy from 0 to 100"),
        (lambda: made_up(cell(qat_accuracy=-0.5)), TableError, "(2, 0, 0, 0, 0, 0).*qat_accuracy from 0 to 100"),
        (lambda: made_up(cell(qat_accuracy=float("nan"))), TableError, "qat_accuracy from 0 to 100; received nan"),
        (lambda: made_up(cell(qat_accuracy="text")), TableError, "qat_accuracy from 0 to 100; received 'text'"),
        (lambda: made_up(cell(qat_accuracy="gone")), TableError, "qat_accuracy from 0 to 100; received None"),
        (lambda: made_up(cell(baseline_drift_60=50.0)), TableError, "a record analognasbench.data.DriftMeasurement"),
        (
            lambda: made_up(
                cell(qat_accuracy="LONG").replace(b"S'LONG'\n", b"\x8b\x10\x27\x00\x00" + b"\x01" * 10_000)
            ),
            TableError,
            "qat_accuracy from 0 to 100; received an integer of 79,993 bits",
        ),
        (lambda: made_up(key=b"U\xff" + b"x" * 255), TableError, "six digits as a key; received 'xxxx"),
        (lambda: made_up(b"}"), TableError, "a record analognasbench.data.Architecture; received dict"),
        (lambda: made_up().replace(b"Architecture", b"Architectura"), DataError, "Architectura"),
        (lambda: made_up(b"cos\nsystem\n(S'true'\ntR"), DataError, "'os.system'"),
    ],
)
def test_other_files_are_refused(tmp_path, data, error, what):
    path = tmp_path / "data.anb"
    path.write_bytes(data())
    with pytest.raises(error, match=what.replace("(", r"\(").replace(")", r"\)")):
        analog.read(path)


def test_a_missing_file(tmp_path):
    with pytest.raises(DataError, match="No such file"):
        analog.read(tmp_path / "data.anb")


@pytest.mark.parametrize("pack", [bytes, bz2.compress])
def test_a_file_that_is_far_too_long(tmp_path, pack):
    path = tmp_path / "data.anb"
    path.write_bytes(pack(b"\x80\x03B" + (65 * 2**20).to_bytes(4, "little") + bytes(65 * 2**20) + b"."))
    with pytest.raises(DataError, match="more than 67,108,864 bytes"):
        analog.read(path)


@pytest.mark.parametrize("count", [20, pytest.param(100, marks=pytest.mark.slow)])
def test_flipped_bits_are_refused_with_their_place_or_give_a_table_in_range(tmp_path, count):
    """A raw pickle has no checksum, so that a number may change unseen; the catalogue has one of the whole file."""
    path = tmp_path / "data.anb"
    whole = made_up(cell(qat_accuracy=12.5))
    refused = 0
    for place in np.random.default_rng(0).integers(8 * len(whole), size=count).tolist():
        data = bytearray(whole)
        data[place // 8] ^= 1 << place % 8
        path.write_bytes(data)
        try:
            found = analog.read(path)
        except DataError as error:
            refused += 1
            assert any(place in str(error) for place in ("byte ", "cell ", "entries", "two rows"))
        else:
            assert len(found) == 15_625
            assert all(0 <= values.min() and values.max() <= 100 for values in found.columns.values())
    assert refused > 0.2 * count

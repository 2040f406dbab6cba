"""What a damaged file does to its reader: 100 flipped bits and 20 cuts at random places, for each format."""

from __future__ import annotations

import gzip
import os
import pathlib
import shutil
import tempfile
from typing import Callable
from unittest import mock

import numpy as np

from tests.benchmarks.line import Line
from tests.official import nasbench101_files, nats_files
from tests.realdata import real_table
from tests.unit import test_enas_table, test_nasbench_macro_table
from tfnas.data import Table, catalogue, places, store
from tfnas.data.home import DATA_DIR_VARIABLE
from tfnas.data.tables import analog, cache, enas, nasbench101, nasbench_macro, nats
from tfnas.errors import DataError
from tfnas.spaces import NASBench201

FLIPS, CUTS = 100, 20

Read = Callable[[pathlib.Path], Table]


def measure() -> list[Line]:
    """Counts damaged files that are refused, those that still give the right table, and those that do not."""
    lines = []
    with tempfile.TemporaryDirectory() as name, mock.patch.dict(os.environ, {DATA_DIR_VARIABLE: f"{name}/home"}):
        folder = pathlib.Path(name)
        for title, (path, read) in _formats(folder).items():
            right = read(path).checksum
            for what, damage, count in (("flipped bits", _flipped, FLIPS), ("cuts", _cut, CUTS)):
                found = _outcomes(path, lambda path=path, read=read: read(path).checksum == right, damage, count)
                note = f"of {count}; {found['right']} gave the right table, {found['wrong']} another one"
                lines.append(Line(f"{title}: {what} that are refused", found["refused"], "files", against=note))
    return lines


def _formats(folder: pathlib.Path) -> dict[str, tuple[pathlib.Path, Read]]:
    """Returns the file that is damaged, and how the table is read, by format. Values are made up but for PyPI's."""
    archs = nasbench101_files.sampled(200)
    record = nasbench101_files.write(folder / "made_up.tfrecord", archs.contents())
    nats_folder = nats_files.write_folder(folder / "nats", range(3))
    macro = test_nasbench_macro_table.write(folder, test_nasbench_macro_table.content())
    text = test_enas_table.write(folder, test_enas_table.made_up())
    table = real_table()
    values = table.column("qat_accuracy")
    rows = "".join(f"{table.rows.native(row)},{values[row]}\n" for row in range(len(table)))
    plain, packed = folder / "plain.csv", folder / "packed.csv.gz"
    plain.write_text(f"arch,value\n{rows}")
    packed.write_bytes(gzip.compress(plain.read_bytes(), mtime=0))
    pickle = folder / "data.anb"
    shutil.copy(places.published_file(catalogue.get(analog.NAME)), pickle)
    cache.save(table, folder / "table", {})
    (column,) = (folder / "table").glob("column_2-*.npy")
    space = NASBench201()
    return {
        "NAS-Bench-101 tfrecord": (record, nasbench101.read),
        "NATS-Bench bz2 pickle": (nats_folder / "000001.pickle.pbz2", lambda path: nats.read(path.parent)),
        "CSV, gzip": (packed, lambda path: Table.from_csv(path, space)),
        "own cache, a column": (column, lambda path: cache.open_table(path.parent)),
        "own cache, the manifest": (folder / "table" / cache.MANIFEST, lambda path: cache.open_table(path.parent)),
        "raw pickle from PyPI, imported (its SHA-256 is known)": (pickle, _imported),
        "raw pickle from PyPI, the reader alone": (pickle, analog.read),
        "NAS-Bench-Macro JSON": (macro, nasbench_macro.read),
        "ENAS text": (text, enas.read),
        "CSV, plain": (plain, lambda path: Table.from_csv(path, space)),
    }


def _imported(path: pathlib.Path) -> Table:
    store.import_known(analog.NAME, path)
    return store.table(analog.NAME)


def _outcomes(
    path: pathlib.Path,
    is_right: Callable[[], bool],
    damage: Callable[[bytes, np.random.Generator], bytes],
    count: int,
) -> dict[str, int]:
    whole, rng = path.read_bytes(), np.random.default_rng(0)
    found = {"refused": 0, "right": 0, "wrong": 0}
    try:
        for _ in range(count):
            path.write_bytes(damage(whole, rng))
            try:
                found["right" if is_right() else "wrong"] += 1
            except DataError:
                found["refused"] += 1
    finally:
        path.write_bytes(whole)
    return found


def _flipped(whole: bytes, rng: np.random.Generator) -> bytes:
    place = int(rng.integers(8 * len(whole)))
    damaged = bytearray(whole)
    damaged[place // 8] ^= 1 << place % 8
    return bytes(damaged)


def _cut(whole: bytes, rng: np.random.Generator) -> bytes:
    return whole[: int(rng.integers(len(whole)))]

"""NAS-Bench-101's file of 108 epochs at full size, with made-up numbers: converting, opening, asking."""

from __future__ import annotations

import json
import pathlib
import subprocess
import sys
import tempfile
import time
from typing import Any, Callable, Sequence

import numpy as np

from tests.benchmarks.line import Line
from tests.official import nasbench101_files as files
from tfnas.data import Table
from tfnas.data.tables import cache

PUBLISHED_BYTES = 522_767_376
"""Size of the published nasbench_only108.tfrecord."""

_CONVERT = """
import json, pathlib, re, sys, time
from tfnas.data.tables import cache, nasbench101

start = time.perf_counter()
table = nasbench101.read(sys.argv[1])
read = time.perf_counter() - start
cache.save(table, pathlib.Path(sys.argv[2]), {})
total = time.perf_counter() - start
peak = re.search(r"VmHWM:\\s+(\\d+) kB", open("/proc/self/status").read())
print(json.dumps([read, total, int(peak[1]) / 1024, table.checksum]))
"""
_OPEN = """
import json, pathlib, re, sys, time
from tfnas.data.tables import cache

start = time.perf_counter()
table = cache.open_table(pathlib.Path(sys.argv[1]))
seconds = time.perf_counter() - start
resident = re.search(r"VmRSS:\\s+(\\d+) kB", open("/proc/self/status").read())
print(json.dumps([seconds, int(resident[1]) / 1024, len(table)]))
"""
_COLUMN = "valid_accuracy@108"
_BATCH, _SINGLE, _MATRICES = 100_000, 20_000, 4_000


def measure() -> list[Line]:
    """Measures on a file that is written first, which is not measured; it takes half a gigabyte."""
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        source = folder / "nasbench_only108.tfrecord"
        made = files.make(list(files.SPACE.unique()))
        files.write_fast(source, made.contents())
        size = source.stat().st_size
        read, total, peak, checksum = _run(_CONVERT, source, folder / "table")
        opened = [_run(_OPEN, folder / "table") for _ in range(3)]
        table = cache.open_table(folder / "table")
        if table.checksum != checksum:
            raise RuntimeError("the opened table differs from the one that was read")
        return [
            Line("NAS-Bench-101 file, bytes", size, "B", f"exactly {PUBLISHED_BYTES}, as published"),
            Line("NAS-Bench-101 file, reading", read, "s"),
            Line("NAS-Bench-101 file, converting", total, "s", "under 180"),
            Line("NAS-Bench-101 file, converting, peak memory", peak, "MB", "under 2000"),
            Line("NAS-Bench-101 cache, opening", min(run[0] for run in opened), "s", "under 0.5"),
            Line("NAS-Bench-101 cache, opened, resident memory", min(run[1] for run in opened), "MB", "under 150"),
            *_queries(table, made),
        ]


def _run(script: str, *arguments: pathlib.Path) -> Any:
    """Returns what a script prints last in a fresh process."""
    command = [sys.executable, "-c", script, *map(str, arguments)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    return json.loads(done.stdout.splitlines()[-1])


def _queries(table: Table, made: files.Made) -> list[Line]:
    """Measures random queries of one repeat each."""
    rng = np.random.default_rng(0)
    modules = rng.integers(len(table), size=_BATCH)
    repeats = rng.integers(3, size=_BATCH)
    keys = [made.keys[module] for module in modules.tolist()]
    rows = table.rows.find(keys)
    values, pairs = table.column(_COLUMN), list(zip(keys, repeats.tolist()))
    plain = {key: list(map(float, values[row])) for key, row in zip(keys, rows.tolist())}
    matrices = [files.SPACE.to_matrix(made.archs[module]) for module in modules[:_MATRICES].tolist()]

    by_row = _rate(lambda: values[rows, repeats], _BATCH)
    by_key = _rate(lambda: values[table.rows.find(keys), repeats], _BATCH)
    single = _rate(lambda: _one_by_one(table, pairs[:_SINGLE]), _SINGLE)
    in_dict = _rate(lambda: [plain[key][repeat] for key, repeat in pairs[:_SINGLE]], _SINGLE)
    raw = _rate(lambda: [table.rows.find_matrix(*cell) for cell in matrices], _MATRICES)
    return [
        Line("NAS-Bench-101 queries, batches of rows", by_row, "1/s", "at least 100,000"),
        Line("NAS-Bench-101 queries, batches of keys", by_key, "1/s", "at least 100,000"),
        Line(
            "NAS-Bench-101 queries, one by one by key",
            single,
            "1/s",
            "at least 20,000",
            single / in_dict,
            "a Python dictionary of lists",
        ),
        Line("NAS-Bench-101 queries, one by one from a matrix", raw, "1/s", "at least 4,000"),
    ]


def _one_by_one(table: Table, pairs: Sequence[tuple[str, int]]) -> list[float]:
    values, row = table.column(_COLUMN), table.rows.row
    return [values[row(key), repeat] for key, repeat in pairs]


def _rate(ask: Callable[[], Any], count: int) -> float:
    """Returns queries a second, the best of three times."""
    seconds = []
    for _ in range(3):
        start = time.perf_counter()
        ask()
        seconds.append(time.perf_counter() - start)
    return count / min(seconds)

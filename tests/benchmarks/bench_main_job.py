"""The main job with its defaults: wall time and memory of all its processes."""

from __future__ import annotations

import pathlib
import subprocess
import sys
import tempfile
import time

import psutil

from tests.benchmarks.line import Line


def measure() -> list[Line]:
    """Runs ``tfnas search`` once and sums the proportional memory of its process tree as it goes."""
    with tempfile.TemporaryDirectory() as folder:
        started = time.perf_counter()
        process = subprocess.Popen(
            [sys.executable, "-m", "tfnas", "search", "-o", str(pathlib.Path(folder) / "run")],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        peak, most = 0, 0
        while process.poll() is None:
            members = [psutil.Process(process.pid), *psutil.Process(process.pid).children(recursive=True)]
            sizes = [_memory(member) for member in members]
            peak, most = max(peak, sum(sizes)), max(most, len(sizes))
            time.sleep(0.5)
        seconds = time.perf_counter() - started
    if process.returncode:
        raise RuntimeError(f"tfnas search ended with {process.returncode}")
    return [
        Line("tfnas search with its defaults (16 trials)", seconds, "s", "at most 300 on two cores"),
        Line(f"peak memory of its {most} processes", peak / 1e9, "GB", "under 3"),
    ]


def _memory(process: psutil.Process) -> int:
    try:
        return process.memory_full_info().pss
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return 0

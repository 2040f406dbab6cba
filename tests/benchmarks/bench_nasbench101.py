"""NAS-Bench-101: listing all networks, their hashes, and costs."""

from __future__ import annotations

import time

import numpy as np

from tests.benchmarks.line import Line
from tfnas.spaces.nasbench101 import NASBench101

_CELLS, _REPEATS = 2_000, 3


def measure() -> list[Line]:
    """Measures in one thread; the hashes of all networks are asked for once."""
    space = NASBench101()
    start = time.perf_counter()
    cells = list(space.unique())
    listed = time.perf_counter() - start
    hashes = len({space.canonical_key(arch) for arch in cells})
    hashed = time.perf_counter() - start - listed
    drawn = [cells[k] for k in np.random.default_rng(0).integers(len(cells), size=_CELLS)]
    seconds = []
    for _ in range(_REPEATS):
        start = time.process_time()
        for arch in drawn:
            space.cost(arch)
        seconds.append(time.process_time() - start)
    return [
        Line("NAS-Bench-101, listing one cell of each network", listed, "s", "under 180"),
        Line("NAS-Bench-101, cells listed", len(cells), "", "exactly 423624"),
        Line("NAS-Bench-101, distinct hashes among them", hashes, "", "exactly 423624"),
        Line("NAS-Bench-101, hashes of the listed cells", len(cells) / hashed, "1/s"),
        Line("NAS-Bench-101, costs of networks, default skeleton", _CELLS / min(seconds), "1/s", "at least 2000"),
    ]

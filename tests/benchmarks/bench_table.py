"""Benchmark tables: opening one, asking it, and what evolution adds to a query."""

from __future__ import annotations

import json
import pathlib
import subprocess
import sys
import time

from tests.benchmarks.line import Line
from tests.realdata import find_real_data
from tfnas.data import Table
from tfnas.evaluators import TableEvaluator
from tfnas.spaces import NASBench201
from tfnas.strategies import RegularizedEvolution
from tfnas.trial import Proposal, Trial

_OPEN = """
import json, re, sys, time
from tfnas.data import Table
from tfnas.spaces import NASBench201

start = time.perf_counter()
table = Table.from_csv(sys.argv[1], NASBench201())
seconds = time.perf_counter() - start
peak = re.search(r"VmHWM:\\s+(\\d+) kB", open("/proc/self/status").read())
print(json.dumps([seconds, int(peak[1]) / 1024]))
"""
_WINDOW = 500
"""Trials over which the time of one is averaged."""


def measure() -> list[Line]:
    """Measures on the real NAS-Bench-201 table; nothing where it is absent."""
    path = find_real_data("nasbench201.csv.gz")
    if path is None:
        print("table: nasbench201.csv.gz is absent; set TFNAS_TEST_DATA to the folder that has it")
        return []
    seconds, megabytes = _opening(path)
    evaluator = TableEvaluator(Table.from_csv(path, NASBench201()), "cifar10_valid_12ep")
    early, late = _evolution(evaluator, (1_000, 10_000))
    return [
        Line("table opening, NAS-Bench-201", seconds, "s", "under 0.5"),
        Line("peak memory of a process that opened it", megabytes, "MB", "under 100"),
        Line("table queries, one at a time", _queries(evaluator), "1/s", "at least 20,000"),
        Line("evolution, ask and tell, at 1,000 trials", 1e6 * early, "us/trial", "under 1,000"),
        Line(
            "evolution, ask and tell, at 10,000 trials",
            1e6 * late,
            "us/trial",
            "under 1,000; ratio under 1.5",
            late / early,
            "at 1,000 trials",
        ),
    ]


def _opening(path: pathlib.Path) -> tuple[float, float]:
    """Returns seconds and peak megabytes, best of three fresh processes."""
    runs = [
        json.loads(subprocess.run([sys.executable, "-c", _OPEN, str(path)], check=True, capture_output=True).stdout)
        for _ in range(3)
    ]
    return min(run[0] for run in runs), min(run[1] for run in runs)


def _queries(evaluator: TableEvaluator) -> float:
    """Returns queries a second over every row of the table."""
    proposals = [Proposal(arch) for arch in evaluator.space.enumerate()]
    start = time.perf_counter()
    for proposal in proposals:
        evaluator.evaluate([proposal], seeds=[0])
    return len(proposals) / (time.perf_counter() - start)


def _evolution(evaluator: TableEvaluator, at: tuple[int, ...]) -> list[float]:
    """Returns seconds of one ask and tell, averaged over the trials before each number in `at`.

    Repeats are allowed, because the space has fewer networks than this has trials.
    """
    strategy = RegularizedEvolution(evaluator.space, population=100, tournament=25, dedupe="none")
    times = []
    for number in range(max(at)):
        start = time.perf_counter()
        proposals = strategy.ask(1)
        asked = time.perf_counter()
        trial = Trial(number, proposals[0], evaluator.evaluate(proposals, seeds=[0])[0])
        ready = time.perf_counter()
        strategy.tell([trial])
        times.append(time.perf_counter() - ready + asked - start)
    return [sum(times[end - _WINDOW : end]) / _WINDOW for end in at]

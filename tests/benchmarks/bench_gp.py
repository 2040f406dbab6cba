"""Queries a second of `GaussianProcessEI` at 100 observations, on one core.

One thread computes, and its CPU time is taken, so that what else the machine does matters less.
"""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
import time

import numpy as np
from scipy.linalg.blas import dtrsm
from scipy.linalg.lapack import dtrtrs

from tests.benchmarks.line import Line
from tfnas.architecture import Architecture
from tfnas.encodings import choices, path_counts
from tfnas.models.gaussian_process import Normal, expected_improvement, fit, normal_scores
from tfnas.models.gaussian_process.kernel import covariance
from tfnas.models.gaussian_process.process import cholesky
from tfnas.spaces import NASBench201
from tfnas.strategies import GaussianProcessEI, RandomSearch
from tfnas.strategies.seen import Seen
from tfnas.trial import Measurement, Trial

OBSERVATIONS, QUERIES, REPEATS = 100, 30, 3
SPACE = NASBench201()


def measure() -> list[Line]:
    """Measures in a process of its own, whose linear algebra has one thread."""
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
    command = [sys.executable, "-m", "tests.benchmarks.bench_gp"]
    figures = json.loads(subprocess.run(command, env=environment, capture_output=True, check=True).stdout)
    lines = [Line("GP-EI, first proposal of a process: features of 15,625 cells", figures["first"], "s")]
    for dedupe, candidates in (("canonical", "5,425 networks"), ("native", "15,625 strings")):
        fast, plain = figures[dedupe]
        lines.append(
            Line(
                f"GP-EI over {candidates} at {OBSERVATIONS} observations, refits included",
                fast,
                "1/s",
                "at least 50",
                fast / plain,
                f"fitting and scoring from scratch every time ({plain:.3g}/s)",
            )
        )
    return lines


def _objective(arch: Architecture) -> float:
    return math.log(SPACE.cost(arch, live_only=True).macs) - 0.3 * arch.ops.count("avg_pool_3x3")


def _told(dedupe: str, seed: int) -> tuple[GaussianProcessEI, list[Trial]]:
    """Returns a strategy that knows random trials and has chosen its kernel."""
    random = RandomSearch(SPACE, seed=seed, dedupe=dedupe)
    trials = [
        Trial(number, proposal, Measurement(_objective(proposal.architecture)))
        for number, proposal in enumerate(random.ask(OBSERVATIONS))
    ]
    strategy = GaussianProcessEI(SPACE, seed=seed, dedupe=dedupe)
    strategy.tell(trials)
    _query(strategy)
    return strategy, trials


def _query(strategy: GaussianProcessEI) -> None:
    (proposal,) = strategy.ask()
    strategy.tell([Trial(0, proposal, Measurement(_objective(proposal.architecture)))])


def _fast(dedupe: str) -> float:
    """Queries a second of CPU time, three fits among them; the best of several runs."""
    seconds = []
    for seed in range(REPEATS):
        strategy, _ = _told(dedupe, seed)
        start = time.process_time()
        for _ in range(QUERIES):
            _query(strategy)
        seconds.append(time.process_time() - start)
    return QUERIES / min(seconds)


def _plain(dedupe: str) -> float:
    """The same proposals with nothing kept between two queries but the features of the candidates."""
    key = Seen(SPACE, dedupe).key
    first: dict[str, Architecture] = {}
    for arch in SPACE.enumerate():
        first.setdefault(key(arch), arch)
    archs = list(first.values())
    blocks = [choices(SPACE, archs).astype(float), path_counts(SPACE, archs)[0].astype(float)]
    row = {name: index for index, name in enumerate(first)}
    seconds = []
    for seed in range(REPEATS):
        trials = _told(dedupe, seed)[1]
        rows = [row[key(trial.architecture)] for trial in trials]
        values = [trial.objective for trial in trials]
        start = time.process_time()
        for _ in range(QUERIES):
            points, targets = [block[rows] for block in blocks], normal_scores(np.array(values))
            kernel, noise = fit(points, targets)
            left = kernel.left(points)
            factor = cholesky(covariance(left, kernel.right(points)), noise)
            solved = covariance(left, kernel.right(blocks))
            solved = dtrsm(1.0, factor, solved.T, side=1, lower=1, trans_a=1, overwrite_b=1).T
            mean = dtrtrs(factor, targets, lower=1)[0] @ solved
            deviation = np.sqrt(np.maximum(1.0 - np.einsum("nm,nm->m", solved, solved), 0.0))
            improvement = expected_improvement(Normal(mean, deviation), mean[rows].max())
            improvement[rows] = -1.0
            rows.append(int(improvement.argmax()))
            values.append(_objective(archs[rows[-1]]))
        seconds.append(time.process_time() - start)
    return QUERIES / min(seconds)


def _main() -> None:
    start = time.process_time()
    _told("canonical", 0)
    figures: dict[str, object] = {"first": time.process_time() - start}
    for dedupe in ("canonical", "native"):
        figures[dedupe] = [_fast(dedupe), _plain(dedupe)]
    print(json.dumps(figures))


if __name__ == "__main__":
    _main()

"""Baseline searches on NAS-Bench-201, beside the figures that they should reach.

``python -m tests.benchmarks baselines`` runs all of it; ``python -m tests.benchmarks.study_baselines``
only the comparison at a small budget. The table that the extra ``test`` installs is always there; the published
accuracies need a file, see `tests.realdata`.
"""

from __future__ import annotations

import concurrent.futures
import functools
import os
import statistics
from typing import Callable, Iterator, Sequence

from tests.benchmarks.line import Line
from tests.realdata import find_real_data, real_table
from tfnas import strategies
from tfnas.data import Table
from tfnas.evaluators import TableEvaluator
from tfnas.spaces import NASBench201, SearchSpace
from tfnas.strategies import Strategy
from tfnas.trial import Trial

SEEDS = 200
SMALL = 16
QUERIES = (50, 75, 99, 150)
PUBLISHED = "nasbench201.csv.gz"
DATASETS = {
    "CIFAR-10": (PUBLISHED, "cifar10_valid_12ep", "cifar10_test_200ep"),
    "CIFAR-100": (PUBLISHED, "cifar100_valid_12ep", "cifar100_test_200ep"),
    "CIFAR-10, PyPI": (None, "qat_accuracy", "baseline_accuracy"),
}
"""File of the table, None for the one from PyPI; the column that a search sees; the column of its incumbent."""

STRATEGIES: dict[str, tuple[int, Callable[[SearchSpace, int], Strategy]]] = {
    "random": (SEEDS, lambda space, seed: strategies.RandomSearch(space, seed=seed)),
    "evolution 30/10": (
        SEEDS,
        lambda space, seed: strategies.RegularizedEvolution(space, population=30, tournament=10, seed=seed),
    ),
    "evolution, sized by budget": (SEEDS, lambda space, seed: strategies.RegularizedEvolution(space, seed=seed)),
    "local search": (SEEDS, lambda space, seed: strategies.LocalSearch(space, seed=seed)),
    "GP-EI": (60, lambda space, seed: strategies.GaussianProcessEI(space, seed=seed)),
}
"""Factory of each strategy, and the number of seeds where the budget is large."""

TARGETS: dict[tuple[str, str], tuple[int, tuple[tuple[float, float], ...]]] = {
    ("CIFAR-10", "random"): (200, ((93.47, 0.56), (93.66, 0.39), (93.76, 0.33), (93.88, 0.26))),
    ("CIFAR-10", "evolution 30/10"): (200, ((93.83, 0.44), (94.09, 0.31), (94.20, 0.22), (94.27, 0.20))),
    ("CIFAR-10", "local search"): (200, ((93.99, 0.41), (94.13, 0.28), (94.20, 0.25), (94.31, 0.16))),
    ("CIFAR-10", "GP-EI"): (40, ((94.12, 0.41), (94.29, 0.26), (94.33, 0.16), (94.37, 0.00))),
    ("CIFAR-100", "random"): (200, ((70.63, 1.23), (71.05, 0.99), (71.34, 0.94), (71.65, 0.86))),
    ("CIFAR-100", "evolution 30/10"): (200, ((71.64, 1.05), (72.30, 0.81), (72.56, 0.75), (72.68, 0.70))),
    ("CIFAR-100", "local search"): (200, ((71.85, 1.27), (72.25, 0.97), (72.58, 0.71), (72.77, 0.50))),
    ("CIFAR-100", "GP-EI"): (40, ((72.42, 0.98), (72.72, 0.58), (72.73, 0.55), (72.83, 0.38))),
}
"""Seeds, and mean and standard deviation of the 200-epoch test accuracy at `QUERIES`."""

OPTIMUM_TARGETS = {
    ("CIFAR-10", "local search"): "54, deviation 31",
    ("CIFAR-100", "local search"): "58, deviation 29",
    ("CIFAR-10", "GP-EI"): "44, deviation 15",
    ("CIFAR-100", "GP-EI"): "45, deviation 22",
}
"""Mean number of queries to the best network of the 200-epoch column, when that is searched."""


def measure() -> list[Line]:
    """Measures every strategy: test values of the incumbent, queries to the optimum, a small budget."""
    return _run(_protocol, _optimum, _small)


def small_budget() -> list[Line]:
    """Compares all strategies after `SMALL` queries, sized for that budget."""
    return _run(_small)


def _run(*parts: Callable[[concurrent.futures.Executor], Iterator[Line]]) -> list[Line]:
    if find_real_data(PUBLISHED) is None:
        print(f"baselines: {PUBLISHED} is absent; set TFNAS_TEST_DATA to the folder that has it")
    with concurrent.futures.ProcessPoolExecutor(os.cpu_count()) as pool:
        return [line for part in parts for line in part(pool)]


def _protocol(pool: concurrent.futures.Executor) -> Iterator[Line]:
    """The test accuracy of the best by the signal."""
    for dataset, name in _pairs():
        found = _map(pool, STRATEGIES[name][0], _incumbents, dataset, name, QUERIES)
        seeds, figures = TARGETS.get((dataset, name), (0, ()))
        for k, queries in enumerate(QUERIES):
            target = ""
            if figures:
                mean, deviation = figures[k]
                target = f"{mean:.2f} ±{_half(deviation, seeds):.2f} ({seeds} seeds)"
            yield _line(f"{dataset}, {name}: test after {queries} queries", [run[k][1] for run in found], "%", target)


def _optimum(pool: concurrent.futures.Executor) -> Iterator[Line]:
    """A benchmark study: the 200-epoch test column itself is searched."""
    for dataset, name in _pairs():
        if (dataset, name) in OPTIMUM_TARGETS:
            queries = _map(pool, STRATEGIES[name][0], _queries_to_optimum, dataset, name)
            title = f"{dataset}, {name}: queries to the optimum (benchmark study)"
            yield _line(title, queries, "queries", OPTIMUM_TARGETS[dataset, name])


def _small(pool: concurrent.futures.Executor) -> Iterator[Line]:
    for dataset, name in _pairs():
        found = _map(pool, SEEDS, _incumbents, dataset, name, (SMALL,))
        for k, what in enumerate(("signal", "test")):
            yield _line(f"{dataset}, {name}: {what} after {SMALL} queries", [run[0][k] for run in found], "%")


def _pairs() -> Iterator[tuple[str, str]]:
    there = [dataset for dataset, (file, *_) in DATASETS.items() if file is None or find_real_data(file)]
    return ((dataset, name) for dataset in there for name in STRATEGIES)


def _map(pool: concurrent.futures.Executor, seeds: int, function: Callable, *arguments: object) -> list:
    return list(pool.map(functools.partial(function, *arguments), range(seeds), chunksize=5))


def _incumbents(dataset: str, name: str, queries: Sequence[int], seed: int) -> list[tuple[float, float]]:
    """Returns (signal, test) of the best trial by the signal after each number of queries."""
    file, signal, test = DATASETS[dataset]
    evaluator = TableEvaluator(_table(file), signal, test=test, benchmark_study=file is None)
    trials = list(_search(name, evaluator, seed, max(queries)))
    best = [max(trials[:count], key=lambda trial: trial.objective) for count in queries]
    return [(trial.objective, evaluator.finalize(trial.architecture, seed=0).objective) for trial in best]


def _queries_to_optimum(dataset: str, name: str, seed: int) -> int:
    """Returns the number of queries up to the first one that has the largest value of the table."""
    file, _, column = DATASETS[dataset]
    table = _table(file)
    best = table.column(column).max()  # of CIFAR-10, two networks have it
    evaluator = TableEvaluator(table, column, benchmark_study=True)
    trials = _search(name, evaluator, seed, table.space.num_networks)
    return next(trial.id + 1 for trial in trials if trial.objective == best)


def _search(name: str, evaluator: TableEvaluator, seed: int, budget: int) -> Iterator[Trial]:
    strategy = STRATEGIES[name][1](evaluator.space, seed)
    strategy.start(budget)
    for number in range(budget):
        proposals = strategy.ask(1)
        if not proposals:
            return
        trial = Trial(number, proposals[0], evaluator.evaluate(proposals, seeds=[0])[0])
        yield trial
        strategy.tell([trial])


@functools.cache
def _table(file: str | None) -> Table:
    return real_table() if file is None else Table.from_csv(find_real_data(file), NASBench201())


def _line(name: str, values: Sequence[float], unit: str, target: str = "") -> Line:
    deviation = statistics.stdev(values)
    return Line(
        name,
        statistics.fmean(values),
        unit,
        target,
        against=f"±{_half(deviation, len(values)):.2f}, deviation {deviation:.2f}, {len(values)} seeds",
    )


def _half(deviation: float, seeds: int) -> float:
    """Half width of the 95 % interval of a mean."""
    return 1.96 * deviation / seeds**0.5


if __name__ == "__main__":
    for line in small_budget():
        print(f"{line.name:<72}{line.figure:>10.3f} {line.unit}  {line.against}")

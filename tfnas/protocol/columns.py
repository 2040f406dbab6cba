"""What can stand in a column of a table: functions from results and a line to the values that are averaged."""

from __future__ import annotations

import statistics
from typing import Callable, Sequence

from tfnas.ledger import Ledger
from tfnas.protocol.depth import depth
from tfnas.protocol.incumbents import incumbents
from tfnas.protocol.results import Results
from tfnas.protocol.retraining import Retrained
from tfnas.protocol.tables import Line
from tfnas.runlog import RunRecord

Values = Callable[[Results, Line], Sequence[float]]

PERCENT = 100.0


def chosen_by(scale: float = PERCENT) -> Values:
    """What the networks of a retraining were chosen by, one value a draw."""

    def values(results: Results, line: Line) -> list[float]:
        networks = _networks(results, line)
        found = [[network.chosen.value] * network.chosen.draws for network in networks]
        return [scale * value for draws in found for value in draws if value is not None]

    return values


def retrained(metric: str = "test_accuracy", *, error: bool = False, scale: float = PERCENT) -> Values:
    """The mean over the seeds of each network of a retraining, one value a draw.

    Args:
        metric: Name of what was measured.
        error: Whether what is missing to 1 is shown.
        scale: Factor to what is shown.
    """

    def values(results: Results, line: Line) -> list[float]:
        found: list[float] = []
        for network in _networks(results, line):
            if network.outcomes:
                found += [statistics.fmean(_metrics(network, metric, error, scale))] * network.chosen.draws
        return found

    return values


def every(metric: str = "test_accuracy", *, error: bool = False, scale: float = PERCENT) -> Values:
    """All trainings of a retraining; see `retrained`."""

    def values(results: Results, line: Line) -> list[float]:
        networks = _networks(results, line)
        return [value for network in networks for value in _metrics(network, metric, error, scale)]

    return values


def best(metric: str = "test_accuracy", *, error: bool = False, scale: float = PERCENT) -> Values:
    """Each seed of the network of a retraining that is best by its mean; see `retrained`."""

    def values(results: Results, line: Line) -> list[float]:
        network = _best(results, line)
        return [] if network is None else _metrics(network, metric, error, scale)

    return values


def best_mean(metric: str = "test_accuracy", *, error: bool = False, scale: float = PERCENT) -> Values:
    """The mean over the seeds of the best network of a retraining; see `retrained`."""

    def values(results: Results, line: Line) -> list[float]:
        found = best(metric, error=error, scale=scale)(results, line)
        return [statistics.fmean(found)] if found else []

    return values


def parameters() -> Values:
    """Millions of parameters of the best network of a retraining."""

    def values(results: Results, line: Line) -> list[float]:
        network = _best(results, line)
        return [] if network is None or network.parameters is None else [network.parameters / 1e6]

    return values


def days() -> Values:
    """Days that each run of a row took, all its measurements added up, or would have taken (tables)."""

    def values(results: Results, line: Line) -> list[float]:
        return [Ledger.of(record).cost_s / 86_400 for record in _records(results, line)]

    return values


def hours() -> Values:
    """The same as `days`, in hours."""

    def values(results: Results, line: Line) -> list[float]:
        return [24 * value for value in days()(results, line)]

    return values


def looked_up(column: str, queries: int, *, error: bool = False, scale: float = 1.0) -> Values:
    """A column of the table for each run's incumbent after some queries, read once the search is over.

    The incumbent is the network with the best value that the search saw; it is not chosen by what is shown.

    Args:
        column: Name of the column; repeats are averaged.
        queries: Number of queries.
        error: Whether what is missing to 1 is shown.
        scale: Factor to what is shown.
    """

    def values(results: Results, line: Line) -> list[float]:
        if line.row is None:
            return []
        search = results.study.row(line.row).search
        curves = [incumbents(record, search, column, error=error) for record in results.records(line.row)]
        return [scale * curve[queries - 1] for curve in curves if len(curve) >= queries]

    return values


def average_path(samples: int = 8, seed: int = 0) -> Values:
    """Average path from input to output of samples of what a row has learned; see `depth`."""
    return _depths(samples, seed, "average")


def longest_path(samples: int = 8, seed: int = 0) -> Values:
    """Longest path from input to output of samples of what a row has learned; see `depth`."""
    return _depths(samples, seed, "longest")


def _depths(samples: int, seed: int, name: str) -> Values:
    def values(results: Results, line: Line) -> list[float]:
        distribution = None if line.row is None else results.distribution(line.row)
        if distribution is None:
            return []
        return [getattr(depth(distribution.space, arch), name) for arch in distribution.sample(samples, seed)]

    return values


def _records(results: Results, line: Line) -> Sequence[RunRecord]:
    return () if line.row is None else results.records(line.row)


def _networks(results: Results, line: Line) -> Sequence[Retrained]:
    return () if line.retraining is None else results.retrained(line.retraining)


def _best(results: Results, line: Line) -> Retrained | None:
    measured = [network for network in _networks(results, line) if network.outcomes]
    means = [statistics.fmean(outcome.objective for outcome in network.outcomes) for network in measured]
    return measured[means.index(max(means))] if measured else None


def _metrics(network: Retrained, metric: str, error: bool, scale: float) -> list[float]:
    found = [outcome.metrics[metric] for outcome in network.outcomes]
    return [scale * (1 - value if error else value) for value in found]

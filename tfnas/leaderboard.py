"""An honest leaderboard: intervals beside values, finalists measured again, ties called ties."""

from __future__ import annotations

import math
import statistics
from dataclasses import dataclass
from typing import Mapping, Sequence

from tfnas.trial import Measurement, Trial

CONFIDENCE = 0.95


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the leaderboard.

    Attributes:
        rank: 1 for the best.
        trial: The trial.
        value: Mean of the fresh measurements of a finalist; the search's own value of the others.
        interval: 95 % interval of `value`, or None where one cannot be given.
        fresh: Number of measurements with fresh seeds behind `value`; 0 if it is the search's own.
        tied: Whether the difference to the first row may be nothing but noise.
    """

    rank: int
    trial: Trial
    value: float
    interval: tuple[float, float] | None
    fresh: int
    tied: bool


def leaderboard(
    trials: Sequence[Trial],
    rechecks: Mapping[int, Sequence[object]],
    validation_size: int | None,
) -> tuple[Row, ...]:
    """Ranks the trials that succeeded.

    Finalists (trials with fresh measurements) come first, ranked by the mean of those alone: the
    value by which a trial became a finalist is too high on average, just because it was chosen
    for being high. The rest follows by the search's own value.

    Intervals are 95 %. With one measurement of a proportion of n examples it is Wilson's. With k
    fresh ones the seed's part is a Student interval with the variance pooled over all finalists,
    the examples' part Wilson's, and their half widths add up as squares. Two rows tie if the
    interval of their difference, from the same half widths (Zou and Donner, Statistics in Medicine
    2008), holds zero. All candidates meet the same validation examples, so their errors are
    positively correlated and this calls a tie rather too often than too seldom.

    Args:
        trials: All trials of a run.
        rechecks: Outcomes of fresh measurements by trial id.
        validation_size: Number of examples where the objective is a proportion of them, else None.

    Returns:
        Rows from the best to the worst; a failed trial has none.
    """
    fresh = {
        trial: [outcome.objective for outcome in outcomes if isinstance(outcome, Measurement)]
        for trial, outcomes in rechecks.items()
    }
    fresh = {trial: values for trial, values in fresh.items() if values}
    spread = _pooled_deviation(list(fresh.values()))
    entries = []
    for trial in trials:
        if trial.objective is None:
            continue
        values = fresh.get(trial.id, [])
        if values:
            value = statistics.fmean(values)
            interval = _fresh_interval(value, len(values), spread, validation_size)
        else:
            value = trial.objective
            interval = wilson(value, validation_size) if validation_size else None
        entries.append((not values, -value, trial.id, trial, value, interval, len(values)))
    entries.sort(key=lambda entry: entry[:3])
    rows = []
    for rank, (_, _, _, trial, value, interval, count) in enumerate(entries, start=1):
        first_value, first_interval = (rows[0].value, rows[0].interval) if rows else (value, interval)
        rows.append(Row(rank, trial, value, interval, count, _ties(first_value, first_interval, value, interval)))
    return tuple(rows)


def wilson(proportion: float, n: int) -> tuple[float, float] | None:
    """Returns Wilson's 95 % score interval of a proportion of `n` examples, None outside [0, 1]."""
    if not 0.0 <= proportion <= 1.0:
        return None
    from scipy.stats import binomtest

    interval = binomtest(round(proportion * n), n).proportion_ci(CONFIDENCE, method="wilson")
    return float(interval.low), float(interval.high)


def _pooled_deviation(groups: Sequence[Sequence[float]]) -> tuple[float, int] | None:
    """Returns the standard deviation inside groups and its degrees of freedom."""
    freedom = sum(len(group) - 1 for group in groups)
    if freedom < 1:
        return None
    squares = sum(sum((value - statistics.fmean(group)) ** 2 for value in group) for group in groups)
    return math.sqrt(squares / freedom), freedom


def _fresh_interval(
    value: float, count: int, spread: tuple[float, int] | None, validation_size: int | None
) -> tuple[float, float] | None:
    from scipy.stats import t

    examples = wilson(value, validation_size) if validation_size else None
    if examples is None and spread is None:
        return None
    squared = 0.0
    if spread is not None:
        deviation, freedom = spread
        squared = (t.ppf(0.5 + CONFIDENCE / 2, freedom) * deviation) ** 2 / count
    if examples is None:
        half = math.sqrt(squared)
        return float(value - half), float(value + half)
    below, above = (value - examples[0]) ** 2, (examples[1] - value) ** 2
    # a proportion ends where it ends, however far the seeds spread
    return max(0.0, float(value - math.sqrt(squared + below))), min(1.0, float(value + math.sqrt(squared + above)))


def _ties(
    best: float,
    best_interval: tuple[float, float] | None,
    value: float,
    interval: tuple[float, float] | None,
) -> bool:
    if best_interval is None or interval is None:
        return best == value
    margin = math.sqrt((best - best_interval[0]) ** 2 + (interval[1] - value) ** 2)
    return best - value <= margin

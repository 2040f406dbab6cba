"""The honest leaderboard."""

from __future__ import annotations

import math
import statistics

import numpy as np
import pytest

from tfnas import Architecture, Failure, Measurement, Proposal, Trial
from tfnas.leaderboard import leaderboard, wilson

Z = statistics.NormalDist().inv_cdf(0.975)


def _trial(number: int, objective: float | None) -> Trial:
    outcome = Failure("no memory") if objective is None else Measurement(objective)
    return Trial(number, Proposal(Architecture("toy", (str(number),), ())), outcome)


def _trials(*objectives: float | None) -> list[Trial]:
    return [_trial(number, objective) for number, objective in enumerate(objectives)]


def _fresh(*objectives: float) -> list[Measurement]:
    return [Measurement(objective) for objective in objectives]


def _wilson(proportion: float, n: int) -> tuple[float, float]:
    """The roots of (p - x)^2 = z^2 x (1 - x) / n."""
    roots = np.roots([1 + Z**2 / n, -(2 * proportion + Z**2 / n), proportion**2]).real
    return min(roots), max(roots)


@pytest.mark.parametrize("n", [1, 10, 359, 10_000])
def test_wilson_against_its_definition(n):
    for count in sorted({0, 1, n // 3, n // 2, n - 1, n}):
        assert wilson(count / n, n) == pytest.approx(_wilson(count / n, n), abs=1e-9)


def test_wilson_of_a_published_example():
    # Newcombe, Statistics in Medicine 1998, Table I: 81 of 263 and 0 of 20.
    assert wilson(81 / 263, 263) == pytest.approx((0.2553, 0.3662), abs=5e-5)
    assert wilson(0.0, 20) == pytest.approx((0.0, 0.1611), abs=5e-5)


@pytest.mark.parametrize("value", [-0.01, 1.01, 94.3, -3.0])
def test_wilson_is_for_proportions(value):
    assert wilson(value, 100) is None


def test_wilson_holds_its_own_value():
    for value in np.random.default_rng(0).random(100):
        low, high = wilson(value, 7)
        assert 0 <= low <= value <= high <= 1


def test_ranks_by_value_and_leaves_failures_out():
    rows = leaderboard(_trials(0.3, None, 0.9, 0.5), {}, None)
    assert [row.trial.id for row in rows] == [2, 3, 0] and [row.rank for row in rows] == [1, 2, 3]
    assert [row.value for row in rows] == [0.9, 0.5, 0.3]
    assert all(row.interval is None and row.fresh == 0 for row in rows)


def test_unfinished_trials_are_left_out():
    trials = [*_trials(0.3), Trial(1, Proposal(Architecture("toy", ("a",), ())))]
    assert len(leaderboard(trials, {}, 100)) == 1
    assert leaderboard([], {}, 100) == () and leaderboard(_trials(None), {}, 100) == ()


def test_equal_values_keep_their_order():
    assert [row.trial.id for row in leaderboard(_trials(0.5, 0.7, 0.5, 0.7), {}, None)] == [1, 3, 0, 2]


def test_finalists_come_first_by_their_fresh_values_alone():
    trials = _trials(0.90, 0.95, 0.99, 0.97)
    rows = leaderboard(trials, {2: _fresh(0.80, 0.82), 1: _fresh(0.85, 0.87)}, 1000)
    assert [row.trial.id for row in rows] == [1, 2, 3, 0]
    assert [row.value for row in rows] == pytest.approx([0.86, 0.81, 0.97, 0.90])
    assert [row.fresh for row in rows] == [2, 2, 0, 0]


def test_failed_fresh_measurements_do_not_count():
    trials = _trials(0.90, 0.95)
    rows = leaderboard(trials, {0: [Failure("killed"), *_fresh(0.8)], 1: [Failure("killed")]}, 1000)
    assert [(row.trial.id, row.fresh, row.value) for row in rows] == [(0, 1, 0.8), (1, 0, 0.95)]


def test_one_measurement_has_the_interval_of_its_examples():
    (row,) = leaderboard(_trials(0.9), {}, 500)
    assert row.interval == pytest.approx(_wilson(0.9, 500), abs=1e-9)


def test_fresh_intervals_against_the_formula():
    from scipy.stats import t

    values = {0: (0.80, 0.84, 0.82), 1: (0.70, 0.76)}
    rows = leaderboard(_trials(0.9, 0.8), {trial: _fresh(*group) for trial, group in values.items()}, 400)
    # Pooled over both finalists: squares 0.0008 + 0.0018 with 2 + 1 degrees of freedom.
    deviation = math.sqrt((0.0008 + 0.0018) / 3)
    for row in rows:
        group = values[row.trial.id]
        mean = sum(group) / len(group)
        seeds = t.ppf(0.975, 3) * deviation / math.sqrt(len(group))
        low, high = _wilson(round(mean * 400) / 400, 400)
        assert row.value == pytest.approx(mean)
        assert row.interval[0] == pytest.approx(mean - math.hypot(seeds, mean - low))
        assert row.interval[1] == pytest.approx(mean + math.hypot(seeds, high - mean))


def test_fresh_values_that_are_no_proportions_have_a_student_interval():
    from scipy.stats import t

    values = [3.0, 4.0, 5.0, 4.0]
    for size in (None, 100):
        (row,) = leaderboard(_trials(9.0), {0: _fresh(*values)}, size)
        half = t.ppf(0.975, 3) * statistics.stdev(values) / 2
        assert row.interval == pytest.approx((4 - half, 4 + half))


def test_the_interval_of_a_proportion_stays_between_nought_and_one():
    rows = leaderboard(_trials(0.9, 0.9), {0: _fresh(0.99, 0.95, 1.0), 1: _fresh(0.0, 0.04, 0.01)}, 50)
    assert rows[0].interval[1] == 1.0 and 0.8 < rows[0].interval[0] < 0.98
    assert rows[1].interval[0] == 0.0 and 0.02 < rows[1].interval[1] < 0.2


def test_a_single_fresh_measurement():
    (row,) = leaderboard(_trials(0.9), {0: _fresh(0.8)}, 500)
    assert row.interval == pytest.approx(_wilson(0.8, 500), abs=1e-9)
    (row,) = leaderboard(_trials(9.0), {0: _fresh(8.0)}, None)
    assert row.interval is None
    (row,) = leaderboard(_trials(9.0), {0: _fresh(8.0)}, 500)  # no proportion: nothing is known of its noise
    assert row.interval is None


def test_single_finalists_share_the_pooled_deviation():
    rows = leaderboard(_trials(9.0, 9.0), {0: _fresh(1.0, 2.0, 3.0), 1: _fresh(4.0)}, None)
    assert rows[0].trial.id == 1 and rows[0].interval is not None
    half = [row.interval[1] - row.value for row in rows]
    assert half[0] == pytest.approx(half[1] * math.sqrt(3))


def test_without_intervals_only_equal_values_tie():
    assert [row.tied for row in leaderboard(_trials(3.0, 2.999, 3.0), {}, None)] == [True, True, False]


def test_ties_are_differences_that_may_be_noise():
    n, best = 1000, 0.90
    low = _wilson(best, n)[0]
    values = [k / n for k in range(800, 901)]
    rows = leaderboard(_trials(*values), {}, n)
    assert rows[0].tied
    for row in rows:
        margin = math.hypot(best - low, _wilson(row.value, n)[1] - row.value)
        assert row.tied == (best - row.value <= margin)
    assert {row.tied for row in rows} == {True, False}


def test_the_first_row_alone_decides_ties():
    rows = leaderboard(_trials(0.99, 0.5), {1: _fresh(0.5, 0.5)}, 1000)
    assert [(row.trial.id, row.tied) for row in rows] == [(1, True), (0, True)]  # a search's value proves nothing


def test_intervals_of_single_measurements_cover_what_they_promise():
    rng = np.random.default_rng(0)
    for p, n in ((0.5, 50), (0.9, 359), (0.97, 1000)):
        counts, times = np.unique(rng.binomial(n, p, 5000), return_counts=True)
        covered = 0
        for count, number in zip(counts, times):
            (row,) = leaderboard(_trials(count / n), {}, n)
            covered += number * (row.interval[0] <= p <= row.interval[1])
        assert 0.93 < covered / 5000 < 0.975


def test_intervals_of_fresh_measurements_cover_what_they_promise():
    # Three finalists, three seeds each. A seed moves the true accuracy; all measurements of a
    # finalist share the validation examples and with them one deviation from the truth.
    rng = np.random.default_rng(0)
    n, runs, truth = 400, 700, (0.90, 0.85, 0.80)
    for spread in (0.002, 0.01, 0.03):
        covered = 0
        for _ in range(runs):
            shared = [rng.binomial(n, p) / n for p in truth]
            rechecks = {k: _fresh(*(shared[k] + rng.normal(0, spread, 3)).clip(0, 1)) for k in range(3)}
            for row in leaderboard(_trials(*truth), rechecks, n):
                covered += row.interval[0] <= truth[row.trial.id] <= row.interval[1]
        # Standard error of the share: under 0.01, since the three finalists of a run depend little on each other.
        assert 0.93 < covered / (3 * runs) < 0.985


def test_ties_between_equals_are_called():
    rng = np.random.default_rng(1)
    runs = 1000
    tied = sum(leaderboard(_trials(*rng.binomial(500, 0.9, 2) / 500), {}, 500)[1].tied for _ in range(runs))
    # Independent examples: the difference of two equals is significant in about 5 % of the runs.
    assert 0.93 < tied / runs < 0.975

"""The conformance kit of evaluators."""

from __future__ import annotations

import json
import math
from typing import Sequence

from tfnas.errors import ConfigError
from tfnas.evaluators.base import Evaluator, Outcome
from tfnas.testing.expect import expect, refused
from tfnas.trial import Failure, Measurement, Proposal


def check_evaluator(evaluator: Evaluator, proposals: Sequence[Proposal]) -> None:
    """Checks that an evaluator keeps the contract of `tfnas.evaluators.Evaluator`.

    Args:
        evaluator: The evaluator; it is closed afterwards.
        proposals: At least two proposals that it can measure.

    Raises:
        AssertionError: Saying what is wrong.
    """
    expect(len(proposals) >= 2, "The kit needs at least two proposals.")
    seeds = list(range(1, len(proposals) + 1))
    expect(json.loads(json.dumps(evaluator.config())) is not None, "config() should be JSON values.")
    expect(evaluator.config() == evaluator.config(), "config() should not change.")
    outcomes = evaluator.evaluate(proposals, seeds=seeds)
    expect(len(outcomes) == len(proposals), f"{len(proposals)} proposals gave {len(outcomes)} outcomes.")
    for outcome in outcomes:
        expect(isinstance(outcome, (Measurement, Failure)), f"an outcome is {outcome!r}.")
        expect(outcome.cost_s >= 0 and math.isfinite(outcome.cost_s), f"cost_s is {outcome.cost_s}.")
    (alone,) = evaluator.evaluate(proposals[-1:], seeds=seeds[-1:])
    expect(
        _values(alone) == _values(outcomes[-1]),
        f"measured alone, a proposal gives {alone}; among others, with the same seed, {outcomes[-1]}.",
    )
    indices = sorted(index for index, _ in evaluator.stream(proposals[:2], seeds=seeds[:2]))
    expect(indices == [0, 1], f"stream gave the indices {indices} for two proposals.")
    with refused(ConfigError, "evaluate with fewer seeds than proposals"):
        evaluator.evaluate(proposals, seeds=seeds[:-1])
    if evaluator.is_repeatable:
        again = evaluator.evaluate(proposals, seeds=[seed + 100 for seed in seeds])
        expect(
            [_values(outcome) for outcome in again] == [_values(outcome) for outcome in outcomes],
            "is_repeatable says that seeds do not matter, but they do.",
        )
    if evaluator.validation_size is not None:
        for outcome in outcomes:
            if isinstance(outcome, Measurement):
                count = outcome.objective * evaluator.validation_size
                expect(
                    0 <= outcome.objective <= 1 and abs(count - round(count)) < 1e-2,
                    f"validation_size is {evaluator.validation_size}, but {outcome.objective} is no proportion of it.",
                )
    evaluator.close()
    evaluator.close()


def _values(outcome: Outcome) -> object:
    if isinstance(outcome, Failure):
        return outcome.reason
    return outcome.objective, dict(outcome.metrics), outcome.split, outcome.fidelity

"""Answers from a table: what a search sees, what is held back, what is refused."""

import dataclasses
import json

import numpy as np
import pytest

from tfnas.data import Table
from tfnas.errors import ConfigError, UnknownNameError
from tfnas.evaluators import TableEvaluator
from tfnas.spaces import NASBench201
from tfnas.trial import Failure, Measurement, Proposal, Split

SPACE = NASBench201()
ARCHS = [SPACE.sample(np.random.default_rng(seed)) for seed in range(5)]
VALUES = {
    "valid": [50.5, 70.25, 60.0, 80.0, 10.0],
    "test": [90.0, 91.0, 92.0, 93.0, 94.0],
    "other_test": [1.0, 2.0, 3.0, 4.0, 5.0],
    "seconds": [10.0, 20.0, 30.0, 40.0, 50.0],
    "delta": [0.0, -1.0, 0.0, 0.0, 0.0],
}
TABLE = Table(
    SPACE,
    "made",
    tuple(SPACE.to_native(arch) for arch in ARCHS),
    VALUES,
    {name: Split.TEST if "test" in name else Split.VALIDATION for name in VALUES},
)
ABSENT = next(arch for arch in SPACE.enumerate() if arch not in ARCHS)


def ask(evaluator, *archs):
    return evaluator.evaluate([Proposal(arch) for arch in archs], seeds=range(len(archs)))


def test_a_search_sees_the_signal_and_nothing_else():
    evaluator = TableEvaluator(TABLE, "valid", test=["test", "other_test"])
    assert ask(evaluator, ARCHS[3], ARCHS[0], ARCHS[3]) == [
        Measurement(80.0, {"valid": 80.0}),
        Measurement(50.5, {"valid": 50.5}),
        Measurement(80.0, {"valid": 80.0}),
    ]
    assert evaluator.evaluate([Proposal(ARCHS[0], fidelity=3)], seeds=[99]) == [Measurement(50.5, {"valid": 50.5})]
    assert evaluator.is_repeatable
    assert evaluator.validation_size is None
    assert evaluator.space is SPACE


def test_finalize_reads_what_was_held_back():
    evaluator = TableEvaluator(TABLE, "valid", test=["test", "other_test"])
    expected = Measurement(92.0, {"test": 92.0, "other_test": 3.0}, Split.TEST)
    assert evaluator.finalize(ARCHS[2], seed=0) == expected
    assert TableEvaluator(TABLE, "valid", test="test").finalize(ARCHS[2], seed=0).metrics == {"test": 92.0}
    assert TableEvaluator(TABLE, "valid").finalize(ARCHS[2], seed=0) is None


def test_missing_and_foreign_architectures_are_failures_that_name_them():
    evaluator = TableEvaluator(TABLE, "valid", test="test")
    native = SPACE.to_native(ABSENT)
    good, absent = ask(evaluator, ARCHS[0], ABSENT)
    assert good.objective == 50.5
    assert isinstance(absent, Failure) and native in absent.reason and "'made'" in absent.reason
    foreign = dataclasses.replace(ARCHS[0], space="elsewhere")
    rewired = dataclasses.replace(ARCHS[0], edges=ARCHS[0].edges[1:])
    for outcome, part in zip(ask(evaluator, foreign, rewired), ("elsewhere", "edges")):
        assert isinstance(outcome, Failure) and part in outcome.reason
    final = evaluator.finalize(ABSENT, seed=0)
    assert isinstance(final, Failure) and native in final.reason


def test_a_test_column_is_no_signal_unless_it_is_a_study():
    with pytest.raises(ConfigError, match="'test'.*valid, seconds, delta.*a test column.*benchmark_study=True"):
        TableEvaluator(TABLE, "test")
    study = TableEvaluator(TABLE, "test", test="test", benchmark_study=True)
    assert ask(study, ARCHS[1]) == [Measurement(91.0, {"test": 91.0}, Split.TEST)]
    config = study.config()
    assert (config["signal"], config["split"], config["benchmark_study"]) == ("test", "test", True)


def test_declared_splits_decide_not_names():
    table = dataclasses.replace(TABLE, splits={**TABLE.splits, "valid": Split.TEST, "test": Split.VALIDATION})
    with pytest.raises(ConfigError, match="'valid'"):
        TableEvaluator(table, "valid")
    with pytest.raises(ConfigError, match="test column 'test'.*a validation column.*splits="):
        TableEvaluator(table, "delta", test=["valid", "test"])
    assert ask(TableEvaluator(table, "test"), ARCHS[0])[0].split is Split.VALIDATION


def test_smaller_is_better_is_negated_once():
    evaluator = TableEvaluator(TABLE, "valid", test="test", direction="min")
    assert ask(evaluator, ARCHS[0]) == [Measurement(-50.5, {"valid": 50.5})]
    assert evaluator.finalize(ARCHS[0], seed=0) == Measurement(-90.0, {"test": 90.0}, Split.TEST)
    assert evaluator.config()["direction"] == "min"
    with pytest.raises(ConfigError, match="direction.*'minimise'"):
        TableEvaluator(TABLE, "valid", direction="minimise")


def test_costs_are_a_column_or_a_constant():
    assert [m.cost_s for m in ask(TableEvaluator(TABLE, "valid", cost="seconds"), *ARCHS[:3])] == [10.0, 20.0, 30.0]
    constant = TableEvaluator(TABLE, "valid", cost=np.float32(2.5))
    assert [m.cost_s for m in ask(constant, *ARCHS[:2])] == [2.5, 2.5]
    assert json.loads(json.dumps(constant.config()))["cost"] == 2.5
    assert ask(TableEvaluator(TABLE, "valid"), ARCHS[0])[0].cost_s == 0.0


@pytest.mark.parametrize("cost", [-1, float("nan"), True, [1.0], "delta"])
def test_impossible_costs_are_refused(cost):
    with pytest.raises(ConfigError, match="cost"):
        TableEvaluator(TABLE, "valid", cost=cost)


@pytest.mark.parametrize("options", [{"signal": "vlaid"}, {"test": "vlaid"}, {"cost": "vlaid"}])
def test_unknown_columns_are_refused_with_those_there_are(options):
    with pytest.raises(UnknownNameError, match="valid, test, other_test, seconds, delta.*'vlaid'"):
        TableEvaluator(TABLE, **{"signal": "valid", **options})


def test_seeds_must_match():
    with pytest.raises(ConfigError, match="seeds"):
        TableEvaluator(TABLE, "valid").evaluate([Proposal(ARCHS[0])], seeds=[])


def test_config_says_how_values_came_about():
    config = TableEvaluator(TABLE, "valid", test="test", cost="seconds").config()
    assert json.loads(json.dumps(config)) == config == {
        "name": "table",
        "space": "nasbench201",
        "table": "made",
        "rows": 5,
        "checksum": TABLE.checksum,
        "signal": "valid",
        "split": "validation",
        "test": ["test"],
        "cost": "seconds",
        "direction": "max",
        "benchmark_study": False,
    }

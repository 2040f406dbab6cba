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
    study = TableEvaluator(TABLE, "test", test="other_test", benchmark_study=True)
    assert ask(study, ARCHS[1]) == [Measurement(91.0, {"test": 91.0}, Split.TEST)]
    config = study.config()
    assert (config["signal"], config["split"], config["benchmark_study"]) == ("test", "test", True)


def test_the_signal_is_no_test_of_itself():
    with pytest.raises(ConfigError, match="test column 'test'.*does not see.*its signal"):
        TableEvaluator(TABLE, "test", test=["other_test", "test"], benchmark_study=True)


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
    assert (
        json.loads(json.dumps(config))
        == config
        == {
            "name": "table",
            "space": "nasbench201",
            "table": "made",
            "rows": 5,
            "checksum": TABLE.checksum,
            "note": "",
            "signal": "valid",
            "split": "validation",
            "test": ["test"],
            "cost": "seconds",
            "repeat": "mean",
            "absent": None,
            "direction": "max",
            "benchmark_study": False,
        }
    )


NAN = np.nan
REPEATED = Table(
    SPACE,
    "repeated",
    tuple(SPACE.to_native(arch) for arch in ARCHS),
    {
        "valid@4": [[1.0, 2.0, 3.0], [4.0, NAN, 6.0], [7.0, NAN, NAN], [8.0, 8.5, 9.0], [0.0, 0.5, 1.0]],
        "valid@12": [[11.0, 12.0], [14.0, 16.0], [17.0, 17.5], [18.0, 19.0], [10.0, 11.0]],
        "test@12": [[21.0, 22.0], [24.0, 26.0], [27.0, NAN], [28.0, 29.0], [20.0, 21.0]],
        "seconds@4": [[100.0, 200.0, 300.0], [400.0, NAN, 600.0], [700.0, NAN, NAN], [8.0, 8.0, 8.0], [1.0, 1.0, 1.0]],
        "seconds@12": [[1100.0, 1200.0]] * 5,
        "validity": [1.0] * 5,
    },
    {
        "valid@4": Split.VALIDATION,
        "valid@12": Split.VALIDATION,
        "test@12": Split.TEST,
        "seconds@4": Split.TRAIN,
        "seconds@12": Split.TRAIN,
        "validity": Split.VALIDATION,
    },
)


def test_repeats_are_averaged_where_there_are_any():
    evaluator = TableEvaluator(REPEATED, "valid@4", test="test@12", cost="seconds@4")
    first, second, third = ask(evaluator, *ARCHS[:3])
    assert (first.objective, second.objective, third.objective) == (2.0, 5.0, 7.0)
    assert (first.cost_s, second.cost_s, third.cost_s) == (200.0, 500.0, 700.0)
    assert first.fidelity == 4
    assert evaluator.is_repeatable
    assert evaluator.finalize(ARCHS[2], seed=0).objective == 27.0
    assert evaluator.finalize(ARCHS[1], seed=9).objective == 25.0


def test_a_drawn_repeat_brings_its_own_cost_and_follows_its_seed():
    evaluator = TableEvaluator(REPEATED, "valid@4", cost="seconds@4", repeat="random")
    drawn = [evaluator.evaluate([Proposal(ARCHS[1])], seeds=[seed])[0] for seed in range(300)]
    assert {(m.objective, m.cost_s) for m in drawn} == {(4.0, 400.0), (6.0, 600.0)}
    assert 110 < sum(m.objective == 4.0 for m in drawn) < 190  # 4.6 standard deviations about 150
    again = [evaluator.evaluate([Proposal(ARCHS[1])], seeds=[seed])[0] for seed in range(300)]
    assert drawn == again
    assert not evaluator.is_repeatable
    assert TableEvaluator(TABLE, "valid", repeat="random").is_repeatable  # there is nothing to draw
    with pytest.raises(ConfigError, match="repeat.*'mean' or 'random'.*'best'"):
        TableEvaluator(REPEATED, "valid@4", repeat="best")


def test_a_proposal_may_ask_for_another_budget():
    evaluator = TableEvaluator(REPEATED, "valid@4", cost="seconds@4")
    long, wrong = evaluator.evaluate([Proposal(ARCHS[0], fidelity=12), Proposal(ARCHS[0], fidelity=5)], seeds=[0, 0])
    assert (long.objective, long.fidelity, long.cost_s) == (11.5, 12, 1150.0)
    assert isinstance(wrong, Failure) and "at 5 epochs" in wrong.reason and "4, 12" in wrong.reason
    assert REPEATED.budgets("valid@4") == {4: "valid@4", 12: "valid@12"}
    assert REPEATED.budgets("validity") == REPEATED.budgets("valid") == {}


def test_no_budget_leads_to_a_test_column():
    splits = {**REPEATED.splits, "valid@12": Split.TEST}
    with pytest.raises(ConfigError, match="signal 'valid@12'.*a test column"):
        TableEvaluator(dataclasses.replace(REPEATED, splits=splits), "valid@4")


def test_a_cost_is_no_way_round_the_splits():
    for study in (False, True):
        with pytest.raises(ConfigError, match="cost 'test@12'.*a test column"):
            TableEvaluator(REPEATED, "valid@4", cost="test@12", benchmark_study=study)


def test_what_is_absent_may_be_worth_something_at_no_cost():
    evaluator = TableEvaluator(TABLE, "valid", cost="seconds", absent=0.0)
    foreign = dataclasses.replace(ARCHS[0], edges=ARCHS[0].edges[1:])
    assert ask(evaluator, ABSENT, foreign) == [Measurement(0.0, {"valid": 0.0})] * 2
    negated = TableEvaluator(TABLE, "valid", direction="min", absent=1.0)
    assert ask(negated, ABSENT)[0].objective == -1.0
    with pytest.raises(ConfigError, match="absent"):
        TableEvaluator(TABLE, "valid", absent=float("inf"))


def test_nothing_public_leads_to_what_was_held_back():
    """Walks through all that an evaluator shows: no attribute, and no attribute of one, holds test values."""
    evaluator = TableEvaluator(TABLE, "valid", test="test", cost="seconds")
    ask(evaluator, *ARCHS)
    hidden = {93.0, 5.0}  # of the columns test and other_test
    seen, waiting = set(), [evaluator]
    while waiting:
        value = waiting.pop()
        if id(value) in seen or isinstance(value, type) or callable(value):
            continue
        seen.add(id(value))
        if isinstance(value, np.ndarray):
            assert not hidden & set(value.ravel().tolist())
        elif isinstance(value, dict):
            waiting += [*value, *value.values()]
        elif isinstance(value, (list, tuple, set, frozenset)):
            waiting += value
        elif isinstance(value, float):
            assert value not in hidden
        elif value is not SPACE and hasattr(value, "__dict__"):
            waiting += [getattr(value, name) for name in dir(value) if not name.startswith("_")]
    assert len(seen) > 5


def test_splits_that_nobody_declared_are_said_to_be_taken_from_names(tmp_path):
    rows = "\n".join(f"{SPACE.to_native(arch)},{k},{k},{k}" for k, arch in enumerate(ARCHS))
    path = tmp_path / "mine.csv"
    path.write_text(f"arch,latest_valid,test_acc,accuracy\n{rows}\n")
    table = Table.from_csv(path, SPACE, splits={"accuracy": "test"})
    assert [split.value for split in table.splits.values()] == ["validation", "test", "test"]
    assert "latest_valid as validation, test_acc as test." in table.note and "accuracy as" not in table.note
    assert TableEvaluator(table, "latest_valid").config()["note"] == table.note
    declared = {"latest_valid": "validation", "test_acc": "test", "accuracy": "test"}
    assert Table.from_csv(path, SPACE, splits=declared).note == ""


def with_costs(signal, cost):
    """A table of one row whose repeats are given."""
    columns = {"valid@4": np.array([signal]), "seconds@4": np.array([cost])}
    splits = {"valid@4": Split.VALIDATION, "seconds@4": Split.TRAIN}
    return Table(SPACE, "one", (SPACE.to_native(ARCHS[0]),), columns, splits)


def test_a_drawn_value_and_its_cost_are_of_one_training():
    table = with_costs([1.0, NAN, 3.0], [100.0, 200.0, 300.0])
    evaluator = TableEvaluator(table, "valid@4", cost="seconds@4", repeat="random")
    drawn = {(m.objective, m.cost_s) for m in evaluator.evaluate([Proposal(ARCHS[0])] * 50, seeds=range(50))}
    assert drawn == {(1.0, 100.0), (3.0, 300.0)}


@pytest.mark.parametrize("cost", [[100.0, 200.0, NAN], [100.0, 200.0]])
def test_a_repeat_without_a_cost_is_refused(cost):
    table = with_costs([1.0, NAN, 3.0], cost)
    with pytest.raises(ConfigError, match="a value for each repeat of valid@4"):
        TableEvaluator(table, "valid@4", cost="seconds@4", repeat="random")
    assert TableEvaluator(table, "valid@4", cost="seconds@4")  # means need no partners


def test_a_budget_without_a_cost_is_refused():
    columns = {name: values for name, values in REPEATED.columns.items() if name != "seconds@4"}
    splits = {name: REPEATED.splits[name] for name in columns}
    table = Table(SPACE, "made", REPEATED.rows, columns, splits)
    with pytest.raises(ConfigError, match="a cost for each budget of valid@12.*none for valid@4"):
        TableEvaluator(table, "valid@12", cost="seconds@12")


def test_answers_are_named_by_the_column_they_come_from():
    evaluator = TableEvaluator(REPEATED, "valid@4")
    (asked,) = evaluator.evaluate([Proposal(ARCHS[0], fidelity=12)], seeds=[0])
    assert asked.metrics == {"valid@12": 11.5}


def test_an_at_sign_alone_makes_no_budget():
    columns = {"acc@best": [1.0], "acc@012": [2.0], "acc@12": [3.0], "acc@4": [4.0], "@7": [5.0]}
    splits = dict.fromkeys(columns, Split.VALIDATION)
    table = Table(SPACE, "made", (SPACE.to_native(ARCHS[0]),), columns, splits)
    assert list(table.budgets("acc@12").items()) == [(4, "acc@4"), (12, "acc@12")]  # ascending
    assert table.budgets("acc@best") == table.budgets("acc@012") == table.budgets("@7") == {}
    for name, value in (("acc@best", 1.0), ("acc@012", 2.0)):
        (answer,) = TableEvaluator(table, name).evaluate([Proposal(ARCHS[0], fidelity=4)], seeds=[0])
        assert (answer.objective, answer.fidelity) == (value, None)


def test_the_final_mean_does_not_depend_on_how_the_table_is_stored():
    values = np.array([[0.1, 0.2, 0.7]], np.float32)
    splits = {"valid": Split.VALIDATION, "test": Split.TEST}
    natives = (SPACE.to_native(ARCHS[0]),)
    small = Table(SPACE, "small", natives, {"valid": [0.0], "test": values}, splits)
    large = Table(SPACE, "large", natives, {"valid": [0.0], "test": values.astype(float)}, splits)
    one, other = (TableEvaluator(t, "valid", test="test").finalize(ARCHS[0], seed=0).objective for t in (small, large))
    assert one == other == values.astype(float).mean()
    assert small.mean("test")[0] == one


def test_config_tells_evaluators_apart():
    plain = TableEvaluator(TABLE, "valid").config()
    noted = TableEvaluator(dataclasses.replace(TABLE, note="Made up."), "valid", repeat="random", absent=0.5).config()
    changed = {name for name in plain if plain[name] != noted[name]}
    assert changed == {"note", "repeat", "absent"}
    assert (noted["note"], noted["repeat"], noted["absent"]) == ("Made up.", "random", 0.5)


def test_what_is_absent_in_a_study_is_a_test_value_too():
    study = TableEvaluator(TABLE, "test", absent=0.0, benchmark_study=True)
    assert ask(study, ABSENT)[0].split is Split.TEST

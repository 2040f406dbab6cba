"""Runs by the seconds of their queries; results that are kept in files; BOHB on a table."""

import dataclasses
import json

import click
import numpy as np
import pytest
from click.testing import CliRunner

from recipes.nasbench101 import bohb as nasbench101
from recipes.nasbench201 import bohb as nasbench201
from tests.unit.protocol_study import make_study, write_table
from tfnas import spaces
from tfnas.errors import ConfigError, InvalidArchitectureError, RunFolderError
from tfnas.protocol import Line, Results, Table, bohb
from tfnas.protocol.kept import Kept, make_command, number
from tfnas.protocol.seconds import Regrets, Timed, after_seconds, timed
from tfnas.protocol.tables import Column

RUN = {"seconds": [10, 20, 40], "columns": {"test": [0.5, 0.7, 0.6]}}


@pytest.mark.parametrize(("seconds", "value"), [(9, None), (10, 0.5), (39.9, 0.7), (40, 0.6), (1e6, 0.6)])
def test_a_value_is_that_of_the_last_query_that_is_over(seconds, value):
    assert Timed(np.array(RUN["seconds"]), np.array(RUN["columns"]["test"])).after(seconds) == value


@pytest.fixture
def results(tmp_path):
    study = make_study(write_table(tmp_path / "made_up.csv"))
    (tmp_path / "bohb").mkdir()
    (tmp_path / "bohb" / "seed0.json").write_text(json.dumps(RUN))
    other = {"seconds": [5], "columns": {"test": [0.1]}}
    (tmp_path / "bohb" / "seed1.json").write_text(json.dumps(other))
    return Results(study, tmp_path)


def test_runs_beside_a_study_have_a_line_by_its_label(results):
    values = after_seconds("test", 25, beside={"BOHB": "bohb"}, scale=100)
    assert values(results, Line("BOHB")) == [70, 10]
    assert values(results, Line("another")) == [] == values(results, Line("random", "random"))


def test_rows_of_a_study_add_up_what_their_queries_cost(results, monkeypatch):
    from tfnas.protocol import seconds
    from tfnas.trial import Measurement

    trials = [type("Trial", (), {"outcome": Measurement(0.1, cost_s=cost)}) for cost in (3.0, 4.0, 5.0)]
    record = type("Record", (), {"trials": trials})
    monkeypatch.setattr(results, "records", lambda row: (record,))
    monkeypatch.setattr(seconds, "incumbents", lambda *given: [1.0, 2.0, 3.0])
    (run,) = timed(results, "random", "test")
    assert run.seconds.tolist() == [3, 7, 12] and run.values.tolist() == [1, 2, 3]


def test_a_damaged_run_is_named(results):
    (results.directory / "bohb" / "seed0.json").write_text("{")
    with pytest.raises(RunFolderError, match="seed0.json"):
        timed(results, "bohb", "test")


def test_regrets_are_drawn_over_seconds_and_as_a_distribution(results):
    figure = Regrets("regret", ("random",), "test", 0.75, 100.0, {"BOHB": "bohb"}, first=20.0)
    drawn = figure.draw(results)
    assert list(drawn) == ["regret", "regret-distribution"]
    (line,) = drawn["regret"].axes[0].lines
    seconds, regret = line.get_data()
    # the mean of both runs: .75 - (.7 + .1) / 2 before 40 seconds, .75 - (.6 + .1) / 2 from there
    assert np.allclose(regret, np.where(seconds < 40, 0.35, 0.4))
    (steps,) = drawn["regret-distribution"].axes[0].lines
    assert sorted({round(float(x), 6) for x in steps.get_xdata() if np.isfinite(x)}) == [0.15, 0.65]
    assert dataclasses.replace(figure, beside={}).draw(results) == {}


class TestKept:
    def tables(self):
        return [Table("t", "T", (Column("value", number("value", 10)),), (Line("a", "a"), Line("b", "b")))]

    def test_a_result_is_made_once_and_shown(self, tmp_path):
        calls = []

        def make():
            calls.append(1)
            return {"value": 0.5}

        for _ in range(2):
            kept = Kept("k", tmp_path, self.tables())
            assert kept.made("a", 3, {"x": (1,)}, make) == {"value": 0.5}
        kept.made("a", 4, {"x": (1,)}, lambda: {"value": 0.7})
        kept.write_tables()
        assert len(calls) == 1
        first, second = json.loads((tmp_path / "tables.json").read_text())["t"]["lines"]
        assert first["values"]["value"]["mean"] == 6 and second["values"]["value"] is None

    def test_one_of_other_settings_or_a_damaged_one_is_refused(self, tmp_path):
        kept = Kept("k", tmp_path, ())
        kept.made("a", 0, {"x": 1}, lambda: {})
        with pytest.raises(RunFolderError, match="Choose another folder"):
            kept.made("a", 0, {"x": 2}, lambda: {})
        (tmp_path / "results" / "a" / "seed0.json").write_text("[]")
        with pytest.raises(RunFolderError, match="Delete the file"):
            kept.of("a")

    def test_the_command_has_a_folder_of_its_own_for_smoke_runs(self, tmp_path):
        seen = []
        made = make_command("What.", lambda *a, **k: seen.append((a, k)), "there", [click.Option(["--n"], type=int)])
        assert "mean nothing" in CliRunner().invoke(made, ["--smoke", "--n", "3"], catch_exceptions=False).output
        CliRunner().invoke(made, ["-o", str(tmp_path)], catch_exceptions=False)
        assert seen[0][0][1] is True and seen[0][1] == {"n": 3} and seen[1] == ((tmp_path, False), {"n": None})


class TestBOHB:
    def test_budgets(self):
        assert (nasbench101.SEARCH.factor, nasbench201.SEARCH.factor) == (3, 16)
        with pytest.raises(ConfigError, match="ascending"):
            dataclasses.replace(nasbench201.SEARCH, budgets=nasbench201.SEARCH.budgets[::-1])

    def test_cells_of_nasbench101(self):
        def words(*edges, ops=("maxpool3x3",) * 5):
            pairs = [(i, j) for i in range(7) for j in range(i + 1, 7)]
            return [str(int(pair in edges)) for pair in pairs] + list(ops)

        space = spaces.get("nasbench101")
        known = nasbench101.member(words((0, 1), (1, 6)))
        assert space.to_native(known).endswith(":input,maxpool3x3,output")
        with pytest.raises(InvalidArchitectureError):
            nasbench101.member(words((0, 1)))
        with pytest.raises(InvalidArchitectureError):  # eleven edges
            nasbench101.member(words(*((0, j) for j in range(1, 7)), *((i, 6) for i in range(1, 6))))

    @pytest.mark.parametrize("recipe", [nasbench101, nasbench201])
    def test_seconds_and_incumbents(self, recipe, tmp_path):
        pytest.importorskip("optuna")
        search, table = recipe.smoke(tmp_path)
        found = bohb.search(search, table, 1)
        assert found == bohb.search(search, table, 1) != bohb.search(search, table, 2)
        steps = np.diff([0, *found["seconds"]])
        costs = [table.mean(budget.cost)[0] for budget in search.budgets]
        assert set(steps) <= set(costs)
        assert steps[0] == costs[0]  # a network begins at the smallest budget
        # networks that go on are fewer at each budget, and some do
        counts = [int(np.sum(steps == cost)) for cost in costs]
        assert counts == sorted(counts, reverse=True) and counts[-1] > 0 and counts[0] > counts[-1]
        before, last = found["seconds"][-2:]
        assert before < search.seconds <= last
        # both columns are one here, so once the largest budget is reached the incumbent only gets better
        values = found["columns"][search.columns[-1]]
        assert len(values) == len(steps)
        reached = int(np.flatnonzero(steps == costs[-1])[0])
        assert np.all(np.diff(values[reached:]) >= 0) and max(values) > values[0]

    def test_runs_are_kept(self, tmp_path):
        pytest.importorskip("optuna")
        search, table = nasbench201.smoke(tmp_path)
        first = bohb.run(search, table, tmp_path / "runs", 2)
        (tmp_path / "runs" / "seed1.json").unlink()
        assert bohb.run(search, table, tmp_path / "runs", 2) == first
        with pytest.raises(ConfigError, match="this length"):
            bohb.run(dataclasses.replace(search, seconds=13_000), table, tmp_path / "runs", 1)

"""The command line of protocols."""

import pathlib

import pytest
from click.testing import CliRunner

from tests.unit.protocol_study import make_study, write_table
from tfnas.protocol import command_line
from tfnas.protocol.command_line import make_command


@pytest.fixture
def asked(monkeypatch):
    """What the command would do: study, folder, stages, rows of each call."""
    calls = []
    monkeypatch.setattr(command_line, "run", lambda *given: calls.append(given))
    return calls


@pytest.fixture
def study(tmp_path):
    return make_study(write_table(tmp_path / "made_up.csv"))


def invoke(study, *arguments, smoke=None):
    made = make_command("What it does.", {"first": study, "second": study.only(["random"])}, smoke)
    return CliRunner().invoke(made, arguments, catch_exceptions=False)


def test_without_options_all_of_the_first_study_is_done(study, asked):
    assert invoke(study).exit_code == 0
    assert asked == [(study, pathlib.Path("runs/made-up"), ("search", "retrain", "tables"), ())]


def test_stages_rows_and_values_can_be_chosen(study, asked, tmp_path):
    (tmp_path / "images").mkdir()
    result = invoke(
        study, "search", "--row", "random", "--data", str(tmp_path / "images"), "--trials", "5", "--seeds", "4",
        "--study", "second", "-o", "there",
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    ((chosen, folder, stages, rows),) = asked
    assert (folder, stages, rows) == (pathlib.Path("there"), ("search",), ("random",))
    (row,) = chosen.rows
    assert (row.seeds, row.search.trials, row.search.data) == (4, 5, str(tmp_path / "images"))


def test_other_data_leave_protocol_and_size_behind(study, asked):
    import dataclasses

    search = dataclasses.replace(study.rows[0].search, protocol="nasbench101", image_size=8)
    study = dataclasses.replace(study, rows=(dataclasses.replace(study.rows[0], search=search), study.rows[1]))
    invoke(study, "--trials", "5")
    invoke(study, "--data", "digits")
    kept, left = (call[0].rows[0].search for call in asked)
    assert (kept.protocol, kept.image_size) == ("nasbench101", 8) and (left.protocol, left.image_size) == (None, None)


def test_a_smoke_run_has_a_folder_of_its_own(study, asked, tmp_path):
    made = []

    def smoke(folder):
        made.append(folder)
        assert folder.is_dir()
        return study

    result = invoke(study, "--smoke", smoke=smoke)
    ((_, folder, _, _),) = asked
    assert folder.parent == made[0] and not made[0].exists() and "is removed" in result.output
    assert "is removed" not in invoke(study, "--smoke", "-o", str(tmp_path / "kept"), smoke=smoke).output
    assert asked[1][1] == tmp_path / "kept"


def test_an_interrupt_says_how_to_go_on(study, monkeypatch):
    def interrupted(*given):
        raise KeyboardInterrupt

    monkeypatch.setattr(command_line, "run", interrupted)
    result = invoke(study, "-o", "there")
    assert result.exit_code == 130 and "The same command goes on" in result.output and "there" in result.output


@pytest.mark.parametrize("arguments", [["nothing"], ["--row", "nobody"], ["--study", "third"], ["--seeds", "0"]])
def test_mistakes_are_said_in_words(study, asked, arguments):
    result = invoke(study, *arguments)
    assert result.exit_code == 2 and "Invalid value" in result.output and asked == []


def test_errors_are_said_in_words(study, tmp_path):
    assert invoke(study, "search", "-o", str(tmp_path / "a"), "--row", "evolution").exit_code == 0
    result = invoke(study, "search", "-o", str(tmp_path / "a"), "--row", "evolution", "--trials", "5")
    assert result.exit_code == 2 and "trials 12 instead of 5" in result.output and "Traceback" not in result.output


def test_help_says_what_there_is(study):
    text = " ".join(invoke(study, "--help").output.split())
    for part in ("What it does.", "[search|retrain|tables]", "--row", "random|evolution|drawn|given", "--smoke"):
        assert part in text, part

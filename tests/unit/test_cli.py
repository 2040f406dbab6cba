"""The command line as a user meets it."""

import json
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
from click.testing import CliRunner

from tests.own import SPACES
from tfnas import cli
from tfnas.runlog import RunRecord, comparable, read_events

SMALL = [
    "--trials",
    "2",
    "--epochs",
    "1",
    "--final-epochs",
    "1",
    "--finalists",
    "1",
    "--finalist-seeds",
    "1",
    "--skeleton",
    "channels=4",
    "--strategy",
    "random",
]
NATIVE = "|nor_conv_3x3~0|+|none~0|none~1|+|skip_connect~0|avg_pool_3x3~1|none~2|"


def run(*arguments):
    return CliRunner().invoke(cli.main, list(map(str, arguments)))


def test_help_needs_nothing_heavy():
    code = (
        "import sys\nfrom click.testing import CliRunner\nfrom tfnas.cli import main\n"
        "for command in ([], ['search'], ['show'], ['doctor']):\n"
        "    assert CliRunner().invoke(main, [*command, '--help']).exit_code == 0\n"
        "heavy = {'tensorflow', 'keras', 'scipy', 'pandas', 'matplotlib', 'sklearn', 'rich', 'jinja2'}\n"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("command", sorted(cli.main.commands))
def test_every_option_has_help_and_says_its_default(command):
    text = run(command, "--help").output
    for option in cli.main.commands[command].params:
        if option.param_type_name == "option" and option.name != "help":
            assert option.help, option.name
            assert option.required or option.show_default, f"{command} {option.name} does not show its default"
    assert "Usage" in text


def test_defaults_of_the_command_line_are_those_of_the_configuration():
    from tfnas.job import SearchConfig

    config = SearchConfig()
    for option in cli.main.commands["search"].params:
        texts = ("test_columns", "skeleton", "strategy_options")
        if option.name in SearchConfig.__slots__ and option.name not in texts:
            assert option.default == getattr(config, option.name), option.name


def test_show_draws_a_random_member_of_any_space(tmp_path):
    from tfnas import spaces

    for name in (*SPACES, "enas_macro,layers=6"):
        text = run("show", "--space", name, "--seed", "3").output
        native, second, *_ = text.split("\n")
        assert second.split() == ["space", name] and spaces.get(name).from_native(native)
    picture = tmp_path / "graph.png"
    assert run("show", "--space", "randwire,nodes=9", "-o", str(picture)).output.endswith(f"drawn: {picture}\n")
    assert picture.stat().st_size > 1000


def test_spaces_and_show(tmp_path):
    assert "15,625 members, 5,425 distinct networks" in run("spaces").output
    shown = run("show", NATIVE, "-o", tmp_path / "cell.png")
    assert shown.exit_code == 0 and "canonical key" in shown.output
    assert (tmp_path / "cell.png").read_bytes().startswith(b"\x89PNG")
    (tmp_path / "architecture.json").write_text(
        __import__("tfnas").spaces.get("nasbench201").from_native(NATIVE).to_json()
    )
    assert run("show", tmp_path / "architecture.json").output == run("show", NATIVE).output


@pytest.mark.parametrize(
    "arguments, words",
    [
        (["show", "bogus"], ["NAS-Bench-201 string", "received"]),
        (["show", NATIVE, "--space", "nasbench202"], ["search space", "Did you mean 'nasbench201'"]),
        (["show", NATIVE, "--input-shape", "32"], ["H,W,C"]),
        (["show", NATIVE, "--input-shape", "a,b,c"], ["H,W,C"]),
        (["show", NATIVE, "-o", "cell.xyz"], ["xyz"]),
        (["search", "--trials", "0"], ["trials", "positive"]),
        (["search", "--strategy", "randon"], ["Did you mean 'random'"]),
        (["search", "--data", "/no/such/place"], ["/no/such/place"]),
        (["search", "--evaluator", "table", "--space", "darts"], ["table of darts", "--table FILE.csv"]),
        (["search", "--evaluator", "table", "--space", "nasbench101"], ["for example nasbench101_only108"]),
        (["search", "--evaluator", "table", "--table", "nats_tss"], ["tfnas data fetch nats_tss"]),
        (["search", "--evaluator", "table", "--table", "nats"], ["nats_tss"]),
        (["search", "--evaluator", "table", "--table", "mnist"], ["images"]),
        (["search", "--evaluator", "table", "--table", "absent.csv"], ["--signal COLUMN"]),
        (["search", "--evaluator", "table", "--table", "absent.csv", "--signal", "a"], ["absent.csv", "no such file"]),
        (["search", "--table", "nats_tss"], ["--evaluator table", "--evaluator train"]),
        (["search", "--epochs", "-3"], ["epochs", "positive"]),
        (["search", "--validation", "0.7", "--test", "0.6"], ["fractions"]),
        (["search", "--skeleton", "channels=0"], ["channels", "positive"]),
        (["search", "--skeleton", "channels"], ["NAME=VALUE"]),
        (["search", "--skeleton", "width=3"], ["skeleton of nasbench201", "cells_per_stage", "width"]),
        (["resume", "nowhere"], ["nowhere", "config.json"]),
        (["report", "nowhere"], ["nowhere", "no such file"]),
        (["export", "nowhere", "-o", "x"], ["nowhere"]),
    ],
    ids=lambda value: " ".join(value)[:60],
)
def test_bad_arguments_give_one_message_and_leave_nothing_behind(arguments, words, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    done = run(*arguments)
    assert done.exit_code == 2, done.output
    assert done.exception is None or isinstance(done.exception, SystemExit)
    assert "Traceback" not in done.output and done.output.startswith("Error: ")
    for word in words:
        assert word in done.output
    assert not (tmp_path / "runs").exists()


def test_search_with_a_baseline_leaves_a_whole_run_folder_and_quiet_output(tmp_path):
    folder = tmp_path / "run"
    done = subprocess.run(
        [sys.executable, "-m", "tfnas", "search", "-o", folder, *SMALL, "--baseline", "random"],
        capture_output=True,
        text=True,
        timeout=500,
    )
    assert done.returncode == 0, done.stderr
    assert "trial 1 of 2" in done.stderr and "trial 2 of 2" in done.stderr
    for noise in ("tensorflow", "oneDNN", "cuda", "WARNING", "Traceback"):
        assert noise not in done.stderr + done.stdout
    assert str(folder) in done.stdout
    for name in (
        "events.jsonl",
        "report.md",
        "report.html",
        "best.keras",
        "best_savedmodel/saved_model.pb",
        "architecture.json",
        "config.json",
        "baseline_random/events.jsonl",
    ):
        assert (folder / name).exists(), name
    record = RunRecord.read(folder)
    assert record.finished == "budget" and record.final is not None
    assert "random (baseline)" in (folder / "report.md").read_text()
    exported = run("export", folder, "-o", tmp_path / "out")
    assert exported.exit_code == 0, exported.output
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        "architecture.json",
        "best.keras",
        "best_savedmodel",
    ]
    again = run("search", "-o", folder, *SMALL)
    assert again.exit_code == 2 and "tfnas resume" in again.output
    resumed = run("resume", folder)
    assert resumed.exit_code == 0 and RunRecord.read(folder).resumes == 1
    assert run("report", folder).exit_code == 0


def test_a_users_own_npz(tmp_path):
    rng = np.random.default_rng(0)
    y = np.arange(120) % 3
    x = (rng.random((120, 8, 8, 3)) * 60 + 60 * y[:, None, None, None]).astype("uint8")
    np.savez(tmp_path / "mine.npz", x=x, y=y)
    done = run("search", "--data", tmp_path / "mine.npz", "-o", tmp_path / "run", *SMALL)
    assert done.exit_code == 0, done.output
    assert RunRecord.read(tmp_path / "run").start["evaluator"]["num_classes"] == 3


@pytest.mark.slow
def test_kill_and_resume_gives_the_log_of_an_uninterrupted_run(tmp_path):
    options = ["--trials", "6", "--epochs", "2", "--final-epochs", "2", "--skeleton", "channels=4"]

    def start(folder):
        command = [sys.executable, "-m", "tfnas", "search", "-o", folder, *options]
        return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    assert start(tmp_path / "whole").wait(timeout=500) == 0
    killed = start(tmp_path / "killed")
    log = tmp_path / "killed" / "events.jsonl"
    deadline = time.monotonic() + 200
    while time.monotonic() < deadline and not (log.exists() and log.read_bytes().count(b'"event":"result"') >= 3):
        time.sleep(0.05)
    os.kill(killed.pid, signal.SIGKILL)
    killed.wait()
    before = log.read_bytes().count(b'"event":"result"')
    assert 3 <= before < 6
    assert run("resume", tmp_path / "killed").exit_code == 0
    whole, continued = (list(comparable(read_events(tmp_path / name))) for name in ("whole", "killed"))
    assert continued == whole
    assert RunRecord.read(tmp_path / "killed").resumes == 1


@pytest.mark.slow
def test_ctrl_c_ends_cleanly_with_a_report(tmp_path):
    folder = tmp_path / "run"
    command = [
        sys.executable,
        "-m",
        "tfnas",
        "search",
        "-o",
        folder,
        "--trials",
        "30",
        "--epochs",
        "1",
        "--skeleton",
        "channels=4",
    ]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 200
    while time.monotonic() < deadline:
        if (folder / "events.jsonl").exists() and '"result"' in (folder / "events.jsonl").read_text():
            break
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=100)
    assert process.returncode == 130, err
    assert "Traceback" not in err and "tfnas resume" in out
    assert (folder / "report.html").exists()
    assert json.loads((folder / "config.json").read_text())["trials"] == 30


def test_what_is_a_name_stays_one_beside_a_folder_of_that_name(tmp_path, monkeypatch):
    from tfnas.data.load import is_path

    monkeypatch.chdir(tmp_path)
    for name in ("digits", "cifar10", "tfds:mnist", "mine", "imagenet"):
        (tmp_path / name).mkdir()
    assert [is_path(name) for name in ("digits", "cifar10", "tfds:mnist", "mine", "imagenet", "absent")] == [
        *(False, False, False),
        *(True, True, False),
    ]

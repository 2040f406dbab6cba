"""README does what it says: its Python blocks run, one after the other, and its commands exist."""

import math
import pathlib
import re
import subprocess
import sys

import pytest

from tests.own import SPACES
from tfnas import cli, spaces, strategies
from tfnas.data import catalogue, protocols

README = (pathlib.Path(__file__).resolve().parents[2] / "README.md").read_text("utf-8")


def test_every_command_and_option_exists():
    lines = [line for block in re.findall(r"```\n(.*?)```", README, re.S) for line in block.splitlines()]
    commands = [
        part.strip() for line in lines if line.startswith("tfnas ") for part in line[6:].split("|") if "'" not in line
    ]
    assert len(commands) > 8
    for command in commands:
        name, *words = command.partition("#")[0].split()
        assert name in cli.main.commands, command
        options = {option for parameter in cli.main.commands[name].params for option in parameter.opts}
        assert {word for word in words if word.startswith("-")} <= options, command


def test_the_tables_name_what_there_is():
    for name in SPACES:
        space = spaces.get(name)
        size = f"{space.size:,}" if space.size < 10**9 else rf"10\^{math.log10(space.size):.1f}"
        known = "not counted" if space.num_networks is None else f"{space.num_networks:,}"
        networks = "all" if space.num_networks == space.size else known
        assert re.search(rf"\| `{name}` \| {size} \| {networks} \|", README), name
    for name in strategies.names():
        assert f"| `{name}` | `{strategies.get(name).__name__}` |" in README


def test_data_and_protocols_are_named():
    for name in (*catalogue.names(), *(protocol.name for protocol in protocols.PROTOCOLS)):
        assert f"`{name}`" in README, name


@pytest.mark.slow
def test_the_python_blocks_run(tmp_path):
    blocks = re.findall(r"```python\n(.*?)```", README, re.S)
    assert len(blocks) == 10
    (tmp_path / "script.py").write_text("\n".join(blocks))
    root = str(pathlib.Path(__file__).resolve().parents[2])
    done = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path.insert(0, {root!r}); exec(open('script.py').read())"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=900,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert (tmp_path / "best" / "best.keras").exists()
    assert (tmp_path / "runs" / "evolution" / "report.html").exists()

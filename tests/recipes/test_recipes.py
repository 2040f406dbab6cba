"""Every recipe's smoke run works, as a module of the clone."""

import pathlib
import subprocess
import sys

import pytest

from tfnas import spaces

ROOT = pathlib.Path(__file__).resolve().parents[2]
RECIPES = sorted(
    ".".join(path.relative_to(ROOT).with_suffix("").parts)
    for path in (ROOT / "recipes").glob("*/*.py")
    if "__main__" in path.read_text("utf-8")
)


def test_every_space_has_a_recipe():
    own = [name for name in spaces.names() if name != "skip_net"]  # which another test registers
    assert {f"recipes.{name}.evolution" for name in (*own, "own_space")} <= set(RECIPES)


def test_every_space_of_graphpnas_has_its_protocol():
    searched = ("randwire", "enas_macro", "nasbench101", "nasbench201", "darts")
    assert {f"recipes.{name}.graphpnas" for name in searched} <= set(RECIPES)


TRAINED = ("recipes.randwire.graphpnas", "recipes.enas_macro.graphpnas", "recipes.darts.graphpnas")
"""These train networks in several rows, which takes most of a minute each."""


@pytest.mark.parametrize(
    "recipe", [pytest.param(name, marks=pytest.mark.slow if name in TRAINED else ()) for name in RECIPES]
)
def test_smoke_run(recipe):
    done = subprocess.run(
        [sys.executable, "-m", recipe, "--smoke"], cwd=ROOT, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout.strip()

"""Every recipe's smoke run works, as a module of the clone."""

import pathlib
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
RECIPES = sorted(
    ".".join(path.relative_to(ROOT).with_suffix("").parts)
    for path in (ROOT / "recipes").glob("*/*.py")
    if path.stem != "__init__"
)


def test_there_are_recipes():
    assert "recipes.nasbench201.evolution" in RECIPES


@pytest.mark.parametrize("recipe", RECIPES)
def test_smoke_run(recipe):
    done = subprocess.run(
        [sys.executable, "-m", recipe, "--smoke"], cwd=ROOT, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout.strip()

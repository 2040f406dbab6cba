"""Every recipe's smoke run works, as a module of the clone."""

import pathlib
import subprocess
import sys

import pytest

from tests.own import SPACES

ROOT = pathlib.Path(__file__).resolve().parents[2]
RECIPES = sorted(
    ".".join(path.relative_to(ROOT).with_suffix("").parts)
    for path in (ROOT / "recipes").glob("*/*.py")
    if "__main__" in path.read_text("utf-8")
)


def test_every_space_has_a_recipe():
    assert {f"recipes.{name}.evolution" for name in (*SPACES, "own_space")} <= set(RECIPES)


def test_every_space_of_graphpnas_has_its_protocol():
    searched = ("randwire", "enas_macro", "nasbench101", "nasbench201", "darts")
    assert {f"recipes.{name}.graphpnas" for name in searched} <= set(RECIPES)


def test_every_space_of_the_autoencoder_papers_has_their_tables():
    trained = {f"recipes.{name}.autoencoders" for name in ("nasbench101", "nasbench201", "enas_macro", "darts")}
    searched = {name.replace("autoencoders", "latent_search") for name in trained}
    assert trained | searched <= set(RECIPES)


LARGE = {
    # these train networks in several rows
    *(f"recipes.{space}.graphpnas" for space in ("randwire", "enas_macro", "nasbench101", "darts")),
    # these train autoencoders or learn in their latent spaces
    *(f"recipes.{space}.autoencoders" for space in ("nasbench101", "nasbench201", "enas_macro", "darts")),
    *(f"recipes.{space}.latent_search" for space in ("nasbench101", "nasbench201", "enas_macro", "darts")),
    *(f"recipes.{space}.latent_prediction" for space in ("nasbench101", "enas_macro")),
    "recipes.nasbench101.all_data",
    *(f"recipes.{space}.extrapolation" for space in ("nasbench101", "enas_macro")),
    # and these large ones, which have tests of their own
    *(f"recipes.{space}.evolution" for space in ("randwire", "fairnas", "ghn_block", "ghn_anytime")),
}
"""Smoke runs of most of a minute each."""


@pytest.mark.parametrize(
    "recipe", [pytest.param(name, marks=pytest.mark.slow if name in LARGE else ()) for name in RECIPES]
)
def test_smoke_run(recipe):
    done = subprocess.run(
        [sys.executable, "-m", recipe, "--smoke"], cwd=ROOT, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout.strip()
    assert "AutoGraph could not" not in done.stderr  # such a warning may print the environment

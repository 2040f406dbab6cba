"""The command line that all recipes share."""

import dataclasses
import pathlib

import pytest
from click.testing import CliRunner

from tfnas import recipe
from tfnas.job import SearchConfig

CONFIG = SearchConfig(
    space="darts",
    strategy="regularized_evolution",
    strategy_options={"population": 9},
    trials=50,
    skeleton={"cells": 8, "channels": 16, "drop_path": 0.2},
)
SMOKE = {"trials": 2, "skeleton": {"cells": 1}, "space": "darts,shared=True"}


def asked_for(*arguments):
    """The configuration and the folder that a recipe's main function gets."""
    seen = []
    made = recipe.make_command("What it does.", CONFIG, SMOKE, lambda *given: seen.append(given))
    result = CliRunner().invoke(made, arguments, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return seen[0]


def test_without_options_it_is_the_recipes_configuration():
    config, directory = asked_for()
    assert config == CONFIG and directory == pathlib.Path("runs/darts-evolution")


def test_options_replace_single_values():
    config, directory = asked_for(
        "--skeleton", "channels=36", "--skeleton", "cells=20", "--strategy-options", "tournament=3", "--seed", "4",
        "-o", "there",
    )  # fmt: skip
    assert config.skeleton == {"cells": 20, "channels": 36, "drop_path": 0.2}
    assert config.strategy_options == {"population": 9, "tournament": 3}
    assert (config.seed, config.trials, directory) == (4, 50, pathlib.Path("there"))


def test_sizes_and_options_stay_with_their_space_and_strategy():
    config, directory = asked_for("--space", "randwire", "--strategy", "random")
    assert config.skeleton == {} and config.strategy_options == {}
    assert directory == pathlib.Path("runs/randwire-evolution")


def test_a_smoke_run_keeps_what_is_given():
    config, _ = asked_for("--smoke")
    assert (config.trials, config.skeleton, config.space) == (2, {"cells": 1}, "darts,shared=True")
    config, _ = asked_for("--smoke", "--trials", "5", "--seed", "3")
    assert (config.trials, config.seed, config.skeleton) == (5, 3, {"cells": 1})


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--skeleton", "channels=abc"], "NAME=VALUE"),
        (["--trials", "0"], "trials: expected a positive integer"),
        (["--trials", "many"], "not a valid integer"),
    ],
)
def test_mistakes_are_said_in_words(arguments, message):
    made = recipe.make_command("", CONFIG, SMOKE, lambda *given: None)
    result = CliRunner().invoke(made, arguments)
    assert result.exit_code == 2 and message in result.output and "Traceback" not in result.output


def test_help_shows_the_recipes_defaults():
    text = " ".join(CliRunner().invoke(recipe.make_command("What it does.", CONFIG, SMOKE), ["--help"]).output.split())
    for part in ("What it does.", "[default: 50]", "cells=8 channels=16 drop_path=0.2", "population=9", "--smoke"):
        assert part in text, part


def test_a_folder_of_another_configuration_is_not_gone_on_with(tmp_path, monkeypatch):
    from tfnas.errors import RunFolderError

    resumed = []
    monkeypatch.setattr(recipe.job, "resume", lambda *given: resumed.append(given))
    monkeypatch.setattr(recipe.cli, "finish", lambda *given: None)
    monkeypatch.setattr(recipe, "has_run", lambda directory: True)
    resolved = {"workers": 2, "threads": 1, "skeleton": {**CONFIG.skeleton, "auxiliary": False}}
    monkeypatch.setattr(recipe.job, "read_config", lambda directory: dataclasses.replace(CONFIG, **resolved))
    recipe.run(CONFIG, tmp_path)
    assert len(resumed) == 1
    for change, message in [
        ({"trials": 51}, "trials 50 instead of 51"),
        ({"skeleton": {"cells": 9}}, "skeleton"),
        (
            {"strategy": "random", "seed": 5},
            "strategy 'regularized_evolution' instead of 'random', seed 0 instead of 5",
        ),
    ]:
        with pytest.raises(RunFolderError, match=message):
            recipe.run(dataclasses.replace(CONFIG, **change), tmp_path)
    assert len(resumed) == 1


def test_sizes_given_to_a_smoke_run_replace_its_own():
    config, _ = asked_for("--smoke", "--skeleton", "channels=5")
    assert config.skeleton == {"cells": 1, "channels": 5}

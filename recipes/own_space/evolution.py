"""Regularised evolution over a search space of your own, `skip_net.py` beside this file.

python -m recipes.own_space.evolution --data FOLDER
"""

from __future__ import annotations

import pathlib

from tfnas import job, recipe, search

from .skip_net import SkipNet

Config = job.SearchConfig

CONFIG = Config(
    space=SkipNet.name,
    strategy="regularized_evolution",
    trials=30,
    skeleton={"channels": 32},
)

SMOKE = {
    "skeleton": {"channels": 4},
    "trials": 2,
    "epochs": 1,
    "final_epochs": 1,
    "finalists": 0,
    "workers": 1,
    "fraction": 0.3,
}


def main(config: Config, directory: pathlib.Path) -> search.SearchResult:
    """Searches, prints the summary, and returns all that was found; goes on with a run that is there."""
    return recipe.run(config, directory)


if __name__ == "__main__":
    recipe.command(__doc__, CONFIG, SMOKE, main)

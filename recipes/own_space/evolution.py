"""Regularised evolution over a search space of your own, `skip_net.py` beside this file.

python -m recipes.own_space.evolution --data FOLDER
"""

from __future__ import annotations

from tfnas import job, recipe

from .skip_net import SkipNet

Config = job.SearchConfig

CONFIG = Config(
    space=f"{SkipNet.__module__}:{SkipNet.__name__}",
    strategy="regularized_evolution",
    trials=30,
    skeleton={"channels": 32},
)

SMOKE = {
    "skeleton": {"channels": 4},
    "trials": 1,
    "epochs": 1,
    "final_epochs": 1,
    "finalists": 0,
    "workers": 1,
    "fraction": 0.3,
}

main = recipe.run

if __name__ == "__main__":
    recipe.command(__doc__, CONFIG, SMOKE, main)

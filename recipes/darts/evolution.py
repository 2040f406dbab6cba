"""Regularised evolution over DARTS cells, with networks that are trained one by one on images of yours.

    python -m recipes.darts.evolution --data FOLDER

Candidates have 8 cells and 16 channels, as the networks that DARTS compares cells by (Liu, Simonyan and Yang,
ICLR 2019, section 3.2), and are trained for 50 epochs (GraphPNAS, appendix G); the winner is trained in the
same size for longer. The published final network has `--skeleton cells=20 --skeleton channels=36`.
"""

from __future__ import annotations

from tfnas import job, recipe

Config = job.SearchConfig

CONFIG = Config(
    space="darts",
    strategy="regularized_evolution",
    trials=96,
    epochs=50,
    final_epochs=600,
    batch_size=96,
    learning_rate=0.025,
    weight_decay=3e-4,
    pad_crop=4,
    flip=True,
    cutout=16,
    exit_weight=0.4,
    skeleton={"cells": 8, "channels": 16, "auxiliary": True, "drop_path": 0.2},
)

SMOKE = {
    "skeleton": {"cells": 3, "channels": 4, "drop_path": 0.2},
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

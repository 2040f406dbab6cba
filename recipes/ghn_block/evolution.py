"""Regularised evolution over the blocks of Graph HyperNetworks, trained one by one on images of yours.

    python -m recipes.ghn_block.evolution --data FOLDER

18 blocks of 32 channels, an auxiliary head of weight .5 and drop-path (Zhang, Ren and Urtasun, ICLR 2019,
section 5.3); 50 epochs a candidate, as the networks that the paper correlates its predictions with.
"""

from __future__ import annotations

from tfnas import job, recipe

Config = job.SearchConfig

CONFIG = Config(
    space="ghn_block",
    strategy="regularized_evolution",
    trials=100,
    epochs=50,
    final_epochs=600,
    batch_size=64,
    learning_rate=0.025,
    weight_decay=3e-4,
    pad_crop=4,
    flip=True,
    cutout=16,
    exit_weight=0.5,
    skeleton={"blocks": 18, "channels": 32, "auxiliary": True, "drop_path": 0.4},
)

SMOKE = {
    "space": "ghn_block,nodes=7",
    "skeleton": {"blocks": 3, "channels": 4, "auxiliary": True},
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

"""Regularised evolution over the anytime networks of Graph HyperNetworks, trained on images of yours.

    python -m recipes.ghn_anytime.evolution --data FOLDER

All exits are trained together, each with the weight of the last; batches of 64, learning rate .1 (Zhang, Ren
and Urtasun, ICLR 2019, appendix). Deviations: a cosine instead of steps; the search goes by the accuracy of
the last exit, not by the area under the curve of accuracy against multiply-accumulates.
"""

from __future__ import annotations

from tfnas import job, recipe

Config = job.SearchConfig

CONFIG = Config(
    space="ghn_anytime",
    strategy="regularized_evolution",
    trials=100,
    epochs=50,
    final_epochs=300,
    batch_size=64,
    learning_rate=0.1,
    weight_decay=1e-4,
    pad_crop=4,
    flip=True,
    exit_weight=1.0,
    skeleton={"channels": 16},
)

SMOKE = {
    "space": "ghn_anytime,nodes1=4,nodes2=3,nodes3=2,exits=2",
    "skeleton": {"channels": 3},
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

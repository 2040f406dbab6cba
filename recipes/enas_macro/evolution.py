"""Regularised evolution over the ENAS macro space, with networks that are trained one by one on images of yours.

    python -m recipes.enas_macro.evolution --data FOLDER

Twelve layers in the form of the final training: skip connections are concatenated and brought to the layer's
width by a 1x1 convolution. SGD with a cosine, cutout (GraphPNAS, appendix E: learning rate .1, batches of
256, weight decay 2e-4). Deviation: cutout is always on; the paper blanks a square with probability .4.
"""

from __future__ import annotations

from tfnas import job, recipe

Config = job.SearchConfig

CONFIG = Config(
    space="enas_macro",
    strategy="regularized_evolution",
    trials=100,
    epochs=100,
    final_epochs=600,
    batch_size=256,
    learning_rate=0.1,
    weight_decay=2e-4,
    pad_crop=4,
    flip=True,
    cutout=16,
    skeleton={"fixed": True, "channels": 36},
)

SMOKE = {
    "space": "enas_macro,layers=6",
    "skeleton": {"fixed": True, "channels": 4},
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

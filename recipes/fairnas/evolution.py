"""Regularised evolution over the FairNAS space, with networks that are trained one by one on images of yours.

    python -m recipes.fairnas.evolution --data FOLDER --image-size 224

The network is the published one, the training that of One-Shot-NAS-GCN's final networks as far as it is
known: SGD with a cosine, label smoothing .1, batches of 256. Squeeze-and-excitation: `--skeleton
squeeze_excite=true`.
"""

from __future__ import annotations

from tfnas import job, recipe

Config = job.SearchConfig

CONFIG = Config(
    space="fairnas",
    strategy="regularized_evolution",
    trials=100,
    epochs=30,
    final_epochs=240,
    batch_size=256,
    learning_rate=0.1,
    weight_decay=4e-5,
    label_smoothing=0.1,
    flip=True,
    skeleton={"width": 32, "head_channels": 1280},
)

SMOKE = {
    "skeleton": {"width": 4, "head_channels": 16, "squeeze_excite": True},
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

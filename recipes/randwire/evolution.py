"""Regularised evolution over RandWire graphs, with networks that are trained one by one on images of yours.

    python -m recipes.randwire.evolution --data FOLDER --image-size 224

The low-data evaluator of GraphPNAS (section 4 and appendix A): a tenth of the training examples, 300 epochs,
SGD with a cosine, batches of 256, weight decay 1e-4; a candidate's value is its mean over the last three
epochs. 320 candidates.
"""

from __future__ import annotations

from tfnas import job, recipe

Config = job.SearchConfig

CONFIG = Config(
    space="randwire",
    strategy="regularized_evolution",
    trials=320,
    epochs=300,
    last_epochs=3,
    final_epochs=300,
    batch_size=256,
    learning_rate=0.1,
    weight_decay=1e-4,
    fraction=0.1,
    pad_crop=4,
    flip=True,
    skeleton={"channels": 64, "head_channels": 1280},
)

SMOKE = {
    "space": "randwire,nodes=8",
    "skeleton": {"channels": 4, "head_channels": 8},
    "fraction": 0.5,
    "last_epochs": 1,
    "trials": 1,
    "epochs": 1,
    "final_epochs": 1,
    "finalists": 0,
    "workers": 1,
}

main = recipe.run

if __name__ == "__main__":
    recipe.command(__doc__, CONFIG, SMOKE, main)

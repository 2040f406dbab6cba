"""Regularised evolution over NAS-Bench-101 cells that are trained on images of yours.

    python -m recipes.nasbench101.evolution --data FOLDER

With the benchmark's own table (`tfnas data fetch nasbench101_only108`) nothing is trained:

    python -m recipes.nasbench101.evolution --evaluator table --table nasbench101_only108 --repeat random --trials 300

Network and data augmentation are the benchmark's (Ying et al., ICML 2019): 128 channels, three stacks of three
modules, twelve epochs of the four budgets 4, 12, 36 and 108, batches of 256, random crops and mirroring.
Deviation: SGD with Nesterov momentum instead of RMSProp, whose epsilon of 1 makes it nearly the same.
"""

from __future__ import annotations

from tfnas import job, recipe

Config = job.SearchConfig

CONFIG = Config(
    space="nasbench101",
    strategy="regularized_evolution",
    trials=100,
    epochs=12,
    final_epochs=108,
    batch_size=256,
    learning_rate=0.2,
    weight_decay=1e-4,
    pad_crop=4,
    flip=True,
    skeleton={"stem_channels": 128, "modules_per_stack": 3},
)

SMOKE = {
    "skeleton": {"stem_channels": 4, "modules_per_stack": 1},
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

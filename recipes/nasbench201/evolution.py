"""Regularised evolution on a table of NAS-Bench-201.

    python -m recipes.nasbench201.evolution

searches the accuracies that ``pip install "tfnas[tables]"`` brings, 150 times as the papers do. All of them were
measured on test images, so this is a benchmark study: the search sees the accuracy of networks that were quantised
during training, and the plain accuracy of its choice is read once. With NATS-Bench's own files, imported by
`tfnas data import nats_tss FOLDER`, the search sees twelve epochs of validation accuracy, as in the papers:

    python -m recipes.nasbench201.evolution --table nats_tss --repeat random
"""

from __future__ import annotations

from tfnas import job, recipe

Config = job.SearchConfig

CONFIG = Config(space="nasbench201", strategy="regularized_evolution", trials=150, evaluator="table")
"""Population and tournament follow the budget."""

SMOKE = {"trials": 40}

main = recipe.run

if __name__ == "__main__":
    recipe.command(__doc__, CONFIG, SMOKE, main)

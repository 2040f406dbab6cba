"""Regularised evolution on the table of NAS-Bench-Macro.

\b
    tfnas data fetch nasbench_macro
    python -m recipes.nasbench_macro.evolution

The benchmark publishes test accuracies alone, so the search sees a test column, and the report says so on its first
line. The smoke run needs no table: it trains a network for an epoch.
"""

from __future__ import annotations

from tfnas import job, recipe

Config = job.SearchConfig

CONFIG = Config(
    space="nasbench_macro",
    strategy="regularized_evolution",
    trials=100,
    evaluator="table",
    table="nasbench_macro",
    signal="mean_accuracy",
    benchmark_study=True,
)

SMOKE = {
    "evaluator": "train",
    "table": None,
    "signal": None,
    "benchmark_study": False,
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

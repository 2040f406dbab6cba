"""Regularised evolution on a NAS-Bench-201 table of yours.

The table is a CSV file, plain or compressed by gzip, with a column "arch" of published strings and columns
of measured accuracies:

    python -m recipes.nasbench201.evolution --table table.csv.gz --test-columns test_accuracy

The search sees the signal alone, here 150 times; the test columns are read once, for the winner.
"""

from __future__ import annotations

import dataclasses
import pathlib
import random
import tempfile

from tfnas import job, recipe, search, spaces

Config = job.SearchConfig

CONFIG = Config(
    space="nasbench201",
    strategy="regularized_evolution",
    trials=150,
    evaluator="table",
    table="table.csv.gz",
    signal="valid_accuracy",
)
"""150 queries, as in the papers that search this table; population and tournament follow the budget."""


SMOKE = {"table": "made up", "test_columns": ("test_accuracy",), "trials": 40}


def main(config: Config, directory: pathlib.Path) -> search.SearchResult:
    """Searches, prints the summary, and returns all that was found; goes on with a run that is there."""
    if config.table != "made up":
        return recipe.run(config, directory)
    print("the values of this table are made up and say nothing about any network")
    space = spaces.NASBench201()
    rng = random.Random(0)
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "made_up.csv"
        with open(path, "w", encoding="utf-8") as file:
            file.write("arch,valid_accuracy,test_accuracy\n")
            for arch in space.enumerate():
                value = 50 + 5 * arch.ops.count("nor_conv_3x3") + rng.gauss(0, 2)
                file.write(f"{space.to_native(arch)},{value:.3f},{value + rng.gauss(0, 1):.3f}\n")
        return recipe.run(dataclasses.replace(config, table=str(path)), directory)


if __name__ == "__main__":
    recipe.command(__doc__, CONFIG, SMOKE, main)

"""Regularised evolution on a NAS-Bench-201 table of yours.

The table is a CSV file, plain or compressed by gzip, with a column ``arch`` of published strings and
columns of measured accuracies::

    python -m recipes.nasbench201.evolution table.csv.gz --signal valid_accuracy --test test_accuracy

The search sees the signal alone; the test columns are read once, for the winner. ``--smoke`` searches a
table of made-up values instead, only to show that everything runs: its figures mean nothing.
"""

from __future__ import annotations

import argparse
import dataclasses
import pathlib
import random
import tempfile

from tfnas import data, evaluators, search, spaces, strategies


@dataclasses.dataclass(frozen=True)
class Config:
    """What to search, and how.

    Attributes:
        table: Path of the CSV file.
        signal: The column that the search maximises.
        test: Columns to read for the winner, once.
        budget: Number of networks to ask the table for.
        population: Trials that live at once; None to follow the budget.
        tournament: Draws for a parent; None to follow the budget.
        seed: Seed of the search.
        directory: Run folder for log and report; None for none.
    """

    table: str
    signal: str = "valid_accuracy"
    test: tuple[str, ...] = ()
    budget: int = 150
    population: int | None = None
    tournament: int | None = None
    seed: int = 0
    directory: str | None = None


def main(config: Config) -> search.SearchResult:
    """Searches, prints the winner, and returns all that was found."""
    space = spaces.NASBench201()
    table = data.Table.from_csv(
        config.table,
        space,
        columns=(config.signal, *config.test),
        splits={column: "test" for column in config.test},
    )
    strategy = strategies.RegularizedEvolution(
        space, population=config.population, tournament=config.tournament, seed=config.seed
    )
    result = search.run(
        strategy,
        evaluators.TableEvaluator(table, config.signal, test=config.test),
        budget=config.budget,
        directory=config.directory,
        seed=config.seed,
        finalize=bool(config.test),
    )
    best = result.best
    print(f"best of {len(result.trials)} networks: {space.to_native(best.architecture)}")
    print(f"{config.signal}: {best.objective:g} (trial {best.id}, seen by the search)")
    if result.final is not None:
        for column, value in result.final.metrics.items():
            print(f"{column}: {value:g} (read once, at the end)")
    return result


def smoke() -> search.SearchResult:
    """Runs the recipe on made-up values in a temporary folder."""
    print("smoke run: the values of this table are made up and say nothing about any network")
    space = spaces.NASBench201()
    rng = random.Random(0)
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "made_up.csv"
        with open(path, "w", encoding="utf-8") as file:
            file.write("arch,valid_accuracy,test_accuracy\n")
            for arch in space.enumerate():
                value = 50 + 5 * arch.ops.count("nor_conv_3x3") + rng.gauss(0, 2)
                file.write(f"{space.to_native(arch)},{value:.3f},{value + rng.gauss(0, 1):.3f}\n")
        return main(
            Config(table=str(path), test=("test_accuracy",), budget=40, directory=str(pathlib.Path(folder) / "run"))
        )


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("table", nargs="?", help="CSV file, plain or .gz")
    parser.add_argument("--signal", default=Config.signal, help="column that the search maximises (%(default)s)")
    parser.add_argument("--test", nargs="*", default=[], help="columns to read for the winner, once")
    parser.add_argument("--budget", type=int, default=Config.budget, help="networks to ask for (%(default)s)")
    parser.add_argument("--population", type=int, help="trials that live at once (follows the budget)")
    parser.add_argument("--tournament", type=int, help="draws for a parent (follows the budget)")
    parser.add_argument("--seed", type=int, default=Config.seed, help="seed of the search (%(default)s)")
    parser.add_argument("--directory", help="run folder for log and report (none)")
    parser.add_argument("--smoke", action="store_true", help="run on made-up values, in seconds")
    arguments = parser.parse_args()
    if not arguments.smoke and arguments.table is None:
        parser.error("give the path of a table, or --smoke")
    return arguments


if __name__ == "__main__":
    arguments = vars(_parse())
    if arguments.pop("smoke"):
        smoke()
    else:
        main(Config(**{**arguments, "test": tuple(arguments["test"])}))

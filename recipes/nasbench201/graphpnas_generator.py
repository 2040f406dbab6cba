"""Makes the generator of NAS-Bench-201 cells that `saved_models/` holds.

    python -m recipes.nasbench201.graphpnas_generator --table FILE.csv.gz -o saved_models/graphpnas_nasbench201

GraphPNAS searches 150 networks by one column of the table, with the settings of the code published with it; the
generator that it ends with is exported for TensorFlow alone, with a card that says how it was made and what its samples
score. Without ``--table`` the accuracies of ``pip install "tfnas[tables]"`` are searched. Another column
than the search sees is read for the scores alone, once the generator is final.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
import pathlib
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from typing import Any, Mapping

import click
import numpy as np

import tfnas
from tfnas import cli, job, spaces
from tfnas.data import Table
from tfnas.data import table as named_table
from tfnas.evaluators import TableEvaluator
from tfnas.models.distribution import ArchitectureDistribution
from tfnas.models.priors import Uniform
from tfnas.search import run
from tfnas.state import write_text
from tfnas.strategies import GraphPNAS

CARD, GOLDEN, MODEL = "card.json", "golden.json", "generator"


@dataclass(frozen=True)
class Config:
    """What is searched and how.

    Attributes:
        table: A CSV file in the format of `tfnas.data.Table.from_csv`; None for the table from PyPI.
        signal: Column that the search sees.
        reported: Column that is read for the scores of the final generator.
        configuration: Of `GraphPNAS`.
        options: Other values than the configuration's.
        queries: Networks that are measured.
        samples: Draws for the scores.
        seed: Of everything.
    """

    table: str | None = None
    signal: str = "cifar10_valid_12ep"
    reported: str = "cifar10_test_200ep"
    configuration: str = "nasbench201_released"
    options: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    queries: int = 150
    samples: int = 1000
    seed: int = 0


SMOKE: dict[str, Any] = {
    "options": {"hidden": 8, "message": 8, "steps": 1, "mixture": 2, "epochs": 3, "update_every": 10, "xla": False},
    "queries": 40,
    "samples": 50,
}
"""Fields that make it end in seconds."""


def main(config: Config, directory: pathlib.Path) -> dict[str, Any]:
    """Searches, exports and scores; returns the card.

    Raises:
        ConfigError: If the folder is there already.
    """
    if directory.exists():
        raise tfnas.errors.ConfigError(
            str(directory), expected="a folder that is not there yet", received="one that is", remedy="Remove it first."
        )
    space = spaces.get("nasbench201")
    table, data = _table(config, space)
    evaluator = TableEvaluator(table, config.signal, test=(config.reported,), benchmark_study=True)
    strategy = GraphPNAS(space, config.configuration, seed=config.seed, **config.options)
    result = run(strategy, evaluator, budget=config.queries, seed=config.seed, distribution_samples=0)
    generator = result.distribution
    columns = (config.signal, config.reported)
    scores = {
        "samples": config.samples,
        "generator": _scores(generator, table, columns, config),
        "uniform": _scores(Uniform(space), table, columns, config),
        "best_found": {column: float(table.column(column)[table.find(result.best.architecture)]) for column in columns},
        "entropy_nats": generator.entropy(config.samples, config.seed)[0],
    }
    card = {
        "name": "graphpnas_nasbench201",
        "what": "GraphPNAS's generator of NAS-Bench-201 cells (Li et al., 2022), fitted to the best of a search",
        "recipe": "recipes.nasbench201.graphpnas_generator",
        "config": {**dataclasses.asdict(config), "table": None if config.table is None else data["file"]},
        "settings": generator.config.to_json(),
        "data": data,
        "commit": _commit(),
        "version": tfnas.__version__,
        "scores": scores,
    }
    _write(directory, card, generator)
    return card


def _table(config: Config, space: spaces.SearchSpace) -> tuple[Table, dict[str, Any]]:
    if config.table is None:
        table = named_table(job.with_table(job.SearchConfig(space=space.name, evaluator="table")).table)
        return table, {"file": None, "table": table.name, "note": table.note}
    path = pathlib.Path(config.table)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    return Table.from_csv(path, space), {"file": path.name, "sha256": digest}


def _scores(
    distribution: ArchitectureDistribution, table: Table, columns: tuple[str, ...], config: Config
) -> dict[str, Any]:
    drawn = distribution.sample(config.samples, config.seed)
    rows = np.array([table.find(arch) for arch in drawn])
    found: dict[str, Any] = {"distinct_networks": len({table.space.canonical_key(arch) for arch in drawn})}
    for column in columns:
        values = np.asarray(table.column(column))[rows].astype(float)
        half = 1.96 * values.std(ddof=1) / len(values) ** 0.5
        found[column] = {"mean": float(values.mean()), "half_width_95": float(half), "worst": float(values.min())}
    return found


def _commit() -> str | None:
    done = subprocess.run(
        ["git", "rev-parse", "HEAD"], cwd=pathlib.Path(__file__).parent, capture_output=True, text=True, check=False
    )
    return done.stdout.strip() or None


def _write(directory: pathlib.Path, card: Mapping[str, Any], generator: Any) -> None:
    """Writes model, card and golden outputs, and gives the folder its name last."""
    import tensorflow as tf

    directory.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=directory.parent, prefix=f".{directory.name}.") as folder:
        partial = pathlib.Path(folder) / "partial"
        generator.save(partial / MODEL)
        model = tf.saved_model.load(str(partial / MODEL))
        drawn = model.sample(tf.constant(8), tf.constant([2, 7]))
        log_prob = model.log_prob(drawn["adjacency"], drawn["ops"])["log_prob"]
        golden = {
            "seed": [2, 7],
            "adjacency": drawn["adjacency"].numpy().tolist(),
            "ops": drawn["ops"].numpy().tolist(),
            "log_prob": log_prob.numpy().astype(float).tolist(),
        }
        write_text(partial / GOLDEN, json.dumps(golden) + "\n")
        write_text(partial / CARD, json.dumps(card, indent=1) + "\n")
        shutil.copymode(directory.parent, partial)
        os.replace(partial, directory)


@click.command(help=__doc__)
@click.option("--table", type=click.Path(exists=True, dir_okay=False), help="A CSV file; default: the PyPI table.")
@click.option("--signal", default=None, help="Column that the search sees.")
@click.option("--reported", default=None, help="Column that is read at the end.")
@click.option("--seed", default=Config.seed, show_default=True)
@click.option("-o", "--output", type=click.Path(path_type=pathlib.Path), help="Folder of the model.")
@click.option("--smoke", "is_smoke", is_flag=True, help="End in seconds; the model means nothing.")
def command(
    table: str | None,
    signal: str | None,
    reported: str | None,
    seed: int,
    output: pathlib.Path | None,
    is_smoke: bool,
) -> None:
    ours = {} if table else {"signal": "qat_accuracy", "reported": "baseline_accuracy"}
    given = {name: value for name, value in (("signal", signal), ("reported", reported)) if value}
    config = Config(table=table, seed=seed, **(SMOKE if is_smoke else {}) | ours | given)
    with cli.errors_in_words(), tempfile.TemporaryDirectory() as folder:
        target = output or (pathlib.Path(folder) if is_smoke else pathlib.Path("runs")) / "graphpnas_nasbench201"
        card = main(config, target)
        click.echo(json.dumps(card["scores"], indent=1))
        click.echo("The folder of a smoke run is removed; name one with -o to keep it." if is_smoke else str(target))


if __name__ == "__main__":
    command()

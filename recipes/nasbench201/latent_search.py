"""Searches in latent spaces on NAS-Bench-201: Table 3 of arch2vec (Yan et al., 2020), and SVGe's figure.

    python -m recipes.nasbench201.autoencoders train --row arch2vec
    python -m recipes.nasbench201.latent_search

searches the accuracies that ``pip install "tfnas[tables]"`` brings, 100 times with ten seeds. All of them were measured
on test images: this is a benchmark study, and its numbers are none of the paper's.

    tfnas data import nats_tss FOLDER
    python -m recipes.nasbench201.latent_search --study nats_tss

is the paper's protocol: on CIFAR-10 what 12,000 seconds allow, with the validation accuracy after 12 epochs as signal,
and as many queries on the other data sets. `latent_rl` and `latent_bo` search in the latent space of ``--autoencoder``;
`supervised_rl` and `supervised_bo` are their counterparts that learn from measurements alone, which the paper compares
with in Table 2. The rows of BOHB come from ``python -m recipes.nasbench201.bohb``, if its runs are there.

    python -m recipes.nasbench201.autoencoders train --row svge
    python -m recipes.nasbench201.latent_search --study svge --autoencoder \\
        runs/nasbench201-autoencoders/autoencoders/svge/seed0

is SVGe's search of all points of its latent space (Lukasik et al., 2021, section IV-D), on CIFAR-10.

Deviations, and what the papers leave open:

- The paper has 500 runs; here there are ten, `--seeds` changes that.
- No query is spent on a network that was measured before. The published code measures some again.
- The numbers of queries on CIFAR-100 and ImageNet16-120 are not printed. Here they are 90, about what 12,000 seconds
  are on CIFAR-10.
- On those two the signal is the validation accuracy after 200 epochs, as in GraphPNAS's protocol.
- The policy's rewards are standardised; the paper subtracts .4, and discounts by .4, as here.
- How SVGe searched this space is not printed but for the surrogate. Here it is as on NAS-Bench-101: 1,000 random
  networks, then ten batches of 50. Its result, 93.38, is below what 1,000 random networks reach.
"""

from __future__ import annotations

import dataclasses
import pathlib
from typing import Any, Mapping

from tfnas.job import SearchConfig
from tfnas.protocol import Line, Row, Study, Table, columns
from tfnas.protocol.figures import Curves
from tfnas.protocol.latent import command, folder_of, train_small
from tfnas.protocol.seconds import after_seconds
from tfnas.protocol.tables import Column

AUTOENCODER = folder_of("nasbench201-autoencoders", "arch2vec")

CONFIG = SearchConfig(space="nasbench201", strategy="random", trials=100, evaluator="table")
"""On the table that the extra ``tables`` installs, which has no validation accuracies."""

SECONDS = 12_000.0
OFFICIAL = {
    "cifar10": dataclasses.replace(
        CONFIG,
        trials=200,
        table="nats_tss",
        signal="cifar10-valid:x-valid@12",
        test_columns=("cifar10:ori-test@200",),
        cost="cifar10-valid:seconds@12",
    ),
    "cifar100": dataclasses.replace(
        CONFIG, trials=90, table="nats_tss", signal="cifar100:x-valid@200", test_columns=("cifar100:x-test@200",)
    ),
    "imagenet16": dataclasses.replace(
        CONFIG,
        trials=90,
        table="nats_tss",
        signal="ImageNet16-120:x-valid@200",
        test_columns=("ImageNet16-120:x-test@200",),
    ),
}
_VALIDATION = {
    "cifar10": "cifar10-valid:x-valid@200",
    "cifar100": "cifar100:x-valid@200",
    "imagenet16": "ImageNet16-120:x-valid@200",
}
_LABELS = {
    "evolution": "RE",
    "random": "RS",
    "reinforce": "REINFORCE",
    "bananas": "BANANAS",
    "supervised_rl": "Supervised RL",
    "supervised_bo": "Supervised BO",
    "latent_rl": "arch2vec-RL",
    "latent_bo": "arch2vec-BO",
}
_PAPER = {
    "RE": {
        "cifar10": ("91.08 ± 0.43", "93.84 ± 0.43"),
        "cifar100": ("73.02 ± 0.46", "72.86 ± 0.55"),
        "imagenet16": ("45.78 ± 0.56", "45.63 ± 0.64"),
    },
    "RS": {
        "cifar10": ("90.94 ± 0.38", "93.75 ± 0.37"),
        "cifar100": ("72.17 ± 0.64", "72.05 ± 0.77"),
        "imagenet16": ("45.47 ± 0.65", "45.33 ± 0.79"),
    },
    "REINFORCE": {
        "cifar10": ("91.03 ± 0.33", "93.82 ± 0.31"),
        "cifar100": ("72.35 ± 0.63", "72.13 ± 0.79"),
        "imagenet16": ("45.58 ± 0.62", "45.30 ± 0.86"),
    },
    "BOHB": {
        "cifar10": ("90.82 ± 0.53", "93.61 ± 0.52"),
        "cifar100": ("72.59 ± 0.82", "72.37 ± 0.90"),
        "imagenet16": ("45.44 ± 0.70", "45.26 ± 0.83"),
    },
    "arch2vec-RL": {
        "cifar10": ("91.32 ± 0.42", "94.12 ± 0.42"),
        "cifar100": ("73.13 ± 0.72", "73.15 ± 0.78"),
        "imagenet16": ("46.22 ± 0.30", "46.16 ± 0.38"),
    },
    "arch2vec-BO": {
        "cifar10": ("91.41 ± 0.22", "94.18 ± 0.24"),
        "cifar100": ("73.35 ± 0.32", "73.37 ± 0.30"),
        "imagenet16": ("46.34 ± 0.18", "46.27 ± 0.37"),
    },
}


def rows_of(
    config: SearchConfig, autoencoder: str, seeds: int = 10, prefix: str = "", **options: Mapping[str, Any]
) -> tuple[Row, ...]:
    """Returns the rows on a data set.

    Args:
        config: The table, the signal and the number of queries.
        autoencoder: Folder of a trained one.
        seeds: Runs of each row.
        prefix: What stands in front of the rows' names.
        **options: Further options of a row's strategy, by the row.
    """

    def row(name: str, strategy: str | None = None, **own: Any) -> Row:
        own |= options.get(name, {})
        return Row(prefix + name, dataclasses.replace(config, strategy=strategy or name, strategy_options=own), seeds)

    return (
        row("latent_bo", autoencoder=autoencoder, batch=1),
        row("latent_rl", autoencoder=autoencoder, discount=0.4),
        row("supervised_bo", batch=1),
        row("supervised_rl", discount=0.4),
        row("bananas"),
        # accuracies are in percent
        row("reinforce", "discrete_reinforce", rate=0.001),
        row("evolution", "regularized_evolution"),
        row("random"),
    )


def study(
    autoencoder: str,
    config: SearchConfig = CONFIG,
    seeds: int = 10,
    name: str = "nasbench201-latent_search",
    **options: Mapping[str, Any],
) -> Study:
    """Returns the study on the table that the extra ``tables`` installs; see `rows_of`."""
    rows = rows_of(config, autoencoder, seeds, **options)
    table = Table(
        "table3",
        "In place of Table 3: accuracies of the package analog-nasbench, all on test images",
        (
            Column("searched by (%)", columns.looked_up("qat_accuracy", config.trials)),
            Column("test accuracy (%)", columns.looked_up("baseline_accuracy", config.trials)),
        ),
        tuple(Line(label, row) for row, label in _LABELS.items()),
        "A benchmark study: the search saw values of test images. Mean and standard deviation over runs.",
    )
    shown = ("latent_bo", "latent_rl", "supervised_bo", "bananas", "random")
    return Study(name, rows, (), (table,), (Curves("curves", shown, "baseline_accuracy", "test accuracy (%)"),))


def official(autoencoder: str) -> Study:
    """Returns the study of Table 3 on NATS-Bench's own table."""
    rows = [row for name in OFFICIAL for row in rows_of(OFFICIAL[name], autoencoder, prefix=f"{name}-")]
    titles = ("validation accuracy (%)", "test accuracy (%)")
    tables = []
    for name, config in OFFICIAL.items():
        read = (_VALIDATION[name], config.test_columns[0])
        shown = tuple(Column(title, _value(name, column, config.trials)) for title, column in zip(titles, read))
        lines = [
            Line(label, f"{name}-{row}", paper=dict(zip(titles, _PAPER.get(label, {}).get(name, ()))))
            for row, label in _LABELS.items()
        ]
        if name == "cifar10":
            lines.append(Line("BOHB", paper=dict(zip(titles, _PAPER["BOHB"][name]))))
        note = "Mean and standard deviation over runs."
        tables.append(Table(f"table3-{name}", f"Table 3: {name}", shown, tuple(lines), note))
    return Study("nasbench201-latent_search-nats_tss", tuple(rows), (), tuple(tables))


def _value(name: str, column: str, queries: int) -> Any:
    if name == "cifar10":
        return after_seconds(column, SECONDS, beside={"BOHB": "bohb"})
    return columns.looked_up(column, queries)


def svge(autoencoder: str) -> Study:
    """Returns SVGe's study."""
    config = OFFICIAL["cifar10"]
    search = dataclasses.replace(
        config,
        strategy="continuous_bo",
        strategy_options={"autoencoder": autoencoder, "initial": 1000, "batch": 50},
        trials=1500,
        signal=_VALIDATION["cifar10"],
        cost=None,
    )
    title = "test accuracy (%)"
    table = Table(
        "section4d",
        "Section IV-D: CIFAR-10",
        (Column(title, columns.looked_up(config.test_columns[0], search.trials)),),
        (Line("SVGe", "svge", paper={title: "93.38"}), Line("1,500 random", "random")),
        "Mean and standard deviation over runs.",
    )
    random = dataclasses.replace(search, strategy="random", strategy_options={})
    return Study("nasbench201-latent_search-svge", (Row("svge", search, 10), Row("random", random, 10)), (), (table,))


def studies(autoencoder: str) -> dict[str, Study]:
    """Returns all studies with an autoencoder."""
    return {"analog": study(autoencoder), "nats_tss": official(autoencoder), "svge": svge(autoencoder)}


def smoke(folder: pathlib.Path) -> Study:
    """Returns some rows of few queries, with an autoencoder that has learned nothing."""
    config = dataclasses.replace(CONFIG, trials=8, distribution_samples=0)
    few = {"initial": 4}
    small = study(
        train_small(folder, "nasbench201", 60), config, 2, "nasbench201-latent_search-smoke", latent_bo=few,
        latent_rl={**few, "steps": 2, "hidden": 4},
    )  # fmt: skip
    figure = dataclasses.replace(small.figures[0], rows=("latent_bo", "random"))
    return dataclasses.replace(small.only(("latent_bo", "latent_rl", "random")), figures=(figure,))


if __name__ == "__main__":
    command(__doc__, studies, AUTOENCODER, smoke)

"""GraphPNAS on NAS-Bench-201: Table 5 of the paper (Li et al., 2022).

    python -m recipes.nasbench201.graphpnas

searches the accuracies that ``pip install "tfnas[tables]"`` brings, 150 times with ten seeds, as the paper does. All of
them were measured on test images: this is a benchmark study, and its numbers are none of Table 5. The search sees the
accuracy of networks that were quantised during training; the plain accuracy of its choice is read at the end.

    tfnas data import nats_tss FOLDER
    python -m recipes.nasbench201.graphpnas --study nats_tss

is appendix A: 150 queries on CIFAR-10, 80 on CIFAR-100 and 60 on ImageNet16-120, where the table reports 40 of them
too. The rows are `graphpnas` with the paper's settings, `released` with those of the code that was published with it,
`rnn`, `evolution` and `random`, on each data set.

Deviations, and what the paper leaves open:

- The paper's budget is 20,000 and 30,000 seconds; the numbers of queries are those that it gives for them.
- What a query gives is not said. Here it is what the released code takes: one of the trainings for 12 epochs on
  CIFAR-10, and for 200 epochs on the others, drawn at random.
- Values are means over the trainings for 200 epochs of the best network by what the search saw. On CIFAR-10 the
  validation value is of training on one half of the images and the test value of training on all of them.
- The test values of CIFAR-100 and ImageNet16-120 are of the images that are not validated on (`x-test`).
- `evolution` is the library's, with population and tournament by the budget.
"""

from __future__ import annotations

import dataclasses
import pathlib
from typing import Any, Mapping

from tfnas.job import SearchConfig
from tfnas.protocol import Line, Row, Study, Table, columns, command
from tfnas.protocol.figures import Curves
from tfnas.protocol.tables import Column

CONFIG = SearchConfig(
    space="nasbench201",
    strategy="graphpnas",
    strategy_options={"configuration": "nasbench201_paper"},
    trials=150,
    evaluator="table",
)
"""On the table that the extra ``tables`` installs, which has no validation accuracies."""

OFFICIAL = {
    "cifar10": dataclasses.replace(
        CONFIG,
        table="nats_tss",
        signal="cifar10-valid:x-valid@12",
        test_columns=("cifar10:ori-test@200",),
        cost="cifar10-valid:seconds@12",
        repeat="random",
    ),
    "cifar100": dataclasses.replace(
        CONFIG,
        trials=80,
        table="nats_tss",
        signal="cifar100:x-valid@200",
        test_columns=("cifar100:x-test@200",),
        repeat="random",
    ),
    "imagenet16": dataclasses.replace(
        CONFIG,
        trials=60,
        table="nats_tss",
        signal="ImageNet16-120:x-valid@200",
        test_columns=("ImageNet16-120:x-test@200",),
        repeat="random",
    ),
}
_VALIDATION = {
    "cifar10": "cifar10-valid:x-valid@200",
    "cifar100": "cifar100:x-valid@200",
    "imagenet16": "ImageNet16-120:x-valid@200",
}
_RELEASED = {
    "cifar10": "nasbench201_released",
    "cifar100": "nasbench201_released_cifar100",
    "imagenet16": "nasbench201_released_imagenet16",
}
_PAPER = {
    "graphpnas": {
        "cifar10": ("91.47 ± 0.15", "94.28 ± 0.17"),
        "cifar100": ("72.47 ± 0.84", "72.34 ± 0.81"),
        "imagenet16": ("45.00 ± 0.83", "45.40 ± 0.97"),
        "imagenet16 (60)": ("45.57", "45.79"),
    },
    "evolution": {
        "cifar10": ("91.25 ± 0.31", "94.02 ± 0.31"),
        "cifar100": ("72.28 ± 0.95", "72.23 ± 0.84"),
        "imagenet16": ("45.71 ± 0.77", "45.77 ± 0.80"),
    },
    "random": {
        "cifar10": ("91.07 ± 0.26", "93.86 ± 0.23"),
        "cifar100": ("71.46 ± 0.97", "71.55 ± 0.97"),
        "imagenet16": ("45.03 ± 0.91", "45.28 ± 0.97"),
    },
}
_LABELS = {
    "graphpnas": "GraphPNAS",
    "released": "GraphPNAS, released settings",
    "rnn": "RNN",
    "evolution": "REA",
    "random": "Random search",
}

SMOKE_OPTIONS = {"hidden": 8, "message": 8, "steps": 1, "mixture": 2, "epochs": 2, "xla": False}


def rows_of(
    config: SearchConfig, released: str, options: Mapping[str, Any] | None = None, seeds: int = 10, prefix: str = ""
) -> tuple[Row, ...]:
    """Returns the rows on a data set.

    Args:
        config: The search by the paper's settings.
        released: Name of the configuration of the released code.
        options: Further options of GraphPNAS.
        seeds: Runs of each row.
        prefix: What stands in front of the rows' names.
    """

    def row(name: str, strategy: str, **strategy_options: Any) -> Row:
        changed = dataclasses.replace(config, strategy=strategy, strategy_options=strategy_options)
        return Row(prefix + name, changed, seeds)

    options = options or {}
    return (
        row("graphpnas", "graphpnas", **config.strategy_options, **options),
        row("released", "graphpnas", configuration=released, **options),
        row("rnn", "rnn_reinforce", **config.strategy_options),
        row("evolution", "regularized_evolution"),
        row("random", "random"),
    )


def study(
    config: SearchConfig = CONFIG,
    options: Mapping[str, Any] | None = None,
    seeds: int = 10,
    name: str = "nasbench201-graphpnas",
) -> Study:
    """Returns the study on the table that the extra ``tables`` installs; see `rows_of`."""
    rows = rows_of(config, _RELEASED["cifar10"], options, seeds)
    table = Table(
        "table5",
        "In place of Table 5: accuracies of the package analog-nasbench, all on test images",
        (
            Column("searched by (%)", columns.looked_up("qat_accuracy", config.trials)),
            Column("test accuracy (%)", columns.looked_up("baseline_accuracy", config.trials)),
        ),
        tuple(Line(_LABELS[row.name], row.name) for row in rows),
        "A benchmark study: the search saw values of test images. Mean and standard deviation over runs.",
    )
    names = tuple(row.name for row in rows)
    return Study(name, rows, (), (table,), (Curves("curves", names, "baseline_accuracy", "test accuracy (%)"),))


def official() -> Study:
    """Returns the study of appendix A on NATS-Bench's own table."""
    rows = [row for name in OFFICIAL for row in rows_of(OFFICIAL[name], _RELEASED[name], prefix=f"{name}-")]
    tables, figures = [], []
    for name, config in OFFICIAL.items():
        test = config.test_columns[0]
        for queries in (40, 60) if name == "imagenet16" else (config.trials,):
            key = name if (name, queries) != ("imagenet16", 60) else "imagenet16 (60)"
            shown = ("validation accuracy (%)", "test accuracy (%)")
            tables.append(
                Table(
                    f"table5-{name}-{queries}",
                    f"Table 5: {name}, {queries} queries",
                    tuple(
                        Column(title, columns.looked_up(column, queries))
                        for title, column in zip(shown, (_VALIDATION[name], test))
                    ),
                    tuple(
                        Line(label, f"{name}-{row}", paper=dict(zip(shown, _PAPER.get(row, {}).get(key, ()))))
                        for row, label in _LABELS.items()
                    ),
                    "Mean and standard deviation over runs.",
                )
            )
        figures.append(Curves(f"curves-{name}", tuple(f"{name}-{row}" for row in _LABELS), test, "test accuracy (%)"))
    return Study("nasbench201-graphpnas-nats_tss", tuple(rows), (), tuple(tables), tuple(figures))


STUDIES = {"analog": study(), "nats_tss": official()}


def smoke(folder: pathlib.Path) -> Study:
    """Returns two rows of few queries."""
    config = dataclasses.replace(CONFIG, trials=36, distribution_samples=4)
    small = study(config, SMOKE_OPTIONS, seeds=2, name="nasbench201-graphpnas-smoke")
    figure = dataclasses.replace(small.figures[0], rows=("released", "random"))
    return dataclasses.replace(small.only(("released", "random")), figures=(figure,))


if __name__ == "__main__":
    command(__doc__, STUDIES, smoke)

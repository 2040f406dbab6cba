"""Searches in a latent space of DARTS cells: Tables 4 and 5 of arch2vec (Yan et al., 2020).

    python -m recipes.darts.autoencoders train --row arch2vec
    python -m recipes.darts.latent_search

100 networks, each of one cell that is both the normal and the reduction cell, are trained for 50 epochs on nine tenths
of CIFAR-10's labelled images; what counts is the mean validation accuracy of the last five epochs. The best cell is
trained for 600 epochs, with five seeds, and measured on the test images. The rows are `latent_bo`, `latent_rl`,
`bananas` and `random`; a search is some ten GPU days.

    python -m recipes.darts.latent_search retrain tables --study imagenet --data FOLDER

is Table 5, of the same searches, which must be over: their best cells are trained on the user's ImageNet for 250 epochs
with 14 cells and 48 channels.

Deviations, and what the paper leaves open:

- Candidates have the full size of DARTS, 20 cells and 36 channels, as in the published code.
- The latent searches choose among 600,000 cells that are drawn anew by the seed, without the limit of multiply-adds
  that the autoencoder's cells were drawn under, and without ``none``.
- BANANAS has the library's settings.
- ImageNet: the learning rate falls along a cosine from .1; in DARTS's training it is multiplied by .97 an epoch.
"""

from __future__ import annotations

import dataclasses
import pathlib
from typing import Any, Mapping

from tfnas.job import SearchConfig
from tfnas.protocol import Line, Retraining, Row, Study, Table, columns
from tfnas.protocol.latent import command, folder_of, train_small
from tfnas.protocol.results import Results
from tfnas.protocol.sources import Top
from tfnas.protocol.tables import Column

AUTOENCODER = folder_of("darts-autoencoders", "arch2vec")
_FULL = {"cells": 20, "channels": 36, "auxiliary": True, "drop_path": 0.2}
CONFIG = SearchConfig(
    space="darts,shared=True",
    strategy="random",
    trials=100,
    data="cifar10",
    validation=0.1,
    epochs=50,
    last_epochs=5,
    final_epochs=50,
    batch_size=96,
    learning_rate=0.025,
    weight_decay=3e-4,
    pad_crop=4,
    flip=True,
    cutout=16,
    exit_weight=0.4,
    skeleton=_FULL,
    finalists=0,
)
RETRAINED = dataclasses.replace(CONFIG, final_epochs=600)
IMAGENET = dataclasses.replace(
    CONFIG,
    data="imagenet",
    image_size=224,
    epochs=250,
    final_epochs=250,
    batch_size=128,
    learning_rate=0.1,
    weight_decay=3e-5,
    cutout=0,
    label_smoothing=0.1,
    skeleton={"cells": 14, "channels": 48, "auxiliary": True, "drop_path": 0.0, "imagenet": True},
)
_POOL = 600_000
_AVERAGE, _BEST, _MILLIONS, _HOURS = "test error (%)", "best (%)", "parameters (M)", "search (GPU hours)"


def searches(autoencoder: str, config: SearchConfig = CONFIG, **options: Mapping[str, Any]) -> tuple[Row, ...]:
    """Returns the rows.

    Args:
        autoencoder: Folder of a trained one.
        config: How candidates are trained.
        **options: Further options of a row's strategy, by the row.
    """
    own: dict[str, dict[str, Any]] = {
        "latent_bo": {"autoencoder": autoencoder, "pool": _POOL},
        "latent_rl": {"autoencoder": autoencoder, "pool": _POOL},
        "bananas": {},
        "random": {},
    }
    return tuple(
        Row(name, dataclasses.replace(config, strategy=name, strategy_options={**given, **options.get(name, {})}))
        for name, given in own.items()
    )


def study(
    rows: tuple[Row, ...], retrained: SearchConfig = RETRAINED, seeds: int = 5, name: str = "darts-latent_search"
) -> Study:
    """Returns the study of Table 4.

    Args:
        rows: The searches.
        retrained: How the best cell of each is trained again.
        seeds: Trainings of it.
        name: Name of the study.
    """
    printed = {
        "random": ("Random search", "3.1 ± 0.18", "2.71", "3.2", "96"),
        "bananas": ("BANANAS", "2.67 ± 0.07", "2.61", "3.6", "245"),
        "latent_rl": ("arch2vec-RL", "2.65 ± 0.05", "2.60", "3.3", "199"),
        "latent_bo": ("arch2vec-BO", "2.56 ± 0.05", "2.48", "3.6", "221"),
    }
    titles = (_AVERAGE, _BEST, _MILLIONS, _HOURS)
    shown = (
        Column(_AVERAGE, columns.every(error=True)),
        Column(_BEST, _least_error),
        Column(_MILLIONS, columns.parameters()),
        Column(_HOURS, columns.hours(), 0),
    )
    lines = tuple(Line(label, key, key, dict(zip(titles, figures))) for key, (label, *figures) in printed.items())
    table = Table(
        "table4", "Table 4: CIFAR-10", shown, lines, "Mean and standard deviation over seeds. Heads are not counted."
    )
    retrainings = tuple(Retraining(row.name, row.name, Top(row.name, 1), retrained, seeds) for row in rows)
    return Study(name, rows, retrainings, (table,))


def imagenet(rows: tuple[Row, ...], name: str = "darts-latent_search") -> Study:
    """Returns the study of Table 5; its folder is that of the searches."""
    printed = {"latent_rl": ("arch2vec-RL", "25.8", "4.8"), "latent_bo": ("arch2vec-BO", "25.5", "5.2")}
    lines = tuple(
        Line(label, key, f"{key}-imagenet", {_AVERAGE: error, _MILLIONS: millions})
        for key, (label, error, millions) in printed.items()
    )
    shown = (Column(_AVERAGE, columns.every(error=True), 1), Column(_MILLIONS, columns.parameters(), 1))
    retrainings = tuple(Retraining(f"{key}-imagenet", key, Top(key, 1), IMAGENET, 1) for key in printed)
    return Study(name, rows, retrainings, (Table("table5", "Table 5: ImageNet", shown, lines),))


def _least_error(results: Results, line: Line) -> list[float]:
    found = columns.every(error=True)(results, line)
    return [min(found)] if found else []


def studies(autoencoder: str) -> dict[str, Study]:
    """Returns all studies with an autoencoder."""
    rows = searches(autoencoder)
    return {"cifar10": study(rows), "imagenet": imagenet(rows)}


def smoke(folder: pathlib.Path) -> Study:
    """Returns a search in the smallest size, with an autoencoder that has learned nothing, and a retraining."""
    small = dataclasses.replace(
        CONFIG, trials=3, data="digits", epochs=1, last_epochs=1, final_epochs=1, fraction=0.3, cutout=2, workers=1,
        skeleton={"cells": 1, "channels": 4, "auxiliary": False, "drop_path": 0.2}, distribution_samples=0,
    )  # fmt: skip
    few = {"initial": 2, "pool": 30, "batch": 1}
    rows = searches(train_small(folder, CONFIG.space, 30), small, latent_bo=few)
    return study(rows, small, 1, "darts-latent_search-smoke").only(("latent_bo",), ("latent_bo",))


if __name__ == "__main__":
    command(__doc__, studies, AUTOENCODER, smoke)

"""Autoencoders on DARTS cells: Table 1 of arch2vec (Yan et al., 2020).

    python -m recipes.darts.autoencoders
    python -m recipes.darts.autoencoders --study compact

600,000 cells, each both the normal and the reduction cell, a tenth held out; 10 epochs. They are drawn uniformly,
``none`` included, with two distinct predecessors a step, no two of one network, and none whose network of 14 cells and
48 channels has 600 million multiply-adds or more on an image of 224 by 224. `compact` draws 20,000, for two cores. The
cells are kept as ``graphs.txt`` in the run folder.

Nothing need be brought. Maps of the latent space (Figures 4 and 11 to 13) are drawn of each trained one:

    tfnas autoencoder map runs/darts-autoencoders/autoencoders/arch2vec/seed0 --limit 20000

Deviations, and what the paper leaves open:

- A graph is valid here if it keeps the six rules of the paper's appendix B, of which its code checks some. One that
  does need not be a member: two edges into a branch may come from nodes of different steps.
- GAE and VGAE have the sizes of arch2vec; those of the paper are not printed.
- `tfnas.models` says how each autoencoder differs from the published code.
"""

from __future__ import annotations

import functools
import pathlib
from typing import Any

import numpy as np

from tfnas import spaces
from tfnas.autoencoding import TrainingJob
from tfnas.protocol.autoencoder_tables import arch2vec_table
from tfnas.protocol.autoencoders import Comparison, command
from tfnas.state import write_text

SPACE = "darts,shared=True"
MOBILE = {"cells": 14, "channels": 48, "auxiliary": False, "imagenet": True}
MOST_MACS = 600_000_000

TABLES = (
    arch2vec_table(
        "DARTS",
        "six",
        (
            ("GAE", "gae", ("97.80", "15.25", "99.65")),
            ("VGAE", "vgae", ("96.80", "25.25", "99.27")),
            ("arch2vec (w.o. KL)", "no_kl", ("99.46", "16.01", "99.51")),
            ("arch2vec", "arch2vec", ("99.79", "33.36", "100")),
        ),
    ),
)


def write_mobile_cells(path: pathlib.Path, count: int, seed: int = 0) -> None:
    """Writes a file of distinct cells below the limit of multiply-adds, one a line.

    Args:
        path: The file.
        count: Number of cells.
        seed: Of the draws.
    """
    space, rng = spaces.get(SPACE), np.random.default_rng(seed)
    found: dict[str, str] = {}
    while len(found) < count:
        cell = space.sample(rng, allow_none=True)
        key = space.canonical_key(cell)
        if key not in found and space.cost(cell, (224, 224, 3), 1000, **MOBILE).macs < MOST_MACS:
            found[key] = space.to_native(cell)
    write_text(path, "\n".join(found.values()) + "\n")


def comparison(name: str, count: int, fields: dict[str, Any], **measures: Any) -> Comparison:
    """Returns the comparison on so many cells.

    Args:
        name: Its name.
        count: Number of cells.
        fields: Of `TrainingJob`, other than the paper's.
        measures: Arguments of `tfnas.autoencoding.evaluate`.
    """

    def job(model: str, **own: Any) -> TrainingJob:
        return TrainingJob(model=model, space=SPACE, split="line", **{"epochs": 10, "count": count, **fields, **own})

    jobs = {
        "arch2vec": job("arch2vec"),
        "no_kl": job("arch2vec", configuration="no_kl"),
        "gae": job("gae"),
        "vgae": job("vgae"),
    }
    write = functools.partial(write_mobile_cells, count=count)
    return Comparison.of(name, jobs, TABLES, measures=measures, write_graphs=write)


STUDIES = {
    "paper": comparison("darts-autoencoders", 600_000, {}),
    "compact": comparison("darts-autoencoders-compact", 20_000, {}),
}


def smoke() -> Comparison:
    """Returns two in the smallest size."""
    small = {"epochs": 1, "options": {"hidden": [8], "latent": 4}}
    made = comparison("darts-autoencoders-smoke", 60, small, points=5, independent=20, pairs=5, limit=5)
    jobs = {entry.name: entry.job for entry in made.entries if entry.name in ("arch2vec", "gae")}
    return Comparison.of(made.name, jobs, TABLES, measures=made.measures, write_graphs=made.write_graphs)


if __name__ == "__main__":
    command(__doc__, STUDIES, smoke)

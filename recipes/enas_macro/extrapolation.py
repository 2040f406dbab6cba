"""Extrapolation to networks of twelve layers: the ENAS half of Table IV of SVGe (Lukasik et al., 2021).

    python -m recipes.enas_macro.autoencoders train --study nodes14 --graphs final_structures6.txt
    python -m recipes.enas_macro.extrapolation --table final_structures6.txt

An autoencoder of networks of six layers, which can read fourteen nodes, is trained jointly with a predictor on the
accuracies with shared weights of 1,000 networks. It ranks 10,000 networks of twelve layers, and the five best are
trained on CIFAR-10, with 256 filters. The paper has 96.09 % by validation; D-VAE's search has 96.12 %.

``--table`` is the file that D-VAE published, a CSV file with the column ``ws_accuracy``, or the name of an imported
table.

Deviations, and what the paper leaves open:

- Which networks of twelve layers are ranked is not said. Here they are random ones, uniformly.
- Networks are trained for 310 epochs by one cosine from a rate of .05, where the published training restarts it, with
  weight decay 4e-4, for the published penalty of 2e-4 has no factor of one half.
- The published values depend on the skip connections alone, so what is predicted of operators is noise.
- Validation is with a tenth of the labelled images; the best network is trained again on all of them and tested.
"""

from __future__ import annotations

import dataclasses
import pathlib
from typing import Any

import click
import numpy as np

from tfnas import spaces
from tfnas.job import SearchConfig
from tfnas.protocol.extrapolation import Extrapolation, most_promising, run
from tfnas.protocol.kept import make_command
from tfnas.protocol.latent import folder_of, train_small

from .latent_prediction import COLUMN, read_table

TRAINED = SearchConfig(
    space="enas_macro",
    data="cifar10",
    validation=0.1,
    epochs=310,
    final_epochs=310,
    batch_size=100,
    learning_rate=0.05,
    weight_decay=4e-4,
    pad_crop=4,
    flip=True,
    skeleton={"fixed": True, "channels": 256, "dropout": 0.5},
)
EXTRAPOLATION = Extrapolation("enas_macro-extrapolation", TRAINED.space, TRAINED, ("96.09", None))
_LABELLED, _CANDIDATES = 1_000, 10_000


def main(
    directory: pathlib.Path, is_smoke: bool, *, table: str | None, autoencoder: str, data_: str | None, seed: int
) -> None:
    """Ranks and trains; see the module."""
    extrapolation, count, candidates = EXTRAPOLATION, _LABELLED, _CANDIDATES
    small, large = spaces.get("enas_macro,layers=6"), spaces.get(TRAINED.space)
    if is_smoke:
        small, large = spaces.get("enas_macro,layers=3"), spaces.get("enas_macro,layers=4")
        trained = dataclasses.replace(
            TRAINED, space=large.name, data="digits", epochs=1, final_epochs=1, fraction=0.3, workers=1,
            skeleton={"fixed": True, "channels": 4},
        )  # fmt: skip
        extrapolation = Extrapolation("enas_macro-extrapolation-smoke", large.name, trained, (None, None), 1, epochs=1)
        autoencoder, count, candidates = train_small(directory, small.name, 60, nodes=6), 20, 20
    elif table is None:
        raise click.UsageError("Give --table: the published file, a CSV file, or the name of an imported table.")
    if data_ is not None:
        extrapolation = dataclasses.replace(
            extrapolation, trained=dataclasses.replace(extrapolation.trained, data=data_)
        )

    def make(state: pathlib.Path) -> dict[str, Any]:
        rng = np.random.default_rng(seed)
        if is_smoke:
            known, values = [small.sample(rng) for _ in range(count)], rng.random(count)
        else:
            found = read_table(table)
            rows = rng.permutation(len(found))[:count]
            known, values = [found.rows.architecture(row) for row in rows], found.mean(COLUMN)[rows]
        drawn = [large.sample(rng) for _ in range(candidates)]
        return most_promising(extrapolation, autoencoder, known, values, drawn, seed=seed, state=state)

    settings = {"table": table, "autoencoder": autoencoder, "labelled": count, "candidates": candidates}
    run(extrapolation, directory, settings, make, seed)


OPTIONS = (
    click.Option(["--table"], metavar="NAME|FILE", help="Values of networks, see above."),
    click.Option(
        ["--autoencoder"],
        default=folder_of("enas_macro-autoencoders-nodes14", "svge"),
        show_default=True,
        help="Folder of one that reads fourteen nodes.",
    ),
    click.Option(["--data", "data_"], help="Images to train on. [default: cifar10]"),
    click.Option(["--seed"], type=click.IntRange(0), default=0, show_default=True, help="Of networks and training."),
)

if __name__ == "__main__":
    make_command(__doc__, main, "runs/enas_macro-extrapolation", OPTIONS)()

"""Prediction from the latent space on the ENAS macro space: the sparse Gaussian process of D-VAE and SVGe.

    python -m recipes.enas_macro.autoencoders train --row svge --graphs final_structures6.txt
    python -m recipes.enas_macro.latent_prediction --table final_structures6.txt

A sparse Gaussian process with 500 inducing points predicts accuracies with shared weights from the means of latent
points: root mean squared error of standardised values, and Pearson's r. Printed by others, by line: D-VAE .375 and .92
(Zhang et al., 2019), DAGNN .264 and .964 (Thost and Chen, 2021), PACE .248 and .968 (Dong et al., 2022). SVGe
(Lukasik et al., 2021) has no such figures.

"Refined" is ours, with as many inducing points: length scales start where they are most likely for 2,000 points, and
inducing points at centres of clusters, before Adam moves both.

Two splits. By line is the published one: 17,118 lines to learn from, 1,902 to predict. The published values depend on
the skip connections alone, and of the lines to predict seven in ten share theirs, and so their exact value, with a line
that was learned from. By skip pattern has all lines of a pattern on one side. Beside the process stands ridge
regression on products of two choices each, which sees no latent space.

``--table`` is the file that D-VAE published, a CSV file with the column ``ws_accuracy``, or the name of an imported
table. The autoencoder has learned without values, so it may have seen graphs that are to be predicted.

Deviations: standardisation is by the values to learn from. `tfnas.models.sparse_gp` says how the process differs from
the published code. Lines of the published file that are there twice stay; other tables have each network once.
"""

from __future__ import annotations

import pathlib
from typing import Any, NamedTuple

import click
import numpy as np

from tfnas import spaces
from tfnas.architecture import Architecture
from tfnas.autoencoding.graphs import read_graphs
from tfnas.autoencoding.splits import split
from tfnas.data import Table
from tfnas.data import table as named_table
from tfnas.data.tables import enas
from tfnas.job.tables import is_file
from tfnas.models import autoencoders
from tfnas.protocol import Line
from tfnas.protocol import Table as Printed
from tfnas.protocol.kept import Kept, make_command, number
from tfnas.protocol.latent import folder_of, train_small
from tfnas.protocol.tables import Column

SPACE = "enas_macro,layers=6"
COLUMN = "ws_accuracy"
SPLITS = ("line", "skips")
REFINED = {"method": "refined", "placement": "k-means", "subset": 2000, "rate": 0.02, "epochs": 60}
"""Options of `SparseGPConfig` for the process that is not D-VAE's; chosen on a part of the lines to learn from."""
_HELD_OUT = 0.1
_ERROR, _CORRELATION = "RMSE, standardised", "Pearson's r"


class Labelled(NamedTuple):
    """Published forms and what each is worth, of equal lengths."""

    natives: list[str]
    values: np.ndarray


def read_table(table: str) -> Table:
    """Reads the published file, whose name ends in .txt, a CSV file, or an imported table.

    Raises:
        TfnasError: If it cannot be read, or has no column ``ws_accuracy``.
    """
    if not is_file(table):
        return named_table(table)
    if pathlib.Path(table).suffix == ".txt":
        return enas.read(table)
    return Table.from_csv(table, spaces.get(SPACE), columns=[COLUMN])


def read(table: str) -> Labelled:
    """Returns all networks of a table, of the published file also those that are there twice; see `read_table`."""
    space, known = spaces.get(SPACE), read_table(table)
    if is_file(table) and pathlib.Path(table).suffix == ".txt":
        natives = read_graphs(table, space)
        rows = [known.find(space.from_native(native)) for native in natives]
    else:
        natives = [known.rows.native(row) for row in range(len(known))]
        rows = list(range(len(known)))
    return Labelled(natives, known.mean(COLUMN)[rows])


def ridge(archs: list[Architecture], train: np.ndarray, test: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Returns predictions of ridge regression on products of two choices; the penalty is chosen by leaving one out."""
    from sklearn.linear_model import RidgeCV
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import PolynomialFeatures

    from tfnas.encodings import choices, free_edges

    space = spaces.get(SPACE)
    x = np.concatenate([choices(space, archs), free_edges(space, archs)], axis=1).astype(float)
    products = PolynomialFeatures(2, interaction_only=True, include_bias=False)
    made = make_pipeline(products, RidgeCV(np.logspace(-2, 3, 11)))
    return made.fit(x[train], y[train]).predict(x[test])


def process(points: np.ndarray, train: np.ndarray, test: np.ndarray, y: np.ndarray, seed: int, **options: Any) -> Any:
    """Returns predictions of the sparse Gaussian process."""
    from tfnas.models.sparse_gp import SparseGP, SparseGPConfig

    predictor = SparseGP(SparseGPConfig(**options))
    predictor.fit(points[train], y[train], seed=seed)
    return np.asarray(predictor.predict(points[test]).mean())


def quality(predicted: np.ndarray, true: np.ndarray) -> dict[str, float]:
    """Returns root mean squared error and Pearson's r."""
    return {
        "rmse": float(np.sqrt(np.mean((predicted - true) ** 2))),
        "pearson": float(np.corrcoef(predicted, true)[0, 1]),
    }


def printed() -> list[Printed]:
    """Returns the tables, one a split."""
    columns = (Column(_ERROR, number("rmse"), 3), Column(_CORRELATION, number("pearson"), 3))
    others = (
        Line("D-VAE", paper={_ERROR: ".375", _CORRELATION: ".92"}),
        Line("DAGNN", paper={_ERROR: ".264", _CORRELATION: ".964"}),
        Line("PACE", paper={_ERROR: ".248", _CORRELATION: ".968"}),
    )
    made = []
    for name, title in zip(SPLITS, ("by line, as published", "by skip pattern")):
        lines = (
            Line("Sparse Gaussian process on latent means, D-VAE's", f"{name}-process"),
            Line("Sparse Gaussian process on latent means, refined", f"{name}-refined"),
            Line("Ridge regression on products of choices", f"{name}-ridge"),
            *(others if name == "line" else ()),
        )
        made.append(Printed(f"prediction-{name}", f"ENAS, split {title}", columns, lines))
    return made


def main(
    directory: pathlib.Path, is_smoke: bool, *, table: str | None, autoencoder: str, seeds: int, options: Any = None
) -> None:
    """Predicts, and keeps and prints what came out; see the module.

    Raises:
        ConfigError: If no table is given.
        StateError: If there is no such autoencoder.
    """
    if is_smoke:
        autoencoder, seeds = train_small(directory, SPACE, 60), 1
        rng, space = np.random.default_rng(0), spaces.get(SPACE)
        natives = [space.to_native(space.sample(rng)) for _ in range(300)]
        labelled, options = Labelled(natives, rng.random(300)), {"inducing": 10, "epochs": 2, "subset": 50}
    elif table is None:
        raise click.UsageError("Give --table: the published file, a CSV file, or the name of an imported table.")
    else:
        labelled = read(table)
    model = autoencoders.load(autoencoder)
    archs = [model.space.from_native(native) for native in labelled.natives]
    points = model.means(model.form.encode(archs)).reshape(len(archs), -1).astype(float)
    kept = Kept("enas_macro-latent_prediction", directory, printed())
    settings = {"table": table, "autoencoder": autoencoder, "graphs": len(archs)}
    for name in SPLITS:
        for seed in range(seeds):
            train, test = split(name, model.space, labelled.natives, held_out=_HELD_OUT, seed=seed)
            y = (labelled.values - labelled.values[train].mean()) / labelled.values[train].std()
            kept.made(f"{name}-ridge", seed, settings, lambda: quality(ridge(archs, train, test, y), y[test]))
            for key, own in (("process", {}), ("refined", REFINED)):
                kept.made(
                    f"{name}-{key}",
                    seed,
                    settings,
                    lambda: quality(process(points, train, test, y, seed, **(own | (options or {}))), y[test]),
                )
    kept.write_tables()


OPTIONS = (
    click.Option(["--table"], metavar="NAME|FILE", help="Values of networks, see above."),
    click.Option(
        ["--autoencoder"], default=folder_of("enas_macro-autoencoders", "svge"), show_default=True, help="Its folder."
    ),
    click.Option(["--seeds"], type=click.IntRange(1), default=3, show_default=True, help="Splits; 0 is D-VAE's."),
)

if __name__ == "__main__":
    make_command(__doc__, main, "runs/enas_macro-latent_prediction", OPTIONS)()

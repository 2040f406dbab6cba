"""Prediction from latent spaces on NAS-Bench-101: Table II and Figure 3 of SVGe, Figure 2 of arch2vec.

    tfnas data fetch nasbench101_only108
    python -m recipes.nasbench101.autoencoders train
    python -m recipes.nasbench101.latent_prediction

Table II of SVGe (Lukasik et al., 2021): an MLP and the autoencoder are trained jointly, from the trained autoencoder
on, with the test accuracies of 1,000, 10,000 and 100,000 cells that it was trained on, three times each; the mean
squared error is of the cells that it held out. Figure 3, right, is drawn of the first run with 1,000 cells, of cells
above 80 %.

Figure 2 of arch2vec (Yan et al., 2020): a Gaussian process learns from 250 cells, ten times, and predicts all others;
root mean squared error and Pearson's r are of those with a test accuracy above 80 %. Beside the embeddings that were
learned without values stand those of an encoder that is fitted to the 250.

Autoencoders that are not in ``--models`` yet are left out.

Deviations, and what the papers leave open:

- SVGe's code looks at the error every five epochs; it is not said which one is printed. Here it is the last one.
- The kernel of arch2vec's process is not printed. Here it is a squared exponential with one length scale, a signal and
  noise, by the marginal likelihood.
- In Figure 2 the autoencoder has seen the graphs of most cells that are predicted, without their values.
"""

from __future__ import annotations

import dataclasses
import functools
import pathlib
from typing import Any

import click
import numpy as np

from tfnas import autoencoding, data
from tfnas.autoencoding import GraphSet
from tfnas.data import Table as Benchmark
from tfnas.errors import DataError
from tfnas.job.tables import is_file
from tfnas.models import autoencoders
from tfnas.models.latent_mlp import LatentMLP
from tfnas.protocol import Line, Table
from tfnas.protocol.kept import Kept, make_command, number
from tfnas.protocol.latent import train_small
from tfnas.protocol.tables import Column

COUNTS = (1_000, 10_000, 100_000)
GROWING = {"svge": "SVGe", "dgmg": "DGMG", "dvae": "D-VAE"}
_PRINTED = {
    "svge": ("0.0028 ± 0.00002", "0.0023 ± 0.00004", "0.002 ± 0.00003"),
    "dgmg": ("0.0037 ± 0.0001", "0.0027 ± 3e-6", "0.002 ± 0.0001"),
    "dvae": ("0.0039 ± 0.0003", "0.0026 ± 0.0002", "0.002 ± 9e-5"),
}
_LABELLED, _LEAST = 250, 0.8
_CHUNK = 20_000


def printed(counts: tuple[int, ...] = COUNTS) -> list[Table]:
    """Returns both tables; those of Table II have a line for each number of cells."""
    error, title = "mean squared error", "test accuracies of {:,} cells"
    made = [
        Table(
            f"svge-table2-{count}",
            f"SVGe, Table II: {title.format(count)}",
            (Column(error, number("error"), 5),),
            tuple(
                Line(label, f"{name}-{count}", paper={error: figure})
                for name, label in GROWING.items()
                for figure in _PRINTED[name][place : place + 1]
            ),
            "Of held-out cells; mean and standard deviation over trainings.",
        )
        for place, count in enumerate(counts)
    ]
    shown = ("RMSE", "Pearson's r")
    lines = (
        Line("arch2vec", "arch2vec", paper=dict(zip(shown, ("0.018 ± 0.001", "0.67 ± 0.02")))),
        Line("Supervised", "supervised", paper=dict(zip(shown, ("0.038 ± 0.025", "0.53 ± 0.09")))),
    )
    columns = tuple(Column(title, number(key), 3) for title, key in zip(shown, ("rmse", "pearson")))
    note = "Of cells with a test accuracy above 80 %; mean and standard deviation over draws of 250 cells."
    return [
        *made,
        Table("arch2vec-figure2", "arch2vec, Figure 2: a Gaussian process of 250 cells", columns, lines, note),
    ]


def joint(
    folder: pathlib.Path, graphs: GraphSet, values: np.ndarray, count: int, seed: int, state: pathlib.Path, epochs: int
) -> dict[str, Any]:
    """Trains an autoencoder and an MLP jointly, and returns the mean squared error on what was held out.

    Args:
        folder: Of the autoencoder.
        graphs: Its graphs.
        values: What they are worth. Float, shape [G].
        count: Number of graphs to learn from.
        seed: Of their draw, and of the training.
        state: Folder where the training is kept.
        epochs: Its length.
    """
    model = autoencoders.load(folder)
    rows = np.sort(np.random.default_rng(seed).permutation(graphs.trained)[:count])
    predictor = LatentMLP(model)
    training = dataclasses.replace(LatentMLP.training, epochs=epochs)
    predictor.fit(graphs.encode(model.form, rows), values[rows], training, seed=seed, directory=state)
    predicted = np.asarray(predictor.predict(graphs.encode(model.form, graphs.held_out)).mean())
    true = values[graphs.held_out]
    if seed == 0 and count == COUNTS[0]:
        _draw(predicted, true, state.parent.parent / "figures" / f"figure3-{model.name}.svg")
    return {"error": float(np.mean((predicted - true) ** 2))}


def _draw(predicted: np.ndarray, true: np.ndarray, path: pathlib.Path) -> None:
    from tfnas import plotting
    from tfnas.plotting import theme

    good = true > _LEAST
    with theme.style():
        figure, axes = theme.chart(4.0, 4.0)
        axes.plot(100 * true[good], 100 * predicted[good], ".", color=theme.SERIES[0], markersize=1, rasterized=True)
        axes.set(xlabel="test accuracy (%)", ylabel="predicted (%)")
    plotting.save(figure, path)


def of_few(points: np.ndarray, values: np.ndarray, rows: np.ndarray) -> dict[str, float]:
    """Returns how well a Gaussian process of some points predicts the others above 80 %.

    Args:
        points: Of all cells. Float, shape [G, D].
        values: What they are worth. Float, shape [G].
        rows: Numbers of those to learn from.
    """
    from sklearn.gaussian_process import GaussianProcessRegressor
    from sklearn.gaussian_process.kernels import RBF, ConstantKernel, WhiteKernel

    deviation = points[rows].std(axis=0)
    points = (points - points[rows].mean(axis=0)) / np.where(deviation > 0, deviation, 1.0)
    kernel = ConstantKernel(1.0, (1e-2, 1e3)) * RBF(1.0, (1e-2, 1e3)) + WhiteKernel(0.1, (1e-5, 1e2))
    process = GaussianProcessRegressor(kernel, normalize_y=True, random_state=0).fit(points[rows], values[rows])
    others = np.setdiff1d(np.flatnonzero(values > _LEAST), rows)
    parts = [process.predict(points[others[k : k + _CHUNK]]) for k in range(0, len(others), _CHUNK)]
    predicted, true = np.concatenate(parts), values[others]
    return {
        "rmse": float(np.sqrt(np.mean((predicted - true) ** 2))),
        "pearson": float(np.corrcoef(predicted, true)[0, 1]),
    }


def supervised(graphs: GraphSet, form: Any, rows: np.ndarray, y: np.ndarray, seed: int, epochs: int) -> np.ndarray:
    """Returns vectors of all graphs by an encoder that is fitted to some. Float, shape [G, D]."""
    from tfnas.models.supervised_encoder import SupervisedEncoderConfig, SupervisedRegressor

    made = SupervisedRegressor(form, SupervisedEncoderConfig(epochs=epochs))
    made.fit(graphs.encode(form, rows), y, seed=seed)
    starts = range(0, len(graphs.natives), _CHUNK)
    every = np.arange(len(graphs.natives))
    return np.concatenate([made.vectors(graphs.encode(form, every[k : k + _CHUNK])) for k in starts])


def main(
    directory: pathlib.Path,
    is_smoke: bool,
    *,
    table: str,
    models: pathlib.Path,
    counts: tuple[int, ...] = COUNTS,
    seeds: int = 3,
    draws: int = 10,
) -> None:
    """Trains and predicts, and keeps and prints what came out; see the module."""
    epochs, few = LatentMLP.training.epochs, _LABELLED
    folders = {name: models / name / "seed0" for name in (*GROWING, "arch2vec")}
    if is_smoke:
        small = pathlib.Path(train_small(directory, "nasbench101,max_nodes=4"))
        folders, counts, seeds, draws, epochs, few = {"svge": small, "arch2vec": small}, (20,), 1, 1, 2, 20
    kept = Kept("nasbench101-latent_prediction", directory, printed(counts))
    there = {name: folder for name, folder in folders.items() if (folder / autoencoding.MODEL).is_dir()}
    for name in folders.keys() - there.keys():
        click.echo(f"{name}: not there yet, in {folders[name]}.")
    known: dict[str, np.ndarray] = {}  # all autoencoders of one comparison have the same graphs
    for name, folder in there.items():
        found = autoencoding.graphs_again(autoencoding.read_card(folder))
        if found.digest not in known:
            known = {found.digest: _values(table, found, is_smoke)}
        values, settings = known[found.digest], {"table": table, "autoencoder": str(folder), "epochs": epochs}
        for count in counts if name in GROWING else ():
            for seed in range(seeds):
                state = directory / "state" / f"{name}-{count}-seed{seed}"
                make = functools.partial(joint, folder, found, values, count, seed, state, epochs)
                kept.made(f"{name}-{count}", seed, settings, make)
        if name == "arch2vec":
            model = autoencoders.load(folder)
            points = model.embed(found.encode(model.form, np.arange(len(found.natives)))).astype(float)
            for seed in range(draws):
                rows = np.sort(np.random.default_rng(seed).permutation(len(values))[:few])
                kept.made("arch2vec", seed, settings, functools.partial(of_few, points, values, rows))
                kept.made(
                    "supervised",
                    seed,
                    settings,
                    lambda: of_few(supervised(found, model.form, rows, values[rows], seed, epochs), values, rows),
                )
    kept.write_tables()


def _values(table: str, graphs: GraphSet, is_smoke: bool) -> np.ndarray:
    """Returns the test accuracies of all graphs; made-up ones in a smoke run."""
    if is_smoke:
        return 0.8 + 0.1 * np.random.default_rng(0).random(len(graphs.natives))
    known = Benchmark.from_csv(table, graphs.space) if is_file(table) else data.table(table)
    rows = [known.find(graphs.space.from_native(native)) for native in graphs.natives]
    if None in rows:
        missing = f"{rows.count(None):,} missing"
        raise DataError(f"table {table}", expected="a row for each graph of the autoencoder", received=missing)
    return known.mean("test_accuracy@108")[rows]


OPTIONS = (
    click.Option(
        ["--table"], default="nasbench101_only108", show_default=True, help="An imported table, or a CSV file."
    ),
    click.Option(
        ["--models"],
        type=click.Path(path_type=pathlib.Path),
        default="runs/nasbench101-autoencoders/autoencoders",
        show_default=True,
        help="Folder of the trained autoencoders.",
    ),
    click.Option(["--seeds"], type=click.IntRange(1), default=3, show_default=True, help="Trainings of Table II."),
    click.Option(["--draws"], type=click.IntRange(1), default=10, show_default=True, help="Draws of Figure 2."),
)

if __name__ == "__main__":
    make_command(__doc__, main, "runs/nasbench101-latent_prediction", OPTIONS)()

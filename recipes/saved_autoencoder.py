"""Makes what `saved_models/` holds of a trained autoencoder.

    tfnas autoencoder train --model arch2vec --space nasbench201 --epochs 20 -o saved_models/arch2vec_nasbench201
    tfnas autoencoder evaluate saved_models/arch2vec_nasbench201
    python -m recipes.saved_autoencoder saved_models/arch2vec_nasbench201

turns the folder of a training into that of a saved model: the SavedModel, a card with what the training was asked for,
its time, its last epoch, the commit and what was measured, and golden outputs, of members that are drawn, that any
process with TensorFlow must get. The state of the training and its log go.
"""

from __future__ import annotations

import json
import pathlib
import shutil
import subprocess
from typing import Any

import click
import numpy as np

from tfnas import cli
from tfnas.autoencoding import MODEL, read_card, read_evaluation
from tfnas.errors import ConfigError
from tfnas.models import autoencoders
from tfnas.state import write_text

CARD, GOLDEN = "card.json", "golden.json"
GRAPHS = 8
"""Members of the golden outputs."""


def main(folder: pathlib.Path) -> dict[str, Any]:
    """Turns the folder of a training into that of a saved model; returns the card.

    Args:
        folder: Of `tfnas.autoencoding.train`, measured by `tfnas.autoencoding.evaluate`.

    Raises:
        StateError: If it is none.
        ConfigError: If nothing was measured.
    """
    card, evaluation = read_card(folder), read_evaluation(folder)
    if evaluation is None or not evaluation.measures:
        raise ConfigError(
            str(folder), expected="an autoencoder that is measured", received="none", remedy="Run evaluate first."
        )
    golden = _golden(folder)
    made = {
        **card.to_json(),
        "name": folder.resolve().name,
        "recipe": "recipes.saved_autoencoder",
        "commit": _commit(),
        "epochs": list(card.epochs[-1:]),
        "scores": {measure.name: {**measure.settings, **measure.values} for measure in evaluation.measures},
    }
    write_text(folder / GOLDEN, json.dumps(golden) + "\n")
    write_text(folder / CARD, json.dumps(made, indent=1) + "\n")
    for path in folder.iterdir():
        if path.name not in (CARD, GOLDEN, MODEL):
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    return made


def _golden(folder: pathlib.Path) -> dict[str, Any]:
    """Returns graphs, their means and embeddings, and what the means are decoded to."""
    model = autoencoders.load(folder / MODEL)
    rng = np.random.default_rng(0)
    archs = [model.space.sample(rng) for _ in range(GRAPHS)]
    graphs = model.form.encode(archs)
    means = model.means(graphs)
    decoded = model.decode_most_probable(means)
    return {
        "natives": [model.space.to_native(arch) for arch in archs],
        "adjacency": graphs.adjacency.tolist(),
        "ops": graphs.ops.tolist(),
        "mean": np.round(means.astype(float), 6).tolist(),
        "embedding": np.round(model.embed(graphs).astype(float), 6).tolist(),
        "decoded": {"adjacency": decoded.adjacency.tolist(), "ops": decoded.ops.tolist()},
    }


def _commit() -> str | None:
    done = subprocess.run(
        ["git", "rev-parse", "HEAD"], cwd=pathlib.Path(__file__).parent, capture_output=True, text=True, check=False
    )
    return done.stdout.strip() or None


@click.command(help=__doc__)
@click.argument("folder", type=click.Path(file_okay=False, exists=True, path_type=pathlib.Path))
def command(folder: pathlib.Path) -> None:
    with cli.errors_in_words():
        card = main(folder)
    click.echo(f"{folder}: {card['name']}, {card['trained']:,} graphs, {len(card['scores'])} measures")


if __name__ == "__main__":
    command()

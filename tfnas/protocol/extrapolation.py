"""Zero-shot extrapolation (SVGe, section IV-E): large networks, ranked by what was learned of small ones, trained."""

from __future__ import annotations

import dataclasses
import pathlib
from typing import Any, Sequence

import numpy as np

from tfnas import spaces
from tfnas.architecture import Architecture
from tfnas.checks import check_positive
from tfnas.job import SearchConfig
from tfnas.models import autoencoders
from tfnas.models.autoencoder import extrapolation as extrapolating
from tfnas.models.latent_mlp import LatentMLP
from tfnas.protocol import command_line
from tfnas.protocol.kept import Kept
from tfnas.protocol.results import Results
from tfnas.protocol.retraining import Retraining
from tfnas.protocol.sources import BestOf, Given
from tfnas.protocol.study import Study
from tfnas.protocol.tables import Column, Line, Table

_RANKING = "ranking"
_ACCURACY = "accuracy (%)"


@dataclasses.dataclass(frozen=True, slots=True)
class Extrapolation:
    """What is extrapolated.

    Attributes:
        name: Name of the study.
        space: Name of the space of the larger networks.
        trained: How they are trained: on a part of the labelled images, and the best one again on all of them.
        printed: What the paper has of the best one by validation, and by test images; None where it has nothing.
        count: Number of networks that are trained.
        epochs: Of the predictor's training.
    """

    name: str
    space: str
    trained: SearchConfig
    printed: tuple[str | None, str | None]
    count: int = 5
    epochs: int = LatentMLP.training.epochs

    def __post_init__(self) -> None:
        check_positive(count=self.count, epochs=self.epochs)


def most_promising(
    extrapolation: Extrapolation,
    autoencoder: str,
    known: Sequence[Architecture],
    values: np.ndarray,
    candidates: Sequence[Architecture],
    *,
    seed: int,
    state: pathlib.Path,
) -> dict[str, Any]:
    """Fits autoencoder and predictor jointly to small networks, and ranks large ones.

    Args:
        extrapolation: How.
        autoencoder: Folder of a trained one that reads graphs as large as the candidates.
        known: B members of the space of small networks.
        values: What they are worth. Float, shape [B].
        candidates: Members of the space of large ones.
        seed: Of the training.
        state: Folder where the training is kept.

    Returns:
        ``natives`` of the best distinct ones, the best first, and what is ``predicted`` of them.

    Raises:
        ConfigError: If the autoencoder cannot read the candidates.
        StateError: If there is no such autoencoder.
    """
    model = autoencoders.load(autoencoder)
    extrapolating.read(candidates[:1], model)  # before any training
    predictor = LatentMLP(model)
    training = dataclasses.replace(LatentMLP.training, epochs=extrapolation.epochs)
    predictor.fit(model.form.encode(known), values, training, seed=seed, directory=state)
    ranking = extrapolating.rank(candidates, model, predictor)
    means = np.asarray(ranking.belief.mean())
    space = spaces.get(extrapolation.space)
    best: dict[str, tuple[str, float]] = {}
    for row in ranking.order.tolist():
        best.setdefault(space.canonical_key(candidates[row]), (space.to_native(candidates[row]), float(means[row])))
        if len(best) == extrapolation.count:
            break
    return {"natives": [native for native, _ in best.values()], "predicted": [mean for _, mean in best.values()]}


def run(extrapolation: Extrapolation, directory: pathlib.Path, settings: dict[str, Any], make: Any, seed: int) -> None:
    """Ranks, unless that is done, trains what is best, and prints the table.

    Args:
        extrapolation: What.
        directory: Its folder.
        settings: What decides the ranking, JSON values.
        make: Returns the ranking, of `most_promising`; called with a folder for the state.
        seed: Of the ranking.
    """
    state = directory / "state" / f"seed{seed}"
    found = Kept(extrapolation.name, directory, ()).made(_RANKING, seed, settings, lambda: make(state))
    command_line.run(_study(extrapolation, tuple(found["natives"])), directory, ("retrain", "tables"))


def _study(extrapolation: Extrapolation, natives: tuple[str, ...]) -> Study:
    config = extrapolation.trained
    retrainings = (
        Retraining("validated", "validated", Given(natives), config, 1, held_back=False),
        Retraining("tested", "tested", BestOf("validated", 1), config, 1),
    )
    lines = tuple(
        Line(label, retraining=name, paper={_ACCURACY: figure} if figure else {})
        for label, name, figure in zip(
            ("best, validation images", "the same, test images"), ("validated", "tested"), extrapolation.printed
        )
    )
    note = "Trained on a part of the labelled images for the first figure, and again on all of them for the second."
    table = Table("table4", f"SVGe, Table IV: {extrapolation.space}", (Column(_ACCURACY, _best),), lines, note)
    return Study(extrapolation.name, (), retrainings, (table,))


def _best(results: Results, line: Line) -> list[float]:
    networks = results.retrained(line.retraining) if line.retraining else ()
    found = [float(np.mean([one.objective for one in network.outcomes])) for network in networks if network.outcomes]
    return [100 * max(found)] if found else []

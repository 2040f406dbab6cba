"""`Card`: what a folder of a trained autoencoder says of itself."""

from __future__ import annotations

import dataclasses
import json
import os
import pathlib
from dataclasses import dataclass
from typing import Any, Mapping, Sequence

from tfnas.architecture import Architecture
from tfnas.autoencoding.graphs import GraphSet, Observer, graphs_of
from tfnas.autoencoding.job import TrainingJob
from tfnas.errors import StateError
from tfnas.state import write_text

CARD = "card.json"
"""Name of the file."""

KIND = "autoencoder"
"""What the folder is of; its entry ``kind``."""

_FORMAT = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """A training that is done.

    Attributes:
        job: What was asked for.
        digest: `GraphSet.digest` of the graphs.
        trained: Number of graphs that were trained on.
        held_out: Number of graphs that were held out.
        parameters: Number of weights.
        weights: SHA-256 of the weights.
        seconds: Wall-clock seconds of all epochs.
        epochs: What each epoch did, as `tfnas.autoencoding.TrainedEpoch` has it, JSON values.
        version: Of this library.
        command: What does it again.
    """

    job: TrainingJob
    digest: str
    trained: int
    held_out: int
    parameters: int
    weights: str
    seconds: float
    epochs: Sequence[Mapping[str, Any]]
    version: str
    command: str

    def to_json(self) -> dict[str, Any]:
        """Returns the contents of the file."""
        own = {each.name: getattr(self, each.name) for each in dataclasses.fields(self)}
        return {
            "kind": KIND,
            "format": _FORMAT,
            "model": self.job.model,
            "space": self.job.make_space().name,
            **own,
            "job": self.job.to_json(),
            "config": self.job.config().to_json(),
            "training": self.job.training().to_json(),
            "epochs": list(self.epochs),
        }


def write_card(folder: pathlib.Path, card: Card) -> None:
    """Writes the card of a folder."""
    write_text(folder / CARD, json.dumps(card.to_json(), indent=1) + "\n")


def read_card(folder: pathlib.Path | str) -> Card:
    """Returns the card of a folder.

    Raises:
        StateError: If it has none, or a damaged one.
    """
    try:
        found = json.loads((pathlib.Path(folder) / CARD).read_text("utf-8"))
        if (found["kind"], found["format"]) != (KIND, _FORMAT):
            raise ValueError(f"{found['kind']} of form {found['format']}")
        own = {each.name: found[each.name] for each in dataclasses.fields(Card)}
        return Card(**{**own, "job": TrainingJob(**found["job"])})
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise StateError(
            f"card of {folder}",
            expected=f"a folder of `tfnas autoencoder train` with a {CARD}",
            received=str(error) or type(error).__name__,
            remedy="Train one, or let an interrupted training end.",
        ) from error


def graphs_again(
    card: Card, *, graphs: str | os.PathLike[str] | None = None, on_progress: Observer | None = None
) -> GraphSet:
    """Returns the graphs that a card is of.

    Args:
        card: The card.
        graphs: Where the file is now that they were read from; where it was by default.
        on_progress: Called while graphs are found.

    Raises:
        StateError: If other graphs are found than before.
        DataError: If the file cannot be read.
    """
    job = card.job if graphs is None else dataclasses.replace(card.job, graphs=graphs, count=None)
    found = graphs_of(job, on_progress)
    if found.digest != card.digest:
        raise StateError(
            "graphs of the card",
            expected=f"those with the digest {card.digest}",
            received=found.digest,
            remedy=f"Give the same file as then, and take tfnas {card.version}.",
        )
    return found


def held_out(folder: pathlib.Path | str, *, graphs: str | os.PathLike[str] | None = None) -> list[Architecture]:
    """Returns the members that a training held out, from its card alone.

    Args:
        folder: Of the training.
        graphs: See `graphs_again`.

    Raises:
        StateError: If the folder has no card, or other graphs are found than before.
        DataError: If the file cannot be read.
    """
    found = graphs_again(read_card(folder), graphs=graphs)
    return found.archs(found.held_out)

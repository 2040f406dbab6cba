"""`train`: an autoencoder in a folder, trained, with its card."""

from __future__ import annotations

import contextlib
import hashlib
import json
import pathlib
import shutil
import time
from typing import Any, Callable, Mapping, NamedTuple

import numpy as np

import tfnas
from tfnas.autoencoding.card import CARD, Card, read_card, write_card
from tfnas.autoencoding.graphs import GraphSet, Observer, graphs_of
from tfnas.autoencoding.job import TrainingJob
from tfnas.errors import ConfigError, StateError
from tfnas.models import autoencoders
from tfnas.models.autoencoder import GraphAutoencoder
from tfnas.state import write_text

MODEL = "model"
"""Name of the SavedModel in the folder."""

_STATE, _JOB, _EPOCHS = "state", "job.json", "epochs.json"
_WATCHED = 1_000
"""Held-out graphs, at most, of which the terms of the bound are shown after each epoch."""


class TrainedEpoch(NamedTuple):
    """What an epoch did.

    Attributes:
        number: Its number, from 1.
        loss: Mean of what the steps minimised.
        rate: Learning rate that it had.
        reconstruction: Less the mean over 1,000 held-out graphs, or fewer, of the bound's first term: of the logarithm
            of the probability that a graph comes back, or what the model maximises in its place.
        divergence: Mean of the second one, the Kullback-Leibler divergence, unweighted; 0 where it weighs nothing.
        seconds: Wall-clock seconds.
        speed: Graphs a second.
    """

    number: int
    loss: float
    rate: float
    reconstruction: float
    divergence: float
    seconds: float
    speed: float


def train(
    job: TrainingJob,
    directory: pathlib.Path | str,
    *,
    on_epoch: Callable[[TrainedEpoch], Any] | None = None,
    on_progress: Observer | None = None,
) -> Card:
    """Trains an autoencoder and writes ``model``, a SavedModel, and ``card.json`` into a folder.

    The state is saved there after each epoch. The same job in the same folder goes on where it was stopped, and ends
    as if it had not been, and so does one with more epochs; one that is done is only read.

    Args:
        job: What is trained.
        directory: A new folder, an empty one, or one of the same job.
        on_epoch: Called after each epoch.
        on_progress: Called while graphs are found and encoded.

    Returns:
        The card.

    Raises:
        ConfigError: If the folder has other files, or the job asks for graphs that there are not.
        DataError: If the job's file cannot be read.
        StateError: If the folder is that of another job, or of one of more epochs.
    """
    folder = pathlib.Path(directory)
    done = _check(job, folder)
    if (folder / CARD).exists() and (card := read_card(folder)).job.training().epochs == job.training().epochs:
        return card
    graphs = graphs_of(job, on_progress)
    arrays = graphs.encode(job.form(), graphs.trained, on_progress)
    (folder / _STATE).mkdir(parents=True, exist_ok=True)
    write_text(folder / _STATE / _JOB, json.dumps(job.to_json()))
    autoencoder = autoencoders.make(
        job.model, graphs.space, seed=job.seed, configuration=job.configuration, **job.options
    )
    log = _Log(folder / _STATE / _EPOCHS, done, len(graphs.trained), _terms(autoencoder, graphs, job), on_epoch)
    autoencoder.fit(arrays, job.training(), seed=job.seed, directory=folder / _STATE, on_epoch=log.add)
    return _finish(job, folder, graphs, autoencoder, log.epochs)


def _check(job: TrainingJob, folder: pathlib.Path) -> list[dict[str, Any]]:
    """Returns the epochs that are done in a folder; refuses that of another job, and one with other files."""
    path = folder / _STATE / _JOB
    if not path.exists():
        if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            raise ConfigError(
                f"folder {folder}",
                expected="a new one, an empty one, or one of the same training",
                received="one with other files" if folder.is_dir() else "a file",
                remedy="Name another one.",
            )
        return []
    try:
        saved = json.loads(path.read_text("utf-8"))
        epochs = json.loads((path.parent / _EPOCHS).read_text("utf-8")) if (path.parent / _EPOCHS).exists() else []
    except ValueError as error:
        raise StateError(f"training in {folder}", expected="a readable job", received=str(error)) from error
    asked = job.to_json()
    different = [name for name in asked if name != "epochs" and saved.get(name) != asked[name]]
    if different:
        raise StateError(
            f"training in {folder}",
            expected="the same " + ", ".join(f"{name} ({saved.get(name)})" for name in different),
            received=", ".join(str(asked[name]) for name in different),
            remedy="Name another folder, or delete this one.",
        )
    if epochs and epochs[-1]["number"] > job.training().epochs:
        raise StateError(
            f"training in {folder}",
            expected=f"at least the {epochs[-1]['number']} epochs that are done",
            received=str(job.training().epochs),
            remedy="Name another folder.",
        )
    return epochs


class _Log:
    """The epochs of a training, those of earlier calls too, in a file.

    Args:
        path: The file.
        epochs: Those that are done.
        graphs: Number of graphs of an epoch.
        terms: Returns both terms of the bound.
        on_epoch: Called after each epoch.
    """

    def __init__(
        self,
        path: pathlib.Path,
        epochs: list[dict[str, Any]],
        graphs: int,
        terms: Callable[[], tuple[float, float]],
        on_epoch: Callable[[TrainedEpoch], Any] | None,
    ) -> None:
        self.epochs = epochs
        self._path, self._graphs, self._terms, self._on_epoch = path, graphs, terms, on_epoch
        self._started = time.perf_counter()

    def add(self, epoch: Any) -> None:
        """Takes an `Epoch` of the trainer."""
        seconds = time.perf_counter() - self._started
        done = TrainedEpoch(*epoch, *self._terms(), seconds, self._graphs / seconds)
        self.epochs = [one for one in self.epochs if one["number"] < done.number] + [done._asdict()]
        write_text(self._path, json.dumps(self.epochs))
        if self._on_epoch is not None:
            self._on_epoch(done)
        self._started = time.perf_counter()


def _terms(autoencoder: GraphAutoencoder, graphs: GraphSet, job: TrainingJob) -> Callable[[], tuple[float, float]]:
    """Returns a function that gives both terms of the bound, of the same held-out graphs and points each time."""
    from tfnas._keras import tensorflow

    tf = tensorflow()
    rng = np.random.default_rng(job.seed)
    rows = rng.permutation(graphs.held_out)[:_WATCHED]
    arrays = [tf.constant(array) for array in graphs.encode(autoencoder.form, rows)]
    seed = tf.constant([job.seed % 2**31, 0])
    bound = tf.function(lambda: autoencoder.network.elbo(*arrays, seed), autograph=False)

    def terms() -> tuple[float, float]:
        objective, divergence = (float(tf.reduce_mean(part)) for part in bound())
        return -objective, divergence

    return terms


def _finish(
    job: TrainingJob,
    folder: pathlib.Path,
    graphs: GraphSet,
    autoencoder: GraphAutoencoder,
    epochs: list[Mapping[str, Any]],
) -> Card:
    weights = autoencoder.get_weights()
    card = Card(
        job=job,
        digest=graphs.digest,
        trained=len(graphs.trained),
        held_out=len(graphs.held_out),
        parameters=sum(array.size for array in weights),
        weights=hashlib.sha256(b"".join(np.ascontiguousarray(array).tobytes() for array in weights)).hexdigest(),
        seconds=sum(one["seconds"] for one in epochs),
        epochs=epochs,
        version=tfnas.__version__,
        command=job.command(folder),
    )
    # a model of fewer epochs: its card goes first, so that no card is ever of another model
    (folder / CARD).unlink(missing_ok=True)
    with contextlib.suppress(FileNotFoundError):
        shutil.rmtree(folder / MODEL)
    autoencoder.save(folder / MODEL)
    write_card(folder, card)
    return card

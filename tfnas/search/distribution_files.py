"""The learned distribution as files of the run folder, and back."""

from __future__ import annotations

import os
import pathlib
import shutil
import zlib
from typing import Any, Sequence

import numpy as np

from tfnas import spaces, strategies
from tfnas.errors import ConfigError, RunFolderError, StateError
from tfnas.models.autoregressive import AutoregressiveGenerator
from tfnas.models.distribution import ArchitectureDistribution
from tfnas.search.folder import json_like
from tfnas.state import load_state, pack, save_state, unpack
from tfnas.strategies.base import Strategy

FOLDER = "distribution"
MODEL = "savedmodel"
WEIGHTS = "weights.json"
_FORMAT = 1


def save_distribution(run_directory: pathlib.Path, strategy: Strategy, distribution: ArchitectureDistribution) -> None:
    """Writes ``distribution/savedmodel/`` and ``distribution/weights.json`` where the distribution is a generator.

    Nothing is written for other distributions, or where the same weights are there already. `load_distribution`
    can build the generator of a strategy that names its class, as `tfnas.strategies.reinforce.Reinforce` does; for
    others there is only the SavedModel.

    Raises:
        RunFolderError: If the folder cannot be written.
    """
    if not isinstance(distribution, AutoregressiveGenerator):
        return
    folder = pathlib.Path(run_directory) / FOLDER
    weights = distribution.get_weights()
    state = {
        "format": _FORMAT,
        "strategy": strategy.name,
        "class": type(distribution).__name__,
        "space": distribution.space.name,
        "config": distribution.config.to_json(),
        "checksum": _checksum(weights),
        "weights": pack(weights),
    }
    if _holds(folder, state):
        return
    temporary = folder / f".{MODEL}.{os.getpid()}.tmp"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / WEIGHTS).unlink(missing_ok=True)  # or it would stand beside the SavedModel of other weights
        distribution.save(temporary)
        shutil.rmtree(folder / MODEL, ignore_errors=True)
        os.replace(temporary, folder / MODEL)
        if getattr(strategy, "generator_class", None) is type(distribution):
            save_state(folder / WEIGHTS, state)
    except OSError as error:
        raise RunFolderError(
            f"folder {folder}",
            expected="a place that can be written",
            received=str(error.strerror or error),
            remedy="The log is safe. Mend that, then go on with `tfnas resume`.",
        ) from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def load_distribution(run_directory: str | os.PathLike[str]) -> ArchitectureDistribution:
    """Returns the distribution that a search has learned, from its run folder.

    It is the generator with the weights of the end of the search, bit for bit. Space and strategy must be known
    under their names in this process.

    Raises:
        RunFolderError: If there is no such folder, or it holds no distribution.
        StateError: If its files are damaged, or those of another version.
        UnknownNameError: If its space or strategy is not registered.
        DependencyError: If Keras is not as generators need it.
    """
    directory = pathlib.Path(run_directory)
    path = directory / FOLDER / WEIGHTS
    if not path.is_file():
        raise RunFolderError(
            f"run folder {directory}",
            expected=f"a folder with {FOLDER}/{WEIGHTS}",
            received="no such file" if directory.is_dir() else "no such folder",
            remedy="A run leaves it at its end, if its strategy learns a generator (graphpnas, for example).",
        )
    state = load_state(path)
    try:
        if state["format"] != _FORMAT:
            raise _damaged(path, f"format {state['format']!r}")
        strategy, space, generator = state["strategy"], state["space"], state["class"]
        options = {name: tuple(value) if isinstance(value, list) else value for name, value in state["config"].items()}
        weights = unpack(state["weights"])
        if state["checksum"] != _checksum(weights):
            raise _damaged(path, "arrays that were changed later")
    except (KeyError, TypeError, AttributeError) as error:
        raise _damaged(path, f"{type(error).__name__}: {error}") from error
    made = strategies.get(strategy)
    found = getattr(made, "generator_class", None)
    if getattr(found, "__name__", None) != generator:
        raise _damaged(path, f"a {generator}, which strategy {strategy!r} does not have")
    try:
        config = made.config_class(**options)
    except (TypeError, ConfigError) as error:
        raise _damaged(path, str(error)) from error
    distribution = found(spaces.get(space), config)
    distribution.set_weights(weights)
    return distribution


def _damaged(path: pathlib.Path, received: str) -> StateError:
    return StateError(
        f"distribution {path}",
        expected="the state of a generator as this version wrote it",
        received=received,
        remedy="Delete the folder it is in, then `tfnas resume` writes it again.",
    )


def _holds(folder: pathlib.Path, state: dict[str, Any]) -> bool:
    """Whether a folder has these weights already."""
    try:
        old = load_state(folder / WEIGHTS)
        same = {**old, "weights": None} == {**json_like({**state, "weights": None})}
        return same and _checksum(unpack(old["weights"])) == state["checksum"] and (folder / MODEL).is_dir()
    except (StateError, KeyError, TypeError):
        return False


def _checksum(weights: Sequence[np.ndarray]) -> int:
    total = 0
    for array in weights:
        total = zlib.crc32(np.ascontiguousarray(array).tobytes(), total)
    return total

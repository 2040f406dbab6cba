"""The files by which a found network leaves a run."""

from __future__ import annotations

import json
import os
import pathlib
import shutil

from tfnas.architecture import Architecture
from tfnas.errors import RunFolderError
from tfnas.spaces.base import SearchSpace
from tfnas.state import write_text

KERAS_FILE = "best.keras"
SAVEDMODEL_FOLDER = "best_savedmodel"
ARCHITECTURE_FILE = "architecture.json"


def write_architecture(directory: pathlib.Path, arch: Architecture, space: SearchSpace) -> pathlib.Path:
    """Writes ``architecture.json``: the architecture, its published form and its canonical key."""
    path = pathlib.Path(directory) / ARCHITECTURE_FILE
    content = {"native": space.to_native(arch), "canonical_key": space.canonical_key(arch), **arch.to_dict()}
    write_text(path, json.dumps(content, indent=1) + "\n")
    return path


def read_architecture(path: pathlib.Path) -> Architecture:
    """Inverse of `write_architecture`.

    Raises:
        RunFolderError: If there is no such file.
        InvalidArchitectureError: If it holds no architecture.
    """
    try:
        return Architecture.from_json(pathlib.Path(path).read_text("utf-8"))
    except OSError as error:
        raise RunFolderError(
            str(path), expected="an architecture file", received=str(error.strerror or error)
        ) from error


def copy(source: pathlib.Path, target: pathlib.Path) -> list[pathlib.Path]:
    """Copies the network and architecture files of a run folder, each under a temporary name first.

    Returns:
        The files and folders that were written.

    Raises:
        RunFolderError: If the run folder has none of them.
    """
    if not source.is_dir():
        raise RunFolderError(
            f"run folder {source}",
            expected="a folder that `tfnas search` made",
            received="no such folder",
            remedy="Name the folder that was printed at its end.",
        )
    written = []
    for name in (KERAS_FILE, SAVEDMODEL_FOLDER, ARCHITECTURE_FILE):
        origin, partial, final = source / name, target / f".{name}.partial", target / name
        if not origin.exists():
            continue
        target.mkdir(parents=True, exist_ok=True)
        if origin.is_dir():
            shutil.rmtree(partial, ignore_errors=True)
            shutil.copytree(origin, partial)
            shutil.rmtree(final, ignore_errors=True)
        else:
            shutil.copyfile(origin, partial)
        os.replace(partial, final)
        written.append(final)
    if not written:
        raise RunFolderError(
            f"run folder {source}",
            expected=f"{KERAS_FILE}, {SAVEDMODEL_FOLDER} or {ARCHITECTURE_FILE}",
            received="none of them",
            remedy="The run did not reach its end: go on with `tfnas resume`.",
        )
    return written

"""What surrounds a run: its folder, its seeds, the versions and threads it runs with."""

from __future__ import annotations

import importlib.metadata
import json
import os
import pathlib
import platform
from typing import Any, Sequence

import numpy as np

import tfnas
from tfnas.checks import available_cores
from tfnas.errors import RunFolderError
from tfnas.runlog import has_run

_PACKAGES = ("numpy", "tensorflow", "keras", "scipy", "scikit-learn")


def prepare(directory: pathlib.Path, resume: bool) -> pathlib.Path:
    """Makes the folder of a new run, or leaves that of an old one as it is.

    Raises:
        RunFolderError: If a new run would meet an old one, or the folder cannot be made.
    """
    if resume:
        if not directory.is_dir():
            raise RunFolderError(
                f"run folder {directory}",
                expected="a folder with a run to go on with",
                received="no such file",
                remedy="Name the folder that the run was begun in.",
            )
        return directory
    if has_run(directory):
        raise RunFolderError(
            f"run folder {directory}",
            expected="a new folder",
            received="one that holds a run already",
            remedy="Go on with it (`tfnas resume`, or resume=True), or choose another folder.",
        )
    try:
        directory.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RunFolderError(
            f"run folder {directory}", expected="a place that can be written", received=str(error.strerror or error)
        ) from error
    return directory


def derived_seed(seed: int, *numbers: int) -> int:
    """Returns a seed that belongs to `seed` and the numbers, and to nothing else."""
    return int(np.random.SeedSequence([seed, *numbers]).generate_state(1)[0])


def environment() -> dict[str, Any]:
    """Returns versions, thread settings and platform, without importing what it names."""
    versions = {"tfnas": tfnas.__version__, "python": platform.python_version()}
    for package in _PACKAGES:
        try:
            versions[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            continue
    threads = {"cores": available_cores()}
    for name in ("OMP_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS"):
        if name in os.environ:
            threads[name] = os.environ[name]  # type: ignore[assignment]
    return {"versions": versions, "threads": threads, "platform": platform.platform()}


def json_like(value: Any) -> Any:
    """Returns `value` as it comes back from a JSON file."""
    return json.loads(json.dumps(value))


def difference(one: dict[str, Any], other: dict[str, Any], names: Sequence[str]) -> str:
    """Says what `one` has where the two differ, one level down."""
    parts = []
    for name in names:
        mine, theirs = json_like(one.get(name)), json_like(other.get(name))
        if isinstance(mine, dict) and isinstance(theirs, dict):
            changed = [key for key in {**mine, **theirs} if mine.get(key) != theirs.get(key)]
            parts.append(f"{name}: " + ", ".join(f"{key}={mine.get(key)!r}" for key in changed))
        else:
            parts.append(f"{name}={mine!r}")
    return "; ".join(parts)[:600] or "the same arguments"

"""Finds the real tables and images that some tests measure on."""

from __future__ import annotations

import functools
import os
import pathlib

import pytest

from tfnas.data import catalogue, places
from tfnas.data.tables import Table, analog

_DEFAULT = pathlib.Path(__file__).resolve().parents[1].parent / "shared" / "data"


def find_real_data(name: str) -> pathlib.Path | None:
    """Returns the path of a real data file, or None where it is absent."""
    path = pathlib.Path(os.environ.get("TFNAS_TEST_DATA", _DEFAULT)) / name
    return path if path.exists() else None


def real_data(name: str) -> pathlib.Path:
    """Returns the path of a real data file; skips the calling test, by name, where it is absent."""
    path = find_real_data(name)
    if path is None:
        pytest.skip(f"{name} is absent: set TFNAS_TEST_DATA to the folder that has it")
    return path


@functools.cache
def real_table() -> Table:
    """Returns NAS-Bench-201's accuracies from the package that the extra ``test`` installs."""
    return analog.read(places.published_file(catalogue.get("nasbench201_analog")))

"""Where data is kept, and whether the network may be used."""

from __future__ import annotations

import os
import pathlib

DATA_DIR_VARIABLE = "TFNAS_DATA_DIR"
OFFLINE_VARIABLE = "TFNAS_OFFLINE"

_NO = ("", "0", "false", "no")


def data_dir() -> pathlib.Path:
    """Returns the folder for data: ``TFNAS_DATA_DIR``, by default ``~/.cache/tfnas``. It need not exist.

    ``downloads/`` in it holds files as they were published, ``tables/NAME/`` converted tables, and
    ``images/`` decoded images.
    """
    text = os.environ.get(DATA_DIR_VARIABLE) or os.path.join("~", ".cache", "tfnas")
    return pathlib.Path(os.path.abspath(os.path.expanduser(text)))


def is_offline() -> bool:
    """Returns whether ``TFNAS_OFFLINE`` forbids the network: anything but empty, 0, false and no does."""
    return os.environ.get(OFFLINE_VARIABLE, "").strip().lower() not in _NO

"""Another folder for what Keras downloads."""

from __future__ import annotations

import pathlib

import pytest


def set_keras_home(monkeypatch: pytest.MonkeyPatch, folder: pathlib.Path) -> None:
    """Makes a folder Keras's own for one test; Keras reads the variable once, when it is first imported."""
    from keras.src.backend import config

    monkeypatch.setenv("KERAS_HOME", str(folder))
    monkeypatch.setattr(config, "_KERAS_DIR", str(folder))

"""What all tests share."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def data_home(tmp_path_factory, monkeypatch):
    """An empty folder for data, also for processes that a test starts, so that nobody's own is read or changed."""
    folder = tmp_path_factory.mktemp("data_home")
    monkeypatch.setenv("TFNAS_DATA_DIR", str(folder))
    monkeypatch.delenv("TFNAS_OFFLINE", raising=False)
    return folder

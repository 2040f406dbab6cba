"""Graph-based neural architecture search for Keras.

Importing this package is cheap: its parts load on first use, and TensorFlow only where a network is
built or trained.
"""

from __future__ import annotations

import importlib
from typing import Any

from tfnas.architecture import Architecture
from tfnas.trial import Failure, Measurement, Proposal, Split, Trial

__version__ = "0.1.0"

_PARTS = (
    "autoencoding",
    "data",
    "encodings",
    "evaluators",
    "export",
    "leaderboard",
    "models",
    "networks",
    "plotting",
    "report",
    "search",
    "spaces",
    "strategies",
    "testing",
    "tuner",
)

__all__ = ["Architecture", "Failure", "Measurement", "Proposal", "Split", "Trial", "__version__", *_PARTS]


def __getattr__(name: str) -> Any:
    if name in _PARTS:
        return importlib.import_module(f"tfnas.{name}")
    raise AttributeError(f"module 'tfnas' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)

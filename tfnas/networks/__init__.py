"""Architecture to Keras 3 model. Stock Keras layers only, so a saved network loads without tfnas.

A network is described once, by `tfnas.spaces.SearchSpace.blueprint`. `build` makes a Keras model of the
description, `stateless_call` computes it with weights from outside, and `SuperNetwork` holds all
members of a space at once.
"""

from __future__ import annotations

from typing import Any

from tfnas.networks.build import build, load_weights
from tfnas.networks.extension import register_layer
from tfnas.networks.stateless import stateless_call

__all__ = ["SuperNetwork", "build", "load_weights", "register_layer", "stateless_call"]


def __getattr__(name: str) -> Any:
    if name == "SuperNetwork":  # a Keras class: importing it imports Keras
        from tfnas.networks.supernetwork import SuperNetwork

        return SuperNetwork
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

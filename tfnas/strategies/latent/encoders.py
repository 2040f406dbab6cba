"""The autoencoders that searches in a latent space are given: objects, folders, or those that are shipped."""

from __future__ import annotations

import json
import pathlib
from typing import Any, Mapping

import tfnas
from tfnas.errors import ConfigError
from tfnas.models import autoencoders
from tfnas.models.autoencoder import GraphAutoencoder
from tfnas.spaces.base import SearchSpace

Encoder = GraphAutoencoder | pathlib.Path | str

_PACKAGE = pathlib.Path(tfnas.__file__).parent
_SHELVES = (_PACKAGE / "saved_models", _PACKAGE.parent / "saved_models")
"""Where saved models are: in the installed package, or beside it in a checkout."""


def chosen(autoencoder: Encoder | None, space: SearchSpace) -> Encoder:
    """Returns an autoencoder, or the name of the first shipped one for the space where none is given.

    Raises:
        ConfigError: If none is given and none is shipped.
    """
    if autoencoder is not None:
        return autoencoder
    found = shipped(space)
    if not found:
        raise ConfigError(
            "autoencoder",
            expected=f"a trained one for {space.name}, since none is shipped",
            received="none",
            remedy=f"Train one with `tfnas autoencoder train --space {space.name}`, and give its folder.",
        )
    return next(iter(found))


def recorded(autoencoder: Encoder) -> Any:
    """Returns what a run's log has of an autoencoder: its folder or name, or its kind and configuration."""
    if isinstance(autoencoder, GraphAutoencoder):
        return {"autoencoder": autoencoder.name, "config": autoencoder.config.to_json()}
    return str(autoencoder)


def trained(autoencoder: Encoder, space: SearchSpace) -> GraphAutoencoder:
    """Returns an autoencoder, read from its folder, or from that of the shipped one of the name.

    Raises:
        ConfigError: If it is for another space, or is the record of one that was given as an object.
        StateError: If the folder has none.
    """
    if isinstance(autoencoder, Mapping):
        raise ConfigError(
            "autoencoder",
            expected="a trained one, or its folder",
            received=f"the record of a {autoencoder.get('autoencoder')}, which has no weights",
            remedy="Save it, and give its folder, where a strategy is to be made again from its configuration.",
        )
    if isinstance(autoencoder, str):
        autoencoder = shipped(space).get(autoencoder, autoencoder)
    found = autoencoder if isinstance(autoencoder, GraphAutoencoder) else autoencoders.load(autoencoder)
    if found.space.name != space.name:
        raise ConfigError("autoencoder", expected=f"one for {space.name}", received=f"one for {found.space.name}")
    return found


def shipped(space: SearchSpace) -> dict[str, pathlib.Path]:
    """Returns the folders of the saved autoencoders for a space, by the names of their models, sorted."""
    found: dict[str, pathlib.Path] = {}
    for card in sorted(card for shelf in _SHELVES for card in shelf.glob("*/card.json")):
        entry = json.loads(card.read_text("utf-8"))
        if entry.get("kind") == "autoencoder" and entry.get("space") == space.name:
            found.setdefault(card.parent.name, card.parent)
    return found

"""All autoencoders by name, and those that were saved."""

from __future__ import annotations

import inspect
import json
import pathlib
from typing import Any, Mapping

from tfnas import spaces
from tfnas.errors import StateError, UnknownNameError
from tfnas.models.arch2vec import Arch2Vec, Arch2VecConfig
from tfnas.models.autoencoder import AutoencoderConfig, GraphAutoencoder
from tfnas.models.dgmg import DGMG, DGMGConfig
from tfnas.models.dvae import DVAE, DVAEConfig
from tfnas.models.gae import GAE, VGAE, GAEConfig, VGAEConfig
from tfnas.models.svge import SVGe, SVGeConfig
from tfnas.spaces.base import SearchSpace

_KINDS: Mapping[str, tuple[type[GraphAutoencoder], type[AutoencoderConfig]]] = {
    "arch2vec": (Arch2Vec, Arch2VecConfig),
    "dgmg": (DGMG, DGMGConfig),
    "dvae": (DVAE, DVAEConfig),
    "gae": (GAE, GAEConfig),
    "svge": (SVGe, SVGeConfig),
    "vgae": (VGAE, VGAEConfig),
}


def names() -> tuple[str, ...]:
    """Returns the names of all autoencoders."""
    return tuple(_KINDS)


def make(name: str, space: SearchSpace, *, seed: int = 0, **options: Any) -> GraphAutoencoder:
    """Returns an untrained autoencoder.

    Args:
        name: One of `names`.
        space: Its space.
        seed: For the first weights.
        **options: Of its configuration; JSON values will do.

    Raises:
        UnknownNameError: If there is no such autoencoder.
        ConfigError: If an option cannot be.
    """
    if name not in _KINDS:
        raise UnknownNameError("autoencoder", expected=", ".join(_KINDS), received=repr(name))
    kind, config = _KINDS[name]
    known = inspect.signature(config).parameters
    unknown = [option for option in options if option not in known]
    if unknown:
        raise UnknownNameError(f"option of {name}", expected=", ".join(known), received=", ".join(unknown))
    values = {option: tuple(value) if isinstance(value, list) else value for option, value in options.items()}
    return kind(space, config(**values), seed=seed)


def load(directory: pathlib.Path | str) -> GraphAutoencoder:
    """Returns the autoencoder that `GraphAutoencoder.save` wrote, with its weights.

    Raises:
        StateError: If the folder has none, or a damaged one.
    """
    # Imported here: TensorFlow takes seconds to load.
    from tfnas._keras import tensorflow
    from tfnas.models.autoencoder.saved_model import ASSET, FORMAT

    tf = tensorflow()
    folder = pathlib.Path(directory)
    try:
        asset = json.loads((folder / "assets" / ASSET).read_text("utf-8"))
        if asset["format"] != FORMAT:
            raise ValueError(f"form {asset['format']}")
        made = make(asset["autoencoder"], spaces.get(asset["space"]), **asset["config"])
        reader = tf.train.load_checkpoint(str(folder / "variables" / "variables"))
        weights = [
            reader.get_tensor(f"weights/{index}/.ATTRIBUTES/VARIABLE_VALUE")
            for index in range(len(made.network.variables))
        ]
    except (OSError, ValueError, KeyError, tf.errors.OpError) as error:
        raise StateError(
            f"autoencoder in {directory}",
            expected="a folder that GraphAutoencoder.save wrote",
            received=str(error).splitlines()[0] if str(error) else type(error).__name__,
        ) from error
    made.set_weights(weights)
    return made

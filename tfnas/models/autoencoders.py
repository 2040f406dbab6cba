"""All autoencoders by name, and those that were saved."""

from __future__ import annotations

import dataclasses
import json
import pathlib
from typing import Any, Mapping

from tfnas import spaces
from tfnas.errors import ConfigError, StateError, UnknownNameError
from tfnas.models.arch2vec import Arch2Vec, Arch2VecConfig
from tfnas.models.arch2vec.config import PRECISE, PRECISE_SYMMETRIC, PRECISE_TRAINING
from tfnas.models.autoencoder import AutoencoderConfig, GraphAutoencoder, GraphForm, TrainingConfig, form_of
from tfnas.models.dgmg import DGMG, DGMGConfig
from tfnas.models.dgmg.config import COMPACT as DGMG_COMPACT
from tfnas.models.dvae import DVAE, DVAEConfig
from tfnas.models.gae import GAE, VGAE, GAEConfig, VGAEConfig
from tfnas.models.svge import SVGe, SVGeConfig
from tfnas.models.svge.config import COMPACT as SVGE_COMPACT
from tfnas.models.svge.config import COMPACT_TRAINING as SVGE_COMPACT_TRAINING
from tfnas.spaces.base import SearchSpace

PAPER = "paper"
"""The configuration that every autoencoder has: its defaults."""

_KINDS: Mapping[str, type[GraphAutoencoder]] = {
    "arch2vec": Arch2Vec,
    "dgmg": DGMG,
    "dvae": DVAE,
    "gae": GAE,
    "svge": SVGe,
    "vgae": VGAE,
}

_CONFIGURATIONS: Mapping[str, Mapping[str, AutoencoderConfig]] = {
    "arch2vec": {
        PAPER: Arch2VecConfig(),
        "symmetric": Arch2VecConfig(pairs="symmetric"),
        "no_kl": Arch2VecConfig(beta=0.0),
        "precise": PRECISE,
        "precise_symmetric": PRECISE_SYMMETRIC,
    },
    "dgmg": {PAPER: DGMGConfig(), "compact": DGMG_COMPACT},
    "dvae": {PAPER: DVAEConfig()},
    "gae": {PAPER: GAEConfig()},
    "svge": {PAPER: SVGeConfig(), "compact": SVGE_COMPACT},
    "vgae": {PAPER: VGAEConfig()},
}

_TRAININGS: Mapping[tuple[str, str], TrainingConfig] = {
    ("arch2vec", "precise"): PRECISE_TRAINING,
    ("arch2vec", "precise_symmetric"): PRECISE_TRAINING,
    ("svge", "compact"): SVGE_COMPACT_TRAINING,
}
"""How configurations are trained that are not trained as the paper's."""

_ENDING = frozenset({"dvae"})
"""Autoencoders whose graphs must end with an operator that no other node has."""


def names() -> tuple[str, ...]:
    """Returns the names of all autoencoders."""
    return tuple(_KINDS)


def configurations(name: str) -> Mapping[str, AutoencoderConfig]:
    """Returns the configurations of an autoencoder that have a name; `PAPER` is the first.

    Raises:
        UnknownNameError: If there is no such autoencoder.
    """
    _check_name(name)
    return _CONFIGURATIONS[name]


def configure(name: str, configuration: str = PAPER, **options: Any) -> AutoencoderConfig:
    """Returns a configuration, without loading TensorFlow.

    Args:
        name: One of `names`.
        configuration: One of `configurations`.
        **options: What differs from it; JSON values will do.

    Raises:
        UnknownNameError: If there is no such autoencoder, configuration or option.
        ConfigError: If an option cannot be.
    """
    named = configurations(name)
    if configuration not in named:
        raise UnknownNameError(f"configuration of {name}", expected=", ".join(named), received=repr(configuration))
    known = [field.name for field in dataclasses.fields(named[configuration])]
    unknown = [option for option in options if option not in known]
    if unknown:
        raise UnknownNameError(f"option of {name}", expected=", ".join(known), received=", ".join(unknown))
    values = {option: tuple(value) if isinstance(value, list) else value for option, value in options.items()}
    return dataclasses.replace(named[configuration], **values)


def training_of(name: str, configuration: str = PAPER) -> TrainingConfig:
    """Returns how an autoencoder is trained: as in its paper, unless a configuration has a training of its own.

    Raises:
        UnknownNameError: If there is no such autoencoder.
    """
    _check_name(name)
    return _TRAININGS.get((name, configuration), _KINDS[name].training)


def form_for(name: str, space: SearchSpace, config: AutoencoderConfig) -> GraphForm:
    """Returns the graphs that an autoencoder of a configuration would read, without loading TensorFlow.

    Raises:
        UnknownNameError: If there is no such autoencoder.
        ConfigError: If it cannot do the space, or the configuration's `nodes` are too few for it.
    """
    _check_name(name)
    form = form_of(space, config.nodes)
    if name in _ENDING and form.end is None:
        raise ConfigError(
            f"{name} on {space.name}",
            expected="a space whose members end with an operator that no other node has",
            received="one where any node may be the last",
        )
    return form


def make(
    name: str, space: SearchSpace, *, seed: int = 0, configuration: str = PAPER, **options: Any
) -> GraphAutoencoder:
    """Returns an untrained autoencoder.

    Args:
        name: One of `names`.
        space: Its space.
        seed: For the first weights.
        configuration: One of `configurations`.
        **options: What differs from it; JSON values will do.

    Raises:
        UnknownNameError: If there is no such autoencoder, configuration or option.
        ConfigError: If an option cannot be, or the autoencoder cannot do the space.
    """
    config = configure(name, configuration, **options)
    form_for(name, space, config)
    return _KINDS[name](space, config, seed=seed)


def load(directory: pathlib.Path | str) -> GraphAutoencoder:
    """Returns the autoencoder that `GraphAutoencoder.save` wrote, with its weights.

    Args:
        directory: That folder, or one of ``tfnas autoencoder train``, which has it as ``model``.

    Raises:
        StateError: If the folder has none, or a damaged one.
    """
    # Imported here: TensorFlow takes seconds to load.
    from tfnas._keras import tensorflow
    from tfnas.models.autoencoder.saved_model import ASSET, FORMAT

    tf = tensorflow()
    folder = pathlib.Path(directory)
    if not (folder / "assets").exists() and (folder / "model").is_dir():
        folder = folder / "model"
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


def _check_name(name: str) -> None:
    if name not in _KINDS:
        raise UnknownNameError("autoencoder", expected=", ".join(_KINDS), received=repr(name))

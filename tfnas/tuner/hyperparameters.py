"""`architecture`: the architecture of a trial, inside a user's own ``build(hp)``."""

from __future__ import annotations

import keras_tuner
import numpy as np

from tfnas import spaces
from tfnas.architecture import Architecture
from tfnas.errors import ConfigError, InvalidArchitectureError
from tfnas.spaces.base import SearchSpace

NAME = "architecture"
"""The one hyperparameter that carries the architecture, as JSON."""

EPOCHS = "tuner/epochs"
"""The hyperparameter that carries a proposal's fidelity; keras-tuner's Hyperband uses the same name."""


def architecture(hp: keras_tuner.HyperParameters, space: SearchSpace | str | None = None) -> Architecture:
    """Returns the architecture that a trial should build.

    Under a `StrategyOracle` it is the one that the strategy proposed. Anywhere else (another tuner,
    or ``HyperParameters()`` by hand) it is always the same member of `space`, registered as a fixed
    hyperparameter: only a `StrategyOracle` searches architectures.

    Name scopes of `hp` make no difference, since a trial has one architecture.

    Args:
        hp: What keras-tuner passes to ``build``.
        space: The search space or its registered name. May be left out under a `StrategyOracle`,
            if the space is registered.

    Returns:
        A member of the space.

    Raises:
        ConfigError: If no space is given and no oracle has set one, or the two differ.
        UnknownNameError: If the space is not registered.
        keras_tuner.errors.FailedTrialError: If the proposal is not a member of the space. It fails
            the trial without a retry, because building it again would not help.
    """
    if isinstance(space, str):
        space = spaces.get(space)
    text = hp.values.get(NAME)
    if text is None:
        if space is None:
            raise ConfigError(
                "space of architecture(hp)",
                expected="a search space, since no StrategyOracle has set one",
                received="None",
                remedy='Name it: architecture(hp, "nasbench201").',
            )
        text = declare(hp, space)
    try:
        arch = Architecture.from_json(text)
        if space is None:
            space = spaces.get(arch.space)
        if arch.space != space.name:
            raise ConfigError(
                "space of architecture(hp)",
                expected=f"{arch.space!r}, which the oracle's strategy searches",
                received=repr(space.name),
                remedy="Name the same space in both, or leave it out here.",
            )
        space.validate(arch)
    except InvalidArchitectureError as error:
        # any other exception would be retried
        raise keras_tuner.errors.FailedTrialError(f"Invalid architecture. {error}") from error
    return arch


def declare(hp: keras_tuner.HyperParameters, space: SearchSpace) -> str:
    """Registers the fixed hyperparameter with a valid member of `space`, and returns that as JSON.

    Raises:
        ConfigError: If a hyperparameter of another meaning has the name.
    """
    text = space.sample(np.random.default_rng(0)).to_json()
    # keras-tuner gives None under a condition that does not hold, and a registered one as it is
    value = hp.Fixed(NAME, text) or text
    try:
        Architecture.from_json(value)
    except InvalidArchitectureError as error:
        raise ConfigError(
            "hyperparameters",
            expected=f"none named {NAME!r} but the architecture itself",
            received=f"one with the value {value!r}",
            remedy="Give it another name.",
        ) from error
    return value

"""What a search optimises: checked once, because keras-tuner minimises whatever it does not know."""

from __future__ import annotations

from typing import Any

import keras_tuner
from keras_tuner.engine.metrics_tracking import infer_metric_direction

from tfnas.errors import ConfigError

_ERROR_ENDINGS = ("loss", "error", "crossentropy", "hinge", "divergence")
_ERROR_NAMES = ("ce", "mse", "mae", "mape", "msle", "huber", "poisson", "logcosh", "log_cosh")


def check_objective(objective: Any) -> keras_tuner.Objective:
    """Returns an objective with a direction that is certain.

    Args:
        objective: A ``keras_tuner.Objective``, or the name of a metric whose direction keras-tuner
            knows. It takes every metric outside its short list of accuracies for an error, an F1
            score for one, so a name that it would minimise is taken only if it is an error's.

    Raises:
        ConfigError: For anything else: None, numbers, lists (a strategy has one objective), names
            of unknown direction, directions other than "min" and "max".
    """
    if isinstance(objective, str):
        return keras_tuner.Objective(objective, _direction(objective))
    # a list, and None for a bare float, also give an Objective in keras-tuner, both minimised
    if type(objective) is not keras_tuner.Objective or not isinstance(objective.name, str):
        raise _error("one keras_tuner.Objective", repr(objective), "val_accuracy")
    if objective.direction not in ("min", "max"):
        raise _error('direction "min" or "max"', repr(objective.direction), objective.name)
    return objective


def sign(objective: keras_tuner.Objective) -> float:
    """Returns the factor that makes the objective one to maximise."""
    return 1.0 if objective.direction == "max" else -1.0


def _direction(name: str) -> str:
    try:
        direction = infer_metric_direction(name)
    except Exception:  # it builds the metric to look at it, and some need arguments
        direction = None
    base = name.removeprefix("val_").removeprefix("weighted_").lower()
    if direction == "min" and not (base.endswith(_ERROR_ENDINGS) or base in _ERROR_NAMES):
        direction = None
    if direction is None:
        raise _error("the name of a metric of known direction, or a keras_tuner.Objective", repr(name), name)
    return direction


def _error(expected: str, received: str, name: str) -> ConfigError:
    return ConfigError(
        "objective",
        expected=expected,
        received=received,
        remedy=f'Say what you mean: keras_tuner.Objective("{name}", direction="max").',
    )

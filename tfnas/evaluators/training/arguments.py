"""What the arguments of `TrainingEvaluator` mean: data in any form, objectives, Keras objects."""

from __future__ import annotations

import warnings
import zlib
from typing import Any, Mapping, Sequence

import numpy as np

from tfnas.checks import check_image_shape, check_positive
from tfnas.data.images import Examples, channel_statistics
from tfnas.errors import ConfigError, DataError
from tfnas.evaluators.training.objects import CannotTravel, to_spec
from tfnas.trial import Split

_MORE_IS_BETTER = {"accuracy", "acc", "auc", "precision", "recall", "f1"}
_LESS_IS_BETTER = {"loss", "error", "mse", "mae"}
OBJECTS = {"loss": "loss", "metrics": "metric", "optimizer": "optimizer", "callbacks": "callback", "head": "head"}
"""Fields of a recipe that hold Keras objects, and their kind."""


def as_examples(value: Any, split: Split) -> Any:
    """Returns `Examples` for arrays, and a ``tf.data.Dataset`` or ``PyDataset`` as it is.

    Raises:
        DataError: If it is none of these.
    """
    if isinstance(value, Examples):
        return value if value.split is split else Examples(value.x, value.y, split)
    if isinstance(value, (tuple, list)) and len(value) == 2:
        x, y = (np.asanyarray(part) for part in value)
        if y.ndim == 2 and y.shape[1] == 1 and y.dtype.kind in "iu":
            y = y[:, 0]  # as keras.datasets has its labels
        return Examples(x, y, split)
    if hasattr(value, "element_spec") or hasattr(value, "num_batches") or hasattr(value, "__getitem__"):
        if isinstance(value, np.ndarray):
            raise DataError(f"{split.value} examples", expected="images and labels, (x, y)", received="one array")
        return value
    raise DataError(
        f"{split.value} examples",
        expected="Examples, (x, y) arrays, a tf.data.Dataset or a keras.utils.PyDataset",
        received=type(value).__name__,
    )


def find_input_shape(train: Any, given: Sequence[int] | None) -> tuple[int, int, int]:
    """Returns ``(height, width, channels)``, as given or as the training data tell.

    Raises:
        ConfigError: If neither says it.
    """
    if given is not None:
        return check_image_shape(given)
    if isinstance(train, Examples):
        return check_image_shape(train.x.shape[1:])
    if hasattr(train, "element_spec"):
        shape = tuple(train.element_spec[0].shape)[1:]
        if None not in shape:
            return check_image_shape(shape)
    raise ConfigError(
        "input_shape",
        expected="(height, width, channels)",
        received="None and data that does not tell it",
        remedy="Pass input_shape=...",
    )


def find_num_classes(train: Any, given: int | None, head: Any) -> int:
    """Returns the number of classes or outputs, as given or as the training data tell.

    Raises:
        ConfigError: If neither says it.
        DataError: If labels are no class labels, and nothing says that this is a regression.
    """
    if given is not None:
        check_positive(num_classes=given)
        return int(given)
    if not isinstance(train, Examples):
        raise ConfigError(
            "num_classes",
            expected="the number of classes",
            received="None and data that does not tell it",
            remedy="Pass num_classes=...",
        )
    if train.y.ndim == 2:
        return int(train.y.shape[1])
    if head == "regression":
        return 1
    if train.y.dtype.kind not in "iu":
        raise DataError(
            "train labels",
            expected="integer class labels",
            received=f"dtype {train.y.dtype}",
            remedy="For numbers to predict pass head='regression', loss='mse', metrics=['mae'], "
            "objective=('val_mae', 'min').",
        )
    return int(train.y.max()) + 1


def normalization(train: Any) -> tuple[list[float], list[float]] | None:
    """Returns mean and standard deviation of each channel, None where the images are not arrays."""
    if not isinstance(train, Examples):
        return None
    mean, deviation = channel_statistics(train.x)
    return mean.tolist(), deviation.tolist()


def value_range(train: Any) -> list[float] | None:
    """Returns the smallest and the largest pixel value of the training images, None if they are not arrays."""
    if not isinstance(train, Examples):
        return None
    return [float(train.x.min()), float(train.x.max())]


def name_and_direction(value: Any) -> tuple[str, str]:
    """Returns the name of an objective and ``"max"`` or ``"min"``.

    Raises:
        ConfigError: If the direction is not given and the name does not tell it.
    """
    if hasattr(value, "name") and hasattr(value, "direction"):
        return str(value.name), str(value.direction)
    if isinstance(value, (tuple, list)) and len(value) == 2:
        return str(value[0]), str(value[1])
    if isinstance(value, str):
        words = set(value.lower().split("_"))
        more, less = words & _MORE_IS_BETTER, words & _LESS_IS_BETTER
        if bool(more) != bool(less):
            return value, "max" if more else "min"
    raise ConfigError(
        "objective",
        expected="(name, 'max' or 'min')",
        received=repr(value),
        remedy="Whether more or less is better cannot be told from this: say so.",
    )


def specifications(values: Mapping[str, Any]) -> tuple[dict[str, Any], str | None]:
    """Returns the recipe's fields and what keeps them from travelling, if anything does."""
    specs: dict[str, Any] = {}
    obstacle = None
    for name, value in values.items():
        several = isinstance(value, tuple)
        made = []
        for one in value if several else (value,):
            try:
                made.append(to_spec(one, OBJECTS[name]))
            except CannotTravel as error:
                obstacle = obstacle or str(error)
                made.append(one)
        specs[name] = tuple(made) if several else made[0]
    return specs, obstacle


def stays_inprocess(isolation: str, obstacle: str | None) -> bool:
    """Returns whether candidates are trained in this process; warns if that was not asked for.

    Raises:
        ConfigError: If another process is demanded and something cannot be sent to it.
    """
    if isolation not in ("auto", "subprocess", "inprocess"):
        raise ConfigError("isolation", expected="'auto', 'subprocess' or 'inprocess'", received=repr(isolation))
    if isolation == "subprocess" and obstacle:
        raise ConfigError(
            "isolation",
            expected="arguments that can be sent to another process",
            received=obstacle,
            remedy="Give arrays, and objects by name, configuration or 'module:attribute'.",
        )
    if isolation == "auto" and obstacle:
        warnings.warn(
            f"Candidates are trained in this process, because {obstacle} cannot be sent to another one: "
            "nothing runs in parallel, a crash ends the search, and memory grows with every candidate.",
            stacklevel=3,
        )
    return isolation == "inprocess" or bool(obstacle)


def described(value: Any) -> Any:
    """Returns a JSON form of a recipe's field: an object that stays in this process by its class name."""
    if isinstance(value, list):
        return [described(one) for one in value]
    return value if isinstance(value, (str, int, float, Mapping, type(None))) else type(value).__name__


def fingerprint(examples: Any) -> dict[str, Any]:
    """Returns what tells one set of examples from another in a log."""
    if not isinstance(examples, Examples):
        return {"kind": type(examples).__name__}
    crc = zlib.crc32(np.ascontiguousarray(examples.y), zlib.crc32(np.ascontiguousarray(examples.x)))
    return {"shape": list(examples.x.shape), "dtype": str(examples.x.dtype), "crc32": crc}

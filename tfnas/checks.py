"""Checks of plain arguments that several layers share."""

from __future__ import annotations

import numbers
import os
from typing import Sequence

import numpy as np

from tfnas.errors import ConfigError


def check_positive(**values: int) -> None:
    """Raises `ConfigError` for the first of the named values that is not a positive integer."""
    for name, value in values.items():
        if not is_integer(value) or value < 1:
            raise ConfigError(name, expected="a positive integer", received=repr(value))


def check_rate(**values: float) -> None:
    """Raises `ConfigError` for the first of the named values that is no number from 0 to below 1."""
    for name, value in values.items():
        if not isinstance(value, numbers.Real) or isinstance(value, bool) or not 0 <= value < 1:
            raise ConfigError(name, expected="a rate, from 0 to below 1", received=repr(value))


def check_seed(seed: int, name: str = "seed") -> None:
    """Raises `ConfigError` for what is no integer from 0."""
    if not is_integer(seed) or seed < 0:
        raise ConfigError(name, expected="zero or a positive integer", received=repr(seed))


def check_flag(**values: bool) -> None:
    """Raises `ConfigError` for the first of the named values that is no truth value."""
    for name, value in values.items():
        if not isinstance(value, (bool, np.bool_)):
            raise ConfigError(name, expected="true or false", received=repr(value))


def check_image_shape(input_shape: Sequence[int]) -> tuple[int, int, int]:
    """Returns ``(height, width, channels)`` as Python integers.

    Raises:
        ConfigError: If the shape is anything else.
    """
    shape = tuple(input_shape)
    if len(shape) != 3 or any(not is_integer(size) or size < 1 for size in shape):
        raise ConfigError(
            "input_shape",
            expected="(height, width, channels), positive integers",
            received=repr(shape),
            remedy="Grey images have one channel: add the axis with images[..., None].",
        )
    height, width, channels = (int(size) for size in shape)
    return height, width, channels


def available_cores() -> int:
    """Returns the number of processor cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def is_integer(value: object) -> bool:
    """Returns whether a value is one of Python's or NumPy's integers, and no truth value."""
    return isinstance(value, numbers.Integral) and not isinstance(value, bool)

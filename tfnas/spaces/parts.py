"""Checks of what users give to a space: its options, and the parts that members are built from.

An integer is one of Python's or NumPy's; a truth value or a float is none. What comes back is plain:
Python's own integers, text and tuples.
"""

from __future__ import annotations

from typing import Any, Sequence

from tfnas.checks import is_integer
from tfnas.errors import ConfigError, InvalidArchitectureError


def integer_option(name: str, value: int, low: int, high: int) -> int:
    """Returns the value of an option.

    Raises:
        ConfigError: If it is no integer from `low` to `high`.
    """
    if not is_integer(value) or not low <= value <= high:
        raise ConfigError(name, expected=f"an integer from {low} to {high}", received=f"{value!r:.80}")
    return int(value)


def as_tuple(subject: str, value: object, expected: str, length: int | None = None) -> tuple[Any, ...]:
    """Returns the items of a sequence, an array or another iterable.

    Args:
        subject: What it is, for the error.
        value: Anything; text has no items.
        expected: What would have been right, for the error.
        length: Number of items, None for any.

    Raises:
        InvalidArchitectureError: If it has no items, or not as many.
    """
    try:
        items = None if isinstance(value, (str, bytes)) else tuple(value)  # type: ignore[arg-type]
    except TypeError:
        items = None
    if items is None:
        raise InvalidArchitectureError(subject, expected=expected, received=f"{value!r:.80}")
    if length is not None and len(items) != length:
        raise InvalidArchitectureError(subject, expected=expected, received=f"{len(items)}, {items!r:.80}")
    return items


def as_integer(subject: str, value: object, allowed: Sequence[int], remedy: str = "") -> int:
    """Returns an integer.

    Raises:
        InvalidArchitectureError: If it is none, or not among those allowed.
    """
    if not is_integer(value) or value not in allowed:
        raise InvalidArchitectureError(
            subject, expected=f"one of {', '.join(map(str, allowed))}", received=f"{value!r:.80}", remedy=remedy
        )
    return int(value)  # type: ignore[call-overload]


def as_operator(subject: str, value: object, allowed: Sequence[str]) -> str:
    """Returns the name of an operator.

    Raises:
        InvalidArchitectureError: If it is not among those allowed.
    """
    if not isinstance(value, str) or value not in allowed:
        raise InvalidArchitectureError(subject, expected=f"one of {', '.join(allowed)}", received=f"{value!r:.80}")
    return str(value)


def as_operators(space: str, values: object, length: int, allowed: Sequence[str]) -> tuple[str, ...]:
    """Returns the operators of a chain of layers.

    Raises:
        InvalidArchitectureError: If there are not as many as layers, or one is not among those allowed.
    """
    operators = as_tuple(f"layers of {space}", values, f"{length} operators", length)
    return tuple(
        as_operator(f"operator of layer {layer} of {space}", operator, allowed)
        for layer, operator in enumerate(operators, start=1)
    )

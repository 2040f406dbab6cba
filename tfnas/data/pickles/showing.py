"""Values of a file in messages: a few characters, whatever somebody put into it."""

from __future__ import annotations

import reprlib
from typing import Any

import numpy as np

_BITS = 128
"""Longer integers are told by their length: Python writes no integer of thousands of digits."""


_LENGTH = 200


def shown(value: Any) -> str:
    """Returns up to 200 characters of a value, however large, deep or far a number it is."""
    text = _SHORT.repr(value)
    return text if len(text) <= _LENGTH else f"{text[: _LENGTH - 3]}..."


class _Short(reprlib.Repr):
    """Looks at the beginning alone, also of what Python's own form would write out before it is cut."""

    def repr_int(self, x: int, level: int) -> str:
        bits = x.bit_length()
        return f"an integer of {bits:,} bits" if bits > _BITS else super().repr_int(x, level)

    def repr_instance(self, x: Any, level: int) -> str:
        if isinstance(x, np.ndarray):
            return f"an array of shape {x.shape}"
        return super().repr_instance(x[: self.maxother] if isinstance(x, (bytes, bytearray)) else x, level)


_SHORT = _Short()

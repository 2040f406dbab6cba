"""What the names in a pickle may stand for: containers, NumPy's arrays, and records that do nothing."""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass, field
from typing import Any, Callable, Collection, Sequence

import numpy as np

from tfnas.data.pickles.showing import shown


@dataclass(eq=False, slots=True)
class Record:
    """An object of a class that we do not have: its name and what was stored, and no behaviour.

    Attributes:
        kind: ``"module.Class"``.
        arguments: What the class was called with.
        fields: The attributes that were stored.
    """

    kind: str
    arguments: tuple[Any, ...] = field(default=(), repr=False)  # neither is short, and each may contain itself
    fields: dict[str, Any] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class Name:
    """A global that a pickle names: the text alone, nothing is imported."""

    text: str


@dataclass(eq=False, slots=True)
class ElementType:
    """A NumPy dtype under construction: the pickle gives its byte order in a second step."""

    dtype: np.dtype


def call(name: str, arguments: tuple[Any, ...]) -> Any:
    """Returns the plain value that one of the known names makes of its arguments.

    Raises:
        KeyError: If the name is not known.
        ValueError: If the arguments are not what NumPy or Python write, or make no plain value.
    """
    return _CALLS[plain_name(name)](*arguments)


def is_known(name: str) -> bool:
    """Whether a global is one of the names that plain values need."""
    return plain_name(name) in _CALLS or plain_name(name) in _MARKERS


def plain_name(name: str) -> str:
    """Returns the one name of a global that had several over the versions of Python and NumPy."""
    name = name.replace("numpy._core.", "numpy.core.")
    return re.sub(r"^(__builtin__|copy_reg)\.", lambda match: _RENAMED[match[1]], name)


_RENAMED = {"__builtin__": "builtins.", "copy_reg": "copyreg."}


def new(kind: Any, arguments: Any, records: Collection[str]) -> Record:
    """Returns a record of one of the listed kinds.

    Raises:
        ValueError: If the kind is not listed.
    """
    if not isinstance(kind, Name) or kind.text not in records or not isinstance(arguments, tuple):
        raise ValueError(f"an object of {kind.text if isinstance(kind, Name) else type(kind).__name__}")
    return Record(kind.text, arguments)


def content_size(parts: tuple[Any, ...]) -> int:
    """Returns about how many bytes a copy of these takes: of text and bytes each, of containers 32 an entry."""
    size = 0
    for part in parts:
        if isinstance(part, (str, bytes, bytearray)):
            size += len(part)
        elif isinstance(part, (list, tuple, dict)):
            size += _ENTRY * len(part)
    return size


_ENTRY = 32
"""Bytes of an entry; at least two were read for it, so that nothing honest copies 16 times what was read."""


def check_keys(keys: Sequence[Any]) -> None:
    """Raises `ValueError` unless all are plain values, or short tuples of text, bytes and small integers.

    Hashing anything else may never end, or give whatever somebody wants: a dictionary whose keys have one
    hash takes hours. An integer's hash is its remainder by 2**61 - 1, so that those of 63 bits or more can be
    chosen to have the same one. That of a tuple can be solved for one of its parts, if this may be any
    float or a long integer, and be met in the middle, if there are many parts. Hashes of text and bytes differ
    from one process to the next.
    """
    if tuple in _check_kinds(keys, _PLAIN | {tuple}, 62):
        for key in keys:
            if type(key) is tuple:
                if len(key) > _PARTS:
                    raise ValueError(f"a key of {len(key):,} parts")
                _check_kinds(key, _PLAIN - {float}, 31)


def _check_kinds(values: Sequence[Any], allowed: frozenset[type], bits: int) -> set[type]:
    kinds = set(map(type, values))
    for kind in kinds - allowed:
        raise ValueError(f"a {kind.__name__} as a key, or in one")
    if int in kinds and max(value.bit_length() for value in values if type(value) is int) > bits:
        raise ValueError(f"an integer of more than {bits} bits as a key, or in one")
    return kinds


_PLAIN = frozenset((str, int, float, bool, bytes, type(None)))
_PARTS = 8


def set_state(value: Any, state: Any) -> None:
    """Gives an array, its dtype or a record the state that was stored.

    Raises:
        ValueError: If this is no such value, or the state does not fit it.
    """
    if isinstance(value, Record):
        for part in state if isinstance(state, tuple) and len(state) == 2 else (state,):
            if part is None:
                continue
            if not isinstance(part, dict) or not all(isinstance(key, str) for key in part):
                raise ValueError(f"fields of {value.kind} that are no dictionary of names")
            value.fields.update(part)
    elif isinstance(value, ElementType):
        value.dtype = value.dtype.newbyteorder(_byte_order(state))
    elif isinstance(value, np.ndarray):
        if not isinstance(state, tuple) or len(state) != 5 or type(state[3]) not in (bool, int) or value.size:
            raise ValueError("an array whose state is not NumPy's")
        _, shape, element, is_fortran, raw = state
        dtype, raw = _checked(element), _raw(raw)
        _check_values(shape, dtype, raw)
        value.__setstate__((1, shape, dtype, bool(is_fortran), raw))
    else:
        raise ValueError(f"a state for a {type(value).__name__}")


def _byte_order(state: Any) -> str:
    if not isinstance(state, tuple) or len(state) < 2 or not isinstance(state[1], str) or state[1] not in tuple("<>|="):
        raise ValueError("a dtype whose state is not NumPy's")
    if any(part is not None for part in state[2:5]):
        raise ValueError("a dtype with fields")
    return state[1]


_ELEMENT = re.compile(r"[<>|=]?(b1|[iu][1248]|f[248]|[SU][1-9][0-9]{0,3})")


def _dtype(code: Any, *_: Any) -> ElementType:
    code = code.decode("latin-1") if isinstance(code, bytes) else code
    if not isinstance(code, str) or not _ELEMENT.fullmatch(code):
        raise ValueError(f"an array of {shown(code)}; arrays of numbers and text are read")
    return ElementType(np.dtype(code))


def _checked(element: Any) -> np.dtype:
    if not isinstance(element, ElementType):
        raise ValueError("an array without a dtype")
    return element.dtype


_AXES = 32
"""The most axes an array may have."""


def _raw(raw: Any) -> bytes:
    """Returns the bytes of an array; Python 2 wrote them as ``str``."""
    if isinstance(raw, str):
        return raw.encode("latin-1")
    if not isinstance(raw, (bytes, bytearray)):
        raise ValueError(f"an array whose values are a {type(raw).__name__}")
    return bytes(raw)


def _check_values(shape: Any, dtype: np.dtype, raw: bytes) -> None:
    if not isinstance(shape, tuple) or len(shape) > _AXES or not all(type(n) is int and 0 <= n < 2**63 for n in shape):
        raise ValueError(f"an array of shape {shown(shape)}")
    count = 1
    for side in shape:
        count *= side
    if count * dtype.itemsize != len(raw):
        raise ValueError(f"{len(raw)} bytes for an array of shape {shape} and dtype {dtype}")
    if dtype.kind == "U" and len(raw):
        points = np.frombuffer(raw, np.dtype(np.uint32).newbyteorder(dtype.byteorder))
        if points.max() > sys.maxunicode:  # NumPy takes it, and fails when somebody looks at it
            raise ValueError(f"a character of the number {points.max():,}")


def _empty_array(*_: Any) -> np.ndarray:
    return np.zeros(0, np.int8)  # its shape, dtype and values come as its state


def _array(raw: Any, element: Any, shape: Any, order: Any) -> np.ndarray:
    dtype, raw = _checked(element), _raw(raw)
    _check_values(shape, dtype, raw)
    if not isinstance(order, str) or order not in ("C", "F"):
        raise ValueError(f"an array in order {shown(order)}")
    return np.ndarray(shape, dtype, raw or None, order=order)


def _scalar(element: Any, raw: Any) -> Any:
    dtype, raw = _checked(element), _raw(raw)
    _check_values((), dtype, raw)
    return np.ndarray((), dtype, raw or None)[()]


def _encoded(text: Any, encoding: Any = "latin1") -> bytes:
    if not isinstance(text, str) or encoding not in ("latin1", "latin-1"):
        raise ValueError("bytes that are not Latin-1 text")
    return text.encode("latin-1")


def _container(make: Callable[[Any], Any]) -> Callable[..., Any]:
    def build(items: Any = ()) -> Any:
        if not isinstance(items, (list, tuple)):
            raise ValueError(f"a container made of a {type(items).__name__}")
        check_keys(items)
        return make(items)

    return build


def _bytes(value: Any = b"", encoding: Any = None) -> bytes:
    if isinstance(value, (bytes, bytearray)):
        return bytes(value)
    return _encoded(value, encoding or "latin1")


def _pairs(items: Any = ()) -> dict[Any, Any]:
    if not isinstance(items, (list, tuple)) or not all(
        type(pair) in (list, tuple) and len(pair) == 2 for pair in items
    ):
        raise ValueError("an ordered dictionary that is not made of pairs")
    check_keys([key for key, _ in items])
    return dict(items)


_CALLS: dict[str, Callable[..., Any]] = {
    "numpy.core.multiarray._reconstruct": _empty_array,
    "numpy.core.multiarray.scalar": _scalar,
    "numpy.core.numeric._frombuffer": _array,
    "numpy.dtype": _dtype,
    "_codecs.encode": _encoded,
    "collections.OrderedDict": _pairs,
    "builtins.set": _container(set),
    "builtins.frozenset": _container(frozenset),
    "builtins.bytes": _bytes,
    "builtins.bytearray": lambda *parts: bytearray(_bytes(*parts)),
}

_MARKERS = ("numpy.ndarray", "builtins.object", "copyreg._reconstructor")
"""Names that only stand among the arguments of others, or make records."""

"""Saving nested states of JSON values and NumPy arrays: one JSON file, one ``.npy`` an array."""

from __future__ import annotations

import json
import math
import os
import pathlib
import re
from typing import Any, Mapping, Sequence

import numpy as np

from tfnas.errors import StateError

_ARRAY = "__npy__"


def save_state(path: pathlib.Path, state: Any) -> None:
    """Writes a state so that a reader sees the old one or the new one, never a mixture.

    Arrays go to ``<stem>-<number>.npy`` files that the JSON names; the JSON is renamed into place
    last, and then arrays that nothing names any more are deleted.

    Args:
        path: The JSON file, for example ``checkpoint/state.json``.
        state: JSON values and NumPy arrays, nested in dicts and lists.
    """
    path = pathlib.Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    own = re.compile(re.escape(path.stem) + r"-([0-9]+)\.npy")
    old = {name: int(match[1]) for name in path.parent.iterdir() if (match := own.fullmatch(name.name))}
    number = max(old.values(), default=-1) + 1
    written: set[pathlib.Path] = set()

    def pack(value: Any) -> Any:
        if isinstance(value, np.ndarray):
            target = path.parent / f"{path.stem}-{number + len(written)}.npy"
            with open(target, "wb") as file:
                np.save(file, value, allow_pickle=False)
                file.flush()
                os.fsync(file.fileno())
            written.add(target)
            return {_ARRAY: target.name}
        if isinstance(value, dict):
            return {key: pack(item) for key, item in value.items()}
        if isinstance(value, (list, tuple)):
            return [pack(item) for item in value]
        return value

    write_text(path, json.dumps(pack(state), allow_nan=False))
    for name in old.keys() - written:
        name.unlink(missing_ok=True)


def load_state(path: pathlib.Path) -> Any:
    """Inverse of `save_state`; tuples come back as lists.

    Raises:
        StateError: If the file or an array it names is missing or damaged.
    """
    path = pathlib.Path(path)

    def unpack(value: Any) -> Any:
        if isinstance(value, dict):
            if set(value) == {_ARRAY}:
                return np.load(path.parent / value[_ARRAY], allow_pickle=False)
            return {key: unpack(item) for key, item in value.items()}
        if isinstance(value, list):
            return [unpack(item) for item in value]
        return value

    try:
        return unpack(json.loads(path.read_text("utf-8")))
    except (OSError, ValueError, TypeError, EOFError) as error:
        raise StateError(
            f"saved state {path}", expected="a complete state", received=str(error), remedy="Delete it and resume."
        ) from error


def pack(arrays: Sequence[np.ndarray]) -> dict[str, Any]:
    """Returns many arrays as one of bytes, which `save_state` writes as one file, and what `unpack` needs."""
    return {
        "types": [array.dtype.str for array in arrays],
        "shapes": [list(array.shape) for array in arrays],
        "bytes": np.frombuffer(b"".join(array.tobytes() for array in arrays), np.uint8),
    }


def unpack(packed: Mapping[str, Any]) -> list[np.ndarray]:
    """Inverse of `pack`, bit for bit.

    Raises:
        StateError: If the parts do not fit together.
    """
    found, start = [], 0
    data = packed["bytes"].tobytes()
    try:
        for kind, shape in zip(packed["types"], packed["shapes"], strict=True):
            values = np.frombuffer(data, np.dtype(kind), math.prod(shape), start)
            start += values.nbytes
            found.append(values.reshape(shape).copy())
    except (ValueError, TypeError) as error:
        raise StateError("packed arrays", expected="bytes for every shape", received=str(error)) from error
    if start != len(data):
        raise StateError("packed arrays", expected=f"{start} bytes", received=f"{len(data)}")
    return found


def write_text(path: pathlib.Path, text: str) -> None:
    """Writes a text file under a temporary name and renames it into place."""
    path = pathlib.Path(path)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with open(temporary, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise

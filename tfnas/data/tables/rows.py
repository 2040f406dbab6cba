"""`Rows`: which architecture each row of a benchmark table measured, and how a row is found."""

from __future__ import annotations

import abc
from typing import Mapping, Sequence

import numpy as np

from tfnas.architecture import Architecture
from tfnas.errors import TableError
from tfnas.spaces.base import SearchSpace

ABSENT = -1
"""What stands for the row of an architecture that the table does not have."""


class Rows(abc.ABC):
    """The architectures of a table's R rows, each there once. Immutable.

    A row has a key, the text by which its benchmark names it.
    """

    kind: str
    """Name of this way to store rows, in a cache's manifest."""

    def __init__(self, space: SearchSpace) -> None:
        self.space = space

    @abc.abstractmethod
    def __len__(self) -> int:
        """Number of rows R."""

    @abc.abstractmethod
    def key(self, arch: Architecture) -> str:
        """Returns the key of a member, whether the table has it or not."""

    @abc.abstractmethod
    def find(self, keys: Sequence[str]) -> np.ndarray:
        """Returns the row of each key, `ABSENT` where there is none. int64, shape [number of keys]."""

    @abc.abstractmethod
    def native(self, row: int) -> str:
        """Returns the published form of a row's architecture."""

    @abc.abstractmethod
    def arrays(self) -> Mapping[str, np.ndarray]:
        """Returns all that is stored, by name; the constructor takes the same after the space."""

    def architecture(self, row: int) -> Architecture:
        """Returns the architecture of a row."""
        return self.space.from_native(self.native(row))

    def row(self, key: str) -> int | None:
        """Returns the row of one key, None where there is none."""
        (row,) = self.find([key])
        return None if row == ABSENT else int(row)


class TextRows(Rows):
    """Rows whose keys are their published forms, so that isomorphic architectures keep rows of their own.

    Args:
        space: The space of the architectures.
        natives: The architectures as ``space.to_native`` writes them.
        text: The same, joined by line ends, UTF-8, as an array of uint8; one of both is given.

    Raises:
        TableError: If there are no rows, or an architecture is there twice.
    """

    kind = "text"

    def __init__(
        self, space: SearchSpace, natives: Sequence[str] | None = None, *, text: np.ndarray | None = None
    ) -> None:
        super().__init__(space)
        if text is not None:
            natives = text.tobytes().decode("utf-8").split("\n")
        self.natives = tuple(natives or ())
        self._rows = {native: row for row, native in enumerate(self.natives)}
        if not self.natives:
            raise TableError("rows of a table", expected="at least one row", received="none")
        if len(self._rows) < len(self.natives):
            twice = next(native for row, native in enumerate(self.natives) if self._rows[native] != row)
            raise TableError("rows of a table", expected="every architecture once", received=f"{twice!r} in two rows")

    def __len__(self) -> int:
        return len(self.natives)

    def key(self, arch: Architecture) -> str:
        return self.space.to_native(arch)

    def find(self, keys: Sequence[str]) -> np.ndarray:
        get = self._rows.get
        return np.fromiter((get(key, ABSENT) for key in keys), np.int64, len(keys))

    def row(self, key: str) -> int | None:
        return self._rows.get(key)

    def native(self, row: int) -> str:
        return self.natives[row]

    def arrays(self) -> Mapping[str, np.ndarray]:
        return {"text": np.frombuffer("\n".join(self.natives).encode("utf-8"), np.uint8)}

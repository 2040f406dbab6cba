"""`ModuleRows`: the cells of NAS-Bench-101, found by the benchmark's own hash."""

from __future__ import annotations

import math
from typing import Any, Mapping, Sequence

import numpy as np

from tfnas.architecture import Architecture
from tfnas.blueprints.nasbench101 import INPUT, OPERATORS, OUTPUT
from tfnas.data.tables.rows import ABSENT, Rows
from tfnas.errors import TableError
from tfnas.spaces.base import SearchSpace
from tfnas.spaces.nasbench101_edits import pruned
from tfnas.spaces.nasbench101_forms import read_matrix, write_text
from tfnas.spaces.nasbench101_hash import module_hash

LARGEST = 7
"""Vertices of the largest cell."""

_OPERATOR_BITS = 2
_PAIRS = [(source, target) for target in range(LARGEST) for source in range(target)]


class ModuleRows(Rows):
    """One row a cell, in the order of the hashes.

    Args:
        space: NAS-Bench-101.
        hashes: The published hashes, high and low half, ascending, uint64. Shape [R, 2].
        cells: What `pack` returns for each cell, uint64. Shape [R].

    Raises:
        TableError: If there are no rows, or a hash is there twice.
    """

    kind = "modules"

    def __init__(self, space: SearchSpace, *, hashes: np.ndarray, cells: np.ndarray) -> None:
        super().__init__(space)
        if not len(hashes):
            raise TableError("rows of a table", expected="at least one row", received="none")
        high = np.ascontiguousarray(hashes[:, 0])  # searching a strided map would copy it each time
        rising = high[:-1] < high[1:]  # so the upper halves alone tell the rows apart
        if not rising.all():
            row = int(np.argmin(rising))
            raise TableError(
                "rows of a table",
                expected="hashes in ascending order that differ in their first 16 digits",
                received=f"{_text(hashes[row + 1])} behind {_text(hashes[row])}",
            )
        self._hashes, self._cells, self._high = hashes, cells, high

    def __len__(self) -> int:
        return len(self._hashes)

    def key(self, arch: Architecture) -> str:
        return self.space.canonical_key(arch)

    def find(self, keys: Sequence[str]) -> np.ndarray:
        wanted = parse_hashes(keys)
        row = np.minimum(np.searchsorted(self._high, wanted[:, 0]), len(self) - 1)
        return np.where((self._hashes[row] == wanted).all(axis=1), row, ABSENT)

    def native(self, row: int) -> str:
        return write_text(*unpack(int(self._cells[row])))

    def arrays(self) -> Mapping[str, np.ndarray]:
        return {"hashes": self._hashes, "cells": self._cells}

    def find_matrix(self, matrix: Any, ops: Sequence[str]) -> int | None:
        """Returns the row of a raw cell, pruned first as the benchmark does; None for one that is not there.

        Args:
            matrix: Adjacency, [N, N] of 0 and 1 above the diagonal.
            ops: N operators, the first ``"input"``, the last ``"output"``.

        Raises:
            InvalidArchitectureError: If these are no adjacency and operators at all.
        """
        cell = pruned(*read_matrix(matrix, ops))
        return None if cell is None else self.row(module_hash(*cell))


def pack(ops: Sequence[str], edges: Sequence[tuple[int, int]]) -> int:
    """Returns a cell of at most seven vertices as one number; `unpack` is the inverse."""
    number = len(ops)
    for position, op in enumerate(ops[1:-1]):
        number |= OPERATORS.index(op) << (3 + _OPERATOR_BITS * position)
    for source, target in edges:
        number |= 1 << (13 + math.comb(target, 2) + source)
    return number


def unpack(number: int) -> tuple[tuple[str, ...], tuple[tuple[int, int], ...]]:
    """Returns the operators and the edges of a cell that `pack` packed."""
    vertices = number & 7
    interior = (OPERATORS[number >> (3 + _OPERATOR_BITS * position) & 3] for position in range(vertices - 2))
    edges = sorted(pair for bit, pair in enumerate(_PAIRS) if number >> (13 + bit) & 1)
    return (INPUT, *interior, OUTPUT), tuple(edges)


def parse_hashes(keys: Sequence[str]) -> np.ndarray:
    """Returns hashes of 32 hexadecimal digits as uint64 halves. Shape [number of keys, 2].

    Raises:
        TableError: If one of them is no such text.
    """
    try:
        raw = bytes.fromhex("".join(keys))
        if len(raw) != 16 * len(keys) or any(len(key) != 32 for key in keys):
            raise ValueError
    except (ValueError, TypeError):
        wrong = next((key for key in keys if not _is_hash(key)), None)
        raise TableError("key", expected="32 hexadecimal digits", received=repr(wrong)) from None
    return np.frombuffer(raw, ">u8").reshape(-1, 2).astype(np.uint64)


def _is_hash(key: Any) -> bool:
    return isinstance(key, str) and len(key) == 32 and all(digit in "0123456789abcdefABCDEF" for digit in key)


def _text(halves: np.ndarray) -> str:
    """Returns one hash as 32 hexadecimal digits."""
    return f"{int(halves[0]):016x}{int(halves[1]):016x}"

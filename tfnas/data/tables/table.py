"""`Table`: what a benchmark measured, one row an architecture."""

from __future__ import annotations

import functools
import hashlib
import os
import re
from dataclasses import InitVar, dataclass
from types import MappingProxyType
from typing import Mapping, Sequence

import numpy as np

from tfnas.architecture import Architecture
from tfnas.data.tables.csv_file import read_csv
from tfnas.data.tables.rows import Rows, TextRows
from tfnas.errors import ConfigError, TableError, UnknownNameError
from tfnas.spaces.base import SearchSpace
from tfnas.trial import Split

BUDGET = "@"
"""What stands between the name of a quantity and the epochs of training: ``"valid_accuracy@108"``."""


@dataclass(frozen=True, eq=False)
class Table:
    """An immutable benchmark table of R rows.

    A column holds one value a row, or up to K repeats of it: independent trainings of the same
    architecture, nan where a row has fewer. Columns of one quantity at several training budgets are
    named ``quantity@epochs``.

    Attributes:
        space: The space of the architectures.
        name: For reports and run logs.
        rows: The architectures; a sequence of their published forms makes `TextRows`.
        columns: Measured values by column name. Shape [R] or [R, K] each; every row has at least one
            finite value.
        splits: Which examples each column was measured on. Sizes, costs and times that were measured on
            none count as training values.
        note: What a reader of any figure from this table must know, as sentences; reports repeat it.
        is_checked: Spares the values of columns that were checked before, so that a map of a large file
            is not read.

    Raises:
        TableError: If there are no rows, an architecture is there twice, a column has another length or
            no finite value in a row, or the columns and the splits differ.
    """

    space: SearchSpace
    name: str
    rows: Rows
    columns: Mapping[str, np.ndarray]
    splits: Mapping[str, Split]
    note: str = ""
    is_checked: InitVar[bool] = False

    def __post_init__(self, is_checked: bool) -> None:
        subject = f"table {self.name!r}"
        if not isinstance(self.rows, Rows):
            object.__setattr__(self, "rows", TextRows(self.space, self.rows))
        if self.columns.keys() != self.splits.keys():
            raise TableError(
                subject,
                expected=f"one split for each of the columns {', '.join(self.columns)}",
                received=f"splits of {', '.join(self.splits) or 'none'}",
            )
        checked = self.columns
        if not is_checked:
            checked = {column: self._checked(column, given) for column, given in self.columns.items()}
        object.__setattr__(self, "columns", MappingProxyType(dict(checked)))
        object.__setattr__(self, "splits", MappingProxyType(dict(self.splits)))

    def _checked(self, column: str, given: np.ndarray) -> np.ndarray:
        values = np.array(given)  # a copy: nobody else can change it
        values = values if values.dtype.kind in "iuf" else values.astype(np.float64)
        values.flags.writeable = False
        fits = values.ndim in (1, 2) and len(values) == len(self.rows)
        there = np.isfinite(values).reshape(len(values), -1) if fits else np.zeros((1, 1), bool)
        if not there.any(axis=1).all() or np.isinf(values).any():
            raise TableError(
                f"column {column!r} of table {self.name!r}",
                expected=f"{len(self.rows)} rows of finite numbers, nan only for repeats that are missing",
                received=f"shape {values.shape}, {np.count_nonzero(~np.isfinite(values))} not finite",
            )
        return values

    @classmethod
    def from_csv(
        cls,
        path: str | os.PathLike[str],
        space: SearchSpace,
        *,
        architecture: str = "arch",
        splits: Mapping[str, Split | str] | None = None,
        columns: Sequence[str] | None = None,
        name: str | None = None,
    ) -> "Table":
        """Reads a CSV file with a header, plain or compressed by gzip.

        Args:
            path: The file.
            space: The space whose published form is in the column `architecture`.
            architecture: Name of that column.
            splits: Split of columns by name. Of any other column, the split is test where "test" is a word
                of its name, else validation; the table's note says so.
            columns: The columns to load. By default all but those in which no value is a number.
            name: Name of the table; by default the file's name up to its first dot.

        Raises:
            TableError: Naming the line, if the file cannot be read or is cut short, has no rows,
                lacks a column, has a line with another number of fields, an architecture that the
                space refuses or that is there twice, or a value that is not a finite number.
            ConfigError: If a split is not one of train, validation and test.
        """
        declared = {column: _split(column, value) for column, value in (splits or {}).items()}
        natives, numbers = read_csv(path, space, architecture, columns, declared)
        assumed = {column: _default_split(column) for column in numbers if column not in declared}
        listed = ", ".join(f"{column} as {split.value}" for column, split in assumed.items())
        return cls(
            space,
            name or os.path.basename(path).partition(".")[0],
            natives,
            numbers,
            {column: declared.get(column) or assumed[column] for column in numbers},
            f"What columns were measured on was taken from their names: {listed}." if assumed else "",
        )

    def __len__(self) -> int:
        return len(self.rows)

    def find(self, arch: Architecture) -> int | None:
        """Returns the row of a member, None where the table has none."""
        return self.rows.row(self.rows.key(arch))

    def column(self, name: str) -> np.ndarray:
        """Returns the values of a column. Shape [R], or [R, K] with nan for missing repeats.

        Raises:
            UnknownNameError: Listing the columns there are.
        """
        try:
            return self.columns[name]
        except (KeyError, TypeError):
            raise UnknownNameError(
                f"column of table {self.name!r}",
                expected=f"one of {', '.join(self.columns) or 'none'}",
                received=repr(name),
            ) from None

    def mean(self, name: str) -> np.ndarray:
        """Returns the mean over the repeats of each row. Float64, shape [R].

        Raises:
            UnknownNameError: Listing the columns there are.
        """
        values = self.column(name)
        return values.astype(np.float64) if values.ndim == 1 else np.nanmean(values, axis=1, dtype=np.float64)

    def budgets(self, name: str) -> Mapping[int, str]:
        """Returns the columns of the same quantity by their epochs, ascending; empty where a name has no epochs."""
        quantity = _parts(name)[0]
        parts = {column: _parts(column) for column in self.columns}
        found = {epochs: column for column, (base, epochs) in parts.items() if epochs and base == quantity}
        return dict(sorted(found.items())) if name in found.values() else {}

    @functools.cached_property
    def checksum(self) -> str:
        """SHA-256 of all there is: the space, the rows, column names, splits and values."""
        digest = hashlib.sha256(self.space.name.encode("utf-8"))
        for name, values in self.rows.arrays().items():
            digest.update(f"\n{name}\n".encode("utf-8"))
            digest.update(np.ascontiguousarray(values).view(np.uint8).data)
        for name, values in self.columns.items():
            digest.update(f"\n{name}\n{self.splits[name].value}\n{values.shape}\n".encode("utf-8"))
            digest.update(np.ascontiguousarray(values, "<f8").view(np.uint8).data)
        return digest.hexdigest()


def _parts(column: str) -> tuple[str, int | None]:
    """Returns the quantity and the epochs of a column's name; None where it has none."""
    quantity, _, epochs = column.rpartition(BUDGET)
    is_number = epochs.isdecimal() and str(int(epochs)) == epochs and epochs != "0"
    return (quantity, int(epochs)) if quantity and is_number else (column, None)


def _default_split(column: str) -> Split:
    return Split.TEST if "test" in re.split(r"[^a-z]+", column.lower()) else Split.VALIDATION


def _split(column: str, value: Split | str) -> Split:
    try:
        return Split(value)
    except ValueError:
        raise ConfigError(
            f"split of column {column!r}",
            expected=f"one of {', '.join(split.value for split in Split)}",
            received=repr(value),
        ) from None

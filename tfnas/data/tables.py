"""`Table`: what a benchmark measured, one row an architecture."""

from __future__ import annotations

import csv
import functools
import gzip
import hashlib
import io
import math
import os
import pathlib
import zlib
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import BinaryIO, Iterator, Mapping, NoReturn, Sequence

import numpy as np

from tfnas.architecture import Architecture
from tfnas.errors import ConfigError, InvalidArchitectureError, TableError, UnknownNameError
from tfnas.spaces.base import SearchSpace
from tfnas.trial import Split

_GZIP = b"\x1f\x8b"


@dataclass(frozen=True, eq=False)
class Table:
    """An immutable benchmark table of R rows, each measured on one published form.

    Isomorphic architectures keep rows of their own, as published: their values differ by the noise
    of training.

    Attributes:
        space: The space of the architectures.
        name: For reports and run logs.
        natives: The architectures as ``space.to_native`` writes them, one a row. Length R.
        columns: Finite measured values by column name, read-only float64. Shape [R] each.
        splits: Which examples each column was measured on.

    Raises:
        TableError: If there are no rows, an architecture is there twice, a column has another
            length or a value that is not finite, or the columns and the splits differ.
    """

    space: SearchSpace
    name: str
    natives: tuple[str, ...]
    columns: Mapping[str, np.ndarray]
    splits: Mapping[str, Split]
    _rows: Mapping[str, int] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        natives = tuple(self.natives)
        rows = {native: row for row, native in enumerate(natives)}
        subject = f"table {self.name!r}"
        if not natives:
            raise TableError(subject, expected="at least one row", received="none")
        if len(rows) < len(natives):
            twice = next(native for row, native in enumerate(natives) if rows[native] != row)
            raise TableError(subject, expected="every architecture once", received=f"{twice!r} in two rows")
        if self.columns.keys() != self.splits.keys():
            raise TableError(
                subject,
                expected=f"one split for each of the columns {', '.join(self.columns)}",
                received=f"splits of {', '.join(self.splits) or 'none'}",
            )
        columns = {}
        for name, given in self.columns.items():
            values = np.array(given, dtype=np.float64)
            if values.shape != (len(natives),) or not np.isfinite(values).all():
                raise TableError(
                    f"column {name!r} of {subject}",
                    expected=f"{len(natives)} finite numbers",
                    received=f"shape {values.shape}, {np.count_nonzero(~np.isfinite(values))} not finite",
                )
            values.flags.writeable = False
            columns[name] = values
        object.__setattr__(self, "natives", natives)
        object.__setattr__(self, "columns", MappingProxyType(columns))
        object.__setattr__(self, "splits", MappingProxyType(dict(self.splits)))
        object.__setattr__(self, "_rows", rows)

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
            splits: Split of columns by name. Of any other column, the split is test where its name
                contains "test", else validation.
            columns: The columns to load. By default all but those in which no value is a number.
            name: Name of the table; by default the file's name up to its first dot.

        Raises:
            TableError: Naming the line, if the file cannot be read or is cut short, has no rows,
                lacks a column, has a line with another number of fields, an architecture that the
                space refuses or that is there twice, or a value that is not a finite number.
            ConfigError: If a split is not one of train, validation and test.
        """
        path = pathlib.Path(path)
        lines = _read_lines(path)
        _, header = next(lines, (0, []))
        header = [column.strip() for column in header]
        wanted = _check_header(path, header, architecture, columns)
        declared = {column: _split(column, value) for column, value in (splits or {}).items()}
        position = header.index(architecture)
        first_line: dict[str, int] = {}
        texts: list[list[str]] = [[] for _ in wanted]
        for line, fields in lines:
            if len(fields) != len(header):
                raise TableError(
                    f"{path}, line {line}",
                    expected=f"{len(header)} fields, as the first line has",
                    received=f"{len(fields)}: {','.join(fields)!r:.120}",
                    remedy="The file may have been cut short: get it again.",
                )
            try:
                native = space.to_native(space.from_native(fields[position]))
            except InvalidArchitectureError as error:
                raise TableError(
                    f"{path}, line {line}, column {architecture!r}",
                    expected=f"an architecture of {space.name}",
                    received=f"{fields[position]!r:.120}",
                    remedy=str(error),
                ) from error
            if native in first_line:
                raise TableError(
                    f"{path}, line {line}",
                    expected="every architecture once",
                    received=f"{native!r} again, after line {first_line[native]}",
                    remedy="Delete one of the two lines.",
                )
            first_line[native] = line
            for index, values in zip(wanted.values(), texts):
                values.append(fields[index])
        if not first_line:
            raise TableError(str(path), expected="at least one row below the first line", received="none")
        numbers = {
            column: _numbers(path, column, values, list(first_line.values()))
            for column, values in zip(wanted, texts)
            if columns is not None or column in declared or _has_number(values)
        }
        unknown = [column for column in declared if column not in numbers]
        if unknown:
            raise TableError(
                f"splits of {path}",
                expected=f"columns that are loaded: {', '.join(numbers)}",
                received=", ".join(map(repr, unknown)),
            )
        return cls(
            space=space,
            name=name or path.name.partition(".")[0],
            natives=tuple(first_line),
            columns=numbers,
            splits={column: declared.get(column, _default_split(column)) for column in numbers},
        )

    def __len__(self) -> int:
        return len(self.natives)

    def find(self, arch: Architecture) -> int | None:
        """Returns the row of a member's published form, None where the table has no such row."""
        return self._rows.get(self.space.to_native(arch))

    def column(self, name: str) -> np.ndarray:
        """Returns the values of a column. Shape [R].

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

    @functools.cached_property
    def checksum(self) -> str:
        """SHA-256 of all that was loaded: architectures, column names, splits and values."""
        digest = hashlib.sha256("\n".join((self.space.name, *self.natives)).encode("utf-8"))
        for name, values in self.columns.items():
            digest.update(f"\n{name}\n{self.splits[name].value}\n".encode("utf-8"))
            digest.update(values.astype("<f8").tobytes())
        return digest.hexdigest()


def _read_lines(path: pathlib.Path) -> Iterator[tuple[int, list[str]]]:
    """Yields (line number, fields) of every line that is not blank."""
    line = 0
    try:
        with open(path, "rb") as raw:
            packed = raw.peek(len(_GZIP)).startswith(_GZIP)
            stream: BinaryIO = gzip.GzipFile(fileobj=raw) if packed else raw  # type: ignore[assignment]
            with io.TextIOWrapper(stream, encoding="utf-8-sig", newline="") as text:
                reader = csv.reader(text, strict=True)
                for fields in reader:
                    line = reader.line_num
                    if fields:
                        yield line, fields
    except FileNotFoundError:
        raise TableError(str(path), expected="a CSV file", received="no such file") from None
    except (OSError, EOFError, zlib.error, UnicodeDecodeError, csv.Error) as error:
        raise TableError(
            f"{path}, after line {line}",
            expected="CSV text in UTF-8, plain or compressed by gzip, to its end",
            received=str(error),
            remedy="The file may be damaged or cut short: get it again.",
        ) from error


def _check_header(
    path: pathlib.Path, header: Sequence[str], architecture: str, columns: Sequence[str] | None
) -> dict[str, int]:
    """Returns the position of each column to load; raises where the header does not have them."""

    def refuse(expected: str, received: str) -> NoReturn:
        raise TableError(f"{path}, line 1", expected=expected, received=received)

    if not header:
        refuse("a line of column names", "an empty file")
    there = f"the columns {', '.join(header)}"
    if isinstance(columns, str):
        raise ConfigError("columns", expected="a sequence of names", received=repr(columns))
    if len(set(header)) < len(header):
        refuse("every column name once", there)
    for column in (architecture, *(columns or ())):
        if column not in header:
            refuse(f"a column {column!r}", there)
    return {column: header.index(column) for column in (columns or header) if column != architecture}


def _numbers(path: pathlib.Path, column: str, texts: Sequence[str], lines: Sequence[int]) -> np.ndarray:
    values = np.array([_number(text) for text in texts])
    wrong = np.flatnonzero(~np.isfinite(values))
    if wrong.size:
        first = int(wrong[0])
        raise TableError(
            f"{path}, line {lines[first]}, column {column!r}",
            expected="a finite number",
            received=f"{texts[first]!r:.60} ({wrong.size} of {len(texts)} values are not one)",
            remedy="Mend the file, or name only the columns that you need, with columns=[...].",
        )
    return values


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return math.nan


def _has_number(texts: Sequence[str]) -> bool:
    return any(math.isfinite(_number(text)) for text in texts)


def _default_split(column: str) -> Split:
    return Split.TEST if "test" in column.lower() else Split.VALIDATION


def _split(column: str, value: Split | str) -> Split:
    try:
        return Split(value)
    except ValueError:
        raise ConfigError(
            f"split of column {column!r}",
            expected=f"one of {', '.join(split.value for split in Split)}",
            received=repr(value),
        ) from None

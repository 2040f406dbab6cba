"""CSV files with one architecture a line."""

from __future__ import annotations

import csv
import gzip
import io
import math
import os
import pathlib
import zlib
from typing import BinaryIO, Collection, Iterator, NoReturn, Sequence

import numpy as np

from tfnas.errors import ConfigError, InvalidArchitectureError, TableError
from tfnas.spaces.base import SearchSpace

_GZIP = b"\x1f\x8b"


def read_csv(
    path: str | os.PathLike[str],
    space: SearchSpace,
    architecture: str,
    columns: Sequence[str] | None,
    needed: Collection[str] = (),
) -> tuple[tuple[str, ...], dict[str, np.ndarray]]:
    """Reads the published forms and the columns of a file; see `tfnas.data.tables.Table.from_csv`.

    Args:
        path: The file, plain or compressed by gzip.
        space: The space of the architectures.
        architecture: Name of their column.
        columns: The columns to load; None for all with a number in them.
        needed: Columns that must be among those.

    Returns:
        The published forms, and float64 values of shape [R] by column.
    """
    path = pathlib.Path(path)
    lines = _read_lines(path)
    _, header = next(lines, (0, []))
    header = [column.strip() for column in header]
    wanted = _check_header(path, header, architecture, columns)
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
        if columns is not None or column in needed or _has_number(values)
    }
    unknown = [column for column in needed if column not in numbers]
    if unknown:
        raise TableError(
            f"splits of {path}",
            expected=f"columns that are loaded: {', '.join(numbers)}",
            received=", ".join(map(repr, unknown)),
        )
    return tuple(first_line), numbers


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

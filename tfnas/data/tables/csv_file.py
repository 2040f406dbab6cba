"""CSV files with one architecture a line."""

from __future__ import annotations

import csv
import gzip
import io
import math
import os
import pathlib
import re
import zlib
from typing import BinaryIO, Collection, Iterator, NoReturn, Sequence

import numpy as np

from tfnas.errors import ConfigError, InvalidArchitectureError, TableError
from tfnas.spaces.base import SearchSpace

_GZIP = b"\x1f\x8b"
_ALMOST_NUMBER = re.compile(r"[+-]?(\d{1,3}(,\d{3})+(\.\d*)?|\d+([.,]\d*)?|[.,]\d+)\s*%?")
"""What people write for a number and `float` does not read: ``93.1%``, ``93,1``, ``45,922``."""
_SEPARATORS = {";": "semicolons", "\t": "tabs"}
_CHOOSE = "name only the columns that you need, with --columns A,B of tfnas data import (in Python columns=[...])"


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
        columns: The columns to load; None for all that are meant to be of numbers.
        needed: Columns that must be among those.

    Returns:
        The published forms, and float64 values of shape [R] by column.
    """
    path = pathlib.Path(path)
    lines = _read_lines(path)
    header = _header(lines)
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
        if columns is not None or column in needed or _is_numeric(values)
    }
    unknown = [column for column in needed if column not in numbers]
    if unknown:
        raise TableError(
            f"splits of {path}",
            expected=f"columns that are loaded: {', '.join(numbers)}",
            received=", ".join(map(repr, unknown)),
        )
    if not numbers:
        raise TableError(
            str(path),
            expected="at least one column of numbers",
            received=f"none among {', '.join(wanted) or 'no other columns'}",
            remedy=f"Numbers are written plainly, such as 93.1; {architecture!r} holds the architectures.",
        )
    return tuple(first_line), numbers


def read_header(path: str | os.PathLike[str]) -> tuple[str, ...]:
    """Returns the column names in the first line of a file, none of an empty file.

    Raises:
        TableError: If the file cannot be read.
    """
    return _header(_read_lines(pathlib.Path(path)))


def _header(lines: Iterator[tuple[int, list[str]]]) -> tuple[str, ...]:
    _, names = next(lines, (0, []))
    return tuple(name.strip() for name in names)


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
    except IsADirectoryError:
        raise TableError(str(path), expected="a CSV file", received="a folder") from None
    except (OSError, EOFError, zlib.error, UnicodeDecodeError, csv.Error) as error:
        raise TableError(
            f"{path}, after line {line}",
            expected="CSV text in UTF-8, plain or compressed by gzip, to its end",
            received=getattr(error, "strerror", None) or str(error),
            remedy="The file may be damaged or cut short: get it again.",
        ) from error


def _check_header(
    path: pathlib.Path, header: Sequence[str], architecture: str, columns: Sequence[str] | None
) -> dict[str, int]:
    """Returns the position of each column to load; raises where the header does not have them."""

    def refuse(expected: str, received: str, remedy: str = "") -> NoReturn:
        raise TableError(f"{path}, line 1", expected=expected, received=received, remedy=remedy)

    if not header:
        refuse("a line of column names", "an empty file")
    there = f"the columns {', '.join(header)}"
    if isinstance(columns, str):
        raise ConfigError("columns", expected="a sequence of names", received=repr(columns))
    if len(set(header)) < len(header):
        refuse("every column name once", there)
    if len(header) == 1 and (found := [name for sign, name in _SEPARATORS.items() if sign in header[0]]):
        refuse("columns with commas between them", there, f"There are {found[0]} instead. Write the file with commas.")
    if architecture not in header:
        refuse(
            f"a column {architecture!r}",
            there,
            "Name the column of architectures with --architecture of tfnas data import (in Python architecture=...).",
        )
    for column in columns or ():
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
            remedy=f"Write plain numbers, such as 93.1, or {_CHOOSE}.",
        )
    return values


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return math.nan


def _is_numeric(texts: Sequence[str]) -> bool:
    """Whether a column was meant to be of numbers: at least one is one, or most are numbers as people write them."""
    if any(math.isfinite(_number(text)) for text in texts):
        return True
    return sum(_ALMOST_NUMBER.fullmatch(text.strip()) is not None for text in texts) > len(texts) / 2

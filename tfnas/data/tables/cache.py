"""Tables on disk: a folder of ``.npy`` files that are mapped into memory, and a manifest with their checksums."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import os
import pathlib
import shutil
import time
import uuid
import zlib
from typing import Any, BinaryIO, Mapping

import numpy as np

from tfnas import spaces
from tfnas.data.tables.modules import ModuleRows
from tfnas.data.tables.rows import Rows, TextRows
from tfnas.data.tables.table import Table
from tfnas.errors import TableError
from tfnas.spaces.base import SearchSpace
from tfnas.trial import Split

MANIFEST = "manifest.json"
FORMAT = 1
BLOCK = 2**20
"""Bytes that share one checksum, so that damage is told by its place."""

_PARTIAL = ".partial"
_LEFTOVER_AGE_S = 24 * 3600.0
_ROWS: Mapping[str, type[Rows]] = {rows.kind: rows for rows in (TextRows, ModuleRows)}
_REMEDY = "Import it again (`tfnas data fetch` or `tfnas data import`)."


def save(table: Table, directory: pathlib.Path, source: Mapping[str, Any]) -> None:
    """Writes a table so that a reader finds all of it, or what was there before, or nothing.

    Everything is written to a folder beside `directory` and forced to the disk. Then the folder gets its
    name, or, where there is a table already, its files move there, the manifest last, which names them.
    Values of float64 are stored as float32 where that loses nothing.

    Args:
        table: The table.
        directory: The folder of its own; a table that is there is replaced.
        source: Where the table comes from, as JSON values; `manifest` returns them.

    Raises:
        TableError: If the folder cannot be written.
    """
    directory = pathlib.Path(directory).absolute()
    token = uuid.uuid4().hex[:8]
    temporary = directory.with_name(f".{directory.name}.{token}{_PARTIAL}")
    try:
        temporary.mkdir(parents=True)
        arrays = {f"rows_{name}": values for name, values in table.rows.arrays().items()}
        arrays |= {f"column_{index}": _compact(values) for index, values in enumerate(table.columns.values())}
        files = {}
        for name, values in arrays.items():
            file_name = f"{name}-{token}.npy"
            with open(temporary / file_name, "wb") as file:
                np.save(file, np.ascontiguousarray(values), allow_pickle=False)
                _force(file)
            files[name] = {"file": file_name, **_sums(temporary / file_name)}
        content = {
            "format": FORMAT,
            "space": _space_name(table.space),
            "name": table.name,
            "note": table.note,
            "rows": len(table),
            "kind": table.rows.kind,
            "columns": {name: table.splits[name].value for name in table.columns},
            "checksum": table.checksum,
            "source": dict(source),
            "files": files,
        }
        with open(temporary / MANIFEST, "wb") as file:
            file.write(json.dumps({**content, "seal": _seal(content)}, indent=1).encode("utf-8"))
            _force(file)
        _force_folder(temporary)
        try:
            os.rename(temporary, directory)
        except OSError as error:
            if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
                raise
            _move_into(temporary, directory)  # there is a table, maybe since a moment ago
        _force_folder(directory.parent)
    except OSError as error:
        raise TableError(
            f"folder {directory}",
            expected="a place that can be written",
            received=error.strerror or str(error),
            remedy="The folder of all data is set by the environment variable TFNAS_DATA_DIR.",
        ) from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    _remove_leftovers(directory)


def exists(directory: pathlib.Path) -> bool:
    """Whether a folder holds a table; a half-written one is none."""
    return (pathlib.Path(directory) / MANIFEST).is_file()


def manifest(directory: pathlib.Path) -> dict[str, Any]:
    """Reads and checks the manifest: space, name, rows, columns with their splits, checksum, source, files.

    Raises:
        TableError: If there is none, it was changed, or another version wrote it.
    """
    path = pathlib.Path(directory) / MANIFEST
    try:
        found = json.loads(path.read_bytes())
        seal = found.pop("seal")
        whole = seal == _seal(found)
    except FileNotFoundError:
        raise TableError(f"table {directory}", expected="a folder with a table", received="none") from None
    except (OSError, ValueError, KeyError, AttributeError, TypeError, RecursionError) as error:
        raise TableError(str(path), expected="a manifest", received=f"damaged: {error}", remedy=_REMEDY) from error
    if not whole:
        raise TableError(str(path), expected="the manifest as it was written", received="a changed one", remedy=_REMEDY)
    if found["format"] != FORMAT:
        raise TableError(str(path), expected=f"format {FORMAT}", received=f"format {found['format']}", remedy=_REMEDY)
    return found


def open_table(directory: pathlib.Path) -> Table:
    """Opens a saved table after checking every byte of it; its values are mapped, not loaded.

    Raises:
        TableError: If the folder holds no table, or a file of it is missing, cut short, longer or
            changed; with the place, in bytes.
        UnknownNameError: If the table's space is not registered in this process.
    """
    directory = pathlib.Path(directory)
    found = manifest(directory)
    try:
        arrays = _map(directory, found)
    except TableError:
        before, found = found, manifest(directory)
        if found == before:
            raise
        arrays = _map(directory, found)  # another process replaced the table meanwhile
    space = spaces.get(found["space"])
    stored = {name.partition("_")[2]: values for name, values in arrays.items() if name.startswith("rows_")}
    columns = found["columns"]
    return Table(
        space,
        found["name"],
        _ROWS[found["kind"]](space, **stored),
        {name: arrays[f"column_{index}"] for index, name in enumerate(columns)},
        {name: Split(split) for name, split in columns.items()},
        found["note"],
        is_checked=True,
    )


def _map(directory: pathlib.Path, found: Mapping[str, Any]) -> dict[str, np.ndarray]:
    arrays = {}
    for name, sums in found["files"].items():
        path = directory / sums["file"]
        _check(path, sums)
        arrays[name] = np.load(path, mmap_mode="r", allow_pickle=False)
    return arrays


def _space_name(space: SearchSpace) -> str:
    """Returns a name by which another process finds a space: one of a user's own by where its class stands."""
    kind = type(space)
    own = not kind.__module__.startswith("tfnas.") and kind.__module__ != "__main__" and "," not in space.name
    return f"{kind.__module__}:{kind.__qualname__}" if own else space.name


def _compact(values: np.ndarray) -> np.ndarray:
    if values.dtype != np.float64:
        return values
    small = values.astype(np.float32)
    return small if np.array_equal(small.astype(np.float64), values, equal_nan=True) else values


def _seal(content: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode("utf-8")).hexdigest()


def _force(file: BinaryIO) -> None:
    file.flush()
    os.fsync(file.fileno())


def _force_folder(path: pathlib.Path) -> None:
    """Forces the names in a folder to the disk, on systems that can."""
    with contextlib.suppress(OSError):
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _sums(path: pathlib.Path) -> dict[str, Any]:
    """Returns the size of a file and the CRC-32 of each of its blocks."""
    with open(path, "rb") as file:
        blocks = [zlib.crc32(block) for block in iter(lambda: file.read(BLOCK), b"")]
    return {"size": path.stat().st_size, "blocks": blocks}


def _check(path: pathlib.Path, expected: Mapping[str, Any]) -> None:
    try:
        received = _sums(path)
    except OSError as error:
        raise TableError(
            str(path), expected="a file of the table", received=error.strerror or str(error), remedy=_REMEDY
        ) from error
    if received["size"] != expected["size"]:
        raise TableError(
            str(path),
            expected=f"{expected['size']} bytes",
            received=f"{received['size']}",
            remedy=_REMEDY,
        )
    for index, (here, there) in enumerate(zip(received["blocks"], expected["blocks"], strict=True)):
        if here != there:
            raise TableError(
                str(path),
                expected="the bytes as they were written",
                received=f"changed ones between byte {index * BLOCK} and {min((index + 1) * BLOCK, received['size'])}",
                remedy=_REMEDY,
            )


def _move_into(temporary: pathlib.Path, directory: pathlib.Path) -> None:
    """Moves a finished table into a folder; up to the last step, the table that is there stays whole."""
    try:
        old = {entry["file"] for entry in manifest(directory)["files"].values()}
    except TableError:
        old = {path.name for path in directory.glob("*.npy")}  # damaged, or what lost its manifest
    for path in sorted(temporary.glob("*.npy")):
        os.rename(path, directory / path.name)
    os.replace(temporary / MANIFEST, directory / MANIFEST)
    for name in old:
        (directory / name).unlink(missing_ok=True)


def _remove_leftovers(directory: pathlib.Path) -> None:
    """Removes what processes left behind that were killed; what is young may be another one's work."""
    named = {entry["file"] for entry in manifest(directory)["files"].values()}
    nameless = [path for path in directory.glob("*.npy") if path.name not in named]
    for leftover in (*nameless, *directory.parent.glob(f".{directory.name}.*{_PARTIAL}")):
        with contextlib.suppress(OSError):
            if time.time() - leftover.stat().st_mtime > _LEFTOVER_AGE_S:
                shutil.rmtree(leftover) if leftover.is_dir() else leftover.unlink()

"""What is here of the catalogue and of the user's own tables, and how it gets here.

A table is read once from its published form and kept in a cache, which opens in no time; the manifest
of the cache names the source and its SHA-256. Images stay as they were published.
"""

from __future__ import annotations

import os
import pathlib
import re
import shlex
import shutil
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Callable, Mapping

from tfnas.data import catalogue, keras_datasets
from tfnas.data.catalogue import Columns, Entry
from tfnas.data.home import data_dir
from tfnas.data.places import (
    existing,
    images_folder,
    is_filled,
    published_file,
    size_of,
    source_checksum,
    table_dir,
)
from tfnas.errors import DataError, DependencyError, TableError
from tfnas.registry import imported

if TYPE_CHECKING:
    from tfnas.data.tables import Table

ReadProgress = Callable[[int, int], None]
"""Called with how much is read so far, and the total."""

TABLE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
"""What the name of a table of one's own may be."""


@dataclass(frozen=True, slots=True)
class Status:
    """What is here of some data.

    Attributes:
        state: ``"ready"``, ``"embedded"``, ``"downloaded"`` (a table that is not imported yet),
            ``"partly downloaded"``, ``"damaged"`` or ``"not here"``.
        size: Bytes on disk; 0 for folders of images, which take long to count.
        path: Where it is, None for what is not here or embedded.
    """

    state: str
    size: int = 0
    path: pathlib.Path | None = None


def own_tables() -> tuple[str, ...]:
    """Returns the names of imported tables that the catalogue does not have, sorted."""
    folder = data_dir() / "tables"
    found = (entry.name for entry in folder.iterdir() if entry.is_dir()) if os.path.isdir(folder) else ()
    return tuple(sorted(name for name in found if TABLE_NAME.fullmatch(name) and name not in catalogue.names()))


def tables() -> tuple[str, ...]:
    """Returns the names of all tables, those of the catalogue first, here or not."""
    return (*(name for name in catalogue.names() if catalogue.get(name).kind == "table"), *own_tables())


def space_of(name: str) -> str:
    """Returns the space of an imported table, empty where its cache is damaged."""
    return str(recorded(name).get("space", ""))


def columns(name: str) -> Columns | None:
    """Returns the columns that a search in a table uses unless it names others, None for a table of one's own.

    Raises:
        UnknownNameError: If there is no such name.
    """
    return None if _known_table(name) in own_tables() else catalogue.get(name).columns


def table(name: str) -> Table:
    """Opens an imported table, of the catalogue or of one's own. One that a package brings is imported when asked for.

    Raises:
        UnknownNameError: If there is no such name.
        DependencyError: If the package that brings it is not installed.
        DataError: Saying what to run, if the table is not imported, and what is wrong with a damaged cache.
    """
    folder = table_dir(_known_table(name))
    if os.path.isdir(folder) or not catalogue.get(name).package:
        return opened(name)
    read, source = read_known(name, package_file(name))
    try:
        save(name, read, source)
    except TableError:  # where nothing can be written, a cache is all that is lost
        return read
    return opened(name)


def is_whole(name: str) -> bool:
    """Whether a table is imported and every byte of its cache is right."""
    try:
        return opened(name) is not None
    except DataError:
        return False


def recorded_source(name: str) -> pathlib.Path | None:
    """Returns the file or folder that a table was imported from, None where that is not known or it is gone."""
    path = recorded(name).get("source", {}).get("path", "")
    return pathlib.Path(path) if path and os.path.exists(path) else None


def status(name: str) -> Status:
    """Returns what is here of a name, by the names and sizes of files; of tables, no value is read.

    Raises:
        UnknownNameError: If there is no such name.
    """
    folder = table_dir(name)
    if name in own_tables() or (entry_of(name).kind == "table" and os.path.isdir(folder)):
        return Status("ready" if _has_all_files(name) else "damaged", size_of(folder), folder)
    entry = catalogue.get(name)
    if entry.keras:
        path = keras_datasets.stored(name)
        return Status("ready", size_of(path), path) if path else Status("not here")
    if entry.file is None:
        return Status("embedded")
    source = published_file(entry)
    if entry.kind == "images" and is_filled(folder := images_folder(entry)):
        return Status("ready", 0, folder)
    if is_filled(source):
        return Status("ready" if entry.package else "downloaded", size_of(source), source)
    part = source.with_name(f"{source.name}.part")
    return Status("partly downloaded", part.stat().st_size, part) if os.path.isfile(part) else Status("not here")


def import_known(
    name: str,
    path: str | os.PathLike[str],
    *,
    sha256: str | None = None,
    on_read: ReadProgress | None = None,
) -> pathlib.Path:
    """Reads a table of the catalogue from the user's own download into the cache.

    Args:
        name: Of the catalogue.
        path: The published file or folder.
        sha256: Of the source, where it is known already.
        on_read: Called with how much of the table is read, and the total.

    Returns:
        The folder of the cache.

    Raises:
        UnknownNameError: If there is no such name, or it is that of images.
        DataError: If the file is missing, is another one than was published, or cannot be read.
    """
    return save(name, *read_known(name, path, sha256=sha256, on_read=on_read))


def read_known(
    name: str,
    path: str | os.PathLike[str],
    *,
    sha256: str | None = None,
    on_read: ReadProgress | None = None,
) -> tuple[Table, Mapping[str, Any]]:
    """Reads a table of the catalogue as `import_known` does, and returns what `save` takes after the name."""
    if name not in catalogue.names() or catalogue.get(name).kind != "table":
        known = tuple(table for table in tables() if table in catalogue.names())
        raise catalogue.unknown("table of the catalogue", name, known)
    entry = catalogue.get(name)
    source = existing(path)
    found = sha256 or source_checksum(source)
    if entry.file.sha256 not in (None, found):
        raise DataError(
            str(source),
            expected=f"{entry.file.name} as it was published, SHA-256 {entry.file.sha256}",
            received=f"SHA-256 {found}, {size_of(source):,} bytes",
            remedy=f"The file is damaged, cut short or another one. Get it again: tfnas data fetch {name}",
        )
    return imported(entry.reader)(source, on_progress=on_read), about(source, found, entry.reader)


def save(name: str, read: Table, source: Mapping[str, Any]) -> pathlib.Path:
    """Writes a table that was read into the cache, and returns its folder.

    Raises:
        TableError: If it cannot be written.
    """
    from tfnas.data.tables import cache

    cache.save(read, table_dir(name), source)
    return table_dir(name)


def remove(name: str) -> int:
    """Removes an imported table, of the catalogue or of one's own; what it was imported from stays.

    Returns:
        The number of bytes that are free now.

    Raises:
        UnknownNameError: If there is no such name.
        DataError: If it is not imported, or the folder cannot be changed.
    """
    folder = table_dir(_known_table(name))
    if not os.path.isdir(folder):
        raise DataError(f"table {name!r}", expected="an imported table", received="none")
    size = size_of(folder)
    leaving = folder.with_name(f".{name}.{uuid.uuid4().hex[:8]}.partial")
    try:
        os.rename(folder, leaving)  # in one step, so that an interruption leaves no half of a table
        shutil.rmtree(leaving)
    except OSError as error:
        raise DataError(
            f"folder {folder}", expected="a place that can be written", received=error.strerror or str(error)
        ) from error
    return size


def opened(name: str) -> Table:
    """Opens the cache of a table; raises `DataError`, saying what to run, where there is none."""
    from tfnas.data.tables import cache

    folder = table_dir(name)
    if os.path.isfile(folder / cache.MANIFEST):
        return cache.open_table(folder)
    raise DataError(
        f"table {name!r}", expected=f"an imported table in {folder}", received=status(name).state, remedy=again(name)
    )


def recorded(name: str) -> Mapping[str, Any]:
    """Returns the manifest of an imported table, nothing where it is damaged."""
    from tfnas.data.tables import cache

    try:
        return cache.manifest(table_dir(name))
    except TableError:
        return {}


def _has_all_files(name: str) -> bool:
    """Whether a table's manifest is right, and its files are there and of the right size."""
    files = recorded(name).get("files", {}).values()
    try:
        return bool(files) and all((table_dir(name) / file["file"]).stat().st_size == file["size"] for file in files)
    except OSError:
        return False


def about(source: pathlib.Path, sha256: str, reader: str) -> Mapping[str, Any]:
    """Returns what the cache of a table says about its source."""
    return {"path": str(source), "sha256": sha256, "size": size_of(source), "reader": reader}


def entry_of(name: str) -> Entry:
    """Returns an entry of the catalogue; the error lists own tables too."""
    if name not in catalogue.names():
        raise catalogue.unknown("name of data", name, (*catalogue.names(), *own_tables()))
    return catalogue.get(name)


def _known_table(name: str) -> str:
    if name not in tables():
        raise catalogue.unknown("table", name, tables())
    return name


def package_file(name: str) -> pathlib.Path:
    """Returns the file of a table in the package that brings it.

    Raises:
        DependencyError: If the package is not installed.
    """
    entry = catalogue.get(name)
    path = published_file(entry)
    if not os.path.exists(path):
        raise DependencyError(
            f"table {name!r}",
            expected=f"the package that brings it, {entry.package}",
            received="none",
            remedy=f"{entry.manual}. Or give another table with --table.",
        )
    return path


def published_folder(name: str) -> pathlib.Path:
    """Returns the folder of images that are known by name.

    Raises:
        DataError: Saying what to run, if it is not here.
    """
    folder = images_folder(catalogue.get(name))
    if not is_filled(folder):
        raise DataError(f"images {name!r}", expected=f"a folder {folder}", received="none", remedy=again(name))
    return folder


def again(name: str) -> str:
    """Returns what brings data here, again or for the first time, as a sentence."""
    if name in catalogue.names():
        return f"Run: tfnas data fetch {name}"
    return f"Import it again, with the options of the first time: {import_words(name)}"


def import_words(name: str) -> str:
    """Returns the command that imports a table from where it came from, as far as its manifest tells it."""
    source = recorded(name).get("source", {}).get("path", "FILE.csv")
    if name in catalogue.names():
        return shlex.join(["tfnas", "data", "import", name, source])
    options = ["--space", space_of(name) or "SPACE", "--name", name, "--replace"]
    return shlex.join(["tfnas", "data", "import", source, *options])

"""What is here of the catalogue and of the user's own tables, and how it gets here.

A table is read once from its published form and kept in a cache, which opens in no time; the manifest
of the cache names the source and its SHA-256. Images stay as they were published.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import pathlib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Callable, Mapping

from tfnas.data import catalogue
from tfnas.data.catalogue import Columns, Entry
from tfnas.data.home import data_dir
from tfnas.errors import ConfigError, DataError, DependencyError, UnknownNameError
from tfnas.registry import imported

if TYPE_CHECKING:
    from tfnas.data.tables import Table

ReadProgress = Callable[[int, int], None]
"""Called with how much is read so far, and the total."""

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


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


def table_dir(name: str) -> pathlib.Path:
    """Returns the folder of a table's cache. It need not exist."""
    return data_dir() / "tables" / name


def own_tables() -> tuple[str, ...]:
    """Returns the names of imported tables that the catalogue does not have, sorted."""
    folder = data_dir() / "tables"
    found = (entry.name for entry in folder.iterdir() if entry.is_dir()) if folder.is_dir() else ()
    return tuple(sorted(name for name in found if _NAME.fullmatch(name) and name not in catalogue.names()))


def space_of(name: str) -> str:
    """Returns the space of an imported table, empty where its cache is damaged."""
    from tfnas.data.tables import cache

    folder = table_dir(name)
    return str(cache.manifest(folder)["space"]) if cache.exists(folder) else ""


def columns(name: str) -> Columns | None:
    """Returns the columns that a search in a table uses unless it names others, None for a table of one's own.

    Raises:
        UnknownNameError: If there is no such name.
    """
    return None if name in own_tables() else catalogue.get(_known_table(name)).columns


def table(name: str) -> Table:
    """Opens an imported table, of the catalogue or of one's own. One that a package brings is imported when asked for.

    Raises:
        UnknownNameError: If there is no such name.
        DependencyError: If the package that brings it is not installed.
        DataError: Saying what to run, if the table is not imported, and what is wrong with a damaged cache.
    """
    from tfnas.data.tables import cache

    folder = table_dir(_known_table(name))
    if not cache.exists(folder) and name not in own_tables() and catalogue.get(name).package:
        entry = catalogue.get(name)
        if not published_file(entry).exists():
            raise DependencyError(
                f"table {name!r}",
                expected=f"the package that brings it, {entry.package}",
                received="none",
                remedy=f"{entry.manual}. Or give another table with --table.",
            )
        import_known(name, published_file(entry))
    if not cache.exists(folder):
        raise DataError(
            f"table {name!r}",
            expected=f"an imported table in {folder}",
            received=status(name).state,
            remedy="Import it again: tfnas data import FILE.csv" if name in own_tables() else _run_fetch(name),
        )
    return cache.open_table(folder)


def status(name: str) -> Status:
    """Returns what is here of a name, without reading it.

    Raises:
        UnknownNameError: If there is no such name.
    """
    from tfnas.data.tables import cache

    folder = table_dir(name)
    if name in own_tables() or (catalogue.get(name).kind == "table" and folder.exists()):
        return Status("ready" if cache.exists(folder) else "damaged", _bytes(folder), folder)
    entry = catalogue.get(name)
    if entry.keras:
        path = keras_folder() / entry.keras
        return Status("ready", _bytes(path), path) if path.exists() else Status("not here")
    if entry.file is None:
        return Status("embedded")
    if entry.kind == "images":
        folder = images_folder(entry)
        if folder.is_dir():
            return Status("ready", 0, folder)
    source = published_file(entry)
    if source.exists():
        return Status("downloaded", _bytes(source), source)
    part = source.with_name(f"{source.name}.part")
    return Status("partly downloaded", part.stat().st_size, part) if part.is_file() else Status("not here")


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
        UnknownNameError: If there is no such name.
        DataError: If the name is not a table's, the file is missing, is another one than was
            published, or cannot be read.
    """
    entry = catalogue.get(name)
    if entry.reader is None or entry.file is None:
        raise DataError(
            f"import of {name!r}",
            expected="the name of a table",
            received="images",
            remedy="Images are read where they are: tfnas search --data FOLDER",
        )
    source = _existing(path)
    found = sha256 or source_checksum(source)
    if entry.file.sha256 not in (None, found):
        raise DataError(
            str(source),
            expected=f"{entry.file.name} as it was published, SHA-256 {entry.file.sha256}",
            received=f"SHA-256 {found}, {_bytes(source):,} bytes",
            remedy=f"The file is damaged, cut short or another one. Get it again: tfnas data fetch {name}",
        )
    return _save(imported(entry.reader)(source, on_progress=on_read), name, source, found, entry.reader)


def import_csv(
    path: str | os.PathLike[str],
    space: str,
    *,
    name: str | None = None,
    splits: Mapping[str, str] | None = None,
    architecture: str = "arch",
) -> pathlib.Path:
    """Reads a CSV table of one's own into the cache. An older one of the same name is replaced.

    Args:
        path: The file; see `tfnas.data.tables.Table.from_csv`.
        space: Search space, with its options behind commas.
        name: The table's name; by default the file's up to its first dot.
        splits: ``"train"``, ``"validation"`` or ``"test"`` by column.
        architecture: Column of the architectures.

    Returns:
        The folder of the cache.

    Raises:
        ConfigError: If the name is the catalogue's, or cannot be a folder's.
        DataError: If the file is missing or cannot be read.
    """
    from tfnas import spaces
    from tfnas.data.tables import Table

    source = _existing(path)
    name = name or source.name.partition(".")[0]
    if name in catalogue.names() or not _NAME.fullmatch(name):
        raise ConfigError(
            f"table name {name!r}",
            expected="letters, digits, '.', '_' and '-', and no name of the catalogue",
            received=repr(name),
            remedy="Give another one with --name.",
        )
    read = Table.from_csv(source, spaces.get(space), splits=splits, name=name, architecture=architecture)
    return _save(read, name, source, source_checksum(source), "csv")


def check(name: str) -> str:
    """Checks every checksum of an imported table, or of downloaded images, and the source if it is still there.

    Returns:
        What was checked, a line.

    Raises:
        UnknownNameError: If there is no such name.
        DataError: Saying what is wrong.
    """
    from tfnas.data.tables import cache

    if name not in own_tables() and (entry := catalogue.get(name)).kind == "images":
        return _check_images(entry)
    read = table(name)
    source = cache.manifest(table_dir(name))["source"]
    path = pathlib.Path(source["path"])
    line = f"{len(read):,} rows, {len(read.columns)} columns, all checksums right"
    if not path.exists():
        return f"{line}; its source {path} is no longer there"
    _compare(path, source["sha256"], f"The table {name!r} is whole, but its source has changed: import it again.")
    return f"{line}; so is its source {path}"


def source_checksum(path: pathlib.Path) -> str:
    """Returns the SHA-256 of a file; of a folder, that of its files' sorted relative names and SHA-256s."""
    if path.is_file():
        with open(path, "rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    digest = hashlib.sha256()
    for file in sorted(file for file in path.rglob("*") if file.is_file()):
        digest.update(f"{file.relative_to(path).as_posix()}\0{source_checksum(file)}\n".encode())
    return digest.hexdigest()


def _save(read: Table, name: str, source: pathlib.Path, sha256: str, reader: str) -> pathlib.Path:
    from tfnas.data.tables import cache

    about: dict[str, Any] = {"path": str(source), "sha256": sha256, "size": _bytes(source), "reader": reader}
    cache.save(read, table_dir(name), about)
    return table_dir(name)


def _known_table(name: str) -> str:
    if name not in own_tables() and catalogue.get(name).kind != "table":
        raise UnknownNameError("table", expected="a table of tfnas data list", received=f"{name!r}, images")
    return name


def _existing(path: str | os.PathLike[str]) -> pathlib.Path:
    source = pathlib.Path(os.path.abspath(os.path.expanduser(path)))
    if not source.exists():
        raise DataError(str(source), expected="a file or folder", received="nothing of this name")
    return source


def published_file(entry: Entry) -> pathlib.Path:
    """Returns where the published file of an entry that has one is, or goes: in the package that brings it, or here."""
    name = entry.file.name if entry.file else ""
    if entry.package:
        spec = importlib.util.find_spec(entry.package)
        if spec is not None and spec.submodule_search_locations:
            return pathlib.Path(spec.submodule_search_locations[0]) / name
    return data_dir() / "downloads" / name


def published_folder(name: str) -> pathlib.Path:
    """Returns the folder of images that are known by name.

    Raises:
        DataError: Saying what to run, if it is not here.
    """
    folder = images_folder(catalogue.get(name))
    if not folder.is_dir():
        raise DataError(f"images {name!r}", expected=f"a folder {folder}", received="none", remedy=_run_fetch(name))
    return folder


def images_folder(entry: Entry) -> pathlib.Path:
    """Returns the folder of images that were published as an archive or as a folder."""
    return published_file(entry).with_suffix("")


def keras_folder() -> pathlib.Path:
    """Returns where Keras keeps the images that it downloads."""
    home = os.environ.get("KERAS_HOME") or os.path.join(os.path.expanduser("~"), ".keras")
    return pathlib.Path(home) / "datasets"


def _check_images(entry: Entry) -> str:
    here = status(entry.name)
    if here.state not in ("ready", "embedded", "downloaded"):
        raise DataError(f"images {entry.name!r}", expected="images", received=here.state, remedy=_run_fetch(entry.name))
    archive = published_file(entry)
    if entry.file is None or entry.file.sha256 is None or not archive.is_file():
        return f"{here.state}; there is no archive with a published checksum to compare"
    _compare(archive, entry.file.sha256, f"Delete it. {_run_fetch(entry.name)}")
    return "the archive's checksum is right"


def _compare(path: pathlib.Path, sha256: str, remedy: str) -> None:
    found = source_checksum(path)
    if found != sha256:
        raise DataError(str(path), expected=f"SHA-256 {sha256}", received=f"SHA-256 {found}", remedy=remedy)


def _run_fetch(name: str) -> str:
    return f"Run: tfnas data fetch {name}"


def _bytes(path: pathlib.Path) -> int:
    if path.is_file():
        return path.stat().st_size
    return sum(file.stat().st_size for file in path.rglob("*") if file.is_file())

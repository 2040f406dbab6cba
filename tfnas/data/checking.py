"""Checking what is here against the checksums that were recorded or published."""

from __future__ import annotations

import os
import pathlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tfnas.data import store
from tfnas.data.catalogue import Entry
from tfnas.data.places import published_file, source_checksum, table_dir
from tfnas.errors import DataError

if TYPE_CHECKING:
    from tfnas.data.tables import Table


@dataclass(frozen=True, slots=True)
class Checked:
    """What `check` found right.

    Attributes:
        line: What was compared, for people.
        compared: Whether anything was.
        table: The table, None for images and for a table that is not imported.
    """

    line: str
    compared: bool
    table: Table | None = None


def check(name: str) -> Checked:
    """Checks every checksum of an imported table, or of what was downloaded, and of a source that is still there.

    Nothing is imported or written.

    Raises:
        UnknownNameError: If there is no such name.
        DataError: Saying what is wrong.
    """
    if name not in store.tables() or not os.path.isdir(table_dir(name)):
        return _check_published(store.entry_of(name))
    read = store.opened(name)
    source = store.recorded(name).get("source", {})
    line = f"{len(read):,} rows, all checksums right"
    if "path" not in source:
        return Checked(f"{line}; its source is not known", True, read)
    path = pathlib.Path(source["path"])
    if not os.path.exists(path):
        return Checked(f"{line}; its source {path} is no longer there", True, read)
    whole = f"The table {name!r} is whole, but its source has changed. Delete that, or import it again"
    _compare(path, source["sha256"], f"{whole}: {store.import_words(name)}")
    return Checked(f"{line}; so is its source {path}", True, read)


def _check_published(entry: Entry) -> Checked:
    here = store.status(entry.name)
    if here.state not in ("ready", "embedded", "downloaded"):
        raise DataError(
            f"{entry.kind} {entry.name!r}", expected="a download", received=here.state, remedy=store.again(entry.name)
        )
    imported_later = "not imported yet; " if entry.kind == "table" else ""
    if entry.file is None or entry.file.sha256 is None or not os.path.isfile(published_file(entry)):
        return Checked(f"{imported_later}no file with a published checksum is here", False)
    source = published_file(entry)
    remedy = f"Install {entry.package} again." if entry.package else f"Delete it. {store.again(entry.name)}"
    _compare(source, entry.file.sha256, remedy)
    return Checked(f"{imported_later}{source} has its published checksum", True)


def _compare(path: pathlib.Path, sha256: str, remedy: str) -> None:
    found = source_checksum(path)
    if found != sha256:
        raise DataError(str(path), expected=f"SHA-256 {sha256}", received=f"SHA-256 {found}", remedy=remedy)

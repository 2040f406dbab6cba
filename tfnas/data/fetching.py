"""Gets data: known by name, by our download, by Keras's, from a package, or by words for people; and CSV tables."""

from __future__ import annotations

import os
import pathlib
import shutil
import zipfile
from typing import TYPE_CHECKING, Any, Mapping, Sequence

from tfnas.data import catalogue, download, keras_datasets, places, store
from tfnas.data.catalogue import Entry
from tfnas.data.home import is_offline
from tfnas.errors import ConfigError, DataError, TfnasError

if TYPE_CHECKING:
    from tfnas.data.tables import Table

_FILES = (".csv", ".gz")
"""Ends of names that ``tfnas search --table`` takes for a file."""


def fetch(
    name: str,
    *,
    offline: bool | None = None,
    on_download: download.Progress | None = None,
    on_read: store.ReadProgress | None = None,
) -> pathlib.Path | None:
    """Gets data that is known by name: downloads it, and imports a table. What is here and whole stays as it is.

    Every byte of an imported table is checked. A damaged one is imported again, from the file that it came
    from or a new download. A download without a published checksum that cannot be read is put aside.

    Args:
        name: Of the catalogue.
        offline: Forbids the network; by default `tfnas.data.home.is_offline` decides.
        on_download: Called with bytes here and their total.
        on_read: Called with how much of a table is read, and the total.

    Returns:
        Where the data is now, None for embedded data.

    Raises:
        UnknownNameError: If there is no such name.
        DataError: If it cannot be downloaded, saying what to get, from where, and what to run then; or
            if what came cannot be read.
    """
    if name in store.own_tables():
        raise DataError(
            f"fetch of {name!r}", expected="published data", received="a table of your own", remedy=store.again(name)
        )
    entry = catalogue.get(name)
    offline = is_offline() if offline is None else offline
    if entry.kind == "table":
        return _fetch_table(entry, offline, on_download, on_read)
    here = store.status(name)
    if here.state in ("ready", "embedded"):
        return here.path
    if entry.keras:
        return _fetch_by_keras(entry, offline)
    source = places.published_file(entry)
    if entry.file.urls:
        _download(entry, source, offline, on_download)
    elif here.state != "downloaded":
        raise _by_hand(entry, source)
    return _unpack(source, places.images_folder(entry), on_read)


def import_csv(
    path: str | os.PathLike[str],
    space: str,
    *,
    name: str | None = None,
    splits: Mapping[str, str] | None = None,
    architecture: str = "arch",
    columns: Sequence[str] | None = None,
    replace: bool = False,
) -> pathlib.Path:
    """Reads a CSV table of one's own into the cache.

    Args:
        path: The file; see `tfnas.data.tables.Table.from_csv`.
        space: Search space, with its options behind commas.
        name: The table's name; by default the file's up to its first dot.
        splits: ``"train"``, ``"validation"`` or ``"test"`` by column.
        architecture: Column of the architectures.
        columns: The columns to load; by default all of numbers.
        replace: Whether a table of the same name may be replaced.

    Returns:
        The folder of the cache.

    Raises:
        ConfigError: If the name is the catalogue's, cannot be a folder's, would be taken for a file, or is that
            of a table that is here and must not be replaced.
        DataError: If the file is missing or cannot be read.
    """
    from tfnas import spaces
    from tfnas.data.tables import Table

    source = places.existing(path)
    name = name or source.name.partition(".")[0]
    if name in catalogue.names() or not store.TABLE_NAME.fullmatch(name) or name.lower().endswith(_FILES):
        raise ConfigError(
            f"table name {name!r}",
            expected=f"letters, digits, '.', '_' and '-', no end in {' or '.join(_FILES)}, no name of the catalogue",
            received=repr(name),
            remedy="Give another one with --name.",
        )
    if os.path.isdir(places.table_dir(name)) and not replace:
        raise ConfigError(
            f"table name {name!r}",
            expected="a name that is free",
            received="that of a table that is here",
            remedy="Give another one with --name, or replace the table with --replace (in Python replace=True).",
        )
    read = Table.from_csv(
        source, spaces.get(space), architecture=architecture, splits=splits, columns=columns, name=name
    )
    return store.save(name, read, store.about(source, places.source_checksum(source), "csv"))


def _fetch_table(
    entry: Entry, offline: bool, on_download: download.Progress | None, on_read: store.ReadProgress | None
) -> pathlib.Path:
    if store.is_whole(entry.name):
        return places.table_dir(entry.name)
    source = places.published_file(entry)
    elsewhere = None if os.path.exists(source) else store.recorded_source(entry.name)
    if elsewhere is not None:
        try:
            return store.import_known(entry.name, elsewhere, on_read=on_read)
        except DataError:
            if not entry.file.urls:
                raise
    if entry.file.urls:
        return store.save(entry.name, *_downloaded_table(entry, source, offline, on_download, on_read))
    if not os.path.exists(source):
        raise _by_hand(entry, source)
    return store.import_known(entry.name, source, on_read=on_read)


def _downloaded_table(
    entry: Entry,
    source: pathlib.Path,
    offline: bool,
    on_download: download.Progress | None,
    on_read: store.ReadProgress | None,
) -> tuple[Table, Mapping[str, Any]]:
    """Reads a table from its download, a second one where the first cannot be read, as a page in its place."""
    was_here = os.path.exists(source)
    sha256 = _download(entry, source, offline, on_download)
    try:
        return store.read_known(entry.name, source, sha256=sha256, on_read=on_read)
    except DataError as error:
        if entry.file.sha256 is not None or offline:
            raise  # another download would be the same, or there is none
        aside = source.with_name(f"{source.name}.unreadable")
        try:
            os.replace(source, aside)
        except OSError:
            raise error from None
        if was_here:
            return _downloaded_table(entry, source, offline, on_download, on_read)
        raise DataError(
            error.subject,
            expected=error.expected,
            received=error.received,
            remedy=f"What came is kept as {aside}. Try again later, or get the file elsewhere and run: "
            f"tfnas data import {entry.name} {entry.file.name}",
        ) from error


def _download(entry: Entry, source: pathlib.Path, offline: bool, on_download: download.Progress | None) -> str:
    return download.fetch(
        entry.file.urls,
        source,
        sha256=entry.file.sha256,
        size=entry.file.size,
        offline=offline,
        on_progress=on_download,
    )


def _fetch_by_keras(entry: Entry, offline: bool) -> pathlib.Path | None:
    from tfnas.data.load import load

    folder, run = keras_datasets.folder(), f"tfnas data fetch {entry.name}"
    if offline:
        raise DataError(
            f"images {entry.name!r}",
            expected=f"Keras's {' and '.join(keras_datasets.wanted(entry.name))} in {folder}",
            received="not all of it, whole, and the network is switched off",
            remedy=f"Copy it from a machine where this was run, or allow the network and run it here: {run}",
        )
    try:
        load(entry.name)
    except TfnasError:
        raise
    except Exception as error:  # Keras raises plain exceptions for a failed download
        raise DataError(
            f"images {entry.name!r}",
            expected="a download by Keras",
            received=f"{type(error).__name__}: {error}",
            remedy=f"Is there a network? Then run again: {run}",
        ) from error
    return store.status(entry.name).path


def _by_hand(entry: Entry, target: pathlib.Path) -> DataError:
    run = f"tfnas data fetch {entry.name}"
    if entry.package is None:
        move = f"{download.move_words(target)} && tfnas search --data {entry.name}"
        run = f"tfnas data import {entry.name} {target.name}" if entry.kind == "table" else move
    return DataError(
        f"{entry.kind} {entry.name!r}",
        expected="a package that is installed" if entry.package else "a download of your own",
        received="none; it cannot be downloaded automatically",
        remedy=f"\n  {entry.manual}\n  Then run: {run}",
    )


def _unpack(archive: pathlib.Path, folder: pathlib.Path, on_read: store.ReadProgress | None) -> pathlib.Path:
    """Unpacks a zip archive whose members are all in one folder of the name of `folder`."""
    new = folder.with_name(f"{folder.name}.new")
    shutil.rmtree(new, ignore_errors=True)
    try:
        with zipfile.ZipFile(archive) as file:
            members = file.infolist()
            needed = sum(member.file_size for member in members)
            download.check_space(folder.parent, needed)
            for member in members:
                if not (new / member.filename).resolve().is_relative_to((new / folder.name).resolve()):
                    raise DataError(
                        str(archive), expected=f"files in {folder.name}/ only", received=repr(member.filename)
                    )
            for count, member in enumerate(members, 1):
                file.extract(member, new)
                if on_read is not None:
                    on_read(count, len(members))
        os.replace(new / folder.name, folder)
    except (zipfile.BadZipFile, OSError) as error:
        received = getattr(error, "strerror", None) or str(error)
        raise DataError(str(archive), expected="a complete zip archive", received=received) from error
    finally:
        shutil.rmtree(new, ignore_errors=True)
    return folder

"""Gets data that is known by name: by our download, by Keras's, from a package, or by words for people."""

from __future__ import annotations

import os
import pathlib
import shutil
import zipfile

from tfnas.data import catalogue, download, store
from tfnas.data.catalogue import Entry
from tfnas.data.home import is_offline
from tfnas.errors import DataError, TfnasError


def fetch(
    name: str,
    *,
    offline: bool | None = None,
    on_download: download.Progress | None = None,
    on_read: store.ReadProgress | None = None,
) -> pathlib.Path | None:
    """Gets data that is known by name: downloads it, and imports a table. What is here stays as it is.

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
    entry = catalogue.get(name)
    here = store.status(name)
    if here.state in ("ready", "embedded"):
        return here.path
    if entry.file is None:
        return _fetch_by_keras(entry, offline)
    source = store.published_file(entry)
    was_here = source.exists()
    if entry.file.urls:
        sha256 = download.fetch(
            entry.file.urls,
            source,
            sha256=entry.file.sha256,
            size=entry.file.size,
            offline=offline,
            on_progress=on_download,
        )
    elif was_here:
        sha256 = None
    else:
        raise _by_hand(entry, source)
    if entry.kind == "images":
        return _unpack(source, store.images_folder(entry), on_read)
    try:
        return store.import_known(name, source, sha256=sha256, on_read=on_read)
    except DataError:
        if not was_here:
            source.unlink()  # without a known checksum, a page in its place would be taken for it ever after
        raise


def _fetch_by_keras(entry: Entry, offline: bool | None) -> pathlib.Path | None:
    from tfnas.data.load import load

    if is_offline() if offline is None else offline:
        raise DataError(
            f"images {entry.name!r}",
            expected=f"Keras's download at {store.keras_folder() / str(entry.keras)}",
            received="nothing there, and the network is switched off",
            remedy=f"Copy it from a machine that has it, or allow the network and run: tfnas data fetch {entry.name}",
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
            remedy=f"Is there a network? Then run again: tfnas data fetch {entry.name}",
        ) from error
    return store.status(entry.name).path


def _by_hand(entry: Entry, target: pathlib.Path) -> DataError:
    run = f"tfnas data fetch {entry.name}"
    if entry.package is None:
        move = f"mv {target.name} {target.parent}{os.sep} && tfnas search --data {entry.name}"
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
        raise DataError(str(archive), expected="a complete zip archive", received=str(error)) from error
    finally:
        shutil.rmtree(new, ignore_errors=True)
    return folder

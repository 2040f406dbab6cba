"""Where data is, or goes: downloads, files of packages, caches of tables."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import pathlib

from tfnas.data.catalogue import Entry
from tfnas.data.home import data_dir
from tfnas.errors import DataError


def table_dir(name: str) -> pathlib.Path:
    """Returns the folder of a table's cache. It need not exist."""
    return data_dir() / "tables" / name


def existing(path: str | os.PathLike[str]) -> pathlib.Path:
    """Returns the whole path of a file or folder; raises `DataError` where there is none."""
    source = pathlib.Path(os.path.abspath(os.path.expanduser(path)))
    if not os.path.exists(source):
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


def images_folder(entry: Entry) -> pathlib.Path:
    """Returns the folder of images that were published as an archive or as a folder."""
    return published_file(entry).with_suffix("")


def source_checksum(path: pathlib.Path) -> str:
    """Returns the SHA-256 of a file; of a folder, that of its files' sorted relative names and SHA-256s."""
    if os.path.isfile(path):
        with open(path, "rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    digest = hashlib.sha256()
    for file in sorted(file for file in path.rglob("*") if file.is_file()):
        digest.update(f"{file.relative_to(path).as_posix()}\0{source_checksum(file)}\n".encode())
    return digest.hexdigest()


def is_filled(path: pathlib.Path) -> bool:
    """Whether a path is a file, or a folder with something in it."""
    return os.path.isfile(path) or (os.path.isdir(path) and any(path.iterdir()))


def size_of(path: pathlib.Path) -> int:
    """Returns the bytes of a file, or of all files in a folder."""
    if os.path.isfile(path):
        return path.stat().st_size
    return sum(file.stat().st_size for file in path.rglob("*") if file.is_file())

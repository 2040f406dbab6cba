"""Decoded images on disk, so that a folder is decoded once.

A copy that a newer one of the same folder replaces is removed. So each folder, size of images and choice of
classes has one copy at most, for as long as nobody clears them.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import pathlib
import re
import shutil
import tempfile
import time
import zlib
from dataclasses import asdict
from typing import Any, Iterator, Mapping, Sequence

import numpy as np

from tfnas.data.decoding import Form
from tfnas.data.home import data_dir
from tfnas.errors import DataError

_VERSION = 2
"""Grows when decoding gives other pixels, or the files below look different."""
_PART = 1 << 24
"""Bytes that are read or written at once."""
_TEMPORARY = ".part-"
_NAME = re.compile(rf"[0-9a-f]{{32}}|{re.escape(_TEMPORARY)}.*")
_ABANDONED_S = 24 * 3600
"""Seconds after which nobody can still be writing a temporary folder."""


def origin_of(root: pathlib.Path, form: Form, classes: Sequence[str] | None) -> dict[str, Any]:
    """Returns what a decoded folder is a copy of, as JSON values, whatever the files in it are at the moment.

    Args:
        root: The folder.
        form: What its images are decoded to.
        classes: Names of the classes that were drawn; None for all there are.
    """
    names = None if classes is None else list(classes)
    return {"root": str(root.resolve()), "form": asdict(form), "classes": names}


def digest_of(origin: Mapping[str, Any], files: Sequence[pathlib.Path]) -> str | None:
    """Returns a name for what decoding files will give, None where one of them cannot be looked at.

    It covers the folder, each file's path, size and times, the form, and the version of the decoder,
    so a folder in which anything changed is decoded again.

    Args:
        origin: See `origin_of`.
        files: Image files, in the order of their pixels.
    """
    import PIL

    head = {"version": _VERSION, "pillow": PIL.__version__, **origin}
    digest = hashlib.sha256(json.dumps(head, sort_keys=True).encode("utf-8"))
    for file in files:
        try:
            found = os.stat(file)
        except OSError:
            return None
        # ctime shows a file that was replaced by one of the same size and an old date
        line = f"{os.fspath(file)}\0{found.st_size}\0{found.st_mtime_ns}\0{found.st_ctime_ns}\n"
        digest.update(line.encode("utf-8", "surrogateescape"))
    return digest.hexdigest()[:32]


def open_decoded(digest: str) -> tuple[np.ndarray, int] | None:
    """Returns what was saved under a name, None where nothing is or it is damaged.

    Returns:
        Pixels, a read-only memory map of dtype uint8 and shape [B, height, width, channels], and how
        many files had another size.
    """
    folder = _folder(digest)
    try:
        manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
        pixels = np.load(folder / "x.npy", mmap_mode="r", allow_pickle=False)
        is_right = (
            list(pixels.shape) == manifest["shape"]
            and pixels.dtype == np.uint8
            and _checksum(folder / "x.npy") == manifest["crc32"]
        )
        return (pixels, int(manifest["resized"])) if is_right else None
    except (OSError, ValueError, KeyError, TypeError, EOFError):
        return None


def save_decoded(digest: str, origin: Mapping[str, Any], pixels: np.ndarray, rows: np.ndarray, resized: int) -> None:
    """Saves decoded images and removes older ones of the same origin.

    Does nothing where that is not possible: they are a convenience.

    Args:
        digest: Their name.
        origin: See `origin_of`.
        pixels: Pixels, uint8. Shape [B, height, width, channels].
        rows: In which order to save them. Shape [B].
        resized: How many files had another size.
    """
    target = _folder(digest)
    temporary = None
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        temporary = pathlib.Path(tempfile.mkdtemp(prefix=_TEMPORARY, dir=target.parent))
        with open(temporary / "x.npy", "wb") as file:
            header = {"descr": "|u1", "fortran_order": False, "shape": pixels.shape}
            np.lib.format.write_array_header_1_0(file, header)
            step = max(1, _PART // pixels[0].size)
            for start in range(0, len(rows), step):  # in parts: the images may fill most of the memory
                file.write(np.ascontiguousarray(pixels[rows[start : start + step]]).data)
        manifest = {
            "origin": dict(origin),
            "shape": list(pixels.shape),
            "crc32": _checksum(temporary / "x.npy"),
            "resized": resized,
        }
        (temporary / "manifest.json").write_text(json.dumps(manifest), "utf-8")
        shutil.rmtree(target, ignore_errors=True)  # it is damaged, or it would have been used
        os.rename(temporary, target)
    except OSError:
        if temporary is not None:
            shutil.rmtree(temporary, ignore_errors=True)
        return
    for folder in _folders():
        if folder != target and _is_outdated(folder, origin):
            shutil.rmtree(folder, ignore_errors=True)


def size() -> int:
    """Returns how many bytes all decoded images take on disk."""
    return sum(_bytes(folder) for folder in _folders())


def clear() -> int:
    """Removes all decoded images; a process that has some mapped keeps them while it runs.

    Returns:
        Bytes that are gone.

    Raises:
        DataError: If some cannot be removed.
    """
    removed = 0
    for folder in _folders():
        taken = _bytes(folder)
        try:
            shutil.rmtree(folder)
        except FileNotFoundError:  # somebody else was faster
            continue
        except OSError as error:
            raise DataError(
                f"decoded images in {folder}", expected="a folder that can be removed", received=str(error)
            ) from error
        removed += taken
    return removed


def _folders() -> Iterator[pathlib.Path]:
    """Yields the folders of decoded images, also unfinished ones, and nothing else that somebody may keep there."""
    try:
        entries = sorted(_folder("").iterdir())
    except OSError:
        return
    for entry in entries:
        if _NAME.fullmatch(entry.name) and entry.is_dir() and not entry.is_symlink():
            yield entry


def _is_outdated(folder: pathlib.Path, origin: Mapping[str, Any]) -> bool:
    """Returns whether newer images of an origin replace a folder, or it is what a process that died left behind."""
    try:
        if folder.name.startswith(_TEMPORARY):
            newest = max(entry.stat().st_mtime for entry in (folder, *folder.iterdir()))
            return time.time() - newest > _ABANDONED_S
        return json.loads((folder / "manifest.json").read_text("utf-8"))["origin"] == origin
    except (OSError, ValueError, KeyError, TypeError):
        return False


def _bytes(folder: pathlib.Path) -> int:
    total = 0
    with contextlib.suppress(OSError):  # another process may be removing it
        for file in folder.iterdir():
            total += file.stat().st_size
    return total


def _folder(digest: str) -> pathlib.Path:
    return data_dir() / "images" / digest


def _checksum(path: pathlib.Path) -> int:
    value = 0
    with open(path, "rb") as file:
        while part := file.read(_PART):
            value = zlib.crc32(part, value)
    return value

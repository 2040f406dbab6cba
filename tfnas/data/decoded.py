"""Decoded images on disk, so that a folder is decoded once."""

from __future__ import annotations

import hashlib
import json
import os
import pathlib
import shutil
import tempfile
import zlib
from dataclasses import asdict
from typing import Sequence

import numpy as np

from tfnas.data.decoding import Form
from tfnas.data.home import data_dir

_VERSION = 1
"""Grows when decoding gives other pixels, or the files below look different."""
_PART = 1 << 24
"""Bytes that are read or written at once."""


def digest_of(root: pathlib.Path, files: Sequence[pathlib.Path], form: Form) -> str | None:
    """Returns a name for what decoding files will give, None where one of them cannot be looked at.

    It covers the folder, each file's path, size and times, the form, and the version of the decoder,
    so a folder in which anything changed is decoded again.

    Args:
        root: The folder that the files are in.
        files: Image files, in the order of their pixels.
        form: What they are decoded to.
    """
    import PIL

    head = {"version": _VERSION, "pillow": PIL.__version__, "root": str(root.resolve()), "form": asdict(form)}
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


def save_decoded(digest: str, pixels: np.ndarray, rows: np.ndarray, resized: int) -> None:
    """Saves decoded images, or does nothing where that is not possible: they are a convenience.

    Args:
        digest: Their name.
        pixels: Pixels, uint8. Shape [B, height, width, channels].
        rows: In which order to save them. Shape [B].
        resized: How many files had another size.
    """
    target = _folder(digest)
    temporary = None
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        temporary = pathlib.Path(tempfile.mkdtemp(prefix=".part-", dir=target.parent))
        with open(temporary / "x.npy", "wb") as file:
            header = {"descr": "|u1", "fortran_order": False, "shape": pixels.shape}
            np.lib.format.write_array_header_1_0(file, header)
            step = max(1, _PART // pixels[0].size)
            for start in range(0, len(rows), step):  # in parts: the images may fill most of the memory
                file.write(np.ascontiguousarray(pixels[rows[start : start + step]]).data)
        manifest = {"shape": list(pixels.shape), "crc32": _checksum(temporary / "x.npy"), "resized": resized}
        (temporary / "manifest.json").write_text(json.dumps(manifest), "utf-8")
        shutil.rmtree(target, ignore_errors=True)  # it is damaged, or it would have been used
        os.rename(temporary, target)
    except OSError:
        if temporary is not None:
            shutil.rmtree(temporary, ignore_errors=True)


def _folder(digest: str) -> pathlib.Path:
    return data_dir() / "images" / digest


def _checksum(path: pathlib.Path) -> int:
    value = 0
    with open(path, "rb") as file:
        while part := file.read(_PART):
            value = zlib.crc32(part, value)
    return value

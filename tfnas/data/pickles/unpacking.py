"""The bytes of a compressed or plain file: whole streams and nothing else, and no more of them than a limit."""

from __future__ import annotations

import bz2
import gzip
import io
from typing import Any, BinaryIO

_CHUNK = 2**16
"""Compressed bytes that are read at once."""

_BUFFER = 2**20
"""Bytes that are decompressed at once, and more than the limit at most."""


def unpacked(file: io.BufferedReader, limit: int) -> io.BufferedReader:
    """Returns a stream of a file's content, decompressed if the file is bz2 or gzip.

    Streams behind one another are one content, as both formats say. Anything else behind a stream raises
    `OSError`, an end inside one `EOFError`. (`bz2.BZ2File` passes over what is behind; zeros behind gzip are
    padding, and allowed.) More than `limit` bytes raise `ValueError`.
    """
    magic = file.peek(3)[:3]
    if magic == b"BZh":
        source: Any = _Bz2(file)
    elif magic[:2] == b"\x1f\x8b":
        source = gzip.GzipFile(fileobj=file)
    else:
        source = file
    return io.BufferedReader(_Limited(source, limit), _BUFFER)


class _Limited(io.RawIOBase):
    """A stream that counts its bytes."""

    def __init__(self, source: Any, limit: int) -> None:
        self._source, self._limit, self._count = source, limit, 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        count = self._source.readinto(buffer)
        self._count += count
        if self._count > self._limit:
            raise ValueError(f"more than {self._limit:,} bytes, which is the limit for this file, decompressed")
        return count

    def tell(self) -> int:
        return self._count


class _Bz2:
    """What whole bz2 streams behind one another hold."""

    def __init__(self, file: BinaryIO) -> None:
        self._file, self._stream = file, bz2.BZ2Decompressor()

    def readinto(self, buffer: Any) -> int:
        while True:
            packed = b""
            if self._stream.eof or self._stream.needs_input:
                packed = self._stream.unused_data or self._file.read(_CHUNK)
                if self._stream.eof:
                    if not packed:
                        return 0
                    self._stream = bz2.BZ2Decompressor()
                elif not packed:
                    raise EOFError("an end inside a compressed stream")
            data = self._stream.decompress(packed, len(buffer))
            if data:
                buffer[: len(data)] = data
                return len(data)

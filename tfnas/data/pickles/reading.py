"""Reads pickles from bytes and from files, plain or compressed."""

from __future__ import annotations

import bz2
import gzip
import io
import os
import pathlib
import pickletools
import zlib
from typing import Any, BinaryIO, Callable, Collection

from tfnas.data.pickles.machine import OPERATIONS, Machine, OnItems, Refused, read_string
from tfnas.errors import DataError

_REMEDY = "Nothing of it was executed. Get the file again, and compare its checksum with the published one."
_BUFFER = 2**20
_STOP = b"."

_Operation = tuple[Callable[[Machine, Any], None], Callable[[BinaryIO], Any] | None]

_READERS = {"STRING": read_string}
"""Where we read an argument in another way than `pickletools`."""

_TABLE: dict[bytes, _Operation] = {
    opcode.code.encode("latin-1"): (
        OPERATIONS[opcode.name],
        _READERS.get(opcode.name, opcode.arg and opcode.arg.reader),
    )
    for opcode in pickletools.opcodes
}


def load(path: str | os.PathLike[str], *, records: Collection[str] = (), on_items: OnItems | None = None) -> Any:
    """Reads a pickle from a file, plain or compressed by bz2 or gzip; see `loads`.

    Raises:
        DataError: If there is no such file, it is damaged or goes on behind the pickle's end, or `loads`
            refuses it.
    """
    path = pathlib.Path(path)
    try:
        with open(path, "rb") as raw:
            magic = raw.peek(3)[:3]
            if magic == b"BZh":
                packed: Any = bz2.BZ2File(raw)
            elif magic[:2] == b"\x1f\x8b":
                packed = gzip.GzipFile(fileobj=raw)
            else:
                return _run(raw, records, str(path), on_items)
            with io.BufferedReader(packed, _BUFFER) as stream:
                return _run(stream, records, str(path), on_items)
    except OSError as error:
        raise DataError(
            str(path), expected="a pickle that can be read", received=error.strerror or str(error)
        ) from error


def loads(
    data: bytes, *, records: Collection[str] = (), source: str = "pickle", on_items: OnItems | None = None
) -> Any:
    """Reads a pickle of protocol 0 to 5 without importing or calling anything that it names.

    `pickletools` takes the instructions apart, and a small machine carries them out on numbers, text,
    bytes, tuples, lists, dictionaries (ordered ones become plain ones), sets, and NumPy's scalars and
    arrays of numbers or text. A global stays a name. The few names that such values need are known;
    those in `records` become `tfnas.data.pickles.Record`; every other one is refused. Keys, and members of
    sets, are plain values or tuples of such. What Python 2 wrote as ``str`` becomes text, one character a
    byte, or the bytes of an array.

    Args:
        data: The whole pickle, decompressed.
        records: Names of somebody's classes, ``"module.Class"``.
        source: Name of the file, for messages.
        on_items: Called with every dictionary after items were put into it, in the order of the file. It
            may take items out again, so that what nobody needs does not fill the memory.

    Raises:
        DataError: If the pickle names anything else, wants what only code can do, is damaged, or goes on
            behind its end; with the place, in bytes.
    """
    return _run(io.BytesIO(data), records, source, on_items)


def _run(stream: BinaryIO, records: Collection[str], source: str, on_items: OnItems | None) -> Any:
    machine = Machine(frozenset(records), on_items)
    read, table = stream.read, _TABLE
    try:
        code = b""
        while code != _STOP:
            code = read(1)
            if code not in table:
                raise ValueError(f"the unknown instruction {code!r}" if code else "an end before the pickle's own")
            operation, argument = table[code]
            operation(machine, argument(stream) if argument else None)
        if read(1):  # which also makes a compressed file check its own end
            raise ValueError("more bytes behind the pickle's end")
        return machine.result()
    except Refused as refused:
        raise DataError(
            source,
            expected="a pickle that names nothing but arrays, containers"
            + "".join(f" and {name}" for name in sorted(records)),
            received=f"{refused}, before byte {stream.tell()}",
            remedy="Nothing of it was executed. Do not load this file with pickle: it would run that.",
        ) from None
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(
            source,
            expected="a file that can be decompressed to its end",
            received=f"{error}, behind byte {stream.tell()} of the pickle",
            remedy=_REMEDY,
        ) from error
    except (ValueError, LookupError, TypeError, AttributeError, ArithmeticError, MemoryError, RecursionError) as error:
        damage = str(error) if isinstance(error, ValueError) else f"{type(error).__name__}: {error}"
        raise DataError(
            source,
            expected="a whole pickle of plain values and arrays",
            received=f"{damage:.200}, before byte {stream.tell()}",
            remedy=_REMEDY,
        ) from error

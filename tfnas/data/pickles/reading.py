"""Reads pickles from bytes and from files, plain or compressed."""

from __future__ import annotations

import io
import os
import pathlib
import pickletools
import zlib
from typing import Any, BinaryIO, Callable, Collection

from tfnas.data.pickles.machine import OPERATIONS, Machine, OnItems, Refused, read_string
from tfnas.data.pickles.unpacking import unpacked
from tfnas.errors import DataError

_REMEDY = "Nothing of it was executed. Get the file again, and compare its checksum with the published one."
_STOP = b"."

LIMIT = 8 * 2**30
"""Bytes that a file may have, decompressed, unless its reader says otherwise."""

_DAMAGE = (
    *(ValueError, LookupError, TypeError, AttributeError),
    *(ArithmeticError, MemoryError, RuntimeError, SystemError),
)
"""What Python and NumPy raise over values that cannot be; SystemError is NumPy's, RecursionError a RuntimeError."""

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


def load(
    path: str | os.PathLike[str],
    *,
    records: Collection[str] = (),
    on_items: OnItems | None = None,
    limit: int = LIMIT,
) -> Any:
    """Reads a pickle from a file, plain or compressed by bz2 or gzip; see `loads`.

    Args:
        path: The file.
        records: See `loads`.
        on_items: See `loads`.
        limit: Bytes that the pickle may have, decompressed. A few bytes of bz2 can stand for a gigabyte,
            and the values of a pickle can take two hundred times its own bytes: readers whose files are
            small give a small one.

    Raises:
        DataError: If there is no such file, it has more bytes than `limit`, is damaged or goes on behind
            the pickle's end, or `loads` refuses it.
    """
    path = pathlib.Path(path)
    try:
        with open(path, "rb") as file, unpacked(file, limit) as stream:
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
    those in `records` become `tfnas.data.pickles.Record`; every other one is refused. What Python 2 wrote
    as ``str`` becomes text, one character a byte, or the bytes of an array.

    Keys, and members of sets, are plain values, with integers of up to 62 bits, or tuples of up to eight
    plain values without floats, with integers of up to 31 bits: others could be chosen to make a
    dictionary take hours.

    All calls and states together may copy 16 times the bytes read so far and 64 MiB, so that a pickle
    cannot have one long value copied again and again. What is written by `pickle` copies less.

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
    machine = Machine(frozenset(records), on_items, stream.tell)
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
    except _DAMAGE as error:
        damage = str(error) if isinstance(error, ValueError) else f"{type(error).__name__}: {error}"
        raise DataError(
            source,
            expected="a whole pickle of plain values and arrays",
            received=f"{damage:.200}, before byte {stream.tell()}",
            remedy=_REMEDY,
        ) from error

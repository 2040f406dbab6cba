"""The machine that carries out a pickle's instructions on plain values."""

from __future__ import annotations

import bz2
import gzip
import io
import os
import pathlib
import pickletools
import zlib
from typing import Any, BinaryIO, Callable, Collection

from tfnas.data.pickles.values import Name, Record, call, is_known, new, plain_name, set_state
from tfnas.errors import DataError

OnItems = Callable[[dict[Any, Any]], None]

_REMEDY = "Nothing of it was executed. Get the file again, and compare its checksum with the published one."
_NEWEST = 5
"""The newest pickle protocol there is."""


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
            with io.BufferedReader(packed) as stream:
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
    those in `records` become `tfnas.data.pickles.Record`; every other one is refused. What
    Python 2 wrote as ``str`` becomes text, one character a byte.

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
    machine = _Machine(frozenset(records), on_items)
    place = 0
    try:
        for opcode, argument, at in pickletools.genops(stream):
            place = at or 0
            _OPERATIONS[opcode.name](machine, argument)
        place += 1
        if stream.read(1):  # which also makes a compressed file check its own end
            raise ValueError("more bytes behind the end")
        (value,) = machine.stack
        return value
    except _Refused as refused:
        raise DataError(
            source,
            expected="a pickle that names nothing but arrays, containers"
            + "".join(f" and {name}" for name in sorted(records)),
            received=f"{refused}, at byte {place}",
            remedy="Nothing of it was executed. Do not load this file with pickle: it would run that.",
        ) from None
    except (ValueError, KeyError, IndexError, TypeError, AttributeError, OverflowError, MemoryError) as error:
        damage = f"{type(error).__name__}: {error}" if not isinstance(error, ValueError) else str(error)
        raise DataError(
            source,
            expected="a whole pickle of plain values and arrays",
            received=f"{damage:.200}, at byte {place} or behind it",
            remedy=_REMEDY,
        ) from error
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(
            source,
            expected="a file that can be decompressed to its end",
            received=f"{error}, behind byte {place} of the pickle",
            remedy=_REMEDY,
        ) from error


class _Refused(Exception):
    """A name that only code could answer."""


class _Machine:
    """The stack, what lies under each mark, and the memo of one pickle."""

    def __init__(self, records: frozenset[str], on_items: OnItems | None) -> None:
        self.records = records
        self.on_items = on_items
        self.stack: list[Any] = []
        self.below: list[list[Any]] = []
        self.memo: dict[int, Any] = {}

    def above_mark(self) -> list[Any]:
        values = self.stack
        self.stack = self.below.pop()
        return values

    def top(self, kind: type) -> Any:
        value = self.stack[-1]
        if type(value) is not kind:
            raise ValueError(f"a {type(value).__name__} where a {kind.__name__} is needed")
        return value

    def find(self, module: Any, name: Any) -> None:
        full = f"{module}.{name}"
        if full not in self.records and not is_known(full):
            raise _Refused(f"the global {full!r:.120}")
        self.stack.append(Name(full))

    def call(self) -> None:
        arguments, function = self.stack.pop(), self.stack[-1]
        if type(function) is not Name or type(arguments) is not tuple:
            raise ValueError("a call of something that is no known name")
        if function.text in self.records:
            value: Any = Record(function.text, arguments)
        elif plain_name(function.text) == "copyreg._reconstructor":
            value = new(arguments[0], (), self.records)
        else:
            value = call(function.text, arguments)
        self.stack[-1] = value

    def put_items(self, target: dict[Any, Any], items: list[Any]) -> None:
        for key in items[::2]:
            _check_key(key)
        target.update(zip(items[::2], items[1::2], strict=True))
        if self.on_items is not None:
            self.on_items(target)


_KEYS = (str, int, float, bool, bytes, type(None))


def _check_key(key: Any, depth: int = 0) -> None:
    """Raises `ValueError` for what cannot be a key; nested tuples could exhaust the stack when hashed."""
    if type(key) in _KEYS:
        return
    if type(key) is not tuple or depth > 4:
        raise ValueError(f"a {type(key).__name__} as a key")
    for part in key:
        _check_key(part, depth + 1)


def _push(machine: _Machine, argument: Any) -> None:
    machine.stack.append(argument)


def _make(make: Callable[[], Any]) -> Callable[[_Machine, Any], None]:
    return lambda machine, _: machine.stack.append(make())


def _collect(make: Callable[[list[Any]], Any]) -> Callable[[_Machine, Any], None]:
    def collect(machine: _Machine, _: Any) -> None:
        values = machine.above_mark()
        machine.stack.append(make(values))

    return collect


def _tuple(size: int) -> Callable[[_Machine, Any], None]:
    def collect(machine: _Machine, _: Any) -> None:
        if len(machine.stack) < size:
            raise IndexError("too few values")
        machine.stack[-size:] = [tuple(machine.stack[-size:])]

    return collect


def _dict(machine: _Machine, _: Any) -> None:
    items = machine.above_mark()
    made: dict[Any, Any] = {}
    machine.put_items(made, items)
    machine.stack.append(made)


def _set(values: list[Any]) -> frozenset[Any]:
    for value in values:
        _check_key(value)
    return frozenset(values)


def _append(machine: _Machine, _: Any) -> None:
    value = machine.stack.pop()
    machine.top(list).append(value)


def _appends(machine: _Machine, _: Any) -> None:
    values = machine.above_mark()
    machine.top(list).extend(values)


def _setitem(machine: _Machine, _: Any) -> None:
    value, key = machine.stack.pop(), machine.stack.pop()
    machine.put_items(machine.top(dict), [key, value])


def _setitems(machine: _Machine, _: Any) -> None:
    items = machine.above_mark()
    machine.put_items(machine.top(dict), items)


def _additems(machine: _Machine, _: Any) -> None:
    values = machine.above_mark()
    machine.top(set).update(_set(values))


def _mark(machine: _Machine, _: Any) -> None:
    machine.below.append(machine.stack)
    machine.stack = []


def _pop(machine: _Machine, _: Any) -> None:
    if machine.stack:
        machine.stack.pop()
    else:
        machine.above_mark()


def _get(machine: _Machine, index: Any) -> None:
    machine.stack.append(machine.memo[int(index)])


def _put(machine: _Machine, index: Any) -> None:
    machine.memo[int(index)] = machine.stack[-1]


def _memoize(machine: _Machine, _: Any) -> None:
    machine.memo[len(machine.memo)] = machine.stack[-1]


def _global(machine: _Machine, argument: str) -> None:
    machine.find(*argument.split(" ", 1))


def _stack_global(machine: _Machine, _: Any) -> None:
    name, module = machine.stack.pop(), machine.stack.pop()
    machine.find(module, name)


def _new(machine: _Machine, _: Any) -> None:
    arguments, kind = machine.stack.pop(), machine.stack.pop()
    machine.stack.append(new(kind, arguments, machine.records))


def _build(machine: _Machine, _: Any) -> None:
    state = machine.stack.pop()
    set_state(machine.stack[-1], state)


def _protocol(machine: _Machine, version: int) -> None:
    if version > _NEWEST:
        raise ValueError(f"pickle protocol {version}; up to {_NEWEST} is read")


def _only_code(what: str) -> Callable[[_Machine, Any], None]:
    def refuse(machine: _Machine, argument: Any) -> None:
        raise _Refused(f"{what} {argument!r:.80}" if argument is not None else what)

    return refuse


_OPERATIONS: dict[str, Callable[[_Machine, Any], None]] = {
    **dict.fromkeys(
        (
            *("INT", "BININT", "BININT1", "BININT2", "LONG", "LONG1", "LONG4", "FLOAT", "BINFLOAT"),
            *("STRING", "BINSTRING", "SHORT_BINSTRING", "UNICODE", "SHORT_BINUNICODE", "BINUNICODE", "BINUNICODE8"),
            *("BINBYTES", "SHORT_BINBYTES", "BINBYTES8", "BYTEARRAY8"),
        ),
        _push,
    ),
    "NONE": _make(lambda: None),
    "NEWTRUE": _make(lambda: True),
    "NEWFALSE": _make(lambda: False),
    "EMPTY_LIST": _make(list),
    "EMPTY_TUPLE": _make(tuple),
    "EMPTY_DICT": _make(dict),
    "EMPTY_SET": _make(set),
    "LIST": _collect(list),
    "TUPLE": _collect(tuple),
    "FROZENSET": _collect(_set),
    "DICT": _dict,
    "TUPLE1": _tuple(1),
    "TUPLE2": _tuple(2),
    "TUPLE3": _tuple(3),
    "APPEND": _append,
    "APPENDS": _appends,
    "SETITEM": _setitem,
    "SETITEMS": _setitems,
    "ADDITEMS": _additems,
    "MARK": _mark,
    "POP": _pop,
    "POP_MARK": lambda machine, _: machine.above_mark() and None,
    "DUP": lambda machine, _: machine.stack.append(machine.stack[-1]),
    **dict.fromkeys(("GET", "BINGET", "LONG_BINGET"), _get),
    **dict.fromkeys(("PUT", "BINPUT", "LONG_BINPUT"), _put),
    "MEMOIZE": _memoize,
    "GLOBAL": _global,
    "STACK_GLOBAL": _stack_global,
    "REDUCE": lambda machine, _: machine.call(),
    "NEWOBJ": _new,
    "BUILD": _build,
    "PROTO": _protocol,
    "FRAME": lambda machine, _: None,
    "STOP": lambda machine, _: None,
    "INST": _only_code("an object of the global"),
    "OBJ": _only_code("an object"),
    "NEWOBJ_EX": _only_code("an object with named arguments"),
    **dict.fromkeys(("EXT1", "EXT2", "EXT4"), _only_code("a registered extension")),
    **dict.fromkeys(("PERSID", "BINPERSID"), _only_code("a reference to something outside the file")),
    **dict.fromkeys(("NEXT_BUFFER", "READONLY_BUFFER"), _only_code("a buffer outside the file")),
}

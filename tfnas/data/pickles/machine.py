"""The machine that carries out a pickle's instructions on plain values."""

from __future__ import annotations

import codecs
import sys
from typing import Any, BinaryIO, Callable

from tfnas.data.pickles.values import (
    Name,
    Record,
    call,
    check_keys,
    content_size,
    is_known,
    new,
    plain_name,
    set_state,
)

OnItems = Callable[[dict[Any, Any]], None]

_NEWEST = 5
"""The newest pickle protocol there is."""

_PLACES = 2**32
"""Places of the memo: no binary instruction has a larger number, and huge ones can be made to collide."""

_COPIES_A_BYTE = 16
_SPARE_COPIES = 64 * 2**20
"""Bytes that calls and states may copy: so many for each that was read, and so many more."""


class Refused(Exception):
    """A name that only code could answer."""


class Machine:
    """The stack, what lies under each mark, and the memo of one pickle."""

    def __init__(self, records: frozenset[str], on_items: OnItems | None, bytes_read: Callable[[], int]) -> None:
        self.records = records
        self.on_items = on_items
        self.bytes_read = bytes_read
        self.copied = 0
        self.stack: list[Any] = []
        self.below: list[list[Any]] = []
        self.memo: list[Any] = []
        self.far: dict[int, Any] = {}
        """The memo behind its first gap: a list is small, but a number may be anything."""

    def result(self) -> Any:
        if self.below or len(self.stack) != 1:
            raise ValueError("an end with other than one value")
        return self.stack[0]

    def above_mark(self) -> list[Any]:
        values = self.stack
        self.stack = self.below.pop()
        return values

    def top(self, kind: type) -> Any:
        value = self.stack[-1]
        if type(value) is not kind:
            raise ValueError(f"a {type(value).__name__} where a {kind.__name__} is needed")
        return value

    def put(self, index: int, value: Any) -> None:
        if not 0 <= index < _PLACES:
            raise ValueError(f"place {index} of the memo")
        if index < len(self.memo):
            self.memo[index] = value
        elif index == len(self.memo) and not self.far:
            self.memo.append(value)
        else:
            self.far[index] = value

    def get(self, index: int) -> Any:
        return self.memo[index] if 0 <= index < len(self.memo) else self.far[index]

    def find(self, module: Any, name: Any) -> None:
        if type(module) is not str or type(name) is not str:
            raise ValueError("a global whose name is no text")
        full = f"{module}.{name}"
        if full not in self.records and not is_known(full):
            raise Refused(f"the global {full!r:.120}")
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
            self.allow_copy(arguments)
            value = call(function.text, arguments)
        self.stack[-1] = value

    def allow_copy(self, parts: tuple[Any, ...]) -> None:
        """Counts what a call or a state copies: the memo gives one long value again and again for a few bytes."""
        self.copied += content_size(parts)
        if self.copied > _SPARE_COPIES and self.copied > _SPARE_COPIES + _COPIES_A_BYTE * self.bytes_read():
            raise ValueError(f"calls that copy {self.copied:,} bytes in all")

    def put_items(self, target: dict[Any, Any], items: list[Any]) -> None:
        keys = items[::2]
        check_keys(keys)
        target.update(zip(keys, items[1::2], strict=True))
        if self.on_items is not None:
            self.on_items(target)


def read_string(stream: BinaryIO) -> str:
    """Reads a quoted line, as protocol 0 of Python 2 wrote ``str``: one character a byte, not ASCII alone."""
    line = stream.readline()
    text = line[:-1]
    if line[-1:] != b"\n" or len(text) < 2 or text[:1] != text[-1:] or text[:1] not in (b"'", b'"'):
        raise ValueError("text without its quotes or its line's end")
    return codecs.escape_decode(text[1:-1])[0].decode("latin-1")


def _push(machine: Machine, argument: Any) -> None:
    machine.stack.append(argument)


def _push_text(machine: Machine, text: str) -> None:
    machine.stack.append(sys.intern(text))  # the same short names come again and again, and the memo keeps them all


def _make(make: Callable[[], Any]) -> Callable[[Machine, Any], None]:
    return lambda machine, _: machine.stack.append(make())


def _collect(make: Callable[[list[Any]], Any]) -> Callable[[Machine, Any], None]:
    def collect(machine: Machine, _: Any) -> None:
        values = machine.above_mark()
        machine.stack.append(make(values))

    return collect


def _tuple(size: int) -> Callable[[Machine, Any], None]:
    def collect(machine: Machine, _: Any) -> None:
        if len(machine.stack) < size:
            raise IndexError("too few values")
        machine.stack[-size:] = [tuple(machine.stack[-size:])]

    return collect


def _dict(machine: Machine, _: Any) -> None:
    items = machine.above_mark()
    made: dict[Any, Any] = {}
    machine.put_items(made, items)
    machine.stack.append(made)


def _set(values: list[Any]) -> frozenset[Any]:
    check_keys(values)
    return frozenset(values)


def _append(machine: Machine, _: Any) -> None:
    value = machine.stack.pop()
    machine.top(list).append(value)


def _appends(machine: Machine, _: Any) -> None:
    values = machine.above_mark()
    machine.top(list).extend(values)


def _setitem(machine: Machine, _: Any) -> None:
    value, key = machine.stack.pop(), machine.stack.pop()
    machine.put_items(machine.top(dict), [key, value])


def _setitems(machine: Machine, _: Any) -> None:
    items = machine.above_mark()
    machine.put_items(machine.top(dict), items)


def _additems(machine: Machine, _: Any) -> None:
    values = machine.above_mark()
    machine.top(set).update(_set(values))


def _mark(machine: Machine, _: Any) -> None:
    machine.below.append(machine.stack)
    machine.stack = []


def _pop(machine: Machine, _: Any) -> None:
    if machine.stack:
        machine.stack.pop()
    else:
        machine.above_mark()


def _get(machine: Machine, index: Any) -> None:
    machine.stack.append(machine.get(int(index)))


def _put(machine: Machine, index: Any) -> None:
    machine.put(int(index), machine.stack[-1])


def _memoize(machine: Machine, _: Any) -> None:
    if machine.far:
        machine.put(len(machine.memo) + len(machine.far), machine.stack[-1])
    else:
        machine.memo.append(machine.stack[-1])


def _global(machine: Machine, argument: str) -> None:
    machine.find(*argument.split(" ", 1))


def _stack_global(machine: Machine, _: Any) -> None:
    name, module = machine.stack.pop(), machine.stack.pop()
    machine.find(module, name)


def _new(machine: Machine, _: Any) -> None:
    arguments, kind = machine.stack.pop(), machine.stack.pop()
    machine.stack.append(new(kind, arguments, machine.records))


def _build(machine: Machine, _: Any) -> None:
    state = machine.stack.pop()
    machine.allow_copy(state if isinstance(state, tuple) else (state,))
    set_state(machine.stack[-1], state)


def _protocol(machine: Machine, version: int) -> None:
    if version > _NEWEST:
        raise ValueError(f"pickle protocol {version}; up to {_NEWEST} is read")


def _only_code(what: str) -> Callable[[Machine, Any], None]:
    def refuse(machine: Machine, argument: Any) -> None:
        raise Refused(f"{what} {argument!r:.80}" if argument is not None else what)

    return refuse


Operation = Callable[[Machine, Any], None]

OPERATIONS: dict[str, Operation] = {
    **dict.fromkeys(
        (
            *("INT", "BININT", "BININT1", "BININT2", "LONG", "LONG1", "LONG4", "FLOAT", "BINFLOAT"),
            *("STRING", "BINSTRING", "SHORT_BINSTRING", "UNICODE", "BINUNICODE", "BINUNICODE8"),
            *("BINBYTES", "SHORT_BINBYTES", "BINBYTES8", "BYTEARRAY8"),
        ),
        _push,
    ),
    "SHORT_BINUNICODE": _push_text,
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

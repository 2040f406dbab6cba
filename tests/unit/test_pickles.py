"""The pickle reader: equal to `pickle` on plain values, and nothing that a pickle says is ever executed."""

from __future__ import annotations

import bz2
import collections
import gzip
import io
import os
import pathlib
import pickle
import pickletools
import re
import struct
import subprocess
import sys
import textwrap
import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tfnas.data import pickles
from tfnas.data.pickles import machine
from tfnas.errors import DataError

PROTOCOLS = range(pickle.HIGHEST_PROTOCOL + 1)
PACKERS = {"raw": bytes, "bz2": bz2.compress, "gzip": gzip.compress}


def write(folder: pathlib.Path, data: bytes, packed: str = "raw") -> pathlib.Path:
    path = folder / f"made.{packed}"
    path.write_bytes(PACKERS[packed](data))
    return path


def refusal(data: bytes, **options) -> str:
    with pytest.raises(DataError) as caught:
        pickles.loads(data, **options)
    return str(caught.value)


def same(found, expected) -> bool:
    """Equality that tells 1 from 1.0 and True, -0.0 from 0.0, and counts nan as equal to itself."""
    if isinstance(expected, np.ndarray):
        return (
            type(found) is np.ndarray
            and found.shape == expected.shape
            and found.dtype.newbyteorder("=") == expected.dtype.newbyteorder("=")
            and np.array_equal(found, expected, equal_nan=expected.dtype.kind == "f")
        )
    if type(found) is not type(expected):
        return False
    if isinstance(expected, dict):
        return list(map(repr, found)) == list(map(repr, expected)) and all(map(same, found.values(), expected.values()))
    if isinstance(expected, (list, tuple)):
        return len(found) == len(expected) and all(map(same, found, expected))
    return repr(found) == repr(expected) if isinstance(expected, (float, np.floating)) else found == expected


ATOMS = (
    st.none()
    | st.booleans()
    | st.integers(-(2**80), 2**80)
    | st.floats()
    | st.text(st.characters(exclude_categories=[]))
    | st.binary()
)
KEYS = (
    st.integers(-(2**62) + 1, 2**62 - 1)
    | st.floats(allow_nan=False)
    | st.text()
    | st.booleans()
    | st.binary()
    | st.tuples(st.text(), st.integers(-(2**31) + 1, 2**31 - 1))
    | st.none()
)
VALUES = st.recursive(
    ATOMS | st.binary().map(bytearray) | st.sets(KEYS) | st.frozensets(KEYS),
    lambda inner: (
        st.lists(inner) | st.tuples(inner) | st.tuples(inner, inner, inner, inner) | st.dictionaries(KEYS, inner)
    ),
    max_leaves=20,
)


@settings(max_examples=200, deadline=None)
@given(value=VALUES, protocol=st.sampled_from(PROTOCOLS))
def test_plain_values_are_read_as_pickle_reads_them(value, protocol):
    data = pickle.dumps(value, protocol)
    assert same(pickles.loads(data), pickle.loads(data))
    assert same(pickles.loads(pickletools.optimize(data)), pickle.loads(data))


@settings(max_examples=100, deadline=None)
@given(data=st.binary(max_size=60) | st.binary(max_size=60).map(lambda tail: pickle.dumps([1, "a"], 2)[:-1] + tail))
def test_any_bytes_give_a_value_or_our_error(data):
    try:
        pickles.loads(data)
    except DataError as error:
        assert "byte" in str(error)


@pytest.mark.parametrize("size", [0, 1, 255, 256, 1000, 1001, 70_000])
@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_long_values(size, protocol):
    value = {"text": "ä" * size, "bytes": b"\xff" * size, "list": list(range(size)), "tuple": ("x",) * size}
    assert pickles.loads(pickle.dumps(value, protocol)) == value


ARRAYS = {
    "C order": np.arange(24.0).reshape(2, 3, 4),
    "F order": np.asfortranarray(np.arange(24).reshape(2, 3, 4)),
    "not contiguous": np.arange(24)[::2],
    "big endian": np.arange(5, dtype=">i4"),
    "little endian": np.arange(5, dtype="<f2"),
    "no axes": np.array(3.5),
    "empty": np.zeros((0, 3), np.float32),
    "bool": np.array([True, False]),
    "small": np.array([1, 255], np.uint8),
    "nan": np.array([np.nan, np.inf, -0.0]),
    "text": np.array(["a", "äöü", ""]),
    "big-endian text": np.array(["a", "äöü"], ">U3"),
    "bytes": np.array([b"a", b"\x00\xff"]),
    "no text": np.array([], "U4"),
}


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("name", ARRAYS)
def test_arrays(name, protocol):
    found = pickles.loads(pickle.dumps({"a": ARRAYS[name], "b": [ARRAYS[name]]}, protocol))
    assert same(found["a"], ARRAYS[name]) and found["b"][0] is found["a"]


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize(
    "value",
    [np.float64(1.5), np.float32(-0.0), np.int64(-7), np.uint8(255), np.bool_(True), np.str_("ä"), np.bytes_(b"x")],
)
def test_numpy_scalars(value, protocol):
    assert same(pickles.loads(pickle.dumps(value, protocol)), value)


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_ordered_dictionaries_keep_their_order(protocol):
    found = pickles.loads(pickle.dumps(collections.OrderedDict([("b", 1), ("a", collections.OrderedDict())]), protocol))
    assert type(found) is dict and list(found.items()) == [("b", 1), ("a", {})]


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_what_is_shared_stays_shared_and_may_contain_itself(protocol):
    inner = [1]
    value = {"first": inner, "second": (inner, inner)}
    value["self"] = value
    found = pickles.loads(pickle.dumps(value, protocol))
    assert found["self"] is found
    assert found["second"][0] is found["second"][1] is found["first"]
    loop: list = []
    loop.append((loop,))
    found = pickles.loads(pickle.dumps(loop, protocol))
    assert found[0][0] is found


def test_text_of_lone_surrogates_and_python_2_integers():
    assert pickles.loads(pickle.dumps("\ud800")) == "\ud800"
    assert pickles.loads(b"(I01\nI00\nI-5\nL12L\nF1.5\nt.") == (True, False, -5, 12, 1.5)


PYTHON_2 = {
    "protocol 0": (
        b"cnumpy.core.multiarray\n_reconstruct\np1\n(cnumpy\nndarray\np2\n(I0\ntp3\nS'b'\np4\ntp5\nRp6\n(I1\n(I2\ntp7\n"
        b"cnumpy\ndtype\np8\n(S'i2'\np9\nI0\nI1\ntp10\nRp11\n(I3\nS'<'\np12\nNNNI-1\nI-1\nI0\ntp13\nbI00\n"
        b"S'\\x01\\x00\\xff\\x7f'\np14\ntp15\nb."
    ),
    "protocol 0, bytes that are not ASCII": (
        b"cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\n(I0\ntS'b'\ntR(I1\n(I2\nt"
        b"cnumpy\ndtype\n(S'i2'\nI0\nI1\ntR(I3\nS'<'\nNNNI-1\nI-1\nI0\ntbI00\n"
        b"S'\\x01\\x00\xff\x7f'\ntb."
    ),
    "protocol 2": (
        b"\x80\x02cnumpy.core.multiarray\n_reconstruct\nq\x01cnumpy\nndarray\nq\x02K\x00\x85U\x01b\x87Rq\x03(K\x01K\x02\x85"
        b"cnumpy\ndtype\nq\x04U\x02i2K\x00K\x01\x87Rq\x05(K\x03U\x01<NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb\x89"
        b"U\x04\x01\x00\xff\x7ftb."
    ),
}


@pytest.mark.parametrize("name", PYTHON_2)
def test_arrays_of_python_2(name):
    data = PYTHON_2[name]
    assert same(pickles.loads(data), np.array([1, 32767], "<i2"))
    assert same(pickles.loads(data), pickle.loads(data, encoding="latin1"))


def test_text_of_python_2_is_one_character_a_byte():
    for data in (b"S'a\\xe4\\n\xe4'\n.", b"U\x04a\xe4\n\xe4.", b"T\x04\x00\x00\x00a\xe4\n\xe4."):
        assert pickles.loads(data) == pickle.loads(data, encoding="latin1") == "aä\nä"
    ordered = b"ccollections\nOrderedDict\n((lp1\n(lp2\nS'b'\naI1\naa(lp3\nS'a'\naI2\naatR."
    assert list(pickles.loads(ordered).items()) == [("b", 1), ("a", 2)]
    assert pickles.loads(b"c__builtin__\nset\n((lI1\naI2\natR.") == {1, 2}


class Plain:
    pass


class Slotted:
    __slots__ = ("left", "right")


PLAIN, SLOTTED = f"{__name__}.Plain", f"{__name__}.Slotted"


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_records_of_known_names_hold_what_was_stored(protocol):
    value = Plain()
    value.number, value.array, value.other = 1, np.arange(3), value
    found = pickles.loads(pickle.dumps([value, value], protocol), records=(PLAIN,))
    assert found[0] is found[1] and type(found[0]) is pickles.Record
    assert (found[0].kind, found[0].arguments) == (PLAIN, ())
    assert found[0].fields["number"] == 1 and found[0].fields["other"] is found[0]
    assert same(found[0].fields["array"], np.arange(3))
    assert "Plain" in refusal(pickle.dumps(value, protocol))


@pytest.mark.parametrize("protocol", range(2, pickle.HIGHEST_PROTOCOL + 1))
def test_records_with_slots(protocol):
    value = Slotted()
    value.left, value.right = 1, [2]
    found = pickles.loads(pickle.dumps(value, protocol), records=(SLOTTED,))
    assert found.fields == {"left": 1, "right": [2]}


def test_records_do_nothing_whatever_they_are_called():
    data = b"cbuiltins\neval\n(S'1/0'\ntR}S'__class__'\nS'x'\nsb."
    found = pickles.loads(data, records=("builtins.eval",))
    assert (found.kind, found.arguments, found.fields) == ("builtins.eval", ("1/0",), {"__class__": "x"})


def canary_pickles(canary: str) -> dict[str, tuple[bytes, str]]:
    """Malicious pickles, each with the name that must stand in the refusal.

    Each makes a file of the name `canary`, or imports a module of that name's stem, if `pickle` loads it.
    """
    command = f"touch {canary}"
    text = f"S'{command}'\n".encode()
    code = (
        f"S'open({canary!r:}, \"w\")'\n".replace("'" + canary, "\\'" + canary)
        .replace(canary + "'", canary + "\\'")
        .encode()
    )
    call = b"(" + text + b"tR"
    stack_global = b"\x80\x04\x8c\x02os\x8c\x06system\x93" + b"\x8c" + bytes([len(command)]) + command.encode()
    module = pathlib.Path(canary).stem.encode()
    return {
        "system by GLOBAL and REDUCE": (b"cos\nsystem\n" + call + b".", "os.system"),
        "posix by GLOBAL": (b"cposix\nsystem\n" + call + b".", "posix.system"),
        "INST": (b"(" + text + b"ios\nsystem\n.", "os system"),
        "OBJ": (b"(cos\nsystem\n" + text + b"o.", "os.system"),
        "STACK_GLOBAL": (stack_global + b"\x85R.", "os.system"),
        "STACK_GLOBAL of names from the memo": (
            b"\x80\x04\x8c\x02os\x94\x8c\x06system\x940]\x94h\x00h\x01\x93" + stack_global[14:] + b"\x85R.",
            "os.system",
        ),
        "NEWOBJ": (b"\x80\x02csubprocess\nPopen\n(" + text + b"I1\nN\x85t\x81.", "subprocess.Popen"),
        "NEWOBJ_EX": (b"\x80\x04csubprocess\nPopen\n(" + text + b"t}\x92.", "subprocess.Popen"),
        "BUILD": (b"cos\nsystem\n" + b"}S'__setstate__'\n" + text + b"sb.", "os.system"),
        "eval": (b"cbuiltins\neval\n(" + code + b"tR.", "builtins.eval"),
        "exec of Python 2": (b"c__builtin__\nexec\n(" + code + b"tR.", "__builtin__.exec"),
        "getattr": (b"cbuiltins\ngetattr\n(cbuiltins\n__import__\nS'x'\ntR.", "builtins.getattr"),
        "partial": (b"cfunctools\npartial\n(cos\nsystem\n" + text + b"tR)R.", "functools.partial"),
        "map": (b"cbuiltins\nmap\n(cos\nsystem\n(" + text + b"ltR.", "builtins.map"),
        "an import": (b"c" + module + b"\nvalue\n.", module.decode()),
        "a dotted name behind a known one": (
            b"\x80\x04\x8c\x05numpy\x8c\x0endarray.tofile\x93N\x85R.",
            "numpy.ndarray.tofile",
        ),
        "a dotted name through a known module": (
            b"\x80\x04\x8c\x0bcollections\x8c\x14OrderedDict.__init__\x93N\x85R.",
            "collections.OrderedDict.__init__",
        ),
        "a module in the name": (b"\x80\x04\x8c\x0bnumpy.dtype\x8c\x00\x93.", "numpy.dtype."),
        "load of NumPy": (b"cnumpy\nload\n(S'x'\ntR.", "numpy.load"),
        "fromfile of NumPy": (b"cnumpy.core.multiarray\nfromfile\n(S'x'\ntR.", "numpy.core.multiarray.fromfile"),
        "pickle in pickle": (b"c_pickle\nloads\n(S'N.'\ntR.", "_pickle.loads"),
        "another codec": (b"c_codecs\nlookup\n(S'x'\ntR.", "_codecs.lookup"),
        "extension registry": (b"\x80\x02\x82\x01.", "registered extension 1"),
        "extension registry, 2 bytes": (b"\x80\x02\x83\x01\x01.", "registered extension 257"),
        "extension registry, 4 bytes": (b"\x80\x02\x84\x01\x00\x00\x00.", "registered extension 1"),
        "persistent text": (b"Pwhere\n.", "outside the file 'where'"),
        "persistent value": (b"S'where'\nQ.", "outside the file"),
        "a buffer": (b"\x80\x05\x97.", "a buffer outside the file"),
        "code inside a listed record": (
            b"cmade.up\nThing\n(cos\nsystem\n" + call + b"tR.",
            "os.system",
        ),
        "code inside a listed record's state": (
            b"\x80\x02cmade.up\nThing\n)\x81}S'x'\ncos\nsystem\n" + call + b"sb.",
            "os.system",
        ),
        "code that would be thrown away": (b"cos\nsystem\n" + call + b"0N.", "os.system"),
        "code behind a mark": (b"(cos\nsystem\n" + call + b"1N.", "os.system"),
        "a reconstructor of another base": (
            b"ccopyreg\n_reconstructor\n(cos\nsystem\ncbuiltins\nobject\nNtR.",
            "os.system",
        ),
    }


@pytest.mark.parametrize("packed", PACKERS)
@pytest.mark.parametrize("name", canary_pickles("x.txt"))
def test_malicious_files_are_refused_by_name_and_do_nothing(tmp_path, monkeypatch, name, packed):
    canary = tmp_path / "hatched_canary.txt"
    (tmp_path / "hatched_canary.py").write_text(f"open({str(canary)!r}, 'w').close()\nvalue = 1\n")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(os, "system", lambda command: canary.touch())
    data, what = canary_pickles(str(canary))[name]
    before = set(sys.modules)
    with pytest.raises(DataError) as caught:
        pickles.load(write(tmp_path, data, packed), records=("made.up.Thing",))
    message = str(caught.value)
    assert what in message and "made.up.Thing" in message and "Nothing of it was executed" in message
    assert f"made.{packed}" in message and "byte" in message
    assert not canary.exists() and set(sys.modules) == before


@pytest.mark.parametrize("name", ["system by GLOBAL and REDUCE", "STACK_GLOBAL", "eval", "INST", "an import"])
def test_the_canaries_would_sing(tmp_path, monkeypatch, name):
    canary = tmp_path / "sung_canary.txt"
    (tmp_path / "sung_canary.py").write_text(f"open({str(canary)!r}, 'w').close()\nvalue = 1\n")
    monkeypatch.syspath_prepend(tmp_path)
    pickle.loads(canary_pickles(str(canary))[name][0])
    assert canary.exists()


def test_a_pickle_of_an_evil_object_is_refused_at_any_protocol(tmp_path):
    canary = tmp_path / "canary"

    class Evil:
        def __reduce__(self):
            return os.system, (f"touch {canary}",)

    for protocol in PROTOCOLS:
        assert "system'" in refusal(pickle.dumps({"a": [Evil()]}, protocol))
    assert not canary.exists()


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (b"", "an end before"),
        (b"N", "an end before"),
        (b".", "other than one value"),
        (b"NN.", "other than one value"),
        (b"(N.", "other than one value"),
        (b"N.N", "more bytes"),
        (b"\x80\x06N.", "protocol 6"),
        (b"\xffN.", "unknown instruction"),
        (b"\x80\x04\x8c\x05abc.", "only 4"),
        (b"]h\x00.", "KeyError"),
        (b"Nr\xff\xff\xff\xffg-1\n.", "KeyError"),
        (b"Np-1\n.", "place -1"),
        (b"0.", "IndexError"),
        (b"t.", "IndexError"),
        (b"N\x86.", "too few"),
        (b"]N]s.", "a list where a dict"),
        (b"}]Ns.", "a list as a key"),
        (b"}(]tNs.", "a list as a key"),
        (b"}(NNNu.", "zip"),
        (b"NNb.", "a state for a NoneType"),
        (b"N)R.", "no known name"),
        (b"I" + b"9" * 5000 + b"\n.", "limit"),
        (b"S'a\n.", "without its quotes"),
        (b"S'a'.", "without its quotes"),
        (b"S'\n.", "without its quotes"),
        (b"\x8c\x01\xff.", "utf-8"),
        (b"]]\x93.", "no text"),
        (b"cnumpy\ndtype\n(S'O8'\ntR.", "an array of 'O8'"),
        (b"cnumpy\ndtype\n(S'U0'\ntR.", "an array of 'U0'"),
        (b"cnumpy\ndtype\n(S'f8'\ntR(I3\nS'<'\nNS'a'\n)tb.", "fields"),
        (b"cnumpy\ndtype\n)R.", "TypeError"),
        (b"cbuiltins\nset\n(I5\ntR.", "made of a int"),
        (b"cbuiltins\nset\n(]]atR.", "a list as a key"),
        (b"ccollections\nOrderedDict\n((lI1\natR.", "pairs"),
        (b"c_codecs\nencode\n(S'a'\nS'rot13'\ntR.", "Latin-1"),
        (b"cnumpy\nndarray\n)R.", "KeyError"),
        (b"Np4294967296\n.", "place 4294967296"),
        (b"}L4611686018427387904L\nNs.", "more than 62 bits"),
        (b"}L-4611686018427387904L\nNs.", "more than 62 bits"),
        (b"}(I1\nL4611686018427387904L\nt\x85Ns.", "a tuple as a key"),
        (b"}I2147483648\n\x85Ns.", "more than 31 bits"),
        (b"}G?\xf0\x00\x00\x00\x00\x00\x00\x85Ns.", "a float as a key"),
        (b"}(NNNNNNNNNtNs.", "a key of 9 parts"),
        (b"\x8f(L4611686018427387904L\n\x90.", "more than 62 bits"),
        (b"cbuiltins\nfrozenset\n((L4611686018427387904L\nltR.", "more than 62 bits"),
        (b"ccollections\nOrderedDict\n(((L4611686018427387904L\nNtltR.", "more than 62 bits"),
        (PYTHON_2["protocol 0"][:-1] + b"(I1\n(I2\ntg11\nI00\nS'abcd'\ntb.", "whose state is not NumPy's"),
        (b"cbuiltins\nobject\n)\x81.", "an object of builtins.object"),
    ],
)
def test_damage_is_refused_with_its_place(data, what):
    message = refusal(data)
    assert what in message and "byte" in message


ARRAY = pickle.dumps(np.arange(6, dtype=np.int16), 4)


@pytest.mark.parametrize(
    ("shape", "what"),
    [
        (b"J\xff\xff\xff\x7f\x85", "12 bytes for an array"),
        (b"J\xff\xff\xff\xff\x85", "of shape (-1,)"),
        (b"\x8a\x06\x00\x00\x00\x00\x00\x01\x85", "12 bytes for an array"),
        (b"\x8a\x09" + b"\x00" * 8 + b"\x01\x85", "of shape"),
        (b"(" + b"K\x01" * 40 + b"t", "of shape"),
        (b"K\x06", "an array of shape 6"),
        (b"\x8c\x01a\x85", "of shape"),
        (b"G?\xf0\x00\x00\x00\x00\x00\x00\x85", "of shape"),
    ],
)
def test_shapes_that_cannot_be(shape, what):
    assert ARRAY.count(b"K\x06\x85") == 1
    data = ARRAY[:2] + ARRAY[11:].replace(b"K\x06\x85", shape)  # without the frame, whose length changes
    assert what in refusal(data)


@pytest.mark.parametrize("axes", [32, 33])
def test_an_array_has_up_to_32_axes(axes):
    data = pickle.dumps(np.ones(1, np.int16), 4)
    assert data.count(b"K\x01K\x01\x85") == 1
    data = data[:2] + data[11:].replace(b"K\x01K\x01\x85", b"K\x01(" + b"K\x01" * axes + b"t")
    if axes == 32:
        assert same(pickles.loads(data), np.ones((1,) * 32, np.int16))
    else:
        assert "received an array of shape (1, 1" in refusal(data)


@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize("protocol", [4, 5])
@pytest.mark.parametrize("scalar", [False, True])
def test_text_has_characters_that_there_are(order, protocol, scalar):
    """NumPy takes any number as a character, and raises SystemError when somebody looks at it."""
    value = np.array(["a\U0010abcd"], order + "U2")
    data = pickle.dumps(value[0] if scalar else value, protocol)
    order = "<" if scalar else order
    character = struct.pack(order + "I", 0x10ABCD)
    assert data.count(character) == 1
    last = pickles.loads(data.replace(character, struct.pack(order + "I", 0x10FFFF)))
    assert str(last if scalar else last[0]) == "a\U0010ffff"
    for number in (0x110000, 0x7FFFFFFF, 0xFFFFFFFF):
        assert f"the number {number:,}" in refusal(data.replace(character, struct.pack(order + "I", number)))


@pytest.mark.parametrize("error", [SystemError, RuntimeError])
def test_what_numpy_may_raise_is_our_error(error):
    def fail(_):
        raise error("made up")

    assert f"{error.__name__}: made up" in refusal(pickle.dumps({1: 2}), on_items=fail)


def test_arrays_of_objects_and_dates_are_refused():
    for array in (
        np.array([1, "a"], object),
        np.array(["2020-01-01"], "M8[D]"),
        np.array([(1, 2.0)], "i4,f8"),
        np.array([1j]),
    ):
        assert "are read" in refusal(pickle.dumps(array))


BOMBS = {
    "a far place of the memo": b"Nr\xff\xff\xff\x7fh\x00.",
    "a declared text of 2 GiB": b"X\xff\xff\xff\x7fa.",
    "declared bytes of 4 GiB": b"B\xff\xff\xff\xffa.",
    "declared bytes of 2**60": b"\x8e" + struct.pack("<Q", 2**60) + b"a.",
    "a declared bytearray of 2**40": b"\x96" + struct.pack("<Q", 2**40) + b"a.",
    "a declared integer of 2 GiB": b"\x8b\xff\xff\xff\x7fa.",
    "a frame of 2**62": b"\x80\x04\x95" + struct.pack("<Q", 2**62) + b"]a.",
    "bytearray(10**12)": b"cbuiltins\nbytearray\n(L1000000000000L\ntR.",
    "bytes(10**12)": b"cbuiltins\nbytes\n(L1000000000000L\ntR.",
    "an array of 10**12 numbers": ARRAY[:2] + ARRAY[11:].replace(b"K\x06\x85", b"\x8a\x06\x00\x10\xa5\xd4\xe8\x00\x85"),
    "an empty array with huge axes": (
        ARRAY[:2]
        + ARRAY[11:].replace(b"K\x06\x85", b"K\x00\x8a\x08" + b"\xff" * 7 + b"\x3f\x8a\x08" + b"\xff" * 7 + b"\x3f\x87")
    ),
    "deep tuples as a key": b"}" + b"(" * 150_000 + b")" + b"t" * 150_000 + b"Ns.",
    "deep tuples in a set": b"\x8f(" + b"(" * 150_000 + b")" + b"t" * 150_000 + b"\x90.",
    "deep tuples in a called set": b"cbuiltins\nset\n((" + b"(" * 150_000 + b")" + b"t" * 150_000 + b"ltR.",
    "deep tuples in an ordered dictionary": (
        b"ccollections\nOrderedDict\n(((" + b"(" * 150_000 + b")" + b"t" * 150_000 + b"NtltR."
    ),
    "deep lists as a shape": ARRAY[:2] + ARRAY[11:].replace(b"K\x06\x85", b"(" * 150_000 + b"t" * 150_000),
    "deep lists as a dtype": b"cnumpy\ndtype\n(" + b"(" * 150_000 + b"l" * 150_000 + b"tR.",
    "deep lists as a name": b"(" * 150_000 + b"l" * 150_000 + b"S'a'\n\x93.",
    "a name that doubles forty times": b")" + b"2\x86" * 40 + b"S'a'\n\x93.",
    "a dtype that doubles forty times": b"cnumpy\ndtype\n(" + b")" + b"2\x86" * 40 + b"tR.",
    "a key that doubles forty times": b"})" + b"2\x86" * 40 + b"Ns.",
    "a power of integers as a shape": (
        ARRAY[:2] + ARRAY[11:].replace(b"K\x06\x85", b"(" + (b"\x8a\xff" + b"\x7f" * 255) * 2000 + b"t")
    ),
}


def test_bombs_are_refused_in_little_memory_and_time(tmp_path):
    """In a process of its own with 1.5 GB of address space and 60 s of processor time."""
    for k, data in enumerate(BOMBS.values()):
        (tmp_path / f"{k:03d}.raw").write_bytes(data)
        (tmp_path / f"{k:03d}.bz2").write_bytes(bz2.compress(data))
    script = f"""
        import glob, resource
        from tfnas.data import pickles
        from tfnas.errors import DataError
        resource.setrlimit(resource.RLIMIT_AS, (3 * 2**29,) * 2)
        resource.setrlimit(resource.RLIMIT_CPU, (60, 60))
        for path in sorted(glob.glob({str(tmp_path)!r} + "/*")):
            try:
                pickles.load(path)
            except DataError as error:
                assert len(str(error)) < 1000 and "byte" in str(error), error
                print("refused")
            else:
                print("read", path)
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script)],
        capture_output=True,
        text=True,
        env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},
    )
    assert done.returncode == 0, done.stderr[-2000:]
    found = done.stdout.split("\n")[:-1]
    assert found == ["refused"] * (2 * len(BOMBS)), [
        list(BOMBS)[k // 2] for k, line in enumerate(found) if "read" in line
    ]


MADE_OFTEN = {
    "a bytearray": (b"cbuiltins\nbytearray\n", pickle.dumps((bytes(10**6),), 3)[2:-1], b"R"),
    "bytes of text": (b"c_codecs\nencode\n", pickle.dumps(("a" * 10**6, "latin1"), 3)[2:-1], b"R"),
    "a set": (b"cbuiltins\nset\n", pickle.dumps((list(range(30_000)),), 3)[2:-1], b"R"),
    "a set of equal ones": (b"cbuiltins\nfrozenset\n", pickle.dumps(([None] * 30_000,), 3)[2:-1], b"R"),
    "an ordered dictionary": (
        b"ccollections\nOrderedDict\n",
        pickle.dumps(([(k, None) for k in range(30_000)],), 3)[2:-1],
        b"R",
    ),
    "a record": (b"cmade.up\nThing\n", pickle.dumps({str(k): k for k in range(30_000)}, 3)[2:-1], b"b"),
    "an array": (
        b"cnumpy\nndarray\n",
        b"(K\x01J\x40\x42\x0f\x00\x85cnumpy\ndtype\nX\x02\x00\x00\x00u1\x85R\x89"
        + pickle.dumps(bytes(10**6), 3)[2:-1].replace(b"q\x00", b"")
        + b"t",
        b"b",
    ),
}


@pytest.mark.parametrize("name", MADE_OFTEN)
def test_one_long_value_is_not_copied_again_and_again(name):
    kind, content, last = MADE_OFTEN[name]
    before = b"\x80\x03" + kind + b"r\x00\x00\x10\x000" + content + b"r\x01\x00\x10\x000("
    get_kind, get_content = b"j\x00\x00\x10\x00", b"j\x01\x00\x10\x00"
    if name == "an array":
        make = b"cnumpy.core.multiarray\n_reconstruct\n(" + get_kind + b"K\x00\x85C\x01btR" + get_content + last
    elif name == "a record":
        make = get_kind + b")\x81" + get_content + last
    else:
        make = get_kind + get_content + last
    assert len(pickles.loads(before + make * 5 + b"t.", records=("made.up.Thing",))) == 5
    message = refusal(before + make * 200 + b"t.", records=("made.up.Thing",))
    copied = int(re.search("calls that copy ([0-9,]+) bytes", message)[1].replace(",", ""))
    assert 64 * 2**20 < copied < 64 * 2**20 + 17 * (len(before) + 200 * len(make)) + 10**6


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_what_pickle_writes_copies_little(protocol, monkeypatch):
    """Even without what a pickle may copy for nothing."""
    monkeypatch.setattr(machine, "_SPARE_COPIES", 0)
    thing = Plain()
    thing.__dict__ = {f"k{k}": k for k in range(300)}
    value = [
        *ARRAYS.values(),
        *(np.zeros((1,) * axes, np.int8) for axes in range(32)),
        [np.float32(k) for k in range(300)],
        [set(), {1}, frozenset(range(5000)), set("abcdefgh"), {True, False, None}],
        collections.OrderedDict.fromkeys(range(5000)),
        [collections.OrderedDict() for _ in range(300)],
        [b"", b"a", b"ab" * 5000, bytearray(b"x"), bytearray(5000)],
        thing,
    ]
    found = pickles.loads(pickle.dumps(value, protocol), records=(PLAIN,))
    assert len(found) == len(value) and len(found[-1].fields) == 300


@pytest.mark.parametrize("packed", PACKERS)
def test_a_file_has_a_limit(tmp_path, packed):
    data = pickle.dumps({"a": bytes(3 * 2**20)})
    path = write(tmp_path, data, packed)
    assert pickles.load(path, limit=len(data)) == pickle.loads(data)
    with pytest.raises(DataError, match=f"made.{packed}: .*more than {len(data) - 1:,} bytes, .*limit.*byte"):
        pickles.load(path, limit=len(data) - 1)


def test_a_small_file_of_many_values_is_refused_in_little_memory(tmp_path):
    path = write(tmp_path, b"(" + b"}" * 10**6 + b"t.", "bz2")
    assert path.stat().st_size < 100
    tracemalloc.start()
    try:
        with pytest.raises(DataError, match="more than 10,000 bytes"):
            pickles.load(path, limit=10_000)
        assert tracemalloc.get_traced_memory()[1] < 20e6
    finally:
        tracemalloc.stop()


def test_values_in_messages_are_short():
    record = pickles.Record("made.up.Thing", fields={"long": "x" * 10**6})
    record.fields["self"] = record
    doubled: tuple = ()
    for _ in range(40):
        doubled = (doubled, doubled)
    deep: list = []
    for _ in range(100_000):
        deep = [deep]
    values = [10**5000, -(10**5000), [10**5000], {1: 10**5000}, "x" * 10**6, bytes(10**6), bytearray(10**6), record]
    values += [doubled, deep, [record], np.zeros((2,) * 24), [np.zeros((2,) * 24)], np.str_("x" * 9999), range(10)]
    assert [len(pickles.shown(value)) <= 200 for value in values] == [True] * len(values)
    assert len(repr(record)) < 100
    record.arguments = ("x" * 10**6,)
    assert len(repr(record)) < 100
    assert pickles.shown(10**5000) == "an integer of 16,610 bits"
    assert pickles.shown([1, "a", b"b", None, 2.5, {"a": True}]) == repr([1, "a", b"b", None, 2.5, {"a": True}])
    assert pickles.shown(np.zeros((2, 3))) == "an array of shape (2, 3)"


def test_deep_values_that_are_no_keys_are_read():
    found = pickles.loads(b"(" * 50_000 + b"l" * 50_000 + b".")
    depth = 0
    while found:
        (found,), depth = found, depth + 1
    assert depth == 49_999


SAMPLE = {
    "names": ["a", "b", "ä" * 20],
    "table": np.arange(40.0).reshape(5, 8),
    ("cifar10", 777): {k: k / 7 for k in range(40)},
    "nested": (1, (2.5, None, True), b"\x00\x01", {3, 4}),
    "scalar": np.float32(1.25),
}


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_flipped_bits_of_a_raw_pickle_give_a_value_or_our_error(protocol):
    data = pickle.dumps(SAMPLE, protocol)
    rng = np.random.default_rng(protocol)
    refused = 0
    for place in rng.integers(8 * len(data), size=100).tolist():
        damaged = bytearray(data)
        damaged[place // 8] ^= 1 << place % 8
        try:
            pickles.loads(bytes(damaged))
        except DataError as error:
            refused += 1
            assert "byte" in str(error)
    assert refused > 5


@pytest.mark.parametrize("packed", ["bz2", "gzip"])
def test_flipped_bits_of_a_compressed_file_give_the_right_value_or_our_error(tmp_path, packed):
    path = write(tmp_path, pickle.dumps(SAMPLE), packed)
    data = path.read_bytes()
    refused = 0
    for place in np.random.default_rng(5).integers(8 * len(data), size=100).tolist():
        damaged = bytearray(data)
        damaged[place // 8] ^= 1 << place % 8
        path.write_bytes(damaged)
        try:
            assert same_sample(pickles.load(path)), place
        except DataError as error:
            refused += 1
            assert f"made.{packed}" in str(error) and "byte" in str(error)
    assert refused > 80


def same_sample(found) -> bool:
    return same({**found, "nested": None}, {**SAMPLE, "nested": None}) and found["nested"] == SAMPLE["nested"]


@pytest.mark.parametrize("packed", PACKERS)
def test_a_file_that_is_cut_short_anywhere_is_refused(tmp_path, packed):
    path = write(tmp_path, pickle.dumps(SAMPLE), packed)
    data = path.read_bytes()
    assert same_sample(pickles.load(path))
    for size in range(len(data)):
        path.write_bytes(data[:size])
        with pytest.raises(DataError, match="byte"):
            pickles.load(path)


@pytest.mark.parametrize("junk", [b"\n", b"B", b"BZh9", b"\x1f", b"\x1f\x8b", b"\x00more", bytes(10**6) + b"x", b"N."])
@pytest.mark.parametrize("packed", PACKERS)
def test_a_file_that_goes_on_behind_its_end_is_refused(tmp_path, packed, junk):
    path = write(tmp_path, pickle.dumps(SAMPLE), packed)
    path.write_bytes(path.read_bytes() + junk)
    with pytest.raises(DataError, match=f"made.{packed}: .*byte"):
        pickles.load(path)


@pytest.mark.parametrize("packed", ["bz2", "gzip"])
def test_whole_streams_behind_one_another_are_one_file(tmp_path, packed):
    pack, data = PACKERS[packed], pickle.dumps(SAMPLE)
    path = tmp_path / "made"
    for cuts in ((0, 0, 1), (100,), tuple(range(0, len(data), 50)), (len(data), len(data))):
        edges = (0, *cuts, len(data))
        path.write_bytes(b"".join(pack(data[start:end]) for start, end in zip(edges, edges[1:])))
        assert same_sample(pickles.load(path))
        path.write_bytes(path.read_bytes()[:-1])
        with pytest.raises(DataError, match="byte"):
            pickles.load(path)


def test_zeros_behind_gzip_are_padding(tmp_path):
    path = write(tmp_path, pickle.dumps(SAMPLE), "gzip")
    path.write_bytes(path.read_bytes() + bytes(1000))
    assert same_sample(pickles.load(path))


def test_files_that_are_none(tmp_path):
    with pytest.raises(DataError, match="none.pickle.*No such file"):
        pickles.load(tmp_path / "none.pickle")
    with pytest.raises(DataError, match="directory"):
        pickles.load(tmp_path)


def test_dictionaries_can_be_emptied_while_a_file_is_read():
    value = [{"keep": k, "many": {step: float(step) for step in range(50)}} for k in range(3)]
    seen = []

    def empty(items: dict) -> None:
        if "many" in items:
            seen.append((items["keep"], len(items.pop("many"))))

    found = pickles.loads(pickle.dumps(value), on_items=empty)
    assert found == [{"keep": 0}, {"keep": 1}, {"keep": 2}] and seen == [(0, 50), (1, 50), (2, 50)]


def test_numbers_of_the_memo_may_have_gaps():
    assert pickles.loads(b"(S'a'\np1\nS'b'\np0\nS'c'\np7\ng1\ng0\ng7\nt.") == ("a", "b", "c", "a", "b", "c")
    for data in (
        b"(S'a'\np5\n\x94S'b'\n\x94g5\ng1\ng2\nt.",
        b"(S'a'\np1\nS'b'\np0\nS'c'\n\x94g0\ng1\ng2\nt.",
        b"(S'a'\np1\nS'b'\np0\nS'c'\np1\nS'd'\n\x94g0\ng1\ng2\nt.",
    ):
        assert pickles.loads(data) == pickle.loads(data)


def test_a_stream_is_read_across_the_borders_of_its_buffer(tmp_path):
    value = {"noise": np.random.default_rng(0).bytes(3 * 2**20), "text": ["x" * 200] * 10_000 + [io.__name__]}
    for packed in PACKERS:
        assert pickles.load(write(tmp_path, pickle.dumps(value), packed)) == value

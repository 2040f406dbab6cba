"""The frozen value that every layer passes around."""

from __future__ import annotations

import json
import string

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tfnas import Architecture
from tfnas.errors import InvalidArchitectureError


@st.composite
def _architectures(draw) -> Architecture:
    sizes = draw(st.lists(st.integers(0, 4), min_size=1, max_size=3))
    names = draw(st.lists(st.text(string.ascii_letters, min_size=1), min_size=len(sizes), max_size=len(sizes)))
    total = sum(sizes)
    pairs, start = [], 0
    for size in sizes:
        pairs += [(a, b) for b in range(start, start + size) for a in range(start, b)]
        start += size
    edges = draw(st.lists(st.sampled_from(pairs), unique=True)) if pairs else []
    value = st.one_of(st.integers(), st.floats(allow_nan=False), st.booleans(), st.none(), st.text())
    attrs = draw(
        st.dictionaries(st.text(), st.lists(value, min_size=total, max_size=total).map(tuple), max_size=3)
    )
    return Architecture(
        draw(st.text()),
        tuple(draw(st.lists(st.text(), min_size=total, max_size=total))),
        tuple(sorted(edges)),
        tuple(zip(names, sizes)),
        tuple(attrs.items()),
    )


@settings(deadline=None)
@given(_architectures())
def test_json_round_trip(arch):
    text = arch.to_json()
    assert "\n" not in text
    again = Architecture.from_json(text)
    assert again == arch and hash(again) == hash(arch) and again.to_json() == text
    assert Architecture.from_dict(json.loads(json.dumps(arch.to_dict()))) == arch


def test_attributes_keep_their_order():
    arch = Architecture("toy", ("a",), (), attrs=(("scale", (1,)), ("exit", (0,))))
    assert Architecture.from_json(arch.to_json()) == arch


def test_values_can_be_keys():
    first = Architecture("toy", ("a", "b"), ((0, 1),))
    assert first == Architecture("toy", ("a", "b"), ((0, 1),), (("cell", 2),))
    assert len({first, Architecture("toy", ("a", "b"), ((0, 1),)), Architecture("toy", ("a", "b"), ())}) == 2
    with pytest.raises(AttributeError):
        first.space = "other"


def test_text_shows_space_and_operators():
    assert str(Architecture("toy", ("a", "b"), ())) == "toy:a,b"


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"components": (("cell", 2),)}, r"components: expected sizes from 0 that add up to the 3 nodes"),
        ({"components": (("a", 4), ("b", -1))}, r"components: expected sizes from 0.*\('b', -1\)"),
        ({"edges": ((1, 0),)}, r"edges: expected pairs.*source < target < 3; received \(1, 0\)"),
        ({"edges": ((1, 1),)}, r"edges.*received \(1, 1\)"),
        ({"edges": ((1, 3),)}, r"edges.*received \(1, 3\)"),
        ({"edges": ((-1, 1),)}, r"edges.*received \(-1, 1\)"),
        ({"edges": ((0, 2), (0, 1))}, r"sorted edges, each once; received \(0, 1\) after \(0, 2\)"),
        ({"edges": ((0, 1), (0, 1))}, r"sorted edges, each once; received \(0, 1\) after \(0, 1\)"),
        ({"edges": ((0, 2),), "components": (("a", 2), ("b", 1))}, r"inside one component; received \(0, 2\)"),
        ({"attrs": (("scale", (1, 2)),)}, "attribute 'scale': expected one value for each of the 3 nodes; received 2"),
        ({"attrs": (("s", (1, 2, 3)), ("s", (1, 2, 3)))}, "attributes: expected distinct names; received s, s"),
    ],
)
def test_broken_rules(fields, message):
    with pytest.raises(InvalidArchitectureError, match=message):
        Architecture(**{"space": "toy", "ops": ("a", "b", "c"), "edges": (), **fields})


@pytest.mark.parametrize("missing", ["space", "ops", "edges", "components"])
def test_fields_that_are_missing(missing):
    value = Architecture("toy", ("a", "b"), ((0, 1),)).to_dict()
    del value[missing]
    with pytest.raises(InvalidArchitectureError, match="the fields space, ops, edges, components"):
        Architecture.from_dict(value)


@pytest.mark.parametrize(
    ("field", "wrong"),
    [
        ("ops", 3),
        ("edges", [[0]]),
        ("edges", [[0, 1, 2]]),
        ("edges", [0, 1]),
        ("edges", [["a", "b"]]),
        ("components", 2),
        ("components", [["cell", None]]),
        ("attrs", [1]),
        ("attrs", {"scale": 1}),
    ],
)
def test_fields_of_a_wrong_kind(field, wrong):
    value = {**Architecture("toy", ("a", "b"), ((0, 1),)).to_dict(), field: wrong}
    with pytest.raises(InvalidArchitectureError, match="architecture: expected the fields"):
        Architecture.from_dict(value)


def test_a_broken_rule_in_json_keeps_its_own_message():
    value = {**Architecture("toy", ("a", "b"), ()).to_dict(), "edges": [[1, 0]]}
    with pytest.raises(InvalidArchitectureError, match="source < target"):
        Architecture.from_json(json.dumps(value))


@pytest.mark.parametrize("text", ["", "{", "[1, 2", "nonsense"])
def test_text_that_is_no_json(text):
    with pytest.raises(InvalidArchitectureError, match="expected JSON text"):
        Architecture.from_json(text)


@pytest.mark.parametrize("text", ["[]", "3", "null", '"toy"'])
def test_json_that_is_no_architecture(text):
    with pytest.raises(InvalidArchitectureError, match="expected the fields"):
        Architecture.from_json(text)


def test_attributes_are_optional_in_json():
    value = Architecture("toy", ("a",), ()).to_dict()
    del value["attrs"]
    assert Architecture.from_dict(value) == Architecture("toy", ("a",), ())

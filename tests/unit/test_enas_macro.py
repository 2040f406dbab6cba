"""ENAS macro, judged by counting its networks layer by layer and by exhausting small variants."""

from __future__ import annotations

import csv
import gzip
import itertools
import math
from collections import Counter

import numpy as np
import pytest

from tests.realdata import real_data
from tfnas import Architecture
from tfnas.blueprints.enas_macro import OPERATORS
from tfnas.errors import ConfigError, InvalidArchitectureError
from tfnas.spaces import Cost
from tfnas.spaces.enas_macro import ENASMacro
from tfnas.testing import check_space

SPACE, SMALL, TINY = ENASMacro(), ENASMacro(layers=6), ENASMacro(layers=3)
CONV3, SEP3, CONV5, SEP5, AVG, MAX = OPERATORS
EXAMPLE = "[[4], [0, 1], [3, 0, 1], [1, 0, 0, 0], [5, 1, 1, 1, 1], [2, 0, 0, 1, 0, 0]]"


def _all_members(space: ENASMacro) -> list[Architecture]:
    bits = [list(itertools.product((0, 1), repeat=layer)) for layer in range(space.layers)]
    return [
        space.from_layers(operators, skips)
        for operators in itertools.product(OPERATORS, repeat=space.layers)
        for skips in itertools.product(*bits)
    ]


@pytest.mark.parametrize("space", [SPACE, SMALL, TINY, ENASMacro(layers=1)], ids=lambda space: space.name)
def test_keeps_the_contract(space):
    check_space(space, samples=20)


def test_names_and_options():
    assert (SPACE.name, SMALL.name, SPACE.layers) == ("enas_macro", "enas_macro,layers=6", 12)
    assert ENASMacro(layers=np.int8(6)).name == SMALL.name and ENASMacro(layers=100).max_nodes == 102
    for layers in (0, -1, 2.0, "6", True, 101, 100_000):
        with pytest.raises(ConfigError, match="layers: expected an integer from 1 to 100"):
            ENASMacro(layers=layers)


def test_size():
    members = _all_members(TINY)
    assert len(set(members)) == TINY.size == 6**3 * 2**3
    for arch in members[::97]:
        TINY.validate(arch)
    assert ENASMacro(layers=1).size == 6 and ENASMacro(layers=2).size == 72
    assert SMALL.size == 6**6 * 2**15 and SPACE.size == 6**12 * 2**66


def test_keys_are_those_of_different_networks():
    members = _all_members(TINY)
    assert len({TINY.canonical_key(arch) for arch in members}) == TINY.num_networks == TINY.size
    # No other numbering of a member's nodes keeps its edges ascending, so there is nothing to be equal to.
    for arch in members[::41]:
        ascending = [
            order
            for order in itertools.permutations(range(5))
            if all(order[source] < order[target] for source, target in arch.edges)
        ]
        assert ascending == [(0, 1, 2, 3, 4)]
    assert not SPACE.key_can_collide


def test_the_stored_graph():
    arch = SMALL.from_native(EXAMPLE)
    assert arch.ops == ("input", AVG, CONV3, SEP5, SEP3, MAX, CONV5, "output")
    skips = set(arch.edges) - {(node, node + 1) for node in range(7)}
    assert skips == {(0, 2), (1, 3), (0, 5), (1, 5), (2, 5), (3, 5), (2, 6)}
    assert len(arch.edges) == 7 + len(skips)
    assert SMALL.operators(arch) == arch.ops[1:-1]
    assert SMALL.skips(arch) == ((), (1,), (0, 1), (0, 0, 0), (1, 1, 1, 1), (0, 0, 1, 0, 0))


def test_native_forms():
    arch = SMALL.from_native(EXAMPLE)
    assert SMALL.to_native(arch) == EXAMPLE
    assert SMALL.from_native(EXAMPLE.replace(" ", "")) == arch
    assert SMALL.from_native("4 0 1 3 0 1 1 0 0 0 5 1 1 1 1 2 0 0 1 0 0") == arch


@pytest.mark.parametrize(
    ("native", "message"),
    [
        (None, "nested .* or flat"),
        ("4 0 1 3 0", "3 layers of 1, 2, ..., 3 numbers"),
        ("4 0 1 3 0 0 1", "3 layers"),
        ("4 0 1 x 0 0", "nested .* or flat"),
        ("4 0 1 -3 0 0", "nested .* or flat"),
        ("6 0 1 3 0 0", "operators from 0 to 5"),
        ("4 0 2 3 0 0", "skip from node 0 to layer 2 .*expected one of 0, 1; received 2"),
        ("[[4], [0, 1]]", "3 layers"),
        ("[[4], [0, 1], [3, 0]]", "3 layers"),
        ("[[4], [0, 1], [3, 0, 0], []]", "nested .* or flat"),
        ("[[4], [0, 1], [3, 0, 0]", "nested .* or flat"),
        ("[[4], [0, true], [3, 0, 0]]", "nested .* or flat"),
        ("[[4], [0, 1], [-1, 0, 0]]", "operators from 0 to 5"),
        ("[4, 0, 1, 3, 0, 0]", "nested .* or flat"),
        ("[" * 100_000, "nested .* or flat"),
    ],
)
def test_malformed_text(native, message):
    with pytest.raises(InvalidArchitectureError, match=message):
        TINY.from_native(native)


def test_published_data():
    with gzip.open(real_data("enas_weight_sharing.csv.gz"), "rt", newline="") as file:
        rows = [(row["ops"], row["connections"]) for row in csv.DictReader(file)]
    assert len(rows) == 20_020
    for ops, connections in rows:
        parts = [op + bits for op, bits in zip(ops, connections.split("/"), strict=True)]
        nested = f"[{', '.join('[' + ', '.join(part) + ']' for part in parts)}]"
        arch = SMALL.from_native(" ".join("".join(parts)))
        assert SMALL.to_native(arch) == nested and SMALL.from_native(nested) == arch
        back = "".join(str(OPERATORS.index(op)) for op in SMALL.operators(arch))
        assert (back, "/".join("".join(map(str, bits)) for bits in SMALL.skips(arch))) == (ops, connections)


# Variation.


def _choices(space: ENASMacro, arch: Architecture) -> tuple:
    return (*space.operators(arch), *itertools.chain(*space.skips(arch)))


def test_samples_are_uniform():
    rng = np.random.default_rng(0)
    _check_uniform([TINY.sample(rng) for _ in range(20_000)], _all_members(TINY))


def test_neighbours_and_mutations():
    rng = np.random.default_rng(1)
    arch = SMALL.sample(rng)
    neighbours = list(SMALL.neighbors(arch))
    assert len(set(neighbours)) == len(neighbours) == 5 * 6 + 15
    for other in neighbours:
        assert sum(a != b for a, b in zip(_choices(SMALL, arch), _choices(SMALL, other))) == 1
    _check_uniform([SMALL.mutate(arch, rng) for _ in range(2_000)], neighbours)


def test_crossover():
    rng = np.random.default_rng(2)
    first = TINY.from_layers([CONV3] * 3, [(), (0,), (0, 0)])
    second = TINY.from_layers([MAX] * 3, [(), (1,), (1, 1)])
    children = [
        TINY.from_layers(operators, [(), bits[:1], bits[1:]])
        for operators in itertools.product((CONV3, MAX), repeat=3)
        for bits in itertools.product((0, 1), repeat=3)
    ]
    _check_uniform([TINY.crossover(first, second, rng) for _ in range(3_000)], children)


def _check_uniform(drawn: list, options: list) -> None:
    from scipy.stats import chisquare

    counts = Counter(drawn)
    assert set(counts) <= set(options)
    assert chisquare([counts[option] for option in options]).pvalue > 1e-5


# Costs.


def _slow_cost(operators, skips, shape, classes: int, channels: int, fixed: bool, live: bool) -> Cost:
    """Adds the convolutions up as rows (kernel area times inputs a filter, filters, positions, normalised)."""
    layers = len(operators)
    height, width, inputs = shape
    rows = [(9 * inputs, channels, height * width, 1)]
    for layer, (operator, bits) in enumerate(zip(operators, skips)):
        area = height * width
        rows.append((channels, channels, area, 1))
        side = 3 if operator in (CONV3, SEP3) else 5
        if operator in (CONV3, CONV5):
            rows.append((side * side * channels, channels, area, 1))
        elif operator in (SEP3, SEP5):
            rows += [(side * side, channels, area, 0), (channels, channels, area, 1)]
        if layer:
            rows.append(((1 + sum(bits)) * channels, channels, area, 1) if fixed else (0, channels, area, 1))
        if layer in (layers // 3 - 1, 2 * (layers // 3) - 1):
            height, width = math.ceil(height / 2), math.ceil(width / 2)
            before, channels = channels, channels * 2 if fixed else channels
            later = [k for k in range(layer + 2) if k == layer + 1 or any(bits[k] for bits in skips[layer + 1 :])]
            rows += [(before, channels, height * width, 1)] * (len(later) if live else layer + 2)
    each, filters, area, normed = np.array(rows, dtype=object).T
    params = (each * filters + 2 * filters * normed).sum() + (channels + 1) * classes
    return Cost(int(params), int((each * filters * area).sum() + channels * classes))


@pytest.mark.parametrize("fixed", [False, True])
@pytest.mark.parametrize("live", [False, True])
def test_cost_layer_by_layer(fixed, live):
    rng = np.random.default_rng(3)
    for layers in (1, 2, 3, 4, 5, 6, 7, 12, 24):
        space = ENASMacro(layers=layers)
        for _ in range(4):
            arch = space.sample(rng)
            shape = (int(rng.integers(1, 40)), int(rng.integers(1, 40)), int(rng.integers(1, 4)))
            channels, classes = int(rng.integers(2, 40)), int(rng.integers(1, 20))
            expected = _slow_cost(space.operators(arch), space.skips(arch), shape, classes, channels, fixed, live)
            cost = space.cost(arch, shape, classes, live_only=live, channels=channels, fixed=fixed)
            assert cost == expected


def test_costs_depend_on_every_operator():
    # In the published search code they do not: every layer runs one and the same branch.
    def params(layer: int, operator: str) -> int:
        operators = [MAX] * 6
        operators[layer] = operator
        return SMALL.cost(SMALL.from_layers(operators, [(0,) * k for k in range(6)])).params

    expected = {CONV3: 9 * 36 * 36 + 72, SEP3: 9 * 36 + 36 * 36 + 72, CONV5: 25 * 36 * 36 + 72}
    expected |= {SEP5: 25 * 36 + 36 * 36 + 72, AVG: 0, MAX: 0}
    for layer in range(6):
        for operator, more in expected.items():
            assert params(layer, operator) - params(layer, MAX) == more


def test_reductions_halve_and_double():
    arch = SPACE.sample(np.random.default_rng(4))
    for fixed, widths in ((False, (36, 36, 36)), (True, (36, 72, 144))):
        blueprint = SPACE.blueprint(arch, fixed=fixed)
        shapes = {node.place: node.shape for node in blueprint.nodes if node.place is not None}
        assert list(shapes) == list(range(1, 13))
        for layers, side, width in zip((range(1, 5), range(5, 9), range(9, 13)), (32, 16, 8), widths):
            assert {shapes[layer] for layer in layers} == {(side, side, width)}
        for node in blueprint.nodes:
            assert node.place is None or node.name == f"layer{node.place}.{arch.ops[node.place]}"


def test_reductions_that_no_layer_reads():
    rng = np.random.default_rng(5)
    for space in (SPACE, SMALL, TINY):
        for fixed in (False, True):
            arch = space.sample(rng)
            live, whole = (space.blueprint(arch, live_only=live_only, fixed=fixed) for live_only in (True, False))
            ((_, features),) = live.outputs
            assert live.ancestors(features) == set(range(len(live.nodes)))
            assert sum(".reduce" in node.name for node in whole.nodes) == space.layers // 3 * 3 + 2
    alone = SMALL.from_layers([CONV3] * 6, [(0,) * k for k in range(6)])
    reduced = [node.name for node in SMALL.blueprint(alone).nodes if ".reduce" in node.name]
    assert reduced == ["layer2.reduce2", "layer4.reduce4"]


def test_dropout():
    arch = SMALL.from_native(EXAMPLE)
    assert SMALL.cost(arch, dropout=0.5) == SMALL.cost(arch)
    rates = [
        step.layer.rate
        for node in SMALL.blueprint(arch, dropout=0.5).nodes
        for step in node.operator.steps
        if type(step.layer).__name__ == "Dropout"
    ]
    assert rates == [0.5]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"channels": 1}, "channels: expected at least 2"),
        ({"channels": "36"}, "channels: expected a positive integer"),
        ({"dropout": 1}, "dropout: expected a rate"),
        ({"keep": 0.9}, "skeleton of enas_macro,layers=6: expected .*dropout.*; received keep"),
    ],
)
def test_cost_with_bad_arguments(arguments, message):
    with pytest.raises(ConfigError, match=message):
        SMALL.cost(SMALL.from_native(EXAMPLE), **arguments)


# Rules.


def _changed(*, without=(), extra=(), **fields) -> Architecture:
    arch = TINY.from_layers([CONV3, SEP3, MAX], [(), (1,), (0, 0)])
    edges = tuple(sorted({*arch.edges, *extra} - {*without}))
    given = {"space": TINY.name, "ops": arch.ops, "edges": edges, "components": arch.components, **fields}
    return Architecture(**given)


@pytest.mark.parametrize(
    ("arch", "message"),
    [
        (_changed(space="enas_macro"), "a member of 'enas_macro,layers=3'; received a member of 'enas_macro'"),
        (_changed(components=(("cell", 5),)), "one, 'chain', with 5 nodes"),
        (_changed(attrs=(("scale", (1,) * 5),)), "without attributes"),
        (Architecture(TINY.name, ("input", "output"), ((0, 1),), (("chain", 2),)), "one, 'chain', with 5 nodes"),
        (_changed(ops=("output", CONV3, SEP3, MAX, "input")), "input, one operator a layer, output"),
        (_changed(ops=("input", CONV3, "conv7x7", MAX, "output")), "operator of layer 2 .*received 'conv7x7'"),
        (_changed(without=[(1, 2)]), r"each node to feed the next one; received no edge \(1, 2\)"),
        (_changed(without=[(3, 4)]), r"each node to feed the next one; received no edge \(3, 4\)"),
        (_changed(extra=[(1, 4)]), r"the output to read the last layer alone; received edge \(1, 4\)"),
    ],
)
def test_architectures_that_are_no_members(arch, message):
    with pytest.raises(InvalidArchitectureError, match=message):
        TINY.validate(arch)


@pytest.mark.parametrize(
    ("operators", "skips", "message"),
    [
        ([CONV3] * 2, [(), (0,)], "layers of enas_macro,layers=3: expected 3 operators; received 2"),
        ([CONV3, SEP3, "conv"], [(), (0,), (0, 0)], "operator of layer 3 .*received 'conv'"),
        ([CONV3] * 3, [(), (0,)], "3 sequences of 0, 1, ..., 2 bits; received 2 sequences of 0, 1 bits"),
        ([CONV3] * 3, [(), (0,), (0, 0, 0)], "received 3 sequences of 0, 1, 3 bits"),
        ([CONV3] * 3, [(), (0,), (0, 2)], "skip from node 1 to layer 3 .*received 2"),
        ([CONV3] * 3, [(), (0,), (0, True)], "skip from node 1 to layer 3 .*received True"),
        ([CONV3] * 3, [(), (0,), (0, 1.0)], "skip from node 1 to layer 3 .*received 1.0"),
        ([CONV3] * 3, [(), (0,), (0, [1])], r"skip from node 1 to layer 3 .*received \[1\]"),
        ([CONV3] * 3, [0, 1, 2], "3 sequences of 0, 1, ..., 2 bits; received 0"),
        ([CONV3] * 3, None, "3 sequences of 0, 1, ..., 2 bits; received None"),
        (None, [(), (0,), (0, 0)], "layers of enas_macro,layers=3: expected 3 operators; received None"),
        ("abc", [(), (0,), (0, 0)], "layers of enas_macro,layers=3: expected 3 operators; received 'abc'"),
        ([CONV3, [CONV3], CONV3], [(), (0,), (0, 0)], "operator of layer 2 .*received"),
    ],
)
def test_layers_that_are_no_member(operators, skips, message):
    with pytest.raises(InvalidArchitectureError, match=message):
        TINY.from_layers(operators, skips)


def test_parts_from_numpy_become_plain():
    rng = np.random.default_rng(0)
    arch = SPACE.from_layers(rng.choice(OPERATORS, size=12), [rng.integers(2, size=k) for k in range(12)])
    assert {type(op) for op in arch.ops} == {str}
    assert SPACE.from_native(SPACE.to_native(arch)) == Architecture.from_json(arch.to_json()) == arch

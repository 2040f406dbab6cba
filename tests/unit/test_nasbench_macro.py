"""NAS-Bench-Macro, judged by published figures and by counting."""

from __future__ import annotations

import csv
import gzip

import numpy as np
import pytest

from tests.realdata import real_data
from tfnas import Architecture
from tfnas.errors import ConfigError, InvalidArchitectureError
from tfnas.spaces import NASBenchMacro

SPACE = NASBenchMacro()

PUBLISHED = {  # parameters and FLOPs from the benchmark's file
    "00000000": (387882, 7713280),
    "11111111": (1588874, 53246464),
    "22222222": (2932586, 105660928),
    "10000000": (396298, 12128768),
    "02100201": (1167594, 42680832),
    "22212220": (1985514, 85164544),
    "01010101": (1042026, 31611392),
}


@pytest.mark.parametrize("native", PUBLISHED)
def test_cost_of_published_networks(native):
    arch = SPACE.from_native(native)
    cost = SPACE.cost(arch)
    assert (cost.params, cost.macs) == PUBLISHED[native]
    assert SPACE.published_flops(arch) == PUBLISHED[native][1]
    assert SPACE.cost(arch, live_only=True) == cost


def test_cost_of_every_published_network():
    with gzip.open(real_data("nasbench_macro.csv.gz"), "rt") as file:
        rows = list(csv.DictReader(file))
    assert len({row["arch"] for row in rows}) == SPACE.size == 6_561
    for row in rows:
        cost = SPACE.cost(SPACE.from_native(row["arch"]))
        assert (cost.params, cost.macs) == (int(row["params"]), int(row["flops"]))


def test_identities_collapse_inside_a_stage_only():
    def key(native):
        return SPACE.canonical_key(SPACE.from_native(native))

    assert key("22212202") == key("22212220")  # the best two of the benchmark
    assert key("10100100") != key("01100100")  # the first layer of a stage halves the resolution
    assert len({SPACE.canonical_key(arch) for arch in SPACE.enumerate()}) == SPACE.num_networks == 3_969


def test_members_with_one_key_are_one_network():
    """Two chains are one network if the sequences of what their layers compute are equal."""
    from tfnas.blueprints import IMAGE

    by_key: dict[str, set[tuple]] = {}
    for arch in list(SPACE.enumerate())[::7]:
        blueprint = SPACE.blueprint(arch)
        what = tuple((id(node.operator), node.inputs) for node in blueprint.nodes)
        assert blueprint.nodes[0].inputs == (IMAGE,)
        by_key.setdefault(SPACE.canonical_key(arch), set()).add(what)
    assert all(len(found) == 1 for found in by_key.values())
    assert len({next(iter(found)) for found in by_key.values()}) == len(by_key)


@pytest.mark.parametrize(
    ("native", "message"),
    [
        ("2221220", "8 digits from 0 to 2; received '2221220', 7 characters"),
        ("222122022", "8 digits"),
        ("22212203", "digit of layer 8 of nasbench_macro: expected 0 to 2; received 3"),
        ("2221220x", "8 digits"),
        (22212202, "8 digits"),
        ("", "8 digits"),
    ],
)
def test_strings_that_are_no_member(native, message):
    with pytest.raises(InvalidArchitectureError, match=message):
        SPACE.from_native(native)


GOOD = SPACE.from_native("22212202")
EXTRA = tuple(sorted((*GOOD.edges, (0, 2))))


@pytest.mark.parametrize(
    ("arch", "message"),
    [
        (Architecture(GOOD.space, ("x", *GOOD.ops[1:]), GOOD.edges, GOOD.components), "ends of nasbench_macro"),
        (Architecture(GOOD.space, (*GOOD.ops[:-1], "x"), GOOD.edges, GOOD.components), "ends of nasbench_macro"),
        (
            Architecture(GOOD.space, ("input", "x", *GOOD.ops[2:]), GOOD.edges, GOOD.components),
            "operator of layer 1 of nasbench_macro: expected one of identity",
        ),
        (Architecture(GOOD.space, GOOD.ops, EXTRA, GOOD.components), "edges of nasbench_macro: expected one chain"),
        (Architecture(GOOD.space, GOOD.ops, GOOD.edges[1:], GOOD.components), "edges of nasbench_macro"),
        (
            Architecture(GOOD.space, ("input", "output"), ((0, 1),), (("chain", 2),)),
            "layers of nasbench_macro: expected 8 operators; received 0",
        ),
        (Architecture(GOOD.space, GOOD.ops, GOOD.edges, (("net", 10),)), "edges of nasbench_macro"),
    ],
)
def test_what_validate_refuses(arch, message):
    with pytest.raises(InvalidArchitectureError, match=message):
        SPACE.validate(arch)


@pytest.mark.parametrize(
    ("skeleton", "message"),
    [
        ({"channels": 0}, "channels: expected a positive integer"),
        ({"stem": 3}, "skeleton of nasbench_macro: expected channels, stem_channels, head_channels; received stem"),
    ],
)
def test_sizes_that_cannot_be(skeleton, message):
    with pytest.raises(ConfigError, match=message):
        SPACE.cost(GOOD, **skeleton)


def test_samples_and_mutants_are_uniform():
    rng = np.random.default_rng(0)
    digits = np.array([SPACE.super_choices(SPACE.sample(rng)) for _ in range(9_000)])
    counts = np.stack([(digits == k).sum(0) for k in range(3)])
    assert (abs(counts - 3_000) < 5 * np.sqrt(9_000 * 2 / 9)).all()
    found = [SPACE.to_native(SPACE.mutate(GOOD, rng)) for _ in range(3_200)]
    assert {SPACE.to_native(arch) for arch in SPACE.neighbors(GOOD)} == set(found) and len(set(found)) == 16
    assert max(abs(found.count(native) - 200) for native in set(found)) < 5 * np.sqrt(200)


def test_crossover_takes_each_layer_from_a_parent():
    rng = np.random.default_rng(0)
    child = SPACE.to_native(SPACE.crossover(SPACE.from_native("00000000"), SPACE.from_native("22222222"), rng))
    assert set(child) == {"0", "2"}

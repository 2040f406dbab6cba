"""GHN anytime networks, judged by brute force and by adding layers up."""

from __future__ import annotations

import itertools
import json
import math
from collections import Counter

import numpy as np
import pytest

from tfnas.architecture import Architecture
from tfnas.errors import ConfigError, InvalidArchitectureError
from tfnas.spaces.ghn_anytime import GHNAnytime
from tfnas.testing import check_space

SPACE, SMALL = GHNAnytime(), GHNAnytime(nodes1=2, nodes2=1, nodes3=1, exits=2)
OPERATORS = ("conv_1x1", "conv_3x3", "conv_5x5", "max_pool_3x3", "avg_pool_3x3")
SCALES = ((1, 2, 4), (2, 4), (4,))
EXAMPLE = '[[["conv_3x3",1,0,[0]],["conv_1x1",4,1,[0,1]]],[["max_pool_3x3",4,0,[0]]],[["conv_5x5",4,1,[0]]]]'


@pytest.mark.parametrize("space", [SMALL, GHNAnytime(1, 1, 2, exits=1, max_inputs=1), GHNAnytime(1, 1, 1, exits=3)])
def test_contract(space):
    check_space(space, samples=30)


@pytest.mark.parametrize("sizes", [(1, 1, 1, 1, 2), (2, 1, 1, 2, 2), (1, 2, 1, 1, 1), (1, 1, 1, 3, 2)])
def test_size_is_that_of_brute_force(sizes):
    *nodes, exits, max_inputs = sizes
    space = GHNAnytime(*sizes)
    operators = OPERATORS[:2]  # the other three only multiply
    choices = [
        [
            (operator, scale, is_exit, parents)
            for operator in operators
            for scale in SCALES[cell]
            for is_exit in (0, 1)
            for count in range(1, max_inputs + 1)
            for parents in itertools.combinations(range(k), count)
        ]
        for cell, total in enumerate(nodes)
        for k in range(1, total + 1)
    ]
    members = set()
    for flat in itertools.product(*choices):
        if sum(gene[2] for gene in flat) == exits:
            rest = iter(flat)
            members.add(space.from_genes([list(itertools.islice(rest, total)) for total in nodes]))
    assert len(members) * (5 / 2) ** sum(nodes) == space.size
    for arch in list(members)[:100]:
        space.validate(arch)


def test_size_and_names():
    parents = math.prod(k + k * (k - 1) // 2 for total in (24, 16, 8) for k in range(1, total + 1))
    assert SPACE.size == 5**48 * 3**24 * 2**16 * parents * math.comb(48, 10)
    assert SPACE.name == "ghn_anytime" and SPACE.max_nodes == 54
    assert SMALL.name == "ghn_anytime,nodes1=2,nodes2=1,nodes3=1,exits=2"
    for options, message in (
        ({"nodes2": 0}, "nodes2: expected an integer from 1 to 200"),
        ({"nodes3": 201}, "nodes3: expected an integer from 1 to 200"),
        ({"exits": 0}, "exits: expected an integer from 1 to 48"),
        ({"exits": 49}, "exits: expected an integer from 1 to 48; received 49"),
        ({"max_inputs": 1.5}, "max_inputs: expected an integer from 1 to 200"),
        ({"max_inputs": 10**9}, "max_inputs: expected an integer from 1 to 200"),
    ):
        with pytest.raises(ConfigError, match=message):
            GHNAnytime(**options)


def test_largest_space():
    space, rng = GHNAnytime(200, 200, np.int64(200), exits=600, max_inputs=200), np.random.default_rng(0)
    arch = space.mutate(space.sample(rng), rng)
    space.validate(arch)
    assert space.from_native(space.to_native(arch)) == arch and space.canonical_key(arch) and space.size > 2**40_000


def test_members_have_scales_exits_and_leaves():
    rng = np.random.default_rng(0)
    for _ in range(30):
        arch = SPACE.sample(rng)
        attrs = dict(arch.attrs)
        assert sum(attrs["exit"]) == 10 and [size for _, size in arch.components] == [26, 18, 10]
        for start, total, scales, after in ((0, 24, (1, 2, 4), 2), (26, 16, (2, 4), 4), (44, 8, (4,), 4)):
            last = start + total + 1
            inner = range(start + 1, last)
            assert arch.ops[start] == "input" and arch.ops[last] == "output"
            assert (attrs["scale"][start], attrs["scale"][last]) == (scales[0], after)
            assert {attrs["scale"][node] for node in inner} <= set(scales)
            assert attrs["exit"][start] == attrs["exit"][last] == 0
            read = {a for a, b in arch.edges if b in inner}
            assert {a for a, b in arch.edges if b == last} == set(inner) - read
            for node in inner:
                assert 1 <= sum(b == node for _, b in arch.edges) <= 2


def test_grammar_describes_the_members():
    grammar = SPACE.grammar
    assert grammar.is_local and grammar.totals == {"exit": (1, 10)}
    rng = np.random.default_rng(0)
    for space in (SPACE, SMALL):
        for _ in range(50):
            space.validate(space.grammar.draw(space.name, rng))
    arch = SPACE.sample(rng)
    start = 0
    for part in grammar.components:
        assert part.open_outputs and not part.forced and part.in_degree[1:-1] == ((1, 2),) * (part.max_nodes - 2)
        for name, allowed in part.attrs.items():
            values = dict(arch.attrs)[name][start : start + part.max_nodes]
            assert all(value in some for value, some in zip(values, allowed, strict=True))
        start += part.max_nodes


def _slow_network(cells, shape, classes: int, channels: int) -> tuple[int, list[int]]:
    """Adds up the layers node by node.

    Returns the parameters, and for each output the multiply-accumulates of what it and those before need.
    Exits are in the order of what each needs by itself; those that need equally many count together.
    """
    height, width, inputs = shape
    sizes = {scale: math.ceil(height / scale) * math.ceil(width / scale) for scale in (1, 2, 4)}
    params = 9 * inputs * channels + 2 * channels
    stem = 9 * inputs * channels * sizes[1]
    before = {"stem": stem}  # the layers that must run to have the cell's input, by name
    depth, exits = channels, []
    for number, cell in enumerate(cells):
        depths, needs = [depth], [dict(before)]
        for k, (operator, scale, is_exit, parents) in enumerate(cell, start=1):
            own = channels * scale
            bottleneck = sum(depths[parent] for parent in parents) * own
            kernel = int(operator[-1]) ** 2 * own * own if operator.startswith("conv") else 0
            params += bottleneck + 2 * own + kernel + (2 * own if kernel else 0)
            need = {}
            for parent in parents:
                need |= needs[parent]
            needs.append(need | {(number, k): (bottleneck + kernel) * sizes[scale]})
            depths.append(own)
            if is_exit:
                params += own * classes + classes
                exits.append((sum(needs[k].values()), own * classes, needs[k]))
        leaves = [k for k in range(1, len(cell) + 1) if all(k not in gene[3] for gene in cell)]
        depth = sum(depths[k] for k in leaves)
        before = {key: value for k in leaves for key, value in needs[k].items()}
    params += depth * classes + classes
    outputs = []
    for alone in sorted(exit[0] for exit in exits):
        done = [exit for exit in exits if exit[0] <= alone]
        together = {key: value for exit in done for key, value in exit[2].items()}
        outputs.append(sum(exit[1] for exit in done) + sum(together.values()))
    return params, [*outputs, sum(exit[1] for exit in exits) + depth * classes + sum((together | before).values())]


def test_cost_and_exits_node_by_node():
    rng = np.random.default_rng(1)
    for _ in range(30):
        arch = SPACE.sample(rng)
        shape = (int(rng.integers(1, 40)), int(rng.integers(1, 40)), int(rng.integers(1, 4)))
        classes, channels = int(rng.integers(2, 20)), int(rng.integers(1, 20))
        params, macs = _slow_network(SPACE.genes(arch), shape, classes, channels)
        cost = SPACE.cost(arch, shape, classes, channels=channels)
        assert (cost.params, cost.macs) == (params, macs[-1])
        assert list(SPACE.exit_macs(arch, shape, classes, channels=channels)) == macs
        assert cost == SPACE.cost(arch, shape, classes, channels=channels, live_only=True)
        assert len(macs) == 11 and macs == sorted(macs)


@pytest.mark.parametrize("shape", [(9, 9, 1), (32, 32, 3), (7, 13, 2), (1, 1, 3), (3, 2, 1)])
def test_networks_of_any_shape(shape):
    rng = np.random.default_rng(2)
    for _ in range(100):
        arch = SPACE.sample(rng)
        blueprint = SPACE.blueprint(arch, shape, channels=2)
        scales = dict(arch.attrs)["scale"]
        for node in blueprint.nodes:
            assert len({size[:2] for size in blueprint.shapes_into(node)}) == 1
            if node.place is not None:
                side = math.ceil(shape[0] / scales[node.place]), math.ceil(shape[1] / scales[node.place])
                assert node.shape == (*side, 2 * scales[node.place])
        assert SPACE.cost(arch, shape, channels=2).macs > 0


def test_outputs_come_in_the_order_of_their_costs():
    arch = SMALL.from_native(EXAMPLE)
    blueprint = SMALL.blueprint(arch, (8, 8, 3), channels=2)
    assert [name for name, _ in blueprint.outputs] == ["exit1", "exit2", "head"]
    assert [blueprint.nodes[k].shape for _, k in blueprint.outputs] == [(8,)] * 3
    read = [blueprint.nodes[blueprint.nodes[k].inputs[0]] for _, k in blueprint.outputs]
    assert [node.name for node in read] == ["cell1.node2.conv_1x1", "cell3.node1.conv_5x5", "cell3.node1.conv_5x5"]
    assert [node.place for node in read] == [2, 8, 8]
    cell = [("conv_5x5", 1, 1, (0,)), ("conv_1x1", 1, 1, (0,))]
    other = SMALL.from_genes([cell, [("conv_1x1", 4, 0, (0,))], [("conv_1x1", 4, 0, (0,))]])
    blueprint = SMALL.blueprint(other, (8, 8, 3), channels=2)
    read = [blueprint.nodes[blueprint.nodes[k].inputs[0]] for _, k in blueprint.outputs]
    assert [node.name for node in read[:2]] == ["cell1.node2.conv_1x1", "cell1.node1.conv_5x5"]
    with pytest.raises(ConfigError, match="num_classes: expected a positive integer"):
        SMALL.exit_macs(arch, num_classes=0)
    with pytest.raises(ConfigError, match="channels: expected a positive integer"):
        SMALL.exit_macs(arch, channels=0)


def test_nodes_bring_what_they_read_to_their_scale():
    space = GHNAnytime(nodes1=4, nodes2=1, nodes3=1, exits=1)
    cell = [["conv_3x3", 4, 0, [0]], ["conv_3x3", 1, 0, [0, 1]], ["conv_3x3", 2, 0, [1, 2]], ["conv_1x1", 2, 0, [1]]]
    arch = space.from_genes([cell, [["conv_1x1", 2, 1, [0]]], [["conv_1x1", 4, 0, [0]]]])
    blueprint = space.blueprint(arch, (9, 9, 1), channels=2)
    nodes = {node.name: node for node in blueprint.nodes}

    def inputs(name: str) -> list[str]:
        return [blueprint.nodes[k].name for k in nodes[name].inputs]

    assert inputs("cell1.node2.concat") == ["stem", "cell1.node1.scale1"]
    assert inputs("cell1.node3.concat") == ["cell1.node1.scale2", "cell1.node2.scale2"]
    assert inputs("cell1.node4.bottleneck") == ["cell1.node1.scale2"]  # one map at one scale is brought there once
    assert inputs("cell1.concat") == ["cell1.node3.conv_3x3", "cell1.node4.conv_1x1"]
    assert nodes["cell1.node1.scale1"].shape == (9, 9, 8) and nodes["cell1.node1.scale2"].shape == (5, 5, 8)
    assert [step.name for step in nodes["cell1.node1.scale1"].operator.steps] == ["upsample", "crop"]
    assert [step.name for step in nodes["cell1.node2.scale2"].operator.steps] == ["pool"]
    assert nodes["cell1.concat"].shape == (5, 5, 8) and nodes["cell2.node1.scale4"].shape == (3, 3, 4)


def _renumbered(space: GHNAnytime, arch: Architecture, rng) -> Architecture:
    cells = []
    for cell in space.genes(arch):
        place, order, left = {0: 0}, [], set(range(1, len(cell) + 1))
        while left:  # a random topological order
            ready = [node for node in sorted(left) if not left & set(cell[node - 1][3])]
            node = ready[int(rng.integers(len(ready)))]
            left.remove(node)
            place[node] = len(place)
            order.append(cell[node - 1])
        cells.append([(*gene[:3], sorted(place[parent] for parent in gene[3])) for gene in order])
    return space.from_genes(cells)


def test_keys_of_renumbered_members():
    rng = np.random.default_rng(3)
    for _ in range(30):
        arch = SPACE.sample(rng)
        other = _renumbered(SPACE, arch, rng)
        assert other != arch and SPACE.canonical_key(other) == SPACE.canonical_key(arch)
        assert SPACE.cost(other) == SPACE.cost(arch)


@pytest.mark.parametrize(
    "space", [SPACE, GHNAnytime(6, 1, 1, exits=6, max_inputs=1), GHNAnytime(1, 2, 6, exits=8)], ids=lambda s: s.name
)
def test_members_of_one_key_have_the_same_exits(space):
    rng = np.random.default_rng(11)
    moved = 0
    for _ in range(200):
        arch = space.sample(rng)
        other = _renumbered(space, arch, rng)
        assert space.canonical_key(other) == space.canonical_key(arch)
        macs = space.exit_macs(arch, (8, 8, 3), channels=2)
        assert space.exit_macs(other, (8, 8, 3), channels=2) == macs and list(macs) == sorted(macs)
        moved += [gene[2] for gene in space._flat(arch)] != [gene[2] for gene in space._flat(other)]
    assert moved > 20


def test_exits_that_need_equally_many_come_together():
    # Two exits read what the first one needs anyway, the third, which costs the same, something else.
    first, exit = ("conv_3x3", 1, 0, (0,)), ("max_pool_3x3", 1, 1)
    space = GHNAnytime(5, 1, 1, exits=3)
    ends = [[("conv_1x1", 2, 0, (0,))], [("conv_1x1", 4, 0, (0,))]]
    macs = []
    for readers in itertools.permutations((1, 1, 2)):
        cell = [first, first, *((*exit, (reader,)) for reader in readers)]
        macs.append(space.exit_macs(space.from_genes([cell, *ends]), (8, 8, 3), channels=2))
    stem, bottleneck, conv, head = 64 * 27 * 2, 64 * 4, 64 * 9 * 4, 2 * 10
    assert set(m[:3] for m in macs) == {(stem + 2 * (bottleneck + conv) + 3 * bottleneck + 3 * head,) * 3}


def test_keys_are_equal_iff_cells_are_isomorphic():
    space = GHNAnytime(nodes1=1, nodes2=1, nodes3=3, exits=2)
    found: dict[str, set] = {}
    choices = [
        [
            (operator, 4, is_exit, parents)
            for operator in OPERATORS[:2]
            for is_exit in (0, 1)
            for count in (1, 2)
            for parents in itertools.combinations(range(k), count)
        ]
        for k in (1, 2, 3)
    ]
    for cell in itertools.product(*choices):
        if sum(gene[2] for gene in cell) == 2:
            names = []
            for numbers in itertools.permutations((1, 2, 3)):
                number = {0: 0, **dict(zip((1, 2, 3), numbers))}
                names.append(
                    sorted((number[k], *gene[:3], sorted(number[p] for p in gene[3])) for k, gene in enumerate(cell, 1))
                )
            key = space.canonical_key(space.from_genes([[("conv_1x1", 1, 0, (0,))], [("conv_1x1", 2, 0, (0,))], cell]))
            found.setdefault(key, set()).add(str(min(names)))
    assert all(len(names) == 1 for names in found.values())
    assert len(found) == len(set().union(*found.values()))


def test_keys_tell_scales_exits_and_cells_apart():
    base = SMALL.canonical_key(SMALL.from_native(EXAMPLE))
    for old, new in (('"conv_3x3",1,0', '"conv_3x3",2,0'), ("4,1,[0,1]", "4,1,[0]"), ("conv_5x5", "conv_3x3")):
        assert SMALL.canonical_key(SMALL.from_native(EXAMPLE.replace(old, new))) != base
    moved = EXAMPLE.replace('"conv_3x3",1,0', '"conv_3x3",1,1').replace("4,1,[0,1]", "4,0,[0,1]")
    assert SMALL.canonical_key(SMALL.from_native(moved)) != base


def test_samples_follow_the_stated_distribution():
    rng = np.random.default_rng(4)
    drawn = [SMALL._flat(SMALL.sample(rng)) for _ in range(6_000)]
    assert all(abs(count - 1_200) < 150 for count in Counter(genes[0][0] for genes in drawn).values())
    assert all(abs(count - 2_000) < 170 for count in Counter(genes[1][1] for genes in drawn).values())
    parents = Counter(genes[1][3] for genes in drawn)
    assert abs(parents[0, 1] - 3_000) < 180 and abs(parents[(0,)] - 1_500) < 160 and abs(parents[(1,)] - 1_500) < 160
    exits = Counter(tuple(gene[2] for gene in genes) for genes in drawn)
    assert len(exits) == 6 and all(abs(count - 1_000) < 140 for count in exits.values())


def test_mutations_are_uniform_over_neighbours():
    rng = np.random.default_rng(5)
    arch = SMALL.from_native(EXAMPLE)
    around = list(SMALL.neighbors(arch))
    # operators 4 * 4; scales 2 + 2 + 1; parents of the second node: 2 dropped; exits 2 * 2
    assert len(around) == len(set(around)) == 16 + 5 + 2 + 4
    counts = Counter(SMALL.mutate(arch, rng) for _ in range(200 * len(around)))
    assert set(counts) == set(around) and all(abs(count - 200) < 75 for count in counts.values())


def test_crossover_keeps_the_number_of_exits():
    rng = np.random.default_rng(6)
    for _ in range(200):
        first, second = SPACE.sample(rng), SPACE.sample(rng)
        child = SPACE.crossover(first, second, rng)
        SPACE.validate(child)
        for a, b, c in zip(SPACE._flat(first), SPACE._flat(second), SPACE._flat(child)):
            assert (c[0], c[1], c[3]) in ((a[0], a[1], a[3]), (b[0], b[1], b[3]))
            assert min(a[2], b[2]) <= c[2] <= max(a[2], b[2])
    assert SPACE.crossover(first, first, rng) == first


def test_native_text():
    arch = SMALL.from_native(EXAMPLE)
    assert SMALL.to_native(arch) == EXAMPLE
    assert arch.edges == ((0, 1), (0, 2), (1, 2), (2, 3), (4, 5), (5, 6), (7, 8), (8, 9))
    assert arch.attrs == (("scale", (1, 1, 4, 2, 2, 4, 4, 4, 4, 4)), ("exit", (0, 0, 1, 0, 0, 0, 0, 0, 1, 0)))


@pytest.mark.parametrize(
    ("native", "message"),
    [
        (7, "a JSON list of nodes; received int 7"),
        ("[[", "a JSON list of nodes"),
        ("[]", "cells of .*expected 3 cells; received 0"),
        (json.dumps(json.loads(EXAMPLE)[::-1]), "cell1 of .*expected 2 operator nodes; received 1"),
        ("[1,2,3]", "cell1 of .*expected 2 operator nodes; received 1"),
        (json.dumps([[1, 2], [3], [4]]), "node 1 of cell1 .*expected .operator, scale, exit, nodes .*; received 1"),
        (EXAMPLE.replace(",0,[0]]]", ",0]]", 1), r"received 3, \('max_pool_3x3', 4, 0\)"),
        (EXAMPLE.replace("conv_5x5", "conv_7x7"), "operator of node 1 of cell3 .*received 'conv_7x7'"),
        (EXAMPLE.replace('"conv_3x3",1', '"conv_3x3",3'), "scale of node 1 of cell1 .*one of 1, 2, 4; received 3"),
        (EXAMPLE.replace('"conv_3x3",1', '"conv_3x3",true'), "scale of node 1 of cell1 .*received True"),
        (EXAMPLE.replace('"conv_3x3",1', '"conv_3x3",1.0'), "scale of node 1 of cell1 .*received 1.0"),
        (EXAMPLE.replace('"max_pool_3x3",4', '"max_pool_3x3",1'), "scale of node 1 of cell2 .*one of 2, 4; received 1"),
        (EXAMPLE.replace('"conv_5x5",4', '"conv_5x5",2'), "scale of node 1 of cell3 .*one of 4; received 2"),
        (EXAMPLE.replace("4,1,[0,1]", "4,2,[0,1]"), "exit of node 2 of cell1 .*one of 0, 1; received 2"),
        (EXAMPLE.replace("4,1,[0,1]", "4,0,[0,1]"), "exits of .*expected 2 nodes with exit 1; received 1"),
        (EXAMPLE.replace('"conv_3x3",1,0', '"conv_3x3",1,1'), "expected 2 nodes with exit 1; received 3"),
        (EXAMPLE.replace("[0,1]", "[]"), r"node 2 of cell1 .*1 to 2 different ones.*received \[\]"),
        (EXAMPLE.replace("[0,1]", "[2]"), r"from 0 to 1; received \[2\]"),
        (EXAMPLE.replace("[0,1]", "[1,0]"), r"ascending.*received \[1, 0\]"),
    ],
)
def test_malformed_text(native, message):
    with pytest.raises(InvalidArchitectureError, match=message):
        SMALL.from_native(native)


@pytest.mark.parametrize(
    ("cells", "message"),
    [
        (None, "cells of ghn_anytime.*expected 3 cells; received None"),
        ([None] * 3, "cell1 of ghn_anytime.*expected 2 operator nodes; received None"),
        ([[("conv_1x1", 1), ("conv_1x1", 1)], [("conv_1x1",)], [()]], "node 1 of cell1 .*received 2"),
        ([["conv", "conv"], ["conv"], ["conv"]], "node 1 of cell1 .*received 'conv'"),
        ([[(["conv_1x1"], 1, 0, (0,))] * 2, [1], [1]], "operator of node 1 of cell1"),
        ([[("conv_1x1", [1], 0, (0,))] * 2, [1], [1]], r"scale of node 1 of cell1 .*received \[1\]"),
        ([[("conv_1x1", 1, False, (0,))] * 2, [1], [1]], "exit of node 1 of cell1 .*received False"),
        ([[("conv_1x1", 1, 0, 0)] * 2, [1], [1]], "nodes that node 1 of cell1 .* reads: .*received 0"),
    ],
)
def test_genes_that_are_none(cells, message):
    with pytest.raises(InvalidArchitectureError, match=message):
        SMALL.from_genes(cells)


def test_parts_from_numpy_become_plain():
    one, two = np.array([1, 2])
    cells = [[("conv_1x1", two, one, [one - 1])] * 2, [(np.str_("conv_1x1"), two, 0, [0])], [("conv_1x1", 4, 0, [0])]]
    arch = SMALL.from_genes(cells)
    assert SMALL.from_native(SMALL.to_native(arch)) == Architecture.from_json(arch.to_json()) == arch
    assert {type(value) for _, values in arch.attrs for value in values} == {int}


def _changed(add=(), drop=(), scale=None, exit=None, **fields) -> Architecture:
    arch = SMALL.from_native(EXAMPLE)
    value = {name: getattr(arch, name) for name in ("space", "ops", "edges", "components", "attrs")}
    value["edges"] = tuple(sorted({*arch.edges, *add} - set(drop)))
    attrs = {name: list(values) for name, values in arch.attrs}
    for name, change in (("scale", scale), ("exit", exit)):
        for node, new in (change or {}).items():
            attrs[name][node] = new
    value["attrs"] = tuple((name, tuple(values)) for name, values in attrs.items())
    return Architecture(**{**value, **fields})


ATTRS = SMALL.from_native(EXAMPLE).attrs
OPS = SMALL.from_native(EXAMPLE).ops


@pytest.mark.parametrize(
    ("arch", "message"),
    [
        (_changed(space="ghn_anytime"), "received a member of 'ghn_anytime'"),
        (_changed(components=(("a", 4), ("b", 3), ("c", 3))), "components of ghn_anytime"),
        (_changed(attrs=()), "with the attributes scale and exit; received .* with none"),
        (_changed(attrs=ATTRS[:1]), "received .* with scale"),
        (_changed(attrs=ATTRS[::-1]), "received .* with exit, scale"),
        (_changed(ops=("output", *OPS[1:])), "node 0 of .*expected 'input', scale 1, exit 0; received 'output'"),
        (_changed(ops=(*OPS[:9], "input")), "node 9 of .*expected 'output', scale 4, exit 0; received 'input'"),
        (_changed(ops=(OPS[0], "identity", *OPS[2:])), "operator of node 1 of cell1 .*received 'identity'"),
        (_changed(scale={0: 2}), "node 0 of .*scale 1, exit 0; received 'input', scale 2"),
        (_changed(scale={3: 4}), "node 3 of .*'output', scale 2, exit 0; received 'output', scale 4"),
        (_changed(exit={9: 1}), "node 9 of .*exit 0; received 'output', scale 4, exit 1"),
        (_changed(scale={5: 1}), "scale of node 1 of cell2 .*received 1"),
        (_changed(scale={0: True}), "scale of node 0 .*expected an integer; received True"),
        (_changed(scale={5: 4.0}), "scale of node 5 .*expected an integer; received 4.0"),
        (_changed(exit={2: np.int64(1)}), "exit of node 2 .*expected an integer; received np.int64"),
        (_changed(exit={1: 1}), "exits of .*expected 2 nodes with exit 1; received 3"),
        (_changed(drop=[(0, 1)]), r"node 1 of cell1 .*reads.*received \[\]"),
        (_changed(add=[(0, 3)]), r"reads exactly the operator nodes.*an edge too many, \(0, 3\)"),
        (_changed(add=[(1, 3)]), r"an edge too many, \(1, 3\)"),
        (_changed(drop=[(8, 9)]), r"received no edge, \(8, 9\)"),
    ],
)
def test_architectures_that_are_no_members(arch, message):
    with pytest.raises(InvalidArchitectureError, match=message):
        SMALL.validate(arch)

"""GHN blocks, judged by brute force, by adding layers up and by the paper's figures."""

from __future__ import annotations

import itertools
import json
import math
from collections import Counter

import numpy as np
import pytest

from tfnas.architecture import Architecture
from tfnas.blueprints.layers import Dropout
from tfnas.errors import ConfigError, InvalidArchitectureError
from tfnas.spaces import Cost
from tfnas.spaces.ghn_block import GHNBlock
from tfnas.testing import check_space

SPACE, SMALL = GHNBlock(), GHNBlock(nodes=3)
OPERATORS = (
    "identity", "conv_1x1", "sep_conv_3x3", "sep_conv_5x5", "dil_conv_3x3", "dil_conv_5x5", "conv_1x7_7x1",
    "max_pool_3x3", "avg_pool_3x3",
)  # fmt: skip


def _all(nodes: int, max_inputs: int, operators=OPERATORS):
    """Genes of all members, from the definition."""
    choices = [
        [
            (operator, parents)
            for operator in operators
            for count in range(1, max_inputs + 1)
            for parents in itertools.combinations(range(node), count)
        ]
        for node in range(2, 2 + nodes)
    ]
    return itertools.product(*choices)


@pytest.mark.parametrize("space", [GHNBlock(nodes=1), GHNBlock(nodes=3), GHNBlock(nodes=4, max_inputs=1)])
def test_contract(space):
    check_space(space, samples=30)


@pytest.mark.parametrize(("nodes", "max_inputs"), [(1, 1), (1, 5), (2, 1), (2, 2), (2, 3), (3, 1)])
def test_size_is_that_of_brute_force(nodes, max_inputs):
    space = GHNBlock(nodes=nodes, max_inputs=max_inputs)
    members = {space.from_genes(genes) for genes in _all(nodes, max_inputs)}
    assert len(members) == space.size
    for arch in list(members)[:200]:
        space.validate(arch)


def test_size_and_names():
    assert SPACE.size == 9**17 * math.prod(k + k * (k - 1) // 2 for k in range(2, 19))
    assert SPACE.op_names == ("input_prev_prev", "input_prev", *OPERATORS, "output") and SPACE.max_nodes == 20
    assert SPACE.name == "ghn_block" and GHNBlock(7, 3).name == "ghn_block,nodes=7,max_inputs=3"
    for value in (0, 1.5, "2", True, 201, 10**9):
        for option in ("nodes", "max_inputs"):
            with pytest.raises(ConfigError, match=f"{option}: expected an integer from 1 to 200"):
                GHNBlock(**{option: value})


def test_largest_space():
    space, rng = GHNBlock(np.int64(200), np.int64(200)), np.random.default_rng(0)
    arch = space.mutate(space.sample(rng), rng)
    space.validate(arch)
    assert space.from_native(space.to_native(arch)) == arch and space.size > 2**4_000


def test_output_reads_the_leaves():
    rng = np.random.default_rng(0)
    for _ in range(50):
        arch = SPACE.sample(rng)
        genes = SPACE.genes(arch)
        read = {source for _, parents in genes for source in parents}
        assert {a for a, b in arch.edges if b == 19} == set(range(2, 19)) - read
        assert [(arch.ops[b], tuple(a for a, c in arch.edges if c == b)) for b in range(2, 19)] == list(genes)


def test_grammar_describes_the_members():
    (block,) = SMALL.grammar.components
    assert SMALL.grammar.is_local and block.open_outputs and not block.open_inputs
    assert block.in_degree == ((0, 0), (0, 0), (1, 2), (1, 2), (1, 2), (1, 3))
    assert block.free == {(a, b) for b in (2, 3, 4) for a in range(b)}


def _slow_cost(genes, shape, classes: int, channels: int, reductions: set[int], blocks: int, stride: int) -> Cost:
    """Adds up all layers of all blocks; `reductions` are the blocks, from 1, that halve the resolution."""
    height, width, inputs = shape
    params = macs = 0

    def layer(weights: int, rows: int, columns: int, norm: int = 0) -> None:
        nonlocal params, macs
        params += weights + 2 * norm
        macs += weights * rows * columns

    height, width = math.ceil(height / stride), math.ceil(width / stride)
    layer(9 * inputs * channels, height, width, channels)
    leaves = 2 + len(genes) - len({parent for _, parents in genes for parent in parents} | {0, 1})
    before = last = (channels, height, width)
    for block in range(1, blocks + 1):
        if block in reductions:
            height, width = math.ceil(height / 2), math.ceil(width / 2)
            channels *= 2 if block > 1 else 1
        for depth, rows, columns in (before, last):
            while (rows, columns) != (height, width):  # halved in one or two steps
                rows, columns = math.ceil(rows / 2), math.ceil(columns / 2)
                if (rows, columns) != (height, width):
                    layer(depth * channels, rows, columns, channels)
                    depth = channels
            layer(depth * channels, height, width, channels)
        for operator, _ in genes:
            kernel = {"conv_1x1": 0, "conv_1x7_7x1": 14 * channels}.get(operator)
            if operator.startswith(("sep", "dil")):
                kernel = int(operator[-1]) ** 2
            if kernel is not None:
                if operator == "conv_1x7_7x1":
                    layer(kernel * channels, height, width, channels)
                else:
                    layer(kernel * channels + channels * channels, height, width, channels)
        before, last = last, (leaves * channels, height, width)
    layer(last[0] * classes, 1, 1)
    return Cost(params + classes, macs)


def test_cost_layer_by_layer():
    rng = np.random.default_rng(0)
    for _ in range(40):
        arch = SPACE.sample(rng)
        genes = SPACE.genes(arch)
        assert SPACE.cost(arch) == _slow_cost(genes, (32, 32, 3), 10, 32, {7, 13}, 18, 1)
        assert SPACE.cost(arch, (224, 224, 3), 1000, imagenet=True) == _slow_cost(
            genes, (224, 224, 3), 1000, 12, {1, 2, 6, 10}, 14, 2
        )
        assert SPACE.cost(arch, (65, 50, 1), 7, channels=3, blocks=6) == _slow_cost(
            genes, (65, 50, 1), 7, 3, {3, 5}, 6, 1
        )


def test_scales_and_channels_of_the_blocks():
    arch = GHNBlock(nodes=2).from_genes([("conv_1x1", (0, 1)), ("identity", (2,))])

    def shapes(**skeleton) -> list:
        blueprint = GHNBlock(nodes=2).blueprint(arch, **skeleton)
        return [node.shape for node in blueprint.nodes if node.name == "stem" or node.name.endswith("conv_1x1")]

    assert shapes() == [(32, 32, 32)] * 7 + [(16, 16, 64)] * 6 + [(8, 8, 128)] * 6
    assert shapes(input_shape=(224, 224, 3), imagenet=True) == (
        [(112, 112, 12), (56, 56, 12)] + [(28, 28, 24)] * 4 + [(14, 14, 48)] * 4 + [(7, 7, 96)] * 5
    )


@pytest.mark.parametrize("shape", [(9, 9, 1), (32, 32, 3), (7, 12, 2), (1, 1, 3)])
@pytest.mark.parametrize("imagenet", [False, True])
def test_networks_of_any_shape(shape, imagenet):
    rng = np.random.default_rng(1)
    for _ in range(25):
        arch = SPACE.sample(rng)
        blueprint = SPACE.blueprint(arch, shape, imagenet=imagenet, channels=4, auxiliary=True)
        assert blueprint.outputs[0][0] == "auxiliary" and len(blueprint.outputs) == 2
        for node in blueprint.nodes:
            into = blueprint.shapes_into(node)
            assert len({size[:2] for size in into}) == 1
            assert node.name.endswith("concat") or len(set(into)) == 1
        assert SPACE.cost(arch, shape, imagenet=imagenet, channels=4).params > 0


@pytest.mark.parametrize("blocks", range(1, 8))
def test_any_number_of_blocks(blocks):
    rng = np.random.default_rng(blocks)
    for imagenet in (False, True):
        arch = SPACE.sample(rng)
        cost = SPACE.cost(arch, (40, 40, 3), blocks=blocks, imagenet=imagenet, channels=2, auxiliary=True)
        assert cost.macs > 0


def test_a_node_applies_its_operator_to_each_input():
    space = GHNBlock(nodes=4)
    arch = space.from_genes(
        [("sep_conv_5x5", (0, 1)), ("max_pool_3x3", (0, 2)), ("avg_pool_3x3", (1, 3)), ("identity", (2, 4))]
    )
    blueprint = space.blueprint(arch, (8, 8, 3), channels=2, blocks=1)
    steps = {node.name: [step.name for step in node.operator.steps] for node in blueprint.nodes}
    assert steps["block1.node1.sep_conv_5x5"] == ["relu1", "relu2", "sum", "depthwise", "conv", "bn"]
    assert steps["block1.node2.max_pool_3x3"] == ["pool1", "pool2", "sum"]
    assert steps["block1.node3.avg_pool_3x3"] == ["sum", "pool"]
    assert steps["block1.node4.identity"] == ["sum"]
    for node in blueprint.nodes:  # a step reads what comes before it, and everything is read
        read = {k for step in node.operator.steps for k in step.inputs}
        assert read == set(range(node.operator.num_inputs + len(node.operator.steps) - 1))
        if node.place is not None and "node" in node.name:
            assert node.name.endswith(arch.ops[node.place])


def test_drop_path_spares_identities_and_costs_nothing():
    arch = SPACE.sample(np.random.default_rng(3))
    plain, dropped = SPACE.blueprint(arch), SPACE.blueprint(arch, drop_path=0.4)
    assert plain.costs(10) == dropped.costs(10)
    for node in dropped.nodes:
        drops = [step.layer for step in node.operator.steps if isinstance(step.layer, Dropout)]
        expected = ".node" in node.name and not node.name.endswith("identity")
        assert drops == ([Dropout(0.4, whole=True)] if expected else [])
    for rate in (1.0, -0.1, "0.1"):
        with pytest.raises(ConfigError, match="drop_path: expected a rate,? from 0 to below 1"):
            SPACE.cost(arch, drop_path=rate)


def test_auxiliary_head_is_behind_two_thirds():
    arch = SPACE.sample(np.random.default_rng(4))
    blueprint = SPACE.blueprint(arch, auxiliary=True)
    (_, head), (main, _) = blueprint.outputs
    names = {blueprint.nodes[k].name.split(".")[0] for k in blueprint.ancestors(head)}
    assert "block12" in names and "block13" not in names and main == "head"
    assert blueprint.nodes[head].shape == (768,)


def test_live_networks_leave_unread_blocks_out():
    space = GHNBlock(nodes=2)

    def built(sources, **skeleton) -> set[str]:
        arch = space.from_genes([("conv_1x1", sources), ("identity", (2,))])
        blueprint = space.blueprint(arch, (8, 8, 3), channels=2, **skeleton)
        return {node.name for node in blueprint.nodes if node.name.startswith("block")}

    assert {name.split(".")[0] for name in built((0,))} == {f"block{k}" for k in range(2, 19, 2)}
    assert not any("input_prev." in f"{name}." for name in built((0,)))
    assert not any("input_prev_prev" in name for name in built((1,)))
    assert {name.split(".")[0] for name in built((0,), live_only=False)} == {f"block{k}" for k in range(1, 19)}
    # The auxiliary head behind block 5 of 8 needs blocks 1, 3 and 5, the last head the even ones.
    blocks = {name.split(".")[0] for name in built((0,), auxiliary=True, blocks=8)}
    assert blocks == {f"block{k}" for k in (1, 2, 3, 4, 5, 6, 8)}


def test_mobile_networks():
    rng = np.random.default_rng(5)
    members = [SPACE.sample(rng) for _ in range(150)]
    macs = [SPACE.cost(arch, (224, 224, 3), 1000, imagenet=True).macs for arch in members]
    assert np.mean(np.asarray(macs) < 600e6) >= 0.95
    found = []
    for arch in members[:40]:
        channels = SPACE.mobile_channels(arch)
        sizes = {"live_only": True, "imagenet": True}
        cost = SPACE.cost(arch, (224, 224, 3), 1000, channels=channels, **sizes)
        above = SPACE.cost(arch, (224, 224, 3), 1000, channels=channels + 1, **sizes)
        assert cost.macs <= 600_000_000 < above.macs
        found.append(cost)
    # The paper's ImageNet network has 6.1 M parameters and 569 M multiply-accumulates.
    assert np.mean([cost.params for cost in found]) == pytest.approx(6.1e6, rel=0.15)
    assert np.mean([cost.macs for cost in found]) == pytest.approx(569e6, rel=0.05)
    with pytest.raises(ConfigError, match="macs: expected as many as a network of 2 channels has; received 1000"):
        SPACE.mobile_channels(members[0], macs=1000)
    for value in (float("inf"), 6e8, 0, True):
        with pytest.raises(ConfigError, match="macs: expected a positive integer"):
            SPACE.mobile_channels(members[0], macs=value)


def _slow_name(genes) -> tuple:
    """The least description over all numberings of the nodes that are not identities."""
    instances = [node for node, (operator, _) in enumerate(genes, start=2) if operator != "identity"]
    read = {parent for _, parents in genes for parent in parents}
    names = []
    for numbers in itertools.permutations(range(2, 2 + len(instances))):
        number = dict(zip(instances, numbers))
        values = [(0,), (1,)]
        described = []
        for node, (operator, parents) in enumerate(genes, start=2):
            given = [values[parent] for parent in parents]
            merged = tuple(sorted(itertools.chain.from_iterable(given)))
            if operator == "identity":
                values.append(merged)
                continue
            values.append((number[node],))
            described.append(
                (number[node], operator, (merged,) if operator == "avg_pool_3x3" else tuple(sorted(given)))
            )
        leaves = sorted(values[node] for node in range(2, 2 + len(genes)) if node not in read)
        names.append((tuple(sorted(described)), tuple(leaves)))
    return min(names)


@pytest.mark.parametrize("operators", [("identity", "conv_1x1", "avg_pool_3x3"), ("identity", "max_pool_3x3")])
def test_keys_are_equal_iff_live_networks_are_isomorphic(operators):
    found: dict[str, set] = {}
    for genes in _all(3, 2, operators):
        found.setdefault(SMALL.canonical_key(SMALL.from_genes(genes)), set()).add(_slow_name(genes))
    assert all(len(names) == 1 for names in found.values())
    assert len(found) == len(set().union(*found.values()))
    assert 1 < len(found) < len(list(_all(3, 2, operators)))


def test_keys_of_blocks_that_look_alike():
    def key(*genes) -> str:
        return GHNBlock(nodes=len(genes)).canonical_key(GHNBlock(nodes=len(genes)).from_genes(genes))

    identity, conv, mean = "identity", "conv_1x1", "avg_pool_3x3"
    # An identity of one node is that node.
    assert key((identity, (0,)), (conv, (2,)), (conv, (3,))) == key((conv, (0,)), (identity, (2,)), (conv, (3,)))
    # A convolution of a sum is not the sum of two convolutions, of which it has only one set of weights;
    # an average is linear.
    assert key((identity, (0, 1)), (conv, (2,)), (identity, (3,))) != key(
        (conv, (0, 1)), (identity, (2,)), (identity, (3,))
    )
    assert key((identity, (0, 1)), (mean, (2,)), (identity, (3,))) == key(
        (mean, (0, 1)), (identity, (2,)), (identity, (3,))
    )
    # The same sum twice is one tensor, in two slots of the output.
    assert key((identity, (0, 1)), (identity, (0, 1))) != key((identity, (0, 1)), (identity, (2,)))
    # The two inputs are not exchangeable.
    assert key((conv, (0,))) != key((conv, (1,)))


def test_keys_of_renumbered_members():
    rng = np.random.default_rng(0)
    for _ in range(40):
        arch = SPACE.sample(rng)
        genes = SPACE.genes(arch)
        place, left = {0: 0, 1: 1}, set(range(2, 19))
        order = []
        while left:  # a random topological order
            ready = [node for node in sorted(left) if not left & set(genes[node - 2][1])]
            node = ready[int(rng.integers(len(ready)))]
            left.remove(node)
            place[node] = len(place)
            order.append(node)
        other = SPACE.from_genes(
            [(genes[node - 2][0], sorted(place[parent] for parent in genes[node - 2][1])) for node in order]
        )
        assert other != arch and SPACE.canonical_key(other) == SPACE.canonical_key(arch)
        assert SPACE.cost(other) == SPACE.cost(arch)


def test_samples_follow_the_stated_distribution():
    rng = np.random.default_rng(0)
    drawn = [SMALL.genes(SMALL.sample(rng)) for _ in range(9_000)]
    operators = Counter(genes[1][0] for genes in drawn)
    assert set(operators) == set(OPERATORS) and all(abs(count - 1_000) < 140 for count in operators.values())
    parents = Counter(genes[2][1] for genes in drawn)  # four earlier nodes: half one of them, half two
    for nodes, count in parents.items():
        assert abs(count - 9_000 / 2 / (4 if len(nodes) == 1 else 6)) < 140
    assert len(parents) == 10


def test_mutations_are_uniform_over_neighbours():
    rng = np.random.default_rng(0)
    for space in (GHNBlock(nodes=3), GHNBlock(nodes=3, max_inputs=1), GHNBlock(nodes=2, max_inputs=4)):
        arch = space.sample(rng)
        around = list(space.neighbors(arch))
        counts = Counter(space.mutate(arch, rng) for _ in range(200 * len(around)))
        assert set(counts) == set(around) and all(abs(count - 200) < 75 for count in counts.values())


def test_neighbours_of_a_node():
    arch = SMALL.from_genes([("identity", (0,)), ("conv_1x1", (0, 2)), ("conv_1x1", (1,))])
    # node 2: 8 operators, 1 added, 1 exchanged; node 3: 8, 2 dropped, 2 exchanged; node 4: 8, 3 added, 3 exchanged
    assert len(list(SMALL.neighbors(arch))) == (8 + 1 + 1) + (8 + 2 + 2) + (8 + 3 + 3)


def test_crossover_takes_each_node_from_either_parent():
    rng = np.random.default_rng(0)
    first = SMALL.from_genes([("identity", (0,)), ("identity", (2,)), ("identity", (3,))])
    second = SMALL.from_genes([("conv_1x1", (0, 1)), ("conv_1x1", (0, 1)), ("conv_1x1", (0, 1))])
    children = Counter(SMALL.genes(SMALL.crossover(first, second, rng)) for _ in range(1_600))
    assert set(children) == set(itertools.product(*zip(SMALL.genes(first), SMALL.genes(second))))
    assert all(abs(count - 200) < 70 for count in children.values())


EXAMPLE = '[["sep_conv_3x3",[0,1]],["identity",[2]],["max_pool_3x3",[0,2]]]'


def test_native_text():
    arch = SMALL.from_native(EXAMPLE)
    assert SMALL.genes(arch) == (("sep_conv_3x3", (0, 1)), ("identity", (2,)), ("max_pool_3x3", (0, 2)))
    assert SMALL.to_native(arch) == EXAMPLE
    assert arch.edges == ((0, 2), (0, 4), (1, 2), (2, 3), (2, 4), (3, 5), (4, 5))


@pytest.mark.parametrize(
    ("native", "message"),
    [
        (7, "a JSON list of nodes; received int 7"),
        ("", "a JSON list of nodes"),
        ("{}", "a JSON list of nodes"),
        ("[]", "3 operator nodes; received 0"),
        (json.dumps([["identity", [0]]] * 4), "3 operator nodes; received 4"),
        (json.dumps([["identity", [0]], ["identity"], ["identity", [0]]]), r"node 3 .*received 1, \('identity',\)"),
        (json.dumps([["identity", [0]], ["identity", 0], ["identity", [0]]]), "node 3 .* reads: .*received 0"),
        (
            json.dumps([["identity", [0]], 3, ["identity", [0]]]),
            "node 3 .*expected .operator, nodes that are read.; received 3",
        ),
        (json.dumps([["identity", [0]], {"identity": 0, "0": 0}, ["identity", [0]]]), "node 3 .* reads: .*'0'"),
        (EXAMPLE.replace('"identity",[2]', '"identity","2"'), "node 3 .* reads: .*received '2'"),
        (EXAMPLE.replace("identity", "conv_9x9"), "operator of node 3 of ghn_block,nodes=3: .*received 'conv_9x9'"),
        (EXAMPLE.replace('"identity"', "[]"), r"operator of node 3 .*received \[\]"),
        (EXAMPLE.replace('"identity",[2]', '"identity",[]'), r"node 3 .* reads: expected 1 to 2 .*received \[\]"),
        (EXAMPLE.replace('"identity",[2]', '"identity",[0,1,2]'), r"1 to 2 different ones.*received \[0, 1, 2\]"),
        (EXAMPLE.replace('"identity",[2]', '"identity",[3]'), r"from 0 to 2; received \[3\]"),
        (EXAMPLE.replace('"identity",[2]', '"identity",[-1]'), r"received \[-1\]"),
        (EXAMPLE.replace('"identity",[2]', '"identity",[2,1]'), r"ascending.*received \[2, 1\]"),
        (EXAMPLE.replace('"identity",[2]', '"identity",[1,1]'), r"different.*received \[1, 1\]"),
        (EXAMPLE.replace('"identity",[2]', '"identity",[true]'), r"received \[True\]"),
        (EXAMPLE.replace('"identity",[2]', '"identity",["2"]'), r"received \['2'\]"),
    ],
)
def test_malformed_text(native, message):
    with pytest.raises(InvalidArchitectureError, match=message):
        SMALL.from_native(native)


@pytest.mark.parametrize(
    ("genes", "message"),
    [
        (None, "block of ghn_block,nodes=3: expected 3 operator nodes; received None"),
        ([1, 2], "block of ghn_block,nodes=3: expected 3 operator nodes; received 2"),
        ([1, 2, 3], "node 2 of .*expected .operator, nodes that are read.; received 1"),
        ([("identity", (0,), ())] * 3, "node 2 of .*received 3"),
        ([(None, (0,))] * 3, "operator of node 2 .*received None"),
        ([(np.array(["identity", "conv"]), (0,))] * 3, "operator of node 2"),
        ([("identity", None)] * 3, "nodes that node 2 .* reads: .*received None"),
        ([("identity", (0.0,))] * 3, r"nodes that node 2 .* reads: .*received \[0.0\]"),
        ([("identity", (True,))] * 3, r"nodes that node 2 .* reads: .*received \[True\]"),
        ([("identity", ([0],))] * 3, r"nodes that node 2 .* reads: .*received \[\[0\]\]"),
    ],
)
def test_genes_that_are_none(genes, message):
    with pytest.raises(InvalidArchitectureError, match=message):
        SMALL.from_genes(genes)


def test_parts_from_numpy_become_plain():
    rng = np.random.default_rng(0)
    genes = [(rng.choice(OPERATORS), np.sort(rng.choice(2 + k, size=2, replace=False))) for k in range(17)]
    arch = SPACE.from_genes(genes)
    assert SPACE.from_native(SPACE.to_native(arch)) == Architecture.from_json(arch.to_json()) == arch
    assert {type(node) for edge in arch.edges for node in edge} == {int} and {type(op) for op in arch.ops} == {str}


def _changed(add=(), drop=(), **fields) -> Architecture:
    arch = SMALL.from_native(EXAMPLE)
    value = {name: getattr(arch, name) for name in ("space", "ops", "edges", "components", "attrs")}
    value["edges"] = tuple(sorted({*arch.edges, *add} - set(drop)))
    return Architecture(**{**value, **fields})


OPS = SMALL.from_native(EXAMPLE).ops


@pytest.mark.parametrize(
    ("arch", "message"),
    [
        (_changed(space="ghn_block"), "a member of 'ghn_block,nodes=3'; received a member of 'ghn_block'"),
        (_changed(components=(("cell", 6),)), "components of ghn_block"),
        (_changed(attrs=(("exit", (0,) * 6),)), "components of ghn_block.*without attributes"),
        (_changed(ops=(OPS[1], OPS[0], *OPS[2:])), "inputs and output of ghn_block"),
        (_changed(ops=(*OPS[:5], "identity")), "inputs and output of ghn_block"),
        (_changed(ops=(*OPS[:3], "conv", *OPS[4:])), "operator of node 3.*received 'conv'"),
        (_changed(ops=(*OPS[:3], "output", *OPS[4:])), "operator of node 3.*received 'output'"),
        (_changed(add=[(0, 1)]), "inputs that read nothing"),
        (_changed(add=[(1, 4)]), r"node 4 .* reads: expected 1 to 2.*received \[0, 1, 2\]"),
        (_changed(drop=[(2, 3)]), r"node 3 .* reads: expected 1 to 2.*received \[\]"),
        (_changed(drop=[(3, 5)]), r"reads exactly the operator nodes.*received no edge, \(3, 5\)"),
        (_changed(add=[(2, 5)]), r"received an edge too many, \(2, 5\)"),
        (_changed(add=[(0, 5)]), r"received an edge too many, \(0, 5\)"),
        (_changed(add=[(3, 4)], drop=[(0, 4)]), r"received an edge too many, \(3, 5\)"),
    ],
)
def test_architectures_that_are_no_members(arch, message):
    with pytest.raises(InvalidArchitectureError, match=message):
        SMALL.validate(arch)


def test_bad_skeletons():
    arch = SMALL.from_native(EXAMPLE)
    for skeleton, message in (
        ({"channels": 0}, "channels: expected a positive integer"),
        ({"blocks": 0}, "blocks: expected a positive integer"),
        ({"channels": 1, "imagenet": True}, "channels: expected at least 2"),
        ({"cells": 3}, "skeleton of ghn_block"),
    ):
        with pytest.raises(ConfigError, match=message):
            SMALL.cost(arch, **skeleton)

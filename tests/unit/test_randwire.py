"""RandWire, judged by the paper's figures, closed forms and brute force."""

from __future__ import annotations

import itertools
import json

import numpy as np
import pytest

from tfnas.architecture import Architecture
from tfnas.errors import ConfigError, InvalidArchitectureError
from tfnas.spaces.randwire import RandWire
from tfnas.testing import check_space

SPACE, SMALL = RandWire(), RandWire(nodes=4)
PAIRS = list(itertools.combinations(range(32), 2))
SEP = "sep_conv_3x3"


def _all(space: RandWire) -> list[Architecture]:
    pairs = list(itertools.combinations(range(space.nodes), 2))
    chosen = [[pair for pair, bit in zip(pairs, bits) if bit] for bits in itertools.product((0, 1), repeat=len(pairs))]
    return [space.from_edges(*graphs) for graphs in itertools.product(chosen, repeat=len(space.component_names))]


def _separable(inputs: int, outputs: int) -> int:
    return 9 * inputs + inputs * outputs + 2 * outputs


@pytest.mark.parametrize("space", [RandWire(nodes=2), RandWire(nodes=5), RandWire(nodes=3, stages=True)])
def test_contract(space):
    check_space(space, samples=40)


def test_size_is_that_of_brute_force():
    assert RandWire().size == 2**496 and RandWire(stages=True).size == 2**1488
    for space in (RandWire(nodes=2), SMALL, RandWire(nodes=3, stages=True)):
        members = _all(space)
        assert len(set(members)) == len(members) == space.size
        for arch in members:
            space.validate(arch)


def test_options():
    assert SPACE.name == "randwire" and RandWire(nodes=8, stages=True).name == "randwire,nodes=8,stages=True"
    assert SPACE.max_nodes == 34 and RandWire(stages=True).max_nodes == 102
    assert RandWire(nodes=np.int64(8), stages=np.bool_(True)).name == "randwire,nodes=8,stages=True"
    for nodes in (1, 0, 2.5, "8", True, 201, 10**9):
        with pytest.raises(ConfigError, match="nodes: expected an integer from 2 to 200"):
            RandWire(nodes=nodes)
    for stages in (0, 1, 3, "yes", None):
        with pytest.raises(ConfigError, match="stages: expected true or false"):
            RandWire(stages=stages)


def test_largest_space():
    space, rng = RandWire(nodes=200, stages=True), np.random.default_rng(0)
    arch = space.mutate(space.sample(rng), rng)
    space.validate(arch)
    assert space.from_native(space.to_native(arch)) == arch and space.canonical_key(arch)


def test_input_and_output_are_wired_by_rule():
    arch = SMALL.from_native("[[[],[0],[],[0,1]]]")  # nodes 1 to 4: 1 > 2, 1 > 4, 2 > 4; 3 is alone
    assert arch.edges == ((0, 1), (0, 3), (1, 2), (1, 4), (2, 4), (3, 5), (4, 5))
    for arch in _all(SMALL):
        for node in range(1, 5):
            sources = [a for a, b in arch.edges if b == node]
            targets = [b for a, b in arch.edges if a == node]
            assert sources == [0] or (sources and 0 not in sources)
            assert targets == [5] or (targets and 5 not in targets)
        assert (0, 5) not in arch.edges


def test_grammar_completes_to_exactly_the_members():
    (stage,) = SMALL.grammar.components
    assert SMALL.grammar.is_local and stage.open_inputs and stage.open_outputs and not stage.forced
    free = sorted(stage.free)
    assert free == list(itertools.combinations(range(1, 5), 2))
    drawn = {
        tuple(sorted(stage.complete(edge for edge, bit in zip(free, bits) if bit)))
        for bits in itertools.product((0, 1), repeat=6)
    }
    assert drawn == {arch.edges for arch in _all(SMALL)}


@pytest.mark.parametrize("stages", [False, True])
def test_fully_connected_network_has_the_published_size(stages):
    space = RandWire(stages=stages)
    full = space.from_edges(*[PAIRS] * len(space.component_names))
    cost = space.cost(full, (224, 224, 3), 200)
    stem = 27 * 32 + 2 * 32 + 9 * 32 * 64 + 2 * 64
    nodes = sum(
        _separable(inputs, outputs) + 31 * _separable(outputs, outputs)
        for inputs, outputs in ((64, 64), (64, 128), (128, 256))
    )
    gates = 3 * sum(range(2, 32))
    head = 256 * 1280 + 2 * 1280 + 1280 * 200 + 200
    assert cost.params == stem + nodes + gates + head == 3_474_933
    assert abs(cost.params / 3.49e6 - 1) < 0.01  # Table 2 of the paper


def test_macs_of_the_fully_connected_network():
    full = SPACE.from_edges(PAIRS)
    macs = 27 * 32 * 112**2 + 9 * 32 * 64 * 56**2 + 256 * 1280 * 49 + 1280 * 200
    for inputs, outputs, side in ((64, 64, 28), (64, 128, 14), (128, 256, 7)):
        macs += side**2 * (9 * inputs + inputs * outputs + 31 * (9 * outputs + outputs**2))
    assert SPACE.cost(full, (224, 224, 3), 200).macs == macs


def test_each_further_input_node_saves_the_change_of_channels():
    full = SPACE.cost(SPACE.from_edges(PAIRS), (224, 224, 3), 200).params
    for inputs in range(1, 13):
        # The first nodes read nothing; every other node reads all before it.
        edges = [(a, b) for a, b in PAIRS if b >= inputs]
        lost_gates = 3 * sum(range(2, inputs))
        got = SPACE.cost(SPACE.from_edges(edges), (224, 224, 3), 200).params
        assert full - got == 42_688 * (inputs - 1) + lost_gates


def test_large_network():
    blueprint = SPACE.blueprint(SPACE.from_edges(PAIRS), (224, 224, 3), large=True)
    shapes = {node.name: node.shape for node in blueprint.nodes}
    assert [shapes[name] for name in ("stem1", "stem2")] == [(112, 112, 48), (56, 56, 96)]
    ends = [shapes[f"stage{k}.node32.{SEP}"] for k in (1, 2, 3, 4)]
    assert ends == [(28, 28, 192), (14, 14, 288), (14, 14, 384), (7, 7, 586)]
    # The paper's best cell has 3.27 M parameters in the base and 19.18 M in the large network. Cells of
    # the same number of input nodes, by the base figure, should have about that many.
    edges = [(a, b) for a, b in PAIRS if b >= 6]
    arch = SPACE.from_edges(edges)
    assert SPACE.cost(arch, (224, 224, 3), 200).params == pytest.approx(3.27e6, rel=0.01)
    assert SPACE.cost(arch, (224, 224, 3), 200, large=True).params == pytest.approx(19.18e6, rel=0.06)


def test_stages_use_their_own_graphs():
    space = RandWire(nodes=3, stages=True)
    arch = space.from_native("[[[],[],[]],[[],[0],[1]],[[],[0],[0,1]]]")

    def gates(**skeleton) -> dict[str, int]:
        blueprint = space.blueprint(arch, (16, 16, 3), channels=4, **skeleton)
        return {node.name: len(node.inputs) for node in blueprint.nodes if node.name.endswith((".sum", ".mean"))}

    assert gates() == {"stage1.mean": 3, "stage3.node3.sum": 2}
    assert gates(large=True) == {"stage1.mean": 3, "stage4.node3.sum": 2}
    places = {node.name: node.place for node in space.blueprint(arch, (16, 16, 3), channels=4).nodes}
    assert places[f"stage1.node1.{SEP}"] == 1 and places[f"stage3.node3.{SEP}"] == 13 and places["stem1"] is None
    assert all(arch.ops[place] == SEP for place in places.values() if place is not None)


@pytest.mark.parametrize("shape", [(8, 8, 3), (9, 9, 1), (33, 17, 2), (1, 1, 1)])
def test_networks_of_any_shape(shape):
    rng = np.random.default_rng(0)
    for _ in range(20):
        arch = SPACE.sample(rng)
        blueprint = SPACE.blueprint(arch, shape, channels=8, head_channels=16)
        assert blueprint.nodes[blueprint.outputs[-1][1]].shape == (16,)
        for node in blueprint.nodes:
            shapes = blueprint.shapes_into(node)
            assert node.name.startswith("stem") or len(set(shapes)) == 1
        assert SPACE.cost(arch, shape, channels=8) == SPACE.cost(arch, shape, channels=8, live_only=True)


def test_keys_are_equal_iff_graphs_are_isomorphic():
    names = {}
    for arch in _all(SMALL):
        (graph,) = SMALL.graphs(arch)
        least = min(tuple(sorted((order[a], order[b]) for a, b in graph)) for order in itertools.permutations(range(4)))
        names.setdefault(SMALL.canonical_key(arch), set()).add(least)
    assert all(len(found) == 1 for found in names.values())
    assert len(names) == len(set().union(*names.values())) == 31  # acyclic graphs of 4 unlabelled nodes


def test_keys_of_renumbered_members():
    rng = np.random.default_rng(0)
    space = RandWire(nodes=12, stages=True)
    for _ in range(30):
        arch = space.sample(rng)
        renumbered = []
        for graph in space.graphs(arch):
            place, left = {}, set(range(12))
            while left:  # a random topological order
                ready = sorted(node for node in left if not any(a in left for a, b in graph if b == node))
                node = ready[int(rng.integers(len(ready)))]
                left.remove(node)
                place[node] = len(place)
            renumbered.append({(place[a], place[b]) for a, b in graph})
        other = space.from_edges(*renumbered)
        assert other != arch and space.canonical_key(other) == space.canonical_key(arch)
        mutant = space.mutate(arch, rng)
        assert space.canonical_key(mutant) != space.canonical_key(arch)  # another number of edges
    swapped = space.from_edges(*reversed(renumbered))
    assert space.canonical_key(swapped) != space.canonical_key(other)


def test_samples_have_the_stated_density():
    rng = np.random.default_rng(0)
    counts = [len(SPACE.graphs(SPACE.sample(rng))[0]) for _ in range(2_000)]
    # 496 edges with p uniform in [.1, .5]: mean 148.8, variance 496^2 (.4^2 / 12) + 496 E[p (1 - p)].
    deviation = (496**2 * 0.16 / 12 + 496 * (0.3 - 0.09 - 0.16 / 12)) ** 0.5
    assert abs(np.mean(counts) - 148.8) < 4.5 * deviation / 2_000**0.5
    assert abs(np.std(counts) / deviation - 1) < 0.05


def test_neighbours_and_mutations():
    rng = np.random.default_rng(0)
    arch = SPACE.sample(rng)
    (graph,) = SPACE.graphs(arch)
    neighbours = list(SPACE.neighbors(arch))
    assert len(set(neighbours)) == 496 and all(len(SPACE.graphs(other)[0] ^ graph) == 1 for other in neighbours)
    small = SMALL.sample(rng)
    mutants = [SMALL.mutate(small, rng) for _ in range(600)]
    around = list(SMALL.neighbors(small))
    assert set(mutants) == set(around) and len(around) == 6
    assert all(abs(mutants.count(other) - 100) < 45 for other in around)


def test_crossover_keeps_what_the_parents_share():
    rng = np.random.default_rng(0)
    for space in (SMALL, RandWire(nodes=4, stages=True)):
        for _ in range(50):
            first, second = space.sample(rng), space.sample(rng)
            child = space.crossover(first, second, rng)
            space.validate(child)
            for a, b, c in zip(space.graphs(first), space.graphs(second), space.graphs(child)):
                assert a & b <= c <= a | b
    empty, full = SMALL.from_edges([]), SMALL.from_edges(itertools.combinations(range(4), 2))
    assert len({SMALL.crossover(empty, full, rng) for _ in range(1_500)}) == 64


def test_matrices():
    matrix = np.zeros((4, 4), int)
    matrix[1, 0] = matrix[3, 0] = matrix[3, 1] = 1
    arch = SMALL.from_matrix(matrix)
    assert SMALL.to_native(arch) == "[[[],[0],[],[0,1]]]" and (SMALL.to_matrix(arch) == matrix).all()
    rng = np.random.default_rng(0)
    space = RandWire(stages=True)
    for _ in range(20):
        arch = space.sample(rng)
        assert space.from_matrix(*(space.to_matrix(arch, k) for k in range(3))) == arch


@pytest.mark.parametrize(
    ("matrices", "message"),
    [
        ([np.triu(np.ones((4, 4)), 1)], "a lower-triangular matrix.*received an upper-triangular one.*matrix.T"),
        ([np.eye(4)], r"a lower-triangular matrix.*a one at \(0, 0\)"),
        ([np.ones((4, 4)) - np.eye(4)], r"a lower-triangular matrix.*received a one at \(0, 1\)"),
        ([np.zeros((3, 3))], r"shape \(4, 4\), zeros and ones; received shape \(3, 3\)"),
        ([np.full((4, 4), 2)], r"zeros and ones; received shape \(4, 4\), int64 values \[2, 2"),
        ([[[0], [1, 0]]], "rows of different lengths"),
        ([None], r"shape \(4, 4\), zeros and ones; received shape \(\), object values"),
        ([np.full((4, 4), "0")], "zeros and ones; received .*values .'0', '0'"),
        ([[[{}, 0, 0, 0]] * 4], "zeros and ones; received .*values .{}, 0"),
        ([], "expected 1, one for each of stage; received 0"),
        ([np.zeros((4, 4))] * 3, "expected 1, one for each of stage; received 3"),
    ],
)
def test_matrices_that_are_wrong(matrices, message):
    with pytest.raises(InvalidArchitectureError, match=message):
        SMALL.from_matrix(*matrices)


@pytest.mark.parametrize(
    "edge", [(1, 0), (1, 1), (0, 4), (-1, 2), (0.0, 1.0), (False, True), (0, 1, 2), (), 3, None, "01", ([0], [1])]
)
def test_edges_that_are_wrong(edge):
    with pytest.raises(InvalidArchitectureError, match="0 <= source < target < 4"):
        SMALL.from_edges([edge])


@pytest.mark.parametrize("graph", [None, 3, "01", np.array(1), np.array([0, 1]), np.array([[0.0, 1.0]])])
def test_graphs_that_are_none(graph):
    with pytest.raises(InvalidArchitectureError, match="edges of randwire,nodes=4: expected pairs"):
        SMALL.from_edges(graph)


def test_edges_from_arrays_become_plain():
    arch = SMALL.from_edges(np.array([[0, 1], [0, 3], [1, 3]]))
    assert arch == SMALL.from_edges([(0, 1), (0, 3), (1, 3)]) == Architecture.from_json(arch.to_json())
    assert {type(node) for edge in arch.edges for node in edge} == {int}


@pytest.mark.parametrize(
    ("native", "message"),
    [
        (7, "received int 7"),
        ("", "which is no JSON"),
        ("{}", "received '{}'"),
        ("[]", r"received '\[\]'"),
        (json.dumps([[[], [], []]]), "for stage"),
        (json.dumps([[[], [], [], [], []]]), "for stage"),
        (json.dumps([[[0], [], [], []]]), r"received \[0\] for node 0 of stage"),
        (json.dumps([[[], [], [2], []]]), r"received \[2\] for node 2"),
        (json.dumps([[[], [], [1, 0], []]]), r"received \[1, 0\] for node 2"),
        (json.dumps([[[], [], [0, 0], []]]), r"received \[0, 0\] for node 2"),
        (json.dumps([[[], [False], [], []]]), r"received \[False\] for node 1"),
        (json.dumps([[[], [0.0], [], []]]), r"received \[0.0\] for node 1"),
        (json.dumps([[[], 0, [], []]]), "received 0 for node 1"),
    ],
)
def test_malformed_text(native, message):
    with pytest.raises(InvalidArchitectureError, match=f"text of randwire,nodes=4.*{message}"):
        SMALL.from_native(native)


def _changed(**fields) -> Architecture:
    arch = SMALL.from_native("[[[],[0],[],[0,1]]]")
    value = {name: getattr(arch, name) for name in ("space", "ops", "edges", "components", "attrs")}
    return Architecture(**{**value, **fields})


EDGES = ((0, 1), (0, 3), (1, 2), (1, 4), (2, 4), (3, 5), (4, 5))


@pytest.mark.parametrize(
    ("arch", "message"),
    [
        (_changed(space="randwire"), "a member of 'randwire,nodes=4'; received a member of 'randwire'"),
        (_changed(components=(("cell", 6),)), "components of randwire.*received .*'cell'"),
        (_changed(attrs=(("scale", (1,) * 6),)), "components of randwire.*without attributes"),
        (_changed(ops=("input", SEP, SEP, "conv", SEP, "output")), "operator of node 3.*'sep_conv_3x3'.*'conv'"),
        (_changed(ops=(SEP, *(SEP,) * 4, "output")), "operator of node 0.*'input'"),
        (_changed(edges=tuple(sorted({*EDGES, (0, 2)}))), r"feeds exactly.*an edge too many, \(0, 2\)"),
        (_changed(edges=tuple(sorted({*EDGES, (1, 5)}))), r"reads exactly.*an edge too many, \(1, 5\)"),
        (_changed(edges=tuple(sorted({*EDGES, (0, 5)}))), r"an edge too many, \(0, 5\)"),
        (_changed(edges=tuple(sorted({*EDGES} - {(0, 3)}))), r"received no edge, \(0, 3\)"),
        (_changed(edges=tuple(sorted({*EDGES} - {(3, 5)}))), r"received no edge, \(3, 5\)"),
    ],
)
def test_architectures_that_are_no_members(arch, message):
    with pytest.raises(InvalidArchitectureError, match=message):
        SMALL.validate(arch)

"""NAS-Bench-201, judged by exhaustive enumeration, brute force and published figures."""

from __future__ import annotations

import csv
import gzip
import itertools
import math
from collections import Counter

import numpy as np
import pytest

from tests.realdata import real_data
from tfnas import Architecture, spaces
from tfnas.blueprints.nasbench201 import CONV1, CONV3, NONE, OPERATORS, PAIRS, POOL, SKIP
from tfnas.errors import ConfigError, InvalidArchitectureError, UnknownNameError
from tfnas.spaces import Cost, EdgeLabelled, NASBench201
from tfnas.spaces.nasbench201 import EDGES

SPACE = NASBench201()
EXAMPLE = "|nor_conv_3x3~0|+|nor_conv_3x3~0|avg_pool_3x3~1|+|skip_connect~0|nor_conv_3x3~1|skip_connect~2|"

DATA_SETS = {"cifar10": ((32, 32, 3), 10), "cifar100": ((32, 32, 3), 100), "imagenet16": ((16, 16, 3), 120)}

PUBLISHED = {  # NATS-Bench's file: parameters and "flop", both in millions, of three cells on three data sets
    "|avg_pool_3x3~0|+|nor_conv_1x1~0|skip_connect~1|+|nor_conv_1x1~0|skip_connect~1|skip_connect~2|": {
        "cifar10": (0.129306, 15.64737),
        "cifar100": (0.135156, 15.65322),
        "imagenet16": (0.136456, 3.91948),
    },
    "|nor_conv_3x3~0|+|nor_conv_3x3~0|avg_pool_3x3~1|+|none~0|nor_conv_3x3~1|avg_pool_3x3~2|": {
        "cifar10": (0.802426, 113.95137),
        "cifar100": (0.808276, 113.95722),
        "imagenet16": (0.809576, 28.49548),
    },
    "|skip_connect~0|+|skip_connect~0|skip_connect~1|+|none~0|nor_conv_1x1~1|none~2|": {
        "cifar10": (0.101306, 11.71521),
        "cifar100": (0.107156, 11.72106),
        "imagenet16": (0.108456, 2.93644),
    },
}


@pytest.fixture(scope="module")
def members() -> list[Architecture]:
    return list(SPACE.enumerate())


def _chi_square(counts, expected: float) -> float:
    """Returns the probability of counts at least this uneven."""
    from scipy.stats import chi2

    counts = np.asarray(counts)
    return float(chi2.sf(((counts - expected) ** 2 / expected).sum(), counts.size - 1))


def _live(arch: Architecture) -> tuple[tuple[str, ...], np.ndarray]:
    """The network that really computes, from the four original nodes: no code is shared with the library.

    Instances are the operators that are neither none nor identity. From one to the next lead as many
    edges as there are walks of identities between their original nodes.
    """
    edges = [(source, target, op) for (source, target), op in zip(PAIRS, arch.ops[1:-1])]
    skips = np.zeros((4, 4), int)
    for source, target, op in edges:
        skips[source, target] += op == SKIP
    walks = sum(np.linalg.matrix_power(skips, k) for k in range(4))
    instances = [(0, 0, "input"), *((s, t, op) for s, t, op in edges if op not in (NONE, SKIP)), (3, 3, "output")]
    counts = np.array([[walks[a[1], b[0]] for b in instances] for a in instances])
    counts[:, 0] = counts[-1, :] = 0
    np.fill_diagonal(counts, 0)
    reach = np.linalg.matrix_power(np.eye(len(counts), dtype=int) + counts, len(counts)) > 0
    kept = [k for k in range(len(counts)) if k in (0, len(counts) - 1) or (reach[0, k] and reach[k, -1])]
    return tuple(instances[k][2] for k in kept), counts[np.ix_(kept, kept)]


def _slow_name(labels: tuple[str, ...], counts: np.ndarray) -> tuple[object, ...]:
    """The smallest matrix over all orders that keep the labels sorted; equal iff isomorphic."""
    groups = [[k for k, label in enumerate(labels) if label == name] for name in sorted(set(labels))]
    orders = (
        list(itertools.chain.from_iterable(choice))
        for choice in itertools.product(*(itertools.permutations(group) for group in groups))
    )
    return tuple(sorted(labels)), min(tuple(counts[np.ix_(order, order)].ravel().tolist()) for order in orders)


def test_registered_by_name():
    assert "nasbench201" in spaces.names() and isinstance(spaces.get("nasbench201"), NASBench201)
    with pytest.raises(UnknownNameError, match="nasbench201.*Did you mean 'nasbench201'"):
        spaces.get("nasbench-201")


def test_enumeration_lists_every_member_once(members):
    assert len(members) == len(set(members)) == SPACE.size == 15_625
    assert SPACE.is_enumerable and list(itertools.islice(SPACE.enumerate(), 50)) == members[:50]
    assert {arch.ops[1:-1] for arch in members} == set(itertools.product(OPERATORS, repeat=6))
    for arch in members[::101]:
        SPACE.validate(arch)
        assert arch.space == "nasbench201" and len(arch.ops) == SPACE.max_nodes and set(arch.ops) <= set(SPACE.op_names)


def test_native_form_round_trips_for_all(members):
    natives = [SPACE.to_native(arch) for arch in members]
    assert len(set(natives)) == 15_625
    assert all(SPACE.from_native(native) == arch for native, arch in zip(natives, members))


def test_native_form_of_an_example():
    arch = SPACE.from_native(EXAMPLE)
    assert SPACE.operators(arch) == (CONV3, CONV3, POOL, SKIP, CONV3, SKIP)
    assert SPACE.to_native(arch) == EXAMPLE
    assert SPACE.from_native(f"  {EXAMPLE}\n") == arch


def test_the_edges_are_those_of_the_original_cell():
    expected = set()
    for k, (source, target) in enumerate(PAIRS):
        expected |= {(0, k + 1)} if source == 0 else set()
        expected |= {(k + 1, 7)} if target == 3 else set()
        expected |= {(k + 1, m + 1) for m, (other, _) in enumerate(PAIRS) if other == target}
    assert SPACE.from_native(EXAMPLE).edges == tuple(sorted(expected)) == EDGES


def test_canonical_keys_are_equal_iff_live_networks_are_isomorphic(members):
    names = {}
    slow = {}
    for arch in members:
        labels, counts = _live(arch)
        live = labels, counts.tobytes()
        if live not in slow:
            slow[live] = _slow_name(labels, counts)
        names.setdefault(SPACE.canonical_key(arch), set()).add(slow[live])
    assert len(names) == SPACE.num_networks == 5_425
    assert all(len(found) == 1 for found in names.values())
    assert len(set().union(*names.values())) == 5_425
    assert not SPACE.key_can_collide


def test_canonical_keys_of_cells_that_look_alike():
    def key(*operators: str) -> str:
        return SPACE.canonical_key(SPACE.from_operators(operators))

    # (0,1), (0,2), (1,2), (0,3), (1,3), (2,3)
    assert key(CONV1, NONE, NONE, NONE, CONV3, NONE) == key(NONE, CONV1, NONE, NONE, NONE, CONV3)
    assert key(CONV1, NONE, NONE, NONE, CONV3, NONE) != key(CONV3, NONE, NONE, NONE, CONV1, NONE)
    # One convolution whose result is used twice is not two convolutions.
    assert key(CONV1, NONE, SKIP, NONE, SKIP, SKIP) != key(CONV1, CONV1, NONE, NONE, SKIP, SKIP)
    # Two pools of the same input stay two.
    assert key(POOL, POOL, NONE, NONE, SKIP, SKIP) != key(POOL, NONE, SKIP, NONE, SKIP, SKIP)
    # Identities count: x, 2x and 3x.
    assert len({key(NONE, NONE, NONE, SKIP, NONE, NONE), key(SKIP, NONE, NONE, SKIP, SKIP, NONE),
                key(SKIP, SKIP, NONE, SKIP, SKIP, SKIP)}) == 3  # fmt: skip
    # What reaches no output does not count.
    assert key(CONV3, CONV3, CONV3, SKIP, NONE, NONE) == key(NONE, NONE, NONE, SKIP, NONE, NONE)


def test_dead_operators(members):
    paths = [(3,), (0, 4), (1, 5), (0, 2, 5)]  # of edges, from the input to the output
    dead_convolutions = without_path = 0
    for arch in members:
        operators = SPACE.operators(arch)
        whole = [path for path in paths if all(operators[k] != NONE for k in path)]
        live = {k for path in whole for k in path}
        expected = tuple(operator if k in live else NONE for k, operator in enumerate(operators))
        assert SPACE.live_operators(arch) == expected
        dead_convolutions += any(op in (CONV1, CONV3) for k, op in enumerate(operators) if k not in live)
        without_path += not whole
    assert (dead_convolutions, without_path) == (4_250, 341)


@pytest.mark.parametrize("native", PUBLISHED)
@pytest.mark.parametrize("data", DATA_SETS)
def test_cost_of_published_cells(native, data):
    shape, classes = DATA_SETS[data]
    params, flop = PUBLISHED[native][data]
    cost = SPACE.cost(SPACE.from_native(native), shape, classes)
    assert cost.params == round(params * 1e6)
    assert cost.macs + classes == round(flop * 1e6)  # the published figure counts one add a class
    assert SPACE.published_flops(SPACE.from_native(native), shape, classes) == round(flop * 1e6)


def _slow_cost(operators, shape, classes: int, cells: int, channels: int) -> Cost:
    """Adds up the layers of the skeleton one by one."""
    height, width, inputs = shape
    params = macs = 0

    def conv(kernel: int, source: int, target: int, norm: bool = True) -> None:
        nonlocal params, macs
        params += kernel * kernel * source * target + (2 * target if norm else 0)
        macs += kernel * kernel * source * target * height * width

    conv(3, inputs, channels)
    for stage in range(3):
        if stage:
            height, width = math.ceil(height / 2), math.ceil(width / 2)
            conv(3, channels, 2 * channels)
            conv(3, 2 * channels, 2 * channels)
            conv(1, channels, 2 * channels, norm=False)
            channels *= 2
        for _ in range(cells):
            for operator in operators:
                if operator in (CONV1, CONV3):
                    conv(1 if operator == CONV1 else 3, channels, channels)
    params += 2 * channels + (channels + 1) * classes
    macs += channels * classes
    return Cost(params, macs)


def test_cost_layer_by_layer(members):
    rng = np.random.default_rng(0)
    for index in rng.integers(len(members), size=60):
        arch = members[index]
        shape = (int(rng.integers(1, 40)), int(rng.integers(1, 40)), int(rng.integers(1, 5)))
        classes, cells, channels = (int(rng.integers(1, high)) for high in (30, 7, 20))
        skeleton = {"cells_per_stage": cells, "channels": channels}
        for live, operators in ((False, SPACE.operators(arch)), (True, SPACE.live_operators(arch))):
            cost = SPACE.cost(arch, shape, classes, live_only=live, **skeleton)
            assert cost == _slow_cost(operators, shape, classes, cells, channels)
            assert type(cost.params) is int and type(cost.macs) is int


def test_defaults_of_cost_are_those_of_cifar10():
    arch = SPACE.from_native(EXAMPLE)
    assert SPACE.cost(arch) == SPACE.cost(arch, (32, 32, 3), 10, cells_per_stage=5, channels=16)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"input_shape": (32, 32)}, "input_shape: expected .height, width, channels."),
        ({"input_shape": (32, 0, 3)}, "input_shape"),
        ({"input_shape": (32, 32.0, 3)}, "input_shape"),
        ({"num_classes": 0}, "num_classes: expected a positive integer; received 0"),
        ({"num_classes": 2.5}, "num_classes: expected a positive integer; received 2.5"),
        ({"channels": -1}, "channels: expected a positive integer; received -1"),
        ({"cells_per_stage": "5"}, "cells_per_stage: expected a positive integer; received '5'"),
        ({"cells_per_stage": True}, "cells_per_stage"),
        ({"stem": 3}, "skeleton of nasbench201: expected cells_per_stage, channels; received stem"),
    ],
)
def test_cost_with_bad_arguments(arguments, message):
    with pytest.raises(ConfigError, match=message):
        SPACE.cost(SPACE.from_native(EXAMPLE), **arguments)


def test_neighbours_differ_in_one_edge_and_are_mutual(members):
    for arch in members[::31]:
        found = list(SPACE.neighbors(arch))
        assert len(found) == len(set(found)) == 24
        for other in found:
            assert sum(a != b for a, b in zip(arch.ops, other.ops)) == 1
            SPACE.validate(other)
    for arch in members[::997]:
        assert all(arch in set(SPACE.neighbors(other)) for other in SPACE.neighbors(arch))
    assert list(SPACE.neighbors(members[7])) == list(SPACE.neighbors(members[7]))


def test_samples_are_uniform():
    rng = np.random.default_rng(0)
    operators = [SPACE.operators(SPACE.sample(rng)) for _ in range(20_000)]
    for a, b in itertools.combinations(range(6), 2):
        counts = Counter((drawn[a], drawn[b]) for drawn in operators)
        assert _chi_square([counts[pair] for pair in itertools.product(OPERATORS, repeat=2)], 800) > 1e-4
    # Of 15,625 equally likely members, so many are met; the standard deviation is below 60.
    assert abs(len(set(operators)) - 15_625 * (1 - (1 - 1 / 15_625) ** 20_000)) < 300


def test_samples_follow_the_seed_and_not_the_global_generator():
    np.random.seed(0)
    first = [SPACE.sample(np.random.default_rng(5)) for _ in range(3)]
    np.random.seed(1)
    assert first == [SPACE.sample(np.random.default_rng(5))] * 3
    assert first[0] != SPACE.sample(np.random.default_rng(6))


def test_mutations_are_uniform_over_neighbours():
    rng = np.random.default_rng(0)
    arch = SPACE.from_native(EXAMPLE)
    counts = Counter(SPACE.mutate(arch, rng) for _ in range(12_000))
    neighbours = list(SPACE.neighbors(arch))
    assert set(counts) <= set(neighbours)
    assert _chi_square([counts[other] for other in neighbours], 500) > 1e-4


def test_crossover_takes_each_edge_from_either_parent():
    rng = np.random.default_rng(0)
    first, second = SPACE.from_operators([CONV1] * 6), SPACE.from_operators([POOL] * 6)
    counts = Counter(SPACE.operators(SPACE.crossover(first, second, rng)) for _ in range(6_400))
    assert _chi_square([counts[child] for child in itertools.product((CONV1, POOL), repeat=6)], 100) > 1e-4
    assert SPACE.crossover(first, first, rng) == first


def test_grammar_describes_exactly_the_members(members):
    grammar = SPACE.grammar
    (cell,) = grammar.components
    assert grammar.is_local and cell.forced == frozenset(EDGES) and not cell.free and cell.end_op is None
    assert cell.max_nodes == cell.min_nodes == 8 and not cell.attrs
    assert {ops for ops in itertools.product(*cell.ops)} == {arch.ops for arch in members}
    (view,) = grammar.edge_labelled
    assert (view.num_nodes, view.pairs, view.labels, view.no_edge) == (4, PAIRS, OPERATORS, NONE)


def test_edge_labelled_view_is_exact_both_ways(members):
    for arch in members:
        (cell,) = view = SPACE.to_edge_labelled(arch)
        assert cell == EdgeLabelled("cell", arch.ops[1:-1]) and SPACE.from_edge_labelled(view) == arch


@pytest.mark.parametrize("names", [(), ("cell", "cell"), ("normal",)])
def test_edge_labelled_views_of_other_components(names):
    with pytest.raises(InvalidArchitectureError, match="one component, 'cell'"):
        SPACE.from_edge_labelled([EdgeLabelled(name, (NONE,) * 6) for name in names])


def test_edge_labelled_views_with_wrong_labels():
    with pytest.raises(InvalidArchitectureError, match="expected six operators.*received 5"):
        SPACE.from_edge_labelled([EdgeLabelled("cell", (NONE,) * 5)])
    with pytest.raises(InvalidArchitectureError, match=r"operator of edge \(1, 3\).*received 'conv'"):
        SPACE.from_edge_labelled([EdgeLabelled("cell", (NONE,) * 4 + ("conv", NONE))])


@pytest.mark.parametrize(
    ("native", "message"),
    [
        (None, "NoneType None"),
        (7, "int 7"),
        ("", "1 groups"),
        ("|none~0|", "1 groups"),
        (EXAMPLE + "+|none~0|", "4 groups"),
        (EXAMPLE[1:], "'nor_conv_3x3~0|' as group 1"),
        (EXAMPLE[:-1], "as group 3"),
        (EXAMPLE.replace("|+|nor", "+nor"), "as group 1"),
        (EXAMPLE.replace("|avg_pool_3x3~1", ""), "as group 2"),
        (EXAMPLE.replace("|skip_connect~2|", "||"), "'' where op~2 belongs"),
        (EXAMPLE.replace("avg_pool_3x3~1", "avg_pool_3x3~2"), "'avg_pool_3x3~2' where op~1 belongs"),
        (EXAMPLE.replace("avg_pool_3x3~1", "avg_pool_3x3"), "'avg_pool_3x3' where op~1 belongs"),
        (EXAMPLE.replace("avg_pool_3x3~1", "avg_pool_3x3~x"), "'avg_pool_3x3~x' where op~1 belongs"),
        (EXAMPLE.replace("avg_pool_3x3~1", " avg_pool_3x3~1"), "' avg_pool_3x3~1' where op~1 belongs"),
        (EXAMPLE.replace("~1", "~01", 1), "'avg_pool_3x3~01' where op~1 belongs"),
        (EXAMPLE.replace("avg_pool_3x3", "max_pool_3x3"), r"operator of edge \(1, 2\).*received 'max_pool_3x3'"),
        (EXAMPLE.replace("nor_conv_3x3~0|+", "input~0|+", 1), r"operator of edge \(0, 1\).*received 'input'"),
    ],
)
def test_malformed_strings(native, message):
    with pytest.raises(InvalidArchitectureError, match=message):
        SPACE.from_native(native)


def test_operators_that_are_no_list_of_six():
    with pytest.raises(InvalidArchitectureError, match="expected six operators, one an edge; received 7"):
        SPACE.from_operators([NONE] * 7)


def _changed(**fields) -> Architecture:
    arch = SPACE.from_native(EXAMPLE)
    value = {name: getattr(arch, name) for name in ("space", "ops", "edges", "components", "attrs")}
    return Architecture(**{**value, **fields})


@pytest.mark.parametrize(
    ("arch", "message"),
    [
        (_changed(space="darts"), r"a member of 'nasbench201'; received a member of 'darts'.*spaces.get\('darts'\)"),
        (_changed(ops=("output", *(NONE,) * 6, "input")), "nodes of a NAS-Bench-201 cell"),
        (_changed(ops=("input", *(NONE,) * 7)), "nodes of a NAS-Bench-201 cell"),
        (Architecture("nasbench201", ("input", NONE, "output"), ((0, 1), (1, 2))), "nodes of a NAS-Bench-201 cell"),
        (_changed(edges=EDGES[:-1]), "the fixed wiring"),
        (_changed(edges=tuple(sorted({*EDGES, (0, 7)}))), "the fixed wiring"),
        (_changed(components=(("normal", 8),)), "one component without attributes"),
        (_changed(attrs=(("scale", (1,) * 8),)), "one component without attributes"),
        (_changed(ops=("input", *(NONE,) * 5, "conv", "output")), r"operator of edge \(2, 3\).*received 'conv'"),
        (_changed(ops=("input", *(NONE,) * 5, "input", "output")), r"operator of edge \(2, 3\).*received 'input'"),
    ],
)
def test_architectures_that_are_no_members(arch, message):
    with pytest.raises(InvalidArchitectureError, match=message):
        SPACE.validate(arch)


def test_strings_of_the_published_table(members):
    with gzip.open(real_data("nasbench201.csv.gz"), "rt", newline="") as file:
        natives = [row["arch"] for row in csv.DictReader(file)]
    assert len(natives) == 15_625
    archs = [SPACE.from_native(native) for native in natives]
    assert set(archs) == set(members)
    assert [SPACE.to_native(arch) for arch in archs] == natives

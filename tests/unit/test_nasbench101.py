"""NAS-Bench-101, judged by published hashes and counts, brute force and integer sequences."""

from __future__ import annotations

import itertools
import math
from collections import Counter

import numpy as np
import pytest

from tfnas import Architecture
from tfnas.blueprints.layers import Add, BatchNorm, Concat, Conv, FirstChannels, GlobalPool, Pool, Relu
from tfnas.blueprints.nasbench101 import CONV1, CONV3, INPUT, OPERATORS, OUTPUT, POOL, vertex_channels
from tfnas.errors import ConfigError, InvalidArchitectureError
from tfnas.spaces.base import Cost
from tfnas.spaces.canonical import canonical_form
from tfnas.spaces.nasbench101 import NASBench101
from tfnas.spaces.nasbench101_enumeration import count_graphs, graphs
from tfnas.spaces.nasbench101_hash import module_hash
from tfnas.testing import check_space

SPACE = NASBench101()
SMALL = NASBench101(max_nodes=5, max_edges=6)
LARGE = NASBench101(max_nodes=8, max_edges=16)


def _cell(rows: dict[int, list[int]], *interior: str, space: NASBench101 = SPACE) -> Architecture:
    ops = (INPUT, *interior, OUTPUT)
    edges = tuple(sorted((source, target) for source, targets in rows.items() for target in targets))
    return Architecture(space.name, ops, edges, (("cell", len(ops)),))


INCEPTION = _cell({0: [1, 2, 3, 5], 1: [6], 2: [6], 3: [4], 4: [6], 5: [6]}, CONV1, CONV3, CONV3, CONV3, POOL)
BEST = _cell({0: [1, 2, 4, 6], 1: [5], 2: [3], 3: [4], 4: [5], 5: [6]}, CONV3, CONV3, CONV3, CONV3, CONV1)
CHAIN = _cell({0: [1], 1: [2]}, CONV3)
PLAIN = _cell({0: [1]})


@pytest.fixture(scope="module")
def small_members() -> list[Architecture]:
    return list(SMALL.enumerate())


def _walks(matrix: np.ndarray) -> np.ndarray:
    """Whether a path, perhaps an empty one, leads from a vertex to another."""
    return np.linalg.matrix_power(np.eye(len(matrix), dtype=int) + matrix, len(matrix)) > 0


def _slow_prune(matrix: np.ndarray, ops: tuple[str, ...]) -> tuple[np.ndarray, tuple[str, ...]] | None:
    walks = _walks(matrix)
    if not walks[0, -1]:
        return None
    kept = np.flatnonzero(walks[0] & walks[:, -1])
    return matrix[np.ix_(kept, kept)], tuple(ops[k] for k in kept)


def _all_matrices(nodes: int):
    rows, columns = np.triu_indices(nodes, 1)
    for bits in itertools.product((0, 1), repeat=len(rows)):
        matrix = np.zeros((nodes, nodes), int)
        matrix[rows, columns] = bits
        yield matrix


def _slow_members(max_nodes: int, max_edges: int) -> set[tuple[bytes, tuple[str, ...]]]:
    """All pruned labelled matrices, by looking at every matrix."""
    found = set()
    for nodes in range(2, max_nodes + 1):
        for matrix in _all_matrices(nodes):
            walks = _walks(matrix)
            if (walks[0] & walks[:, -1]).all() and matrix.sum() <= max_edges:
                found |= {(matrix.tobytes(), ops) for ops in itertools.product(OPERATORS, repeat=nodes - 2)}
    return found


def _renumbered(arch: Architecture, rng: np.random.Generator) -> Architecture:
    """The same network in another topological order, drawn."""
    total, order = len(arch.ops), [0]
    while len(order) < total:
        ready = [k for k in range(1, total) if k not in order and all(s in order for s, t in arch.edges if t == k)]
        order.append(ready[int(rng.integers(len(ready)))])
    place = {node: k for k, node in enumerate(order)}
    edges = tuple(sorted((place[source], place[target]) for source, target in arch.edges))
    return Architecture(arch.space, tuple(arch.ops[k] for k in order), edges, arch.components)


@pytest.mark.parametrize(
    "space", [SPACE, SMALL, LARGE, NASBench101(3), NASBench101(4, 3), NASBench101(10, 20)], ids=lambda space: space.name
)
def test_the_contract_of_spaces(space):
    check_space(space, samples=40)


# Names, counts and enumeration.


@pytest.mark.parametrize(
    ("arch", "published"),
    [
        (INCEPTION, "28cfc7874f6d200472e1a9dcd8650aa0"),
        (BEST, "ba0a27cafe7d648aa57f7d5dd64c0b48"),
        (PLAIN, "043721b9c7fe8c5fad811d47d83132ec"),
        (CHAIN, "b49ac8c578b4561d79ac7087988f1c61"),
        (_cell({0: [1, 2], 1: [3], 2: [3]}, CONV1, POOL), "ac9bd0e2514c031187b612db767fb038"),
        (_cell({0: [1, 2], 1: [3], 2: [3]}, POOL, CONV1), "ac9bd0e2514c031187b612db767fb038"),
    ],
)
def test_published_hashes(arch, published):
    SPACE.validate(arch)
    assert SPACE.canonical_key(arch) == published == module_hash(arch.ops, reversed(arch.edges))


def test_the_hash_of_arrays_is_that_of_python_integers():
    matrix, ops = SPACE.to_matrix(INCEPTION)
    for dtype in (np.int64, np.float32, bool):
        assert SPACE.canonical_key(SPACE.from_matrix(matrix.astype(dtype), ops)) == "28cfc7874f6d200472e1a9dcd8650aa0"


def test_keys_do_not_depend_on_the_numbering():
    rng = np.random.default_rng(0)
    changed = 0
    for space in (SPACE, LARGE):
        for _ in range(150):
            arch = space.sample(rng)
            other = _renumbered(arch, rng)
            space.validate(other)
            assert space.canonical_key(other) == space.canonical_key(arch)
            changed += other != arch
    assert changed > 50


def test_keys_of_small_cells_are_equal_iff_they_are_isomorphic(small_members):
    pairs = {(SMALL.canonical_key(a), canonical_form(a.ops, dict.fromkeys(a.edges, 1))) for a in small_members}
    assert len(pairs) == len({key for key, _ in pairs}) == len({form for _, form in pairs})
    assert len(pairs) == len(list(SMALL.unique()))


def test_keys_of_larger_cells_are_equal_iff_they_are_isomorphic():
    rng = np.random.default_rng(0)
    space = NASBench101(max_nodes=8, max_edges=9)
    pairs = set()
    for _ in range(1_500):
        arch = space.sample(rng)
        for _ in range(3):
            arch = space.mutate(arch, rng)
        pairs.add((space.canonical_key(arch), canonical_form(arch.ops, dict.fromkeys(arch.edges, 1))))
    assert len(pairs) == len({key for key, _ in pairs}) == len({form for _, form in pairs}) > 500
    assert not space.key_can_collide and not SPACE.key_can_collide


def test_two_networks_of_eight_vertices_that_share_a_hash():
    rows = {0: [1, 2], 1: [3, 5], 2: [4, 6], 3: [5], 4: [6], 5: [7], 6: [7]}
    triangles = _cell(rows, *[CONV3] * 6, space=LARGE)
    hexagon = _cell({**rows, 1: [3, 6], 2: [4, 5]}, *[CONV3] * 6, space=LARGE)
    forms = [canonical_form(arch.ops, dict.fromkeys(arch.edges, 1)) for arch in (triangles, hexagon)]
    assert forms[0] != forms[1] and len(triangles.edges) == 10
    assert LARGE.canonical_key(triangles) == LARGE.canonical_key(hexagon)
    assert LARGE.key_can_collide and NASBench101(8, 10).key_can_collide


def test_counts_of_graphs_are_the_known_sequences():
    # OEIS A005321: upper triangular 0/1 matrices without empty rows and columns, by size.
    assert [count_graphs(nodes, 99) for nodes in range(2, 9)] == [1, 2, 10, 122, 3_346, 196_082, 23_869_210]
    # OEIS A138265: the same by number of ones.
    exact = [sum(count_graphs(n, e) - count_graphs(n, e - 1) for n in range(2, e + 2)) for e in range(1, 11)]
    assert exact == [1, 1, 2, 5, 16, 61, 271, 1_372, 7_795, 49_093]


@pytest.mark.parametrize(("max_nodes", "max_edges"), [(3, 2), (4, 3), (4, 6), (5, 5), (5, 6), (5, 7)])
def test_size_and_enumeration_against_all_matrices(max_nodes, max_edges):
    space = NASBench101(max_nodes, max_edges)
    expected = _slow_members(max_nodes, max_edges)
    listed = list(space.enumerate())
    assert {
        (matrix.astype(int).tobytes(), tuple(ops[1:-1])) for matrix, ops in map(space.to_matrix, listed)
    } == expected
    assert space.size == len(listed) == len(expected)


def test_unique_cells_against_all_matrices_and_labels():
    """Every matrix, pruned or not, with every labelling; the hash tells them apart."""
    found = set()
    for matrix in _all_matrices(5):
        cut = _slow_prune(matrix, tuple("abcde"))
        if cut is None or cut[0].sum() > 6:
            continue
        edges = list(zip(*np.nonzero(cut[0])))
        for interior in itertools.product(OPERATORS, repeat=len(cut[1]) - 2):
            found.add(module_hash((INPUT, *interior, OUTPUT), edges))
    listed = list(SMALL.unique())
    for arch in listed:
        SMALL.validate(arch)
    assert {SMALL.canonical_key(arch) for arch in listed} == found
    assert len(listed) == len(found)
    assert list(SMALL.unique()) == listed


@pytest.mark.slow
def test_all_networks_of_the_benchmark():
    cells = list(SPACE.unique())
    assert len(cells) == len({SPACE.canonical_key(arch) for arch in cells}) == SPACE.num_networks == 423_624
    assert sum(1 for _ in SPACE.enumerate()) == SPACE.size == 1_293_208
    for arch in cells[::997]:
        SPACE.validate(arch)


def test_larger_cells_are_not_listed():
    assert SPACE.is_enumerable and not LARGE.is_enumerable
    assert SPACE.num_networks == 423_624 and LARGE.num_networks is None
    for listing in (LARGE.enumerate, LARGE.unique):
        with pytest.raises(ConfigError, match="expected at most 7 vertices; received 8.*sample"):
            next(listing())


def test_a_cell_from_beyond_the_benchmark():
    rows = {0: [1, 2, 3, 4, 5, 6, 7], 1: [2, 3, 5, 7], 2: [6], 3: [4], 4: [5], 5: [6], 6: [7]}
    arch = _cell(rows, *[CONV3] * 5, CONV1, space=LARGE)
    LARGE.validate(arch)
    assert len(arch.edges) == 16 and arch.space == "nasbench101,max_nodes=8,max_edges=16"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"max_nodes": 2}, "max_nodes: expected an integer from 3 to 10; received 2"),
        ({"max_nodes": 11, "max_edges": 20}, "max_nodes: expected an integer from 3 to 10; received 11"),
        ({"max_nodes": 7.0}, "max_nodes: expected an integer from 3 to 10; received 7.0"),
        ({"max_edges": True}, "max_edges: expected an integer from 6 to 45; received True"),
        ({"max_edges": 5}, "max_edges: expected an integer from 6 to 45; received 5"),
        ({"max_edges": 46}, "max_edges: expected an integer from 6 to 45; received 46"),
    ],
)
def test_options_that_cannot_be(options, message):
    with pytest.raises(ConfigError, match=message):
        NASBench101(**options)


def test_grammar():
    (cell,) = LARGE.grammar.components
    assert not LARGE.grammar.is_local and not cell.forced and len(cell.free) == 28
    assert (cell.min_nodes, cell.max_nodes, cell.end_op) == (2, 8, OUTPUT)
    assert cell.ops == ((INPUT,), *[(*OPERATORS, OUTPUT)] * 6, (OUTPUT,))


# Drawing and editing.


@pytest.mark.parametrize("limits", [(4, 4), (5, 6)])
def test_samples_are_uniform(limits):
    space = NASBench101(*limits)
    members = {arch: k for k, arch in enumerate(space.enumerate())}
    draws = 20 * len(members)
    rng = np.random.default_rng(0)
    drawn = np.bincount([members[space.sample(rng)] for _ in range(draws)], minlength=len(members))
    assert _improbability(drawn, np.full(len(members), 20.0)) > 1e-4


def test_samples_of_the_whole_space_have_the_right_lengths():
    rng = np.random.default_rng(0)
    lengths = np.bincount([len(SPACE.sample(rng).ops) for _ in range(2_000)], minlength=8)
    counts = {n: sum(1 for _ in graphs(n, 9)) * 3 ** (n - 2) for n in range(2, 8)}
    share = counts[7] / sum(counts.values())
    assert sum(counts.values()) == SPACE.size
    assert abs(lengths[7] / 2_000 - share) < 4 * math.sqrt(share * (1 - share) / 2_000)


def _improbability(drawn: np.ndarray, expected: np.ndarray) -> float:
    from scipy.stats import chi2

    return float(chi2.sf(((drawn - expected) ** 2 / expected).sum(), drawn.size - 1))


def _one_edit_apart(first: tuple[np.ndarray, list[str]], second: tuple[np.ndarray, list[str]]) -> bool:
    (small, small_ops), (large, large_ops) = sorted((first, second), key=lambda cell: len(cell[1]))
    if len(small_ops) == len(large_ops):
        return int((small != large).sum()) + sum(a != b for a, b in zip(small_ops, large_ops)) == 1
    if len(small_ops) + 1 < len(large_ops):
        return False
    for node in range(1, len(large_ops) - 1):
        (sources,), (targets,) = np.nonzero(large[:, node]), np.nonzero(large[node])
        if len(sources) == len(targets) == 1 and not large[sources[0], targets[0]]:
            shorter = large.copy()
            shorter[sources[0], targets[0]] = 1
            shorter = np.delete(np.delete(shorter, node, 0), node, 1)
            if np.array_equal(shorter, small) and large_ops[:node] + large_ops[node + 1 :] == small_ops:
                return True
    return False


def test_neighbours_are_exactly_the_members_one_edit_apart():
    space = NASBench101(4, 4)
    members = list(space.enumerate())
    cells = [space.to_matrix(arch) for arch in members]
    for arch, cell in zip(members, cells):
        found = list(space.neighbors(arch))
        expected = {other for other, its in zip(members, cells) if other != arch and _one_edit_apart(cell, its)}
        assert set(found) == expected and len(found) == len(expected)


def test_neighbours_are_mutual_and_connect_the_space(small_members):
    neighbours = {arch: set(SMALL.neighbors(arch)) for arch in small_members}
    assert all(arch in neighbours[other] for arch in small_members for other in neighbours[arch])
    reached, todo = {small_members[0]}, [small_members[0]]
    while todo:
        fresh = neighbours[todo.pop()] - reached
        reached |= fresh
        todo.extend(fresh)
    assert len(reached) == SMALL.size


def test_mutations_are_neighbours_and_reach_all_of_them():
    rng = np.random.default_rng(0)
    for arch in (INCEPTION, BEST, CHAIN, PLAIN):
        assert {SPACE.mutate(arch, rng) for _ in range(3_000)} == set(SPACE.neighbors(arch))


def test_mutations_have_the_stated_distribution():
    # Three vertices and two edges: either the operator changes, or the vertex is taken away.
    space, rng = NASBench101(3, 2), np.random.default_rng(0)
    chain = _cell({0: [1], 1: [2]}, CONV3, space=space)
    counts = Counter(space.mutate(chain, rng).ops[1:-1] for _ in range(4_000))
    assert _improbability(np.array([counts[(CONV1,)], counts[(POOL,)], counts[()]]), np.array([1e3, 1e3, 2e3])) > 1e-4


# Forms.


def test_native_form():
    text = "0111010000000100000010000100000000100000010000000:" + ",".join(INCEPTION.ops)
    assert SPACE.to_native(INCEPTION) == text and SPACE.from_native(f" {text}\n") == INCEPTION
    assert SPACE.to_native(CHAIN) == "010001000:input,conv3x3-bn-relu,output"


def test_forms_convert_back(small_members):
    assert len({SMALL.to_native(arch) for arch in small_members}) == SMALL.size
    for arch in small_members:
        assert SMALL.from_native(SMALL.to_native(arch)) == arch
        matrix, ops = SMALL.to_matrix(arch)
        assert matrix.shape == (len(ops), len(ops)) and SMALL.from_matrix(matrix.tolist(), ops) == arch
        assert set(zip(*(index.tolist() for index in np.nonzero(matrix)))) == set(arch.edges)


def test_matrices_are_pruned_before_the_limits_are_looked_at():
    rng = np.random.default_rng(0)
    members = refused = 0
    for _ in range(400):
        matrix = np.triu(rng.random((8, 8)) < 0.35, 1).astype(int)
        ops = (INPUT, *(OPERATORS[k] for k in rng.integers(3, size=6)), OUTPUT)
        cut = _slow_prune(matrix, ops)
        if cut is None or len(cut[0]) > 7 or cut[0].sum() > 9:
            refused += 1
            with pytest.raises(InvalidArchitectureError):
                SPACE.from_matrix(matrix, ops)
            continue
        members += 1
        found, names = SPACE.to_matrix(SPACE.from_matrix(matrix, ops))
        assert np.array_equal(found, cut[0]) and tuple(names) == cut[1]
        again, same = NASBench101.prune(matrix, ops)
        assert np.array_equal(again, found) and same == names
    assert members > 50 and refused > 50


OPS = (INPUT, CONV3, OUTPUT)


@pytest.mark.parametrize(
    ("matrix", "ops", "message"),
    [
        (
            [[0, 1, 0], [0, 0, 1], [1, 0, 0]],
            OPS,
            r"ones above the diagonal only; received entries \[\(2, 0\)\].*rows are",
        ),
        ([[0, 1, 0], [0, 1, 1], [0, 0, 0]], OPS, r"ones above the diagonal only; received entries \[\(1, 1\)\]"),
        (np.array([[0, 1, 0], [0, 0, 1], [0, 0, 0]]).T, OPS, r"received entries \[\(1, 0\), \(2, 1\)\]"),
        ([[0, 2, 0], [0, 0, 1], [0, 0, 0]], OPS, r"expected entries 0 and 1; received \[\[0, 2, 0\]"),
        ([[0, 0.5, 0], [0, 0, 1], [0, 0, 0]], OPS, "expected entries 0 and 1"),
        ([[0, float("nan"), 0], [0, 0, 1], [0, 0, 0]], OPS, "expected entries 0 and 1"),
        ([[0, "x", 0], [0, 0, 1], [0, 0, 0]], OPS, "expected entries 0 and 1"),
        ([[0, 1, 0], [0, 0, 1]], OPS, r"a square matrix; received shape \(2, 3\)"),
        ([0, 1, 0], OPS, r"a square matrix; received shape \(3,\)"),
        ([[0, 1], [0]], OPS, r"a square matrix; received \[\[0, 1\], \[0\]\]"),
        (None, OPS, r"a square matrix; received shape \(\)"),
        ([["0", "1", "0"]] * 3, OPS, "expected entries 0 and 1"),
        ([[0, 1], [0, 0]], 7, "operators of a NAS-Bench-101 cell: expected one name a vertex; received 7"),
        ([[0, 1], [0, 0]], None, "one name a vertex; received None"),
        ([[0, 1], [0, 0]], "io", "one name a vertex; received 'io'"),
        ([[0, 1], [0, 0]], np.array([OPS, OPS]), "one name a vertex; received"),
        ([[0, 1], [0, 0]], OPS, "one row for each operator; received 2 rows and 3 operators"),
        (
            [[0, 0, 0], [0, 0, 1], [0, 0, 0]],
            OPS,
            r"a path from the input to the output; received none among \(\(1, 2\),\)",
        ),
        ([[0, 1], [0, 0]], (OUTPUT, INPUT), r"'input' first and 'output' last; received \('output', 'input'\)"),
        (
            [[0, 1, 0], [0, 0, 1], [0, 0, 0]],
            (INPUT, "conv", OUTPUT),
            "operator of vertex 1: expected one of conv3x3.*'conv'",
        ),
        ([[0]], (INPUT,), "'input' first and 'output' last"),
    ],
)
def test_matrices_that_are_no_cells(matrix, ops, message):
    for read in (SPACE.from_matrix, NASBench101.prune):
        with pytest.raises(InvalidArchitectureError, match=message):
            read(matrix, ops)


@pytest.mark.parametrize(
    ("native", "message"),
    [
        (None, "expected text; received NoneType None"),
        ("0100", "adjacency, colon, operators; received '0100'.*For example"),
        ("010:input,output", r"2 \* 2 digits for 2 operators; received 3 characters"),
        ("01000:input,output", r"2 \* 2 digits for 2 operators; received 5 characters"),
        ("0200:input,output", "digits 0 and 1 before the colon; received '0200'"),
        ("0\u066100:input,output", "digits 0 and 1 before the colon"),
        ("0010:input,output", r"ones above the diagonal only; received entries \[\(1, 0\)\]"),
        ("0100:input,input", "'input' first and 'output' last"),
        ("0100:input, output", "'input' first and 'output' last"),
        ("010001000:input,conv3x3,output", "operator of vertex 1: .* received 'conv3x3'"),
        ("0110000000000000:input,conv3x3-bn-relu,maxpool3x3,output", "a path from the input to the output"),
        (
            "0011000000000000:input,conv3x3-bn-relu,maxpool3x3,output",
            r"dangling vertices \[1, 2\].*from_matrix removes",
        ),
    ],
)
def test_malformed_text(native, message):
    with pytest.raises(InvalidArchitectureError, match=message):
        SPACE.from_native(native)


@pytest.mark.parametrize(
    ("arch", "message"),
    [
        (Architecture("darts", CHAIN.ops, CHAIN.edges), "a member of 'nasbench101'; received a member of 'darts'"),
        (
            Architecture("nasbench101", CHAIN.ops, CHAIN.edges, (("normal", 3),)),
            "one component 'cell' without attributes",
        ),
        (Architecture("nasbench101", CHAIN.ops, CHAIN.edges, attrs=(("x", (1, 2, 3)),)), "without attributes"),
        (Architecture("nasbench101", (INPUT,), ()), "'input' first and 'output' last"),
        (Architecture("nasbench101", (INPUT, CONV3), ((0, 1),)), "'input' first and 'output' last"),
        (_cell({0: [1], 1: [2]}, "conv5x5"), "operator of vertex 1: expected one of .*; received 'conv5x5'"),
        (_cell({0: [1], 1: [2]}, INPUT), "operator of vertex 1: .* received 'input'"),
        (
            _cell({k: [k + 1] for k in range(7)}, *[CONV3] * 6),
            "at most 7, input and output included; received 8.*max_nodes=8",
        ),
        (_cell({0: [1, 2, 3, 4], 1: [2, 3, 4], 2: [3, 4, 5], 3: [5], 4: [5]}, *[CONV3] * 4), "at most 9; received 12"),
        (
            _cell({0: [1, 2], 1: [3]}, CONV3, CONV3),
            r"path from the input to the output; received dangling vertices \[2\]",
        ),
        (_cell({0: [1], 1: [3], 2: [3]}, CONV3, CONV3), r"dangling vertices \[2\]"),
        (_cell({0: [1], 2: [3]}, CONV3, CONV3), r"a path from the input to the output; received none among"),
        (_cell({}), r"a path from the input to the output; received none among \(\)"),
    ],
)
def test_architectures_that_are_no_members(arch, message):
    with pytest.raises(InvalidArchitectureError, match=message):
        SPACE.validate(arch)


def test_edges_that_do_not_ascend():
    with pytest.raises(InvalidArchitectureError, match="source < target.*topological order"):
        _cell({0: [1], 1: [2], 2: [1]}, CONV3)


# The network.


def test_parameters_of_the_published_cell():
    assert SPACE.cost(INCEPTION).params == 2_694_282
    assert SPACE.cost(INCEPTION, live_only=True) == SPACE.cost(INCEPTION)


def test_channels_of_vertices():
    def channels(arch: Architecture, total: int) -> list[int]:
        return vertex_channels(len(arch.ops), arch.edges, total)

    assert channels(PLAIN, 128) == [128, 128]
    assert channels(INCEPTION, 128) == [128, 32, 32, 32, 32, 32, 128]
    # Three feed the output: 43 + 43 + 42, the larger shares first.
    three = _cell({0: [1, 2, 3], 1: [4], 2: [4], 3: [4]}, CONV3, CONV3, CONV3)
    assert channels(three, 128) == [128, 43, 43, 42, 128]
    # Vertex 1 feeds only vertex 3 (3 channels of 7) and vertex 2 (4 of 7): the larger counts.
    assert channels(_cell({0: [1], 1: [2, 3], 2: [4], 3: [4]}, CONV3, CONV3, CONV3), 7) == [7, 4, 4, 3, 7]
    # The numbering decides who gets the odd channel, so two members of one network can differ in cost.
    first = _cell({0: [1, 2], 1: [3], 2: [3]}, CONV3, CONV1)
    other = _cell({0: [1, 2], 1: [3], 2: [3]}, CONV1, CONV3)
    assert SPACE.canonical_key(first) == SPACE.canonical_key(other)
    assert SPACE.cost(first, stem_channels=7).params > SPACE.cost(other, stem_channels=7).params
    assert SPACE.cost(first) == SPACE.cost(other)


def _slow_cost(arch: Architecture, shape, classes: int, channels: int, stacks: int, modules: int) -> Cost:
    """Adds up the layers one by one, with the channels of each vertex by the rule in words."""
    height, width, inputs = shape
    last = len(arch.ops) - 1
    params = macs = 0

    def conv(kernel: int, source: int, target: int) -> None:
        nonlocal params, macs
        params += kernel * kernel * source * target + 2 * target
        macs += kernel * kernel * source * target * height * width

    conv(3, inputs, channels)
    inputs = channels
    for stack in range(stacks):
        if stack:
            height, width, channels = -(-height // 2), -(-width // 2), 2 * channels
        feeding = [node for node in range(1, last) if (node, last) in arch.edges]

        def wide(node: int) -> int:
            if node in feeding:
                return len(range(feeding.index(node), channels, len(feeding)))
            return max(wide(target) for source, target in arch.edges if source == node)

        for _ in range(modules):
            for source, target in arch.edges:
                if source == 0:
                    conv(1, inputs, channels if target == last else wide(target))
            for node in range(1, last):
                if arch.ops[node] != POOL:
                    conv(int(arch.ops[node][4]), wide(node), wide(node))
            inputs = channels
    return Cost(params + (channels + 1) * classes, macs + channels * classes)


def test_cost_layer_by_layer():
    rng = np.random.default_rng(0)
    for space in (SPACE, LARGE):
        for _ in range(60):
            arch = space.sample(rng)
            shape = (int(rng.integers(1, 40)), int(rng.integers(1, 40)), int(rng.integers(1, 5)))
            classes, channels = int(rng.integers(1, 30)), int(rng.integers(6, 30))
            stacks, modules = int(rng.integers(1, 4)), int(rng.integers(1, 4))
            skeleton = {"stem_channels": channels, "num_stacks": stacks, "modules_per_stack": modules}
            cost = space.cost(arch, shape, classes, **skeleton)
            assert cost == _slow_cost(arch, shape, classes, channels, stacks, modules)
            assert type(cost.params) is int and type(cost.macs) is int
        assert space.cost(arch, **space.quick_skeleton((32, 32, 3))).params < space.cost(arch).params
    assert SPACE.cost(BEST) == _slow_cost(BEST, (32, 32, 3), 10, 128, 3, 3)


def test_shapes_inside_the_network_fit():
    rng = np.random.default_rng(0)
    cut = 0
    for _ in range(80):
        arch = LARGE.sample(rng)
        channels = int(rng.integers(6, 20))
        blueprint = LARGE.blueprint(arch, (9, 8, 3), stem_channels=channels, num_stacks=2, modules_per_stack=1)
        for node in blueprint.nodes:
            shapes = blueprint.shapes_into(node)
            layers = [step.layer for step in node.operator.steps]
            if any(isinstance(layer, Add) for layer in layers):
                assert len(set(shapes)) == 1
            if any(isinstance(layer, FirstChannels) for layer in layers):
                cut += 1
                assert node.shape[-1] == shapes[0][-1] - 1
            if any(isinstance(layer, Concat) for layer in layers):
                assert node.shape[-1] in (channels, 2 * channels)
        assert blueprint.nodes[blueprint.outputs[-1][1]].shape == (2 * channels,)
    assert cut > 10


def test_wiring_of_a_module():
    # Vertex 1 has 3 channels of 5; vertex 2 has 2, and adds up the input and what vertex 1 gives.
    arch = _cell({0: [1, 2, 3], 1: [2, 3], 2: [3]}, CONV3, POOL)
    blueprint = SPACE.blueprint(arch, (8, 8, 3), stem_channels=5, num_stacks=1, modules_per_stack=1)
    found = {
        node.name: (tuple(blueprint.nodes[k].name for k in node.inputs if k >= 0), node.shape[-1], node.place)
        for node in blueprint.nodes
    }
    module = "stack1.module1"
    assert found == {
        "stem": ((), 5, None),
        f"{module}.projection1": (("stem",), 3, None),
        f"{module}.node1.conv3x3_bn_relu": ((f"{module}.projection1",), 3, 1),
        f"{module}.projection2": (("stem",), 2, None),
        f"{module}.first1.2": ((f"{module}.node1.conv3x3_bn_relu",), 2, None),
        f"{module}.sum2": ((f"{module}.projection2", f"{module}.first1.2"), 2, None),
        f"{module}.node2.maxpool3x3": ((f"{module}.sum2",), 2, 2),
        f"{module}.concat": ((f"{module}.node1.conv3x3_bn_relu", f"{module}.node2.maxpool3x3"), 5, None),
        f"{module}.projection3": (("stem",), 5, None),
        f"{module}.sum3": ((f"{module}.concat", f"{module}.projection3"), 5, None),
        "last": ((f"{module}.sum3",), 5, None),
    }


def test_layers_of_the_network():
    arch = _cell({0: [1], 1: [2], 2: [3], 3: [4]}, CONV3, CONV1, POOL)
    blueprint = SPACE.blueprint(arch, (8, 8, 3), stem_channels=4, num_stacks=2, modules_per_stack=1)
    layers = {node.name: [step.layer for step in node.operator.steps] for node in blueprint.nodes}
    norm = [BatchNorm(momentum=0.997, epsilon=1e-5), Relu()]
    assert layers["stem"] == [Conv(4, (3, 3)), *norm]
    assert layers["stack1.module1.projection1"] == [Conv(4, (1, 1)), *norm]
    assert layers["stack1.module1.node1.conv3x3_bn_relu"] == [Conv(4, (3, 3)), *norm]
    assert layers["stack1.module1.node2.conv1x1_bn_relu"] == [Conv(4, (1, 1)), *norm]
    assert layers["stack1.module1.node3.maxpool3x3"] == [Pool("max", 3)]
    assert layers["stack2.pool"] == [Pool("max", 2, 2)]
    assert layers["last"] == [GlobalPool()]


def test_a_cell_without_interior_is_a_projection():
    blueprint = SPACE.blueprint(PLAIN, (8, 8, 3), stem_channels=4, num_stacks=2, modules_per_stack=1)
    names = [node.name for node in blueprint.nodes]
    assert names == ["stem", "stack1.module1.projection1", "stack2.pool", "stack2.module1.projection1", "last"]
    assert [node.shape for node in blueprint.nodes] == [(8, 8, 4), (8, 8, 4), (4, 4, 4), (4, 4, 8), (8,)]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            {"stem_channels": 3},
            "stem_channels: expected at least 4, one for each of the vertices that may .*received 3",
        ),
        ({"stem_channels": 0}, "stem_channels: expected a positive integer; received 0"),
        ({"num_stacks": 2.0}, "num_stacks: expected a positive integer; received 2.0"),
        ({"modules_per_stack": -1}, "modules_per_stack: expected a positive integer; received -1"),
        ({"cells": 3}, "skeleton of nasbench101: expected .*stem_channels.*; received cells"),
        ({"num_classes": 0}, "num_classes"),
        ({"input_shape": (32, 32)}, "input_shape"),
    ],
)
def test_cost_with_bad_arguments(arguments, message):
    with pytest.raises(ConfigError, match=message):
        SPACE.cost(INCEPTION, **arguments)
    assert SPACE.cost(INCEPTION, stem_channels=4).params > 0


def test_too_few_channels_are_refused_for_every_member_alike():
    space = NASBench101(max_nodes=5, max_edges=7)
    most = max(
        sum(target == len(arch.ops) - 1 and source > 0 for source, target in arch.edges) for arch in space.unique()
    )
    for arch in space.unique():
        assert space.cost(arch, (4, 4, 1), stem_channels=most).params > 0
        with pytest.raises(ConfigError, match=f"stem_channels: expected at least {most}"):
            space.cost(arch, (4, 4, 1), stem_channels=most - 1)
    with pytest.raises(ConfigError, match="stem_channels: expected at least 4"):
        SPACE.blueprint(PLAIN, stem_channels=1)  # where no vertex would go without


def test_operators_from_numpy_become_plain():
    arch = SPACE.from_matrix(np.array([[0, 1, 0], [0, 0, 1], [0, 0, 0]]), np.array(OPS))
    assert {type(op) for op in arch.ops} == {str} and arch == SPACE.from_native(SPACE.to_native(arch))

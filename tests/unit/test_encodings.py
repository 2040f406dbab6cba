"""Architectures as arrays."""

from __future__ import annotations

import collections
import subprocess
import sys

import numpy as np
import pytest

from tfnas import Architecture
from tfnas.encodings import adjacency, choices, free_edges, most_paths, one_hot, path_counts
from tfnas.errors import InvalidArchitectureError
from tfnas.spaces import ComponentGrammar, Grammar, NASBench201, SearchSpace
from tfnas.spaces.canonical import live_graph

SPACE = NASBench201()


class TwoCells(SearchSpace):
    """A cell with two inputs, free edges and an attribute, and a chain of two to four nodes."""

    name = "two_cells"
    op_names = ("a", "b", "conv", "pool", "same", "zero", "in", "out")
    max_nodes = 8
    size = 0
    zero_ops = frozenset({"zero"})
    identity_ops = frozenset({"same"})
    grammar = Grammar(
        components=(
            ComponentGrammar(
                name="cell",
                ops=(("a",), ("b",), ("conv", "same", "zero"), ("out",)),
                forced=frozenset({(2, 3)}),
                free=frozenset({(0, 2), (1, 2), (0, 3)}),
                attrs={"width": ((1,), (1,), (8, 16), (1,))},
            ),
            ComponentGrammar(
                name="chain",
                ops=(("in",), ("conv", "pool"), ("conv", "pool"), ("conv",)),
                forced=frozenset({(0, 1), (1, 2), (2, 3)}),
                min_nodes=2,
            ),
        )
    )

    def _absent(self, *arguments, **keywords):
        raise NotImplementedError

    validate = sample = neighbors = canonical_key = _blueprint = to_native = from_native = _absent


def two_cells(ops, edges, chain):
    start = 4
    edges = [*edges, *((start + k, start + k + 1) for k in range(len(chain)))]
    ops = ("a", "b", *ops, "out", "in", *chain)
    width = (1, 1, 16, 1) + (None,) * (1 + len(chain))
    return Architecture(
        "two_cells", ops, tuple(sorted(edges)), (("cell", 4), ("chain", 1 + len(chain))), (("width", width),)
    )


def random_cells(count):
    rng = np.random.default_rng(3)
    return [SPACE.sample(rng) for _ in range(count)]


def test_adjacency():
    arch = Architecture("toy", ("x", "y", "z"), ((0, 1), (0, 2)))
    np.testing.assert_array_equal(adjacency(arch), [[0, 1, 1], [0, 0, 0], [0, 0, 0]])
    assert adjacency(arch).dtype == np.float32
    assert adjacency(Architecture("toy", ("x",), ())).shape == (1, 1)


def test_one_hot_can_be_read_back():
    archs = random_cells(50)
    encoded = one_hot(SPACE, archs)
    assert encoded.shape == (50, 8, 7) and encoded.dtype == np.float32
    np.testing.assert_array_equal(encoded.sum(-1), 1.0)
    assert [tuple(SPACE.op_names[k] for k in row) for row in encoded.argmax(-1)] == [arch.ops for arch in archs]


def test_one_hot_pads_at_the_end():
    encoded = one_hot(TwoCells(), [two_cells(["conv"], [(2, 3)], ["pool"])])
    assert encoded.shape == (1, 8, 8)
    np.testing.assert_array_equal(encoded[0].sum(-1), [1, 1, 1, 1, 1, 1, 0, 0])


def test_choices_of_edge_operators():
    archs = random_cells(50)
    encoded = choices(SPACE, archs)
    assert encoded.shape == (50, 30) and encoded.dtype == np.float32
    allowed = SPACE.grammar.components[0].ops[1]
    read = [tuple(allowed[k] for k in row) for row in encoded.reshape(50, 6, 5).argmax(-1)]
    assert read == [SPACE.operators(arch) for arch in archs]
    np.testing.assert_array_equal(encoded.sum(-1), 6.0)


def test_choices_leave_out_what_is_fixed_and_keep_components_aligned():
    short = two_cells(["same"], [(2, 3)], ["pool"])
    long = two_cells(["conv"], [(2, 3)], ["pool", "conv", "conv"])
    # Columns: node 2 is conv, same or zero; its width is 8 or 16; chain nodes 1 and 2 are conv or
    # pool; chain node 3 is conv, if it is there.
    np.testing.assert_array_equal(
        choices(TwoCells(), [short, long]),
        [[0, 1, 0, 0, 1, 0, 1, 0, 0, 0], [1, 0, 0, 0, 1, 0, 1, 1, 0, 1]],
    )


def brute_paths(arch):
    """Walks every path of the live graph, with multiplicities."""
    labels, edges = live_graph(arch.ops, arch.edges, zero=SPACE.zero_ops, identity=SPACE.identity_ops)
    found = collections.Counter()

    def walk(node, path, number):
        if node == len(labels) - 1:
            found[("cell", *path)] += number
        for (source, target), count in edges.items():
            if source == node:
                walk(target, (*path, labels[target]), number * count)

    walk(0, (labels[0],), 1)
    return found


def test_path_counts_are_those_of_the_live_graph():
    archs = random_cells(400)
    matrix, vocabulary = path_counts(SPACE, archs)
    assert matrix.dtype == np.int64
    for arch, row in zip(archs, matrix):
        assert {path: n for path, n in zip(vocabulary, row) if n} == brute_paths(arch)


def test_isomorphic_networks_have_equal_path_counts():
    archs = list(SPACE.enumerate())
    matrix, vocabulary = path_counts(SPACE, archs)
    assert len(vocabulary) == 1 + 3 + 9 + 27
    by_key = {}
    for arch, row in zip(archs, matrix):
        assert by_key.setdefault(SPACE.canonical_key(arch), row.tobytes()) == row.tobytes()


def test_identities_multiply():
    (row,), vocabulary = path_counts(SPACE, [SPACE.from_operators(["skip_connect"] * 6)])
    assert vocabulary == (("cell", "input", "output"),) and row.tolist() == [4]
    (row,), vocabulary = path_counts(SPACE, [SPACE.from_operators(["none"] * 6)])
    assert vocabulary == () and row.shape == (0,)


def test_paths_of_several_inputs_and_components():
    arch = two_cells(["conv"], [(0, 2), (0, 3), (1, 2), (2, 3)], ["pool", "conv"])
    (row,), vocabulary = path_counts(TwoCells(), [arch])
    assert dict(zip(vocabulary, row.tolist())) == {
        ("cell", "a", "out"): 1,
        ("cell", "a", "conv", "out"): 1,
        ("cell", "b", "conv", "out"): 1,
        ("chain", "in", "pool", "conv"): 1,
    }
    # A node that could have inputs but has none is no input.
    (row,), vocabulary = path_counts(TwoCells(), [two_cells(["conv"], [(2, 3)], ["pool"])])
    assert vocabulary == (("chain", "in", "pool"),)


def test_vocabulary_grows_at_its_end():
    archs = random_cells(40)
    first, small = path_counts(SPACE, archs[:5])
    both, large = path_counts(SPACE, archs, small)
    assert large[: len(small)] == small and len(large) > len(small)
    np.testing.assert_array_equal(both[:5, : len(small)], first)
    np.testing.assert_array_equal(both[:5, len(small) :], 0)
    again, same = path_counts(SPACE, archs, large)
    assert same == large
    np.testing.assert_array_equal(again, both)


@pytest.mark.parametrize("encode", [one_hot, choices, path_counts])
def test_foreign_architectures_are_refused(encode):
    with pytest.raises(InvalidArchitectureError, match="a member of 'nasbench201'; received a member of 'toy'"):
        encode(SPACE, [Architecture("toy", ("x",), ())])


def test_what_the_space_does_not_have_is_refused():
    strange = Architecture("nasbench201", ("input", "conv_7x7", "output"), ())
    for encode in (one_hot, choices):
        with pytest.raises(InvalidArchitectureError, match="nor_conv_3x3.*; received 'conv_7x7'"):
            encode(SPACE, [strange])
    bare = two_cells(["conv"], [(2, 3)], ["pool"])
    bare = Architecture(bare.space, bare.ops, bare.edges, bare.components)
    with pytest.raises(InvalidArchitectureError, match="expected one of 1; received None"):
        choices(TwoCells(), [bare])


@pytest.mark.parametrize("encode", [one_hot, choices, path_counts])
@pytest.mark.parametrize("components", [(("cell", 9),), (("cell", 4), ("other", 5))])
def test_components_that_do_not_fit_are_refused(encode, components):
    large = Architecture("nasbench201", ("input",) * 9, (), components)
    with pytest.raises(InvalidArchitectureError, match="1 of at most 8 nodes; received"):
        encode(SPACE, [large])


def test_import_is_light():
    code = "import sys, tfnas.encodings; print([m for m in ('tensorflow', 'scipy', 'pandas') if m in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout.strip() == "[]"


def test_free_edges_have_a_column_each():
    archs = [two_cells(["conv"], edges, ["conv"]) for edges in ([(2, 3)], [(0, 2), (2, 3)], [(0, 3), (1, 2), (2, 3)])]
    np.testing.assert_array_equal(free_edges(TwoCells(), archs), [[0, 0, 0], [1, 0, 0], [0, 1, 1]])  # 0-2, 0-3, 1-2
    assert free_edges(SPACE, random_cells(3)).shape == (3, 0)


def test_most_paths_is_reached_by_the_member_with_all_edges():
    assert most_paths(SPACE) == 4  # 0-3, 0-1-3, 0-2-3, 0-1-2-3
    full = two_cells(["conv"], [(0, 2), (0, 3), (1, 2), (2, 3)], ["conv", "pool", "conv"])
    assert path_counts(TwoCells(), [full])[0].sum() == most_paths(TwoCells()) == 4


def test_most_paths_respects_degrees_and_open_ends():
    class Open(TwoCells):
        grammar = Grammar(
            (
                ComponentGrammar(
                    "cell",
                    (("a",), *([("conv",)] * 4), ("out",)),
                    frozenset(),
                    frozenset((i, j) for j in range(1, 5) for i in range(j)),
                    in_degree=((0, 0), *([(1, 2)] * 4), (1, 4)),
                    open_outputs=True,
                ),
            )
        )

    # each node has at most the two largest of 1, 1, 2, 3, 5 before it; the output at most all of them
    assert most_paths(Open()) == 1 + 1 + 2 + 3 + 5

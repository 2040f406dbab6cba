"""Graphs that autoencoders read: what they are, and that members come back."""

from __future__ import annotations

import numpy as np
import pytest

from tfnas import spaces
from tfnas.errors import ConfigError
from tfnas.models.autoencoder import GraphArrays, form_of

SPACES = (
    "nasbench101",
    "nasbench201",
    "nasbench_macro",
    "fairnas",
    "enas_macro,layers=6",
    "darts,shared=True",
    "randwire",
    "ghn_block",
)


def _members(name: str, count: int = 50, **options):
    space = spaces.get(name)
    rng = np.random.default_rng(0)
    return form_of(space, **options), [space.sample(rng) for _ in range(count)]


@pytest.mark.parametrize("name", SPACES)
def test_members_come_back(name):
    form, archs = _members(name)
    graphs = form.encode(archs)
    assert graphs.adjacency.shape == (50, form.nodes, form.nodes) and graphs.ops.shape == (50, form.nodes)
    assert not np.tril(graphs.adjacency).any()
    assert form.decode(graphs) == archs and form.decode(form.cut(graphs)) == archs
    assert form.are_members(graphs).all()


@pytest.mark.parametrize("name", ["nasbench101", "enas_macro,layers=6", "darts,shared=True"])
def test_larger_graphs_are_padded(name):
    small, archs = _members(name)
    large, _ = _members(name, nodes=small.nodes + 2)
    graphs = large.encode(archs)
    assert np.array_equal(graphs.ops[:, : small.nodes], small.encode(archs).ops)
    assert (graphs.ops[:, small.nodes :] == -1).all() and not graphs.adjacency[:, :, small.nodes :].any()
    assert large.decode(graphs) == archs
    graphs.ops[0, small.nodes] = 0
    assert large.decode(graphs)[0] is None


def test_a_nasbench201_graph_is_arch2vecs():
    form, _ = _members("nasbench201")
    cell = "|nor_conv_3x3~0|+|none~0|skip_connect~1|+|avg_pool_3x3~0|nor_conv_1x1~1|nor_conv_3x3~2|"
    graphs = form.encode([form.space.from_native(cell)])
    edges = {(0, 1), (0, 2), (0, 4), (1, 3), (1, 5), (2, 6), (3, 6), (4, 7), (5, 7), (6, 7)}
    assert set(map(tuple, np.argwhere(graphs.adjacency[0]).tolist())) == edges
    assert form.nodes == 8 and len(form.operators) == 7


def test_a_darts_graph_is_arch2vecs():
    form, _ = _members("darts,shared=True")
    cell = (("sep_conv_3x3", 0), ("none", 1), ("skip_connect", 2), ("max_pool_3x3", 0))
    cell += (("dil_conv_5x5", 3), ("sep_conv_5x5", 1), ("avg_pool_3x3", 4), ("dil_conv_3x3", 2))
    graphs = form.encode([form.space.from_cells(cell)])
    into = [np.flatnonzero(graphs.adjacency[0, :, node]).tolist() for node in range(11)]
    # 2 is the first step, whose branches are the nodes 2 and 3, and so on
    assert into == [[], [], [0], [1], [2, 3], [0], [4, 5], [1], [6, 7], [2, 3], list(range(2, 10))]
    names = [form.operators[op] for op in graphs.ops[0]]
    assert names == ["input_prev_prev", "input_prev", *(operator for operator, _ in cell), "output"]


def test_what_is_no_member_is_none():
    form, archs = _members("nasbench201")
    graphs = form.encode(archs)
    graphs.adjacency[0, 0, 7] = 1  # an edge that no cell has
    graphs.ops[1, 1] = form.operators.index("input")
    graphs.ops[2, 7] = 1  # no output
    graphs.ops[3, 4] = -1  # a hole
    found = form.decode(graphs)
    assert found[:4] == [None] * 4 and found[4:] == archs[4:]


def test_half_a_step_is_no_member_of_darts():
    form, archs = _members("darts,shared=True")
    graphs = form.encode(archs)
    row, node = next((b, n) for b in range(50) for n in range(4, 10) if graphs.adjacency[b, :, n].sum() == 2)
    graphs.adjacency[row, np.flatnonzero(graphs.adjacency[row, :, node])[0], node] = 0
    found = form.decode(graphs)
    assert found[row] is None and found[:row] + found[row + 1 :] == archs[:row] + archs[row + 1 :]


def test_graphs_end_with_their_first_end():
    form, _ = _members("nasbench101")
    ops = np.array([[0, 1, 4, 2, 4, 1, 1], [0, 1, 1, 1, 1, 1, 1]], np.int32)
    full = np.triu(np.ones((2, 7, 7), np.int32), 1)
    graphs = form.cut(GraphArrays(full, ops))
    assert graphs.ops.tolist() == [[0, 1, 4, -1, -1, -1, -1], [0, 1, 1, 1, 1, 1, 1]]
    assert graphs.adjacency[0].sum() == 3 and graphs.adjacency[1].sum() == 21
    assert form.are_whole(graphs.ops).tolist() == [True, False]


def test_wrong_sizes_and_spaces_are_refused():
    with pytest.raises(ConfigError, match="at least 8"):
        form_of(spaces.get("nasbench201"), nodes=7)
    with pytest.raises(ConfigError, match="at least 11"):
        form_of(spaces.get("darts,shared=True"), nodes=10)
    with pytest.raises(ConfigError, match="one component"):
        form_of(spaces.get("darts"))

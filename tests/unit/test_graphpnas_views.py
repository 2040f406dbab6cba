"""Architectures as arrays, and the rules that arrays keep."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

import tfnas
from tfnas import spaces
from tfnas.blueprints.darts import OPERATORS
from tfnas.errors import ConfigError
from tfnas.models.autoregressive import ComponentArrays, GeneratorConfig, view_of
from tfnas.models.autoregressive.edge_view import EdgeView
from tfnas.models.autoregressive.node_view import NodeView
from tfnas.models.graphpnas import GraphGeneratorConfig

SPACES = (
    "nasbench201",
    "nasbench101",
    "enas_macro,layers=3",
    "randwire,nodes=5",
    "randwire,nodes=4,stages=True",
    "darts",
    "darts,shared=True",
    "fairnas",
    "nasbench_macro",
    "ghn_block,nodes=4",
    "ghn_anytime,nodes1=3,nodes2=2,nodes3=2,exits=3",
)
CHOICES = (
    *((name, "nodes") for name in SPACES),
    ("nasbench201", "edges"),
    ("darts", "edges"),
    ("darts,shared=True", "edges"),
)


def _view(name: str, **options):
    space = tfnas.spaces.get(name)
    return space, view_of(space, GeneratorConfig(**options))


@pytest.mark.parametrize(("name", "choice"), CHOICES)
def test_arrays_give_the_architecture_back_and_keep_the_rules(name, choice):
    space, view = _view(name, view=choice)
    rng = np.random.default_rng(0)
    archs = [space.sample(rng) for _ in range(20)]
    archs += [space.mutate(arch, rng) for arch in archs]
    arrays = view.encode(archs)
    assert view.decode(arrays) == archs
    assert view.decode(view.encode([])) == []
    assert view.drawable(arrays).all()
    assert len(arrays) == len(view.rules) == len(archs[0].components)
    for part, rules in zip(arrays, view.rules):
        assert part.edges.shape == (40, rules.nodes, rules.nodes) and part.ops.shape == (40, rules.nodes)
        assert part.edges.dtype == part.ops.dtype == np.int32
        assert not np.triu(part.edges).any()


def test_nasbench201_by_hand():
    space, view = _view("nasbench201")
    arch = space.from_native("|nor_conv_3x3~0|+|none~0|avg_pool_3x3~1|+|skip_connect~0|nor_conv_1x1~1|none~2|")
    (part,) = view.encode([arch])
    assert part.edges[0].tolist() == [[0, 0, 0, 0], [3, 0, 0, 0], [0, 4, 0, 0], [1, 2, 0, 0]]
    assert view.rules[0].labels == 4 and view.rules[0].free.sum() == 6 and not view.rules[0].forced.any()


def test_nasbench101_by_hand():
    space, view = _view("nasbench101,max_nodes=5")
    arch = space.from_native("010001000:input,maxpool3x3,output")
    (part,) = view.encode([arch])
    assert part.edges[0].tolist() == [[0] * 5, [1, 0, 0, 0, 0], [0, 1, 0, 0, 0], [0] * 5, [0] * 5]
    assert (part.ops[0] >= 0).tolist() == [True, True, True, False, False]
    rules = view.rules[0]
    assert rules.ends[part.ops[0, 2]] and rules.ends.sum() == 1
    assert not (rules.allowed[0] & rules.ends).any() and (rules.allowed[4] == rules.ends).all()


def test_the_edge_labelled_view_is_taken_where_it_has_no_rules_that_labels_break():
    assert isinstance(_view("nasbench201")[1], EdgeView)
    assert isinstance(_view("darts")[1], NodeView) and isinstance(_view("enas_macro")[1], NodeView)
    assert isinstance(_view("darts", in_degree=(2, 2))[1], EdgeView)
    assert isinstance(_view("darts", view="edges")[1], EdgeView)


def test_labels_that_make_no_cell_are_no_member():
    space, view = _view("darts,shared=True", view="edges")
    arrays = view.encode([space.sample(np.random.default_rng(0))])
    arrays[0].edges[0, 2] = 0
    assert view.decode(arrays) == [None]


def test_randwire_generates_the_operator_nodes_alone():
    space, view = _view("randwire")
    assert view.rules[0].nodes == 32 and view.rules[0].free.sum() == 496
    arch = space.sample(np.random.default_rng(0))
    assert np.array_equal(view.encode([arch])[0].edges[0], space.to_matrix(arch))


def test_darts_nodes_read_one_edge_a_branch():
    _, view = _view("darts", view="nodes")
    rules = view.rules[0]
    chosen = rules.free.any(1)
    assert chosen.sum() == 8 and (rules.low[chosen] == 1).all() and (rules.high[chosen] == 1).all()
    assert rules.is_counted and not _view("enas_macro")[1].rules[0].is_counted


def test_attributes_are_part_of_operators():
    space, view = _view("ghn_anytime,nodes1=3,nodes2=2,nodes3=2,exits=3")
    archs = [space.sample(np.random.default_rng(0))]
    arrays = view.encode(archs)
    broken = [ComponentArrays(part.edges, part.ops.copy()) for part in arrays]
    # Another number of exits breaks the total, and nothing else: the first node is an exit where it was none.
    names = view._vocabularies[0]
    op, scale, is_exit = names[broken[0].ops[0, 1]]
    broken[0].ops[0, 1] = names.index((op, scale, 1 - is_exit))
    assert view.drawable(arrays).all() and not view.drawable(broken).any()
    assert view.decode(arrays) == archs


def test_darts_cells_outside_the_limits_cannot_be_drawn():
    space, view = _view("darts,shared=True", labels=OPERATORS[1:], in_degree=(2, 2))
    usual = [(op, k) for step in range(4) for op, k in (("sep_conv_3x3", 0), ("skip_connect", 1))]
    with_none = [("none", 0), *usual[1:]]
    repeated = [usual[0], ("skip_connect", 0), *usual[2:]]
    archs = [space.from_cells(tuple(cell)) for cell in (usual, with_none, repeated)]
    assert view.drawable(view.encode(archs)).tolist() == [True, False, False]


@pytest.mark.parametrize("change", ["operator", "forbidden", "forced"])
def test_broken_rules_are_seen(change):
    space, view = _view("enas_macro,layers=3")
    (part,) = view.encode([space.sample(np.random.default_rng(0))])
    assert view.drawable([part]).all()
    if change == "operator":
        part.ops[0, 0] = part.ops[0, 1]
    elif change == "forbidden":
        part.edges[0, 4, 0] = 1
    else:
        part.edges[0, 2, 1] = 0
    assert not view.drawable([part]).any()


@pytest.mark.parametrize(
    ("options", "subject"),
    [
        ({"mixture": 0}, "mixture"),
        ({"steps": 1.5}, "steps"),
        ({"messages": "both"}, "messages"),
        ({"pooling": "max"}, "pooling"),
        ({"shared": 1}, "shared"),
        ({"dtype": "float16"}, "dtype"),
        ({"labels": ()}, "labels"),
        ({"labels": "none"}, "labels"),
        ({"in_degree": (2, 1)}, "in_degree"),
        ({"in_degree": 2}, "in_degree"),
        ({"view": "nodes", "in_degree": (1, 1)}, "labels and in_degree"),
    ],
)
def test_options_that_cannot_work(options, subject):
    with pytest.raises(ConfigError) as error:
        GraphGeneratorConfig(**options)
    assert error.value.subject == subject


@pytest.mark.parametrize(
    ("name", "options", "subject"),
    [
        ("enas_macro", {"view": "edges"}, "edge-labelled view of enas_macro"),
        ("enas_macro", {"in_degree": (1, 1)}, "edge-labelled view of enas_macro"),
        ("nasbench201", {"labels": ("nor_conv_3x3", "none")}, "labels"),
        ("nasbench201", {"in_degree": (2, 2)}, "in_degree"),
    ],
)
def test_views_that_a_space_has_not(name, options, subject):
    with pytest.raises(ConfigError) as error:
        _view(name, **options)
    assert error.value.subject == subject


def test_importing_the_generator_loads_no_tensorflow():
    code = "import tfnas.models.graphpnas, sys; print([m for m in ('tensorflow', 'tf_keras') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_decisions_are_counted():
    nb201 = spaces.get("nasbench201")
    view = view_of(nb201, GeneratorConfig())
    full = nb201.from_operators(["nor_conv_3x3"] * 6)
    empty = nb201.from_operators(["none"] * 6)
    half = nb201.from_operators(["none", "nor_conv_3x3"] * 3)
    assert view.decisions(view.encode([full, empty, half])).tolist() == [12, 6, 9]  # six edges, and their labels
    nodes = view_of(nb201, GeneratorConfig(view="nodes"))
    assert nodes.decisions(nodes.encode([full, empty])).tolist() == [6, 6]  # six operators, all edges forced
    cells = spaces.get("nasbench101")
    view = view_of(cells, GeneratorConfig())
    short = cells.from_native("010001000:input,conv3x3-bn-relu,output")
    assert view.decisions(view.encode([short])).tolist() == [2 + 3]  # two operators, three pairs of vertices

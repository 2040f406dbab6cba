"""Pictures: what they show, that nothing overlaps, that the same figure gives the same bytes."""

from __future__ import annotations

import itertools
import re
import subprocess
import sys
import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest

from tfnas import describe, plotting, spaces
from tfnas.architecture import Architecture
from tfnas.blueprints import Blueprint
from tfnas.errors import ConfigError, InvalidArchitectureError, UnknownNameError
from tfnas.leaderboard import Row
from tfnas.plotting import theme
from tfnas.plotting.charts import _log_ticks
from tfnas.plotting.drawing import component_scenes
from tfnas.plotting.edge_cells import arc_levels, edge_scene
from tfnas.plotting.layered import _broken
from tfnas.plotting.layering import descending
from tfnas.plotting.liveness import live_nodes
from tfnas.plotting.scene import label_box
from tfnas.spaces import ComponentGrammar, EdgeLabelled, EdgeLabelledGrammar, Grammar, NASBench201, SearchSpace
from tfnas.spaces.nasbench201 import PAIRS
from tfnas.trial import Measurement, Proposal, Trial

SPACE = NASBench201()
INNER = ("conv1x1", "conv3x3", "maxpool3x3")


class Toy(SearchSpace):
    """A space that is nothing but its grammar."""

    name = "toy"
    size = max_nodes = 99
    op_names = ()
    grammar = Grammar(())

    def __init__(self, op_names, components, edge_labelled=(), views=()):
        self.op_names, self.grammar, self._views = op_names, Grammar(components, edge_labelled), views

    def validate(self, arch):
        self._check_name(arch)

    def to_edge_labelled(self, arch):
        return self._views

    def _blueprint(self, arch, input_shape, *, live_only):
        return Blueprint(input_shape, (), ())

    sample = neighbors = canonical_key = cost = to_native = from_native = lambda self, *a, **k: None


def node_space(*sizes, inner=INNER, variable=False):
    """Components whose first node is the input, whose last one is the output, with any edges between."""
    components = tuple(
        ComponentGrammar(
            f"part{number}",
            (("input",), *[inner] * (size - 2), ("output",)),
            frozenset(),
            frozenset(itertools.combinations(range(size), 2)),
            min_nodes=2 if variable else 0,
            end_op="output" if variable else None,
        )
        for number, size in enumerate(sizes)
    )
    return Toy(("input", *inner, "output"), components)


def random_dag(rng, size, probability, inner=INNER):
    edges = tuple(edge for edge in itertools.combinations(range(size), 2) if rng.random() < probability)
    ops = ("input", *(inner[k] for k in rng.integers(len(inner), size=size - 2)), "output")
    return Architecture("toy", ops, edges)


def texts(figure):
    return [text.get_text() for text in figure.axes[0].texts]


# architectures with operators on edges


def test_exactly_the_live_operators_are_drawn_as_live():
    rng = np.random.default_rng(0)
    for _ in range(150):
        arch = SPACE.sample(rng)
        (scene,) = component_scenes(SPACE, arch)
        labels = [box for box in scene.boxes if box.shape == "box"]
        expected = SPACE.live_operators(arch)
        assert [box.text for box in labels] == list(SPACE.operators(arch))
        assert [box.live for box in labels] == [operator != "none" for operator in expected]
        assert [curve.live for curve in scene.curves] == [operator != "none" for operator in expected]


def test_labels_of_edges_touch_no_label_no_node_and_no_other_edge():
    rng = np.random.default_rng(1)
    for _ in range(60):
        (scene,) = component_scenes(SPACE, SPACE.sample(rng))
        for one, other in itertools.combinations(scene.boxes, 2):
            assert not one.overlaps(other), (one, other)
        labels = [box for box in scene.boxes if box.shape == "box"]
        for index, label in enumerate(labels):
            own = scene.curves[index].points
            assert any(label.covers(point) for point in own)
            for k, curve in enumerate(scene.curves):
                assert k == index or not any(label.covers(point) for point in curve.points)


def test_labels_leave_the_middle_where_arcs_have_to_cross():
    rng = np.random.default_rng(6)
    pairs = tuple((i, j) for j in range(2, 6) for i in range(j))
    names = ("none", "max_pool_3x3", "skip_connect", "sep_conv_5x5", "dil_conv_3x3")
    grammar = EdgeLabelledGrammar("cell", 6, pairs, names, "none")
    for _ in range(20):
        absent = rng.random(len(pairs)) < 0.4
        labels = tuple("none" if gone else names[rng.integers(1, 5)] for gone in absent)
        scene = edge_scene(grammar, EdgeLabelled("cell", labels), list(~absent), list(~absent), {}, False)
        boxes = [box for box in scene.boxes if box.shape == "box"]
        assert [box.text for box in boxes] == [label for label in labels if label != "none"]
        for one, other in itertools.combinations(scene.boxes, 2):
            assert not one.overlaps(other)
        for (index, label), (k, curve) in itertools.product(enumerate(boxes), enumerate(scene.curves)):
            assert (index == k) == any(label.covers(point) for point in curve.points)


@pytest.mark.parametrize("pairs", [PAIRS, tuple((i, j) for j in range(2, 6) for i in range(j)), ((0, 1),)])
def test_arcs_on_one_side_are_nested_and_do_not_share_a_height_where_they_meet(pairs):
    levels = arc_levels(pairs, [True] * len(pairs))
    for (one, a), (other, b) in itertools.combinations(zip(pairs, levels), 2):
        if a * b <= 0 or not (one[0] < other[1] and other[0] < one[1]):
            continue
        assert a != b
        if one[0] <= other[0] and other[1] <= one[1]:
            assert abs(a) > abs(b), "the longer arc goes outside"
        elif other[0] <= one[0] and one[1] <= other[1]:
            assert abs(b) > abs(a), "the longer arc goes outside"
    assert all((level == 0) == (j - i == 1) for (i, j), level in zip(pairs, levels))


def test_no_arcs_cross_in_a_cell_of_four_nodes():
    levels = dict(zip(PAIRS, arc_levels(PAIRS, [True] * 6)))
    assert levels[0, 2] * levels[1, 3] < 0


def test_nodes_on_no_path_are_faint_but_input_and_output_are_not():
    arch = SPACE.from_operators(["nor_conv_3x3", "none", "none", "avg_pool_3x3", "none", "none"])
    (scene,) = component_scenes(SPACE, arch)
    assert {box.text: box.live for box in scene.boxes if box.shape == "circle"} == {
        "0": True,
        "1": False,
        "2": False,
        "3": True,
    }
    assert [box.text for box in scene.boxes if box.shape == "plain"] == ["input", "output"]
    figure = plotting.draw(arch, title="My $cell_1$")
    assert {"nor_conv_3x3", "avg_pool_3x3", "My $cell_1$"} <= set(texts(figure))
    assert any("dashed" in text for text in texts(figure))
    everything_live = SPACE.from_operators(["nor_conv_3x3"] * 6)
    assert not any("dashed" in text for text in texts(plotting.draw(everything_live)))


def two_input_space(views, extra=("sum",)):
    """A cell of two inputs and two sums with five possible edges, stored without the absent ones."""
    labels = ("none", "conv", "pool")
    ops = (("input",), ("input",), *[labels] * 3, *[extra] * 2, ("output",))
    component = ComponentGrammar(
        "cell", ops, frozenset(), frozenset((i, j) for i, j in itertools.combinations(range(8), 2) if j > 1)
    )
    view = EdgeLabelledGrammar("cell", 4, ((0, 2), (1, 2), (0, 3), (1, 3), (2, 3)), labels, "none")
    return Toy(("input", "output", "sum", *labels), (component,), (view,), views)


def test_edges_that_are_not_stored_are_not_drawn_and_dead_ones_are_faint():
    arch = Architecture(
        "toy",
        ("input", "input", "conv", "pool", "conv", "sum", "sum", "output"),
        ((0, 2), (1, 4), (2, 5), (3, 5), (4, 6), (5, 7), (6, 7)),  # the pool has no input
    )
    space = two_input_space((EdgeLabelled("cell", ("conv", "pool", "none", "none", "conv")),))
    (scene,) = component_scenes(space, arch)
    labels = [(box.text, box.live) for box in scene.boxes if box.shape == "box"]
    assert labels == [("conv", True), ("pool", False), ("conv", True)]
    assert not [box for box in scene.boxes if box.shape == "plain"], "which node is the output is not sure here"


def test_nothing_is_called_dead_where_the_order_of_operators_is_unknown():
    arch = Architecture(
        "toy", ("input", "input", "pool", "conv", "conv", "sum", "sum", "output"), ((0, 2), (2, 5), (5, 7))
    )
    space = two_input_space((EdgeLabelled("cell", ("conv", "pool", "none", "none", "conv")),))
    (scene,) = component_scenes(space, arch)
    assert all(box.live for box in scene.boxes if box.shape == "box")


# architectures with operators on nodes


def test_liveness_agrees_with_a_search_over_all_paths():
    rng = np.random.default_rng(2)
    space = node_space(7)
    seen = set()
    for _ in range(200):
        arch = random_dag(rng, 7, 0.25)
        on_path = set()

        def walk(path, edges=arch.edges, found=on_path):
            if path[-1] == 6:
                found.update(path)
            for source, target in edges:
                if source == path[-1]:
                    walk([*path, target])

        walk([0])
        assert live_nodes(space, arch) == tuple(node in on_path for node in range(7))
        seen |= set(live_nodes(space, arch)[1:-1])
    assert seen == {True, False}


def test_an_operator_whose_result_is_zero_blocks_the_path():
    arch = Architecture("toy", ("input", "conv1x1", "conv3x3", "output"), ((0, 1), (1, 2), (2, 3)))
    space = node_space(4)
    assert live_nodes(space, arch) == (True,) * 4
    space.zero_ops = frozenset({"conv3x3"})
    assert live_nodes(space, arch) == (False,) * 4


def test_the_last_node_is_the_output_of_a_component_of_variable_length():
    arch = Architecture("toy", ("input", "conv1x1", "output"), ((0, 1), (1, 2)))
    assert live_nodes(node_space(7, variable=True), arch) == (True, True, True)


@pytest.mark.parametrize("seed", range(12))
def test_layers_go_right_and_neither_boxes_nor_lines_run_into_a_box(seed):
    rng = np.random.default_rng(seed)
    size = int(rng.integers(4, 14))
    arch = random_dag(rng, size, 0.4)
    (scene,) = component_scenes(node_space(size), arch)
    for one, other in itertools.combinations(scene.boxes, 2):
        assert not one.overlaps(other)
    for source, target in arch.edges:
        one, other = scene.boxes[source], scene.boxes[target]
        assert one.x + one.width / 2 < other.x - other.width / 2
    for (source, target), curve in zip(arch.edges, scene.curves):
        assert curve.points[0] == (scene.boxes[source].x + scene.boxes[source].width / 2, scene.boxes[source].y)
        assert curve.points[-1] == pytest.approx(
            (scene.boxes[target].x - scene.boxes[target].width / 2, scene.boxes[target].y)
        )
        for node, box in enumerate(scene.boxes):
            assert node in (source, target) or not any(box.covers(point) for point in curve.points)


def test_straightening_finds_the_nearest_heights_that_keep_their_distance():
    from scipy.optimize import minimize

    rng = np.random.default_rng(3)
    for _ in range(10):
        wanted, gaps = rng.normal(size=5), rng.uniform(0.1, 1.0, size=4)
        found = np.array(descending(wanted, gaps))
        assert (found[:-1] - found[1:] >= gaps - 1e-9).all()
        best = minimize(
            lambda y, wanted=wanted: ((y - wanted) ** 2).sum(),
            -np.arange(5.0) * 2,
            constraints={"type": "ineq", "fun": lambda y, gaps=gaps: y[:-1] - y[1:] - gaps},
        )
        assert ((found - wanted) ** 2).sum() <= best.fun + 1e-6


def test_a_long_chain_continues_in_rows():
    size = 24
    arch = Architecture(
        "toy", ("input", *["conv3x3"] * (size - 2), "output"), tuple((k, k + 1) for k in range(size - 1))
    )
    (scene,) = component_scenes(node_space(size), arch)
    left, _, right, _ = scene.bounds
    assert right - left < 13
    assert len({box.y for box in scene.boxes}) > 1
    assert len(scene.curves) == size - 1
    assert [box.text for box in scene.boxes] == list(arch.ops)


def test_components_are_named_and_attributes_are_shown():
    arch = Architecture(
        "toy",
        ("input", "conv1x1", "output", "input", "maxpool3x3", "output"),
        ((0, 1), (1, 2), (3, 4), (4, 5)),
        (("part0", 3), ("part1", 3)),
        (("scale", (None, 2, None, None, 0, None)),),
    )
    shown = texts(plotting.draw(arch, space=node_space(3, 3)))
    assert {"part0", "part1", "conv1x1\nscale 2", "maxpool3x3\nscale 0", "input", "output"} <= set(shown)
    first, second = component_scenes(node_space(3, 3), arch)
    assert (first.name, second.name) == ("part0", "part1")


def test_wrong_spaces_and_members_are_refused():
    with pytest.raises(UnknownNameError, match="nowhere"):
        plotting.draw(Architecture("nowhere", ("input", "output"), ((0, 1),)))
    with pytest.raises(InvalidArchitectureError, match="input, six edge operators, output"):
        plotting.draw(Architecture("nasbench201", ("input", "output"), ((0, 1),)))


# every space


def spaces_drawn_by_nodes():
    """Spaces whose components are drawn as they are stored: all but those with operators on arcs."""
    return [name for name in spaces.names() if name != "nasbench201"] + ["darts,shared=true", "randwire,stages=true"]


def members(space, count=4, seed=7):
    rng = np.random.default_rng(seed)
    return [space.sample(rng) for _ in range(count)]


def parts(arch):
    """Operators and edges of each component, nodes numbered from 0."""
    start = 0
    for _, size in arch.components:
        edges = [(a - start, b - start) for a, b in arch.edges if start <= a < start + size]
        yield arch.ops[start : start + size], edges
        start += size


def touches(box, point):
    return box.covers(point, 0.06)


@pytest.mark.parametrize("name", spaces_drawn_by_nodes())
def test_each_node_is_drawn_once_under_its_name_and_each_edge_joins_its_nodes(name):
    space = spaces.get(name)
    for arch in members(space):
        scenes = component_scenes(space, arch)
        assert [scene.name for scene in scenes] == [component for component, _ in arch.components]
        for scene, (ops, edges) in zip(scenes, parts(arch)):
            boxes = scene.boxes[: len(ops)]
            assert all(box.shape == "caption" for box in scene.boxes[len(ops) :])
            shown = [box.text.replace("\n", "") for box in boxes if box.shape == "box"]
            assert shown == [op for op, box in zip(ops, boxes) if box.shape == "box"]
            circles = [box.text for box in boxes if box.shape == "circle"]
            assert circles == [str(k) for k in range(len(circles))]
            assert len(scene.curves) == len(edges)
            ends = sorted(
                (next(k for k, box in enumerate(boxes) if touches(box, curve.points[0])),
                 next(k for k, box in enumerate(boxes) if touches(box, curve.points[-1])))
                for curve in scene.curves
            )  # fmt: skip
            assert ends == sorted(edges)


@pytest.mark.parametrize(
    "name", [*spaces.names(), "darts,shared=true", "ghn_block,max_inputs=5", "enas_macro,layers=20"]
)
def test_no_label_touches_another_and_no_line_runs_through_one(name):
    space = spaces.get(name)
    for arch in members(space):
        for scene in component_scenes(space, arch):
            for one, other in itertools.combinations(scene.boxes, 2):
                assert not one.overlaps(other, -1e-9), (one, other)
            if not any(box.shape == "plain" for box in scene.boxes):  # of arcs, see above
                for curve in scene.curves:
                    run_into = [box for box in scene.boxes if any(box.covers(point, -1e-9) for point in curve.points)]
                    assert not run_into, run_into


@pytest.mark.parametrize("name", spaces.names())
def test_written_text_fits_into_its_box_and_the_figure(name):
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    space = spaces.get(name)
    (arch,) = members(space, 1)
    figure = plotting.draw(arch, space=space, title="A title")
    renderer = FigureCanvasAgg(figure).get_renderer()
    width, height = figure.get_size_inches()
    drawn = figure.axes[0].texts
    extents = [text.get_window_extent(renderer) for text in drawn]
    for extent in extents:
        assert extent.x0 >= 0 and extent.y0 >= 0
        assert extent.x1 <= width * figure.dpi and extent.y1 <= height * figure.dpi
    for one, other in itertools.combinations(extents, 2):
        assert not one.overlaps(other)
    boxes = [box for scene in component_scenes(space, arch) for box in scene.boxes if box.shape in ("box", "circle")]
    for box in boxes:
        sizes = [extent.width for text, extent in zip(drawn, extents) if text.get_text() == box.text]
        assert sizes and max(sizes) < box.width * figure.dpi


@pytest.mark.parametrize("name", [*spaces.names(), "randwire,stages=true"])
def test_the_same_member_gives_the_same_picture(name):
    space = spaces.get(name)
    (arch,) = members(space, 1)
    again = Architecture.from_json(arch.to_json())
    assert plotting.to_svg(plotting.draw(arch)) == plotting.to_svg(plotting.draw(again, space=spaces.get(name)))


@pytest.mark.parametrize("name", spaces.names())
def test_pictures_are_hardly_wider_than_a_page(name):
    space = spaces.get(name)
    for arch in members(space):
        assert plotting.draw(arch).get_figwidth() < 13.5


def test_cells_of_darts_have_their_operators_on_edges_between_numbered_sums():
    space = spaces.get("darts")
    for arch in members(space):
        for scene, cell in zip(component_scenes(space, arch), space.cells(arch)):
            inputs = [box for box in scene.boxes if box.text.replace("\n", "") in ("input_prev_prev", "input_prev")]
            sums = [box for box in scene.boxes if box.shape == "circle"]
            assert len(inputs) == 2 and len(sums) == 4
            joined = {
                (scene.boxes.index(one), scene.boxes.index(other))
                for curve in scene.curves
                for one, other in itertools.product(scene.boxes, repeat=2)
                if touches(one, curve.points[0]) and touches(other, curve.points[-1])
            }
            labels = iter(box for box in scene.boxes if box.colour or not box.live)
            for branch, (operator, source) in enumerate(cell):
                label = next(labels)
                assert label.text.replace("\n", "") == operator
                place = scene.boxes.index(label)
                assert (scene.boxes.index([*inputs, *sums][source]), place) in joined
                assert (place, scene.boxes.index(sums[branch // 2])) in joined
            into_labels = [curve for curve in scene.curves if not curve.arrow]
            assert len(into_labels) == 8, "an arrow is at the sum alone"


def test_none_is_faint_and_dashed_in_cells_of_darts():
    space = spaces.get("darts,shared=true")
    branches = [("none", 0), ("sep_conv_3x3", 1), ("skip_connect", 2), ("max_pool_3x3", 0)] * 2
    arch = space.from_cells(tuple(branches))
    (scene,) = component_scenes(space, arch)
    faint = [box.text for box in scene.boxes if not box.live]
    assert faint == ["none", "none"]
    assert sum(not curve.live for curve in scene.curves) == 4
    assert any("dashed" in note for note in scene.notes)


def test_layers_of_one_resolution_share_a_shade():
    for name, stages in {
        "nasbench_macro": {"1/2": 2, "1/4": 3, "1/8": 3},
        "fairnas": {"1/4": 2, "1/8": 4, "1/16": 8, "1/32": 5},
        "enas_macro": {"1": 4, "1/2": 4, "1/4": 4},
    }.items():
        space = spaces.get(name)
        for arch in members(space, 2):
            (scene,) = component_scenes(space, arch)
            captions = [box.text for box in scene.boxes if box.shape == "caption"]
            found = dict.fromkeys(stages, 0)
            for caption, band in zip(captions, scene.bands, strict=True):
                found[caption] += sum(
                    band.left < box.x < band.right and band.bottom < box.y < band.top
                    for box in scene.boxes[: len(arch.ops)]
                )
            assert found == stages


def test_an_identity_keeps_the_resolution_of_its_stage():
    space = spaces.get("nasbench_macro")
    (scene,) = component_scenes(space, space.from_native("00000000"))
    assert [box.text for box in scene.boxes if box.shape == "caption"] == ["1/2", "1/4", "1/8"]


def test_a_space_without_a_network_for_the_image_shows_no_stages():
    space = node_space(4)

    def refuse(*arguments, **options):
        raise ConfigError("image", expected="28 x 28", received="256 x 256")

    space._blueprint = refuse
    arch = Architecture("toy", ("input", "conv1x1", "conv3x3", "output"), ((0, 1), (1, 2), (2, 3)))
    (scene,) = component_scenes(space, arch)
    assert not scene.bands and len(scene.boxes) == 4


def test_skips_are_arcs_above_the_strip_and_longer_ones_are_higher():
    space = spaces.get("enas_macro")
    arch = space.from_layers(["conv3x3"] * 12, [[1] * k for k in range(12)])
    (scene,) = component_scenes(space, arch)
    nodes = scene.boxes[:14]
    assert len({box.y for box in nodes}) == 1
    arcs = [curve for curve in scene.curves if curve.thin]
    assert len(arcs) == 66 and len(scene.curves) == 66 + 13
    skips = [(a, b) for a, b in arch.edges if b > a + 1]
    heights = [max(y for _, y in arc.points) for arc in arcs]
    for (one, a), (other, b) in itertools.combinations(zip(skips, heights), 2):
        assert (a > b) == (one[1] - one[0] > other[1] - other[0])
    for arc in arcs:
        assert all(y >= nodes[0].y + nodes[0].height / 2 - 1e-9 for _, y in arc.points)
    starts = [arc.points[0] for arc in arcs] + [arc.points[-1] for arc in arcs]
    assert len(set(starts)) == 132, "no two arcs end at one point"


@pytest.mark.parametrize("edges, count", [((), 64), (tuple(itertools.combinations(range(32), 2)), 498)])
def test_wirings_from_empty_to_full(edges, count):
    space = spaces.get("randwire")
    (scene,) = component_scenes(space, space.from_edges(edges))
    assert [box.text for box in scene.boxes] == ["input", *map(str, range(32)), "output"]
    assert {box.shape for box in scene.boxes[1:-1]} == {"circle"}
    assert len(scene.curves) == count and all(curve.thin for curve in scene.curves)
    assert len({box.y for box in scene.boxes[1:-1]}) == (1 if edges else 32), "one row is a chain with skips"
    assert scene.notes == ("circles: sep_conv_3x3",)
    assert max(scene.bounds) < 11


def test_rows_are_scales_and_rings_are_exits():
    space = spaces.get("ghn_anytime")
    for arch in members(space):
        attrs, start = dict(arch.attrs), 0
        for scene, (ops, _) in zip(component_scenes(space, arch), parts(arch)):
            scales = attrs["scale"][start : start + len(ops)]
            boxes = scene.boxes[: len(ops)]
            for (box, scale), (other, greater) in itertools.permutations(zip(boxes, scales), 2):
                if scale < greater:
                    assert box.y - box.height / 2 > other.y + other.height / 2
            assert [box.marked for box in boxes] == [bool(x) for x in attrs["exit"][start : start + len(ops)]]
            assert ("red ring: exit" in scene.notes) == any(box.marked for box in boxes)
            captions = [box.text for box in scene.boxes[len(ops) :]]
            assert captions == [f"scale {scale}" for scale in sorted(set(scales))]
            for scale, band in zip(sorted(set(scales)), scene.bands, strict=True):
                inside = [band.bottom < box.y < band.top for box in boxes]
                assert inside == [one == scale for one in scales]
            start += len(ops)


def test_the_smallest_cell_is_an_input_and_an_output():
    space = spaces.get("nasbench101")
    (scene,) = component_scenes(space, space.from_native("0100:input,output"))
    assert [box.text for box in scene.boxes] == ["input", "output"] and len(scene.curves) == 1
    plotting.to_svg(plotting.draw(space.from_native("0100:input,output")))


def test_labels_are_broken_where_the_picture_gets_too_wide():
    inner = ("a_very_long_operator_name_with_a_kernel_of_7x7", "short", "unbreakable" * 4)
    space = node_space(9, inner=inner)
    for seed in range(8):
        arch = random_dag(np.random.default_rng(seed), 9, 0.5, inner)
        (scene,) = component_scenes(space, arch)
        assert [box.text.replace("\n", "") for box in scene.boxes] == list(arch.ops)
        for one, other in itertools.combinations(scene.boxes, 2):
            assert not one.overlaps(other)
    broken = _broken(label_box(0, 0, "max_pool_3x3"))
    assert broken.text == "max_pool_\n3x3" and broken.width < label_box(0, 0, "max_pool_3x3").width
    assert _broken(label_box(0, 0, "conv1x1-bn-relu")).text == "conv1x1-\nbn-relu"
    assert _broken(label_box(0, 0, "identity")).text == "identity"


def test_every_box_and_every_line_of_a_scene_is_painted():
    from matplotlib.path import Path

    for name in ("randwire", "ghn_anytime", "enas_macro", "darts"):
        space = spaces.get(name)
        (arch,) = members(space, 1)
        axes = plotting.draw(arch).axes[0]
        paths = [patch.get_path() for patch in axes.patches if not patch.get_fill()]
        lines = sum(int((path.codes == Path.MOVETO).sum()) for path in paths)
        assert lines == len(arch.edges)
        scenes = component_scenes(space, arch)
        boxes = sum(len(scene.boxes) for scene in scenes)
        notes = {note for scene in scenes for note in scene.notes}
        names = len(scenes) if len(scenes) > 1 else 0
        assert len(axes.texts) == boxes + len(notes) + names


# words


@pytest.mark.parametrize("name", spaces.names())
def test_every_space_is_described_and_what_is_shown_can_be_read_again(name):
    space = spaces.get(name)
    (arch,) = members(space, 1)
    lines = describe.text(arch, input_shape="32,32,3", num_classes=10).split("\n")
    assert space.from_native(lines[0]) == arch
    assert all(len(line) <= 120 for line in lines[1:])
    cost = space.cost(arch)
    assert f"published      {cost.params:,} parameters, {cost.macs:,} multiply-accumulates" in lines
    assert len(lines) == 6 + (cost != space.cost(arch, live_only=True))


def test_long_keys_are_cut_but_told_apart():
    space = spaces.get("randwire")
    shown = set()
    for arch in members(space):
        text = describe.text(arch, input_shape="32,32,3", num_classes=10)
        shown.add(next(line for line in text.split("\n") if line.startswith("canonical key")))
    assert len(shown) == 4 and all("SHA-256" in line for line in shown)


def test_the_table_of_spaces_lines_up_and_names_options():
    lines = describe.all_spaces().split("\n")
    begin = lines[0].index("operators")
    blank = lines.index("")
    assert all(line[begin - 2 : begin] == "  " and line[begin] != " " for line in lines[:blank])
    assert all(len(line) <= 120 for line in lines)
    first = [line.split()[0] for line in lines[1:blank] if not line.startswith(" ")]
    assert first == list(spaces.names())
    text = " ".join(lines)
    assert "randwire (nodes=32, stages=False)" in text and "10^149.3 members" in text
    assert "input_prev" not in text, "what cannot be chosen is no operator to list"


# colours


def test_operators_keep_one_colour_and_no_two_share_one():
    colours = theme.operator_colours(SPACE)
    assert colours["input"] is colours["output"] is colours["none"] is None
    chosen = [colours[name] for name in ("skip_connect", "nor_conv_1x1", "nor_conv_3x3", "avg_pool_3x3")]
    assert len(set(chosen)) == 4
    many = tuple(f"op{k}" for k in range(21))
    wide = theme.operator_colours(node_space(4, inner=many))
    assert len({wide[name] for name in many}) == 21
    assert wide["input"] is None
    neutral = set(theme.FOREGROUND)
    assert not neutral & {*wide.values(), *chosen, *theme.SERIES}


def test_text_on_every_operator_colour_can_be_read():
    def luminance(colour):
        parts = [int(colour[k : k + 2], 16) / 255 for k in (1, 3, 5)]
        linear = [part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear))

    wide = theme.operator_colours(node_space(4, inner=tuple(f"op{k}" for k in range(21))))
    for colour in filter(None, wide.values()):
        one, other = sorted([luminance(colour), luminance(theme.text_on(colour))])
        assert (other + 0.05) / (one + 0.05) >= 4.5, colour


# charts


def test_best_so_far_is_the_running_best_and_failures_are_on_the_axis():
    rng = np.random.default_rng(4)
    run = [None if rng.random() < 0.2 else float(value) for value in rng.normal(size=40)]
    for minimise in (False, True):
        figure = plotting.best_so_far({"search": run}, minimise=minimise)
        line = figure.axes[0].lines[0]
        for k, best in enumerate(line.get_ydata()):
            seen = [value for value in run[: k + 1] if value is not None]
            expected = (min if minimise else max)(seen, default=np.nan)
            np.testing.assert_equal(best, expected)
        assert line.get_drawstyle() == "steps-post"
        crosses = figure.axes[0].collections[2].get_offsets()
        assert crosses[:, 0].tolist() == [k + 1 for k, value in enumerate(run) if value is None]


def test_best_so_far_has_words_for_axes_and_runs():
    figure = plotting.best_so_far({"search": [0.1, 0.2], "random": [0.3, None]}, label="validation accuracy (%)")
    axes = figure.axes[0]
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("trials", "validation accuracy (%)")
    words = [text.get_text() for text in axes.get_legend().get_texts()]
    assert words[:2] == ["search", "random"] and "failed" in words
    assert axes.lines[0].get_color() != axes.lines[2].get_color()


def test_trials_far_below_are_marked_at_the_edge():
    run = [0.90, 0.91, 0.92, 0.93, 0.94, 0.95, 0.1]
    axes = plotting.best_so_far({"search": run}).axes[0]
    assert axes.get_ylim()[0] > 0.5
    assert axes.collections[1].get_offsets()[:, 0].tolist() == [7]
    axes = plotting.best_so_far({"search": [-value for value in run]}, minimise=True).axes[0]
    assert axes.get_ylim()[1] < -0.5
    assert axes.collections[1].get_offsets()[:, 0].tolist() == [7]


@pytest.mark.parametrize("run", [[], [None], [None, None], [0.5], [0.5, 0.5], [0.0], [-3.0, None]])
def test_short_runs_can_be_drawn(run):
    plotting.to_svg(plotting.best_so_far({"search": run}))


def rows_of(*specifications):
    return [
        Row(
            rank,
            Trial(10 * rank, Proposal(SPACE.from_operators(["skip_connect"] * 6)), Measurement(value)),
            value,
            interval,
            fresh,
            tied,
        )
        for rank, (value, interval, fresh, tied) in enumerate(specifications, start=1)
    ]


def test_the_leaderboard_chart_shows_intervals_and_marks_ties():
    rows = rows_of((0.9, (0.85, 0.94), 2, True), (0.89, (0.8, 0.93), 2, True), (0.5, (0.4, 0.6), 2, False))
    axes = plotting.leaderboard_chart(rows, scale=100.0, label="validation accuracy (%)").axes[0]
    bars = [line for line in axes.lines if line.get_linestyle() == "-" and len(line.get_xdata()) == 2]
    np.testing.assert_allclose([bar.get_xdata() for bar in bars], [[85.0, 94.0], [80.0, 93.0], [40.0, 60.0]])
    assert bars[0].get_color() == bars[1].get_color() != bars[2].get_color()
    assert [label.get_text() for label in axes.get_yticklabels()] == ["1.  trial 10", "2.  trial 20", "3.  trial 30"]
    assert axes.get_ylim()[0] > axes.get_ylim()[1], "the first is on top"
    assert len(axes.get_legend().get_texts()) == 2


def test_the_leaderboard_chart_turns_negated_values_round_and_needs_no_intervals():
    rows = rows_of((-0.2, (-0.3, -0.1), 0, True), (-0.4, None, 0, False))
    axes = plotting.leaderboard_chart(rows, scale=-1.0, names=["a", "b"], top=2).axes[0]
    bar = next(line for line in axes.lines if line.get_linestyle() == "-" and len(line.get_xdata()) == 2)
    assert list(bar.get_xdata()) == [0.1, 0.3]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["a", "b"]


def test_the_tradeoff_is_on_a_logarithmic_axis_with_readable_counts():
    figure = plotting.tradeoff([(10_000, 0.9), (2_000_000, 0.95)], best=(2_000_000, 0.95))
    figure.canvas.draw()
    axes = figure.axes[0]
    assert axes.get_xscale() == "log"
    assert [label.get_text() for label in axes.get_xticklabels()] == ["10.0 k", "30.0 k", "100 k", "300 k", "1.00 M"]


@pytest.mark.parametrize("low, high", [(1, 1), (5, 6), (73_306, 1_531_546), (999, 1001), (700, 750), (1, 10**9)])
def test_logarithmic_ticks_are_few_and_inside(low, high):
    ticks = _log_ticks(low, high)
    assert 1 <= len(ticks) <= 7
    assert all(low / 1.2 <= tick <= high * 1.2 for tick in ticks)


def test_charts_refuse_what_they_cannot_draw():
    with pytest.raises(ConfigError, match="curves"):
        plotting.best_so_far({})
    with pytest.raises(ConfigError, match="5 runs"):
        plotting.best_so_far({str(k): [0.5] for k in range(5)})
    with pytest.raises(ConfigError, match="at least one row"):
        plotting.leaderboard_chart([])
    with pytest.raises(ConfigError, match="names"):
        plotting.leaderboard_chart(rows_of((0.9, None, 0, True)), names=["a", "b"])
    with pytest.raises(ConfigError, match="points"):
        plotting.tradeoff([])
    with pytest.raises(ConfigError, match="below one"):
        plotting.tradeoff([(0, 0.5)])


@pytest.mark.parametrize(
    "count, text",
    [(0, "0"), (999, "999"), (1000, "1.00 k"), (802_426, "802 k"), (99_960, "100 k"), (999_600, "1.00 M"),
     (113_951_370, "114 M"), (2.5e9, "2.50 G")],
)  # fmt: skip
def test_short_counts(count, text):
    assert plotting.short_count(count) == text


# files


@pytest.fixture
def figure():
    return plotting.draw(SPACE.from_operators(["nor_conv_3x3"] * 5 + ["none"]))


@pytest.mark.parametrize("suffix, magic", [("png", b"\x89PNG"), ("svg", b"<?xml"), ("pdf", b"%PDF")])
def test_files_are_of_their_kind_and_the_same_twice(tmp_path, figure, suffix, magic):
    one, other = tmp_path / f"a.{suffix}", tmp_path / "new" / f"b.{suffix.upper()}"
    plotting.save(figure, one)
    plotting.save(plotting.draw(SPACE.from_operators(["nor_conv_3x3"] * 5 + ["none"])), other)
    assert one.read_bytes().startswith(magic)
    assert one.read_bytes() == other.read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == [one.name, "new"]


@pytest.mark.parametrize("name", ["picture.bmp", "picture", "picture.html"])
def test_an_unknown_suffix_is_refused(tmp_path, figure, name):
    with pytest.raises(ConfigError, match=r"\.png, \.svg, \.pdf"):
        plotting.save(figure, tmp_path / name)
    assert not list(tmp_path.iterdir())


def test_a_failed_write_leaves_the_old_file(tmp_path, figure, monkeypatch):
    path = tmp_path / "a.png"
    path.write_bytes(b"old")
    monkeypatch.setattr(type(figure), "savefig", lambda *a, **k: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        plotting.save(figure, path)
    assert path.read_bytes() == b"old"
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.png"]


def test_svg_text_is_xml_that_repeats_and_whose_ids_carry_the_prefix(figure):
    svg = plotting.to_svg(figure, prefix="cell")
    assert svg == plotting.to_svg(figure, prefix="cell")
    root = ElementTree.fromstring(svg)
    assert root.tag.endswith("svg")
    assert "nor_conv_3x3" in "".join(root.itertext())
    assert "<dc:date>" not in svg
    assert all(name.startswith("cell-") for name in re.findall(r'\bid="([^"]*)"', svg))
    chart = plotting.to_svg(plotting.best_so_far({"search": [0.5, None, 0.6]}), prefix="curve")
    names, used = re.findall(r'\bid="([^"]*)"', chart), re.findall(r'href="#([^"]*)"', chart)
    assert used and set(used) <= set(names) and len(names) == len(set(names))


def test_operator_names_are_text_whatever_they_hold():
    nasty = "</svg><script>alert(1)</script>"
    inner = (nasty, "$x_1$ & \\frac")
    arch = Architecture("toy", ("input", *inner, "output"), ((0, 1), (0, 2), (1, 3), (2, 3)))
    svg = plotting.to_svg(plotting.draw(arch, space=node_space(4, inner=inner)))
    assert "<script" not in svg
    assert set(inner) <= set("".join(root.itertext()) for root in ElementTree.fromstring(svg).iter())


def test_many_points_stay_small_as_text():
    values = np.random.default_rng(5).normal(size=4000).tolist()
    svg = plotting.to_svg(plotting.best_so_far({"search": values}))
    assert len(svg) < 300_000
    ElementTree.fromstring(svg)


def test_settings_of_the_user_neither_matter_nor_change(tmp_path):
    import matplotlib

    arch = SPACE.from_operators(["nor_conv_3x3"] * 6)
    before = plotting.to_svg(plotting.draw(arch))
    changes = {"font.size": 30, "lines.linewidth": 9, "svg.fonttype": "path", "axes.facecolor": "red"}
    with matplotlib.rc_context(changes):
        after = plotting.to_svg(plotting.draw(arch))
        assert all(matplotlib.rcParams[name] == value for name, value in changes.items())
    assert before == after


def test_importing_loads_no_matplotlib_and_drawing_no_pyplot():
    code = (
        "import sys, tfnas.plotting as p, tfnas.spaces as s\n"
        "print('matplotlib' in sys.modules, 'tensorflow' in sys.modules)\n"
        "space = s.get('nasbench201')\n"
        "p.to_svg(p.draw(space.from_operators(['skip_connect'] * 6)))\n"
        "p.to_svg(p.best_so_far({'a': [1.0, 2.0]}))\n"
        "print('matplotlib.pyplot' in sys.modules, 'tensorflow' in sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False"] * 4

"""Pictures of latent spaces: projections, maps, sequences of neighbours, strips of cells."""

from __future__ import annotations

import itertools
import re

import numpy as np
import pytest

from tfnas import plotting, spaces
from tfnas.autoencoding.projections import principal_components, tsne
from tfnas.errors import ConfigError
from tfnas.models.autoencoder import GraphArrays, form_of
from tfnas.models.autoencoder.neighbours import nearest_sequence
from tfnas.models.autoencoder.smoothness import Distances, edit_distance
from tfnas.plotting import theme
from tfnas.plotting.cell_strips import cell_strip
from tfnas.plotting.distance_charts import distance_chart
from tfnas.plotting.latent_maps import latent_map
from tfnas.plotting.pages import for_page
from tfnas.plotting.sketches import PLAIN, Sketch, Sketcher, changes
from tfnas.plotting.value_colours import colour_limits, colour_map

CELL = "|nor_conv_3x3~0|+|none~0|avg_pool_3x3~1|+|skip_connect~0|nor_conv_1x1~1|none~2|"


def graphs_of(name, count, seed=0):
    space = spaces.get(name)
    form, rng = form_of(space), np.random.default_rng(seed)
    return form, form.encode([space.sample(rng) for _ in range(count)])


def texts(figure):
    return [text.get_text() for text in figure.axes[0].texts]


# Neighbours


def test_neighbours_are_those_of_a_slow_search():
    points = np.random.default_rng(1).normal(size=(60, 3))
    found = nearest_sequence(points, 7, 25).tolist()
    slow = [7]
    while len(slow) < 25:
        left = [row for row in range(60) if row not in slow]
        slow.append(min(left, key=lambda row: sum((points[row] - points[slow[-1]]) ** 2)))
    assert found == slow


def test_neighbours_end_where_no_point_is_left_and_ties_go_to_the_first():
    points = np.array([[0.0], [1.0], [-1.0], [5.0]])
    assert nearest_sequence(points, 0, 99).tolist() == [0, 1, 2, 3]
    assert nearest_sequence(points, 3, 1).tolist() == [3]


@pytest.mark.parametrize(
    ("points", "start", "length"),
    [
        ([1.0, 2.0], 0, 1),
        ([[np.nan], [0.0]], 0, 1),
        ([[1.0]], 1, 1),
        ([[1.0]], -1, 1),
        ([[1.0]], 0, 0),
        ([[1.0]], 0.0, 1),
    ],
)
def test_neighbours_of_what_is_none_are_refused(points, start, length):
    with pytest.raises(ConfigError):
        nearest_sequence(np.array(points), start, length)


# Projections


def test_components_are_those_of_the_covariance():
    points = np.random.default_rng(2).normal(size=(80, 5)) * [5, 3, 1, 0.5, 0.1]
    found = principal_components(points)
    values, vectors = np.linalg.eigh(np.cov(points.T))
    expected = (points - points.mean(0)) @ vectors[:, [-1, -2]]
    np.testing.assert_allclose(np.abs(found.places), np.abs(expected), atol=1e-9)
    np.testing.assert_allclose(found.shares, values[[-1, -2]] / values.sum())


def test_one_dimension_and_equal_points_have_places_too():
    line = principal_components(np.arange(4.0)[:, None])
    np.testing.assert_allclose(np.abs(line.places), [[1.5, 0], [0.5, 0], [0.5, 0], [1.5, 0]])
    assert line.shares.tolist() == [1.0, 0.0]
    assert not principal_components(np.ones((5, 3))).places.any() and not tsne(np.ones((5, 3))).any()


def test_tsne_keeps_groups_apart_and_repeats_itself():
    rng = np.random.default_rng(3)
    points = np.concatenate([rng.normal(size=(30, 6)), 40 + rng.normal(size=(30, 6))])
    places = tsne(points, seed=5)
    assert np.array_equal(places, tsne(points, seed=5)) and places.shape == (60, 2)
    centres = places[:30].mean(0), places[30:].mean(0)
    nearest = np.linalg.norm(places[:, None] - np.array(centres), axis=2).argmin(1)
    assert nearest.tolist() == [0] * 30 + [1] * 30


@pytest.mark.parametrize("points", [np.zeros((1, 3)), np.zeros(3), np.full((4, 2), np.inf)])
@pytest.mark.parametrize("project", [principal_components, tsne])
def test_embeddings_that_cannot_be_projected_are_refused(points, project):
    with pytest.raises(ConfigError):
        project(points)


# Colours and maps


def test_the_scale_ends_where_far_worse_values_begin():
    values = np.array([90.0, 91.0, 92.0, 93.0, 10.0])
    low, high = colour_limits(values)
    assert high == 93.0 and 80 < low <= 90
    assert colour_limits(np.array([3.0, 3.0])) == (2.5, 3.5)


def test_dots_lie_where_they_should_the_best_on_top():
    from matplotlib.collections import PathCollection
    from matplotlib.colors import to_rgba

    places = np.array([[0.0, 0.0], [1.0, 2.0], [3.0, 1.0], [4.0, 4.0]])
    values = np.array([70.0, 90.0, np.nan, 80.0])
    figure = latent_map(places, values, label="accuracy (%)", axis_names=("one", "two"))
    unknown, known = (one for one in figure.axes[0].collections if isinstance(one, PathCollection))
    assert unknown.get_offsets().tolist() == [[3.0, 1.0]]
    assert tuple(unknown.get_facecolor()[0][:3]) == to_rgba(theme.LINE)[:3]
    assert known.get_offsets().tolist() == [[0.0, 0.0], [4.0, 4.0], [1.0, 2.0]]
    assert known.get_facecolor()[[0, 2]].tolist() == [list(colour_map()(0.0)), list(colour_map()(1.0))]
    assert figure.axes[0].get_xlabel() == "one" and figure.axes[1].get_ylabel() == "accuracy (%)"
    box = figure.axes[0].get_window_extent()
    (left, right), (bottom, top) = figure.axes[0].get_xlim(), figure.axes[0].get_ylim()
    assert (right - left) / box.width == pytest.approx((top - bottom) / box.height, rel=1e-3)


def test_without_values_there_is_no_scale_and_without_names_no_axis():
    figure = latent_map(np.zeros((3, 2)))
    assert len(figure.axes) == 1 and not figure.axes[0].axison


@pytest.mark.parametrize(
    ("places", "values"),
    [(np.zeros((0, 2)), None), (np.zeros((2, 3)), None), (np.zeros((2, 2)), [1.0]), ([[np.nan, 0]], None)],
)
def test_maps_of_what_is_no_plane_are_refused(places, values):
    with pytest.raises(ConfigError):
        latent_map(places, values)


def test_few_pairs_are_hollow():
    found = Distances(np.array([1, 2, 5]), np.array([1.0, 2.0, 3.0]), np.array([0.1, 0.2, 0.0]), np.array([90, 10, 9]))
    curve, full, hollow = distance_chart(found).axes[0].lines
    assert curve.get_xydata().tolist() == [[1, 1], [2, 2], [5, 3]]
    assert full.get_xdata().tolist() == [1, 2] and hollow.get_xdata().tolist() == [5]
    assert full.get_markerfacecolor() != hollow.get_markerfacecolor() == theme.PAPER


def test_a_page_gives_a_drawing_its_colours():
    svg = plotting.to_svg(distance_chart(Distances(*(np.array([one]) for one in (1, 1.0, 0.5, 20)))))
    mended = for_page(svg)
    assert not any(colour in mended for colour in (*theme.FOREGROUND, *theme.SERIES))
    assert "var(--muted)" in mended and "var(--series-0)" in mended


def test_lines_on_a_page_are_short_and_nothing_else_is():
    found = for_page('<path d="M 1.04 -0.04 \nL 12.96 7 \nz" style="stroke-width: 1.256"/><text>0.1234</text>')
    assert found == '<path d="M 1 0 L 13 7 z" style="stroke-width: 1.256"/><text>0.1234</text>'


# Sketches


def test_a_cell_is_sketched_in_its_published_form():
    form = form_of(spaces.get("nasbench201"))
    sketcher = Sketcher(form)
    (found,) = sketcher.sketch(form.encode([form.space.from_native(CELL)]))
    expected = []
    for target, group in enumerate(CELL.split("+"), start=1):
        for name, source in re.findall(r"\|([a-z0-9_]+)~(\d)", group):
            expected += [] if name == "none" else [(int(source), target, form.operators.index(name))]
    assert found == Sketch((PLAIN,) * 4, tuple(sorted(expected))) and found.on_edges


def test_what_is_no_member_is_sketched_as_it_is_stored():
    form, graphs = graphs_of("nasbench201", 2)
    graphs.adjacency[1, 0, 7] = 1
    graphs.ops[1, 3] = -1
    first, second = Sketcher(form).sketch(graphs)
    assert first.on_edges and not second.on_edges
    kept = [node for node in range(8) if node != 3]
    assert second.nodes == tuple(graphs.ops[1, kept])
    pairs = [(a, b, PLAIN) for a, b in itertools.combinations(range(7), 2) if graphs.adjacency[1, kept[a], kept[b]]]
    assert second.edges == tuple(pairs) and (0, 6, PLAIN) in pairs
    assert changes(first, second) == changes(first, first)


@pytest.mark.parametrize("name", ["nasbench101", "darts,shared=True", "enas_macro,layers=5", "nasbench_macro"])
def test_other_spaces_are_sketched_as_they_are_stored(name):
    form, graphs = graphs_of(name, 5)
    sketcher = Sketcher(form)
    for row, sketch in enumerate(sketcher.sketch(graphs)):
        assert sketch.nodes == tuple(op for op in graphs.ops[row] if op >= 0)
        assert sketch.edges == tuple((a, b, PLAIN) for a, b in np.argwhere(graphs.adjacency[row]).tolist())
    letters = [letter for letter in sketcher.letters if letter]
    assert len(set(letters)) == len(letters) == sum(colour is not None for colour in sketcher.colours) > 0


def test_many_operators_have_numbers():
    class Many:
        space, operators = spaces.get("nasbench101"), tuple(f"conv3x3-bn-relu,k={k}" for k in range(30))

    assert Sketcher(Many()).letters == tuple(str(k + 1) for k in range(30))


@pytest.mark.parametrize("name", ["enas_macro,layers=6", "darts,shared=True"])
def test_changes_add_up_to_the_edit_distance(name):
    form, graphs = graphs_of(name, 40)
    sketches = Sketcher(form).sketch(graphs)
    places = np.arange(len(sketches))
    edits = edit_distance(graphs.take(places[:-1]), graphs.take(places[1:]))
    for before, after, expected in zip(sketches, sketches[1:], edits):
        found = changes(before, after)
        assert len(found.nodes) + len(found.edges) + len(found.gone) == expected


def test_changes_of_a_cell_are_those_of_its_labels():
    form = form_of(spaces.get("nasbench201"))
    other = (
        CELL.replace("nor_conv_3x3~0", "skip_connect~0", 1)
        .replace("avg_pool_3x3~1", "none~1")
        .replace("none~2", "nor_conv_1x1~2")
    )
    before, after = Sketcher(form).sketch(form.encode([form.space.from_native(cell) for cell in (CELL, other)]))
    found = changes(before, after)
    assert found.nodes == frozenset() and found.edges == {(0, 1), (2, 3)}
    assert found.gone == ((1, 2, form.operators.index("avg_pool_3x3")),)


def test_nodes_that_are_gone_take_their_edges_along():
    before = Sketch((0, 1, 2), ((0, 1, PLAIN), (0, 2, PLAIN)))
    found = changes(before, Sketch((0, 2), ()))
    assert found.nodes == {1} and found.gone == ((0, 1, PLAIN),)
    assert changes(Sketch((0, 2), ()), before).nodes == {1, 2}


# Strips


def _rings(figure):
    """Returns the number of boxes that are marked, told from the colour of their outlines."""
    from matplotlib.colors import to_rgba
    from matplotlib.patches import PathPatch

    patches = [patch for patch in figure.axes[0].patches if not isinstance(patch, PathPatch)]
    return sum(patch.get_edgecolor() == to_rgba(theme.MARK) for patch in patches)


def test_a_strip_says_what_it_shows_and_marks_what_changed():
    form, graphs = graphs_of("enas_macro,layers=4", 4)
    sketcher = Sketcher(form)
    sketches = sketcher.sketch(graphs)
    figure = cell_strip(
        sketches, sketcher, ["start", "a", "b", "c"], footers=["", "91.2", "", "no member"], title="walk"
    )
    shown = texts(figure)
    assert {"start", "a", "b", "c", "91.2", "no member", "walk", *form.operators[1:-1]} <= set(shown)
    boxes = [sketcher.letters[op] or form.operators[op] for sketch in sketches for op in sketch.nodes]
    assert all(shown.count(text) >= boxes.count(text) for text in boxes)
    assert _rings(figure) == sum(len(changes(*pair).nodes) for pair in zip(sketches, sketches[1:])) > 0


def test_cells_of_a_strip_stand_in_columns_with_their_first_nodes_in_line():
    form, graphs = graphs_of("nasbench101", 12)
    sketcher = Sketcher(form)
    figure = cell_strip(sketcher.sketch(graphs), sketcher, ["edits"] * 12)
    first = [text.get_position() for text in figure.axes[0].texts if text.get_text() == "input"]
    columns, rows = ({round(place[axis], 6) for place in first} for axis in (0, 1))
    assert len(first) == 12 and len(columns) * len(rows) < 12 + len(columns) and len(rows) > 1


def test_a_strip_is_the_same_every_time():
    form, graphs = graphs_of("nasbench201", 3)
    sketcher = Sketcher(form)
    one, other = (plotting.to_svg(cell_strip(sketcher.sketch(graphs), sketcher, list("abc"))) for _ in range(2))
    assert one == other


@pytest.mark.parametrize(("count", "captions", "footers"), [(0, [], []), (1, [], []), (1, ["a"], ["b", "c"])])
def test_strips_without_cells_or_captions_are_refused(count, captions, footers):
    form, graphs = graphs_of("nasbench201", 1)
    sketcher = Sketcher(form)
    sketches = sketcher.sketch(GraphArrays(*graphs))[:count]
    with pytest.raises(ConfigError):
        cell_strip(sketches, sketcher, captions, footers=footers)

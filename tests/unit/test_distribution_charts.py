"""Charts of a learned distribution."""

import math

import numpy as np
import pytest

from tfnas import plotting
from tfnas.errors import ConfigError
from tfnas.plotting import distributions, theme


def test_the_band_is_two_standard_errors_wide():
    figure = plotting.entropy_curve([(10, 5.0, 0.1), (20, 4.0, 0.2), (30, 3.5, 0.0)])
    (axes,) = figure.axes
    assert axes.lines[0].get_xydata().tolist() == [[10, 5.0], [20, 4.0], [30, 3.5]]
    corners = {(round(x), round(y, 6)) for x, y in axes.collections[0].get_paths()[0].vertices}
    assert {(10, 4.804), (10, 5.196), (20, 3.608), (20, 4.392), (30, 3.5)} == corners
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("queries", "entropy (nats)")


def dots(axes):
    return {
        tuple(np.round(place, 6).tolist()): (size, tuple(colour))
        for place, size, colour in zip(
            axes.collections[0].get_offsets(), axes.collections[0].get_sizes(), axes.collections[0].get_facecolors()
        )
    }


def test_graphs_that_agree_are_one_larger_dot_in_the_colour_of_their_mean():
    points = {
        "samples": [(1.5, 0.5, 0.9, 3), (1.5, 0.5, 0.5, 1), (2.0, 0.25, 0.8, 1)],
        "explorer": [(1.5, 0.5, 0.8, 1), (2.5, 0.0, 0.5, 1)],
    }
    figure = plotting.graph_clouds(points, label="accuracy")
    samples, explorer, bar = figure.axes
    assert [axes.get_title(loc="left") for axes in (samples, explorer)] == ["samples", "explorer"]
    found, other = dots(samples), dots(explorer)
    assert set(found) == {(1.5, 0.5), (2.0, 0.25)} and set(other) == {(1.5, 0.5), (2.5, 0.0)}
    assert found[1.5, 0.5][0] > found[2.0, 0.25][0] == other[1.5, 0.5][0]
    # (3 * 0.9 + 0.5) / 4 = 0.8
    assert found[1.5, 0.5][1] == found[2.0, 0.25][1] == other[1.5, 0.5][1] != other[2.5, 0.0][1]
    assert samples.get_xlim() == explorer.get_xlim() and samples.get_ylim() == explorer.get_ylim()
    assert (samples.get_xlabel(), samples.get_ylabel()) == ("average path length", "clustering coefficient")
    assert bar.get_ylabel() == "accuracy"


def test_the_better_end_has_one_colour_whichever_it_is():
    up = plotting.graph_clouds({"a": [(1.0, 0.0, 0.1, 1), (2.0, 0.0, 0.9, 1)]})
    down = plotting.graph_clouds({"a": [(1.0, 0.0, 0.9, 1), (2.0, 0.0, 0.1, 1)]}, minimise=True)
    one, other = dots(up.axes[0]), dots(down.axes[0])
    assert {place: colour for place, (_, colour) in one.items()} == {place: c for place, (_, c) in other.items()}


def test_far_worse_values_do_not_use_up_the_colours():
    values = [0.9, 0.91, 0.92, 0.93, 0.94, 0.1]
    low, high = distributions._colour_limits(np.array(values), minimise=False)
    assert 0.8 < low < 0.9 and high == 0.94
    low, high = distributions._colour_limits(-np.array(values), minimise=True)
    assert low == -0.94 and -0.9 < high < -0.8
    assert distributions._colour_limits(np.array([0.5, 0.5]), minimise=False) == (0.0, 1.0)


def test_colours_of_the_scale_are_none_that_a_page_exchanges():
    assert not set(distributions._SHADES) & {*theme.SERIES, *theme.FOREGROUND}


@pytest.mark.parametrize(
    "draw",
    [
        lambda: plotting.entropy_curve([(1, 2.0, 0.1)]),
        lambda: plotting.graph_clouds({}),
        lambda: plotting.graph_clouds({"samples": []}),
    ],
)
def test_charts_refuse_what_they_cannot_draw(draw):
    with pytest.raises(ConfigError):
        draw()


def test_one_point_and_equal_values_can_be_drawn(tmp_path):
    figure = plotting.graph_clouds({"samples": [(math.pi, 0.0, 0.5, 1)]})
    plotting.save(figure, tmp_path / "graphs.png")
    assert plotting.to_svg(figure) == plotting.to_svg(figure)

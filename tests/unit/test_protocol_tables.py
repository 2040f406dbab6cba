"""Tables and figures of a study, against values worked out by hand."""

import itertools
import json
import statistics

import numpy as np
import pytest

from tests.unit.protocol_study import SPACE, StubEvaluator, made_up, make_study, write_table
from tfnas import spaces
from tfnas.errors import ConfigError
from tfnas.protocol import Results, figures, tables
from tfnas.protocol import retraining as retraining_module
from tfnas.protocol.command_line import run
from tfnas.protocol.curves import mean_curves
from tfnas.protocol.depth import depth
from tfnas.protocol.tables import Cell
from tfnas.runlog import read_events


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    """A study that is over, and its folder."""
    folder = tmp_path_factory.mktemp("study")
    study = make_study(write_table(folder / "made_up.csv"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(retraining_module.job, "make_evaluator", lambda config, **training: StubEvaluator())
        run(study, folder, ["search", "retrain"])
    return Results(study, folder)


def proposed(results, row, number):
    events = read_events(results.run_folder(row, number))
    return [event["native"] for event in events if event["event"] == "proposal"]


def best_natives(done):
    """The natives of the retraining `top`, worked out from the log alone."""
    top = sorted(set(proposed(done, "random", 0)), key=lambda native: -made_up(native))[:3]
    return sorted(top, key=lambda native: -made_up(native, "val0"))[:2]


def test_cells_of_retrained_networks(done):
    natives = best_natives(done)
    runs = [[100 * made_up(native, f"test{seed}") for seed in range(3)] for native in natives]
    means = list(map(statistics.fmean, runs))
    best = means.index(max(means))
    space = spaces.get(SPACE)
    params = [
        space.cost(space.from_native(native), (8, 8, 3), 10, **StubEvaluator().config()["skeleton"]).params
        for native in natives
    ]
    wanted = [
        [100 * made_up(native, "val0") for native in natives],
        means,
        [100 - max(means)],
        sum(runs, []),
        runs[best],
        [params[best] / 1e6],
    ]
    found = done.study.tables[0].cells(done)[0]
    for cell, values in zip(found, wanted, strict=True):
        assert cell.mean == pytest.approx(np.mean(values)) and cell.count == len(values)
        if len(values) > 1:
            assert cell.deviation == pytest.approx(np.std(values, ddof=1))
        else:
            assert cell.deviation is None


def test_cells_of_the_table_at_the_incumbents(done):
    wanted = []
    for number in range(2):
        first = proposed(done, "random", number)[:9]
        incumbent = max(first, key=made_up)
        wanted.append(10 * (1 - made_up(incumbent, "test")))
    (random,), (evolution,), (other,) = done.study.tables[1].cells(done)
    assert random.mean == pytest.approx(np.mean(wanted)) and random.deviation == pytest.approx(np.std(wanted, ddof=1))
    assert evolution.count == 1 and other is None


def test_what_is_written(done):
    text = tables.write(done)
    cells = done.study.tables[0].cells(done)
    lines = text.splitlines()
    assert lines[0] == "# made-up" and "## Table 1" in lines and "A note." in lines
    heads = next(line for line in lines if "chosen by" in line)
    assert [part.strip() for part in heads.split("|")[1:-1]] == [
        "", "chosen by", "accuracy (%)", "paper", "best error (%)", "all (%)", "best (%)", "parameters (M)",
    ]  # fmt: skip
    top = next(line for line in lines if line.startswith("| Top |"))
    fields = [part.strip() for part in top.split("|")[1:-1]]
    mean, deviation = cells[0][1].mean, cells[0][1].deviation
    assert fields[2] == f"{mean:.1f} ± {deviation:.1f} (2)" and fields[3] == "12.3 ± 0.4"
    given = next(line for line in lines if line.startswith("| Given |"))
    assert [part.strip() for part in given.split("|")[1:-1]][1:4:2] == ["–", "–"]
    assert "| Other | – | 5 |" in lines
    assert (done.directory / "tables.md").read_text() == text
    written = json.loads((done.directory / "tables.json").read_text())
    top = written["table1"]["lines"][0]
    assert top["values"]["accuracy (%)"] == {"mean": mean, "deviation": deviation, "count": 2}
    assert top["paper"] == {"accuracy (%)": "12.3 ± 0.4"} and written["table2"]["lines"][2]["values"]["error"] is None


def test_tables_of_a_study_that_has_not_begun(done, tmp_path):
    text = tables.write(Results(done.study, tmp_path))
    assert "| Top | – | – | 12.3 ± 0.4 | – | – | – | – |" in text
    assert figures.write(Results(done.study, tmp_path / "b")) == []
    assert not list(tmp_path.rglob("*.svg"))


def test_a_cell_with_something_that_is_no_number_is_empty():
    assert Cell.of([1.0, float("nan")]) is None and Cell.of([]) is None
    assert Cell.of([2.0]).text(1) == "2.0" and Cell.of([1.0, 3.0]).text(2) == "2.00 ± 1.41 (2)"


def test_figures_are_drawn(done):
    names = figures.write(done)
    assert names == [f"figures/{name}.svg" for name in ("curves", "clouds", "best-random-1", "best-random-2")]
    assert all((done.directory / name).stat().st_size > 1000 for name in names)


def test_curves_have_mean_and_band():
    runs = np.array([[1.0, 3.0, 3.0], [2.0, 2.0, 5.0]])
    figure = mean_curves({"a": runs, "b": runs[:1]}, label="value")
    (axes,) = figure.axes
    assert np.allclose(axes.lines[0].get_ydata(), [1.5, 2.5, 4.0]) and list(axes.lines[0].get_xdata()) == [1, 2, 3]
    assert np.allclose(axes.lines[1].get_ydata(), runs[0])
    band = axes.collections[0].get_paths()[0].vertices
    half = np.sqrt(0.5)
    assert {(1.0, round(1.5 - half, 6)), (3.0, round(4 + np.sqrt(2), 6))} <= {
        (x, round(y, 6)) for x, y in band.tolist()
    }
    for wrong in ({}, {str(k): runs for k in range(6)}):
        with pytest.raises(ConfigError):
            mean_curves(wrong, label="value")


def all_paths(arch):
    """Lengths of all ways from a node that nothing feeds to one that feeds nothing, by walking them."""
    after = {node: [b for a, b in arch.edges if a == node] for node in range(len(arch.ops))}
    starts = set(after) - {b for _, b in arch.edges}

    def walk(node, length):
        if not after[node]:
            return [length]
        return list(itertools.chain(*(walk(following, length + 1) for following in after[node])))

    return list(itertools.chain(*(walk(node, 0) for node in starts)))


@pytest.mark.parametrize("seed", range(5))
def test_depth_is_that_of_all_paths(seed):
    space = spaces.get("randwire,nodes=9")
    arch = space.sample(np.random.default_rng(seed))
    lengths = all_paths(arch)
    found = depth(space, arch)
    assert found.average == pytest.approx(np.mean(lengths)) and found.longest == max(lengths)


def test_depth_of_several_components_is_their_mean():
    space = spaces.get("randwire,nodes=3,stages=True")
    chain, alone = [(0, 1), (1, 2)], []
    found = depth(space, space.from_edges(chain, alone, alone))
    assert (found.average, found.longest) == pytest.approx(((4 + 2 + 2) / 3,) * 2)

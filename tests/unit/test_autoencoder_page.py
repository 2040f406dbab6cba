"""The page of a latent space, of a made-up autoencoder that needs no TensorFlow."""

from __future__ import annotations

import html.parser
import json
import re
import shutil
import subprocess
from types import SimpleNamespace

import numpy as np
import pytest

from tfnas import spaces
from tfnas.autoencoding import page as page_module
from tfnas.autoencoding.evaluation import Evaluation, Measure
from tfnas.autoencoding.page import write_page
from tfnas.errors import ConfigError
from tfnas.models.autoencoder import form_of

COUNT = 60
RNG = np.random.default_rng(4)
VALUES = np.round(RNG.uniform(60, 90, COUNT), 2)
EVALUATION = Evaluation(
    "toy",
    "nasbench201",
    "0",
    (Measure("most_probable", {}, {"equal": 0.9876, "ops": 1, "edges": 1, "false_edges": 0, "graphs": 41}, 0.1),),
    "0",
)


class Toy:
    """Points are a random projection of the operators; each is decoded to the nearest graph, far ones to no member."""

    name = "toy<b>"
    config = SimpleNamespace(dtype="float32")

    def __init__(self, name="nasbench201", count=COUNT):
        self.space = spaces.get(name)
        self.form = form_of(self.space)
        rng = np.random.default_rng(0)
        archs = {self.space.to_native(arch): arch for arch in (self.space.sample(rng) for _ in range(3 * count))}
        self.natives = list(archs)[:count]
        self.graphs = self.form.encode(list(archs.values())[:count])
        self._matrix = rng.normal(size=(self.form.nodes, 4))
        self._known = self.means(self.graphs)

    def means(self, graphs):
        return (graphs.ops @ self._matrix).astype(np.float32)

    embed = means

    def decode_most_probable(self, z):
        distance = np.linalg.norm(z[:, None] - self._known, axis=2)
        found = self.graphs.take(distance.argmin(1))
        found.ops[distance.min(1) > 5, 0] = 1
        return found


TOY = Toy()


class Page(html.parser.HTMLParser):
    """Reads tags, the map's data, and the text of tables."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.data, self.cells, self._inside = [], None, [], None
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        self._inside = dict(attrs).get("id") if tag == "script" else tag

    def handle_data(self, data):
        if self._inside == "map-data":
            self.data = json.loads(data)
        elif self._inside in ("td", "th"):
            self.cells.append(data.strip())
        self._inside = None


@pytest.fixture(scope="module", autouse=True)
def short_strips():
    """Strips of few cells: drawing them is what takes long."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(page_module, "_CELLS", 4)
        yield


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    folder = tmp_path_factory.mktemp("page")
    paths = write_page(
        TOY, TOY.graphs, folder / "map", values=VALUES, label="accuracy </script> (%)", seed=3, evaluation=EVALUATION
    )
    return folder / "map", paths, paths.html.read_text("utf-8")


def test_the_folder_has_the_page_and_its_pictures(written):
    folder, paths, _ = written
    assert paths.html == folder / "latent_space.html"
    assert {path.name for path in paths.figures} == {
        "pca.png", "tsne.png", "distances.png", "neighbours.png", "neighbours_2.png", "circle.png", "walk.png"
    }  # fmt: skip
    assert sorted(folder.rglob("*.*")) == sorted([*paths.figures, paths.html])
    assert all(path.read_bytes()[:4] == b"\x89PNG" for path in paths.figures)


def test_the_page_needs_nothing_else(written):
    _, _, text = written
    page = Page(text)
    loaded = [
        (tag, key, attrs[key])
        for tag, attrs in page.tags
        for key in ("src", "href", "xlink:href", "data", "action", "srcset")
        if key in attrs and not attrs[key].startswith(("#", "data:image/png;base64,"))
    ]
    assert not loaded and "@import" not in text
    assert not re.findall(r"url\((?!#)", text)
    addresses = set(re.findall(r"https?://[^\"'\s<)]+", text))
    assert addresses <= {"http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"}


def test_names_are_text_and_no_markup(written):
    _, _, text = written
    assert "toy<b>" not in text and "toy&lt;b&gt;" in text
    assert text.count("</script>") == 2


def test_the_data_of_the_map_are_the_graphs(written):
    data = Page(written[2]).data
    form = TOY.form
    assert len(data["cells"]) == COUNT and {cell[0] for cell in data["cells"]} == set(TOY.natives)
    values = dict(zip(TOY.natives, VALUES))
    shown = [float(cell[1]) for cell in data["cells"]]
    assert shown == [float(f"{values[cell[0]]:.4g}") for cell in data["cells"]] == sorted(shown)
    shades = [cell[2] for cell in data["cells"]]
    assert shades == sorted(shades) and min(shades) == 0 and max(shades) == len(data["shades"]) - 1
    for native, _, _, nodes, flat in data["cells"]:
        labels = {
            (int(source), target): name
            for target, part in enumerate(native.split("+"), 1)
            for name, source in re.findall(r"\|(\w+)~(\d)", part)
        }
        triples = [[ord(letter) - ord("A") for letter in flat[k : k + 3]] for k in range(0, len(flat), 3)]
        edges = {(source, target): data["names"][op] for source, target, op in triples}
        assert edges == {pair: name for pair, name in labels.items() if name != "none"} and nodes == "@" * 4
    assert data["names"] == list(form.operators)


def test_places_are_the_embeddings(written):
    data = Page(written[2]).data
    assert set(data["places"]) == {"PCA", "t-SNE"}
    rows = [TOY.natives.index(cell[0]) for cell in data["cells"]]
    points = TOY.embed(TOY.graphs).astype(float)[rows]
    _, vectors = np.linalg.eigh(np.cov(points.T))
    expected = (points - points.mean(0)) @ vectors[:, [-1, -2]]
    found = np.array(data["places"]["PCA"], float)
    assert found.min() >= 0 and found.max() <= 10_000
    differences = [np.linalg.norm(each[:, None] - each, axis=2) for each in (found, expected)]
    largest = np.ptp(expected, axis=0).max()
    np.testing.assert_allclose(differences[0] / 10_000, differences[1] / largest, atol=3e-4)


def test_the_tables_are_those_of_the_evaluation(written):
    cells = Page(written[2]).cells
    assert "98.76" in cells and "41" in cells


def test_it_is_the_same_every_time_and_a_file_stays_alone(written, tmp_path):
    path = tmp_path / "deep" / "one.html"
    paths = write_page(
        TOY, TOY.graphs, path, values=VALUES, label="accuracy </script> (%)", seed=3, evaluation=EVALUATION
    )
    assert paths.html == path and paths.figures == () and list(path.parent.iterdir()) == [path]
    assert path.read_text("utf-8") == written[2]


def test_without_values_a_page_still_shows_all(tmp_path):
    toy = Toy("nasbench101", 12)
    text = write_page(toy, toy.graphs, tmp_path / "a.html").html.read_text("utf-8")
    data = Page(text).data
    assert {cell[1] for cell in data["cells"]} == {""} and {cell[2] for cell in data["cells"]} == {-1}
    for native, _, _, nodes, flat in data["cells"]:
        matrix, names = native.split(":")
        edges = [divmod(k, len(nodes)) for k, bit in enumerate(matrix) if bit == "1"]
        assert [data["names"][ord(letter) - ord("A")] for letter in nodes] == names.split(",")
        assert flat == "".join(chr(65 + source) + chr(65 + target) for source, target in edges)
    assert "coloured by" not in text and "Evaluation" not in text


def test_of_many_graphs_some_are_drawn_and_the_best_is_among_them(tmp_path, monkeypatch):
    monkeypatch.setattr(page_module, "DRAWN", 4)
    values = np.full(COUNT, np.nan)
    values[17], values[20] = 80.0, 70.0
    path = write_page(TOY, TOY.graphs, tmp_path / "some.html", values=values).html
    cells = Page(path.read_text("utf-8")).data["cells"]
    assert len(cells) == 4 and cells[-1][:2] == [TOY.natives[17], "80.00"]


def test_two_graphs_will_do(tmp_path):
    two = TOY.graphs.take(np.array([0, 1]))
    assert write_page(TOY, two, tmp_path / "two.html", values=[1.0, 2.0]).html.exists()


@pytest.mark.parametrize(("rows", "values"), [([0], None), ([], None), ([0, 1], [1.0]), ([0, 1], [1.0, np.inf])])
def test_bad_input_is_refused_before_any_work(tmp_path, monkeypatch, rows, values):
    monkeypatch.setattr(Toy, "embed", None)
    with pytest.raises(ConfigError):
        write_page(TOY, TOY.graphs.take(np.array(rows, int)), tmp_path / "bad", values=values)
    assert not (tmp_path / "bad").exists()


def test_a_place_that_cannot_be_written_is_told_before_any_work(tmp_path, monkeypatch):
    monkeypatch.setattr(Toy, "embed", None)
    (tmp_path / "file").write_text("")
    for place in ("file", "file/page.html"):
        with pytest.raises(ConfigError, match="folder"):
            write_page(TOY, TOY.graphs, tmp_path / place)


PRESS = """
const press = key => plot.dispatchEvent(new KeyboardEvent("keydown", { key, cancelable: true }));
const plot = document.getElementById("plot"), said = [];
const text = id => document.getElementById(id).textContent;
const say = () => said.push([text("native"), text("value"), document.querySelectorAll("#cell path").length,
  document.querySelector("#plot .ring").getAttribute("cx")]);
say(); press("PageDown"); say(); press("End"); say(); press("ArrowLeft"); press("ArrowLeft"); say();
document.getElementsByName("projection")[1].click(); say();
document.body.textContent = "SAID" + JSON.stringify(said) + "SAID";
"""


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("chromium") is None, reason="chromium is absent")
def test_keys_walk_through_the_map(written, tmp_path):
    probe = tmp_path / "probe.html"
    probe.write_text(written[2].replace("</body>", f"<script>{PRESS}</script></body>"), "utf-8")
    done = subprocess.run(
        ["chromium", "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path / 'profile'}",
         "--dump-dom", probe.as_uri()],
        capture_output=True, text=True, timeout=120, check=True,
    )  # fmt: skip
    said = json.loads(html.unescape(done.stdout.split("SAID")[1]))
    data = Page(written[2]).data
    cells, places = data["cells"], data["places"]["PCA"]
    for (native, value, lines, x), row in zip(said, (COUNT - 1, COUNT - 2, 0)):
        assert native == cells[row][0] and value.endswith(f": {cells[row][1]}")
        assert lines == len(cells[row][4]) // 3 and x == str(places[row][0])
    row = 0
    for _ in range(2):
        x, y = places[row]
        left = [((a - x) ** 2 + (b - y) ** 2, k) for k, (a, b) in enumerate(places) if a < x and abs(b - y) <= x - a]
        row = min(left)[1] if left else row
    assert said[3][0] == said[4][0] == cells[row][0] and said[3][3] == str(places[row][0])
    assert said[4][3] == str(data["places"]["t-SNE"][row][0])

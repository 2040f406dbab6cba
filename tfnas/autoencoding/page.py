"""`write_page`: what a latent space looks like, as one HTML page that needs nothing else."""

from __future__ import annotations

import importlib.resources
import json
import os
import pathlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Iterator, Sequence

import numpy as np

from tfnas import plotting
from tfnas.autoencoding.evaluation import Evaluation
from tfnas.autoencoding.map_data import map_data, number
from tfnas.autoencoding.projections import principal_components, tsne
from tfnas.autoencoding.tables import tables
from tfnas.checks import check_seed
from tfnas.errors import ConfigError
from tfnas.models.autoencoder import GraphArrays, GraphAutoencoder
from tfnas.models.autoencoder.neighbours import nearest_sequence
from tfnas.models.autoencoder.smoothness import edit_distance, great_circle, latent_distances, random_walk
from tfnas.plotting.cell_strips import cell_strip
from tfnas.plotting.distance_charts import distance_chart
from tfnas.plotting.latent_maps import latent_map
from tfnas.plotting.pages import for_page
from tfnas.plotting.sketches import Sketcher
from tfnas.state import write_text

if TYPE_CHECKING:
    from matplotlib.figure import Figure

PAGE = "latent_space.html"
"""Name of the page in a folder."""

FIGURES = "figures"
"""Name of the folder beside it."""

DRAWN = 3_000
"""Dots of a map, at most."""

_CELLS, _NODES = 16, 192  # of a strip, at most
_STEPS_TO_EDGE = 4
_READABLE_PX = 480  # a chart is not made narrower than this; the page scrolls it instead
_SUFFIXES = (".html", ".htm")


@dataclass(frozen=True, slots=True)
class PagePaths:
    """Where a page lies.

    Attributes:
        html: The page, which needs no other file.
        figures: Its pictures, if it is in a folder.
    """

    html: pathlib.Path
    figures: tuple[pathlib.Path, ...]


@dataclass(frozen=True)
class _Picture:
    name: str
    title: str
    text: str
    figure: Figure


def write_page(
    autoencoder: GraphAutoencoder,
    graphs: GraphArrays,
    directory_or_file: str | os.PathLike[str],
    *,
    values: Sequence[float] | None = None,
    label: str = "accuracy",
    seed: int = 0,
    evaluation: Evaluation | None = None,
) -> PagePaths:
    """Writes a page with maps of the embeddings, distances, sequences of neighbours, a walk, a circle and tables.

    The same arguments give the same bytes. Of more than 3,000 graphs so many are drawn on the maps, by the seed, and
    the one that the sequences begin with: the best one, or one that is drawn where no value is known. All else is of
    these too, but for the components and the neighbours, which are of all graphs.

    - Maps: principal components, and t-SNE of the graphs that are drawn. A dot is a graph; SVGe's figure 3 shows a
      grid in the plane of the components, and arch2vec's figure 4 means of accuracies in small areas of t-SNE.
    - Distances: latent distance by edit distance of 10,000 random pairs (arch2vec, figure 3, of a random walk there).
    - Neighbours: 16 graphs, fewer where they have more than 12 nodes, each the nearest to the one before (arch2vec,
      figures 5 and 11 to 13), twice: from the start, and from a graph that is drawn.
    - Circle: so many points on the great circle through the start (SVGe, figure 2), decoded.
    - Walk: so many points in a random direction, decoded; the step is a quarter of the root mean square distance of the
      posteriors' means from their centre.

    Args:
        autoencoder: Whose space it is.
        graphs: B graphs, at least two.
        directory_or_file: Where to: a name that ends in ``.html`` is the page alone; any other is a folder, which
            gets ``latent_space.html`` and ``figures`` as PNG.
        values: A value a graph, larger ones better, NaN where it is not known. Shape [B].
        label: What the values are, with their unit.
        seed: Of all that is drawn.
        evaluation: What was measured, for the tables.

    Returns:
        What was written.

    Raises:
        ConfigError: If there are too few graphs, values have another length, or nothing can be written there.
    """
    check_seed(seed)
    known = _checked(graphs, values)
    page, figures = _paths(pathlib.Path(directory_or_file))
    latent = _Latent(autoencoder, graphs, known, label, seed)
    pictures = list(latent.pictures())
    text = _render(latent, pictures, evaluation)
    files = [figures / f"{picture.name}.png" for picture in pictures] if figures is not None else []
    for picture, file in zip(pictures, files):
        plotting.save(picture.figure, file)
    write_text(page, text)
    return PagePaths(page, tuple(files))


class _Latent:
    """The embeddings of a page, and what is drawn of them."""

    def __init__(
        self, autoencoder: GraphAutoencoder, graphs: GraphArrays, values: np.ndarray, label: str, seed: int
    ) -> None:
        self.autoencoder, self.graphs, self.values, self.label, self.seed = autoencoder, graphs, values, label, seed
        rng = np.random.default_rng(seed)
        count = len(graphs.ops)
        drawn = rng.permutation(count)
        self.start = int(np.nanargmax(values)) if self.has_values else int(drawn[0])
        self.other = int(next(row for row in drawn if row != self.start))
        self.rows = np.unique([self.start, *drawn[drawn != self.start][: DRAWN - 1]])
        self.points = autoencoder.embed(graphs)
        self.means = autoencoder.means(graphs.take(self.rows))
        self.sketcher = Sketcher(autoencoder.form)
        self.cells = min(_CELLS, max(2, _NODES // autoencoder.form.nodes))
        components = principal_components(self.points)
        self.projections = {
            "PCA": components.places[self.rows],
            "t-SNE": tsne(self.points[self.rows], seed=seed),
        }
        self.shares = components.shares
        self._value_of = dict(zip(graphs.keys(), values.tolist()))

    @property
    def has_values(self) -> bool:
        return bool(np.isfinite(self.values).any())

    def map_data(self) -> dict[str, Any]:
        own, space = self.graphs.take(self.rows), self.autoencoder.space
        natives = ["" if arch is None else str(space.to_native(arch)) for arch in self.autoencoder.form.decode(own)]
        sketches = self.sketcher.sketch(own)
        return map_data(self.sketcher, sketches, natives, self.values[self.rows], self.projections, self.label)

    def pictures(self) -> Iterator[_Picture]:
        values = self.values[self.rows] if self.has_values else None
        names = tuple(f"component {k + 1} ({share:.1%} of the variance)" for k, share in enumerate(self.shares))
        for name, axis_names in (("PCA", names), ("t-SNE", None)):
            figure = latent_map(self.projections[name], values, label=self.label, axis_names=axis_names)
            yield _Picture(name.lower().replace("-", ""), name, "", figure)
        distances = latent_distances(self.autoencoder, self.graphs.take(self.rows), seed=self.seed)
        yield _Picture(
            "distances",
            "Distances",
            f"Mean L2 distance of embeddings of {distances.pairs.sum():,} random pairs by the edit distance of their "
            "graphs, with one standard deviation to both sides. Hollow: fewer than ten pairs.",
            distance_chart(distances),
        )
        begin = "the best graph" if self.has_values else "a graph that was drawn"
        ways = [("", "neighbours", self.start, begin), (" again", "neighbours_2", self.other, "another graph")]
        for again, name, start, where in ways:
            near = self.graphs.take(nearest_sequence(self.points, start, self.cells))
            text = f"From {where}: each is the nearest in latent space to the one before, without those before it."
            yield self._strip(name, f"Nearest neighbours{again}", text, near)
        begin_at = self.means[np.searchsorted(self.rows, self.start)]
        circle = great_circle(self.autoencoder, begin_at, points=self.cells, seed=self.seed)
        text = f"{self.cells} equidistant points on a circle around the origin, from {begin} back to it, decoded."
        yield self._strip("circle", "Great circle", text, circle.graphs)
        centred = self.means - self.means.mean(0)
        step = float(np.sqrt((centred**2).sum() / len(centred))) / _STEPS_TO_EDGE or 1.0
        walk = random_walk(self.autoencoder, begin_at, step=step, points=self.cells, seed=self.seed)
        text = f"{self.cells} points from {begin} in one random direction, decoded; the step is {number(step)}."
        yield self._strip("walk", "Random walk", text, walk.graphs)

    def _strip(self, name: str, title: str, text: str, graphs: GraphArrays) -> _Picture:
        places = np.arange(len(graphs.ops))
        edits = edit_distance(graphs.take(places[:-1]), graphs.take(places[1:])).tolist()
        captions = ["start", *(f"{count} edit{'' if count == 1 else 's'}" for count in edits)]
        figure = cell_strip(self.sketcher.sketch(graphs), self.sketcher, captions, footers=self._footers(graphs))
        return _Picture(name, title, f"{text} Edits to the one before: {np.mean(edits):.1f} on average.", figure)

    def _footers(self, graphs: GraphArrays) -> list[str]:
        """Returns the value of each graph, if it is known, or that it is no member."""
        members = self.autoencoder.form.are_members(graphs)
        values = [self._value_of.get(key, np.nan) for key in graphs.keys()]
        return [
            "no member" if not member else number(value) if np.isfinite(value) else ""
            for member, value in zip(members, values)
        ]


def _render(latent: _Latent, pictures: Sequence[_Picture], evaluation: Evaluation | None) -> str:
    import jinja2
    import markupsafe

    def figure(picture: _Picture) -> dict[str, Any]:
        width = picture.figure.get_figwidth() * 96
        return {
            "svg": markupsafe.Markup(for_page(plotting.to_svg(picture.figure, prefix=picture.name))),
            "width": round(width),
            "narrowest": round(max(min(width, _READABLE_PX), 0.6 * width)),
        }

    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    files = importlib.resources.files("tfnas.autoencoding")
    model, data = latent.autoencoder, latent.map_data()
    return environment.from_string(files.joinpath("page.html.jinja").read_text("utf-8")).render(
        title=f"Latent space of {model.name} on {model.space.name}",
        facts=[
            ("graphs", f"{len(latent.graphs.ops):,}"),
            ("dots on the maps", f"{len(latent.rows):,}"),
            ("latent dimensions", " x ".join(map(str, latent.means.shape[1:]))),
            ("dimensions of an embedding", str(latent.points.shape[1])),
            ("variance on the PCA map", f"{latent.shares.sum():.1%}"),
            ("seed", str(latent.seed)),
        ],
        data=data,
        json=markupsafe.Markup(json.dumps(data, separators=(",", ":")).replace("<", r"\u003c")),
        has_values=latent.has_values,
        pictures=pictures[2:],
        figure=figure,
        tables=_rows(evaluation),
        script=markupsafe.Markup(files.joinpath("map.js").read_text("utf-8")),
    )


def _rows(evaluation: Evaluation | None) -> list[dict[str, Any]]:
    """Returns the tables of the terminal, as text."""
    return [
        {
            "title": str(table.title),
            "columns": [(str(column.header), column.justify == "right") for column in table.columns],
            "rows": list(zip(*(column.cells for column in table.columns))),
        }
        for table in (tables(evaluation) if evaluation is not None else [])
    ]


def _checked(graphs: GraphArrays, values: Sequence[float] | None) -> np.ndarray:
    """Returns a value for each graph, NaN where none is known."""
    count = len(graphs.ops)
    if count < 2:
        raise ConfigError("graphs", expected="at least two", received=str(count))
    known = np.full(count, np.nan) if values is None else np.asarray(values, float)
    if known.shape != (count,) or np.isinf(known).any():
        raise ConfigError(
            "values", expected=f"{count:,} numbers, NaN where one is not known", received=f"shape {known.shape}"
        )
    return known


def _paths(path: pathlib.Path) -> tuple[pathlib.Path, pathlib.Path | None]:
    """Returns the page, and the folder of its pictures, if it has one; makes folders."""
    alone = path.suffix.lower() in _SUFFIXES
    try:
        (path.parent if alone else path).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(
            f"page {path}", expected="a folder, or a file that ends in .html", received=str(error)
        ) from error
    return (path, None) if alone else (path / PAGE, path / FIGURES)

"""`draw_map`: the page of the latent space that a folder has."""

from __future__ import annotations

import os
import pathlib
from typing import TYPE_CHECKING

import numpy as np

from tfnas.autoencoding.card import graphs_again, read_card
from tfnas.autoencoding.evaluation import read_evaluation
from tfnas.autoencoding.graphs import Observer
from tfnas.autoencoding.training import MODEL
from tfnas.checks import check_positive, check_seed
from tfnas.data.tables import Table
from tfnas.errors import ConfigError
from tfnas.models import autoencoders

if TYPE_CHECKING:
    from tfnas.autoencoding.page import PagePaths


def draw_map(
    directory: pathlib.Path | str,
    output: pathlib.Path | str,
    *,
    table: Table | None = None,
    column: str | None = None,
    limit: int | None = None,
    seed: int = 0,
    graphs: str | os.PathLike[str] | None = None,
    on_progress: Observer | None = None,
) -> PagePaths:
    """Writes `tfnas.autoencoding.page.write_page` of the graphs of a training, with its evaluation if it has one.

    Args:
        directory: Of `tfnas.autoencoding.train`.
        output: Where to, see `write_page`.
        table: Values of the graphs.
        column: Its column, larger values better.
        limit: Graphs, at most, drawn by the seed; all by default.
        seed: Of all that is drawn.
        graphs: Where the file is now that the graphs were read from; where it was by default.
        on_progress: Called while graphs are found and encoded.

    Raises:
        ConfigError: If only one of table and column is given, or the table is of another space.
        UnknownNameError: If the table has no such column.
        StateError: If the folder has no trained autoencoder, or its graphs cannot be had again.
        DataError: If the file of its graphs cannot be read.
    """
    check_seed(seed)
    if limit is not None:
        check_positive(limit=limit)
    if (table is None) != (column is None):
        raise ConfigError("values", expected="a table and a column of it", received="one of both")
    card = read_card(directory)
    space = card.job.make_space()
    if table is not None and table.space.name != space.name:
        raise ConfigError(
            f"table {table.name!r}", expected=f"a table of the space {space.name}", received=table.space.name
        )
    measured = None if table is None or column is None else table.mean(column)
    found = graphs_again(card, graphs=graphs, on_progress=on_progress)
    rows = np.sort(np.unique(found.natives, return_index=True)[1])  # lines may repeat
    rows = np.sort(np.random.default_rng(seed).permutation(rows)[:limit])
    values = None
    if table is not None and measured is not None:
        places = [table.find(arch) for arch in found.archs(rows)]
        values = np.array([np.nan if place is None else measured[place] for place in places])
    # Imported here: TensorFlow takes seconds to load, and so does matplotlib.
    from tfnas.autoencoding.page import write_page

    autoencoder = autoencoders.load(pathlib.Path(directory) / MODEL)
    arrays = found.encode(autoencoder.form, rows, on_progress)
    return write_page(
        autoencoder,
        arrays,
        output,
        values=values,
        label=column or "",
        seed=seed,
        evaluation=read_evaluation(directory),
    )

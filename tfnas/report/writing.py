"""`write`: the report of a run folder, as files."""

from __future__ import annotations

import os
import pathlib
from dataclasses import dataclass

from tfnas.errors import RunFolderError
from tfnas.plotting import save
from tfnas.report import html, markdown, wording
from tfnas.report.gather import gather
from tfnas.report.pictures import CELLS, cell_name, likely_name, pictures
from tfnas.state import write_text

MARKDOWN_FILE = "report.md"
HTML_FILE = "report.html"
FIGURES_FOLDER = "figures"
_NAMES = (
    *("best_so_far", "leaderboard", "value_against_size", "entropy", "graphs"),
    *(cell_name(place) for place in range(1, CELLS + 1)),
    *(likely_name(place) for place in range(1, wording.LIKELY + 1)),
)


@dataclass(frozen=True, slots=True)
class ReportPaths:
    """Where a report lies.

    Attributes:
        markdown: ``report.md``.
        html: ``report.html``, which needs no other file.
        figures: Pictures that ``report.md`` shows.
    """

    markdown: pathlib.Path
    html: pathlib.Path
    figures: tuple[pathlib.Path, ...]


def write(
    directory: str | os.PathLike[str], *, baseline_directory: str | os.PathLike[str] | None = None
) -> ReportPaths:
    """Writes ``report.md``, ``report.html`` and ``figures/`` into a run folder.

    It works at every stage of a run, and the same log gives the same bytes. An older report is
    replaced.

    Args:
        directory: The run folder.
        baseline_directory: Folder of a second run, usually random search with the same budget, to
            draw and tell beside this one.

    Raises:
        RunFolderError: If a folder has no event log, or a damaged one, or cannot be written.
    """
    directory = pathlib.Path(directory)
    data = gather(directory, None if baseline_directory is None else pathlib.Path(baseline_directory))
    drawn = pictures(data)
    figures = directory / FIGURES_FOLDER
    files = {name: f"{FIGURES_FOLDER}/{name}.png" for name in drawn}
    texts = {MARKDOWN_FILE: markdown.render(data, files, drawn), HTML_FILE: html.render(data, drawn)}
    try:
        for name, picture in drawn.items():
            save(picture.figure, directory / files[name])
        for name, content in texts.items():
            write_text(directory / name, content)
        for name in set(_NAMES) - set(files):
            (figures / f"{name}.png").unlink(missing_ok=True)
    except OSError as error:
        raise RunFolderError(
            f"report in {directory}",
            expected="a folder that can be written",
            received=str(error),
            remedy="The log is safe. Mend that, then write the report again with `tfnas report`.",
        ) from error
    return ReportPaths(
        directory / MARKDOWN_FILE, directory / HTML_FILE, tuple(directory / file for file in files.values())
    )

"""`Kept`: results of a recipe that is no search, by row and seed, each in a file; and its command line."""

from __future__ import annotations

import json
import pathlib
import re
import sys
import tempfile
from typing import Any, Callable, Mapping, Sequence

import click

from tfnas import cli
from tfnas.errors import RunFolderError
from tfnas.protocol import tables
from tfnas.protocol.tables import Line, Table
from tfnas.state import write_text

FOLDER = "results"


class Kept:
    """Results in a folder; for `tfnas.protocol.tables.write` what `Results` is.

    Args:
        name: Name of the study.
        directory: Its folder; results are in ``results/<row>/seed<number>.json``.
        tables: What is printed of them; a line's ``row`` is that of the results.
    """

    def __init__(self, name: str, directory: pathlib.Path, tables: Sequence[Table]) -> None:
        self.study, self.name, self.directory, self.tables = self, name, pathlib.Path(directory), tuple(tables)

    def made(
        self, row: str, seed: int, settings: Mapping[str, Any], make: Callable[[], Mapping[str, Any]]
    ) -> dict[str, Any]:
        """Returns a result that is there, or makes and keeps it, and says so.

        Args:
            row: What it is a result of.
            seed: Its seed.
            settings: All else that decides it, JSON values.
            make: Returns it, JSON values.

        Raises:
            RunFolderError: If the file is damaged, or of other settings.
        """
        path = self.directory / FOLDER / row / f"seed{seed}.json"
        settings = json.loads(json.dumps(settings))
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            write_text(path, json.dumps({"settings": settings, "result": dict(make())}, indent=1) + "\n")
        kept = _read(path)
        if kept["settings"] != settings:
            raise RunFolderError(
                str(path),
                expected=f"a result of {settings}",
                received=f"one of {kept['settings']}",
                remedy="Choose another folder with -o, or delete the file.",
            )
        shown = (f"{key} {value:.4g}" for key, value in kept["result"].items() if isinstance(value, float))
        click.echo(f"{row}, seed {seed}: {', '.join(shown) or 'done'}")
        return kept["result"]

    def of(self, row: str) -> list[dict[str, Any]]:
        """Returns the results of a row that are there."""
        return [_read(path)["result"] for path in sorted((self.directory / FOLDER / row).glob("seed*.json"))]

    def write_tables(self) -> None:
        """Writes and prints the tables."""
        click.echo(tables.write(self))  # type: ignore[arg-type]


def _read(path: pathlib.Path) -> dict[str, Any]:
    try:
        kept = json.loads(path.read_text("utf-8"))
        kept["settings"], kept["result"]
        return kept
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise RunFolderError(
            str(path), expected="a result as it was written", received=repr(error), remedy="Delete the file."
        ) from error


def number(key: str, scale: float = 1.0) -> Callable[[Kept, Line], Sequence[float]]:
    """Returns a column's values: a number of each result of a line's row, those that have it."""

    def values(kept: Kept, line: Line) -> list[float]:
        found = kept.of(line.row) if line.row else ()
        return [scale * one[key] for one in found if one.get(key) is not None]

    return values


def make_command(
    description: str | None, main: Callable[..., None], default: str, options: Sequence[click.Option]
) -> click.Command:
    """Returns the command of a recipe that keeps results: its own options, ``-o`` and ``--smoke``.

    Args:
        description: The recipe's docstring.
        main: Called with the folder, whether this is a smoke run, and the options.
        default: Folder of the results.
        options: The options.
    """

    def callback(output: pathlib.Path | None, is_smoke: bool, **given: Any) -> None:
        with cli.errors_in_words(), tempfile.TemporaryDirectory() as folder:
            directory = output or (pathlib.Path(folder) / "run" if is_smoke else pathlib.Path(default))
            try:
                main(directory, is_smoke, **given)
            except KeyboardInterrupt:
                click.echo(f"Interrupted. The same command goes on where it was; results are in {directory}.")
                sys.exit(130)
            if is_smoke:
                click.echo("A smoke run: the numbers mean nothing.")

    folder = click.Path(file_okay=False, path_type=pathlib.Path)
    return click.Command(
        "recipe",
        callback=callback,
        params=[
            *options,
            click.Option(["-o", "--output"], type=folder, help=f"Folder of the results. [default: {default}]"),
            click.Option(["--smoke", "is_smoke"], is_flag=True, help="End in seconds; the results mean nothing."),
        ],
        help=re.sub(r"\n\n(- |    )", "\n\n\b\n\\1", description or ""),  # lists and commands keep their lines
        context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 120},
    )

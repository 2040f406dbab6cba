"""The command line of a protocol: ``[search|retrain|tables] --row NAME --smoke``."""

from __future__ import annotations

import copy
import pathlib
import re
import sys
import tempfile
from typing import Any, Callable, Mapping, Sequence

import click

from tfnas import cli, recipe
from tfnas.data.load import is_path
from tfnas.job.tables import is_file
from tfnas.protocol import figures, tables
from tfnas.protocol.results import Results
from tfnas.protocol.retraining import retrain
from tfnas.protocol.study import Study

STAGES = ("search", "retrain", "tables")

_PASSED_ON = (*("data", "image_size", "validation", "table", "trials", "precision", "timeout", "workers", "threads"),)
"""Options of ``tfnas search`` that replace a value of every search and retraining."""


Smoke = Callable[[pathlib.Path], Study]
"""Returns a small study; files that it needs go into the folder, which is removed at the end."""


def command(description: str | None, studies: Mapping[str, Study], smoke: Smoke) -> None:
    """Runs a protocol from the command line; see `make_command`."""
    make_command(description, studies, smoke)()


def make_command(description: str | None, studies: Mapping[str, Study], smoke: Smoke) -> click.Command:
    """Returns the command of a recipe that follows the protocol of a study.

    Args:
        description: The recipe's docstring.
        studies: What it can do, by the names for ``--study``; the first one is the default.
        smoke: Makes a small study that ends in well under a minute, in place of any of these.
    """
    first = next(iter(studies))
    names = tuple(dict.fromkeys(name for study in studies.values() for name in study.names))
    parameters: list[click.Parameter] = [click.Argument(["stages"], nargs=-1, type=click.Choice(STAGES))]
    if len(studies) > 1:
        parameters.append(
            click.Option(["--study"], type=click.Choice(list(studies)), default=first, show_default=True, help="Which.")
        )
    parameters += [
        click.Option(["--row"], multiple=True, type=click.Choice(names), help="Only this row; several may be given."),
        click.Option(["--seeds"], type=click.IntRange(1), help="Runs of each row. [default: the study's]"),
        click.Option(
            ["-o", "--output"], type=click.Path(file_okay=False, path_type=pathlib.Path), help="Folder of the study."
        ),
        click.Option(["--smoke", "is_smoke"], is_flag=True, help="End in seconds; the results mean nothing."),
    ]
    for parameter in cli.search.params:
        if parameter.name in _PASSED_ON:
            passed_on = copy.copy(parameter)
            passed_on.default, passed_on.show_default = None, "the study's"
            parameters.append(passed_on)

    def callback(
        stages: Sequence[str],
        row: Sequence[str],
        seeds: int | None,
        output: pathlib.Path | None,
        is_smoke: bool,
        study: str = first,
        **options: Any,
    ) -> None:
        with cli.errors_in_words(), tempfile.TemporaryDirectory() as folder:
            chosen = smoke(pathlib.Path(folder)) if is_smoke else studies[study]
            chosen = chosen.changed(_given(options), seeds)
            directory = output or (pathlib.Path(folder) / "study" if is_smoke else pathlib.Path("runs") / chosen.name)
            try:
                run(chosen, directory, stages or STAGES, row)
            except KeyboardInterrupt:
                click.echo(f"Interrupted. The same command goes on where it was; results are in {directory}.")
                sys.exit(130)
            if is_smoke and output is None:
                click.echo("The folder of a smoke run is removed; name one with -o to keep it.")

    return click.Command(
        "protocol",
        callback=callback,
        params=parameters,
        help=re.sub(r"\n\n(- |    )", "\n\n\b\n\\1", description or ""),  # lists and commands keep their lines
        context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 120},
    )


def run(study: Study, directory: pathlib.Path, stages: Sequence[str] = STAGES, rows: Sequence[str] = ()) -> None:
    """Does stages of a study, but for what its folder holds already.

    Args:
        study: The study.
        directory: Its folder.
        stages: Some of `STAGES`; done in their order.
        rows: Names of the rows to search and to train again; none for all. Tables have all rows.

    Raises:
        RunFolderError: If the folder holds results of another configuration.
        TfnasError: If data, table or configuration cannot work.
    """
    results = Results(study, directory)
    if "search" in stages:
        for row in study.rows:
            if not rows or row.name in rows:
                _search(results, row.name)
    if "retrain" in stages:
        for part in study.retrainings:
            if not rows or part.row in rows:
                retrain(part, results, click.echo)
    if "tables" in stages:
        click.echo(tables.write(results))
        for name in figures.write(results):
            click.echo(f"drawn: {directory / name}")


def _search(results: Results, name: str) -> None:
    row = results.study.row(name)
    for number in range(row.seeds):
        config, folder = row.run(number), results.run_folder(name, number)
        if results.is_over(name, number):
            recipe.check_same(config, folder)
            click.echo(f"{name}, seed {config.seed}: done.")
        else:
            click.echo(f"{name}, seed {config.seed}")
            recipe.run(config, folder)


def _given(options: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the options that were given; other data than the study's are split by shares, and come as they are."""
    fields = {name: value for name, value in options.items() if value is not None}
    if "data" in fields:
        if is_path(fields["data"]):
            fields["data"] = str(pathlib.Path(fields["data"]).absolute())
        fields = {"protocol": None, "image_size": None, **fields}
    if "table" in fields and is_file(fields["table"]):
        fields["table"] = str(pathlib.Path(fields["table"]).absolute())
    return fields

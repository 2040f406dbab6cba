"""What recipes share: each is a `tfnas search` with defaults of its own and a smoke run."""

from __future__ import annotations

import copy
import dataclasses
import pathlib
import tempfile
from typing import Any, Callable, Mapping

import click

from tfnas import cli, job, search
from tfnas.errors import RunFolderError
from tfnas.runlog import has_run

_DEFAULT = click.core.ParameterSource.DEFAULT

_PAIRS = {"skeleton": "space", "strategy_options": "strategy"}
"""Options that are pairs of name and value, and the option that they belong to."""

Main = Callable[[job.SearchConfig, pathlib.Path], search.SearchResult]


def run(config: job.SearchConfig, directory: pathlib.Path) -> search.SearchResult:
    """Runs a search, or goes on with the same one where it is in the folder, and prints its summary.

    Args:
        config: What to do.
        directory: The run folder.

    Raises:
        RunFolderError: If the folder holds a run of another configuration.
    """
    if has_run(directory):
        check_same(config, directory)
        result = job.resume(directory, cli.watch)
    else:
        result = job.start(config, directory, cli.watch)
    cli.finish(result, directory)
    return result


def check_same(config: job.SearchConfig, directory: pathlib.Path) -> None:
    """Raises `RunFolderError` if a run asked for something else; what was left open then is settled now."""
    there = job.read_config(directory)
    config = job.with_table(config)
    differing = []
    for field in dataclasses.fields(config):
        asked, found = getattr(config, field.name), getattr(there, field.name)
        if isinstance(asked, Mapping):
            asked = {**found, **asked}
        is_path = field.name in ("data", "table") and isinstance(asked, str)
        same = asked in (None, found) or (is_path and str(pathlib.Path(asked).absolute()) == found)
        if not same:
            differing.append(f"{field.name} {found!r} instead of {asked!r}")
    if differing:
        raise RunFolderError(
            f"run folder {directory}",
            expected="a new folder, or a run of the same configuration to go on with",
            received=f"a run with {', '.join(differing)}",
            remedy=f"Choose another folder with -o, or go on with what is there: tfnas resume {directory}",
        )


def command(description: str | None, config: job.SearchConfig, smoke: Mapping[str, Any], main: Main = run) -> None:
    """Runs a recipe from the command line; see `make_command`."""
    make_command(description, config, smoke, main)()


def make_command(
    description: str | None, config: job.SearchConfig, smoke: Mapping[str, Any], main: Main = run
) -> click.Command:
    """Returns the command of a recipe: the options of ``tfnas search``, and ``--smoke``.

    Args:
        description: The recipe's docstring.
        config: The defaults. Sizes and strategy options that are given replace single ones of it, as long
            as space and strategy are its own.
        smoke: Fields that make it end in seconds; the results mean nothing then. Options that are given
            stand.
        main: What is done with the configuration and the run folder.
    """
    parameters = [copy.copy(parameter) for parameter in cli.search.params]
    for parameter in parameters:
        if parameter.name in _PAIRS:
            given = getattr(config, parameter.name)
            parameter.help += f" [recipe: {' '.join(f'{name}={value}' for name, value in given.items()) or 'none'}]"
        elif parameter.name == "test_columns":
            parameter.default = ",".join(config.test_columns)
        elif parameter.name == "output":
            parameter.show_default = "runs/<space>-evolution"
        else:
            parameter.default = getattr(config, parameter.name)
            parameter.show_default = True
    flag = click.Option(["--smoke", "is_smoke"], is_flag=True, help="End in seconds; the results mean nothing.")

    def callback(output: pathlib.Path | None, is_smoke: bool, **options: Any) -> None:
        context = click.get_current_context()
        with cli.errors_in_words(), tempfile.TemporaryDirectory() as folder:
            fields = cli.parsed(options)
            cli.check_given(fields["evaluator"])
            pairs = {key: fields[key] for key in _PAIRS}
            for key, owner in _PAIRS.items():
                if fields[owner] == getattr(config, owner):
                    fields[key] = {**getattr(config, key), **pairs[key]}
            if is_smoke:
                given = {key for key in smoke if context.get_parameter_source(key) is not _DEFAULT}
                fields |= {key: value for key, value in smoke.items() if key not in given}
                fields |= {key: {**smoke[key], **pairs[key]} for key in given & set(_PAIRS)}
            name = fields["space"].partition(",")[0]
            directory = pathlib.Path(folder) / "run" if is_smoke else pathlib.Path("runs") / f"{name}-evolution"
            main(job.SearchConfig(**fields), output or directory)
            if is_smoke and output is None:
                click.echo("The folder of a smoke run is removed; name one with -o to keep it.")

    return click.Command(
        "recipe",
        callback=callback,
        params=[*parameters, flag],
        help=description,
        context_settings={"help_option_names": ["-h", "--help"]},
    )

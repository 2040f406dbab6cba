"""What recipes share: each is a `tfnas search` with defaults of its own and a smoke run."""

from __future__ import annotations

import copy
import pathlib
import tempfile
from typing import Any, Callable, Mapping

import click

from tfnas import cli, job, search
from tfnas.runlog import has_run

_PAIRS = {"skeleton": "space", "strategy_options": "strategy"}
"""Options that are pairs of name and value, and the option that they belong to."""

Main = Callable[[job.SearchConfig, pathlib.Path], search.SearchResult]


def run(config: job.SearchConfig, directory: pathlib.Path) -> search.SearchResult:
    """Runs a search, or goes on with the one that is in the folder, and prints its summary.

    Args:
        config: What to do; a run that is there keeps its own.
        directory: The run folder.
    """
    result = job.resume(directory, cli.watch) if has_run(directory) else job.start(config, directory, cli.watch)
    cli.finish(result, directory)
    return result


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
        elif parameter.name != "output":
            parameter.default = getattr(config, parameter.name)
            parameter.show_default = True
    flag = click.Option(["--smoke", "is_smoke"], is_flag=True, help="End in seconds; the results mean nothing.")

    def callback(output: pathlib.Path | None, is_smoke: bool, **options: Any) -> None:
        context = click.get_current_context()
        with cli.errors_in_words(), tempfile.TemporaryDirectory() as folder:
            fields = cli.parsed(options)
            for pairs, owner in _PAIRS.items():
                if fields[owner] == getattr(config, owner):
                    fields[pairs] = {**getattr(config, pairs), **fields[pairs]}
            if is_smoke:
                usual = click.core.ParameterSource.DEFAULT
                fields |= {key: value for key, value in smoke.items() if context.get_parameter_source(key) is usual}
            name = fields["space"].partition(",")[0]
            directory = pathlib.Path(folder) / "run" if is_smoke else pathlib.Path("runs") / f"{name}-evolution"
            main(job.SearchConfig(**fields), output or directory)

    return click.Command("recipe", callback=callback, params=[*parameters, flag], help=description)

"""What recipes share: each is a `tfnas search` with defaults of its own and a smoke run."""

from __future__ import annotations

import copy
import dataclasses
import pathlib
import tempfile
from typing import Any, Callable, Mapping

import click

from tfnas import cli, job, search
from tfnas.runlog import has_run

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
    """Runs a recipe from the command line: the options of ``tfnas search``, and ``--smoke``.

    Args:
        description: The recipe's docstring.
        config: The defaults.
        smoke: Fields that make it end in seconds; the results mean nothing then.
        main: What is done with the configuration and the run folder.
    """
    parameters = [copy.copy(parameter) for parameter in cli.search.params]
    for parameter in parameters:
        if parameter.name in ("skeleton", "strategy_options"):
            given = getattr(config, parameter.name)
            parameter.default = tuple(f"{name}={value}" for name, value in given.items())
        elif parameter.name == "test_columns":
            parameter.default = ",".join(config.test_columns)
        elif parameter.name != "output":
            parameter.default = getattr(config, parameter.name)
        parameter.show_default = True
    flag = click.Option(["--smoke"], is_flag=True, help="End in seconds; the results mean nothing.")

    def callback(output: pathlib.Path | None, smoke_run: bool, **options: Any) -> None:
        if smoke_run:
            with tempfile.TemporaryDirectory() as folder:
                main(dataclasses.replace(config, **smoke), output or pathlib.Path(folder) / "run")
        else:
            name = config.space.partition(",")[0]
            main(job.SearchConfig(**cli.parsed(options)), output or pathlib.Path("runs") / f"{name}-evolution")

    flag.name = "smoke_run"
    click.Command("recipe", callback=callback, params=[*parameters, flag], help=description)()

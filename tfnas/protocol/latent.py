"""What recipes of searches in latent spaces share: the option for the autoencoder, and one for smoke runs."""

from __future__ import annotations

import copy
import pathlib
from typing import Any, Callable, Mapping

import click

from tfnas import autoencoding, cli
from tfnas.autoencoding import TrainingJob
from tfnas.errors import ConfigError
from tfnas.protocol.command_line import Smoke, make_command
from tfnas.protocol.study import Study

Studies = Callable[[str], Mapping[str, Study]]
"""Returns the studies that search in the latent space of the autoencoder in a folder."""


def folder_of(comparison: str, name: str) -> str:
    """Returns the folder that a recipe of autoencoders leaves a trained one in."""
    return f"runs/{comparison}/autoencoders/{name}/seed0"


def command(description: str | None, studies: Studies, default: str, smoke: Smoke) -> None:
    """Runs a protocol with an autoencoder from the command line; see `make_latent_command`."""
    make_latent_command(description, studies, default, smoke)()


def make_latent_command(description: str | None, studies: Studies, default: str, smoke: Smoke) -> click.Command:
    """Returns `tfnas.protocol.command_line.make_command` with the option ``--autoencoder``.

    Args:
        description: The recipe's docstring.
        studies: Makes what it can do, by the names for ``--study``; the first one is the default.
        default: Folder of the autoencoder that is searched with.
        smoke: Makes a small study, in place of any of these.
    """
    made = make_command(description, studies(default), smoke)

    def callback(autoencoder: str, **options: Any) -> None:
        chosen = studies(default if options["is_smoke"] else autoencoder)
        needs = "search" in (options["stages"] or ("search",)) and not options["is_smoke"]
        with cli.errors_in_words():
            if needs and not (pathlib.Path(autoencoder) / autoencoding.MODEL).is_dir():
                raise ConfigError(
                    "--autoencoder",
                    expected="a folder of a trained one",
                    received=repr(autoencoder),
                    remedy="Train it first, as `--help` says.",
                )
        make_command(description, chosen, smoke).callback(**options)
        if options["is_smoke"]:
            click.echo("A smoke run: the numbers mean nothing.")

    command_ = copy.copy(made)
    command_.callback = callback
    command_.params = [
        *made.params,
        click.Option(["--autoencoder"], default=default, show_default=True, help="Folder of a trained autoencoder."),
    ]
    return command_


def train_small(folder: pathlib.Path, space: str, count: int | None = None, **options: Any) -> str:
    """Trains an autoencoder that has learned nothing, for smoke runs, and returns its folder."""
    options = {"hidden": [8], "latent": 4, **options}
    job = TrainingJob(model="arch2vec", space=space, options=options, epochs=1, count=count, split="line")
    autoencoding.train(job, folder / "autoencoder")
    return str(folder / "autoencoder")

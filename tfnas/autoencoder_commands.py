"""The command line: ``tfnas autoencoder train | evaluate | map | list``."""

from __future__ import annotations

import contextlib
import json
import pathlib
import shlex
import signal
import sys
from typing import TYPE_CHECKING, Any, Iterator

import click

from tfnas.option_texts import read_pairs

if TYPE_CHECKING:
    from tfnas.autoencoding import Measure, TrainedEpoch

_FOLDER = click.Path(file_okay=False, path_type=pathlib.Path)
_FILE = click.Path(dir_okay=False, path_type=pathlib.Path)


@click.group()
def autoencoder() -> None:
    """Learned latent spaces of architectures: training, measures, and what there is."""


def _option(*names: str, **arguments: Any) -> Any:
    return click.option(*names, show_default=arguments.pop("show_default", True), **arguments)


_where_graphs_are = _option(
    "--graphs",
    type=_FILE,
    default=None,
    show_default="where it was",
    metavar="FILE.txt",
    help="Where the file is now that the graphs were read from.",
)


@autoencoder.command()
@_option("--model", required=True, show_default=False, help="A model of `tfnas autoencoder list`.")
@_option("--space", required=True, show_default=False, help="Search space, with its options behind commas.")
@_option("--configuration", default="paper", help="Sizes and forms by name, see `tfnas autoencoder list`.")
@_option(
    "--option",
    "options",
    multiple=True,
    metavar="NAME=VALUE",
    show_default="the configuration's",
    help="What differs from it, such as hidden=64 or pairs=symmetric; several may be given.",
)
@_option("--epochs", type=int, default=None, show_default="the paper's", help="Passes over the graphs.")
@_option("--batch", type=int, default=None, show_default="the paper's", help="Graphs a step.")
@_option("--rate", type=float, default=None, show_default="the paper's", help="Learning rate.")
@_option(
    "--graphs",
    type=_FILE,
    default=None,
    show_default="members of the space",
    metavar="FILE.txt",
    help="Train on these: published forms, one a line, or ENAS's published file.",
)
@_option("--count", type=int, default=None, show_default="all of a small space", help="Draw so many members at random.")
@_option("--drawn", type=int, default=None, show_default="none", help="Train on so many other random members besides.")
@_option("--split", default="key", help="Hold out by key (isomorphs stay together), line (as papers), or skips (ENAS).")
@_option("--held-out", type=float, default=0.1, help="Share of the graphs that is held out.")
@_option("--split-seed", type=int, default=0, help="Seed of --count, --drawn and of the split.")
@_option("--seed", type=int, default=0, help="Seed of the first weights and of the training.")
@_option("-o", "--output", type=_FOLDER, required=True, show_default=False, help="Folder for model, card and state.")
def train(output: pathlib.Path, **options: Any) -> None:
    """Train an autoencoder on graphs of a space; the same command goes on after Ctrl-C.

    \b
    tfnas autoencoder train --model svge --configuration compact --space enas_macro,layers=6 --count 20000 -o svge
    """
    from tfnas import autoencoding

    pairs = read_pairs(options.pop("options"), "--option")
    job = autoencoding.TrainingJob(options=pairs, **{**options, "graphs": _text(options["graphs"])})
    with _interruptible(job.command(output)), _Progress() as progress:
        total = job.training().epochs
        card = autoencoding.train(
            job,
            output,
            on_epoch=lambda epoch: progress.step(_epoch_line(epoch, total), epoch.number, total),
            on_progress=lambda done, all_: progress.show(f"reading graphs: {done:,} of {all_:,}", done, all_),
        )
    click.echo(
        f"{output}: {card.job.model} with {card.parameters:,} weights, trained on {card.trained:,} graphs, "
        f"{card.held_out:,} held out, {_duration(card.seconds)}"
    )
    click.echo(f"Measure it with: {shlex.join(['tfnas', 'autoencoder', 'evaluate', str(output)])}")


@autoencoder.command()
@click.argument("directory", type=_FOLDER)
@_option(
    "--prior", "priors", multiple=True, show_default="all", help="Prior to draw points from; several may be given."
)
@_option("--points", type=int, default=1_000, help="Points of a prior, each decoded 10 times.")
@_option("--independent", type=int, default=10_000, help="Points of a prior, each decoded once.")
@_option("--pairs", type=int, default=None, show_default="11606", help="Isomorphic pairs, at most.")
@_option("--limit", type=int, default=None, show_default="all", help="Held-out graphs to measure.")
@_where_graphs_are
@_option("--seed", type=int, default=0, help="Seed of all draws.")
def evaluate(directory: pathlib.Path, **options: Any) -> None:
    """Measure what is in DIRECTORY: reconstruction, generation, coverage, smoothness.

    Each measure is kept in evaluation.json as soon as it is done; the same command goes on after Ctrl-C.
    """
    from tfnas import autoencoding
    from tfnas.autoencoding.tables import tables

    chosen = {name: value for name, value in options.items() if value not in (None, ())}
    words = ["tfnas", "autoencoder", "evaluate", str(directory)]
    for name, value in chosen.items():
        for each in value if isinstance(value, tuple) else (value,):
            words += [f"--{name.removesuffix('s') if name == 'priors' else name}", str(each)]
    with _interruptible(shlex.join(words)), _Progress() as progress:
        place = [0, 1]

        def start(name: str, number: int, total: int) -> None:
            place[:] = number, total
            progress.show(name, number - 1, total)

        def done(measure: Measure) -> None:
            text = f"{measure.name} ({place[0]} of {place[1]}): {_duration(measure.seconds)}"
            progress.step(text, place[0], place[1])

        found = autoencoding.evaluate(
            directory,
            **chosen,
            on_start=start,
            on_measure=done,
            on_progress=lambda done, all_: progress.show(f"reading graphs: {done:,} of {all_:,}", done, all_),
        )
    console = _console(stderr=False)
    console.print(f"{found.model} on {found.space}")
    for table in tables(found):
        console.print()
        console.print(table)
    click.echo(f"\n{directory / autoencoding.EVALUATION}")


@autoencoder.command("map")
@click.argument("directory", type=_FOLDER)
@_option(
    "-o",
    "--output",
    type=click.Path(path_type=pathlib.Path),
    default=None,
    show_default="DIRECTORY/map",
    help="Folder for the page and its pictures, or FILE.html for the page alone.",
)
@_option("--table", default=None, show_default="none", metavar="NAME|FILE.csv", help="Table to colour graphs by.")
@_option("--column", default=None, show_default="none", help="Its column, larger values better.")
@_option("--limit", type=int, default=None, show_default="all", help="Graphs to embed.")
@_where_graphs_are
@_option("--seed", type=int, default=0, help="Seed of all that is drawn.")
def map_(directory: pathlib.Path, output: pathlib.Path | None, table: str | None, **options: Any) -> None:
    """Draw the latent space in DIRECTORY: maps, neighbours, walks, distances, and the tables of `evaluate`."""
    from tfnas import autoencoding

    read = None
    if table is not None:
        from tfnas.data import store
        from tfnas.data.tables import Table
        from tfnas.job.tables import is_file

        space = autoencoding.read_card(directory).job.make_space()
        read = Table.from_csv(table, space) if is_file(table) else store.table(table)
    with _Progress() as progress:
        paths = autoencoding.draw_map(
            directory,
            directory / "map" if output is None else output,
            table=read,
            on_progress=lambda done, all_: progress.show(f"reading graphs: {done:,} of {all_:,}", done, all_),
            **options,
        )
    click.echo(str(paths.html))


@autoencoder.command("list")
def list_() -> None:
    """List the models, the spaces that each can do, and its configurations."""
    from tfnas import autoencoding

    console = _console(stderr=False)
    for entry in autoencoding.catalogue():
        click.secho(entry.model, bold=True)
        console.print(f"  spaces: {', '.join(entry.spaces)}", soft_wrap=True)
        for name, differs in entry.configurations.items():
            own = " ".join(f"{option}={json.dumps(value)}" for option, value in differs.items())
            console.print(f"  {name}: {own or 'all defaults'}", soft_wrap=True)


def _text(path: pathlib.Path | None) -> str | None:
    return None if path is None else str(path)


def _epoch_line(epoch: TrainedEpoch, total: int) -> str:
    text = (
        f"epoch {epoch.number} of {total}: loss {epoch.loss:.4g}; held out: reconstruction {epoch.reconstruction:.4g}, "
        f"divergence {epoch.divergence:.4g}; {epoch.speed:,.0f} graphs/s"
    )
    left = (total - epoch.number) * epoch.seconds
    return f"{text}, {_duration(left)} left" if left else text


def _duration(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def _console(*, stderr: bool) -> Any:
    from rich.console import Console

    return Console(highlight=False, stderr=stderr)


@contextlib.contextmanager
def _interruptible(again: str) -> Iterator[None]:
    """Says after Ctrl-C what to run to go on."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # ends as cleanly as Ctrl-C
    try:
        yield
    except KeyboardInterrupt:
        click.echo(f"Interrupted. Go on with: {again}", err=True)
        sys.exit(130)


class _Progress:
    """On a terminal one live bar, elsewhere one line a step."""

    def __init__(self) -> None:
        from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

        self._console = _console(stderr=True)
        self._bar = Progress(
            SpinnerColumn(),
            BarColumn(bar_width=10),
            TimeElapsedColumn(),
            TextColumn("{task.description}"),  # last: a narrow terminal may cut it
            console=self._console,
            transient=True,
            disable=not self._console.is_terminal,
        )
        self._task = self._bar.add_task("starting", total=None)

    def __enter__(self) -> _Progress:
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()

    def show(self, text: str, done: int, total: int) -> None:
        """Says what is being done, on a terminal alone."""
        self._bar.update(self._task, completed=done, total=total, description=text)

    def step(self, text: str, done: int, total: int) -> None:
        """Says what is done."""
        self.show(text, done, total)
        if not self._console.is_terminal:
            self._console.print(text, soft_wrap=True)

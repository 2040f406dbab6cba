"""The command line: ``tfnas data list | fetch | import | check | path``."""

from __future__ import annotations

import contextlib
import pathlib
import sys
from typing import Any, Callable, Iterator

import click

from tfnas.errors import ConfigError, DataError

_COLOURS = {
    "ready": "green",
    "embedded": "green",
    "downloaded": "cyan",
    "partly downloaded": "yellow",
    "damaged": "red",
    "not here": "dim",
}
_WIDTH = 140
"""Characters of a line where the output is no terminal."""


@click.group()
def data() -> None:
    """Benchmark tables and images: what is known, what is here, and how to get the rest.

    They are kept in the folder TFNAS_DATA_DIR, by default ~/.cache/tfnas. TFNAS_OFFLINE=1 forbids the network.
    """


@data.command("list")
def list_() -> None:
    """List the data that is known by name, and your own tables."""
    from rich.table import Table

    from tfnas.data import catalogue, store
    from tfnas.data.home import data_dir

    shown = Table(box=None, pad_edge=False)
    for column in ("name", "what it is", "space", "state", "size", "how"):
        shown.add_column(
            column, no_wrap=column == "name", overflow="fold", justify="right" if column == "size" else "left"
        )
    for name in (*catalogue.names(), *store.own_tables()):
        here = store.status(name)
        size = _size(here.size) if here.size else ""
        state = f"[{_COLOURS[here.state]}]{here.state}[/]"
        if name in catalogue.names():
            entry = catalogue.get(name)
            title = f"{entry.title} ({entry.note})" if entry.note else entry.title
            shown.add_row(name, title, entry.space or "", state, size, _way(entry, here.state))
        else:
            shown.add_row(name, "your own table", store.space_of(name), state, size, "")
    console = _console()
    console.print(shown)
    console.print(f"\nGet it with: tfnas data fetch NAME, which says what to do by hand. Kept in {data_dir()}")


@data.command()
@click.argument("name")
@click.option("--offline", is_flag=True, default=False, show_default="off", help="Use no network.")
def fetch(name: str, offline: bool) -> None:
    """Download data that is known by NAME, and import it if it is a table.

    A download that is broken off goes on where it was. What cannot be downloaded is explained.
    """
    from tfnas.data import fetching

    with _interruptible(f"tfnas data fetch {name}"), _bars() as bar:
        path = fetching.fetch(
            name, offline=offline or None, on_download=bar("download", in_bytes=True), on_read=bar("read")
        )
    click.echo(f"{name}: {path or 'embedded, nothing to fetch'}")


@data.command("import")
@click.argument("source")
@click.argument("path", required=False, type=click.Path(path_type=pathlib.Path))
@click.option("--space", default=None, show_default="none", help="Search space of a CSV table, options behind commas.")
@click.option("--name", default=None, show_default="the file's", help="Name of a CSV table.")
@click.option(
    "--split",
    "splits",
    multiple=True,
    metavar="COLUMN=SPLIT",
    show_default="test where the column's name says so, else validation",
    help="What a column of a CSV table was measured on: train, validation or test; several may be given.",
)
@click.option(
    "--architecture", default=None, metavar="COLUMN", show_default="arch", help="Column of a CSV table's architectures."
)
def import_(
    source: str,
    path: pathlib.Path | None,
    space: str | None,
    name: str | None,
    splits: tuple[str, ...],
    architecture: str | None,
) -> None:
    """Import a table that you have: NAME FILE, or FILE.csv with --space.

    \b
    tfnas data import nasbench101_only108 nasbench_only108.tfrecord
    tfnas data import mine.csv --space nasbench201 --split valid_loss=validation
    """
    from tfnas.data import store

    again = " ".join(["tfnas data import", source, *([str(path)] if path else ["..."])])
    if path is not None:
        given = {"--space": space, "--name": name, "--split": splits, "--architecture": architecture}
        if wrong := [option for option, value in given.items() if value]:
            raise ConfigError(
                ", ".join(wrong), expected="none with a NAME of the catalogue", received=f"{source} {path}"
            )
        with _interruptible(again), _bars() as bar:
            folder = store.import_known(source, path, on_read=bar("read"))
    else:
        if space is None:
            raise ConfigError(
                f"import of {source!r}",
                expected="NAME FILE for a table that tfnas data list has, or FILE.csv --space SPACE",
                received="one argument and no --space",
            )
        pairs = dict(_pair(text) for text in splits)
        with _interruptible(again):
            folder = store.import_csv(source, space, name=name, splits=pairs, architecture=architecture or "arch")
    read = store.table(folder.name)
    click.echo(f"{folder.name}: {len(read):,} rows, columns {', '.join(read.columns)}")
    click.echo(str(folder))


@data.command()
@click.argument("name", required=False)
def check(name: str | None) -> None:
    """Check the checksums of NAME, or of all imported tables. The exit status is 1 if anything is wrong."""
    from tfnas.data import catalogue, store

    imported = [known for known in catalogue.names() if store.table_dir(known).exists()]
    chosen = [name] if name else [*imported, *store.own_tables()]
    if not chosen:
        click.echo("nothing is imported")
    wrong = 0
    for known in chosen:
        try:
            line = store.check(known)
        except DataError as error:
            wrong += 1
            click.secho("wrong  ", fg="red", bold=True, nl=False)
            line = str(error)
        else:
            click.secho("right  ", fg="green", nl=False)
        click.echo(f"{known}: {line}")
    sys.exit(1 if wrong else 0)


@data.command()
@click.argument("name")
def path(name: str) -> None:
    """Print where NAME is on this machine."""
    from tfnas.data import store

    here = store.status(name)
    if here.path is None:
        raise DataError(
            f"path of {name!r}",
            expected="data in a file or folder",
            received=here.state,
            remedy=f"Run: tfnas data fetch {name}" if here.state == "not here" else "It comes with a package.",
        )
    click.echo(str(here.path))


def _way(entry: Any, state: str) -> str:
    """Returns how data comes here, empty where it is."""
    if state in ("ready", "embedded"):
        return ""
    if entry.package:
        return "package" if state == "not here" else "fetch"
    return "by hand" if entry.manual and state == "not here" else "fetch"


def _pair(text: str) -> tuple[str, str]:
    column, equals, split = text.rpartition("=")
    if not equals or not column:
        raise ConfigError("--split", expected="COLUMN=SPLIT, such as loss=validation", received=repr(text))
    return column, split


def _size(count: int) -> str:
    from rich.filesize import decimal

    return decimal(count)


def _console(**options: Any) -> Any:
    from rich.console import Console

    console = Console(highlight=False, **options)
    if not console.is_terminal:
        console = Console(highlight=False, width=_WIDTH, **options)
    return console


@contextlib.contextmanager
def _interruptible(again: str) -> Iterator[None]:
    """Says after Ctrl-C what to run to go on."""
    try:
        yield
    except KeyboardInterrupt:
        click.echo(f"Interrupted. Go on with: {again}", err=True)
        sys.exit(130)


@contextlib.contextmanager
def _bars() -> Iterator[Callable[..., Callable[[int, int | None], None]]]:
    """Yields a function that makes observers, each with a bar of its own, on a terminal only."""
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

    console = _console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(bar_width=30), "{task.percentage:>3.0f}%")
    plain = Progress(*columns, TimeRemainingColumn(), console=console, transient=True, disable=not console.is_terminal)
    bytes_ = Progress(
        *columns,
        DownloadColumn(),
        TimeRemainingColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    )

    def bar(label: str, in_bytes: bool = False) -> Callable[[int, int | None], None]:
        progress = bytes_ if in_bytes else plain
        task = progress.add_task(label, total=None, visible=False)

        def observe(done: int, total: int | None) -> None:
            progress.start()
            progress.update(task, completed=done, total=total, visible=True)
            if done == total:
                progress.stop()

        return observe

    try:
        yield bar
    finally:
        plain.stop()
        bytes_.stop()

"""The command line: ``tfnas data list | fetch | import | check | remove | path``."""

from __future__ import annotations

import contextlib
import os
import pathlib
import shlex
import shutil
import sys
import textwrap
from typing import TYPE_CHECKING, Any, Callable, Iterator, Mapping

import click

from tfnas.errors import ConfigError, DataError, TfnasError

if TYPE_CHECKING:
    from tfnas.data.tables import Table

_COLOURS = {
    "ready": "green",
    "embedded": "green",
    "downloaded": "cyan",
    "partly downloaded": "yellow",
    "damaged": "red",
    "not here": None,
}


@click.group()
def data() -> None:
    """Benchmark tables and images: what is known, what is here, and how to get the rest.

    They are kept in the folder TFNAS_DATA_DIR, by default ~/.cache/tfnas. TFNAS_OFFLINE=1 forbids the network.
    """


@data.command("list")
def list_() -> None:
    """List the data that is known by name, and your own tables."""
    from tfnas.data import catalogue, store
    from tfnas.data.home import data_dir

    names = (*catalogue.names(), *store.own_tables())
    width = max(map(len, catalogue.names()))
    _row("name", width, "state", None, "size", "how")
    for name in names:
        here = store.status(name)
        size = _size(here.size) if here.size else ""
        if name in catalogue.names():
            entry = catalogue.get(name)
            _row(name, width, here.state, _COLOURS[here.state], size, _way(entry, here.state))
            about = (entry.title, entry.note, entry.space and f"space {entry.space}")
        else:
            _row(name, width, here.state, _COLOURS[here.state], size, "" if here.state == "ready" else "import")
            space = store.space_of(name)
            about = ("your own table", space and f"space {space}")
        click.secho(_wrapped("; ".join(filter(None, about)), "  "), dim=True)
    click.echo()
    click.echo(_wrapped("Get it with: tfnas data fetch NAME, which says what to do by hand.", ""))
    click.echo(f"Kept in {data_dir()}")


@data.command()
@click.argument("name")
@click.option("--offline", is_flag=True, default=False, show_default="off", help="Use no network.")
def fetch(name: str, offline: bool) -> None:
    """Download data that is known by NAME, and import it if it is a table.

    A download that is broken off goes on where it was. A damaged table is mended. What cannot be downloaded is
    explained.
    """
    from tfnas.data import fetching, store

    with _interruptible(), _bars() as bar:
        path = fetching.fetch(
            name, offline=offline or None, on_download=bar("download", in_bytes=True), on_read=bar("read")
        )
    click.echo(f"{name}: {path or 'embedded, nothing to fetch'}")
    if name in store.tables():
        read = store.table(name)
        _say_columns(name, read)
        _say_search(name, read)


@data.command("import")
@click.argument("source")
@click.argument("path", required=False, type=click.Path(path_type=pathlib.Path))
@click.option("--space", default=None, show_default="none", help="Search space of a CSV table, options behind commas.")
@click.option("--name", default=None, show_default="the file's", help="Name of a CSV table.")
@click.option(
    "--split",
    multiple=True,
    metavar="COLUMN=SPLIT",
    show_default="test where the column's name says so, else validation",
    help="What a column of a CSV table was measured on: train, validation or test; several may be given.",
)
@click.option(
    "--architecture", default=None, metavar="COLUMN", show_default="arch", help="Column of a CSV table's architectures."
)
@click.option(
    "--columns", default=None, metavar="A,B", show_default="all of numbers", help="The columns of a CSV table to load."
)
@click.option(
    "--replace", is_flag=True, default=False, show_default="off", help="Replace a table of your own of the same name."
)
def import_(source: str, path: pathlib.Path | None, **options: Any) -> None:
    """Import a table that you have: NAME FILE, or FILE.csv with --space.

    NAME alone imports a table again that a package brings.

    \b
    tfnas data import nasbench101_only108 nasbench_only108.tfrecord
    tfnas data import mine.csv --space nasbench201 --split valid_loss=validation
    """
    from tfnas.data import catalogue, store

    if path is None and options["space"] is None and source in catalogue.names() and catalogue.get(source).package:
        path = store.package_file(source)
    if path is None:
        return _import_csv(source, **options)
    if wrong := [f"--{option}" for option, value in options.items() if value]:
        raise ConfigError(", ".join(wrong), expected="none with a NAME of the catalogue", received=f"{source} {path}")
    with _interruptible(), _bars() as bar:
        folder = store.import_known(source, path, on_read=bar("read"))
    read = store.table(source)
    click.echo(f"{source}: {folder}")
    _say_columns(source, read)
    _say_search(source, read)


def _import_csv(
    source: str,
    space: str | None,
    name: str | None,
    split: tuple[str, ...],
    architecture: str | None,
    columns: str | None,
    replace: bool,
) -> None:
    from tfnas.data import fetching, places, store
    from tfnas.data.tables.csv_file import read_header

    if space is None:
        raise ConfigError(
            f"import of {source!r}",
            expected="NAME FILE for a table that tfnas data list has, or FILE.csv --space SPACE",
            received="one argument and no --space",
        )
    declared = dict(_pair(text) for text in split)
    architecture = architecture or "arch"
    chosen = [column.strip() for column in (columns or "").split(",") if column.strip()] or None
    with _interruptible():
        folder = fetching.import_csv(
            source, space, name=name, splits=declared, architecture=architecture, columns=chosen, replace=replace
        )
    read = store.table(folder.name)
    origin = {column: "declared" if column in declared else "taken from the name" for column in read.columns}
    click.echo(f"{folder.name}: {folder}")
    _say_columns(folder.name, read, origin)
    left = [
        column
        for column in read_header(places.existing(source))
        if column not in read.columns and column != architecture
    ]
    if left:
        why = "no numbers in them" if chosen is None else "not in --columns"
        click.echo(_wrapped(f"left out, {why}: {', '.join(left)}", "  "))
    _say_search(folder.name, read, space)


@data.command()
@click.argument("name", required=False)
def check(name: str | None) -> None:
    """Check the checksums of NAME, or of all imported tables. Nothing is imported or written.

    The exit status is 1 if anything is wrong.
    """
    from tfnas.data import checking, places, store

    if name:
        store.status(name)
    chosen = [name] if name else [known for known in store.tables() if os.path.isdir(places.table_dir(known))]
    if not chosen:
        click.echo("nothing is imported")
    wrong = 0
    for known in chosen:
        try:
            found = checking.check(known)
        except TfnasError as error:
            wrong += 1
            click.secho("wrong", fg="red", bold=True, nl=False)
            click.echo(f"  {known}: {error}")
            continue
        click.secho("right" if found.compared else "not checked", fg="green" if found.compared else "yellow", nl=False)
        click.echo(f"  {known}: {found.line}")
        if name and found.table is not None:
            _say_columns(name, found.table)
            _say_search(name, found.table)
    sys.exit(1 if wrong else 0)


@data.command()
@click.argument("name")
def remove(name: str) -> None:
    """Remove the imported table NAME. What was downloaded, or imported from, stays."""
    from tfnas.data import places, store

    size = store.remove(name)
    click.echo(f"removed {places.table_dir(name)}: {size:,} bytes")


@data.command()
@click.argument("name")
def path(name: str) -> None:
    """Print where NAME is on this machine, once it is ready."""
    from tfnas.data import store

    here = store.status(name)
    if here.path is None or here.state != "ready":
        raise DataError(
            f"path of {name!r}",
            expected="data that is ready, in a file or folder",
            received=here.state,
            remedy="It comes with a package." if here.state == "embedded" else store.again(name),
        )
    click.echo(str(here.path))


def _say_columns(name: str, table: Table, origin: Mapping[str, str] | None = None) -> None:
    """Prints the columns of a table by split, and by where the splits are known from if `origin` tells."""
    click.echo(f"{name}: {_count(len(table), 'row')}, {_count(len(table.columns), 'column')}")
    groups: dict[str, list[str]] = {}
    for column, split in table.splits.items():
        groups.setdefault(f"{split.value}, {origin[column]}" if origin else split.value, []).append(column)
    for group, columns in groups.items():
        click.echo(_wrapped(f"{group}: {', '.join(columns)}", "  "))


def _say_search(name: str, table: Table, space: str | None = None) -> None:
    """Prints what to run to search a table; its space as it was given, or as the table names it."""
    words = ["tfnas", "search", "--space", space or table.space.name, "--evaluator", "table", "--table", name]
    click.echo(f"Search it with: {shlex.join([*words, *_signal(name, table)])}")


def _signal(name: str, table: Table) -> list[str]:
    """Returns the options that name what a search sees, none where the benchmark has a column for that."""
    from tfnas import job
    from tfnas.data import store
    from tfnas.trial import Split

    if store.columns(name) is not None:
        return []
    order = (Split.VALIDATION, Split.TRAIN, Split.TEST)
    signal = min(table.splits, key=lambda column: order.index(table.splits[column]))
    options = ["--signal", signal]
    if table.splits[signal] is Split.TEST:
        options.append("--benchmark-study")
    try:
        job.with_table(job.SearchConfig(evaluator="table", table=name, signal=signal))
    except ConfigError:  # its name sounds as if less were better
        options += ["--signal-direction", "min"]
    return options


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def _row(name: str, width: int, state: str, colour: str | None, size: str, how: str) -> None:
    """Prints a line of the list, without spaces at its end."""
    state_width, size_width = max(map(len, _COLOURS)), 8
    rest = f"{size:>{size_width}}  {how}".rstrip()
    gap = " " * (state_width - len(state) + 2) if rest else ""
    click.echo(f"{name:<{width}}  {click.style(state, fg=colour)}{gap}{rest}")


def _wrapped(text: str, indent: str) -> str:
    """Returns a text in lines that fit the terminal, further ones indented; no word is broken."""
    return textwrap.fill(
        text,
        shutil.get_terminal_size().columns,
        initial_indent=indent,
        subsequent_indent=f"{indent}  ",
        break_long_words=False,
        break_on_hyphens=False,
    )


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


@contextlib.contextmanager
def _interruptible() -> Iterator[None]:
    """Says after Ctrl-C what to run to go on."""
    again = _command()
    try:
        yield
    except KeyboardInterrupt:
        click.echo(f"Interrupted. Go on with: {again}", err=True)
        sys.exit(130)


def _command() -> str:
    """Returns the command that is running, as it was given."""
    context = click.get_current_context()
    words = ["tfnas", "data", str(context.info_name)]
    for parameter in context.command.params:
        value = context.params[str(parameter.name)]
        for each in value if isinstance(value, tuple) else (value,):
            if each is None or each is False:
                continue
            words += parameter.opts[:1] if isinstance(parameter, click.Option) else []
            words += [] if each is True else [str(each)]
    return shlex.join(words)


@contextlib.contextmanager
def _bars() -> Iterator[Callable[..., Callable[[int, int | None], None]]]:
    """Yields a function that makes observers, each with a bar of its own, on a terminal only."""
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

    console = Console(highlight=False, stderr=True)
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

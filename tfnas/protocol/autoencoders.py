"""Tables of autoencoders: those that papers compare, trained, measured, and set beside what was printed."""

from __future__ import annotations

import dataclasses
import pathlib
import re
import sys
import tempfile
from dataclasses import dataclass, field
from typing import Any, Callable, Mapping, Sequence

import click

from tfnas import autoencoding, cli
from tfnas.autoencoding import Evaluation, TrainedEpoch, TrainingJob
from tfnas.checks import check_positive
from tfnas.errors import ConfigError, UnknownNameError
from tfnas.protocol import tables
from tfnas.protocol.autoencoder_tables import PRIOR
from tfnas.protocol.tables import Table

STAGES = ("train", "evaluate", "tables")
GRAPHS = "graphs.txt"
FOLDER = "autoencoders"


@dataclass(frozen=True, slots=True)
class Entry:
    """An autoencoder of a comparison.

    Attributes:
        name: Its name, also of its folder.
        job: Its training with the first seed.
    """

    name: str
    job: TrainingJob


@dataclass(frozen=True, slots=True)
class Comparison:
    """Autoencoders that are compared.

    Attributes:
        name: Its name, also of its folder.
        entries: The autoencoders.
        tables: What is printed at the end; a line's ``row`` is the name of an entry.
        measures: Arguments of `tfnas.autoencoding.evaluate` other than its defaults.
        write_graphs: Writes the file of graphs that all are trained on, where they are not simply members of the space.
        seeds: Trainings of each; their seeds follow that of the job.

    Raises:
        ConfigError: If a name is there twice.
        UnknownNameError: If a table asks for an entry that is not there.
    """

    name: str
    entries: tuple[Entry, ...]
    tables: tuple[Table, ...]
    measures: Mapping[str, Any] = field(default_factory=dict)
    write_graphs: Callable[[pathlib.Path], None] | None = None
    seeds: int = 1

    def __post_init__(self) -> None:
        check_positive(seeds=self.seeds)
        names = [entry.name for entry in self.entries]
        if len(set(names)) < len(names):
            raise ConfigError(f"names of {self.name}", expected="one entry each", received=", ".join(names))
        for row in (row for table in self.tables for row in table.rows):
            if row not in names:
                raise UnknownNameError(f"entry of {self.name}", expected=", ".join(names), received=repr(row))

    @classmethod
    def of(cls, name: str, jobs: Mapping[str, TrainingJob], tables: Sequence[Table], **fields: Any) -> Comparison:
        """Returns a comparison of some jobs by name, with the lines of tables that are about them."""
        kept = (
            dataclasses.replace(table, lines=tuple(line for line in table.lines if line.row in jobs))
            for table in tables
        )
        entries = tuple(Entry(key, job) for key, job in jobs.items())
        return cls(name, entries, tuple(table for table in kept if table.lines), **fields)

    def changed(self, graphs: pathlib.Path | None, seeds: int | None, epochs: int | None) -> Comparison:
        """Returns the comparison with other graphs, another number of trainings, and other lengths of them."""
        fields: dict[str, Any] = {} if graphs is None else {"graphs": str(graphs.absolute()), "count": None}
        fields |= {} if epochs is None else {"epochs": epochs}
        entries = (Entry(entry.name, dataclasses.replace(entry.job, **fields)) for entry in self.entries)
        written = self.write_graphs if graphs is None else None
        return dataclasses.replace(self, entries=tuple(entries), write_graphs=written, seeds=seeds or self.seeds)


class Trainings:
    """The folder of a comparison, and what is in it so far; for `tfnas.protocol.tables.write` what `Results` is.

    Args:
        comparison: The comparison.
        directory: Its folder; trained autoencoders are in ``autoencoders/<name>/seed<number>``.
    """

    def __init__(self, comparison: Comparison, directory: pathlib.Path) -> None:
        self.study, self.directory = comparison, directory

    def runs(self, entry: Entry) -> list[tuple[TrainingJob, pathlib.Path]]:
        """Returns the jobs of an entry and their folders."""
        seeds = range(entry.job.seed, entry.job.seed + self.study.seeds)
        folder = self.directory / FOLDER / entry.name
        return [(dataclasses.replace(entry.job, seed=seed), folder / f"seed{seed}") for seed in seeds]

    def evaluations(self, name: str) -> list[Evaluation]:
        """Returns what was measured so far of an entry, in the order of the seeds."""
        entry = next(entry for entry in self.study.entries if entry.name == name)
        found = (autoencoding.read_evaluation(folder) for _, folder in self.runs(entry))
        return [evaluation for evaluation in found if evaluation is not None]


def run(
    comparison: Comparison, directory: pathlib.Path, stages: Sequence[str] = STAGES, rows: Sequence[str] = ()
) -> None:
    """Does stages of a comparison, but for what its folder holds already.

    Args:
        comparison: The comparison.
        directory: Its folder.
        stages: Some of `STAGES`; done in their order.
        rows: Names of the entries to train and to measure; none for all. Tables have all.

    Raises:
        StateError: If the folder holds a training of another job, or what is measured is not trained yet.
        ConfigError: If a job asks for graphs that there are not.
        DataError: If a file of graphs cannot be read.
    """
    if comparison.write_graphs is not None:
        path = directory / GRAPHS
        if not path.exists() and {"train", "evaluate"} & set(stages):
            click.echo(f"{path}: drawing graphs")
            directory.mkdir(parents=True, exist_ok=True)
            comparison.write_graphs(path)
        comparison = comparison.changed(path, None, None)
    trainings = Trainings(comparison, directory)
    chosen = [
        (entry.name, job, folder)
        for entry in comparison.entries
        if not rows or entry.name in rows
        for job, folder in trainings.runs(entry)
    ]
    if "train" in stages:
        for name, job, folder in chosen:
            card = autoencoding.train(job, folder, on_epoch=_teller(f"{name}, seed {job.seed}", job))
            click.echo(f"{name}, seed {job.seed}: {card.parameters:,} weights, {card.seconds:,.0f} s")
    if "evaluate" in stages:
        for name, job, folder in chosen:
            prefix = f"{name}, seed {job.seed}"
            autoencoding.evaluate(
                folder,
                **{"priors": (PRIOR,), **comparison.measures},
                graphs=job.graphs,
                on_measure=lambda done: click.echo(f"{prefix}: {done.name}, {done.seconds:,.0f} s"),
            )
    if "tables" in stages:
        click.echo(tables.write(trainings))


def _teller(prefix: str, job: TrainingJob) -> Callable[[TrainedEpoch], None]:
    total = job.training().epochs
    return lambda epoch: click.echo(
        f"{prefix}: epoch {epoch.number} of {total}, loss {epoch.loss:.4g}, {epoch.speed:,.0f} graphs/s"
    )


def command(description: str | None, comparisons: Mapping[str, Comparison], smoke: Callable[[], Comparison]) -> None:
    """Runs a comparison from the command line; see `make_command`."""
    make_command(description, comparisons, smoke)()


def make_command(
    description: str | None, comparisons: Mapping[str, Comparison], smoke: Callable[[], Comparison]
) -> click.Command:
    """Returns the command of a recipe that compares autoencoders.

    Args:
        description: The recipe's docstring.
        comparisons: What it can do, by the names for ``--study``; the first one is the default.
        smoke: Makes a comparison that ends in well under a minute, in place of any of these.
    """
    first = next(iter(comparisons))
    names = tuple(dict.fromkeys(entry.name for one in comparisons.values() for entry in one.entries))
    parameters: list[click.Parameter] = [
        click.Argument(["stages"], nargs=-1, type=click.Choice(STAGES)),
        click.Option(
            ["--study"], type=click.Choice(list(comparisons)), default=first, show_default=True, help="Which."
        ),
        click.Option(["--row"], multiple=True, type=click.Choice(names), help="Only this one; several may be given."),
        click.Option(["--seeds"], type=click.IntRange(1), help="Trainings of each. [default: the study's]"),
        click.Option(["--epochs"], type=click.IntRange(1), help="Epochs of each training. [default: the study's]"),
        click.Option(
            ["--graphs"],
            type=click.Path(dir_okay=False, path_type=pathlib.Path),
            help="Train on the graphs of this file, one a line. [default: the study's]",
        ),
        click.Option(["-o", "--output"], type=click.Path(file_okay=False, path_type=pathlib.Path), help="Folder."),
        click.Option(["--smoke", "is_smoke"], is_flag=True, help="End in seconds; the results mean nothing."),
    ]

    def callback(
        stages: Sequence[str],
        study: str,
        row: Sequence[str],
        seeds: int | None,
        epochs: int | None,
        graphs: pathlib.Path | None,
        output: pathlib.Path | None,
        is_smoke: bool,
    ) -> None:
        with cli.errors_in_words(), tempfile.TemporaryDirectory() as folder:
            chosen = (smoke() if is_smoke else comparisons[study]).changed(graphs, seeds, epochs)
            directory = output or (pathlib.Path(folder) / "run" if is_smoke else pathlib.Path("runs") / chosen.name)
            try:
                run(chosen, directory, stages or STAGES, row)
            except KeyboardInterrupt:
                click.echo(f"Interrupted. The same command goes on where it was; results are in {directory}.")
                sys.exit(130)
            if is_smoke:
                click.echo("A smoke run: the numbers mean nothing.")

    return click.Command(
        "autoencoders",
        callback=callback,
        params=parameters,
        help=re.sub(r"\n\n(- |    )", "\n\n\b\n\\1", description or ""),  # lists and commands keep their lines
        context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 120},
    )

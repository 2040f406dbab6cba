"""The command line: ``tfnas search | resume | report | show | spaces | data | autoencoder | export | doctor``.

Nothing heavy is imported here; each command imports what it needs.
"""

from __future__ import annotations

import contextlib
import datetime
import functools
import pathlib
import signal
import sys
import warnings
from typing import Any, Iterator, Mapping

import click

import tfnas
from tfnas.autoencoder_commands import autoencoder
from tfnas.data_commands import data
from tfnas.errors import ConfigError, TfnasError
from tfnas.option_texts import read_pairs

_CONTEXT = {"help_option_names": ["-h", "--help"], "max_content_width": 110}
_TRAINING = (
    *("data", "classes", "class_seed", "protocol", "image_size", "validation", "test", "epochs", "last_epochs"),
    *("final_epochs", "batch_size", "optimizer", "learning_rate", "weight_decay", "skeleton", "pad_crop", "flip"),
    *("cutout", "final_cutout", "label_smoothing", "exit_weight", "fraction", "repeats", "precision", "timeout"),
    *("workers", "threads", "finalists", "finalist_seeds"),
)
"""Options of `search` that say how networks are trained."""
_FOLDER = click.Path(file_okay=False, path_type=pathlib.Path)


@contextlib.contextmanager
def errors_in_words() -> Iterator[None]:
    """Turns errors that this library raises on purpose into one message and exit status 2, warnings into a line."""
    try:
        with warnings.catch_warnings():
            warnings.showwarning = lambda message, *_: click.echo(f"Warning: {message}", err=True)
            yield
    except TfnasError as error:
        click.secho("Error: ", fg="red", bold=True, nl=False, err=True)
        click.echo(str(error), err=True)
        sys.exit(2)


class _Commands(click.Group):
    """Commands that say errors in words."""

    def invoke(self, ctx: click.Context) -> Any:
        with errors_in_words():
            return super().invoke(ctx)


@click.group(cls=_Commands, context_settings=_CONTEXT)
@click.version_option(tfnas.__version__, "--version", prog_name="tfnas")
def main() -> None:
    """Graph-based neural architecture search for Keras."""


def _option(*names: str, **arguments: Any) -> Any:
    return click.option(*names, show_default=arguments.pop("show_default", True), **arguments)


@main.command()
@_option("-o", "--output", type=_FOLDER, default=None, show_default="runs/<date>-<time>", help="Run folder.")
@_option(
    "--data",
    default="digits",
    metavar="DATA",
    help="digits, cifar10 or another name of `tfnas data list`, tfds:NAME, a folder of images, or FILE.npz.",
)
@_option("--classes", type=int, default=None, show_default="all", help="Take this many classes, drawn at random.")
@_option("--class-seed", type=int, default=0, help="Seed of that draw.")
@_option(
    "--protocol",
    default=None,
    show_default="none",
    metavar="NAME",
    help="Splits and augmentation of a study, such as nasbench201.",
)
@_option("--trials", type=int, default=16, help="Number of networks to try.")
@_option("--strategy", default="gaussian_process_ei", help="Search strategy.")
@_option(
    "--strategy-options",
    multiple=True,
    metavar="NAME=VALUE",
    show_default="the strategy's own",
    help="Argument of the strategy, such as population=20; several may be given.",
)
@_option("--space", default="nasbench201", help="Search space, with its options behind commas, or module:Class.")
@_option("--seed", type=int, default=0, help="Seed of split, strategy and trainings.")
@_option(
    "--baseline",
    type=click.Choice(["random"]),
    default=None,
    show_default="none",
    help="Run this at the same budget beside the search, for comparison.",
)
@_option("--image-size", type=int, default=None, show_default="as in the files", help="Resize folder images.")
@_option("--validation", type=float, default=0.2, help="Share of examples to choose by, if there is no such split.")
@_option("--test", type=float, default=0.2, help="Share of examples held back to the end, if there is no such split.")
@_option("--epochs", type=int, default=12, help="Epochs a candidate.")
@_option("--last-epochs", type=int, default=1, help="A candidate's value is the mean over this many last epochs.")
@_option("--final-epochs", type=int, default=24, help="Epochs of the winner's last training.")
@_option("--batch-size", type=int, default=64, help="Examples a step.")
@_option("--optimizer", type=click.Choice(["sgd", "adam", "adamw"]), default="sgd", help="Optimizer.")
@_option("--learning-rate", type=float, default=0.1, help="Peak learning rate (cosine decay).")
@_option("--weight-decay", type=float, default=5e-4, help="Weight decay.")
@_option(
    "--skeleton",
    multiple=True,
    metavar="NAME=VALUE",
    show_default="small sizes that depend on the space",
    help="Size of the network around the cells, such as channels=16; several may be given.",
)
@_option("--pad-crop", type=int, default=0, help="Augmentation: random shift by up to this many pixels.")
@_option(
    "--flip", is_flag=True, default=False, show_default="off", help="Augmentation: random mirroring left to right."
)
@_option("--cutout", type=int, default=0, help="Augmentation: side of a square that is blanked at a random place.")
@_option("--final-cutout", type=int, default=None, show_default="as --cutout", help="The same in the last training.")
@_option("--label-smoothing", type=float, default=0.0, help="Share of a label that is spread over all classes.")
@_option("--exit-weight", type=float, default=0.4, help="Weight of the loss of an auxiliary head or early exit.")
@_option("--fraction", type=float, default=1.0, help="Share of training examples for candidates (low-data search).")
@_option("--repeats", type=int, default=1, help="Trainings a candidate; their mean counts.")
@_option(
    "--precision",
    type=click.Choice(["float32", "mixed_float16", "mixed_bfloat16"]),
    default=None,
    show_default="Keras's default",
    help="Precision of the networks.",
)
@_option("--timeout", type=float, default=None, show_default="none", help="Time limit of one candidate, seconds.")
@_option(
    "--workers", type=int, default=None, show_default="2, or 1 on a single core", help="Training processes at once."
)
@_option("--threads", type=int, default=None, show_default="cores / workers", help="Threads of each process.")
@_option("--finalists", type=int, default=3, help="Best trials to measure again with fresh seeds; 0 for none.")
@_option("--finalist-seeds", type=int, default=2, help="Fresh measurements of each finalist.")
@_option(
    "--distribution-samples",
    type=int,
    default=None,
    show_default="100 with a table, else 4",
    help="Networks to draw at the end from what the strategy has learned, and to measure; 0 for none.",
)
@_option("--evaluator", type=click.Choice(["train", "table"]), default="train", help="Train networks or look them up.")
@_option(
    "--table",
    default=None,
    show_default="the one of the extra 'tables'",
    metavar="NAME|FILE.csv",
    help="Benchmark table (--evaluator table).",
)
@_option(
    "--signal", default=None, show_default="the benchmark's", metavar="COLUMN", help="Column of the table to search by."
)
@_option(
    "--signal-direction",
    type=click.Choice(["max", "min"]),
    default=None,
    show_default="max; asked for where the name is a loss's",
    help="Whether larger or smaller values of the signal are better.",
)
@_option(
    "--test-columns",
    default="",
    show_default="the benchmark's, or none",
    metavar="COLUMN,...",
    help="Columns to read at the end.",
)
@_option(
    "--cost",
    default=None,
    show_default="the benchmark's, or none",
    metavar="COLUMN",
    help="Column of simulated seconds.",
)
@_option("--repeat", type=click.Choice(["mean", "random"]), default="mean", help="What a query gives of repeats.")
@_option(
    "--benchmark-study",
    is_flag=True,
    default=False,
    show_default="off",
    help="Allow a test column as the signal; the report says so.",
)
def search(output: pathlib.Path | None, **options: Any) -> None:
    """Search for a network, retrain the winner, and leave a run folder."""
    from tfnas import job

    config = job.SearchConfig(**parsed(options))
    check_given(config.evaluator)
    directory = output or pathlib.Path("runs") / datetime.datetime.now().strftime("%Y%m%d-%H%M%S")
    finish(job.start(config, directory, watch), directory)


def check_given(evaluator: str) -> None:
    """Refuses options on the command line that training alone reads, where nothing is trained.

    Raises:
        ConfigError: Naming them.
    """
    context = click.get_current_context()
    given = [name for name in _TRAINING if context.get_parameter_source(name) is click.core.ParameterSource.COMMANDLINE]
    if evaluator == "table" and given:
        raise ConfigError(
            "options",
            expected="none of training beside --evaluator table, which looks values up",
            received=", ".join(f"--{name.replace('_', '-')}" for name in given),
            remedy="Leave them away, or train: --evaluator train.",
        )


def parsed(options: Mapping[str, Any]) -> dict[str, Any]:
    """Turns the texts of some options of `search` into the values of `tfnas.job.SearchConfig`."""
    from tfnas import spaces

    columns = tuple(column.strip() for column in options["test_columns"].split(",") if column.strip())
    skeleton = spaces.parse_options(options["skeleton"])
    strategy = read_pairs(options["strategy_options"], "--strategy-options")
    return {**options, "skeleton": skeleton, "strategy_options": strategy, "test_columns": columns}


@main.command()
@click.argument("directory", type=_FOLDER)
def resume(directory: pathlib.Path) -> None:
    """Go on with a search that was interrupted or killed."""
    from tfnas import job

    finish(job.resume(directory, watch), directory)


@main.command()
@click.argument("directory", type=_FOLDER)
def report(directory: pathlib.Path) -> None:
    """Write report.md and report.html of a run folder again, and print the summary."""
    from tfnas import job
    from tfnas import report as reports
    from tfnas import spaces as registered

    if (directory / job.CONFIG_FILE).exists():
        registered.get(job.read_config(directory).space)  # a space of one's own becomes known by this
    baseline = directory / job.BASELINE_FOLDER
    reports.write(directory, baseline_directory=baseline if baseline.exists() else None)
    click.echo(reports.summary(directory))


@main.command()
@click.argument("architecture", required=False)
@_option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False, path_type=pathlib.Path),
    default=None,
    show_default="none",
    help="Draw the architecture into this .png, .svg or .pdf file.",
)
@_option("--space", default="nasbench201", help="Search space of the string, with its options behind commas.")
@_option("--seed", type=int, default=0, help="Seed of the random member that is shown without ARCHITECTURE.")
@_option("--input-shape", default="32,32,3", metavar="H,W,C", help="Input shape for the costs.")
@_option("--classes", type=int, default=10, help="Number of classes for the costs.")
def show(
    architecture: str | None, output: pathlib.Path | None, space: str, seed: int, input_shape: str, classes: int
) -> None:
    """Describe ARCHITECTURE (a published string, or an architecture.json file) and draw it.

    Without ARCHITECTURE a random member of the space is shown.
    """
    from tfnas import describe

    arch = describe.find(architecture, space, seed)
    text = describe.text(arch, input_shape=input_shape, num_classes=classes)
    if output is not None:
        describe.draw(arch, output)
        text += f"\ndrawn: {output}"
    click.echo(text)


@main.command()
def spaces() -> None:
    """List the search spaces."""
    from tfnas import describe

    click.echo(describe.all_spaces())


@main.command()
@click.argument("directory", type=_FOLDER)
@_option("-o", "--output", type=_FOLDER, required=True, show_default=False, help="Folder for the exported files.")
def export(directory: pathlib.Path, output: pathlib.Path) -> None:
    """Copy the trained network of a run folder: best.keras, best_savedmodel/, architecture.json."""
    from tfnas import export as exports

    for path in exports.copy(directory, output):
        click.echo(str(path))


@main.command()
def doctor() -> None:
    """Say which Python, TensorFlow, Kerases, devices and data there are, and what is wrong."""
    from tfnas import doctor as doctors

    text, healthy = doctors.examine()
    click.echo(text)
    sys.exit(0 if healthy else 1)


main.add_command(autoencoder)
main.add_command(data)


@contextlib.contextmanager
def watch(label: str, total: int, evaluator: Any) -> Iterator[Any]:
    from tfnas.progress import SearchProgress

    signal.signal(signal.SIGTERM, signal.default_int_handler)  # ends as cleanly as Ctrl-C
    config = evaluator.config()
    if config.get("benchmark_study") and config.get("split") == "test":
        _say_once(f"Benchmark study: the search sees a test column, {config['signal']}. {config.get('note', '')}")
    objective = config.get("objective")
    negated = isinstance(objective, dict) and objective.get("direction") == "min"
    with SearchProgress(
        total, label=label, percent=evaluator.validation_size is not None, sign=-1 if negated else 1
    ) as progress:
        yield progress


@functools.cache
def _say_once(text: str) -> None:
    click.echo(text.rstrip())


def finish(result: Any, directory: pathlib.Path) -> None:
    from tfnas import report as reports

    click.echo(reports.summary(directory))
    if result.finished == "interrupted":
        click.echo(f"Interrupted. Go on with: tfnas resume {directory}")
        sys.exit(130)
    if not result.rows:
        _ = result.best  # raises: a search in which nothing succeeded is an error, said once and in words


if __name__ == "__main__":
    main()

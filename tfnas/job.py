"""The main job, `tfnas search`: data in, a searched, retrained, exported and reported network out."""

from __future__ import annotations

import dataclasses
import inspect
import json
import os
import pathlib
import re
from dataclasses import dataclass
from typing import Any, Callable, ContextManager, Mapping

from tfnas import data as datasets
from tfnas import report, search, spaces, strategies
from tfnas.checks import check_positive
from tfnas.data import catalogue, store
from tfnas.errors import ConfigError, RunFolderError
from tfnas.evaluators import Evaluator, TableEvaluator, TrainingEvaluator
from tfnas.runlog import Event, has_run
from tfnas.state import write_text

CONFIG_FILE = "config.json"
BASELINE_FOLDER = "baseline_random"
EVALUATORS = ("train", "table")
DEFAULT_TABLE = "nasbench201_analog"
_LESS_IS_BETTER = {"loss", "error", "err", "mse", "mae", "uncertainty", "latency", "seconds"}

Watch = Callable[[str, int, Evaluator], ContextManager[Callable[[Event], None]]]


@dataclass(frozen=True, slots=True)
class SearchConfig:
    """What `tfnas search` was asked for; every field is an option of the same name.

    Attributes:
        space: Search space.
        strategy: Search strategy.
        strategy_options: Arguments of the strategy, by name.
        trials: Number of networks to try.
        seed: Seed of everything: split, strategy, trainings.
        data: ``"digits"``, ``"cifar10"`` or another name, a folder of images, or an ``.npz`` file; see
            `tfnas.data.load`.
        classes: Number of classes to draw at random, None for all.
        class_seed: Seed of that draw.
        protocol: Name of a study whose splits and augmentation are wanted; see `tfnas.data.protocols`.
        image_size: Side to which folder images are resized.
        validation: Share of the examples to choose by, where the data have no such split.
        test: Share of the examples to hold back until the end, where the data have no such split.
        evaluator: ``"train"`` or ``"table"``.
        table: Name of an imported table, or a CSV file; None for the table that the extra ``tables``
            installs, a benchmark study of NAS-Bench-201 (see `tfnas.data.tables.analog`).
        signal: Column of the table that the search sees; None for the one that its benchmark searches by.
        test_columns: Columns of the table that are read at the end; the benchmark's own if `signal` is None.
        cost: Column of the seconds that a query would have taken; the benchmark's own if `signal` is None.
        signal_direction: ``"max"`` or ``"min"``, for the signal of a table; None for ``"max"``, which is refused for
            names of losses and errors.
        repeat: ``"mean"`` of a table's repeats, or ``"random"`` to draw one a query.
        benchmark_study: Whether a test column may be the signal.
        epochs: Epochs a candidate.
        last_epochs: The objective is the mean over this many last epochs.
        final_epochs: Epochs of the winner's last training.
        batch_size: Examples a step.
        optimizer: ``"sgd"``, ``"adam"`` or ``"adamw"``.
        learning_rate: Peak learning rate.
        weight_decay: Weight decay.
        skeleton: Sizes of the network around the cells; the others are `SearchSpace.quick_skeleton`.
        pad_crop: Pixels of random shift, an augmentation; 0 for the protocol's, or for none.
        flip: Whether images are mirrored at random, an augmentation; a protocol may do so too.
        cutout: Side of a square that is blanked at random, an augmentation.
        final_cutout: The same in the winner's last training; None for the protocol's, or for `cutout`.
        label_smoothing: Share of a label that is spread over all classes.
        exit_weight: Weight of the loss of an auxiliary head or an early exit.
        fraction: Share of the training examples to train candidates on.
        repeats: Trainings a candidate.
        precision: Keras dtype policy, for example ``"mixed_bfloat16"``.
        timeout: Time limit of one candidate, seconds.
        workers: Training processes at once.
        threads: Threads of each process.
        finalists: Trials that are measured again with fresh seeds.
        finalist_seeds: Fresh measurements of each.
        baseline: ``"random"`` to run random search at the same budget beside it, or None.
    """

    space: str = "nasbench201"
    strategy: str = "gaussian_process_ei"
    strategy_options: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    trials: int = 16
    seed: int = 0
    data: str = "digits"
    classes: int | None = None
    class_seed: int = 0
    protocol: str | None = None
    image_size: int | None = None
    validation: float = 0.2
    test: float = 0.2
    evaluator: str = "train"
    table: str | None = None
    signal: str | None = None
    test_columns: tuple[str, ...] = ()
    cost: str | None = None
    signal_direction: str | None = None
    repeat: str = "mean"
    benchmark_study: bool = False
    epochs: int = 12
    last_epochs: int = 1
    final_epochs: int = 24
    batch_size: int = 64
    optimizer: str = "sgd"
    learning_rate: float = 0.1
    weight_decay: float = 5e-4
    skeleton: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    pad_crop: int = 0
    flip: bool = False
    cutout: int = 0
    final_cutout: int | None = None
    label_smoothing: float = 0.0
    exit_weight: float = 0.4
    fraction: float = 1.0
    repeats: int = 1
    precision: str | None = None
    timeout: float | None = None
    workers: int | None = None
    threads: int | None = None
    finalists: int = 3
    finalist_seeds: int = 2
    baseline: str | None = None

    def __post_init__(self) -> None:
        check_positive(trials=self.trials, finalist_seeds=self.finalist_seeds)
        if self.seed < 0:
            raise ConfigError("seed", expected="zero or a positive integer", received=repr(self.seed))
        for name, value, allowed in (
            ("evaluator", self.evaluator, EVALUATORS),
            ("baseline", self.baseline, (None, "random")),
            ("signal_direction", self.signal_direction, (None, "max", "min")),
        ):
            if value not in allowed:
                raise ConfigError(name, expected=f"one of {allowed}", received=repr(value))
        given = (self.table, self.signal, self.test_columns, self.cost, self.signal_direction)
        if self.evaluator == "train" and any(given):
            raise ConfigError(
                "options",
                expected="--evaluator table beside --table, --signal, --test-columns, --cost and --signal-direction",
                received="--evaluator train",
            )


def start(config: SearchConfig, directory: pathlib.Path, watch: Watch) -> search.SearchResult:
    """Runs the job in a new folder.

    Args:
        config: What to do.
        directory: The run folder.
        watch: Makes an observer of events; see `tfnas.progress`.

    Raises:
        RunFolderError: If the folder holds a run already.
        TfnasError: If data, table or configuration cannot work; nothing is left behind then.
    """
    directory = pathlib.Path(directory)
    if has_run(directory):
        raise RunFolderError(
            f"run folder {directory}",
            expected="a new folder",
            received="one that holds a run already",
            remedy=f"Go on with it (`tfnas resume {directory}`), or choose another folder with -o.",
        )
    _strategy(config.strategy, config)
    config = with_table(config)
    evaluator = make_evaluator(config)
    config = _resolved(config, evaluator)
    try:
        evaluator.check()
    except BaseException:
        evaluator.close()
        raise
    try:
        directory.mkdir(parents=True, exist_ok=True)
        write_text(directory / CONFIG_FILE, json.dumps(dataclasses.asdict(config), indent=1) + "\n")
    except OSError as error:
        evaluator.close()
        raise RunFolderError(
            f"run folder {directory}", expected="a place that can be written", received=str(error.strerror or error)
        ) from error
    return _run(config, evaluator, directory, watch)


def resume(directory: pathlib.Path, watch: Watch) -> search.SearchResult:
    """Goes on with a job that was ended before its time.

    Raises:
        RunFolderError: If the folder holds no job, or one of another version.
    """
    config = read_config(directory)
    return _run(config, make_evaluator(config), pathlib.Path(directory), watch)


def read_config(directory: pathlib.Path) -> SearchConfig:
    """Reads the configuration of a run folder.

    Raises:
        RunFolderError: If there is none, or it is not one of this version.
    """
    path = pathlib.Path(directory) / CONFIG_FILE
    if not path.parent.is_dir():
        raise RunFolderError(
            f"run folder {directory}",
            expected=f"a folder with {CONFIG_FILE}",
            received="no such folder",
            remedy="Name the folder that `tfnas search` printed at its end.",
        )
    try:
        fields = json.loads(path.read_text("utf-8"))
        return SearchConfig(**{**fields, "test_columns": tuple(fields["test_columns"])})
    except FileNotFoundError:
        raise RunFolderError(
            f"run folder {directory}",
            expected=f"a folder with {CONFIG_FILE}, made by `tfnas search`",
            received="no such file",
            remedy="A run that Python code began is resumed by the same code with resume=True.",
        ) from None
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise RunFolderError(
            str(path), expected="the configuration as `tfnas search` wrote it", received=str(error)
        ) from error


def make_evaluator(config: SearchConfig) -> Evaluator:
    """Builds the evaluator that a configuration describes."""
    space = spaces.get(config.space)
    if config.evaluator == "table":
        config = with_table(config)
        return TableEvaluator(
            _table(config, space),
            config.signal,
            test=config.test_columns,
            cost=config.cost,
            repeat=config.repeat,
            direction=config.signal_direction,
            benchmark_study=config.benchmark_study,
        )
    images = datasets.load(
        config.data,
        seed=config.seed,
        image_size=config.image_size,
        validation=config.validation,
        test=config.test,
        classes=config.classes,
        class_seed=config.class_seed,
        protocol=config.protocol,
    )
    study = images.provenance.get("protocol", {})
    regression = images.num_classes == 0
    task: dict[str, Any] = (
        dict(head="regression", loss="mean_squared_error", metrics=["mae"], objective=("val_mae", "min"))
        if regression
        else dict(num_classes=images.num_classes)
    )
    return TrainingEvaluator(
        space,
        images.train,
        images.validation,
        images.test,
        **task,
        class_names=images.class_names,
        provenance=images.provenance,
        optimizer=config.optimizer,
        skeleton={**space.quick_skeleton(images.input_shape), **config.skeleton},
        epochs=config.epochs,
        last_epochs=config.last_epochs,
        final_epochs=config.final_epochs,
        batch_size=config.batch_size,
        learning_rate=config.learning_rate,
        weight_decay=config.weight_decay,
        pad_crop=config.pad_crop or study.get("pad_crop", 0),
        flip=config.flip or study.get("flip", False),
        cutout=config.cutout,
        final_cutout=config.final_cutout if config.final_cutout is not None else study.get("final_cutout") or None,
        label_smoothing=config.label_smoothing,
        exit_weight=config.exit_weight,
        fraction=config.fraction,
        repeats=config.repeats,
        precision=config.precision,
        timeout_s=config.timeout,
        workers=config.workers,
        threads=config.threads,
    )


def with_table(config: SearchConfig) -> SearchConfig:
    """Fills in the table and the columns that a configuration left open; another configuration stays as it is.

    Raises:
        ConfigError: If nothing is known that could stand there.
    """
    if config.evaluator != "table":
        return config
    table = config.table
    if table is None:
        if config.space != catalogue.get(DEFAULT_TABLE).space:
            fitting = [name for name in catalogue.names() if catalogue.get(name).space == config.space]
            raise ConfigError(
                f"table of {config.space}",
                expected=f"a name or a file{f', for example {fitting[0]}' if fitting else ''}",
                received="none",
                remedy="Give --table NAME (`tfnas data list`) or --table FILE.csv.",
            )
        table = DEFAULT_TABLE
    known = None if _is_file(table) else store.columns(table)
    if config.signal is None and not known:
        raise ConfigError(
            f"signal of table {table}",
            expected="the column to search by",
            received="none",
            remedy="Give --signal COLUMN, and --test-columns for what is read at the end.",
        )
    signal = config.signal or known.signal
    if config.signal_direction is None and _LESS_IS_BETTER & set(re.split(r"[^a-z]+", signal.lower())):
        raise ConfigError(
            f"direction of {signal!r}",
            expected="max or min, since its name sounds as if less were better",
            received="none",
            remedy="Give --signal-direction min, or --signal-direction max.",
        )
    return dataclasses.replace(
        config,
        table=table,
        signal=signal,
        signal_direction=config.signal_direction or "max",
        test_columns=config.test_columns or tuple(name for name in (known.test if known else ()) if name != signal),
        cost=config.cost or (known.cost if known and signal == known.signal else None),
        # Who takes a benchmark's own columns studies it, where all of these are test columns.
        benchmark_study=config.benchmark_study or (config.signal is None and known.is_study),
    )


def _table(config: SearchConfig, space: spaces.SearchSpace) -> datasets.Table:
    if _is_file(config.table):
        return datasets.Table.from_csv(config.table, space)
    table = store.table(config.table)
    if table.space.name != space.name:
        raise ConfigError(
            f"table {config.table}",
            expected=f"a table of the space {space.name}",
            received=f"one of {table.space.name}",
            remedy=f"Give --space {table.space.name}",
        )
    return table


def _is_file(table: str) -> bool:
    return pathlib.Path(table).name != table or pathlib.Path(table).suffix in (".csv", ".gz") or os.path.isfile(table)


def _strategy(name: str, config: SearchConfig) -> strategies.Strategy:
    """Builds a strategy; the options are for the one that the configuration names."""
    options = dict(config.strategy_options) if name == config.strategy else {}
    make = strategies.get(name)
    unknown = sorted(set(options) - set(inspect.signature(make).parameters))
    if unknown:
        raise ConfigError(
            f"options of strategy {name}",
            expected=", ".join(p for p in inspect.signature(make).parameters if p not in ("space", "seed")),
            received=", ".join(unknown),
        )
    return make(spaces.get(config.space), seed=config.seed, **options)


def _resolved(config: SearchConfig, evaluator: Evaluator) -> SearchConfig:
    """Fills in what was left open, so that the run can be resumed from another folder or machine."""

    if os.path.exists(config.data):  # else it is a name
        config = dataclasses.replace(config, data=str(pathlib.Path(config.data).absolute()))
    if config.table is not None and _is_file(config.table):
        config = dataclasses.replace(config, table=str(pathlib.Path(config.table).absolute()))
    if isinstance(evaluator, TrainingEvaluator):
        config = dataclasses.replace(
            config,
            workers=evaluator.parallelism,
            threads=evaluator.threads,
            skeleton=dict(evaluator.recipe.skeleton),
        )
    return config


def _run(config: SearchConfig, evaluator: Evaluator, directory: pathlib.Path, watch: Watch) -> search.SearchResult:
    trained = config.evaluator == "train"
    finalists = config.finalists if trained else 0

    def one(strategy: str, folder: pathlib.Path, finalists: int, finalize: bool) -> search.SearchResult:
        measurements = config.trials + finalists * config.finalist_seeds + finalize
        with watch(strategy, measurements, evaluator) as observer:
            return search.run(
                _strategy(strategy, config),
                evaluator,
                budget=config.trials,
                directory=folder,
                seed=config.seed,
                finalists=finalists,
                finalist_seeds=config.finalist_seeds,
                finalize=finalize,
                resume=has_run(folder),
                observer=observer,
            )

    with evaluator:
        result = one(config.strategy, directory, finalists, True)
        if config.baseline is not None and result.finished != "interrupted":
            baseline = one(config.baseline, directory / BASELINE_FOLDER, 0, False)
            report.write(directory, baseline_directory=directory / BASELINE_FOLDER)
            if baseline.finished == "interrupted":
                return dataclasses.replace(result, finished="interrupted")
    return result

"""Running a search, its baseline and its report in a folder."""

from __future__ import annotations

import dataclasses
import json
import pathlib
from typing import Callable, ContextManager

from tfnas import report, search, spaces, strategies
from tfnas.data.load import is_path
from tfnas.errors import ConfigError, RunFolderError
from tfnas.evaluators import Evaluator, TrainingEvaluator
from tfnas.job.config import CONFIG_FILE, SearchConfig, read_config
from tfnas.job.evaluator import make_evaluator
from tfnas.job.tables import is_file, with_table
from tfnas.runlog import Event, has_run
from tfnas.state import write_text

BASELINE_FOLDER = "baseline_random"

Watch = Callable[[str, int, Evaluator], ContextManager[Callable[[Event], None]]]


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


def _strategy(name: str, config: SearchConfig) -> strategies.Strategy:
    """Builds a strategy; the options are for the one that the configuration names."""
    options = dict(config.strategy_options) if name == config.strategy else {}
    make = strategies.get(name)
    unknown = sorted(set(options) - set(make.options()))
    if unknown:
        raise ConfigError(
            f"options of strategy {name}",
            expected=", ".join(make.options()),
            received=", ".join(unknown),
        )
    return make(spaces.get(config.space), seed=config.seed, **options)


def _resolved(config: SearchConfig, evaluator: Evaluator) -> SearchConfig:
    """Fills in what was left open, so that the run can be resumed from another folder or machine."""

    if is_path(config.data):
        config = dataclasses.replace(config, data=str(pathlib.Path(config.data).absolute()))
    if config.table is not None and is_file(config.table):
        config = dataclasses.replace(config, table=str(pathlib.Path(config.table).absolute()))
    encoder = config.strategy_options.get("autoencoder")
    if isinstance(encoder, str) and pathlib.Path(encoder).is_dir():
        options = {**config.strategy_options, "autoencoder": str(pathlib.Path(encoder).absolute())}
        config = dataclasses.replace(config, strategy_options=options)
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
                distribution_samples=config.distribution_samples,
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

"""`SearchConfig`: what `tfnas search` was asked for."""

from __future__ import annotations

import dataclasses
import json
import pathlib
from dataclasses import dataclass
from typing import Any, Mapping

from tfnas.checks import check_positive, check_seed
from tfnas.errors import ConfigError, RunFolderError
from tfnas.evaluators.table import REPEATS

CONFIG_FILE = "config.json"
EVALUATORS = ("train", "table")


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
        distribution_samples: Networks to draw from what the strategy has learned, and measure; None for 100 with a
            table and 4 with training, 0 for none.
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
    distribution_samples: int | None = None
    baseline: str | None = None

    def __post_init__(self) -> None:
        check_positive(trials=self.trials, finalist_seeds=self.finalist_seeds)
        check_seed(self.seed)
        check_seed(self.distribution_samples or 0, "distribution_samples")
        for name, value, allowed in (
            ("evaluator", self.evaluator, EVALUATORS),
            ("baseline", self.baseline, (None, "random")),
            ("repeat", self.repeat, REPEATS),
            ("signal_direction", self.signal_direction, (None, "max", "min")),
        ):
            if value not in allowed:
                raise ConfigError(name, expected=f"one of {allowed}", received=repr(value))
        given = (self.table, self.signal, self.test_columns, self.cost, self.signal_direction, self.benchmark_study)
        if self.evaluator == "train" and (any(given) or self.repeat != "mean"):
            raise ConfigError(
                "options",
                expected="--evaluator table beside --table, --signal, --signal-direction, --test-columns, --cost, "
                "--repeat and --benchmark-study",
                received="--evaluator train",
            )


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

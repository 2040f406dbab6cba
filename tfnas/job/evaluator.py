"""The evaluator that a configuration describes."""

from __future__ import annotations

from typing import Any

from tfnas import data as datasets
from tfnas import spaces
from tfnas.evaluators import Evaluator, TableEvaluator, TrainingEvaluator
from tfnas.job.config import SearchConfig
from tfnas.job.tables import open_table, with_table


def make_evaluator(config: SearchConfig, **training: Any) -> Evaluator:
    """Builds the evaluator that a configuration describes.

    Args:
        config: The configuration.
        **training: Arguments of `TrainingEvaluator` that no option of `tfnas search` has.
    """
    space = spaces.get(config.space)
    if config.evaluator == "table":
        config = with_table(config)
        return TableEvaluator(
            open_table(config, space),
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
        **{**task, **training},
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

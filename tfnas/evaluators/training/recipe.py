"""`TrainingRecipe`: how a candidate is trained, as plain JSON values."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass, field
from typing import Any, Mapping

from tfnas.checks import check_positive
from tfnas.errors import ConfigError

SCHEDULES = ("cosine", "constant")
SMOOTHED_LOSS = "sparse_categorical_crossentropy"
PRECISIONS = (None, "float32", "mixed_float16", "mixed_bfloat16")


@dataclass(frozen=True, slots=True)
class TrainingRecipe:
    """Everything that decides how a network is trained, but for the data and the seed.

    Losses, metrics, optimizers, callbacks and heads are given as specifications, see
    `tfnas.evaluators.training.objects`: a Keras name, a Keras configuration, or
    ``"module:attribute"``.

    Attributes:
        epochs: Passes over the training examples.
        batch_size: Examples a step (arrays only; data sets bring their own batches).
        optimizer: ``"sgd"`` (Nesterov momentum .9), ``"adam"``, ``"adamw"``, or a specification,
            whose own learning rate, schedule and weight decay then stand.
        learning_rate: Peak learning rate of a named optimizer.
        schedule: ``"cosine"`` decay to zero over all steps, or ``"constant"``.
        weight_decay: Of a named optimizer. For sgd and adam it is the L2 penalty of the published
            recipes, added to the gradient of every trainable variable; for adamw it is decoupled.
        loss: Specification of the loss.
        metrics: Specifications of further metrics.
        objective: Name of the value to optimise, as Keras logs it, for example ``"val_accuracy"``.
        direction: ``"max"`` or ``"min"``.
        callbacks: Specifications of Keras callbacks.
        head: ``"classification"``, ``"regression"`` or a specification; see `tfnas.networks.build`.
        num_classes: Classes, or outputs of a regression.
        label_smoothing: Share of the label that is spread over all classes (sparse labels with the
            default loss only).
        exit_weight: Weight of the loss of each output beside the last: an auxiliary head, early exits.
        skeleton: Sizes of the network around the cells.
        pad_crop: Pixels of zero padding before a random crop of the image's size; 0 for none.
        flip: Whether images are mirrored left to right with probability one half.
        cutout: Side of a square that is blanked at a random place; 0 for none.
        cutout_probability: Share of the images that a square is blanked in.
        fraction: Share of the training examples of each class to train on, the low-data evaluator
            of GraphPNAS (section 4); the same examples for every candidate.
        last_epochs: The objective is the mean over this many last epochs.
        repeats: Independent trainings a candidate; the objective is their mean.
        patience: Epochs without a better objective before training stops; None for never.
        precision: Keras dtype policy, for example ``"mixed_bfloat16"``.
        final_epochs: Epochs of the winner's last training; None for `epochs`.
        final_cutout: Side of the blanked square in the winner's last training; None for `cutout`.

    Raises:
        ConfigError: If a value cannot work.
    """

    epochs: int = 12
    batch_size: int = 64
    optimizer: Any = "sgd"
    learning_rate: float = 0.1
    schedule: str = "cosine"
    weight_decay: float = 5e-4
    loss: Any = "sparse_categorical_crossentropy"
    metrics: tuple[Any, ...] = ("accuracy",)
    objective: str = "val_accuracy"
    direction: str = "max"
    callbacks: tuple[Any, ...] = ()
    head: Any = "classification"
    num_classes: int = 10
    label_smoothing: float = 0.0
    exit_weight: float = 0.4
    skeleton: Mapping[str, Any] = field(default_factory=dict)
    pad_crop: int = 0
    flip: bool = False
    cutout: int = 0
    cutout_probability: float = 1.0
    fraction: float = 1.0
    last_epochs: int = 1
    repeats: int = 1
    patience: int | None = None
    precision: str | None = None
    final_epochs: int | None = None
    final_cutout: int | None = None

    def __post_init__(self) -> None:
        check_positive(
            epochs=self.epochs,
            batch_size=self.batch_size,
            num_classes=self.num_classes,
            last_epochs=self.last_epochs,
            repeats=self.repeats,
            patience=1 if self.patience is None else self.patience,
            final_epochs=self.epochs if self.final_epochs is None else self.final_epochs,
        )
        rules = (
            ("direction", self.direction in ("max", "min"), "'max' or 'min'"),
            ("schedule", self.schedule in SCHEDULES, " or ".join(map(repr, SCHEDULES))),
            ("precision", self.precision in PRECISIONS, f"one of {PRECISIONS}"),
            ("learning_rate", _is_real(self.learning_rate) and self.learning_rate > 0, "a positive number"),
            ("weight_decay", _is_real(self.weight_decay) and self.weight_decay >= 0, "zero or a positive number"),
            ("exit_weight", _is_real(self.exit_weight) and self.exit_weight >= 0, "zero or a positive number"),
            (
                "label_smoothing",
                _is_real(self.label_smoothing)
                and 0 <= self.label_smoothing < 1
                and (self.label_smoothing == 0 or self.loss == SMOOTHED_LOSS),
                f"a number from 0 and below 1, above 0 only with the loss {SMOOTHED_LOSS!r}",
            ),
            ("fraction", _is_real(self.fraction) and 0 < self.fraction <= 1, "a number above 0 and up to 1"),
            ("pad_crop", isinstance(self.pad_crop, int) and self.pad_crop >= 0, "zero or a positive integer"),
            ("cutout", isinstance(self.cutout, int) and self.cutout >= 0, "zero or a positive integer"),
            (
                "cutout_probability",
                _is_real(self.cutout_probability) and 0 < self.cutout_probability <= 1,
                "a number above 0 and up to 1",
            ),
            (
                "final_cutout",
                self.final_cutout is None or (isinstance(self.final_cutout, int) and self.final_cutout >= 0),
                "zero, a positive integer or None",
            ),
            (
                "last_epochs",
                self.last_epochs <= self.epochs,
                f"at most the {self.epochs} epochs there are",
            ),
            (
                "objective",
                isinstance(self.objective, str) and self.objective.startswith("val_"),
                "the name of a validation value as Keras logs it, for example 'val_accuracy'",
            ),
        )
        for name, holds, expected in rules:
            if not holds:
                raise ConfigError(name, expected=expected, received=repr(getattr(self, name)))

    @property
    def augmentation(self) -> dict[str, Any]:
        """Arguments of `tfnas.evaluators.training.batches.augment`."""
        return {name: getattr(self, name) for name in ("pad_crop", "flip", "cutout", "cutout_probability")}

    def to_dict(self) -> dict[str, Any]:
        """Returns plain JSON values; `from_dict` is the inverse."""
        return {spec.name: _plain(getattr(self, spec.name)) for spec in dataclasses.fields(self)}

    @classmethod
    def from_dict(cls, value: Mapping[str, Any]) -> "TrainingRecipe":
        """Inverse of `to_dict`."""
        fields = dict(value)
        for name in ("metrics", "callbacks"):
            fields[name] = tuple(fields.get(name, ()))
        return cls(**fields)


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return list(value)
    return dict(value) if isinstance(value, Mapping) else value


def _is_real(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)

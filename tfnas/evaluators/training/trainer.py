"""Training one network with Keras 3 on TensorFlow, in this process."""

from __future__ import annotations

import contextlib
import copy
import math
import random
import time
from dataclasses import dataclass
from typing import Any, Iterator, Mapping

import numpy as np

from tfnas import networks
from tfnas._keras import keras3
from tfnas.architecture import Architecture
from tfnas.data.splitting import stratified_folds
from tfnas.errors import ConfigError
from tfnas.evaluators.training.batches import ArrayBatches, DatasetBatches
from tfnas.evaluators.training.exits import with_exits
from tfnas.evaluators.training.objects import from_spec, own_copy
from tfnas.evaluators.training.optimizers import make_optimizer
from tfnas.evaluators.training.recipe import TrainingRecipe

EVALUATION_BATCH = 512
_TRACE_FROM = 4  # evaluation calls from which tracing the evaluation step pays for itself


class TrainingFailed(Exception):
    """A training that gave no usable value; the message says why."""


@dataclass(frozen=True)
class TaskData:
    """The data a network is trained and measured on, in whatever form it came.

    Attributes:
        train: ``(x, y)`` arrays, a ``tf.data.Dataset`` or a ``PyDataset``.
        validation: The same.
        test: The same, or None.
        input_shape: ``(height, width, channels)``.
        normalization: Mean and standard deviation of each channel of the training images, or None.
    """

    train: Any
    validation: Any
    test: Any
    input_shape: tuple[int, int, int]
    normalization: tuple[list[float], list[float]] | None


@dataclass(frozen=True)
class Trained:
    """A trained network.

    Attributes:
        model: The Keras model.
        history: One mapping of logged values an epoch; validation values where they were measured.
        seconds: How long it took.
    """

    model: Any
    history: tuple[Mapping[str, float], ...]
    seconds: float


def train(
    arch: Architecture,
    data: TaskData,
    recipe: TrainingRecipe,
    *,
    seed: int,
    epochs: int | None = None,
    on_all: bool = False,
    deadline: float = math.inf,
) -> Trained:
    """Trains the network of an architecture.

    One traced step, Keras's own ``train_step``, runs in our loop. User losses, metrics and callbacks
    work as in ``fit`` (but for callbacks' ``on_test`` hooks), in about 60 % of its time for a small
    network, much of which goes into tracing. Validation runs at the epochs that need it: all of them
    with early stopping or callbacks, else the last ``recipe.last_epochs``.

    Args:
        arch: What to train.
        data: What to train on.
        recipe: How.
        seed: Seed of initial weights, order and augmentation.
        epochs: Instead of ``recipe.epochs``.
        on_all: Train on training and validation examples together (arrays only) and do not validate.
        deadline: Value of ``time.monotonic()`` at which to give up.

    Raises:
        TrainingFailed: If the loss is not finite or the deadline passes.
        ConfigError: If the recipe cannot be carried out.
    """
    started = time.monotonic()
    epochs = epochs or recipe.epochs
    with seeded(seed):
        batches = _training_batches(data, recipe, np.random.default_rng(seed), on_all)
        model = compiled(arch, data, recipe, steps=epochs * len(batches))
        callbacks = _callbacks(model, recipe, epochs, len(batches))
        history = _loop(model, batches, data, recipe, epochs, callbacks, validate=not on_all, deadline=deadline)
    return Trained(model, tuple(history), time.monotonic() - started)


def network(arch: Architecture, data: TaskData, recipe: TrainingRecipe, *, dtype: str | None = None) -> Any:
    """Builds the uncompiled network of a recipe; `dtype` is its Keras dtype policy."""
    return networks.build(
        arch,
        input_shape=data.input_shape,
        num_classes=recipe.num_classes,
        head=from_spec(recipe.head, "head"),
        normalization=data.normalization,
        dtype=dtype,
        **recipe.skeleton,
    )


def compiled(arch: Architecture, data: TaskData, recipe: TrainingRecipe, *, steps: int) -> Any:
    """Builds and compiles a network; `steps` is the length of the learning rate schedule.

    Raises:
        ConfigError: If Keras refuses the recipe.
    """
    model = with_exits(network(arch, data, recipe, dtype=recipe.precision), recipe.exit_weight)
    model.compile(
        optimizer=make_optimizer(recipe, steps),
        loss=smoothed(recipe) if recipe.label_smoothing else own_copy(from_spec(recipe.loss, "loss")),
        metrics=[own_copy(from_spec(metric, "metric")) for metric in recipe.metrics],
        jit_compile=False,  # on a CPU, XLA costs far more than it saves
    )
    return model


def smoothed(recipe: TrainingRecipe) -> Any:
    """Returns cross-entropy with sparse labels of which a share is spread over all classes."""
    keras = keras3()

    def loss(labels: Any, probabilities: Any) -> Any:
        one_hot = keras.ops.one_hot(keras.ops.reshape(labels, (-1,)), recipe.num_classes)
        return keras.losses.categorical_crossentropy(one_hot, probabilities, label_smoothing=recipe.label_smoothing)

    return loss


def evaluate(model: Any, examples: Any, *, step: Any = None) -> dict[str, float]:
    """Returns loss and metrics of a compiled model on ``(x, y)`` arrays or a data set.

    Args:
        model: The model.
        examples: What to measure on.
        step: A `TracedStep` of ``model.test_step``; None to run it eagerly.
    """
    step = step or model.test_step
    model.reset_metrics()
    logs: Mapping[str, Any] = {}
    for batch in _evaluation_batches(examples):
        logs = step(_tensors(batch))
    return {name: float(value) for name, value in logs.items()}


def train_on_one_batch(model: Any, examples: Any) -> None:
    """Takes one step, without tracing it, on the first batch of ``(x, y)`` arrays or a data set."""
    model.train_step(_tensors(next(iter(_evaluation_batches(examples)))))


@contextlib.contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Seeds what Keras draws initial weights from, and puts Python's and NumPy's states back.

    TensorFlow's global seed stays set: there is no way to read the old one.
    Keras initializers, dropout and users' layers take their default seeds from Python's global
    generator; there is no other way to seed them all.
    """
    python_state, numpy_state = random.getstate(), np.random.get_state()
    keras3().utils.set_random_seed(seed % 2**32)
    try:
        yield
    finally:
        random.setstate(python_state)
        np.random.set_state(numpy_state)


def _training_batches(data: TaskData, recipe: TrainingRecipe, rng: np.random.Generator, on_all: bool) -> Any:
    if not isinstance(data.train, tuple):
        return DatasetBatches(data.train)
    x, y = data.train
    if recipe.fraction < 1:
        groups = y if y.ndim == 1 and y.dtype.kind in "iu" else np.zeros(len(y), int)
        # the seed is fixed: every candidate must see the same examples
        _, chosen = stratified_folds(groups, (recipe.fraction,), 0)
        x, y = x[chosen], y[chosen]
    if on_all:
        x, y = np.concatenate([x, data.validation[0]]), np.concatenate([y, data.validation[1]])
    return ArrayBatches(x, y, recipe.batch_size, rng, **recipe.augmentation)


def _evaluation_batches(examples: Any) -> Any:
    if isinstance(examples, tuple):
        return ArrayBatches(*examples, EVALUATION_BATCH)
    return DatasetBatches(examples)


def _tensors(batch: Any) -> tuple[Any, ...]:
    import tensorflow as tf

    x, *rest = batch
    return (tf.cast(x, tf.float32), *tf.nest.map_structure(tf.convert_to_tensor, rest))


class TracedStep:
    """A step of a Keras model as a ``tf.function`` that is traced once, whatever the batch size."""

    def __init__(self, step: Any) -> None:
        self._step = step
        self._traced: Any = None

    def __call__(self, batch: tuple[Any, ...]) -> Mapping[str, Any]:
        if self._traced is None:
            import tensorflow as tf

            signature = tf.nest.map_structure(lambda part: tf.TensorSpec([None, *part.shape[1:]], part.dtype), batch)
            # as in Keras's own fit, Python control flow in user code is not converted
            self._traced = tf.function(self._step, input_signature=[signature], autograph=False)
        return self._traced(batch)


def _callbacks(model: Any, recipe: TrainingRecipe, epochs: int, steps: int) -> Any:
    made = [
        copy.deepcopy(spec) if callback is spec else callback
        for spec in recipe.callbacks
        for callback in (from_spec(spec, "callback"),)
    ]
    return keras3().callbacks.CallbackList(made, model=model, epochs=epochs, steps=steps, verbose=0)


def _loop(
    model: Any,
    batches: Any,
    data: TaskData,
    recipe: TrainingRecipe,
    epochs: int,
    callbacks: Any,
    *,
    validate: bool,
    deadline: float,
) -> list[dict[str, float]]:
    step = TracedStep(model.train_step)
    model.optimizer.build(model.trainable_variables)
    every_epoch = recipe.patience is not None or bool(recipe.callbacks)
    wanted = range(0 if every_epoch else max(0, epochs - recipe.last_epochs), epochs) if validate else range(0)
    calls = len(wanted) * (len(_evaluation_batches(data.validation)) if validate else 0)
    test_step = TracedStep(model.test_step) if calls >= _TRACE_FROM else None
    history: list[dict[str, float]] = []
    sign = 1.0 if recipe.direction == "max" else -1.0
    best, since_best = -math.inf, 0
    model.stop_training = False
    callbacks.on_train_begin()
    for epoch in range(epochs):
        model.reset_metrics()
        callbacks.on_epoch_begin(epoch)
        logs: Mapping[str, Any] = {}
        for number, batch in enumerate(batches):
            callbacks.on_train_batch_begin(number)
            tensors = _tensors(batch)
            if epoch == number == 0:
                _make_variables(model, tensors)
            logs = step(tensors)
            if time.monotonic() > deadline:
                raise TrainingFailed(f"time limit reached in epoch {epoch + 1} of {epochs}")
            callbacks.on_train_batch_end(number, logs if recipe.callbacks else None)
        epoch_logs = {name: float(value) for name, value in logs.items()}
        if not math.isfinite(epoch_logs.get("loss", math.nan)):
            raise TrainingFailed(
                f"the loss is {epoch_logs.get('loss', 'missing: the training data gave no batch')} in epoch {epoch + 1}"
            )
        if epoch in wanted:
            values = evaluate(model, data.validation, step=test_step)
            epoch_logs.update({f"val_{name}": value for name, value in values.items()})
            objective_of(epoch_logs, recipe)
        callbacks.on_epoch_end(epoch, epoch_logs)
        history.append(epoch_logs)
        if recipe.patience is not None and validate:
            value = sign * epoch_logs[recipe.objective]
            best, since_best = (value, 0) if value > best else (best, since_best + 1)
            model.stop_training |= since_best >= recipe.patience
        if model.stop_training:
            break
    callbacks.on_train_end(history[-1])
    return history


def _make_variables(model: Any, batch: tuple[Any, ...]) -> None:
    """Has metrics make their variables before a step is traced.

    A ``tf.function`` that makes variables itself is traced twice, which for a small network is the
    better part of its training. Two examples without a gradient cost next to nothing.
    """
    import tensorflow as tf

    model.test_step(tf.nest.map_structure(lambda part: part[:2], batch))
    model.reset_metrics()


def objective_of(logs: Mapping[str, float], recipe: TrainingRecipe) -> float:
    """Returns the logged objective in the user's own sign.

    Raises:
        ConfigError: If nothing is logged under that name; the error lists what is.
    """
    try:
        return logs[recipe.objective]
    except KeyError:
        raise ConfigError(
            "objective",
            expected=f"one of {', '.join(sorted(name for name in logs if name.startswith('val_')))}",
            received=repr(recipe.objective),
            remedy="Name a value that the loss or the metrics log.",
        ) from None

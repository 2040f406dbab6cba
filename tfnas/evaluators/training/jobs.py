"""What a trainer is asked for: measuring a candidate, the last training of the winner, a check."""

from __future__ import annotations

import dataclasses
import gc
import math
import os
import pathlib
import shutil
import time
from typing import Any

import numpy as np

from tfnas._keras import keras3
from tfnas.architecture import Architecture
from tfnas.errors import ConfigError, InvalidArchitectureError, TfnasError
from tfnas.evaluators.training.batches import DatasetBatches
from tfnas.evaluators.training.exits import without_auxiliary
from tfnas.evaluators.training.objects import from_spec
from tfnas.evaluators.training.recipe import TrainingRecipe
from tfnas.evaluators.training.trainer import (
    TaskData,
    Trained,
    TrainingFailed,
    compiled,
    evaluate,
    network,
    objective_of,
    train,
    train_on_one_batch,
)
from tfnas.trial import Failure, Measurement, Split

_TENSORFLOW_FRAME = ("Graph execution error", "Detected at node", "<stack traces", "File ", "[[", "Errors may have")
"""How lines begin that TensorFlow puts around the one that says something."""


def measure(
    arch: Architecture,
    data: TaskData,
    recipe: TrainingRecipe,
    *,
    seed: int,
    epochs: int | None = None,
    deadline: float = math.inf,
) -> Measurement | Failure:
    """Trains a candidate ``recipe.repeats`` times and measures it on the validation examples.

    A loss that is not finite, too little memory or a passed deadline become a `Failure`.

    Raises:
        ConfigError: If the recipe cannot be carried out with any candidate.
    """
    started = time.monotonic()
    seeds = [seed] if recipe.repeats == 1 else np.random.SeedSequence(seed).generate_state(recipe.repeats).tolist()
    values: list[float] = []
    metrics: dict[str, float] = {}
    try:
        for one_seed in seeds:
            trained = train(arch, data, recipe, seed=one_seed, epochs=epochs, deadline=deadline)
            last = trained.history[-recipe.last_epochs :]
            values.append(float(np.mean([objective_of(logs, recipe) for logs in last])))
            metrics = {name: value for name, value in trained.history[-1].items() if math.isfinite(value)}
            metrics["epochs"] = float(len(trained.history))
            if recipe.repeats > 1:
                metrics.update({f"repeat_{number}": value for number, value in enumerate(values)})
            del trained
        mean = float(np.mean(values))
        if not math.isfinite(mean):
            raise TrainingFailed(f"{recipe.objective} is {mean}")
    except TrainingFailed as failure:
        return Failure(str(failure), time.monotonic() - started)
    except InvalidArchitectureError as error:
        return Failure(str(error), time.monotonic() - started)
    except TfnasError:
        raise
    except Exception as error:  # whatever a candidate dies of must not end the search
        return Failure(reason_of(error), time.monotonic() - started)
    finally:
        forget()
    return Measurement(
        mean if recipe.direction == "max" else -mean,
        metrics,
        Split.VALIDATION,
        epochs or recipe.epochs,
        time.monotonic() - started,
    )


def finish(
    arch: Architecture, data: TaskData, recipe: TrainingRecipe, *, seed: int, directory: pathlib.Path | None
) -> Measurement | Failure:
    """Trains the winner, measures it once on the test examples, and saves it.

    With arrays and a test split, training and validation examples are trained on together: nothing
    is chosen any more. Without a test split the network is measured on the validation examples.

    Args:
        arch: The winner.
        data: All splits.
        recipe: How to train; ``final_epochs`` and ``final_cutout`` apply.
        seed: Seed of the training.
        directory: Where ``best.keras`` and ``best_savedmodel/`` go, or None.
    """
    started = time.monotonic()
    on_all = data.test is not None and isinstance(data.train, tuple) and isinstance(data.validation, tuple)
    split = Split.VALIDATION if data.test is None else Split.TEST
    epochs = recipe.final_epochs or recipe.epochs
    if recipe.final_cutout is not None:
        recipe = dataclasses.replace(recipe, cutout=recipe.final_cutout)
    recipe = dataclasses.replace(recipe, fraction=1.0)  # fewer examples are for candidates
    try:
        trained = train(arch, data, recipe, seed=seed, epochs=epochs, on_all=on_all)
        values = evaluate(trained.model, data.validation if data.test is None else data.test)
        objective = objective_of({f"val_{name}": value for name, value in values.items()}, recipe)
        if not math.isfinite(objective):
            raise TrainingFailed(f"{recipe.objective} is {objective} after the last training")
        if directory is not None:
            save(trained, arch, data, recipe, pathlib.Path(directory))
    except TrainingFailed as failure:
        return Failure(str(failure), time.monotonic() - started)
    except (TfnasError, OSError):
        raise
    except Exception as error:
        return Failure(reason_of(error), time.monotonic() - started)
    return Measurement(
        objective if recipe.direction == "max" else -objective,
        {f"{split.value}_{name}": value for name, value in values.items()} | {"epochs": float(len(trained.history))},
        split,
        epochs,
        time.monotonic() - started,
    )


def save(trained: Trained, arch: Architecture, data: TaskData, recipe: TrainingRecipe, directory: pathlib.Path) -> None:
    """Writes ``best.keras`` and ``best_savedmodel/``, each under a temporary name first.

    What is saved is a fresh, uncompiled copy: loading it needs neither this library nor the user's
    optimizer. The SavedModel takes [B, height, width, channels] float32 and has one endpoint, ``serve``.
    """
    whole = network(arch, data, recipe)
    whole.set_weights(trained.model.get_weights())
    model = without_auxiliary(whole)
    directory.mkdir(parents=True, exist_ok=True)
    temporary = directory / ".best.partial.keras"
    model.save(temporary)
    os.replace(temporary, directory / "best.keras")
    folder = directory / ".best_savedmodel.partial"
    shutil.rmtree(folder, ignore_errors=True)
    model.export(folder, verbose=False)
    shutil.rmtree(directory / "best_savedmodel", ignore_errors=True)
    os.replace(folder, directory / "best_savedmodel")


def check(arch: Architecture, data: TaskData, recipe: TrainingRecipe) -> None:
    """Carries a recipe out on two examples, so that a mistake in it shows before any long work.

    Raises:
        ConfigError: If the objective is not logged, or Keras refuses loss, metrics or shapes.
    """
    for spec in recipe.callbacks:
        from_spec(spec, "callback")
    if keras3().backend.backend() != "tensorflow":
        raise ConfigError(
            "Keras backend",
            expected="tensorflow, where candidates are trained in this process",
            received=keras3().backend.backend(),
            remedy="Unset KERAS_BACKEND, or give arguments that can be sent to another process.",
        )
    for examples in (data.train, data.validation, data.test):
        _check_length(examples)
    try:
        model = compiled(arch, data, recipe, steps=1)
        values = evaluate(model, _few(data.validation))
        train_on_one_batch(model, _few(data.train))
    except TfnasError:
        raise
    except Exception as error:
        raise ConfigError(
            "training recipe",
            expected="loss, metrics, head and labels that fit together",
            received=reason_of(error),
            remedy=f"The network gives [examples, {recipe.num_classes}]; the loss is {recipe.loss!r}.",
        ) from error
    finally:
        forget()
    objective_of({f"val_{name}": value for name, value in values.items()}, recipe)


def _check_length(examples: Any) -> None:
    if examples is None or isinstance(examples, tuple):
        return
    try:
        length = len(DatasetBatches(examples))
    except (TypeError, ValueError, OverflowError):
        length = -1
    if length < 1:
        raise ConfigError(
            f"{type(examples).__name__}",
            expected="a finite number of batches, at least one, that the data set knows",
            received="an empty one, an endless one, or one that does not know its length",
            remedy="Use dataset.take(n), or dataset.apply(tf.data.experimental.assert_cardinality(n)).",
        )


def _few(examples: Any) -> Any:
    if isinstance(examples, tuple):
        return tuple(part[:2] for part in examples)
    return examples.take(1) if hasattr(examples, "take") else _FirstBatch(examples)


class _FirstBatch:
    """The first batch of a ``PyDataset``."""

    num_batches = 1

    def __init__(self, dataset: Any) -> None:
        self._dataset = dataset

    def __getitem__(self, index: int) -> Any:
        return self._dataset[index]

    def on_epoch_end(self) -> None:
        """Nothing follows."""


def forget() -> None:
    """Frees what Keras and TensorFlow keep of the last network."""
    keras3().backend.clear_session()
    gc.collect()


def reason_of(error: BaseException) -> str:
    """Returns one line of at most 300 characters that says what went wrong."""
    lines = [line.strip() for line in str(error).splitlines()]
    lines = [line for line in lines if line and not line.startswith(_TENSORFLOW_FRAME)]
    kind = type(error).__name__
    if kind == "ResourceExhaustedError" or isinstance(error, MemoryError):
        return f"out of memory ({lines[0] if lines else kind})"[:300]
    return f"{kind}: {lines[0] if lines else 'no message'}"[:300]

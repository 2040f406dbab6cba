"""Checks of the surroundings that keras-tuner leaves out, and a lock that lets go."""

from __future__ import annotations

import contextlib
import os
import threading
from typing import Any, Iterator

import keras
from keras_tuner.src.engine import oracle as keras_tuner_oracle

from tfnas._keras import tensorflow
from tfnas.errors import ConfigError, DependencyError


def check_tensorboard() -> None:
    """Raises `DependencyError` if tensorboard is missing or broken.

    keras-tuner imports it inside every trial, and TensorFlow no longer installs it: without it,
    every trial fails. Its own import looks at ``tf.keras``, which would settle for the rest of the
    process that this is Keras 3, and graph models could no longer be made (see `tfnas._keras`). So
    it is shown Keras 3, which it is right to use, without settling anything.
    """
    if keras.config.backend() != "tensorflow":
        return
    names = vars(tensorflow())
    undecided = names["keras"]
    try:
        names["keras"] = keras
        from tensorboard.plugins.hparams import api  # noqa: F401
    except ImportError as error:
        raise DependencyError(
            "tensorboard",
            expected="the package, which keras-tuner needs in every trial",
            received=str(error),
            remedy="Run: pip install 'tensorboard>=2.21,<2.22'",
        ) from error
    finally:
        names["keras"] = undecided


def check_overwrite(overwrite: bool) -> None:
    """Raises `ConfigError` if a worker would delete the project folder that all share."""
    tuner_id = os.environ.get("KERASTUNER_TUNER_ID", "chief")
    if overwrite and "chief" not in tuner_id:
        raise ConfigError(
            "overwrite",
            expected="False in a worker, whose project folder belongs to all",
            received=f"True in worker {tuner_id!r}",
            remedy="Pass overwrite=True to the chief alone, before the workers start.",
        )


def check_directory(directory: Any) -> None:
    """Raises `ConfigError` for a remote project folder: states are renamed into place, which needs a file system."""
    if "://" in str(directory):
        raise ConfigError(
            "directory",
            expected="a folder of a mounted file system",
            received=repr(str(directory)),
            remedy="Mount the bucket, or keep the project in a local folder.",
        )


@contextlib.contextmanager
def locked(oracle: keras_tuner_oracle.Oracle, mutex: Any) -> Iterator[None]:
    """Holds keras-tuner's lock of an oracle, and lets go of it when an exception passes.

    ``keras_tuner.synchronized`` does not: after an exception its lock stays taken and the next
    thread waits for ever. Inside this context its methods find the lock taken by their own thread.

    Args:
        oracle: The oracle.
        mutex: A ``threading.RLock`` of the oracle's: keras-tuner tells threads by name only, and
            two threads may share a name.
    """
    name = threading.current_thread().name
    with mutex:
        outermost = keras_tuner_oracle.THREADS[oracle] != name
        if outermost:
            keras_tuner_oracle.LOCKS[oracle].acquire()
            keras_tuner_oracle.THREADS[oracle] = name
        try:
            yield
        finally:
            if outermost:
                keras_tuner_oracle.THREADS[oracle] = None
                keras_tuner_oracle.LOCKS[oracle].release()

"""The training process: ``python -m tfnas.evaluators.training.worker``.

It speaks JSON, one object a line. The first line it reads says what to train on and how; each
further line is a job, answered by one line. Its own standard output carries nothing else: whatever
user code prints goes to standard error. It ends when its standard input does.
"""

from __future__ import annotations

import gc
import json
import os
import pathlib
import queue
import sys
import threading
import time
from typing import Any, Mapping, TextIO


def main() -> None:
    """Serves jobs until standard input ends."""
    answers = _reserve_standard_output()
    lines = _read_in_background()
    setup = json.loads(lines.get())
    _settle_tensorflow(setup["threads"])

    import numpy as np

    from tfnas import spaces
    from tfnas.architecture import Architecture
    from tfnas.errors import TfnasError
    from tfnas.evaluators.training import jobs
    from tfnas.evaluators.training.recipe import TrainingRecipe
    from tfnas.evaluators.training.trainer import TaskData
    from tfnas.registry import imported
    from tfnas.runlog import outcome_fields

    spaces.register(imported(setup["extensions"]["space"]))
    recipe = TrainingRecipe.from_dict(setup["recipe"])

    def arrays(split: str) -> Any:
        paths = setup["arrays"].get(split)
        return tuple(np.load(path, mmap_mode="r", allow_pickle=False) for path in paths) if paths else None

    data = TaskData(
        train=arrays("train"),
        validation=arrays("validation"),
        test=arrays("test"),
        input_shape=tuple(setup["input_shape"]),
        normalization=setup["normalization"] and tuple(setup["normalization"]),
    )

    def answer(job: Mapping[str, Any]) -> dict[str, Any]:
        arch = Architecture.from_dict(job["architecture"])
        if job["kind"] == "check":
            jobs.check(arch, data, recipe)
            return {}
        if job["kind"] == "finish":
            directory = job["directory"] and pathlib.Path(job["directory"])
            return outcome_fields(jobs.finish(arch, data, recipe, seed=job["seed"], directory=directory))
        limit = job["timeout_s"]
        return outcome_fields(
            jobs.measure(
                arch,
                data,
                recipe,
                seed=job["seed"],
                epochs=job["epochs"],
                deadline=time.monotonic() + limit if limit else float("inf"),
            )
        )

    while True:
        job = json.loads(lines.get())
        try:
            reply = answer(job)
        except TfnasError as error:
            reply = {
                "error": type(error).__name__,
                "fields": [error.subject, error.expected, error.received, error.remedy],
            }
        except OSError as error:
            reply = {
                "error": "RunFolderError",
                "fields": [str(job.get("directory")), "a place that can be written", str(error), ""],
            }
        answers.write(json.dumps(reply, allow_nan=False) + "\n")
        answers.flush()


def _reserve_standard_output() -> TextIO:
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    return answers


def _read_in_background() -> "queue.Queue[str]":
    """Reads lines on a thread, so that the end of the parent ends this process even in mid-training."""
    lines: queue.Queue[str] = queue.Queue()

    def read() -> None:
        for line in sys.stdin:
            lines.put(line)
        os._exit(0)

    threading.Thread(target=read, daemon=True).start()
    return lines


def _settle_tensorflow(count: int) -> None:
    """Fixes what a user's settings could change: Keras's backend and layout, and the number of threads.

    With another number of threads, sums are added up in another order.
    """
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    os.environ["OMP_NUM_THREADS"] = str(count)
    os.environ["KERAS_BACKEND"] = "tensorflow"
    import keras
    import tensorflow as tf

    keras.config.set_image_data_format("channels_last")
    gc.freeze()  # what was imported stays: looking through it after every candidate costs a third of a second
    tf.config.threading.set_intra_op_parallelism_threads(count)
    tf.config.threading.set_inter_op_parallelism_threads(count)


if __name__ == "__main__":
    main()

"""What a small candidate costs: building, tracing, training, against Keras ``fit``."""

from __future__ import annotations

import os
import statistics
import time

from tests.benchmarks.line import Line

_CANDIDATES = 4


def measure() -> list[Line]:
    """Trains the same candidates with our loop and with ``fit``, in turn; medians."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    import numpy as np
    import tensorflow as tf

    # one thread, as each of two training processes has on two cores
    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)

    from tfnas import data, networks, spaces
    from tfnas.evaluators import TrainingEvaluator
    from tfnas.evaluators.training.jobs import forget
    from tfnas.evaluators.training.trainer import compiled, seeded, train

    space, digits = spaces.get("nasbench201"), data.digits()
    evaluator = TrainingEvaluator(
        space,
        digits.train,
        digits.validation,
        epochs=12,
        isolation="inprocess",
        skeleton={"cells_per_stage": 1, "channels": 8},
    )
    task, recipe = evaluator._task_data(), evaluator.recipe
    rng = np.random.default_rng(0)
    seconds: dict[str, list[float]] = {"build": [], "own": [], "fit": []}
    for number in range(_CANDIDATES + 1):
        arch = space.sample(rng)
        started = time.perf_counter()
        networks.build(arch, input_shape=(8, 8, 1), num_classes=10, **recipe.skeleton)
        built = time.perf_counter()
        train(arch, task, recipe, seed=1)
        forget()
        ours = time.perf_counter()
        with seeded(1):
            model = compiled(arch, task, recipe, steps=12 * 17)
            model.fit(*task.train, batch_size=recipe.batch_size, epochs=12, verbose=0)
            model.evaluate(*task.validation, batch_size=512, verbose=0)
        forget()
        if number:  # the first one pays for what TensorFlow loads late
            seconds["build"].append(built - started)
            seconds["own"].append(ours - built)
            seconds["fit"].append(time.perf_counter() - ours)
    median = {name: statistics.median(values) for name, values in seconds.items()}
    return [
        Line("building a digits candidate", median["build"], "s"),
        Line("training a digits candidate, 12 epochs, our loop", median["own"], "s"),
        Line("the same with Keras fit (no XLA)", median["fit"], "s", "", median["fit"] / median["own"], "our loop"),
    ]

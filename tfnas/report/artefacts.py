"""The files of a run folder that a user takes away, and how to load them; all but one need no library of ours."""

from __future__ import annotations

import pathlib
from typing import Any, Mapping

from tfnas.report.data import Artefact


def artefacts(directory: pathlib.Path, evaluator: Mapping[str, Any]) -> tuple[Artefact, ...]:
    """Returns those that are there.

    Args:
        directory: The run folder.
        evaluator: Configuration of the evaluator; its ``input_shape``, ``input_range`` and
            ``class_names`` go into the snippets.
    """
    shape = ", ".join(str(size) for size in evaluator.get("input_shape", ("height", "width", "channels")))
    images = f"images: [N, {shape}], float32{_range(evaluator)}"
    names = evaluator.get("class_names")
    classes = f"\nnames = {list(names)}  # of the outputs, in order" if names else ""
    known = (
        Artefact(
            "best.keras",
            "the chosen network, trained; needs Keras",
            'import keras\nmodel = keras.saving.load_model("best.keras")\n'
            f"outputs = model.predict(images)  # {images}{classes}",
        ),
        Artefact(
            "best_savedmodel",
            "the same for serving; needs TensorFlow",
            'import tensorflow as tf\nmodel = tf.saved_model.load("best_savedmodel")\n'
            f"outputs = model.serve(images)  # {images}{classes}",
        ),
        Artefact(
            "architecture.json",
            "its graph as plain JSON",
            'import json, pathlib\ngraph = json.loads(pathlib.Path("architecture.json").read_text())\n'
            'print(graph["ops"], graph["edges"])',
        ),
        Artefact(
            "distribution/savedmodel",
            "the learned distribution; needs TensorFlow. What the arrays mean is in its assets/generator.json",
            'import tensorflow as tf\nmodel = tf.saved_model.load("distribution/savedmodel")\n'
            "graphs = model.sample(n=8, seed=[0, 1])  # adjacency and ops; model.log_prob takes them",
        ),
        Artefact(
            "distribution/weights.json",
            "the same with all it can do; needs tfnas",
            'import tfnas.search\ndistribution = tfnas.search.load_distribution(".")  # the run folder\n'
            "networks = distribution.sample(8, seed=0)",
        ),
    )
    return tuple(artefact for artefact in known if (directory / artefact.name).exists())


def _range(evaluator: Mapping[str, Any]) -> str:
    if not evaluator.get("input_range"):
        return ""
    low, high = evaluator["input_range"]
    return f", pixels from {low:g} to {high:g} as in training"

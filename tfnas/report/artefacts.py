"""The files of a run folder that a user takes away, and how to load them without this library."""

from __future__ import annotations

import pathlib
from typing import Any, Mapping

from tfnas.report.data import Artefact


def artefacts(directory: pathlib.Path, evaluator: Mapping[str, Any]) -> tuple[Artefact, ...]:
    """Returns those that are there.

    Args:
        directory: The run folder.
        evaluator: Configuration of the evaluator; its ``input_shape`` goes into the snippets.
    """
    shape = ", ".join(str(size) for size in evaluator.get("input_shape", ("height", "width", "channels")))
    known = (
        Artefact(
            "best.keras",
            "the chosen network, trained; needs Keras",
            'import keras\nmodel = keras.saving.load_model("best.keras")\n'
            f"outputs = model.predict(images)  # images: [N, {shape}], float32",
        ),
        Artefact(
            "best_savedmodel",
            "the same for serving; needs TensorFlow",
            'import tensorflow as tf\nmodel = tf.saved_model.load("best_savedmodel")\n'
            f"outputs = model.serve(images)  # images: [N, {shape}], float32",
        ),
        Artefact(
            "architecture.json",
            "its graph as plain JSON",
            'import json, pathlib\ngraph = json.loads(pathlib.Path("architecture.json").read_text())\n'
            'print(graph["ops"], graph["edges"])',
        ),
    )
    return tuple(artefact for artefact in known if (directory / artefact.name).exists())

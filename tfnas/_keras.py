"""The one place that settles which Keras is which.

Candidate networks are Keras 3 models (`keras3`). TF-GNN and TFP run on tf_keras, the Keras 2 API, so
graph models are tf_keras models (`graph_keras`). Both live in one process, as long as layers of one
world never hold layers of the other.
"""

from __future__ import annotations

import importlib
import os
import sys
from types import ModuleType

from tfnas.errors import DependencyError


def tensorflow() -> ModuleType:
    """Returns the ``tensorflow`` package, which logs little, unless TF_CPP_MIN_LOG_LEVEL asks for more."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    return importlib.import_module("tensorflow")


def keras3() -> ModuleType:
    """Returns the ``keras`` package, version 3; TensorFlow logs little, unless TF_CPP_MIN_LOG_LEVEL asks for more.

    Raises:
        DependencyError: If an older Keras is installed under that name.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    try:
        keras = importlib.import_module("keras")
    except ModuleNotFoundError as error:
        raise DependencyError(
            "keras",
            expected="Keras 3 with a backend that is installed",
            received=f"{error} (KERAS_BACKEND={os.environ.get('KERAS_BACKEND', 'not set')})",
            remedy="Unset KERAS_BACKEND: training needs the TensorFlow backend.",
        ) from error
    if int(keras.__version__.partition(".")[0]) < 3:
        raise DependencyError(
            "keras", expected="version 3", received=keras.__version__, remedy="Run: pip install 'keras>=3.15,<3.16'"
        )
    return keras


def graph_keras() -> ModuleType:
    """Returns ``tf_keras`` after making sure that ``tf.keras`` means the same to TF-GNN.

    TensorFlow decides which Keras ``tf.keras`` is when it is first used, by an environment variable
    that may come too late: with TensorFlow imported first, a later ``from tensorflow.keras import
    layers`` would turn it into Keras 3 under TF-GNN's feet. So tf_keras is also put first on
    TensorFlow's own path. User code in the same process sees Keras 2 as ``tf.keras`` afterwards and
    should ``import keras``.

    Raises:
        DependencyError: If ``tf.keras`` is Keras 3 already, or the environment asks for that.
    """
    if os.environ.get("TF_USE_LEGACY_KERAS", "1").lower() not in ("1", "true"):
        raise DependencyError(
            "environment variable TF_USE_LEGACY_KERAS",
            expected="1 or no such variable",
            received=os.environ["TF_USE_LEGACY_KERAS"],
            remedy="Unset it: TF-GNN models need tf_keras behind tf.keras. Use `import keras` for Keras 3.",
        )
    os.environ["TF_USE_LEGACY_KERAS"] = "1"
    loaded = sys.modules.get("tensorflow.keras")
    if loaded is not None and _is_keras3(loaded):
        raise _too_late()
    tf = tensorflow()
    tf_keras = importlib.import_module("tf_keras")
    inner = os.path.join(os.path.dirname(tf_keras.__file__), "api", "_v2")
    if inner not in tf.__path__:
        tf.__path__.insert(0, inner)
    if _is_keras3(tf.keras):
        raise _too_late()
    return tf_keras


def _is_keras3(module: ModuleType) -> bool:
    return not module.layers.Dense.__module__.startswith("tf_keras.")


def _too_late() -> DependencyError:
    return DependencyError(
        "tf.keras",
        expected="tf_keras (Keras 2), which TF-GNN needs",
        received="Keras 3: it was used before tfnas was asked for a graph model",
        remedy="Use `import keras` instead of tf.keras, or set TF_USE_LEGACY_KERAS=1 before Python starts.",
    )

"""Which Keras is which, in processes of their own: the order of imports is what is tested."""

import os
import subprocess
import sys

import pytest

QUIET = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"}


def run(code: str, **environment: str) -> subprocess.CompletedProcess:
    clean = {name: value for name, value in QUIET.items() if name != "TF_USE_LEGACY_KERAS"}
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=300, env={**clean, **environment}
    )


@pytest.mark.slow
@pytest.mark.parametrize("first", ["pass", "import tensorflow", "import keras", "import keras_tuner"])
def test_both_worlds_live_in_one_process(first):
    done = run(
        f"""
{first}
from tfnas._keras import graph_keras, keras3
old, new = graph_keras(), keras3()
import tensorflow as tf, tensorflow_gnn
from tensorflow.keras import layers
assert old.__version__.startswith("2."), old.__version__
assert new.__version__.startswith("3."), new.__version__
assert layers.Dense is tf.keras.layers.Dense is old.layers.Dense, layers.Dense
assert new.layers.Dense is not old.layers.Dense
print("fine")
"""
    )
    assert done.stdout.strip() == "fine", done.stderr[-2000:]


@pytest.mark.slow
@pytest.mark.parametrize(
    "first", ["import tensorflow as tf; tf.keras.layers.Dense", "from tensorflow.keras import layers"]
)
def test_keras3_behind_tf_keras_is_an_error_that_says_so(first):
    done = run(f"{first}\nfrom tfnas._keras import graph_keras\ngraph_keras()")
    assert done.returncode == 1
    assert "DependencyError: tf.keras: expected tf_keras" in done.stderr
    assert "import keras" in done.stderr


def test_a_refusal_in_the_environment_is_an_error_before_anything_is_imported():
    done = run("from tfnas._keras import graph_keras\ngraph_keras()", TF_USE_LEGACY_KERAS="0")
    assert done.returncode == 1
    assert "TF_USE_LEGACY_KERAS: expected 1 or no such variable; received 0" in done.stderr

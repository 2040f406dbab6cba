"""Architecture search with keras-tuner.

Two ways in. `ArchitectureTuner` is a ready ``keras_tuner.Tuner`` that builds and trains the
architectures a strategy proposes. `StrategyOracle` puts a strategy behind a tuner of your own::

    def build(hp):
        arch = tfnas.tuner.architecture(hp)
        ...
        return model

    oracle = tfnas.tuner.StrategyOracle(strategy, keras_tuner.Objective("val_accuracy", "max"), max_trials=20)
    keras_tuner.Tuner(oracle, build, directory="runs").search(x, y, validation_data=(x_valid, y_valid))

`GraphPNASOracle` is such an oracle with a generator that learns from the trials.

In a tuner of your own that runs in parallel, return plain floats from ``run_trial``: over gRPC
keras-tuner sends neither None nor lists, rounds values to float32, and drops tracebacks. Its workers
must not pass ``overwrite=True``, which deletes the folder that all share, and a call for results in a
worker waits for a chief that may have left. `ArchitectureTuner` sees to all of this.
Importing this package imports keras-tuner, and so Keras and TensorFlow.
"""

from tfnas._keras import keras3

keras3()  # keras-tuner would also take an older Keras

from tfnas.errors import SearchError
from tfnas.tuner.graphpnas_oracle import GraphPNASOracle
from tfnas.tuner.hyperparameters import architecture
from tfnas.tuner.oracle import StrategyOracle
from tfnas.tuner.tuner import ArchitectureTuner, UnreportedObjectiveError

__all__ = [
    "ArchitectureTuner",
    "GraphPNASOracle",
    "SearchError",
    "StrategyOracle",
    "UnreportedObjectiveError",
    "architecture",
]

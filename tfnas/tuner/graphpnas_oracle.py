"""`GraphPNASOracle`: a keras-tuner search whose architectures come from a graph generator that learns.

On images of handwritten digits::

    import keras, keras_tuner, tfnas, tfnas.tuner

    digits = tfnas.data.digits()

    def build(hp):
        arch = tfnas.tuner.architecture(hp)
        model = tfnas.networks.build(arch, input_shape=digits.input_shape, num_classes=digits.num_classes,
                                     cells_per_stage=1, channels=4)
        model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
        return model

    oracle = tfnas.tuner.GraphPNASOracle("nasbench201", keras_tuner.Objective("val_accuracy", "max"), max_trials=8)
    tuner = keras_tuner.Tuner(oracle, build, directory="runs", project_name="graphpnas")
    train, valid = digits.train, digits.validation
    tuner.search(train.x, train.y, epochs=2, validation_data=(valid.x, valid.y))

    for arch in oracle.distribution().mode(3):  # what the generator takes for best now
        print(tfnas.spaces.get("nasbench201").to_native(arch))
"""

from __future__ import annotations

import inspect
from typing import Any

import keras_tuner

from tfnas import spaces
from tfnas.errors import ConfigError
from tfnas.spaces.base import SearchSpace
from tfnas.strategies.reinforce import GraphPNAS
from tfnas.tuner.oracle import DEFAULT_OBJECTIVE, StrategyOracle


class GraphPNASOracle(StrategyOracle):
    """A `StrategyOracle` with `tfnas.strategies.GraphPNAS` (Li et al., 2022), by name of its options.

    The first trials come from an explorer, the others from a generator that is fitted to the best
    trials so far. `distribution` is the generator.

    Args:
        space: The space to search, or its registered name.
        objective: See `StrategyOracle`.
        max_trials: Number of trials, failed ones included.
        configuration: Name of a configuration of `GraphPNAS`; by default one for any space.
        seed: Seed of the search.
        dedupe: What counts as the same proposal; see `tfnas.strategies.Strategy`.
        hyperparameters: See `StrategyOracle`, as are all up to `worker_timeout`.
        allow_new_entries: As there.
        tune_new_entries: As there.
        max_retries_per_trial: As there.
        max_consecutive_failed_trials: As there.
        worker_timeout: As there.
        **options: Options of `GraphPNAS` in place of the configuration's: ``hidden=64, epochs=100``.

    Raises:
        ConfigError: If an argument or option is unknown, or cannot work.
        UnknownNameError: If there is no such space or configuration.
        DependencyError: If tensorboard is missing, or ``tf.keras`` is Keras 3 already; see `StrategyOracle`.
        SearchError: If the explorer finds no member of the space.
    """

    def __init__(
        self,
        space: SearchSpace | str,
        objective: Any = DEFAULT_OBJECTIVE,
        max_trials: int = 10,
        configuration: str | None = None,
        *,
        seed: int = 0,
        dedupe: str = "canonical",
        hyperparameters: keras_tuner.HyperParameters | None = None,
        allow_new_entries: bool = True,
        tune_new_entries: bool = True,
        max_retries_per_trial: int = 0,
        max_consecutive_failed_trials: int = 3,
        worker_timeout: float | None = None,
        **options: Any,
    ) -> None:
        if isinstance(space, str):
            space = spaces.get(space)
        if not isinstance(space, SearchSpace):
            raise ConfigError("space", expected="a search space, or its name", received=repr(space))
        unknown = [name for name in options if name not in GraphPNAS.options()]
        if unknown:
            own = [name for name in inspect.signature(GraphPNASOracle).parameters if name != "options"]
            known = dict.fromkeys([*own, *GraphPNAS.options()])
            raise ConfigError("options", expected=f"some of {', '.join(known)}", received=", ".join(unknown))
        super().__init__(
            GraphPNAS(space, configuration, seed=seed, dedupe=dedupe, **options),
            objective,
            max_trials,
            hyperparameters=hyperparameters,
            allow_new_entries=allow_new_entries,
            tune_new_entries=tune_new_entries,
            max_retries_per_trial=max_retries_per_trial,
            max_consecutive_failed_trials=max_consecutive_failed_trials,
            worker_timeout=worker_timeout,
        )

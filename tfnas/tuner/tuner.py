"""`ArchitectureTuner`: a keras-tuner search over architectures, ready to run."""

from __future__ import annotations

import pathlib
from typing import Any, Mapping, Sequence

import keras
import keras_tuner
import numpy as np
from keras_tuner.src.distribute import utils as distribution
from keras_tuner.src.engine.tuner_utils import convert_to_metrics_dict

from tfnas import spaces
from tfnas.architecture import Architecture
from tfnas.checks import check_positive
from tfnas.errors import ConfigError, SearchError
from tfnas.spaces.base import SearchSpace
from tfnas.strategies.base import Strategy
from tfnas.strategies.random import RandomSearch
from tfnas.tuner.chief import serve
from tfnas.tuner.display import results_text
from tfnas.tuner.guards import check_overwrite
from tfnas.tuner.hypermodel import ArchitectureModel
from tfnas.tuner.hyperparameters import EPOCHS, NAME
from tfnas.tuner.oracle import DEFAULT_OBJECTIVE, StrategyOracle
from tfnas.tuner.side_state import TrialRecord, write_json
from tfnas.tuner.watchdog import heartbeat

_HEARTBEATS_PER_TIMEOUT = 5


class UnreportedObjectiveError(ConfigError, keras_tuner.errors.FatalError):
    """Training does not report the objective; ends the search at its first trial instead of failing each."""


class ArchitectureTuner(keras_tuner.Tuner):
    """Builds, trains and ranks the networks that a strategy proposes.

    ``search`` takes the arguments of Keras's ``fit``. A trial trains its network
    `executions_per_trial` times, each time from the seed of the tuner, the trial and the execution
    (``keras.utils.set_random_seed``: Keras initialises weights from global state only), and scores
    the mean of the executions, each at its best epoch. Every execution's value is kept
    (`executions`). A proposal with a fidelity trains for so many epochs.

    Like any keras-tuner search it can be resumed (the same ``directory`` and ``project_name``) and
    run in parallel: start the same script several times, with KERASTUNER_TUNER_ID "chief" in one
    and a name of its own in each other, and KERASTUNER_ORACLE_IP and KERASTUNER_ORACLE_PORT in all.
    The project folder is shared. Results are read in the chief. Training leaves memory behind in
    Keras, some 30 MB a network, so a long search is best stopped and resumed now and then.

    Args:
        strategy: What proposes architectures; a space, or a space's name, stands for random search.
        input_shape: ``(height, width, channels)`` of the images.
        num_classes: Number of classes.
        objective: See `StrategyOracle`.
        max_trials: Number of trials, failed ones included.
        network: Further arguments of `tfnas.networks.build`, for example
            ``{"cells_per_stage": 1, "channels": 8}``.
        optimizer: As in ``compile``; every network gets its own copy.
        loss: As in ``compile``. Networks return class probabilities unless `network` sets a head.
        metrics: As in ``compile``.
        seed: Seed of training, and of random search where `strategy` names a space.
        executions_per_trial: How often a trial trains its network.
        max_retries_per_trial: How often a trial that crashed is run again.
        max_consecutive_failed_trials: The search stops after so many failed trials in a row.
        worker_timeout: See `StrategyOracle`.
        overwrite: Whether to delete a project of that name, instead of resuming it.
        **arguments: Further arguments of ``keras_tuner.Tuner``: ``directory``, ``project_name``,
            ``distribution_strategy`` (of one machine, such as ``tf.distribute.MirroredStrategy``),
            ``max_model_size``.

    Raises:
        ConfigError: If an argument cannot work.
        UnknownNameError: If there is no space of that name.
        DependencyError: If tensorboard is missing.
        StateError: If the project to resume belongs to another strategy or objective.
    """

    def __init__(
        self,
        strategy: Strategy | SearchSpace | str,
        *,
        input_shape: Sequence[int],
        num_classes: int,
        objective: Any = DEFAULT_OBJECTIVE,
        max_trials: int = 10,
        network: Mapping[str, Any] | None = None,
        optimizer: Any = "adam",
        loss: Any = "sparse_categorical_crossentropy",
        metrics: Sequence[Any] = ("accuracy",),
        seed: int = 0,
        executions_per_trial: int = 1,
        max_retries_per_trial: int = 0,
        max_consecutive_failed_trials: int = 3,
        worker_timeout: float | None = 600.0,
        overwrite: bool = False,
        **arguments: Any,
    ) -> None:
        check_overwrite(overwrite)
        check_positive(executions_per_trial=executions_per_trial)
        self.strategy_oracle = StrategyOracle(
            _strategy(strategy, seed),
            objective,
            max_trials,
            max_retries_per_trial=max_retries_per_trial,
            max_consecutive_failed_trials=max_consecutive_failed_trials,
            worker_timeout=worker_timeout,
        )
        self._seed = seed
        self._metrics: list[Mapping[str, float]] = []
        super().__init__(
            self.strategy_oracle,
            ArchitectureModel(
                self.strategy_oracle.strategy.space,
                input_shape=input_shape,
                num_classes=num_classes,
                network=network or {},
                optimizer=optimizer,
                loss=loss,
                metrics=metrics,
            ),
            executions_per_trial=executions_per_trial,
            overwrite=overwrite,
            **arguments,
        )

    def search(self, *fit_args: Any, **fit_kwargs: Any) -> None:
        """Runs the search, or what is left of it.

        Args:
            *fit_args: As in Keras's ``fit``: images, labels.
            **fit_kwargs: As in Keras's ``fit``, for example ``epochs`` and ``validation_data``.

        Raises:
            ConfigError: If the objective is measured on validation data and there are none, or
                training does not report it.
            SearchError: At the end, if too many trials failed in a row, or the strategy raised and
                random architectures took the place of its own; on a chief, if all workers died.
        """
        validation = {"validation_data", "validation_split"} & set(fit_kwargs)
        if self.oracle.objective.name.startswith("val_") and not validation:
            raise ConfigError(
                "validation data",
                expected=f"validation_data or validation_split, since the objective is {self.oracle.objective.name!r}",
                received="neither",
                remedy="Pass search(x, y, validation_data=(x_valid, y_valid)).",
            )
        if distribution.is_chief_oracle():
            self.strategy_oracle.verbose = fit_kwargs.get("verbose", "auto")
            self.save()
            serve(self.strategy_oracle)
            self.save()
            self.strategy_oracle.raise_errors()
            return
        super().search(*fit_args, **fit_kwargs)

    def run_trial(self, trial: Any, *fit_args: Any, **fit_kwargs: Any) -> Any:
        self._metrics = []
        if EPOCHS in trial.hyperparameters.values:
            fit_kwargs["epochs"] = trial.hyperparameters.values[EPOCHS]
        timeout = self.strategy_oracle.worker_timeout
        interval = timeout / _HEARTBEATS_PER_TIMEOUT if timeout is not None and self._is_worker() else None
        with heartbeat(lambda: self.oracle.get_trial(trial.trial_id), interval):
            return super().run_trial(trial, *fit_args, **fit_kwargs)

    def _build_and_fit_model(self, trial: Any, *fit_args: Any, **fit_kwargs: Any) -> Any:
        # keras-tuner calls this once an execution, and keeps no more than the mean
        words = np.random.SeedSequence([self._seed, int(trial.trial_id), len(self._metrics)]).generate_state(1)
        keras.utils.set_random_seed(int(words[0]))
        history = super()._build_and_fit_model(trial, *fit_args, **fit_kwargs)
        objective = self.oracle.objective
        if objective.name not in history.history:
            raise UnreportedObjectiveError(
                "objective",
                expected=f"one of what training reports: {', '.join(sorted(history.history))}",
                received=repr(objective.name),
                remedy="Name one of these, or add the metric to metrics=.",
            )
        metrics = convert_to_metrics_dict(history, objective)
        self._metrics.append({name: float(value) for name, value in metrics.items()})
        TrialRecord(tuple(self._metrics)).write(self.get_trial_dir(trial.trial_id))
        return history

    def on_trial_end(self, trial: Any) -> None:
        if trial.message is not None:  # gRPC would lose it
            TrialRecord(tuple(self._metrics), trial.message).write(self.get_trial_dir(trial.trial_id))
        super().on_trial_end(trial)

    def save(self) -> None:
        if not self._is_worker():
            self.oracle.save()
        write_json(self._get_tuner_fname(), self.get_state())

    def executions(self, trial_id: str) -> tuple[float | None, ...]:
        """Returns the objective of each execution of a trial, in the user's own sign; None if it was not finite."""
        return TrialRecord.read(self.get_trial_dir(trial_id)).values(self.oracle.objective.name)

    def get_best_architectures(self, num_architectures: int = 1) -> list[Architecture]:
        """Returns up to so many architectures of completed trials, best first.

        Raises:
            SearchError: If no trial completed, or in a worker.
        """
        self._check_results_are_here()
        trials = self.oracle.get_best_trials(num_architectures)
        return [Architecture.from_json(trial.hyperparameters.values[NAME]) for trial in trials]

    def get_best_hyperparameters(self, num_trials: int = 1) -> list[keras_tuner.HyperParameters]:
        """As in keras-tuner; raises `SearchError` if no trial completed, or in a worker."""
        self._check_results_are_here()
        return super().get_best_hyperparameters(num_trials)

    def get_best_models(self, num_models: int = 1) -> list[Any]:
        """As in keras-tuner; raises `SearchError` if no trial completed, or in a worker."""
        self._check_results_are_here()
        return super().get_best_models(num_models)

    def results_summary(self, num_trials: int = 10) -> None:
        """Prints the best trials, with architectures in their published form and every execution's value.

        Raises:
            SearchError: If no trial completed, or in a worker.
        """
        self._check_results_are_here()
        trials = self.oracle.get_best_trials(num_trials)
        records = [TrialRecord.read(self.get_trial_dir(trial.trial_id)) for trial in trials]
        space = self.strategy_oracle.strategy.space
        print(f"Results in {pathlib.Path(self.project_dir)}")
        print(results_text(trials, records, objective=self.oracle.objective, space=space))

    def _check_results_are_here(self) -> None:
        if self._is_worker():  # it would wait up to an hour for a chief that has left
            raise SearchError(
                "results",
                expected="the chief's process, which has them",
                received=f"worker {self.tuner_id!r}",
                remedy="Read results after search() in the process whose KERASTUNER_TUNER_ID has 'chief' in it.",
            )


def _strategy(strategy: Strategy | SearchSpace | str, seed: int) -> Strategy:
    if isinstance(strategy, str):
        strategy = spaces.get(strategy)
    return RandomSearch(strategy, seed=seed) if isinstance(strategy, SearchSpace) else strategy

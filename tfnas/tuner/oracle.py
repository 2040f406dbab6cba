"""`StrategyOracle`: any strategy behind any keras-tuner Tuner."""

from __future__ import annotations

import math
import pathlib
from typing import Any, Mapping

import keras_tuner
from keras_tuner.engine.trial import TrialStatus

from tfnas._keras import graph_keras
from tfnas.architecture import Architecture
from tfnas.checks import check_positive
from tfnas.errors import ConfigError
from tfnas.models.distribution import ArchitectureDistribution
from tfnas.strategies.base import Strategy
from tfnas.strategies.reinforce import Reinforce
from tfnas.trial import Failure, Measurement, Proposal, Trial
from tfnas.tuner.display import Display
from tfnas.tuner.driver import Driver
from tfnas.tuner.error_log import last_line
from tfnas.tuner.guarded_oracle import GuardedOracle
from tfnas.tuner.hyperparameters import EPOCHS, NAME, declare
from tfnas.tuner.objective import sign
from tfnas.tuner.side_state import Checkpoints, plain, read_field

DEFAULT_OBJECTIVE = keras_tuner.Objective("val_accuracy", "max")


class StrategyOracle(GuardedOracle):
    """A keras-tuner oracle that asks a strategy for architectures and tells it what they scored.

    It works with any ``keras_tuner.Tuner``; in ``build(hp)`` the trial's architecture is
    ``tfnas.tuner.architecture(hp)``. Other hyperparameters that ``build`` asks for take their
    default value in every trial: a strategy searches architectures and nothing else. To pin one to
    another value, pass `hyperparameters` with an ``hp.Fixed`` of that name. A proposal's fidelity is
    in ``hp.values["tuner/epochs"]``, where it has one.

    The strategy is told one trial after another, as they end, with objectives to maximise: a "min"
    objective is negated here. A trial that fails, or whose objective is missing, NaN or infinite,
    is told as a `Failure` once no retries are left.

    If the strategy raises, the search goes on with random architectures (``Proposal.source``
    "fallback"), `errors` has the traceback, and the search ends with a `SearchError`: in one
    process from ``Tuner.search``, in parallel from ``ArchitectureTuner.search`` on the chief. (The
    chief of a plain ``keras_tuner.Tuner`` only logs it: look at `errors`.)

    A strategy that is slow (``Strategy.is_slow``) is asked in a thread of its own. Until it has
    answered, workers that want a trial are told IDLE, and ask again; everything else goes on, and
    trials that end are told after the answer. So the strategy is asked and told as if it answered
    at once: its proposals are a function of its seed and of the trials that had ended, in their
    order, when each ask began. With one worker these are those of ``ask`` and ``tell`` in turn; with
    several, their order is a matter of time, and so is which worker runs which proposal.

    All files are renamed into place, so a search that was killed at any moment resumes where it
    was, and proposes what it would have proposed. The project folder must be on a file system.

    Args:
        strategy: The strategy. Its ``start(max_trials)`` is called here, once.
        objective: A ``keras_tuner.Objective``, or the name of a metric whose direction is certain.
        max_trials: Number of trials, failed ones included.
        hyperparameters: Hyperparameters to register in advance.
        allow_new_entries: Whether ``build`` may ask for hyperparameters that are not among them.
        tune_new_entries: Whether those are recorded; their value is the default in any case.
        max_retries_per_trial: How often a trial that crashed is run again.
        max_consecutive_failed_trials: The search stops with a `SearchError` after so many failed
            trials in a row.
        worker_timeout: In parallel, seconds without a sign of life after which a worker counts as
            dead: its trial is given to another worker, and fails if it is lost a second time. None
            waits for ever. Workers with an `ArchitectureTuner` give signs of life all the time;
            those with a plain ``keras_tuner.Tuner`` only between trials, so the timeout must be
            longer than any trial, and its chief notices a dead worker only when another one calls.

    Raises:
        ConfigError: If an argument cannot work.
        DependencyError: If tensorboard is missing, or a strategy with a graph model cannot have it.
    """

    def __init__(
        self,
        strategy: Strategy,
        objective: Any = DEFAULT_OBJECTIVE,
        max_trials: int = 10,
        *,
        hyperparameters: keras_tuner.HyperParameters | None = None,
        allow_new_entries: bool = True,
        tune_new_entries: bool = True,
        max_retries_per_trial: int = 0,
        max_consecutive_failed_trials: int = 3,
        worker_timeout: float | None = None,
    ) -> None:
        check_positive(max_trials=max_trials)
        if not isinstance(strategy, Strategy):
            raise ConfigError(
                "strategy",
                expected="an object of tfnas.strategies",
                received=repr(strategy),
                remedy="For example tfnas.strategies.RandomSearch(space).",
            )
        if isinstance(strategy, Reinforce):
            graph_keras()  # says now, and not in the first fit, whether graph models can be made
        registered = keras_tuner.HyperParameters() if hyperparameters is None else hyperparameters.copy()
        declare(registered, strategy.space)
        super().__init__(
            objective,
            max_trials=max_trials,
            hyperparameters=registered,
            allow_new_entries=allow_new_entries,
            tune_new_entries=tune_new_entries,
            seed=strategy.seed or 1,  # in place of 0 keras-tuner would draw one from the global generator
            max_retries_per_trial=max_retries_per_trial,
            max_consecutive_failed_trials=max_consecutive_failed_trials,
            worker_timeout=worker_timeout,
        )
        self._display = Display(self)
        self._driver = Driver(strategy, max_trials, self._errors)
        self._checkpoint: str | None = None
        self._origins: dict[str, list[Any]] = {}
        self._told = 0
        self._asked_after: int | None = None

    @property
    def strategy(self) -> Strategy:
        """The strategy."""
        return self._driver.strategy

    def distribution(self) -> ArchitectureDistribution | None:
        """Returns what the strategy learned; None where it has learned, or can learn, no distribution.

        Call it after the search, in the process that asks the strategy: a worker's has learned
        nothing. It waits for an ask that is under way, and all other calls wait for it.
        """
        with self._exclusive():
            self._driver.wait()
            return self.strategy.distribution()

    def populate_space(self, trial_id: str) -> dict[str, Any]:
        if self._driver.exhausted:
            return {"status": TrialStatus.STOPPED}
        if not self._driver.asked:
            self._asked_after = self._told
            self._driver.ask()
        if self._driver.busy:
            return {"status": TrialStatus.IDLE}
        proposal = self._driver.take(trial_id)
        self._asked_after = None
        self._learn()
        if proposal is None:
            return {"status": TrialStatus.STOPPED}
        self._origins[trial_id] = [proposal.source, proposal.fidelity]
        hp = keras_tuner.HyperParameters()
        hp.values[NAME] = proposal.architecture.to_json()
        # an active hyperparameter without a value would get a random one, without a seed
        hp.merge(self.hyperparameters.space, overwrite=False)
        if proposal.fidelity is not None:
            hp.values[EPOCHS] = proposal.fidelity
        values = {name: plain(value) for name, value in hp.values.items()}
        return {"status": TrialStatus.RUNNING, "values": values}

    def get_state(self) -> dict[str, Any]:
        own = {"origins": self._origins, "asked_after": self._asked_after, "strategy": self._save_strategy()}
        return {**super().get_state(), **own}

    def set_state(self, state: Mapping[str, Any]) -> None:
        name = read_field(state, "strategy")
        super().set_state(state)
        self._origins = dict(state["origins"])
        self._asked_after = state.get("asked_after")
        self._checkpoint = name
        if name is not None:
            saved = self._checkpoints().read(name)
            self.strategy.set_state(saved["strategy"])
            self._told = saved["told"]
            self._driver.changed = False

    def save(self) -> None:
        super().save()
        if self._checkpoint is not None:
            self._checkpoints().keep_only(self._checkpoint)

    def _save_strategy(self) -> str | None:
        """Writes the strategy's state if it changed; returns the name under which it is kept.

        From the beginning of an ask until its proposal is a trial's, the state before it is the
        one to keep: what was told between that state and the ask is told again, then the ask is
        repeated.
        """
        if self._driver.changed and self._asked_after is None:
            self._driver.changed = False
            try:
                state = {"strategy": self.strategy.get_state(), "told": self._told}
                self._checkpoint = self._checkpoints().write(state)
            except OSError:
                raise
            except Exception:  # the state before it stays valid: what was told since is told again
                self._errors.note("strategy, asked for its state")
        return self._checkpoint

    def _checkpoints(self) -> Checkpoints:
        return Checkpoints(pathlib.Path(self._project_dir) / "strategy")

    def _learn(self) -> None:
        # counted with the strategy's state, so that a trial is told once even if the search was
        # killed between its end and the telling. Trials that end during an ask wait for its end,
        # after resuming too: the strategy is always called in the same order
        for trial_id in self.end_order[self._told : self._asked_after]:
            self._told += 1
            self._driver.tell(self._as_trial(trial_id))

    def _wait(self, seconds: float) -> None:
        if not self._driver.wait(seconds):
            super()._wait(seconds)

    def _as_trial(self, trial_id: str) -> Trial:
        trial = self.trials[trial_id]
        arch = Architecture.from_json(trial.hyperparameters.values[NAME])
        source, fidelity = self._origins[trial_id]
        cost_s = self._seconds.get(trial_id, 0.0)
        outcome: Measurement | Failure = Failure(last_line(trial.message), cost_s)
        if trial.status == TrialStatus.COMPLETED:
            metrics = {name: float(trial.metrics.get_last_value(name)) for name in trial.metrics.metrics}
            outcome = Measurement(
                sign(self.objective) * float(trial.score),
                {name: value for name, value in metrics.items() if math.isfinite(value)},
                fidelity=fidelity,
                cost_s=cost_s,
            )
        return Trial(self.start_order.index(trial_id), Proposal(arch, source, fidelity), outcome)

"""`GuardedOracle`: keras-tuner's oracle with its faults mended. It knows nothing of strategies."""

from __future__ import annotations

import abc
import contextlib
import math
import pathlib
import threading
import time
from typing import Any, Iterator, Mapping

import keras_tuner
from keras_tuner.engine.trial import Trial as TunerTrial
from keras_tuner.engine.trial import TrialStatus
from keras_tuner.src.distribute import utils as distribution
from keras_tuner.src.engine.metrics_tracking import MetricsTracker

from tfnas.errors import SearchError, StateError
from tfnas.tuner.error_log import ErrorLog, last_line
from tfnas.tuner.guards import check_directory, check_tensorboard, locked
from tfnas.tuner.objective import check_objective, sign
from tfnas.tuner.pacing import Pacer
from tfnas.tuner.side_state import TrialRecord, plain, plain_metrics, read_field, write_json
from tfnas.tuner.watchdog import Watchdog


class GuardedOracle(keras_tuner.Oracle, abc.ABC):
    """An oracle that neither hangs nor loses data where ``keras_tuner.Oracle`` does.

    Subclasses implement `populate_space`, which must not raise, and `_learn`.

    Args:
        objective: See `check_objective`.
        worker_timeout: See `StrategyOracle`.
        **arguments: Further arguments of ``keras_tuner.Oracle``.
    """

    def __init__(self, objective: Any, *, worker_timeout: float | None, **arguments: Any) -> None:
        check_tensorboard()
        super().__init__(objective=check_objective(objective), **arguments)
        self._errors = ErrorLog()
        self._watchdog = Watchdog(worker_timeout)
        self._pacer = Pacer(self._wait)
        self._mutex = threading.RLock()
        self._started: dict[str, float] = {}
        self._seconds: dict[str, float] = {}
        self._lost: list[str] = []
        self._halted: SearchError | None = None

    @abc.abstractmethod
    def _learn(self) -> None:
        """Takes in trials of `end_order` that are new, now or later; called when one was added and after reloading."""

    @property
    def errors(self) -> tuple[str, ...]:
        """What went wrong without ending the search: a line that says where, then the traceback, each."""
        return tuple(self._errors.texts)

    @property
    def worker_timeout(self) -> float | None:
        """Seconds of silence after which a worker counts as dead."""
        return self._watchdog.timeout

    def raise_errors(self) -> None:
        """Raises what went wrong while the search could not be interrupted.

        Raises:
            SearchError: If too many trials failed in a row, or `errors` is not empty.
        """
        halted, self._halted = self._halted, None
        if halted is not None:
            raise halted
        self._errors.raise_first()

    def completed_trials(self) -> list[TunerTrial]:
        """Returns the completed trials, best first; of equal ones the earlier first."""
        completed = [trial for trial in self.trials.values() if trial.status == TrialStatus.COMPLETED]
        return sorted(completed, key=lambda trial: -sign(self.objective) * trial.score)

    def get_best_trials(self, num_trials: int = 1) -> list[TunerTrial]:
        """Returns up to `num_trials` completed trials, best first.

        keras-tuner fills the list up with trials that failed or never ran; this does not.

        Raises:
            SearchError: If no trial completed.
        """
        completed = self.completed_trials()
        if not completed:
            states = [trial.status for trial in self.trials.values()]
            counts = ", ".join(f"{states.count(state)} {state}" for state in sorted(set(states)))
            messages = [trial.message for trial in self.trials.values() if trial.message]
            raise SearchError(
                "best trials",
                expected="at least one completed trial",
                received=counts or "no trial at all",
                remedy=f"The last failure was: {last_line(messages[-1])}" if messages else "Run the search first.",
            )
        return completed[:num_trials]

    def create_trial(self, tuner_id: str) -> TunerTrial:
        with self._exclusive():
            self._watchdog.heard(tuner_id)
            self.release_silent_workers()
            trial = self._next_trial(tuner_id)
        if trial.status == TrialStatus.IDLE:
            self._pacer.pause(tuner_id)  # outside the lock, so that others can go on
        elif trial.status == TrialStatus.STOPPED and not distribution.has_chief_oracle():
            self.raise_errors()
        return trial

    def get_trial(self, trial_id: str) -> TunerTrial:
        with locked(self, self._mutex):
            self._heard_from_trial(trial_id)
            return super().get_trial(trial_id)

    def update_trial(self, trial_id: str, metrics: Mapping[str, Any], step: int = 0) -> TunerTrial:
        with locked(self, self._mutex):
            if not self._heard_from_trial(trial_id):
                return self.trials[trial_id]  # late: the trial was given to another worker, which was faster
            record = TrialRecord.read(self._get_trial_dir(trial_id))
            return super().update_trial(trial_id, record.refine(plain_metrics(metrics)), step=step)

    def end_trial(self, trial: TunerTrial) -> None:
        with self._exclusive():
            if self._heard_from_trial(trial.trial_id):
                self._end(trial)

    def score_trial(self, trial: TunerTrial) -> None:
        super().score_trial(trial)
        trial.score = float(trial.score)

    def get_state(self) -> dict[str, Any]:
        state = super().get_state()
        # keras-tuner saves an ended trial as one that still runs, and would run it again on resuming
        ended = {*self.end_order, *self._retry_queue}
        state["ongoing_trials"] = {
            tuner_id: trial_id for tuner_id, trial_id in state["ongoing_trials"].items() if trial_id not in ended
        }
        objective = [self.objective.name, self.objective.direction]
        return {**state, "objective": objective, "lost": self._lost, "errors": self._errors.texts}

    def set_state(self, state: Mapping[str, Any]) -> None:
        objective = [self.objective.name, self.objective.direction]
        if read_field(state, "objective") != objective:
            raise StateError(
                "saved keras-tuner project",
                expected=f"the objective {objective}",
                received=str(state["objective"]),
                remedy="Use the objective of the run, or another project_name.",
            )
        super().set_state(state)
        self._lost = list(state["lost"])
        self._errors.texts[:] = state["errors"]

    def save(self) -> None:
        write_json(self._get_oracle_fname(), self.get_state())

    def reload(self) -> None:
        super().reload()
        missing = [trial_id for trial_id in self.start_order if trial_id not in self.trials]
        if missing:
            raise StateError(
                f"saved keras-tuner project {self._project_dir}",
                expected="a trial.json of every trial",
                received=f"none of trial {missing[0]}",
                remedy="Restore the folder, or start again with overwrite=True.",
            )
        # keras-tuner reads the trials in the order of their folders, and also one whose own file was
        # written when the search was killed, but which the oracle's does not name: that never began
        self.trials = {trial_id: self.trials[trial_id] for trial_id in self.start_order}
        self._learn()

    def release_silent_workers(self) -> None:
        """Takes the trials of dead workers back; see `worker_timeout`."""
        with locked(self, self._mutex):
            for tuner_id in self._watchdog.silent({*self.ongoing_trials, *self.tuner_ids}):
                self.tuner_ids.discard(tuner_id)
                if tuner_id in self.ongoing_trials:
                    self._take_back(tuner_id)

    def is_deserted(self) -> bool:
        """Whether no trial runs and no worker is left."""
        with locked(self, self._mutex):
            return not self.ongoing_trials and not self.tuner_ids

    def has_workers(self) -> bool:
        """Whether a worker may call again: False once all that there were are dead and all trials ended.

        Raises:
            SearchError: If all are dead and trials are left.
        """
        with locked(self, self._mutex):
            if not self._watchdog.alone:
                return True
        if len(self.end_order) >= self.max_trials:
            return False
        raise SearchError(
            "workers",
            expected=f"a sign of life within {self.worker_timeout:g} s",
            received=f"none, with {len(self.end_order)} of {self.max_trials} trials ended",
            remedy="Start chief and workers again: the search resumes where it was.",
        )

    @contextlib.contextmanager
    def _exclusive(self) -> Iterator[None]:
        with locked(self, self._mutex), self._watchdog.deaf():
            yield

    def _wait(self, seconds: float) -> None:
        """Keeps a worker waiting before it asks again; without the lock."""
        time.sleep(seconds)

    def _next_trial(self, tuner_id: str) -> TunerTrial:
        if self._halted is not None:
            self.tuner_ids.discard(tuner_id)
            return TunerTrial(self.get_space(), trial_id="none", status=TrialStatus.STOPPED)
        waiting = set(self._retry_queue)
        trial = super().create_trial(tuner_id)
        if trial.trial_id in waiting - set(self._retry_queue):
            # keras-tuner keeps the values of the first run, and ignores those of the second
            trial.metrics = MetricsTracker()
            trial.score, trial.best_step, trial.message = None, 0, None
        if trial.status == TrialStatus.RUNNING:
            self._started.setdefault(trial.trial_id, time.monotonic())
        elif trial.status == TrialStatus.STOPPED and self._may_come_back():
            self.tuner_ids.add(tuner_id)
            trial.status = TrialStatus.IDLE
        return trial

    def _may_come_back(self) -> bool:
        """Whether a trial that runs elsewhere may need another worker."""
        return self.worker_timeout is not None and any(
            trial.trial_id not in self._lost for trial in self.ongoing_trials.values()
        )

    def _heard_from_trial(self, trial_id: str) -> bool:
        """Notes a sign of life of the worker that runs a trial; False if none does."""
        for tuner_id, trial in self.ongoing_trials.items():
            if trial.trial_id == trial_id:
                self._watchdog.heard(tuner_id)
                return True
        return False

    def _take_back(self, tuner_id: str) -> None:
        trial = self.ongoing_trials[tuner_id]
        if trial.trial_id in self._lost:
            trial.status = TrialStatus.FAILED
            trial.message = f"lost twice: worker {tuner_id!r} was not heard of for {self.worker_timeout:g} s"
            self._end(trial)
            return
        trial.status = TrialStatus.INVALID
        self._lost.append(trial.trial_id)
        self._retry_queue.append(trial.trial_id)
        del self.ongoing_trials[tuner_id]
        self.save()

    def _end(self, trial: TunerTrial) -> None:
        now = time.monotonic()
        self._seconds[trial.trial_id] = now - self._started.get(trial.trial_id, now)
        try:
            self._complete(trial)
            super().end_trial(trial)
        except Exception:
            self._errors.note(f"end of trial {trial.trial_id}")
            self._abandon(trial.trial_id)
        self._learn()

    def _complete(self, trial: TunerTrial) -> None:
        """Fills in what was lost on the way from a worker, and looks at the objective."""
        trial.hyperparameters.values = {name: plain(value) for name, value in trial.hyperparameters.values.items()}
        if trial.message is None:
            trial.message = TrialRecord.read(self._get_trial_dir(trial.trial_id)).message
        if trial.status == TrialStatus.COMPLETED:
            metrics, name = self.trials[trial.trial_id].metrics, self.objective.name
            value = metrics.get_best_value(name) if metrics.exists(name) else None
            if value is None or not math.isfinite(value):  # keras-tuner completes a trial that scored inf
                trial.status = TrialStatus.INVALID
                trial.message = f"{name} is {'missing' if value is None else float(value)}"

    def _abandon(self, trial_id: str) -> None:
        """Ends a trial that keras-tuner could not end."""
        if trial_id not in self.end_order:
            self.trials[trial_id].status = TrialStatus.FAILED
            self.end_order.append(trial_id)
        self.ongoing_trials = {
            tuner_id: trial for tuner_id, trial in self.ongoing_trials.items() if trial.trial_id != trial_id
        }

    def _check_consecutive_failures(self) -> None:
        # keras-tuner raises here, with the lock held and the trial half ended, and counts rows of
        # failures that are long past, so that such a search could never be resumed
        failed = 0
        for trial_id in reversed(self.end_order):
            if self.trials[trial_id].status != TrialStatus.FAILED:
                break
            failed += 1
        if failed >= self.max_consecutive_failed_trials:
            self._halted = SearchError(
                "trials",
                expected=f"fewer than {self.max_consecutive_failed_trials} failed ones in a row",
                received=f"{failed}, the last with: {last_line(self.trials[self.end_order[-1]].message)}",
                remedy="The tracebacks are in trial.json in the trials' folders. Run the search again to go on.",
            )

    def _save_trial(self, trial: TunerTrial) -> None:
        write_json(pathlib.Path(self._get_trial_dir(trial.trial_id)) / "trial.json", trial.get_state())

    def _set_project_dir(self, directory: Any, project_name: str) -> None:
        check_directory(directory)
        super()._set_project_dir(directory, project_name)

"""What a search prints: keras-tuner's own tables cut values at 18 characters."""

from __future__ import annotations

import datetime
import statistics
from typing import Any, Sequence

from keras_tuner.src.engine import oracle as keras_tuner_oracle

from tfnas.architecture import Architecture
from tfnas.spaces.base import SearchSpace
from tfnas.tuner.hyperparameters import NAME
from tfnas.tuner.side_state import TrialRecord


def shown(value: Any, space: SearchSpace) -> str:
    """Returns a hyperparameter's value as text: an architecture in its published form, nothing cut."""
    try:
        return space.to_native(Architecture.from_json(value))
    except Exception:  # not an architecture, or not a member; printing must not end a search
        return str(value)


class Display(keras_tuner_oracle.Display):
    """Prints the beginning and the end of each trial."""

    def show_hyperparameter_table(self, trial: Any) -> None:
        for name, value in trial.hyperparameters.values.items():
            print(f"{name}: {shown(value, self.oracle.strategy.space)}")

    def on_trial_end(self, trial: Any) -> None:
        if self.verbose < 1:
            return
        started = self.trial_start.get(trial.trial_id)
        duration = "" if started is None else f" in {self.format_duration(datetime.datetime.now() - started)}"
        name = self.oracle.objective.name
        score = "" if trial.score is None else f", {name} {trial.score:.6g}"
        completed = self.oracle.completed_trials()
        best = f", best so far {completed[0].score:.6g}" if completed else ""
        print(f"Trial {trial.trial_id} {trial.status}{duration}{score}{best}")


def results_text(trials: Sequence[Any], records: Sequence[TrialRecord], *, objective: Any, space: SearchSpace) -> str:
    """Returns the summary of a search.

    Args:
        trials: keras-tuner's trials, best first.
        records: What their processes noted, in the same order.
        objective: The search's objective.
        space: The search's space.
    """
    lines = [f"Objective: {objective.name} ({objective.direction})"]
    for rank, (trial, record) in enumerate(zip(trials, records), start=1):
        values = [value for value in record.values(objective.name) if value is not None]
        spread = ""
        if len(values) > 1:
            single = ", ".join(f"{value:.6g}" for value in values)
            spread = f" (standard deviation {statistics.stdev(values):.2g} of {len(values)} executions: {single})"
        lines.append(f"{rank}. trial {trial.trial_id}: {objective.name} {trial.score:.6g}{spread}")
        lines += [
            f"   {name}: {shown(value, space) if name == NAME else value}"
            for name, value in trial.hyperparameters.values.items()
        ]
    return "\n".join(lines)

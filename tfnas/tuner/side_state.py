"""What keras-tuner cannot keep in its own JSON: values at full precision, tracebacks, arrays."""

from __future__ import annotations

import json
import math
import pathlib
import shutil
from dataclasses import dataclass
from typing import Any, Mapping

import numpy as np

from tfnas.errors import StateError
from tfnas.state import load_state, save_state, write_text

RECORD = "executions.json"
_CHECKPOINT = "state.json"


def plain(value: Any) -> Any:
    """Returns NumPy values as Python values, others unchanged: keras-tuner can write no NumPy value."""
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, np.ndarray):
        return value.tolist()
    return value


def plain_metrics(metrics: Mapping[str, Any]) -> dict[str, float]:
    """Returns the metrics that are one number each, as Python floats; others (None, lists) are left out."""
    numbers = {str(name): _number(value) for name, value in metrics.items()}
    return {name: value for name, value in numbers.items() if value is not None}


def write_json(path: str | pathlib.Path, value: Any) -> None:
    """Writes JSON under a temporary name and renames it: a killed search leaves no half file behind."""
    write_text(pathlib.Path(path), json.dumps(value, default=_json_default))


@dataclass(frozen=True, slots=True)
class TrialRecord:
    """What the process that ran a trial knows of it.

    keras-tuner keeps the mean of the executions alone, and sends it to a chief as float32, without
    the traceback. So the process writes this beside the trial, where the chief reads it.

    Attributes:
        executions: The metrics of each execution at its best epoch; None for a value that is not finite.
        message: Traceback of a trial that crashed.
    """

    executions: tuple[Mapping[str, float | None], ...] = ()
    message: str | None = None

    def values(self, name: str) -> tuple[float | None, ...]:
        """Returns one metric of each execution."""
        return tuple(execution.get(name) for execution in self.executions)

    def refine(self, metrics: Mapping[str, float]) -> dict[str, float]:
        """Returns `metrics` with every value that is a rounded mean of the executions replaced by the mean."""
        return {name: self._refined(name, value) for name, value in metrics.items()}

    def _refined(self, name: str, value: float) -> float:
        values = self.values(name)
        if not values or None in values:
            return value
        mean = float(np.mean(values))
        return mean if math.isclose(mean, value, rel_tol=1e-6) else value

    def write(self, directory: str | pathlib.Path) -> None:
        """Writes the record into the folder of its trial."""
        executions = [
            {name: value if value is not None and math.isfinite(value) else None for name, value in metrics.items()}
            for metrics in self.executions
        ]
        write_json(pathlib.Path(directory) / RECORD, {"executions": executions, "message": self.message})

    @classmethod
    def read(cls, directory: str | pathlib.Path) -> "TrialRecord":
        """Inverse of `write`; an empty record where there is none."""
        path = pathlib.Path(directory) / RECORD
        if not path.exists():
            return cls()
        value = json.loads(path.read_text("utf-8"))
        return cls(tuple(value["executions"]), value["message"])


class Checkpoints:
    """Numbered states of a strategy in one folder, so that the oracle's JSON can name the one it belongs to.

    Args:
        directory: The folder; made when the first state is written.
    """

    def __init__(self, directory: str | pathlib.Path) -> None:
        self._directory = pathlib.Path(directory)

    def write(self, state: Any) -> str:
        """Writes a state (JSON values and arrays) under a new name, which it returns."""
        taken = [int(path.name) for path in self._directory.glob("*") if path.name.isdigit()]
        name = f"{max(taken, default=-1) + 1:08d}"
        save_state(self._directory / name / _CHECKPOINT, state)
        return name

    def read(self, name: str) -> Any:
        """Returns the state of that name.

        Raises:
            StateError: If it is missing or damaged.
        """
        return load_state(self._directory / name / _CHECKPOINT)

    def keep_only(self, name: str) -> None:
        """Deletes all other states; call it once the oracle's JSON names this one."""
        for path in self._directory.glob("*"):
            if path.name != name:
                shutil.rmtree(path, ignore_errors=True)


def read_field(state: Mapping[str, Any], name: str) -> Any:
    """Returns a field of an oracle's saved state.

    Raises:
        StateError: If it is not there, so another oracle saved the state.
    """
    if name not in state:
        raise StateError(
            "saved keras-tuner project",
            expected="one that a StrategyOracle saved",
            received=f"one without {name!r}, of another oracle",
            remedy="Use another project_name, or overwrite=True.",
        )
    return state[name]


def _number(value: Any) -> float | None:
    if value is None or isinstance(value, str):
        return None
    try:
        array = np.asarray(value, dtype=np.float64)
    except (TypeError, ValueError):
        return None
    return float(array.reshape(())) if array.size == 1 else None


def _json_default(value: Any) -> Any:
    converted = plain(value)
    if converted is value:
        raise TypeError(f"{type(value).__name__} is not JSON")
    return converted

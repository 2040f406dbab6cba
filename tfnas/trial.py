"""What a search exchanges: proposals, measurements, failures and trials.

Objectives are always maximised. A "minimise" of the user's is negated where it enters, once.
"""

from __future__ import annotations

import enum
import math
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Mapping

from tfnas.architecture import Architecture
from tfnas.errors import ConfigError


class Split(str, enum.Enum):
    """Which examples a value was measured on. A search sees validation values only."""

    TRAIN = "train"
    VALIDATION = "validation"
    TEST = "test"


@dataclass(frozen=True, slots=True)
class Proposal:
    """An architecture that a strategy wants measured.

    Attributes:
        architecture: The candidate.
        source: Where it came from, for example ``"random"``, ``"mutation"``, ``"generator"``.
        fidelity: Training budget asked for (epochs), or None for the evaluator's own.
    """

    architecture: Architecture
    source: str = "random"
    fidelity: int | None = None

    def to_dict(self) -> dict[str, Any]:
        """Returns plain JSON values; `from_dict` is the exact inverse."""
        return {
            "architecture": self.architecture.to_dict(),
            "source": self.source,
            "fidelity": self.fidelity,
        }

    @classmethod
    def from_dict(cls, value: Mapping[str, Any]) -> "Proposal":
        """Inverse of `to_dict`."""
        return cls(Architecture.from_dict(value["architecture"]), value["source"], value["fidelity"])


@dataclass(frozen=True, slots=True)
class Measurement:
    """A successful evaluation.

    Attributes:
        objective: The value to maximise; finite.
        metrics: Further named values, in the user's own signs and units; these need not be finite.
        split: The examples that `objective` was measured on.
        fidelity: Training budget used (epochs), None where that means nothing.
        cost_s: Seconds the evaluation took, or would have taken (tables).

    Raises:
        ConfigError: If the objective is not a finite number; such an evaluation is a `Failure`.
    """

    objective: float
    metrics: Mapping[str, float] = field(default_factory=dict)
    split: Split = Split.VALIDATION
    fidelity: int | None = None
    cost_s: float = 0.0

    def __post_init__(self) -> None:
        if not _is_finite(self.objective):
            raise ConfigError(
                "objective",
                expected="a finite number",
                received=repr(self.objective),
                remedy="Report an evaluation that went wrong as a Failure.",
            )
        object.__setattr__(self, "objective", float(self.objective))
        object.__setattr__(self, "metrics", MappingProxyType(dict(self.metrics)))

    def to_dict(self) -> dict[str, Any]:
        """Returns plain JSON values; `from_dict` is the exact inverse."""
        return {
            "objective": self.objective,
            "metrics": {name: _to_json(value) for name, value in self.metrics.items()},
            "split": self.split.value,
            "fidelity": self.fidelity,
            "cost_s": self.cost_s,
        }

    @classmethod
    def from_dict(cls, value: Mapping[str, Any]) -> "Measurement":
        """Inverse of `to_dict`."""
        metrics = {name: float(number) for name, number in value["metrics"].items()}
        return cls(value["objective"], metrics, Split(value["split"]), value["fidelity"], value["cost_s"])

    def __reduce__(self):  # a mapping proxy cannot be copied, so copy and deepcopy need this
        return (
            type(self),
            (self.objective, dict(self.metrics), self.split, self.fidelity, self.cost_s),
        )


@dataclass(frozen=True, slots=True)
class Failure:
    """An evaluation that gave no value. It still counts against the budget.

    Attributes:
        reason: One line for people: what happened.
        cost_s: Seconds spent.
    """

    reason: str
    cost_s: float = 0.0

    def to_dict(self) -> dict[str, Any]:
        """Returns plain JSON values; `from_dict` is the exact inverse."""
        return {"reason": self.reason, "cost_s": self.cost_s}

    @classmethod
    def from_dict(cls, value: Mapping[str, Any]) -> "Failure":
        """Inverse of `to_dict`."""
        return cls(value["reason"], value["cost_s"])


@dataclass(frozen=True, slots=True)
class Trial:
    """A proposal with its number (a search counts from 1) and, once it is known, its outcome."""

    id: int
    proposal: Proposal
    outcome: Measurement | Failure | None = None

    @property
    def architecture(self) -> Architecture:
        """The proposed architecture."""
        return self.proposal.architecture

    @property
    def objective(self) -> float | None:
        """The measured value (maximised), or None for a failed or unfinished trial."""
        return self.outcome.objective if isinstance(self.outcome, Measurement) else None


def _is_finite(value: Any) -> bool:
    try:
        return math.isfinite(value)
    except TypeError:
        return False


def _to_json(value: float) -> float | str:
    """Returns a number that JSON can hold, or the text that ``float`` reads: JSON has no nan and inf."""
    number = float(value)
    return number if math.isfinite(number) else repr(number)

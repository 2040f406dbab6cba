"""`Schedule`: a number that changes as a search goes on."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Mapping

from tfnas.checks import check_flag, is_integer
from tfnas.errors import ConfigError


@dataclass(frozen=True, slots=True)
class Schedule:
    """A value for each number of queries that were made.

    Attributes:
        points: Pairs of a number of queries, growing from 0, and the value from there on.
        linear: Whether the value moves from each point to the next in a straight line, or jumps there.

    Raises:
        ConfigError: If a point cannot be.
    """

    points: tuple[tuple[int, float], ...]
    linear: bool = False

    def __post_init__(self) -> None:
        check_flag(linear=self.linear)
        try:
            fine = all(
                is_integer(start) and not isinstance(value, bool) and math.isfinite(value)
                for start, value in self.points
            )
            starts = [start for start, _ in self.points]
            fine = fine and starts[:1] == [0] and all(a < b for a, b in zip(starts, starts[1:]))
        except (TypeError, ValueError):
            fine = False
        if not fine:
            raise ConfigError(
                "schedule",
                expected="pairs of a number of queries, growing from 0, and a finite value",
                received=repr(self.points),
            )

    @classmethod
    def constant(cls, value: float) -> Schedule:
        """Returns the schedule that never changes."""
        return cls(((0, value),))

    @property
    def values(self) -> tuple[float, ...]:
        """The values at its points."""
        return tuple(value for _, value in self.points)

    def at(self, queries: int) -> float:
        """Returns the value after that many queries."""
        index = max(k for k, (start, _) in enumerate(self.points) if start <= queries)
        start, value = self.points[index]
        if not self.linear or index + 1 == len(self.points):
            return value
        end, following = self.points[index + 1]
        return value + (following - value) * (queries - start) / (end - start)

    def to_json(self) -> dict[str, Any]:
        """Returns JSON values for `from_json`."""
        return {"points": [list(point) for point in self.points], "linear": self.linear}

    @classmethod
    def from_json(cls, value: Mapping[str, Any] | float) -> Schedule:
        """Inverse of `to_json`; a plain number is a constant."""
        if isinstance(value, Mapping):
            return cls(tuple((start, number) for start, number in value["points"]), value.get("linear", False))
        return cls.constant(value)

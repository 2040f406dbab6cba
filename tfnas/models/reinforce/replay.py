"""`ReplayBuffer`: what a generator learns from."""

from __future__ import annotations

import math
from typing import Any, Sequence

from tfnas.architecture import Architecture
from tfnas.errors import ConfigError
from tfnas.models.reinforce.schedule import Schedule
from tfnas.spaces.base import SearchSpace


class ReplayBuffer:
    """All architectures that were measured, of which the best are kept for learning (GraphPNAS, section 4.1).

    Networks are told apart by their canonical keys; the first value of each counts.

    Args:
        space: The space.
        keep: How many are kept after so many queries: values from 1 are numbers of networks, values
            below 1 a share of those measured, rounded up.

    Raises:
        ConfigError: If a value of `keep` is not positive, or from 1 on no integer.
    """

    def __init__(self, space: SearchSpace, keep: Schedule) -> None:
        steps = keep.linear and max(keep.values) >= 1
        if any(value <= 0 or (value >= 1 and value != int(value)) for value in keep.values) or steps:
            raise ConfigError(
                "keep",
                expected="numbers of networks from 1, without linear, or shares above 0 and below 1",
                received=repr(keep),
            )
        self._space, self._keep = space, keep
        self._entries: dict[str, tuple[Architecture, float]] = {}

    def __len__(self) -> int:
        """Number of networks that were measured."""
        return len(self._entries)

    def add(self, arch: Architecture, objective: float) -> bool:
        """Takes in a measurement; returns whether its network is new.

        Raises:
            ConfigError: If the objective is not finite.
        """
        if not math.isfinite(objective):
            raise ConfigError(
                "objective",
                expected="a finite number",
                received=repr(objective),
                remedy="What failed has no reward: leave it out.",
            )
        key = self._space.canonical_key(arch)
        if key in self._entries:
            return False
        self._entries[key] = (arch, float(objective))
        return True

    @property
    def measured(self) -> list[tuple[Architecture, float]]:
        """All architectures and their objectives, in the order they came in."""
        return list(self._entries.values())

    def kept(self, queries: int) -> list[tuple[Architecture, float]]:
        """Returns the kept architectures and their objectives, best first, of equal ones the earlier first.

        Args:
            queries: Number of queries so far, for the schedule.
        """
        keep = self._keep.at(queries)
        count = math.ceil(keep * len(self._entries)) if keep < 1 else int(keep)
        return sorted(self._entries.values(), key=lambda entry: -entry[1])[:count]

    def get_state(self) -> list[list[Any]]:
        """Returns JSON values for `set_state`."""
        return [[key, arch.to_dict(), objective] for key, (arch, objective) in self._entries.items()]

    def set_state(self, state: Sequence[Sequence[Any]]) -> None:
        """Continues from a state."""
        self._entries = {key: (Architecture.from_dict(arch), objective) for key, arch, objective in state}

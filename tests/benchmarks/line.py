"""One line of the benchmark table."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Line:
    """A measured figure.

    Attributes:
        name: What was measured.
        figure: The absolute value.
        unit: Its unit.
        target: What it should reach, in words; empty where there is no target.
        ratio: The figure against another one measured in the same run, or None.
        against: What the ratio compares with.
    """

    name: str
    figure: float
    unit: str
    target: str = ""
    ratio: float | None = None
    against: str = ""

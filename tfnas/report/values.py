"""How numbers are shown to people."""

from __future__ import annotations

import datetime
import math
from dataclasses import dataclass
from typing import Any, Mapping

_FINE = 2000  # examples from which on the second decimal of a percentage says something


@dataclass(frozen=True, slots=True)
class Scale:
    """How objectives are shown: in the user's own sign, in percent where they are proportions.

    Attributes:
        name: What the objective is, for example ``"accuracy"``.
        quantity: The same with the examples it is measured on, for example ``"validation accuracy"``.
        factor: Factor from a stored value to the shown number.
        unit: ``"%"`` or nothing.
        decimals: Digits behind the point.
    """

    name: str
    quantity: str
    factor: float
    unit: str
    decimals: int

    @classmethod
    def of(cls, evaluator: Mapping[str, Any], largest: float) -> "Scale":
        """Reads the scale from the evaluator's configuration in a start event.

        Args:
            evaluator: The configuration. ``objective`` may hold ``name`` and ``direction``, or a
                table its ``signal``, ``direction`` and ``split``; ``validation_size`` says that
                objectives are proportions of so many examples.
            largest: Largest absolute objective; plain values are shown with four digits of it.
        """
        objective = evaluator.get("objective", evaluator)
        sign = -1.0 if objective.get("direction") == "min" else 1.0
        split = evaluator.get("split", "validation")
        if "signal" in evaluator:
            name = evaluator["signal"]
            quantity = f"{name} ({split} column)"
        else:
            name = evaluator.get("objective", {}).get("name", "objective").removeprefix("val_")
            quantity = f"{split} {name}"
        examples = evaluator.get("validation_size")
        if examples:
            return cls(name, quantity, 100.0 * sign, "%", 2 if examples >= _FINE else 1)
        digits = math.floor(math.log10(largest)) + 1 if largest > 0 else 1
        return cls(name, quantity, sign, "", min(max(4 - digits, 0), 8))

    @property
    def axis(self) -> str:
        """The quantity with its unit, for an axis or a column."""
        return f"{self.quantity} ({self.unit})" if self.unit else self.quantity

    @property
    def minimise(self) -> bool:
        """Whether smaller shown numbers are better."""
        return self.factor < 0

    def number(self, value: float) -> str:
        """Returns the shown number of a stored value, without its unit."""
        return f"{value * self.factor + 0.0:.{self.decimals}f}"

    def text(self, value: float) -> str:
        """Returns the shown number with its unit."""
        return f"{self.number(value)} {self.unit}".rstrip()

    def interval(self, interval: tuple[float, float] | None) -> str:
        """Returns ``"91.4 to 96.1"``, or nothing."""
        if interval is None:
            return ""
        low, high = sorted(interval, key=lambda end: end * self.factor)
        return f"{self.number(low)} to {self.number(high)}"


def duration(seconds: float) -> str:
    """Returns a time span to about one part in a hundred, for example ``"2 h 05 min"``."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 600:
        return f"{whole // 60} min {whole % 60:02d} s"
    if whole < 3600:
        return f"{whole // 60} min"
    if whole < 86400:
        return f"{whole // 3600} h {whole % 3600 // 60:02d} min"
    return f"{whole // 86400} d {whole % 86400 // 3600:02d} h"


def moment(seconds: float) -> str:
    """Returns a time, given in seconds since 1970, as UTC to the minute."""
    return datetime.datetime.fromtimestamp(seconds, datetime.UTC).strftime("%Y-%m-%d %H:%M UTC")


def plural(count: int, noun: str, several: str | None = None) -> str:
    """Returns a count with its noun, for example ``"1 trial"`` or ``"2,000 trials"``."""
    return f"{count:,} {noun if count == 1 else several or noun + 's'}"


def times(count: int) -> str:
    """Returns ``"once"``, ``"twice"`` or, for example, ``"3 times"``."""
    return {0: "never", 1: "once", 2: "twice"}.get(count, f"{count:,} times")


def listed(ids: tuple[int, ...], most: int = 12) -> str:
    """Returns trial numbers as text, cut after `most`."""
    shown = ", ".join(str(number) for number in ids[:most])
    return f"{shown} and {len(ids) - most} more" if len(ids) > most else shown

"""`GeneratorConfig`: what all generators can be told."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any, ClassVar, Mapping

from tfnas.checks import is_integer
from tfnas.errors import ConfigError


@dataclass(frozen=True, slots=True, kw_only=True)
class GeneratorConfig:
    """Options that all generators have; each model has a subclass with its own.

    Attributes:
        view: ``"edges"`` draws operators on the edges of the space's edge-labelled view, as the code published
            with GraphPNAS does, ``"nodes"`` those of nodes. ``"auto"`` is the first where `labels` or `in_degree`
            are given, or where every choice of labels is a member, as in NAS-Bench-201.
        labels: Labels that edges may carry in the edge-labelled view; all of the space's by default.
        in_degree: Smallest and largest number of edges into each node of the edge-labelled view that any can
            enter; no limit by default. With ``labels=OPERATORS[1:], in_degree=(2, 2)``, where the operators
            are those of `tfnas.blueprints.darts`, DARTS's cells are drawn as in that code.
        first_weights: How weights are drawn at first, ``"glorot"`` or ``"uniform"``; see
            `tfnas.models.autoregressive.weights`.
        dtype: ``"float32"`` or ``"float64"``.

    Raises:
        ConfigError: If a value cannot work.
    """

    choices: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "view": ("auto", "edges", "nodes"),
        "first_weights": ("glorot", "uniform"),
        "dtype": ("float32", "float64"),
    }

    view: str = "auto"
    labels: tuple[str, ...] | None = None
    in_degree: tuple[int, int] | None = None
    first_weights: str = "glorot"
    dtype: str = "float32"

    def __post_init__(self) -> None:
        for name, allowed in self.choices.items():
            if getattr(self, name) not in allowed:
                raise ConfigError(name, expected=" or ".join(map(repr, allowed)), received=repr(getattr(self, name)))
        if self.labels is not None and not (
            isinstance(self.labels, tuple) and self.labels and all(isinstance(label, str) for label in self.labels)
        ):
            raise ConfigError("labels", expected="a tuple of names, or None", received=repr(self.labels))
        if self.in_degree is not None:
            limits = self.in_degree
            if not (
                isinstance(limits, tuple)
                and len(limits) == 2
                and all(is_integer(limit) for limit in limits)
                and 0 <= limits[0] <= limits[1]
            ):
                raise ConfigError("in_degree", expected="(smallest, largest), or None", received=repr(limits))
        if self.view == "nodes" and (self.labels is not None or self.in_degree is not None):
            raise ConfigError(
                "labels and in_degree",
                expected="None with view='nodes', whose limits are those of the space's grammar",
                received=f"{self.labels!r} and {self.in_degree!r}",
            )

    def to_json(self) -> dict[str, Any]:
        """Returns JSON values that make an equal one as keywords, lists in place of tuples."""
        fields = dataclasses.asdict(self)
        return {name: list(value) if isinstance(value, tuple) else value for name, value in fields.items()}

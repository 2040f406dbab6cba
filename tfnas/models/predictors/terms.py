"""`Terms`: a Gaussian process in as many numbers as it has features."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any


@dataclass(frozen=True, slots=True, eq=False)
class Terms:
    """A Gaussian process, with mean ``f(x) . weights`` and covariance ``prior(x, x') - f(x) . known f(x')``.

    Tensors or arrays, float64. Values are standardised.

    Attributes:
        shift: What is taken from points first. Shape [D].
        scale: What they are divided by then. Shape [D].
        centres: Points, shifted and scaled, that features are about; there may be none. Shape [C, D].
        prior: Variance before anything is known of the features, [].
        constant: What is added to the mean, [].
        weights: Shape [F].
        known: What the data took from the prior; of features without prior, minus the covariance. Shape [F, F].
    """

    shift: Any
    scale: Any
    centres: Any
    prior: Any
    constant: Any
    weights: Any
    known: Any

    def tensors(self) -> tuple[Any, ...]:
        """Returns all of them in the order above."""
        return tuple(getattr(self, field.name) for field in fields(self))

"""`Surrogate`: a predictor that knows how points tell of each other."""

from __future__ import annotations

import abc
import functools
from typing import Any, Callable

import numpy as np

from tfnas.errors import ConfigError
from tfnas.models.predictors.predictor import Predictor
from tfnas.models.predictors.standardization import Standardization
from tfnas.models.predictors.terms import Terms

Columns = Callable[[int], np.ndarray]
"""Maps the number of a point to its covariances with all B points, without noise. Float64, shape [B]."""


class Surrogate(Predictor, abc.ABC):
    """A `Predictor` whose beliefs of several points are normal jointly, as Bayesian optimisation needs them.

    Subclasses are final.
    """

    units: Standardization
    """Mean and standard deviation of the values that `terms` are of; `_fit` sets it."""

    def covariances(self, x: np.ndarray) -> Columns:
        """Returns the covariances of what is believed of the function at B points, without noise.

        Nothing is computed before they are asked for, and then it is the fit of that time that counts. Where all fitted
        values were equal, nothing was learned that ties points to each other: they are zero.

        Args:
            x: Points. Float, shape [B, D].

        Raises:
            ConfigError: As `predict` does.
        """
        x = self._checked(x)
        if self._only_value is not None:
            return lambda point: np.zeros(len(x))
        made = functools.cache(lambda: self._covariances(x))
        scale = np.asarray(self.units.deviation) ** 2
        return lambda point: scale * made()(point)

    def terms(self) -> Terms:
        """Returns what is believed of the function, without noise.

        Raises:
            ConfigError: Before `fit`, or if all fitted values were equal.
        """
        self._check_width()
        if self._only_value is not None:
            raise ConfigError(
                f"terms of {type(self).__name__}",
                expected="fitted values that are not all equal",
                received=f"{self._only_value} for all",
            )
        return self._terms()

    @abc.abstractmethod
    def features(self, x: Any, terms: Terms) -> Any:
        """Returns the features that `terms` are of, by operations of TensorFlow.

        Args:
            x: Points that are shifted and scaled as the terms say. Tensor, float64, shape [B, D].
            terms: The surrogate's own, or with more centres.

        Returns:
            A tensor, float64, shape [B, F].
        """

    @abc.abstractmethod
    def _covariances(self, x: np.ndarray) -> Columns:
        """Returns the covariances of standardised values at one or more points, float64."""

    @abc.abstractmethod
    def _terms(self) -> Terms:
        """Implements `terms` after a fit to values that are not all equal."""

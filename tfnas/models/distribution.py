"""`ArchitectureDistribution`: a probability distribution over the members of a space."""

from __future__ import annotations

import abc
import math
from typing import Sequence

import numpy as np

from tfnas.architecture import Architecture
from tfnas.checks import check_positive
from tfnas.errors import ConfigError
from tfnas.spaces.base import SearchSpace


class ArchitectureDistribution(abc.ABC):
    """What generators, decoders and priors have in common.

    Probabilities are those of members as the space stores them, not of networks: isomorphic members
    have probabilities of their own.
    """

    space: SearchSpace
    """The space of the members."""

    has_log_prob: bool = True
    """Whether `log_prob` has a closed form."""

    is_mode_exact: bool = False
    """Whether `mode` returns the most probable members, and not only the most probable that it met."""

    @abc.abstractmethod
    def sample(self, n: int, seed: int) -> list[Architecture]:
        """Draws `n` members independently; the same ones for the same seed.

        Raises:
            ConfigError: If `n` is not positive.
            SearchError: If the rules of the space leave nothing that could be drawn.
        """

    def log_prob(self, archs: Sequence[Architecture]) -> np.ndarray:
        """Returns the natural logarithm of the probability of each member. Float64, shape [number of members].

        A member that cannot be drawn has minus infinity.

        Raises:
            ConfigError: If there is no closed form, see `has_log_prob`.
            InvalidArchitectureError: If one is no member of the space.
        """
        raise self._no_log_prob()

    def _no_log_prob(self) -> ConfigError:
        return ConfigError(
            f"log_prob of {type(self).__name__}",
            expected="a distribution with a closed form",
            received="one without",
            remedy="Draw with sample(n, seed), and count.",
        )

    def entropy(self, n: int = 1000, seed: int = 0) -> tuple[float, float]:
        """Estimates the entropy from `n` samples.

        Returns:
            The estimate, the mean of ``-log_prob``, and its standard error, in nats.

        Raises:
            ConfigError: If there is no closed form, or `n` is below 2.
        """
        check_positive(n=n)
        if n < 2:
            raise ConfigError("n", expected="at least 2, for a standard error", received=str(n))
        if not self.has_log_prob:
            raise self._no_log_prob()
        surprise = -self.log_prob(self.sample(n, seed))
        return float(surprise.mean()), float(surprise.std(ddof=1) / math.sqrt(n))

    def mode(self, k: int = 1, *, samples: int = 1000, seed: int = 0) -> tuple[Architecture, ...]:
        """Returns the `k` most probable distinct members among those of `samples` draws, the first one first.

        Fewer come back if fewer were drawn; `is_mode_exact` says whether others might be more probable.

        Raises:
            ConfigError: If there is no closed form, or a number is not positive.
        """
        check_positive(k=k, samples=samples)
        if not self.has_log_prob:
            raise self._no_log_prob()
        met = list(dict.fromkeys(self.sample(samples, seed)))
        order = np.argsort(-self.log_prob(met), kind="stable")
        return tuple(met[index] for index in order[:k].tolist())

"""`LatentPrior`: a distribution over the latent points of an autoencoder."""

from __future__ import annotations

import abc
import functools
import importlib
import math
from typing import Any, ClassVar, Mapping

import numpy as np

from tfnas.checks import check_positive, check_seed
from tfnas.errors import ConfigError, StateError


class LatentPrior(abc.ABC):
    """Where to look for points that decode to graphs; made by `make`, or by `restore` from a state.

    Subclasses are final. They read points as vectors, whatever their shape is.

    Args:
        shape: Of a point, [D] or [N, D].
        arrays: What `learn` returns.
    """

    name: ClassVar[str]
    """What `make` knows it by."""

    def __init__(self, shape: tuple[int, ...], arrays: Mapping[str, np.ndarray]) -> None:
        self.shape, self._arrays = tuple(shape), dict(arrays)

    @staticmethod
    @abc.abstractmethod
    def learn(points: np.ndarray, deviations: np.ndarray | None, *, seed: int) -> dict[str, np.ndarray]:
        """Returns the arrays that are all the distribution depends on. Subclasses add options as keywords.

        Args:
            points: Means of the posteriors of n graphs, as vectors. Float64, shape [n, W].
            deviations: Standard deviations of the posteriors, of that shape, or None for posteriors that are points.
            seed: For all that is random.
        """

    @functools.cached_property
    def distribution(self) -> Any:
        """The same as a TFP distribution, float64, whose events have the shape of a point."""
        from tfnas._keras import graph_keras

        graph_keras()
        tfp = importlib.import_module("tensorflow_probability")
        flat = self._flat(tfp)
        if len(self.shape) == 1:
            return flat
        reshaped = tfp.bijectors.Reshape(list(self.shape), [math.prod(self.shape)])
        return tfp.distributions.TransformedDistribution(flat, reshaped)

    @abc.abstractmethod
    def _flat(self, tfp: Any) -> Any:
        """Returns the distribution of points as vectors, given TensorFlow Probability."""

    def sample(self, n: int, seed: int) -> np.ndarray:
        """Draws `n` points; the same ones for the same seed. Float64, shape [n, *shape].

        Raises:
            ConfigError: If `n` is not positive.
        """
        check_positive(n=n)
        check_seed(seed)
        state = np.random.SeedSequence(seed).generate_state(2).view(np.int32)
        return self.distribution.sample(n, seed=state).numpy()

    def log_prob(self, z: np.ndarray) -> np.ndarray:
        """Returns the natural logarithm of the density at each of B points. Float64, shape [B].

        Args:
            z: Points. Float, shape [B, *shape].

        Raises:
            ConfigError: If the points have another shape.
        """
        z = np.asarray(z, float)
        if z.shape[1:] != self.shape:
            raise ConfigError("points", expected=f"shape [B, *{list(self.shape)}]", received=f"shape {z.shape}")
        return self.distribution.log_prob(z).numpy()

    def get_state(self) -> dict[str, Any]:
        """Returns JSON values and arrays, as `tfnas.state.save_state` takes them."""
        return {"name": self.name, "shape": list(self.shape), "arrays": dict(self._arrays)}

    def set_state(self, state: Mapping[str, Any]) -> None:
        """Becomes the prior whose state it is.

        Raises:
            StateError: If that has another name or shape.
        """
        mine, other = (self.name, list(self.shape)), (state.get("name"), state.get("shape"))
        if mine != other:
            raise StateError(
                "state of a latent prior",
                expected=f"one named {mine[0]!r} of points of shape {mine[1]}",
                received=f"{other[0]!r}, {other[1]}",
                remedy="Use tfnas.models.latent_priors.restore(state).",
            )
        self._arrays = {name: np.asarray(array) for name, array in state["arrays"].items()}
        self.__dict__.pop("distribution", None)


def drawn(points: np.ndarray, deviations: np.ndarray | None, seed: int) -> np.ndarray:
    """Returns a point of each posterior, drawn; the points themselves without deviations. [n, W]."""
    if deviations is None:
        return points
    return points + deviations * np.random.default_rng([seed, 0]).standard_normal(points.shape)

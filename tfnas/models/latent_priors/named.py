"""Latent priors by name."""

from __future__ import annotations

import inspect
import math
from typing import Any, Mapping

import numpy as np

from tfnas.checks import check_seed
from tfnas.errors import ConfigError, StateError, UnknownNameError
from tfnas.models.latent_priors.aggregated import Aggregated
from tfnas.models.latent_priors.flow import Flow
from tfnas.models.latent_priors.mixture import Mixture
from tfnas.models.latent_priors.normal import Gaussian, Scaled, Standard
from tfnas.models.latent_priors.prior import LatentPrior

_KINDS = {kind.name: kind for kind in (Standard, Scaled, Gaussian, Mixture, Flow, Aggregated)}

NAMES: tuple[str, ...] = tuple(_KINDS)
"""All names."""


def make(
    name: str, means: np.ndarray, *, deviations: np.ndarray | None = None, seed: int = 0, **options: Any
) -> LatentPrior:
    """Makes a prior from encoded graphs.

    Args:
        name: One of `NAMES`: ``"standard"`` N(0, I), ``"scaled"`` the papers', ``"gaussian"``, ``"mixture"``,
            ``"flow"`` or ``"aggregated"``.
        means: Means of the posteriors of n >= 2 graphs. Float, shape [n, D] or [n, N, D].
        deviations: Standard deviations of the posteriors, of the same shape. Then the prior is one of points that are
            drawn from the posteriors, and not of their means.
        seed: For all that is random in fitting.
        **options: Those of the prior, see its class.

    Raises:
        ConfigError: If an array or an option cannot work.
        UnknownNameError: If there is no such prior.
    """
    kind = _kind(name)
    check_seed(seed)
    known = [key for key in inspect.signature(kind.learn).parameters if key not in ("points", "deviations", "seed")]
    for option in options:
        if option not in known:
            raise ConfigError(
                f"options of {name!r}", expected=", ".join(known) if known else "none", received=repr(option)
            )
    points = _checked("means", means)
    if len(points) < 2:
        raise ConfigError("means", expected="those of two graphs or more", received=f"shape {np.shape(means)}")
    if name != "standard" and not np.ptp(points, 0).any():
        raise ConfigError("means", expected="points that differ", received=f"{len(points)} equal ones")
    if deviations is not None:
        if np.shape(deviations) != np.shape(means):
            raise ConfigError(
                "deviations", expected=f"shape {np.shape(means)}, as means have", received=f"{np.shape(deviations)}"
            )
        deviations = _checked("deviations", deviations)
        if (deviations < 0).any():
            raise ConfigError("deviations", expected="zero or more", received=str(deviations.min()))
    return kind(np.shape(means)[1:], kind.learn(points, deviations, seed=seed, **options))


def restore(state: Mapping[str, Any]) -> LatentPrior:
    """Returns the prior that a state of `LatentPrior.get_state` is of.

    Raises:
        StateError: If it is no such state.
    """
    try:
        shape = tuple(int(size) for size in state["shape"])
        arrays = {name: np.asarray(array) for name, array in state["arrays"].items()}
        return _kind(state["name"])(shape, arrays)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise StateError("state of a latent prior", expected="name, shape and arrays", received=repr(error)) from error


def _kind(name: str) -> type[LatentPrior]:
    if name not in _KINDS:
        raise UnknownNameError("latent prior", expected=f"one of {', '.join(NAMES)}", received=repr(name))
    return _KINDS[name]


def _checked(subject: str, points: np.ndarray) -> np.ndarray:
    """Returns points as vectors."""
    points = np.asarray(points, float)
    if points.ndim not in (2, 3) or not math.prod(points.shape[1:]):
        raise ConfigError(subject, expected="shape [n, D] or [n, N, D]", received=f"shape {points.shape}")
    if not np.isfinite(points).all():
        raise ConfigError(subject, expected="finite numbers", received="others too")
    return points.reshape(len(points), -1)

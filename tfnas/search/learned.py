"""What a run writes down of the distribution that its strategy has learned."""

from __future__ import annotations

import collections
import math
from typing import Any, Mapping, Sequence

from tfnas.architecture import Architecture
from tfnas.errors import SearchError
from tfnas.models.distribution import ArchitectureDistribution
from tfnas.search.folder import derived_seed

MOST_PROBABLE = 4
"""How many of the most probable networks are written down."""

FIELDS = ("class", "drawn", "samples", "entropy", "mode", "curve", "error")
"""What `describe` returns."""

_DRAWS = 500
# numbers that keep the seeds of what is drawn apart
_SAMPLES, _ENTROPY, _MODE = 0, 1, 2


def describe(
    distribution: ArchitectureDistribution, samples: int, seed: int, curve: Sequence[Mapping[str, float]]
) -> dict[str, Any]:
    """Draws from a distribution and returns what is worth keeping, as JSON values.

    Args:
        distribution: The distribution.
        samples: Number of networks to draw, to be measured; 0 for none.
        seed: Seed of all draws.
        curve: `Strategy.learning_curve`.

    Returns:
        ``class``, ``drawn`` (the number of samples), ``samples`` (each distinct one, in the order in which it came
        first, with ``sample``, its number from 1, and ``draws``, how often it came), ``entropy`` (an estimate in nats
        and its standard error, or None), ``mode`` (the most probable networks of 500 further draws), ``curve``, and
        ``error``: why nothing can be drawn, or None. Networks have ``key``, ``native``, ``architecture`` and
        ``log_prob``.
    """
    fields: dict[str, Any] = {
        "class": type(distribution).__name__,
        "drawn": 0,
        "samples": [],
        "entropy": None,
        "mode": [],
        "curve": [dict(row) for row in curve],
        "error": None,
    }
    try:
        drawn = distribution.sample(samples, derived_seed(seed, _SAMPLES)) if samples else []
        if distribution.has_log_prob:
            entropy = distribution.entropy(_DRAWS, derived_seed(seed, _ENTROPY))
            fields["entropy"] = list(entropy) if all(map(math.isfinite, entropy)) else None
            fields["mode"] = _networks(
                distribution, distribution.mode(MOST_PROBABLE, samples=_DRAWS, seed=derived_seed(seed, _MODE))
            )
    except SearchError as error:
        return {**fields, "error": str(error)}
    draws = collections.Counter(drawn)
    networks = enumerate(_networks(distribution, tuple(draws)), start=1)
    listed = [{"sample": k, "draws": count, **network} for (k, network), count in zip(networks, draws.values())]
    return {**fields, "drawn": len(drawn), "samples": listed}


def _networks(distribution: ArchitectureDistribution, archs: Sequence[Architecture]) -> list[dict[str, Any]]:
    space = distribution.space
    chances = distribution.log_prob(archs) if distribution.has_log_prob and archs else [math.nan] * len(archs)
    return [
        {
            "key": space.canonical_key(arch),
            "native": space.to_native(arch),
            "log_prob": _number(chance),
            "architecture": arch.to_dict(),
        }
        for arch, chance in zip(archs, chances)
    ]


def _number(value: float) -> float | None:
    """Returns a number that JSON can hold, None for another."""
    return float(value) if math.isfinite(value) else None

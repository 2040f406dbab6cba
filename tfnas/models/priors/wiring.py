"""`Wiring`: the free edges of one component, and independent draws of them."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from tfnas.spaces.grammar import ComponentGrammar

Edge = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Wiring:
    """The free edges of a component of a certain length.

    Attributes:
        loose: Those into nodes with any number of incoming edges.
        counted: For each other node its free edges, and the smallest and largest number a member has.
    """

    loose: tuple[Edge, ...]
    counted: tuple[tuple[tuple[Edge, ...], int, int], ...]

    @classmethod
    def of(cls, component: ComponentGrammar, length: int) -> "Wiring":
        """Returns the free edges of a component among its first `length` nodes."""
        loose: list[Edge] = []
        counted = []
        for target in range(length):
            edges = tuple((source, target) for source in range(target) if (source, target) in component.free)
            if not component.in_degree or not edges:
                loose += edges
                continue
            forced = sum((source, target) in component.forced for source in range(target))
            low, high = component.in_degree[target]
            low, high = max(0, low - forced), min(high - forced, len(edges))
            if low == 0 and high == len(edges):
                loose += edges
            else:
                counted.append((edges, low, high))
        return cls(tuple(loose), tuple(counted))

    @property
    def size(self) -> int:
        """Number of free edges."""
        return len(self.loose) + sum(len(edges) for edges, _, _ in self.counted)

    @property
    def ways(self) -> int:
        """Number of sets of free edges that a member may have."""
        numbers = (sum(math.comb(len(edges), k) for k in range(low, high + 1)) for edges, low, high in self.counted)
        return 2 ** len(self.loose) * math.prod(numbers)

    def draw(self, p: float, rng: np.random.Generator) -> list[Edge]:
        """Draws each edge with probability p, independently, given that the counts are kept."""
        chosen = [edge for edge, value in zip(self.loose, rng.random(len(self.loose)).tolist()) if value < p]
        for edges, low, high in self.counted:
            weights = _log_weights(len(edges), low, high, np.array([p]))[:, 0]
            weights = np.exp(weights - weights.max())
            count = low + int(rng.choice(len(weights), p=weights / weights.sum()))
            chosen += [edges[k] for k in rng.permutation(len(edges))[:count].tolist()]
        return chosen

    def log_kept(self, p: np.ndarray) -> np.ndarray:
        """Returns the log-probability that independent edges keep the counts, for each p. Shape of p, [K]."""
        parts = [np.logaddexp.reduce(_log_weights(len(edges), *limits, p)) for edges, *limits in self.counted]
        return np.sum([np.zeros(len(p)), *parts], axis=0)


def _log_weights(size: int, low: int, high: int, p: np.ndarray) -> np.ndarray:
    """Returns log(C(size, k) p^k (1 - p)^(size - k)) for k from low to high, shape [high - low + 1, K]."""
    counts = np.arange(low, high + 1)[:, None]
    ways = np.array([[math.log(math.comb(size, k))] for k in range(low, high + 1)])
    return ways + counts * np.log(p) + (size - counts) * np.log1p(-p)

"""`ErdosRenyi`: each free edge with one probability."""

from __future__ import annotations

import functools
import math
import numbers
from typing import Sequence

import numpy as np

from tfnas.architecture import Architecture
from tfnas.checks import check_positive
from tfnas.errors import ConfigError
from tfnas.models.distribution import ArchitectureDistribution
from tfnas.models.priors.choices import LISTED, Choices, lengths_of
from tfnas.spaces.base import SearchSpace

_NODES = 512  # of the quadrature


class ErdosRenyi(ArchitectureDistribution):
    """Free edges of the grammar with probability p, independently; operators and attributes uniform.

    Forced edges are always there. Where a node's number of incoming edges is limited, its edges are drawn
    given that the limits are kept. A component of variable length has any of its lengths with equal
    probability. Where the rules of the space are not local, all but the lengths and p is drawn again until
    a member comes, so that lengths stay uniform, as in the code published with GraphPNAS.

    `log_prob` is exact where the rules are local. Where they are not, it needs the probability that a draw
    is a member, which is added up over all members on the first call: for spaces that can be enumerated
    and have at most 2,000,000 members. Where p is a range, the integral over p is Gauss-Legendre
    quadrature with 512 nodes. Where the rules are local and limit no incoming edges, this is the incomplete
    Beta function: exact below 1,024 free edges, where the integrand is a polynomial that 512 nodes
    integrate exactly, to 1e-10 at 19,900, and without its underflow. `mode` is the best of what is drawn.

    Erdos and Renyi, "On random graphs I" (1959); the variant with independent edges is Gilbert's.
    Deviations from GraphPNAS: graphs of RandWire need not be connected (those of Xie et al., ICCV 2019, are,
    see `tfnas.spaces.random_graphs.erdos_renyi`); cells of NAS-Bench-101 are not drawn with seven vertices and
    pruned, as the paper's appendix G says, but drawn again, as its code does.

    Args:
        space: The space.
        p: Probability of an edge, above 0 and below 1; or ``(low, high)`` within 0 to 1, from which it is
            drawn uniformly, once for each member.
        nodes: Smallest and largest number of nodes of components of variable length; None for all.

    Raises:
        ConfigError: If an argument is out of its range.
    """

    def __init__(
        self, space: SearchSpace, p: float | tuple[float, float], *, nodes: tuple[int, int] | None = None
    ) -> None:
        self.space = space
        self._low, self._high = as_range("p", p)
        if self._low == self._high and not 0 < self._low < 1:
            raise ConfigError("p", expected="above 0 and below 1, or a range (low, high)", received=repr(p))
        self._choices = Choices(space, nodes=nodes)
        self.has_log_prob = self._choices.is_countable
        self._known: dict[tuple[tuple[int, ...], int], float] = {}

    def sample(self, n: int, seed: int) -> list[Architecture]:
        check_positive(n=n)
        rng = np.random.default_rng(seed)
        return [self._draw(rng) for _ in range(n)]

    def _draw(self, rng: np.random.Generator) -> Architecture:
        p = rng.uniform(self._low, self._high)
        lengths = [options[int(rng.integers(len(options)))] for options in self._choices.lengths]
        wirings = [parts[length] for parts, length in zip(self._choices.wirings, lengths)]

        def draw() -> Architecture:
            return self._choices.assemble(lengths, [wiring.draw(p, rng) for wiring in wirings], rng)

        return self._choices.accepted(draw)

    def log_prob(self, archs: Sequence[Architecture]) -> np.ndarray:
        if not self.has_log_prob:
            raise ConfigError(
                f"log_prob of ErdosRenyi over {self.space.name}",
                expected=f"local rules, or at most {LISTED:,} members that can be listed",
                received=f"{self.space.size:.4g} members and rules that are not local",
                remedy="Draw with sample(n, seed), and count.",
            )
        for arch in archs:
            self.space.validate(arch)
        return np.array(
            [
                self._log_prob(lengths_of(arch), self._choices.count_free(arch))
                if self._choices.admits(arch)
                else -math.inf
                for arch in archs
            ],
            np.float64,
        )

    @functools.cached_property
    def _quadrature(self) -> tuple[np.ndarray, np.ndarray]:
        """Values of p, and the logarithms of their weights, which add up to one. [K] each."""
        if self._low == self._high:
            return np.array([self._low]), np.zeros(1)
        places, weights = np.polynomial.legendre.leggauss(_NODES)
        return self._low + (self._high - self._low) * (1 + places) / 2, np.log(weights / 2)

    def _log_prob(self, lengths: tuple[int, ...], edges: int) -> float:
        """Returns the log-probability of each member with these lengths and this number of free edges."""
        if (lengths, edges) not in self._known:
            _, weights = self._quadrature
            given_p = self._log_edges(lengths, edges) - self._log_accepted(lengths)
            ways = math.prod(map(len, self._choices.lengths)) * self._choices.labellings(lengths)
            self._known[lengths, edges] = float(np.logaddexp.reduce(weights + given_p)) - math.log(ways)
        return self._known[lengths, edges]

    def _log_edges(self, lengths: tuple[int, ...], edges: int) -> np.ndarray:
        """Returns the log-probability of certain free edges, by their number, for each p. [K]."""
        p, _ = self._quadrature
        wirings = [parts[length] for parts, length in zip(self._choices.wirings, lengths)]
        absent = sum(wiring.size for wiring in wirings) - edges
        return edges * np.log(p) + absent * np.log1p(-p) - sum(wiring.log_kept(p) for wiring in wirings)

    def _log_accepted(self, lengths: tuple[int, ...]) -> np.ndarray | float:
        """Returns the log-probability that a draw of these lengths is a member, for each p. [K]."""
        if self.space.grammar.is_local:
            return 0.0
        parts = [
            math.log(count) + self._log_edges(lengths, edges)
            for (found, edges), count in self._tally.items()
            if found == lengths
        ]
        return np.logaddexp.reduce(parts) - math.log(self._choices.labellings(lengths))

    @functools.cached_property
    def _tally(self) -> dict[tuple[tuple[int, ...], int], int]:
        return self._choices.tally()


def as_range(name: str, value: float | tuple[float, float]) -> tuple[float, float]:
    """Returns the ends of a range of probabilities; a single one is both.

    Raises:
        ConfigError: If it is neither one probability nor two ascending ones.
    """
    pair = tuple(value) if isinstance(value, (tuple, list)) else (value, value)
    plain = all(isinstance(end, numbers.Real) and not isinstance(end, bool) for end in pair)
    if len(pair) != 2 or not plain or not 0 <= pair[0] <= pair[1] <= 1:
        raise ConfigError(name, expected="a probability, or (low, high) from 0 to 1", received=repr(value))
    return float(pair[0]), float(pair[1])

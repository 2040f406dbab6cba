"""`WattsStrogatz` and `BarabasiAlbert`: random graph models over all pairs of nodes."""

from __future__ import annotations

import abc
import itertools
from typing import Callable

import numpy as np

from tfnas.architecture import Architecture
from tfnas.checks import check_positive, is_integer
from tfnas.errors import ConfigError
from tfnas.models.distribution import ArchitectureDistribution
from tfnas.models.priors.choices import Choices
from tfnas.models.priors.er import as_range
from tfnas.spaces.base import SearchSpace
from tfnas.spaces.random_graphs import Edges, barabasi_albert, watts_strogatz


class RandomGraphs(ArchitectureDistribution):
    """The free edges of each component are a random graph; operators and attributes are uniform.

    No closed form is known for the probability of one graph, so there is no `log_prob`, and no `mode`.

    Args:
        space: A space in which every pair of the nodes that a free edge joins is one, for example ``randwire``.

    Raises:
        ConfigError: If the space is another one.
    """

    has_log_prob = False

    def __init__(self, space: SearchSpace) -> None:
        self._choices = Choices(space)
        self.space = space
        self._nodes = [sorted({node for edge in part.free for node in edge}) for part in space.grammar.components]
        for component, nodes in zip(space.grammar.components, self._nodes):
            all_pairs = component.free == set(itertools.combinations(nodes, 2)) and nodes
            limited = component.in_degree or component.end_op is not None or not space.grammar.is_local
            if not all_pairs or limited:
                raise ConfigError(
                    f"space of {type(self).__name__}",
                    expected="a space of fixed length in which any graph of some nodes is a member, such as randwire",
                    received=space.name,
                    remedy="ErdosRenyi and Uniform keep the rules of every space.",
                )

    def sample(self, n: int, seed: int) -> list[Architecture]:
        check_positive(n=n)
        rng = np.random.default_rng(seed)
        return [self._member(rng) for _ in range(n)]

    @abc.abstractmethod
    def _model(self, rng: np.random.Generator) -> Callable[[int], Edges]:
        """Draws the parameters of a model; what comes back draws a graph of so many nodes."""

    def _member(self, rng: np.random.Generator) -> Architecture:
        model = self._model(rng)
        graphs = [[(nodes[a], nodes[b]) for a, b in model(len(nodes))] for nodes in self._nodes]
        return self._choices.assemble([options[0] for options in self._choices.lengths], graphs, rng)


class WattsStrogatz(RandomGraphs):
    """Rings whose edges are rewired, directed from the lower to the higher place on the ring.

    Watts and Strogatz (1998), as Xie et al. (ICCV 2019, section 3.3) direct them; see
    `tfnas.spaces.random_graphs.watts_strogatz`. Graphs need not be connected.

    Args:
        space: A space in which every pair of the nodes that a free edge joins is one, for example ``randwire``.
        k: Neighbours of each node in the ring, even and below the number of nodes; or ``(low, high)``, from
            which an even number is drawn uniformly, once for each member.
        p: Probability of rewiring, from 0 to 1; or ``(low, high)``, likewise. GraphPNAS (section 4.1) draws
            from k = 2 to 6 and p = 0.2 to 0.8.

    Raises:
        ConfigError: If the space is another one, or a parameter is out of its range.
    """

    def __init__(self, space: SearchSpace, k: int | tuple[int, int], p: float | tuple[float, float]) -> None:
        super().__init__(space)
        ends = tuple(k) if isinstance(k, (tuple, list)) else (k, k)
        most = min(map(len, self._nodes)) - 1
        even = all(is_integer(end) and end % 2 == 0 for end in ends)
        if len(ends) != 2 or not even or not 2 <= ends[0] <= ends[1] <= most:
            raise ConfigError(
                "k", expected=f"an even number, or (low, high) of two, from 2 to {most}", received=repr(k)
            )
        self._k = range(int(ends[0]), int(ends[1]) + 1, 2)
        self._p = as_range("p", p)

    def _model(self, rng: np.random.Generator) -> Callable[[int], Edges]:
        k, p = self._k[int(rng.integers(len(self._k)))], rng.uniform(*self._p)
        return lambda nodes: watts_strogatz(nodes, k, p, rng)


class BarabasiAlbert(RandomGraphs):
    """Nodes come one by one and prefer those that have many edges, directed from the older to the newer.

    Barabasi and Albert (1999), as Xie et al. (ICCV 2019, section 3.3) direct them; see
    `tfnas.spaces.random_graphs.barabasi_albert`.

    Args:
        space: A space in which every pair of the nodes that a free edge joins is one, for example ``randwire``.
        m: Edges of each new node, from 1 to below the number of nodes.

    Raises:
        ConfigError: If the space is another one, or m is out of its range.
    """

    def __init__(self, space: SearchSpace, m: int) -> None:
        super().__init__(space)
        most = min(map(len, self._nodes)) - 1
        if not is_integer(m) or not 1 <= m <= most:
            raise ConfigError("m", expected=f"an integer from 1 to {most}", received=repr(m))
        self._m = int(m)

    def _model(self, rng: np.random.Generator) -> Callable[[int], Edges]:
        return lambda nodes: barabasi_albert(nodes, self._m, rng)

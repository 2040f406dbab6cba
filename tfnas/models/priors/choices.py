"""`Choices`: what the grammar of a space leaves open, how much of it there is, and draws from it."""

from __future__ import annotations

import functools
import itertools
import math
from collections import Counter
from typing import Callable, Iterable, Sequence

import numpy as np

from tfnas.architecture import Architecture
from tfnas.checks import is_integer
from tfnas.errors import ConfigError, InvalidArchitectureError, SearchError, UnknownNameError
from tfnas.models.priors.wiring import Edge, Wiring
from tfnas.spaces.base import SearchSpace
from tfnas.spaces.grammar import ComponentGrammar

LISTED = 2_000_000
"""Members up to which those of a space whose rules are not local are counted one by one."""

_ATTEMPTS = 100_000


class Choices:
    """Lengths of components, operators, free edges and attributes that a member may have.

    Operators and attributes are drawn uniformly; where an attribute has a total, uniformly among the
    assignments that keep it.

    Args:
        space: The space.
        exclude_ops: Operators that are not drawn.
        nodes: Smallest and largest number of nodes of components of variable length; None for all.

    Raises:
        UnknownNameError: If an operator is none of the space's.
        ConfigError: If a node has no operator left, the lengths are not possible, or nodes that may have a
            value that has a total differ in the number of other values.
    """

    def __init__(
        self, space: SearchSpace, exclude_ops: Sequence[str] = (), nodes: tuple[int, int] | None = None
    ) -> None:
        if not isinstance(space, SearchSpace):
            raise ConfigError("space of a prior", expected="a search space", received=f"{space!r:.80}")
        self.space = space
        self.excluded = _checked_ops(space, exclude_ops)
        self._components = space.grammar.components
        self.lengths = tuple(_lengths(component, nodes) for component in self._components)
        if nodes is not None and all(component.end_op is None for component in self._components):
            raise ConfigError("nodes", expected="None, as all members have equally many", received=repr(nodes))
        self._ops = [
            {length: _operators(component, length, self.excluded) for length in lengths}
            for component, lengths in zip(self._components, self.lengths)
        ]
        self.wirings = [
            {length: Wiring.of(component, length) for length in lengths}
            for component, lengths in zip(self._components, self.lengths)
        ]
        allowed = self._allowed([options[0] for options in self.lengths])
        for name, (value, _) in space.grammar.totals.items():
            _split(name, allowed[name], value)

    def labellings(self, lengths: Sequence[int]) -> int:
        """Returns the number of ways to choose operators and attributes in components of these lengths."""
        ops = [choices for parts, length in zip(self._ops, lengths) for choices in parts[length]]
        ways = math.prod(map(len, ops))
        for name, allowed in self._allowed(lengths).items():
            if name not in self.space.grammar.totals:
                ways *= math.prod(map(len, allowed))
                continue
            value, count = self.space.grammar.totals[name]
            eligible, others = _split(name, allowed, value)
            ways *= math.comb(len(eligible), count)
            ways *= math.prod(len(others[node]) for node in range(len(allowed)) if node not in eligible)
            ways *= len(others[eligible[0]]) ** (len(eligible) - count) if eligible else 1
        return ways

    @functools.cached_property
    def _sizes(self) -> list[tuple[tuple[int, ...], int]]:
        """All lengths that components may have together, each with the number of choices that it leaves."""
        return [
            (
                lengths,
                self.labellings(lengths)
                * math.prod(parts[length].ways for parts, length in zip(self.wirings, lengths)),
            )
            for lengths in itertools.product(*self.lengths)
        ]

    @property
    def size(self) -> int:
        """Number of choices: the members without excluded operators, where the rules are local."""
        return sum(ways for _, ways in self._sizes)

    def draw_lengths(self, rng: np.random.Generator) -> tuple[int, ...]:
        """Draws the lengths of components, by the number of choices that they leave."""
        chances = [ways / self.size for _, ways in self._sizes]
        return self._sizes[int(rng.choice(len(chances), p=chances))][0]

    def assemble(
        self, lengths: Sequence[int], graphs: Iterable[Iterable[Edge]], rng: np.random.Generator
    ) -> Architecture:
        """Builds an architecture from its free edges, and draws operators and attributes.

        Args:
            lengths: The number of nodes of each component.
            graphs: The free edges of each component, its nodes numbered from 0.
            rng: Source of randomness.
        """
        ops: list[str] = []
        edges: list[Edge] = []
        for component, parts, length, chosen in zip(self._components, self._ops, lengths, graphs):
            start = len(ops)
            if component.end_op is None:
                links = component.complete(chosen)
            else:
                links = {edge for edge in component.forced if edge[1] < length} | set(chosen)
            edges += sorted((start + source, start + target) for source, target in links)
            ops += _drawn(parts[length], rng)
        attrs = []
        for name, allowed in self._allowed(lengths).items():
            if name in self.space.grammar.totals:
                value, count = self.space.grammar.totals[name]
                eligible, others = _split(name, allowed, value)
                taken = {eligible[k] for k in rng.permutation(len(eligible))[:count].tolist()}
                allowed = [(value,) if node in taken else left for node, left in enumerate(others)]
            attrs.append((name, tuple(_drawn(allowed, rng))))
        sizes = tuple((component.name, length) for component, length in zip(self._components, lengths))
        return Architecture(self.space.name, tuple(ops), tuple(edges), sizes, tuple(attrs))

    def count_free(self, arch: Architecture) -> int:
        """Returns how many free edges a member has."""
        start, owner = 0, []
        for component, (_, length) in zip(self._components, arch.components):
            owner += [(start, component.free)] * length
            start += length
        return sum((a - owner[a][0], b - owner[a][0]) in owner[a][1] for a, b in arch.edges)

    def admits(self, arch: Architecture) -> bool:
        """Returns whether a member has none of the excluded operators and only lengths that are drawn."""
        fits = all(length in known for (_, length), known in zip(arch.components, self.lengths))
        return fits and self.excluded.isdisjoint(arch.ops)

    @property
    def is_countable(self) -> bool:
        """Whether the members can be counted: by the rules where they are local, else one by one."""
        return self.space.grammar.is_local or (self.space.is_enumerable and self.space.size <= LISTED)

    def tally(self) -> Counter[tuple[tuple[int, ...], int]]:
        """Counts the members by the lengths of their components and their number of free edges, one by one."""
        members = (arch for arch in self.space.enumerate() if self.admits(arch))
        return Counter((lengths_of(arch), self.count_free(arch)) for arch in members)

    def accepted(self, draw: Callable[[], Architecture]) -> Architecture:
        """Draws until a member without excluded operators comes.

        Raises:
            SearchError: If none of 100,000 draws is one.
        """
        for _ in range(_ATTEMPTS):
            arch = draw()
            if not self.excluded.isdisjoint(arch.ops):
                continue
            if self.space.grammar.is_local:
                return arch
            try:
                self.space.validate(arch)
            except InvalidArchitectureError:
                continue
            return arch
        raise SearchError(
            f"prior over {self.space.name}",
            expected="a draw that keeps the rules of the space now and then",
            received=f"{_ATTEMPTS:,} draws that break one",
            remedy="Give another probability of an edge, other numbers of nodes, or fewer excluded operators.",
        )

    def _allowed(self, lengths: Sequence[int]) -> dict[str, list[tuple]]:
        """Returns for each attribute the values that each node may have."""
        names = self._components[0].attrs
        return {
            name: [
                values
                for component, length in zip(self._components, lengths)
                for values in component.attrs[name][:length]
            ]
            for name in names
        }


def lengths_of(arch: Architecture) -> tuple[int, ...]:
    """Returns the number of nodes of each component."""
    return tuple(length for _, length in arch.components)


def _checked_ops(space: SearchSpace, exclude_ops: Sequence[str]) -> frozenset[str]:
    if isinstance(exclude_ops, str):
        raise ConfigError("exclude_ops", expected="a sequence of operators", received=repr(exclude_ops))
    for operator in exclude_ops:
        if operator not in space.op_names:
            raise UnknownNameError(
                f"operator of {space.name}", expected=f"one of {', '.join(space.op_names)}", received=repr(operator)
            )
    return frozenset(exclude_ops)


def _lengths(component: ComponentGrammar, nodes: tuple[int, int] | None) -> tuple[int, ...]:
    if component.end_op is None:
        return (component.max_nodes,)
    low, high = component.min_nodes, component.max_nodes
    possible = [k for k in range(low, high + 1) if component.end_op in component.ops[k - 1]]
    if nodes is None:
        return tuple(possible)
    pair = tuple(nodes) if isinstance(nodes, (tuple, list)) else ()
    kept: list[int] = []
    if len(pair) == 2 and all(is_integer(k) for k in pair) and low <= pair[0] and pair[1] <= high:
        kept = [k for k in possible if pair[0] <= k <= pair[1]]
    if not kept:
        raise ConfigError("nodes", expected=f"(smallest, largest) from {low} to {high}", received=repr(nodes))
    return tuple(kept)


def _operators(component: ComponentGrammar, length: int, excluded: frozenset[str]) -> list[tuple[str, ...]]:
    choices = []
    for node, allowed in enumerate(component.ops[:length]):
        if component.end_op is None:
            left = allowed
        elif node == length - 1:
            left = (component.end_op,)
        else:
            left = tuple(operator for operator in allowed if operator != component.end_op)
        choices.append(tuple(operator for operator in left if operator not in excluded))
        if not choices[-1]:
            raise ConfigError(
                "exclude_ops",
                expected=f"an operator left at node {node} of component {component.name!r}",
                received=", ".join(sorted(excluded)),
                remedy=f"It may have {', '.join(left)}.",
            )
    return choices


def _split(name: str, allowed: Sequence[tuple], value: object) -> tuple[list[int], list[tuple]]:
    """Returns the nodes that may have a value that has a total, and what else each node may have.

    Where these numbers differ, equally likely nodes would not make equally likely members.
    """
    eligible = [node for node, choices in enumerate(allowed) if value in choices]
    others = [tuple(choice for choice in choices if choice != value) for choices in allowed]
    numbers = {len(others[node]) for node in eligible}
    if len(numbers) > 1:
        raise ConfigError(
            f"attribute {name!r}, whose value {value!r} has a total",
            expected="equally many other values at each node that may have it",
            received=f"from {min(numbers)} to {max(numbers)}",
        )
    return eligible, others


def _drawn(choices: Sequence[Sequence], rng: np.random.Generator) -> list:
    picks = rng.integers([len(options) for options in choices]).tolist()
    return [options[k] for options, k in zip(choices, picks)]

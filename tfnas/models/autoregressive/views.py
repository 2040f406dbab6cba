"""`View`: architectures as dense arrays of integers and back, by the grammar of their space."""

from __future__ import annotations

import abc
import itertools
import math
from typing import Any, NamedTuple, Sequence

import numpy as np

from tfnas.architecture import Architecture
from tfnas.errors import ConfigError, InvalidArchitectureError
from tfnas.models.autoregressive.config import GeneratorConfig
from tfnas.models.autoregressive.rules import Rules
from tfnas.spaces.base import SearchSpace
from tfnas.spaces.grammar import ComponentGrammar, EdgeLabelled, EdgeLabelledGrammar


class ComponentArrays(NamedTuple):
    """One component of B architectures.

    Attributes:
        edges: Zero for no edge, else one more than the edge's label; entry [b, i, j] is that of the edge
            from node j to node i, j < i. Int32, shape [B, N, N].
        ops: Operators, minus one past the end of a component of variable length. Int32, shape [B, N].
    """

    edges: Any
    ops: Any


class View(abc.ABC):
    """Converts members of a space to arrays, one `ComponentArrays` a component, and back."""

    rules: tuple[Rules, ...]
    """The rules of each component's arrays."""

    @abc.abstractmethod
    def encode(self, archs: Sequence[Architecture]) -> tuple[ComponentArrays, ...]:
        """Returns the arrays of B members. What the rules have no number for becomes minus one."""

    @abc.abstractmethod
    def decode(self, arrays: Sequence[ComponentArrays]) -> list[Architecture | None]:
        """Returns B architectures, None for each that is no member."""

    def drawable(self, arrays: Sequence[ComponentArrays]) -> np.ndarray:
        """Returns which of B architectures keep all rules. Bool, shape [B]."""
        return np.logical_and.reduce([rules.admit(*part) for rules, part in zip(self.rules, arrays)])

    def decisions(self, arrays: Sequence[ComponentArrays]) -> np.ndarray:
        """Returns how many choices make each of B architectures. Int64, shape [B]."""
        return np.sum([rules.decisions(*part) for rules, part in zip(self.rules, arrays)], axis=0)


class NodeView(View):
    """Operators on nodes, as `Architecture` has them.

    Per-node attributes are part of the operators: an operator here is an operator with its attributes.
    Nodes that no rule joins to others and that have one operator are left out, such as RandWire's input
    and output, whose edges follow from the others. Totals of a grammar, and what is not local in it, are
    checked when arrays are read.
    """

    def __init__(self, space: SearchSpace) -> None:
        self._space = space
        self._local = space.grammar.is_local and not space.grammar.totals
        self._components = space.grammar.components
        self._vocabularies = [_vocabulary(component) for component in self._components]
        self._kept = [_kept(component) for component in self._components]
        self.rules = tuple(
            _node_rules(component, choices, kept)
            for component, choices, kept in zip(self._components, self._vocabularies, self._kept)
        )

    def encode(self, archs: Sequence[Architecture]) -> tuple[ComponentArrays, ...]:
        arrays = []
        for index, (rules, names, kept) in enumerate(zip(self.rules, self._vocabularies, self._kept)):
            number = {name: k for k, name in enumerate(names)}
            place = {node: k for k, node in enumerate(kept)}
            edges = np.zeros((len(archs), rules.nodes, rules.nodes), np.int32)
            ops = np.full((len(archs), rules.nodes), -1, np.int32)
            for row, arch in enumerate(archs):
                start = sum(size for _, size in arch.components[:index])
                size = arch.components[index][1]
                choices = list(zip(arch.ops, *(values for _, values in arch.attrs)))
                for node, k in place.items():
                    if node < size:
                        ops[row, k] = number[choices[start + node]]
                for source, target in arch.edges:
                    if start <= source < start + size and source - start in place and target - start in place:
                        edges[row, place[target - start], place[source - start]] = 1
            arrays.append(ComponentArrays(edges, ops))
        return tuple(arrays)

    def decode(self, arrays: Sequence[ComponentArrays]) -> list[Architecture | None]:
        count = len(arrays[0].ops)
        parts = [self._read(index, part) for index, part in enumerate(arrays)]
        found = []
        for row in range(count):
            choices: list[tuple] = []
            edges: list[tuple[int, int]] = []
            sizes: list[tuple[str, int]] = []
            for component, part in zip(self._components, parts):
                names, chosen = part[row]
                edges += sorted((len(choices) + source, len(choices) + target) for source, target in chosen)
                choices += names
                sizes.append((component.name, len(names)))
            ops, *values = zip(*choices)
            attrs = tuple(zip(self._components[0].attrs, values))
            found.append(self._checked(Architecture(self._space.name, ops, tuple(edges), tuple(sizes), attrs)))
        return found

    def _read(self, index: int, part: ComponentArrays) -> list[tuple[list[tuple], Any]]:
        """Returns, for each architecture, the operators and the edges of one component."""
        component, names, kept = self._components[index], self._vocabularies[index], self._kept[index]
        fixed = {node: choices[0] for node, choices in enumerate(_choices(component)) if node not in kept}
        rows = []
        for edges, ops in zip(np.asarray(part.edges), np.asarray(part.ops).tolist()):
            chosen = dict(fixed) | {node: names[op] for node, op in zip(kept, ops) if op >= 0}
            links = [(kept[source], kept[target]) for target, source in np.argwhere(edges).tolist()]
            # The edges that follow from others do so in components of fixed length alone.
            complete = component.complete(links) if component.end_op is None else links
            rows.append(([chosen[node] for node in range(len(chosen))], complete))
        return rows

    def _checked(self, arch: Architecture) -> Architecture | None:
        if not self._local:
            try:
                self._space.validate(arch)
            except InvalidArchitectureError:
                return None
        return arch


class EdgeView(View):
    """Operators on edges, by the edge-labelled view of a space; nodes are all alike.

    Args:
        space: A space with such a view.
        labels: Labels that edges may carry, of the space's; None for all.
        in_degree: Smallest and largest number of edges into each node that any can enter; None for no limit.

    Raises:
        ConfigError: If the space has no such view, a label is none of its, or no node has as many edges.
    """

    def __init__(
        self, space: SearchSpace, labels: tuple[str, ...] | None = None, in_degree: tuple[int, int] | None = None
    ) -> None:
        if not space.grammar.edge_labelled:
            raise ConfigError(
                f"edge-labelled view of {space.name}",
                expected="a space with operators on its edges",
                received="a space with operators on its nodes",
                remedy="Leave view, labels and in_degree at their defaults.",
            )
        self._space = space
        self._grammars = space.grammar.edge_labelled
        self._labels = [_labels(grammar, labels) for grammar in self._grammars]
        self.rules = tuple(
            _edge_rules(grammar, len(names), in_degree) for grammar, names in zip(self._grammars, self._labels)
        )

    def encode(self, archs: Sequence[Architecture]) -> tuple[ComponentArrays, ...]:
        views = [self._space.to_edge_labelled(arch) for arch in archs]
        arrays = []
        for index, (grammar, names, rules) in enumerate(zip(self._grammars, self._labels, self.rules)):
            number = {name: 1 + k for k, name in enumerate(names)}
            if grammar.no_edge is not None:
                number[grammar.no_edge] = 0
            sources, targets = zip(*grammar.pairs)
            edges = np.zeros((len(archs), rules.nodes, rules.nodes), np.int32)
            rows = [[number.get(label, -1) for label in view[index].labels] for view in views]
            edges[:, targets, sources] = np.reshape(rows, (len(archs), len(grammar.pairs)))
            arrays.append(ComponentArrays(edges, np.zeros((len(archs), rules.nodes), np.int32)))
        return tuple(arrays)

    def decode(self, arrays: Sequence[ComponentArrays]) -> list[Architecture | None]:
        parts = []
        for grammar, names, part in zip(self._grammars, self._labels, arrays):
            sources, targets = zip(*grammar.pairs)
            known = (grammar.no_edge, *names)
            rows = np.asarray(part.edges)[:, targets, sources].tolist()
            parts.append([EdgeLabelled(grammar.name, tuple(known[k] for k in row)) for row in rows])
        return [self._member(view) for view in zip(*parts)]

    def _member(self, view: Sequence[EdgeLabelled]) -> Architecture | None:
        try:
            return self._space.from_edge_labelled(view)
        except InvalidArchitectureError:
            return None


def view_of(space: SearchSpace, config: GeneratorConfig) -> View:
    """Returns the view of a space that a configuration asks for.

    Raises:
        ConfigError: If the space has no such view.
    """
    if config.view == "nodes":
        return NodeView(space)
    grammars = space.grammar.edge_labelled
    choices = math.prod(len(grammar.labels) ** len(grammar.pairs) for grammar in grammars)
    is_asked = config.view == "edges" or config.labels is not None or config.in_degree is not None
    if is_asked or (grammars and choices == space.size):
        return EdgeView(space, config.labels, config.in_degree)
    return NodeView(space)


def _choices(component: ComponentGrammar) -> list[list[tuple]]:
    """Returns for each node the operators, with their attributes, that it may have."""
    return [
        list(itertools.product(ops, *(values[node] for values in component.attrs.values())))
        for node, ops in enumerate(component.ops)
    ]


def _vocabulary(component: ComponentGrammar) -> list[tuple]:
    return list(dict.fromkeys(itertools.chain.from_iterable(_choices(component))))


def _kept(component: ComponentGrammar) -> list[int]:
    joined = {node for edge in component.forced | component.free for node in edge}
    choices = _choices(component)
    return [
        node
        for node in range(component.max_nodes)
        if component.end_op is not None or node in joined or len(choices[node]) > 1
    ]


def _node_rules(component: ComponentGrammar, vocabulary: list[tuple], kept: list[int]) -> Rules:
    size = len(kept)
    choices = _choices(component)
    ends = np.array([component.end_op is not None and name[0] == component.end_op for name in vocabulary])
    allowed = np.array([[name in choices[node] for name in vocabulary] for node in kept])
    allowed[: component.min_nodes - 1] &= ~ends
    forced, free = np.zeros((2, size, size), bool)
    place = {node: k for k, node in enumerate(kept)}
    for edges, array in ((component.forced, forced), (component.free, free)):
        for source, target in edges:
            array[place[target], place[source]] = True
    low, high = np.zeros(size, np.int32), free.sum(1).astype(np.int32)
    if component.in_degree:
        limits = np.array([component.in_degree[node] for node in kept], np.int32) - forced.sum(
            1, keepdims=True, dtype=np.int32
        )
        # A limit of edges that follow from others, as those into an output may, is no limit of choices.
        low, high = np.minimum(np.maximum(low, limits[:, 0]), high), np.minimum(high, limits[:, 1])
    return Rules(component.name, allowed, forced, free, low, high, 1, ends)


def _labels(grammar: EdgeLabelledGrammar, labels: tuple[str, ...] | None) -> tuple[str, ...]:
    known = tuple(label for label in grammar.labels if label != grammar.no_edge)
    unknown = [label for label in labels or () if label not in known]
    if unknown:
        raise ConfigError("labels", expected=f"some of {', '.join(known)}", received=", ".join(unknown))
    return known if labels is None else tuple(dict.fromkeys(labels))


def _edge_rules(grammar: EdgeLabelledGrammar, labels: int, in_degree: tuple[int, int] | None) -> Rules:
    size = grammar.num_nodes
    pairs = np.zeros((size, size), bool)
    for source, target in grammar.pairs:
        pairs[target, source] = True
    nothing = np.zeros_like(pairs)
    forced, free = (pairs, nothing) if grammar.no_edge is None else (nothing, pairs)
    low, high = np.zeros(size, np.int32), free.sum(1).astype(np.int32)
    if in_degree is not None:
        smallest, largest = in_degree
        short = pairs.any(1) & (pairs.sum(1) < smallest)
        if short.any() or grammar.no_edge is None:
            raise ConfigError(
                "in_degree",
                expected="a number of optional edges that every node of the edge-labelled view can have",
                received=f"{in_degree}; the nodes can have {pairs.sum(1).tolist()}",
            )
        low = np.where(pairs.any(1), smallest, 0).astype(np.int32)
        high = np.minimum(high, largest)
    return Rules(grammar.name, np.ones((size, 1), bool), forced, free, low, high, labels, np.zeros(1, bool))

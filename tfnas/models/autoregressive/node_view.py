"""`NodeView`: operators on nodes."""

from __future__ import annotations

import dataclasses
import itertools
from typing import Any, Sequence

import numpy as np

from tfnas.architecture import Architecture
from tfnas.errors import InvalidArchitectureError
from tfnas.models.autoregressive.rules import Rules, Total
from tfnas.models.autoregressive.view import ComponentArrays, View
from tfnas.spaces.base import SearchSpace
from tfnas.spaces.grammar import ComponentGrammar, Grammar


class NodeView(View):
    """Operators on nodes, as `Architecture` has them.

    Per-node attributes are part of the operators: an operator here is an operator with its attributes.
    Nodes that no rule joins to others and that have one operator are left out, such as RandWire's input
    and output, whose edges follow from the others. What is not local in a grammar is checked when arrays are
    read.
    """

    def __init__(self, space: SearchSpace) -> None:
        self._space = space
        self._local = space.grammar.is_local
        self._components = space.grammar.components
        self._vocabularies = [_vocabulary(component) for component in self._components]
        self._kept = [_kept(component) for component in self._components]
        rules = [
            _node_rules(component, choices, kept)
            for component, choices, kept in zip(self._components, self._vocabularies, self._kept)
        ]
        self.rules = _with_totals(rules, self._vocabularies, space.grammar)

    def names(self) -> list[dict[str, Any]]:
        return [
            {
                "original_nodes": list(kept),
                "left_out": [
                    {
                        "node": node,
                        "op": component.ops[node][0],
                        "attrs": {name: values[node][0] for name, values in component.attrs.items()},
                    }
                    for node in range(component.max_nodes)
                    if node not in kept
                ],
                "operators": [{"op": op, "attrs": dict(zip(component.attrs, values))} for op, *values in vocabulary],
                "labels": [None],
                "no_edge": None,
                "open_inputs": component.open_inputs,
                "open_outputs": component.open_outputs,
            }
            for component, vocabulary, kept in zip(self._components, self._vocabularies, self._kept)
        ]

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


def _with_totals(rules: list[Rules], vocabularies: list[list[tuple]], grammar: Grammar) -> tuple[Rules, ...]:
    """Returns the rules with the totals of the grammar. Nodes that are left out of a view have none of the values."""
    for name, (value, count) in grammar.totals.items():
        later = 0
        for index in reversed(range(len(rules))):
            part = rules[index]
            place = 1 + list(grammar.components[index].attrs).index(name)
            marks = np.array([choice[place] == value for choice in vocabularies[index]])
            may = (part.allowed & marks).any(1)
            after = later + np.cumsum(may[::-1])[::-1] - may
            later += int(may.sum())
            total = Total(marks, count, after.astype(np.int32))
            rules[index] = dataclasses.replace(part, totals=(*part.totals, total))
    return tuple(rules)

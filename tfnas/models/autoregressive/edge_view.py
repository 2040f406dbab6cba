"""`EdgeView`: operators on edges."""

from __future__ import annotations

import math
from typing import Any, Sequence

import numpy as np

from tfnas.architecture import Architecture
from tfnas.errors import ConfigError, InvalidArchitectureError
from tfnas.models.autoregressive.rules import Rules
from tfnas.models.autoregressive.view import ComponentArrays, View
from tfnas.spaces.base import SearchSpace
from tfnas.spaces.grammar import EdgeLabelled, EdgeLabelledGrammar


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

    def names(self) -> list[dict[str, Any]]:
        return [
            {
                "original_nodes": list(range(grammar.num_nodes)),
                "left_out": [],
                "operators": [None],
                "labels": list(labels),
                "no_edge": grammar.no_edge,
                "open_inputs": False,
                "open_outputs": False,
            }
            for grammar, labels in zip(self._grammars, self._labels)
        ]

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


def all_labels_are_members(space: SearchSpace) -> bool:
    """Returns whether a space has an edge-labelled view in which every choice of labels is a member."""
    grammars = space.grammar.edge_labelled
    return bool(grammars) and math.prod(len(part.labels) ** len(part.pairs) for part in grammars) == space.size


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

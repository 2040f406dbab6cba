"""`GraphForm`: members of a space as one labelled graph each, and back."""

from __future__ import annotations

import abc
from typing import NamedTuple, Sequence

import numpy as np

from tfnas.architecture import Architecture
from tfnas.models.autoregressive.rules import Rules
from tfnas.spaces.base import SearchSpace


class GraphArrays(NamedTuple):
    """B labelled directed acyclic graphs of up to N nodes, in topological order.

    Attributes:
        adjacency: One at [b, i, j] for an edge from node i to node j, i < j, else zero. Int32, shape [B, N, N].
        ops: Numbers of the operators, minus one past the last node. Int32, shape [B, N].
    """

    adjacency: np.ndarray
    ops: np.ndarray

    def take(self, rows: np.ndarray) -> GraphArrays:
        """Returns some of the graphs, by numbers or by a mask."""
        return GraphArrays(self.adjacency[rows], self.ops[rows])

    def keys(self) -> list[bytes]:
        """Returns a string for each graph; graphs are equal, node by node, where the strings are."""
        flat = self.adjacency.reshape(len(self.ops), self.ops.shape[1] ** 2)
        return [row.tobytes() for row in np.concatenate([flat, self.ops], 1).astype(np.int8)]


class GraphForm(abc.ABC):
    """Converts members of a space to graphs of N nodes with V operators, and back.

    The size N is that of the largest graph that a model for this form reads and writes, which may be larger than
    any member. Numbers of operators are places in `operators`.
    """

    space: SearchSpace
    """The space."""

    nodes: int
    """N."""

    operators: tuple[str, ...]
    """V names."""

    end: int | None
    """The operator with which every graph ends, and that no other node has; None where there is no such operator."""

    rules: Rules
    """What the grammar allows, of the members' nodes, which may be fewer than N; rows of its edges are targets."""

    @abc.abstractmethod
    def encode(self, archs: Sequence[Architecture]) -> GraphArrays:
        """Returns the graphs of B members.

        Raises:
            InvalidArchitectureError: If one is no member of the space.
        """

    @abc.abstractmethod
    def decode(self, graphs: GraphArrays) -> list[Architecture | None]:
        """Returns the members that B graphs are, None for each that is none."""

    def are_members(self, graphs: GraphArrays) -> np.ndarray:
        """Returns which of B graphs are members. Bool, shape [B]."""
        return np.array([arch is not None for arch in self.decode(graphs)], bool)

    def are_whole(self, ops: np.ndarray) -> np.ndarray:
        """Returns which of B graphs have their nodes in front, the last one with `end`, if there is one. Bool, [B]."""
        there = ops >= 0
        size = there.sum(1)
        whole = (there == (np.arange(ops.shape[1]) < size[:, None])).all(1) & (size > 0)
        if self.end is None:
            return whole
        return whole & ((ops == self.end).sum(1) == 1) & (ops[np.arange(len(ops)), size - 1] == self.end)

    def cut(self, graphs: GraphArrays) -> GraphArrays:
        """Returns graphs without what comes after the first operator that ends one."""
        if self.end is None:
            return graphs
        ended = np.cumsum(graphs.ops == self.end, 1)
        after = (ended - (graphs.ops == self.end)) > 0
        adjacency = np.where(after[:, :, None] | after[:, None, :], 0, graphs.adjacency)
        return GraphArrays(adjacency.astype(np.int32), np.where(after, -1, graphs.ops).astype(np.int32))

"""`Rules`: what the grammar of one component allows, as arrays."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False)
class Total:
    """What `Grammar.totals` says of a component: so many nodes of all components have some of the operators.

    Attributes:
        marks: The operators. Bool, shape [V].
        count: Number of nodes that have one, in all components.
        later: For each node the number of later nodes, also of later components, that may have one. Int32, shape [N].
    """

    marks: np.ndarray
    count: int
    later: np.ndarray


@dataclass(frozen=True, eq=False)
class Rules:
    """The rules of one component of N nodes, V operators and L labels.

    Rows of [N, N] arrays are targets, columns sources; ones are below the diagonal only.

    Attributes:
        name: The component's name.
        allowed: Operators allowed at each node. Bool, shape [N, V].
        forced: Edges that are always there. Bool, shape [N, N].
        free: Edges that may be there. Bool, shape [N, N].
        low: Smallest number of free edges into each node. Int32, shape [N].
        high: Largest number of free edges into each node. Int32, shape [N].
        labels: L, the number of labels an edge can carry; 1 where edges are all alike.
        ends: Operators that end the component, none where its length is fixed. Bool, shape [V].
        totals: What all components together have a fixed number of.
    """

    name: str
    allowed: np.ndarray
    forced: np.ndarray
    free: np.ndarray
    low: np.ndarray
    high: np.ndarray
    labels: int
    ends: np.ndarray
    totals: tuple[Total, ...] = ()

    @property
    def nodes(self) -> int:
        """N, the largest number of nodes."""
        return self.allowed.shape[0]

    @property
    def operators(self) -> int:
        """V, the number of operators."""
        return self.allowed.shape[1]

    @property
    def is_counted(self) -> bool:
        """Whether the number of free edges into some node is limited."""
        return bool((self.low > 0).any() or (self.high < self.free.sum(1)).any())

    def admit(self, edges: np.ndarray, ops: np.ndarray) -> np.ndarray:
        """Returns which of B graphs keep these rules. Bool, shape [B].

        Args:
            edges: Zero for no edge, else one more than the label; minus one for an unknown label. [B, N, N].
            ops: Operators, minus one past the end. [B, N].
        """
        live = ops >= 0
        there = edges != 0
        counts = (there & self.free).sum(2)
        fine = [
            self.allowed[np.arange(self.nodes), np.maximum(ops, 0)] | ~live,
            ~(there & ~(self.free | self.forced)).any(2),
            (there | ~self.forced).all(2) | ~live,
            ((counts >= self.low) & (counts <= self.high)) | ~live,
            (edges >= 0).all(2),
        ]
        return np.logical_and.reduce(fine).all(1)

    def decisions(self, edges: np.ndarray, ops: np.ndarray) -> np.ndarray:
        """Returns how many choices make each of B graphs that keep these rules. Int64, shape [B].

        A node that can have several operators is one, so is each free edge into a node that there is, and
        each edge that can carry several labels.

        Args:
            edges: See `admit`. [B, N, N].
            ops: See `admit`. [B, N].
        """
        live = ops >= 0
        each = (self.allowed.sum(1) > 1).astype(np.int64) + self.free.sum(1)
        labelled = (edges > 0).sum((1, 2)) if self.labels > 1 else 0
        return (live * each).sum(1) + labelled

"""`View`: architectures as dense arrays of integers and back, by the grammar of their space."""

from __future__ import annotations

import abc
from typing import Any, NamedTuple, Sequence

import numpy as np

from tfnas.architecture import Architecture
from tfnas.models.autoregressive.rules import Rules


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
    def names(self) -> list[dict[str, Any]]:
        """Returns for each component, as JSON values, what its numbers mean.

        ``original_nodes`` are the numbers that its nodes have in an architecture, ``left_out`` the other nodes, each
        with its ``op`` and ``attrs``; ``operators`` and ``labels`` are names by number, null where all are alike;
        ``no_edge`` is what no edge means where it has a name; ``open_inputs`` and ``open_outputs`` are as in
        `ComponentGrammar`.
        """

    @abc.abstractmethod
    def encode(self, archs: Sequence[Architecture]) -> tuple[ComponentArrays, ...]:
        """Returns the arrays of B members. What the rules have no number for becomes minus one."""

    @abc.abstractmethod
    def decode(self, arrays: Sequence[ComponentArrays]) -> list[Architecture | None]:
        """Returns B architectures of drawable arrays, None for each that breaks a rule that is not local."""

    def drawable(self, arrays: Sequence[ComponentArrays]) -> np.ndarray:
        """Returns which of B architectures keep all rules, totals over the components too. Bool, shape [B]."""
        fine = [rules.admit(*part) for rules, part in zip(self.rules, arrays)]
        for totals in zip(*(rules.totals for rules in self.rules)):
            marked = [(total.marks[part.ops] & (part.ops >= 0)).sum(1) for total, part in zip(totals, arrays)]
            fine.append(np.sum(marked, axis=0) == totals[0].count)
        return np.logical_and.reduce(fine)

    def decisions(self, arrays: Sequence[ComponentArrays]) -> np.ndarray:
        """Returns how many choices make each of B architectures. Int64, shape [B]."""
        return np.sum([rules.decisions(*part) for rules, part in zip(self.rules, arrays)], axis=0)

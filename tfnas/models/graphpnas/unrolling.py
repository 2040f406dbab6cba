"""`Unrolling`: the one graph in which all steps of a generation pass messages at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

FORWARD, BACKWARD, SELF = 0, 1, 2
"""Directions of a message: from an earlier node, from a later one, from the node itself."""


@dataclass(frozen=True, eq=False)
class Unrolling:
    """M states, and the messages between them, for a component of N nodes. P is N (N - 1) / 2.

    A state is that of a node i as one step sees it, or that of the new node of step i, which has neither
    operator nor edges yet. It does not depend on an architecture which states there are. Of the messages,
    those of `edges` flow where the architecture has the edge, those to and from new nodes always.

    Attributes:
        node: The node that each state is of. Shape [M].
        is_new: Whether it is a new node. Bool, shape [M].
        edges: Sender, receiver, direction, and the edge's target and source nodes. Shape [E, 5].
        joins: Sender, receiver and direction of the messages to and from new nodes. Shape [F, 3].
        new: State of the new node of each step. Shape [N].
        pairs: For the pairs of nodes j < i, in the order of i and then j: i, j, the state of the new node
            of step i, and the state of node j that step i sees. Shape [P, 4].
    """

    node: np.ndarray
    is_new: np.ndarray
    edges: np.ndarray
    joins: np.ndarray
    new: np.ndarray
    pairs: np.ndarray


def causal(nodes: int) -> Unrolling:
    """Returns 2 N states: the nodes, then the new nodes. Messages run from earlier to later nodes alone."""
    pairs = [(i, j) for i in range(nodes) for j in range(i)]
    return _unrolling(
        node=[*range(nodes), *range(nodes)],
        is_new=[False] * nodes + [True] * nodes,
        edges=[(j, i, FORWARD, i, j) for i, j in pairs],
        joins=[(j, nodes + i, FORWARD) for i, j in pairs],
        new=range(nodes, 2 * nodes),
        pairs=[(i, j, nodes + i, j) for i, j in pairs],
    )


def prefixes(nodes: int) -> Unrolling:
    """Returns N (N + 1) / 2 states: for each step all earlier nodes and the new one.

    Messages run both ways, along the edges among the earlier nodes and between each of them and the new one.
    """
    start = [i * (i + 1) // 2 for i in range(nodes)]
    edges, joins = [], []
    for i, first in enumerate(start):
        for target in range(i):
            for source in range(target):
                edges.append((first + source, first + target, FORWARD, target, source))
                edges.append((first + target, first + source, BACKWARD, target, source))
            joins.append((first + target, first + i, FORWARD))
            joins.append((first + i, first + target, BACKWARD))
    return _unrolling(
        node=[j for i in range(nodes) for j in range(i + 1)],
        is_new=[j == i for i in range(nodes) for j in range(i + 1)],
        edges=edges,
        joins=joins,
        new=[first + i for i, first in enumerate(start)],
        pairs=[(i, j, start[i] + i, start[i] + j) for i in range(nodes) for j in range(i)],
    )


def _unrolling(node, is_new, edges, joins, new, pairs) -> Unrolling:
    return Unrolling(
        node=np.array(node, np.int32),
        is_new=np.array(is_new),
        edges=np.array(edges, np.int32).reshape(-1, 5),
        joins=np.array(joins, np.int32).reshape(-1, 3),
        new=np.array(new, np.int32),
        pairs=np.array(pairs, np.int32).reshape(-1, 4),
    )

"""Clustering coefficient and average path length: two numbers that say how a graph is wired.

You et al. (Graph structure of neural networks, ICML 2020, section 2.3) use them to describe neural networks,
GraphPNAS (section 5, figure 3) to show what its generator has learned. Both take graphs as undirected.
"""

from __future__ import annotations

import numpy as np

from tfnas.architecture import Architecture
from tfnas.spaces.base import SearchSpace


def undirected_graph(space: SearchSpace, arch: Architecture) -> np.ndarray:
    """Returns the graph of an architecture, taken as undirected.

    Which nodes count depends on where a space leaves wiring open:

    - Where it has an edge-labelled view, its original nodes (inputs and sums): two are joined if an operator
      is between them, and not if "no edge" is. The stored form of NAS-Bench-201 has the same edges in all
      members, so that its graph would say nothing.
    - Elsewhere all nodes of the stored graph, but for an input or output that the rules of the space join to
      whatever is left open, as RandWire's do. So for RandWire these are the operator nodes, as in GraphPNAS.

    Operators that compute nothing in the end count like all others. Components are not joined.

    Args:
        space: The space.
        arch: A member.

    Returns:
        Adjacency matrix, symmetric, its diagonal is false. Shape [N, N], bool, N being the nodes that count.

    Raises:
        InvalidArchitectureError: If `arch` is no member.
    """
    space.validate(arch)
    grammar = space.grammar
    pairs: list[tuple[int, int]]
    if grammar.edge_labelled:
        pairs, first = [], 0
        for rules, view in zip(grammar.edge_labelled, space.to_edge_labelled(arch), strict=True):
            joined = (pair for pair, label in zip(rules.pairs, view.labels, strict=True) if label != rules.no_edge)
            pairs += [(first + source, first + target) for source, target in joined]
            first += rules.num_nodes
        kept = np.ones(first, bool)
    else:
        pairs, kept = list(arch.edges), np.ones(len(arch.ops), bool)
        first = 0
        for rules, (_, size) in zip(grammar.components, arch.components, strict=True):
            if size:
                kept[first] &= not rules.open_inputs
                kept[first + size - 1] &= not rules.open_outputs
            first += size
    matrix = np.zeros((len(kept), len(kept)), bool)
    for source, target in pairs:
        matrix[source, target] = matrix[target, source] = True
    return matrix[np.ix_(kept, kept)]


def clustering_coefficient(adjacency: np.ndarray) -> float:
    """Returns the mean over all nodes of the share of pairs of their neighbours that are joined.

    A node with k neighbours, among which t pairs are joined, has 2 t / (k (k - 1)) (Watts and Strogatz, 1998).
    A node with fewer than two neighbours has no such pair and counts as 0.

    Args:
        adjacency: Symmetric with a false or zero diagonal. Shape [N, N].

    Returns:
        From 0 to 1; 0 for a graph without nodes.
    """
    joined = (np.asarray(adjacency) != 0).astype(np.float64)
    if not len(joined):
        return 0.0
    degree = joined.sum(axis=1)
    triangles = np.einsum("ij,jk,ki->i", joined, joined, joined, optimize=True)  # each counted twice
    pairs = degree * (degree - 1)
    return float(np.divide(triangles, pairs, out=np.zeros_like(pairs), where=pairs > 0).mean())


def average_path_length(adjacency: np.ndarray) -> float:
    """Returns the mean number of edges on the shortest way between two nodes, over all pairs that have a way.

    Pairs without a way between them, in graphs that are not connected, are left out.

    Args:
        adjacency: Symmetric. Shape [N, N].

    Returns:
        At least 1; NaN for a graph without edges.
    """
    # Imported here: SciPy takes a moment to load.
    from scipy.sparse.csgraph import shortest_path

    joined = np.asarray(adjacency) != 0
    if not joined.any():
        return float("nan")
    lengths = shortest_path(joined.astype(np.float64), directed=False, unweighted=True)
    above = lengths[np.triu_indices(len(lengths), k=1)]
    return float(above[np.isfinite(above)].mean())

"""`Sketch`: a graph reduced to numbers, for pictures of many cells side by side, members or not."""

from __future__ import annotations

import string
from dataclasses import dataclass

from tfnas.models.autoencoder import GraphArrays, GraphForm
from tfnas.plotting import theme

PLAIN = -1
"""Stands for the operator where a node or an edge has none."""


@dataclass(frozen=True, slots=True)
class Sketch:
    """A graph that is drawn as a column of nodes, in topological order.

    Attributes:
        nodes: Number of the operator of each node, or `PLAIN`.
        edges: ``(source, target, number of the operator or PLAIN)``, sorted.
    """

    nodes: tuple[int, ...]
    edges: tuple[tuple[int, int, int], ...]

    @property
    def on_edges(self) -> bool:
        """Whether operators are on edges."""
        return all(op == PLAIN for op in self.nodes)


@dataclass(frozen=True, slots=True)
class Changes:
    """What is new in a sketch since another one, and what is gone.

    Attributes:
        nodes: Nodes that are new, or have another operator.
        edges: Pairs of nodes with a new edge, or with another operator on it.
        gone: Edges of the other sketch between nodes that are still there.
    """

    nodes: frozenset[int] = frozenset()
    edges: frozenset[tuple[int, int]] = frozenset()
    gone: tuple[tuple[int, int, int], ...] = ()


class Sketcher:
    """Makes sketches of graphs of one form.

    A member of a space whose published form has operators on edges is drawn in that form, without edges that mean "no
    edge", where each label is the name of one operator. All other graphs are drawn as the form stores them.

    Args:
        form: The form.

    Attributes:
        names: Names of operators, by number.
        colours: Colour of each operator; None, neutral, for what cannot be chosen.
        letters: A letter for each operator that has a colour, a number where there are too many; None for others.
    """

    def __init__(self, form: GraphForm) -> None:
        self._form = form
        self.names = form.operators
        known = theme.operator_colours(form.space)
        self.colours = tuple(known.get(name.partition(",")[0]) for name in self.names)
        coloured = [number for number, colour in enumerate(self.colours) if colour is not None]
        few = len(coloured) <= len(string.ascii_uppercase)
        letter = {number: string.ascii_uppercase[k] if few else str(k + 1) for k, number in enumerate(coloured)}
        self.letters = tuple(letter.get(number) for number in range(len(self.names)))
        self._number = {name: number for number, name in enumerate(self.names)}
        views = form.space.grammar.edge_labelled
        named = all({*view.labels} - {view.no_edge} <= self._number.keys() for view in views)
        self._view = views[0] if views and named else None

    def sketch(self, graphs: GraphArrays) -> list[Sketch]:
        """Returns sketches of B graphs."""
        if self._view is None:
            return [_as_stored(graphs, row) for row in range(len(graphs.ops))]
        return [
            _as_stored(graphs, row) if arch is None else self._as_published(arch)
            for row, arch in enumerate(self._form.decode(graphs))
        ]

    def _as_published(self, arch: object) -> Sketch:
        view = self._view
        labels = self._form.space.to_edge_labelled(arch)[0].labels
        edges = [(*pair, self._number[label]) for pair, label in zip(view.pairs, labels) if label != view.no_edge]
        return Sketch((PLAIN,) * view.num_nodes, tuple(sorted(edges)))


def changes(before: Sketch, after: Sketch) -> Changes:
    """Returns what differs, node by node, as the sketches are written; nothing where they are of different kinds.

    Of graphs that are drawn as they are stored, it adds up to the edit distance of `edit_distance`, without what
    belongs to nodes that are gone.
    """
    if before.on_edges != after.on_edges:
        return Changes()
    old, new = ({(source, target): op for source, target, op in sketch.edges} for sketch in (before, after))
    return Changes(
        frozenset(node for node, op in enumerate(after.nodes) if node >= len(before.nodes) or before.nodes[node] != op),
        frozenset(pair for pair, op in new.items() if old.get(pair) != op),
        tuple((*pair, op) for pair, op in sorted(old.items()) if pair not in new and max(pair) < len(after.nodes)),
    )


def _as_stored(graphs: GraphArrays, row: int) -> Sketch:
    """Keeps the nodes that are there, and the edges between them."""
    nodes = [node for node, op in enumerate(graphs.ops[row].tolist()) if op >= 0]
    place = {node: k for k, node in enumerate(nodes)}
    pairs = zip(*(part.tolist() for part in graphs.adjacency[row].nonzero()))
    edges = [(place[source], place[target], PLAIN) for source, target in pairs if source in place and target in place]
    return Sketch(tuple(graphs.ops[row][nodes].tolist()), tuple(sorted(edges)))

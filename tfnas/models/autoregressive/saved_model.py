"""`save`: a generator as a SavedModel that a process with TensorFlow alone can load."""

from __future__ import annotations

import math
import pathlib
from typing import TYPE_CHECKING, Any, Sequence

import numpy as np

from tfnas._keras import tensorflow
from tfnas.models.autoregressive.component import ComponentGenerator
from tfnas.models.autoregressive.edge_view import EdgeView, all_labels_are_members
from tfnas.models.autoregressive.rules import Rules
from tfnas.models.exporting import write_saved_model

if TYPE_CHECKING:
    from tfnas.models.autoregressive.generator import AutoregressiveGenerator

tf = tensorflow()

FORMAT = 1
"""Number of the form of `ASSET`."""

ASSET = "generator.json"
"""What says in words what the arrays of the model mean. Of the folder ``assets``."""

_DESCRIPTION = (
    "sample(n, seed) draws n graphs, log_prob(adjacency, ops) gives the natural logarithm of their probabilities.",
    "Components are blocks on the diagonal of adjacency; the first node of a block is 'first'.",
    "Numbers of nodes below count from there. Pairs are [source, target].",
    "adjacency[b, i, j] is the edge from node i to node j: 0 for none, 1 + k for one with label k.",
    "An edge that is not there means 'no_edge' where that is a name. A label is null where edges are all alike.",
    "ops[b, i] is the number of the operator of node i, -1 past the end of a component.",
    "An operator of 'end_operators' ends its component. An operator is null where nodes are all alike.",
    "Of 'totals', so many nodes of all components together have one of these operators.",
    "'free_edges' may be there, 'forced_edges' always are; the numbers of edges into a node are of free ones.",
    "'original_nodes' are the numbers that the nodes have in an architecture; 'left_out' are its other nodes.",
    "With 'open_inputs' the first original node also feeds each that none feeds, but for the last.",
    "With 'open_outputs' the last original node also reads each that none reads, but for those none may feed.",
    "With the view 'edges' the nodes are those of the edge-labelled form of the space.",
)


def save(generator: AutoregressiveGenerator, directory: pathlib.Path | str) -> pathlib.Path:
    """Writes a generator as a SavedModel that needs TensorFlow and nothing else.

    All components together have M nodes; each is a block on the diagonal. The model has two functions, as
    attributes and as signatures:

    - ``sample(n, seed)``, int32 [] and [2], returns ``adjacency``, int32 [n, M, M], and ``ops``, int32 [n, M].
    - ``log_prob(adjacency, ops)``, of B graphs, returns ``log_prob``, [B], float of the configuration's type.

    Entry [b, i, j] of ``adjacency`` is the edge from node i to node j, i < j: zero for none, else one more than
    its label. That is the transpose of `ComponentArrays`. What the numbers mean, and the rules, is in a JSON file,
    which the attribute ``vocabulary`` of the model, a ``tf.saved_model.Asset``, names.

    The same seed gives the same graphs. Component k draws what its `ComponentGenerator` draws with
    ``tf.random.experimental.stateless_fold_in(seed, k)``, so the graphs are not those of
    `AutoregressiveGenerator.sample`. Nothing is rejected: where a space has rules that are not local, such as
    NAS-Bench-101, whose members have at most nine edges and every node on a way from input to output, draws can
    break them; ``every_draw_is_member`` in the JSON file says so. ``log_prob`` is that of
    `AutoregressiveGenerator.log_prob`. What the local rules do not admit, numbers without a meaning included, has
    minus infinity. All graphs of a call are worked on at once, so many need much memory.

    Args:
        generator: What is saved; weights are those of now.
        directory: Becomes the SavedModel; a new folder or an empty one.

    Returns:
        The absolute path of the SavedModel.

    Raises:
        ConfigError: If there is a file of that name, or a folder that is not empty.
    """
    root = _root(generator.components, generator.view.rules)
    signatures = {"sample": root.sample, "log_prob": root.log_prob}
    return write_saved_model(root, directory, signatures, ASSET, describe(generator))


def describe(generator: AutoregressiveGenerator) -> dict[str, Any]:
    """Returns the contents of `ASSET`, JSON values that also turn arrays into architectures by hand.

    ``every_draw_is_member`` is true, false, or None where nobody knows.
    """
    rules, firsts = generator.view.rules, _firsts(generator.view.rules)
    is_member, reason = _membership(generator)
    return {
        "format": FORMAT,
        "description": list(_DESCRIPTION),
        "space": generator.space.name,
        "view": "edges" if isinstance(generator.view, EdgeView) else "nodes",
        "nodes": sum(part.nodes for part in rules),
        "every_draw_is_member": is_member,
        "reason": reason,
        "generator": {"class": type(generator).__name__, "config": generator.config.to_json()},
        "components": [
            {"name": part.name, "first": first, "nodes": part.nodes, **names, **_numbers(part)}
            for part, first, names in zip(rules, firsts, generator.view.names())
        ],
    }


def _root(components: Sequence[ComponentGenerator], rules: Sequence[Rules]) -> Any:
    """Returns a module that holds variables and functions, and no layers, which only Keras can load."""
    places = [slice(first, first + part.nodes) for first, part in zip(_firsts(rules), rules)]
    size = places[-1].stop
    outside = np.ones((size, size), bool)
    for place in places:
        outside[place, place] = False
    integers = tf.int32

    @tf.function(input_signature=[tf.TensorSpec([], integers, "n"), tf.TensorSpec([2], integers, "seed")])
    def sample(n, seed):
        with tf.control_dependencies([tf.debugging.assert_positive(n, "n: expected a positive integer")]):
            n = tf.identity(n)
        adjacency, ops, used = tf.zeros([n, size, size], integers), [], None
        for k, (part, place) in enumerate(zip(components, places)):
            edges, drawn = part.sample_tensor(n, tf.random.experimental.stateless_fold_in(seed, k), used)
            used = part.used(drawn, used)
            around = [place.start, size - place.stop]
            adjacency += tf.pad(tf.transpose(edges, [0, 2, 1]), [[0, 0], around, around])
            ops.append(drawn)
        return {"adjacency": adjacency, "ops": tf.concat(ops, 1)}

    @tf.function(
        input_signature=[
            tf.TensorSpec([None, size, size], integers, "adjacency"),
            tf.TensorSpec([None, size], integers, "ops"),
        ]
    )
    def log_prob(adjacency, ops):
        admitted = ~tf.reduce_any((adjacency != 0) & outside, [1, 2])
        total, used = 0.0, None
        for part, rule, place in zip(components, rules, places):
            edges, chosen = tf.transpose(adjacency[:, place, place], [0, 2, 1]), ops[:, place]
            fine = _admit(rule, edges, chosen)
            # A network may be given nothing but numbers that it knows.
            edges, chosen = tf.where(fine[:, None, None], edges, 0), tf.where(fine[:, None], chosen, 0)
            total += part.log_prob_tensor(edges, chosen, used)
            used = part.used(chosen, used)
            admitted &= fine
        for index, one in enumerate(rules[0].totals):
            admitted &= used[:, index] == one.count
        return {"log_prob": tf.where(admitted, total, tf.constant(-math.inf, total.dtype))}

    root = tf.Module()
    root.weights = [variable for part in components for variable in part.network.variables]
    # Concrete already: saving would trace each a second time, and write both.
    root.sample, root.log_prob = sample.get_concrete_function(), log_prob.get_concrete_function()
    return root


def _admit(rules: Rules, edges: Any, ops: Any) -> Any:
    """Returns which of B graphs could be drawn. Bool, shape [B].

    Stricter than `Rules.admit`, whose arrays a view made: numbers can be anything, and a component has operators
    up to its end and nothing after it.

    Args:
        rules: Of the component.
        edges: See `ComponentArrays`. Int32, [B, N, N].
        ops: See `ComponentArrays`. Int32, [B, N].
    """
    chosen = tf.one_hot(ops, rules.operators, True, False, dtype=tf.bool)
    ended = tf.cumsum(tf.cast(tf.reduce_any(chosen & rules.ends, 2), tf.int32), 1, exclusive=True) > 0
    there = edges != 0
    count = tf.reduce_sum(tf.cast(there & rules.free, tf.int32), 2)
    live = (
        tf.reduce_any(chosen & rules.allowed, 2)
        & tf.reduce_all(there | ~rules.forced, 2)
        & (count >= rules.low)
        & (count <= rules.high)
    )
    nothing = (ops == -1) & ~tf.reduce_any(there, 2)
    known = (edges >= 0) & (edges <= rules.labels) & (~there | rules.free | rules.forced)
    return tf.reduce_all(tf.where(ended, nothing, live) & tf.reduce_all(known, 2), 1)


def _firsts(rules: Sequence[Rules]) -> list[int]:
    """Returns the number of each component's first node among those of all components."""
    return [sum(part.nodes for part in rules[:index]) for index in range(len(rules))]


def _numbers(rules: Rules) -> dict[str, Any]:
    def pairs(edges: np.ndarray) -> list[list[int]]:
        return [[source, target] for target, source in np.argwhere(edges).tolist()]

    return {
        "allowed_operators": [np.flatnonzero(row).tolist() for row in rules.allowed],
        "end_operators": np.flatnonzero(rules.ends).tolist(),
        "forced_edges": pairs(rules.forced),
        "free_edges": pairs(rules.free),
        "fewest_edges_in": rules.low.tolist(),
        "most_edges_in": rules.high.tolist(),
        "totals": [{"operators": np.flatnonzero(one.marks).tolist(), "nodes": one.count} for one in rules.totals],
    }


def _membership(generator: AutoregressiveGenerator) -> tuple[bool | None, str]:
    """Returns whether all graphs that can be drawn are members, and why."""
    space, grammar, config = generator.space, generator.space.grammar, generator.config
    if isinstance(generator.view, EdgeView):
        if all_labels_are_members(space):
            return True, "Every choice of labels is a member."
        if config.labels is None and config.in_degree is None:
            return False, "Some choices of labels are no members."
        return None, "Some choices of labels are no members; these labels and limits may leave them out or not."
    if not grammar.is_local:
        return False, f"{space.name} has more rules than these, on all nodes and edges of an architecture together."
    return True, "The rules of each node are all there are."

"""Graphs as `tfgnn.GraphTensor`s, made where they are used from dense arrays."""

from __future__ import annotations

import importlib
from typing import Any

from tfnas._keras import graph_keras, tensorflow

graph_keras()
tf = tensorflow()
tfgnn = importlib.import_module("tensorflow_gnn")

NODES, EDGES = "node", "edge"
"""Names of the node set and of the edge set."""


def graph_tensor(adjacency: Any, ops: Any) -> Any:
    """Returns B graphs as one `tfgnn.GraphTensor` of all n nodes that there are, and all e edges.

    Nodes have the feature ``op``, int32 [n]; edges run from `tfgnn.SOURCE` to `tfgnn.TARGET`.

    Args:
        adjacency: See `GraphArrays`. Int, shape [B, N, N].
        ops: See `GraphArrays`. Int, shape [B, N].
    """
    size = tf.shape(ops)[1]
    there = tf.reshape(ops >= 0, [-1])
    place = tf.cumsum(tf.cast(there, tf.int32)) - 1
    edges = tf.cast(tf.where(adjacency > 0), tf.int32)
    first = edges[:, 0] * size
    source, target = (tf.gather(place, first + edges[:, end]) for end in (1, 2))
    op = tf.boolean_mask(tf.reshape(ops, [-1]), there)
    return tfgnn.GraphTensor.from_pieces(
        node_sets={NODES: tfgnn.NodeSet.from_fields(sizes=[tf.shape(op)[0]], features={"op": op})},
        edge_sets={
            EDGES: tfgnn.EdgeSet.from_fields(
                sizes=[tf.shape(source)[0]],
                features={},
                adjacency=tfgnn.Adjacency.from_indices((NODES, source), (NODES, target)),
            )
        },
    )


def dense(values: Any, ops: Any) -> Any:
    """Returns values of the nodes that there are, [n, D], as [B, N, D], zero where there is no node.

    Args:
        values: Of the nodes of `graph_tensor`, in its order.
        ops: The operators it was made of.
    """
    rows = tf.where(tf.reshape(ops >= 0, [-1]))
    shape = tf.shape(ops)
    flat = tf.scatter_nd(rows, values, tf.cast([shape[0] * shape[1], tf.shape(values)[-1]], tf.int64))
    return tf.reshape(flat, [shape[0], ops.shape[1], values.shape[-1]])

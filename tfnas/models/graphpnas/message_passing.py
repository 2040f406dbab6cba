"""The layers that pass messages: equations 7 to 10 of GraphPNAS."""

from __future__ import annotations

import importlib
from typing import Any

import numpy as np

from tfnas._keras import graph_keras, tensorflow
from tfnas.models.graphpnas.config import GraphGeneratorConfig
from tfnas.models.graphpnas.unrolling import BACKWARD, FORWARD, SELF

tf_keras = graph_keras()
tf = tensorflow()
tfgnn = importlib.import_module("tensorflow_gnn")
Dense = tf_keras.layers.Dense


def kind(direction: int, edge: Any, labels: int) -> Any:
    """Returns the number of a kind of edge, a row of `kind_vectors`.

    Args:
        direction: `FORWARD` or `BACKWARD`.
        edge: Zero where a new node is joined to the others, else one more than the edge's label.
        labels: L, the number of labels.
    """
    return direction * (labels + 1) + edge


def kind_vectors(labels: int) -> np.ndarray:
    """Returns for each kind of edge its one-hot direction and its one-hot label; that to itself is the last.

    Float64, shape [2 (L + 1) + 1, 3 + L].
    """
    direction, label = np.eye(3), np.eye(labels + 1)[:, 1:]
    rows = [np.concatenate([direction[way], row]) for way in (FORWARD, BACKWARD) for row in label]
    return np.array([*rows, np.concatenate([direction[SELF], np.zeros(labels)])])


def mlp(hidden: int, outputs: int, dtype: str, *, layers: int) -> Any:
    """Returns an MLP with ReLU between its layers."""
    inner = [Dense(hidden, activation="relu", dtype=dtype) for _ in range(layers - 1)]
    return tf_keras.Sequential([*inner, Dense(outputs, dtype=dtype)])


class DifferenceMLP(tf_keras.layers.Layer):
    """An MLP with ReLU on the difference of two states and, where there are any, a kind of edge.

    The first layer is linear up to its ReLU, so it is applied to states and to kinds, of which there are
    fewer than pairs: ``W [x_i - x_j, e] = W_x x_i - W_x x_j + W_e e``. `project` is ``W_x``, `kinds` is
    ``W_e``, calling it does the rest.
    """

    def __init__(self, hidden: int, outputs: int, dtype: str, *, layers: int = 2) -> None:
        super().__init__(dtype=dtype)
        self.project = Dense(hidden, use_bias=False, dtype=dtype)
        self.kinds = Dense(hidden, use_bias=False, dtype=dtype)
        self._bias = self.add_weight(name="bias", shape=[hidden], initializer="zeros")
        self._rest = mlp(hidden, outputs, dtype, layers=layers - 1)

    def call(self, hidden):
        """Returns the output for sums of shares. [..., hidden] to [..., outputs]."""
        return self._rest(tf.nn.relu(hidden + self._bias))


class MessageRound(tf_keras.layers.Layer):
    """One round of message passing, equations 7 to 10.

    A node has h, which changes, and u, which does not. A message is f of a difference of h and of the kind of
    edge, times the sigmoid of g of a difference of ``[h, u]``. The gate is a number for each entry of the
    message, as in the released code; the paper does not say whether it is one for all. The GRU gets the sum
    of the messages of a node's neighbours and of the node itself, whose differences are zero.
    """

    def __init__(self, config: GraphGeneratorConfig, labels: int) -> None:
        super().__init__(dtype=config.dtype)
        self._hidden = config.hidden
        self._kinds = tf.constant(kind_vectors(labels), config.dtype)
        self._f = DifferenceMLP(config.hidden, config.message, config.dtype)
        self._g = DifferenceMLP(config.hidden, config.message, config.dtype)
        self._cell = tf_keras.layers.GRUCell(config.hidden, dtype=config.dtype)

    def shares(self, h, u):
        """Returns what nodes add to the hidden layers of f and of g. [..., hidden] to [..., 2 hidden]."""
        return tf.concat([self._f.project(h), self._g.project(tf.concat([h, u], -1))], -1)

    def messages(self, difference, kinds):
        """Returns messages times gates, [..., message].

        Args:
            difference: `shares` of the receiver less those of the sender, [..., 2 hidden].
            kinds: Numbers of the kinds of edges, int [...].
        """
        f, g = tf.split(difference, 2, -1)
        return self._f(f + tf.gather(self._f.kinds(self._kinds), kinds)) * tf.sigmoid(self._g(g))

    def update(self, h, received):
        """Returns the next h, [n, hidden], for the sum of messages from others, [n, message]."""
        itself = self.messages(tf.zeros([1, 2 * self._hidden], h.dtype), [len(self._kinds) - 1])
        return self._cell(received + itself, [h])[0]

    def call(self, graph):
        """Returns the next h of all nodes, [n, hidden].

        Args:
            graph: A `tfgnn.GraphTensor` with the node set ``node``, which has ``h`` and ``u``, and the edge set
                ``message``, which has ``kind`` and, where some of the messages are not there, ``weight``.
        """
        nodes = graph.node_sets["node"]
        shares = self.shares(nodes["h"], nodes["u"])
        difference = tfgnn.broadcast_node_to_edges(graph, "message", tfgnn.TARGET, feature_value=shares)
        difference -= tfgnn.broadcast_node_to_edges(graph, "message", tfgnn.SOURCE, feature_value=shares)
        features = graph.edge_sets["message"].features
        sent = self.messages(difference, features["kind"])
        if "weight" in features:
            sent *= features["weight"][:, None]
        received = tfgnn.pool_edges_to_node(graph, "message", tfgnn.TARGET, "sum", feature_value=sent)
        return self.update(nodes["h"], received)


def message_graph(h, u, senders, receivers, kinds, weights=None):
    """Returns n nodes and e messages as the graph that a `MessageRound` takes.

    Args:
        h: States, [n, hidden].
        u: Features that do not change, [n, any].
        senders: Nodes, int [e].
        receivers: Nodes, int [e].
        kinds: Numbers of the kinds of edges, int [e].
        weights: One where a message is there, else zero, float [e]; None if all are.
    """
    features = {"kind": kinds} if weights is None else {"kind": kinds, "weight": weights}
    return tfgnn.GraphTensor.from_pieces(
        node_sets={"node": tfgnn.NodeSet.from_fields(sizes=[tf.shape(h)[0]], features={"h": h, "u": u})},
        edge_sets={
            "message": tfgnn.EdgeSet.from_fields(
                sizes=[tf.shape(kinds)[0]],
                features=features,
                adjacency=tfgnn.Adjacency.from_indices(("node", senders), ("node", receivers)),
            )
        },
    )


def with_states(graph, h):
    """Returns the graph with other states."""
    return graph.replace_features(node_sets={"node": graph.node_sets["node"].get_features_dict() | {"h": h}})

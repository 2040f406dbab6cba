"""`GrowingNetwork`: what a partial graph says of its next node, section III-B of SVGe."""

from __future__ import annotations

import abc
from typing import Any

from tfnas._keras import graph_keras, tensorflow
from tfnas.models.autoencoder.graph_tensors import graph_tensor
from tfnas.models.autoencoder.growing_config import GrowingConfig
from tfnas.models.autoencoder.growing_messages import GatedSums, Propagation

tf_keras = graph_keras()
tf = tensorflow()
layers = tf_keras.layers


class Choices(abc.ABC):
    """Chooses for B graphs that grow side by side, from what a `GrowingNetwork` says."""

    @abc.abstractmethod
    def operator(self, node: int, logits: Any) -> Any:
        """Returns the operator of the next node, int32 [B], for logits, [B, V]."""

    @abc.abstractmethod
    def edges(self, node: int, logits: Any) -> Any:
        """Returns zero or one for the edge from each earlier node, int32 [B, node], for logits, [B, node]."""


class GrowingNetwork(layers.Layer):
    """The modules of SVGe's decoder, equations 5 to 8.

    Each MLP has two layers with ReLU between them. Two summaries, `GatedSums`, describe a partial graph: one is for
    choices, the other, h in equation 5, for the first states of new nodes. Those of a single node have no gate, and
    messages come with the second node, as in the published code. Where the first operator is a choice, which it is
    not in the paper, it is made from summaries that are zero.

    Args:
        nodes: N.
        operators: V.
        config: Sizes and forms.
        parts: See `Propagation`.
    """

    def __init__(self, nodes: int, operators: int, config: GrowingConfig, parts: Any) -> None:
        super().__init__(dtype=config.dtype)
        self._nodes, self._hidden = nodes, config.hidden
        dtype, wide = config.dtype, config.hidden + config.latent

        def mlp(inner: int, outputs: int) -> Any:
            return tf_keras.Sequential(
                [layers.Dense(inner, activation="relu", dtype=dtype), layers.Dense(outputs, dtype=dtype)]
            )

        self._embedding = layers.Embedding(operators, config.hidden, dtype=dtype)
        self._first, self._next = mlp(wide, config.hidden), mlp(wide, config.hidden)
        self._operator = mlp(config.latent, operators)
        # the first layer of equation 8's MLP, in two parts: what it makes of an earlier node, and of all the rest
        self._earlier, self._rest = layers.Dense(wide, use_bias=False, dtype=dtype), layers.Dense(wide, dtype=dtype)
        self._edge = layers.Dense(1, dtype=dtype)
        self._propagation = Propagation(config.hidden, config.rounds, parts, dtype)
        self._sums = GatedSums(config.latent, dtype)

    def grow(self, z: Any, choices: Choices) -> tuple[Any, Any]:
        """Returns the adjacency, int32 [B, N, N], and the operators, int32 [B, N], that are chosen.

        All graphs get N nodes; a node past the end of a graph does not change what came before.

        Args:
            z: Points, [B, latent].
            choices: Who chooses.
        """
        summary = tf.zeros_like(z)
        ops = [choices.operator(0, self._operator(tf.concat([summary, z], -1)))]
        new = self._first(tf.concat([self._embedding(ops[0]), z], -1))
        h, adjacency = new, tf.zeros([tf.shape(z)[0], 1, 1], tf.int32)
        for node in range(1, self._nodes):
            h, summary, beginning = self._propagated(h, adjacency)
            ops.append(choices.operator(node, self._operator(tf.concat([summary, z], -1))))
            new = self._next(tf.concat([self._embedding(ops[-1]), beginning, z], -1))
            chosen = choices.edges(node, self._edges(h, node, tf.concat([new, summary, z], -1)))
            into = tf.pad(chosen, [[0, 0], [0, 1]])[..., None]
            adjacency = tf.concat([tf.pad(adjacency, [[0, 0], [0, 1], [0, 0]]), into], 2)
            h = tf.reshape(tf.concat([tf.reshape(h, [-1, node, self._hidden]), new[:, None]], 1), [-1, self._hidden])
        return adjacency, tf.stack(ops, 1)

    def _propagated(self, h, adjacency):
        """Returns the states after messages, [B n, hidden], and both summaries, [B, latent] each."""
        count = adjacency.shape[1]
        if count > 1:
            h = self._propagation(graph_tensor(adjacency, tf.zeros_like(adjacency[..., 0])), h)
        shares = self._sums(h, is_gated=count > 1)
        summaries = tf.reduce_sum(tf.reshape(shares, [-1, count, shares.shape[-1]]), 1)
        return h, *tf.split(summaries, 2, -1)

    def _edges(self, h, count, others):
        """Returns the logits of the edges from earlier nodes, [B, n].

        Args:
            h: States of the nodes, [B n, hidden].
            count: n.
            others: What all edges into the new node have in common, [B, any].
        """
        earlier, rest = self._earlier(h), self._rest(others)
        hidden = tf.nn.relu(tf.reshape(earlier, [-1, count, earlier.shape[-1]]) + rest[:, None])
        return tf.reshape(self._edge(tf.reshape(hidden, [-1, earlier.shape[-1]])), [-1, count])

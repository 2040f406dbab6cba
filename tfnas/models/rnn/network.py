"""`RNNNetwork`: what a recurrent network, having read the nodes that there are, says of the next one."""

from __future__ import annotations

from typing import Any

from tfnas._keras import graph_keras, tensorflow
from tfnas.models.autoregressive.likelihood import Parameters
from tfnas.models.autoregressive.network import NodeNetwork
from tfnas.models.autoregressive.rules import Rules
from tfnas.models.rnn.config import RNNGeneratorConfig

tf_keras = graph_keras()
tf = tensorflow()
Dense = tf_keras.layers.Dense

_START = -1
"""Stands for the operator of the node before the first."""


class AnchorAttention(tf_keras.layers.Layer):
    """ENAS's attention on earlier nodes: ``v . tanh(W1 anchor + W2 query)``, with as many v as outputs."""

    def __init__(self, hidden: int, outputs: int, dtype: str) -> None:
        super().__init__(dtype=dtype)
        self._anchor, self._query = (Dense(hidden, use_bias=False, dtype=dtype) for _ in range(2))
        self._value = Dense(outputs, use_bias=False, dtype=dtype)

    def call(self, query, anchors):
        """Returns [..., N, outputs] for a query, [..., hidden], and N anchors, [..., N, hidden]."""
        return self._value(tf.tanh(self._anchor(anchors) + self._query(query)[..., None, :]))


class RNNNetwork(NodeNetwork):
    """The controller of ENAS's macro search (Pham et al., 2018, section 2.3), for one component of N nodes.

    The first input of the LSTM is a learned vector. Its output is the query of the first node: of it come the
    logits of that node's operator (a linear map), and of the edge from each earlier node and of the edge's
    labels (`AnchorAttention`). Then the LSTM reads the node. Its output is the anchor of that node, which later
    nodes attend to, and the query of the next. The input is the sum of an embedding of the operator, of ENAS's
    mean of the anchors of the nodes that feed the node (their sum over one more than their number), and of a
    linear map of the one-hot labels of the edges into it. Logits become
    ``tanh_constant * tanh(logit / temperature)``. That of an edge is the difference of the logits q of "edge"
    and -q of "no edge", as in ENAS's code, so that it lies within twice the constant. As in that code nothing
    has a bias.

    Deviations from ENAS:

    - Operator and edges of a node are drawn at once, of one query, and are independent given the earlier nodes:
      `NodeDistribution` is made so. ENAS draws the edges after the operator, in a further step of the LSTM.
    - One step of the LSTM reads operator and edges. In ENAS one reads the operator, whose output is the anchor,
      and one the mean of anchors.
    - The LSTM also reads which edges there are, and labels of edges, which ENAS does not have, are drawn.
    - Weights start as `tfnas.models.autoregressive.weights` says; in ENAS all are uniform within 0.1.

    Args:
        rules: Of the component.
        config: Sizes.
    """

    def __init__(self, rules: Rules, config: RNNGeneratorConfig) -> None:
        super().__init__(dtype=config.dtype)
        self._nodes, self._labels, self._config = rules.nodes, rules.labels, config
        self._symbols = 1 + rules.operators

        def linear(outputs: int) -> Any:
            return Dense(outputs, use_bias=False, dtype=config.dtype)

        self._embedding, self._row = linear(config.hidden), linear(config.hidden)
        self._cells = [
            tf_keras.layers.LSTMCell(config.hidden, use_bias=False, dtype=config.dtype) for _ in range(config.layers)
        ]
        self._op = linear(rules.operators)
        self._edge = AnchorAttention(config.hidden, 1, config.dtype)
        self._label = AnchorAttention(config.hidden, rules.labels, config.dtype) if rules.labels > 1 else None

    @property
    def has_static_shapes(self) -> bool:
        return True

    def call(self, inputs) -> Parameters:
        edges, ops = inputs
        first = self.first_cache(tf.shape(ops)[0])
        # A loop of a known number of turns: XLA compiles it many times faster than as many copies of its body.
        _, (anchors, _) = tf.while_loop(
            lambda node, cache: node < self._nodes,
            lambda node, cache: (node + 1, self.extend(edges, ops, node, cache)),
            (tf.constant(0), first),
            shape_invariants=(tf.TensorShape([]), self.cache_shapes()),
            maximum_iterations=self._nodes,
        )
        # The anchor of a node is the query of the next. A node also gets logits of edges from itself and from
        # later ones, which the rules mask.
        queries = tf.concat([_query(first)[:, None], anchors[:, :-1]], 1)
        return self._parameters(queries, anchors[:, None])

    def step(self, edges, ops, node, cache) -> Parameters:
        return self._parameters(_query(cache), cache[0])

    def first_cache(self, batch) -> Any:
        # The anchors, [B, N, hidden], zero for nodes to come, and two states of each layer, [B, hidden].
        zeros = tf.zeros([batch, self._config.hidden], self.dtype)
        states = self._read(self._embedded(tf.fill([batch], _START)), ((zeros, zeros),) * self._config.layers)
        return tf.zeros([batch, self._nodes, self._config.hidden], self.dtype), states

    def cache_shapes(self) -> Any:
        state = tf.TensorShape([None, self._config.hidden])
        return tf.TensorShape([None, self._nodes, self._config.hidden]), ((state, state),) * self._config.layers

    def extend(self, edges, ops, node, cache) -> Any:
        anchors, states = cache
        row = edges[:, node]
        there = tf.cast(row > 0, self.dtype)
        mean = tf.einsum("bn,bnh->bh", there, anchors) / (1 + tf.reduce_sum(there, 1, keepdims=True))
        labels = tf.reshape(tf.one_hot(row - 1, self._labels, dtype=self.dtype), [-1, self._nodes * self._labels])
        states = self._read(self._embedded(ops[:, node]) + mean + self._row(labels), states)
        here = tf.one_hot(node, self._nodes, dtype=self.dtype)
        return anchors + here[:, None] * _query((anchors, states))[:, None], states

    def _parameters(self, query, anchors) -> Parameters:
        """Returns the parameters for queries, [..., hidden], and the anchors that each sees, [..., N, hidden]."""
        edges = 2 * self._bounded(self._edge(query, anchors))
        labels = tf.zeros_like(edges) if self._label is None else self._bounded(self._label(query, anchors))
        return Parameters(
            mixture=tf.zeros_like(query[..., :1]),
            edges=tf.linalg.matrix_transpose(edges),
            labels=labels,
            ops=self._bounded(self._op(query)),
        )

    def _bounded(self, logits):
        logits /= self._config.temperature
        constant = self._config.tanh_constant
        return logits if constant is None else constant * tf.tanh(logits)

    def _embedded(self, ops):
        """Returns inputs for operators. Int [B] to [B, hidden]."""
        return self._embedding(tf.one_hot(ops + 1, self._symbols, dtype=self.dtype))

    def _read(self, value, states):
        """Returns the states of all layers after an input, [B, hidden]."""
        after = []
        for cell, state in zip(self._cells, states):
            value, state = cell(value, list(state))
            after.append(tuple(state))
        return tuple(after)


def _query(cache):
    """Returns the output of the last layer, [B, hidden]."""
    return cache[1][-1][0]

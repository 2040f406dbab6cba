"""`GraphNetwork`: what the nodes that there are say of the next one. Equations 4 to 10 of GraphPNAS."""

from __future__ import annotations

from typing import Any

import numpy as np

from tfnas._keras import tensorflow
from tfnas.models.autoregressive.likelihood import Parameters
from tfnas.models.autoregressive.network import NodeNetwork
from tfnas.models.autoregressive.rules import Rules
from tfnas.models.graphpnas.config import GraphGeneratorConfig
from tfnas.models.graphpnas.message_passing import (
    Dense,
    DifferenceMLP,
    MessageRound,
    kind,
    message_graph,
    mlp,
    with_states,
)
from tfnas.models.graphpnas.unrolling import BACKWARD, FORWARD, causal, prefixes

tf = tensorflow()

_NEW = -1
"""Stands for the operator of a node that has none yet."""

_FEW = 12
"""Largest number of nodes for which messages of edges that are not there are computed and weighted by zero."""


class GraphNetwork(NodeNetwork):
    """Section 3.1.1 of GraphPNAS, for one component of N nodes.

    The first h is a linear map of the one-hot operator, or of one more symbol for a new node; the paper takes
    the one-hot vector itself, whose size is not that of h. u is the one-hot vector of the nodes that feed a
    node, zero for a new one, and the one-hot vector of its position. ``1_ij`` is the one-hot direction, and
    the one-hot label of the edge, zero where a new node is joined to the others. Labels of edges, which the
    paper does not have, come from one more head on differences of last states, whichever the component of the
    mixture, as in the released code.

    Args:
        rules: Of the component.
        config: Sizes and forms.
    """

    def __init__(self, rules: Rules, config: GraphGeneratorConfig) -> None:
        super().__init__(dtype=config.dtype)
        self._nodes, self._labels, self._config = rules.nodes, rules.labels, config
        self._is_causal = config.messages == "causal"
        self._unrolling = (causal if self._is_causal else prefixes)(rules.nodes)
        self._symbols = 1 + (rules.operators if config.sees_operators else 1)
        self._embedding = Dense(config.hidden, use_bias=False, dtype=config.dtype)
        self._place = Dense(config.hidden, use_bias=False, dtype=config.dtype) if config.sees_positions else None
        self._rounds = [MessageRound(config, rules.labels) for _ in range(1 if config.shared else config.steps)]

        def pair_head(outputs: int) -> DifferenceMLP:
            return DifferenceMLP(config.hidden, outputs, config.dtype, layers=config.head_layers)

        self._alpha, self._theta = pair_head(config.mixture), pair_head(config.mixture)
        self._label = pair_head(rules.labels) if rules.labels > 1 else None
        self._beta = mlp(config.hidden, rules.operators, config.dtype, layers=config.head_layers)

    @property
    def has_static_shapes(self) -> bool:
        return self._nodes <= _FEW

    def call(self, inputs) -> Parameters:
        edges, ops = inputs
        states = self._unrolled(edges, ops)
        earlier, pairs = self._unrolling.pairs[:, 1], self._unrolling.pairs
        new, later = tf.gather(states, self._unrolling.new, axis=1), pairs[:, 0]

        def on_pairs(head: DifferenceMLP):
            shares = head.project(states)
            return head(tf.gather(shares, pairs[:, 2], axis=1) - tf.gather(shares, pairs[:, 3], axis=1))

        # Rules mask what a square has on and above its diagonal, so it can be anything.
        place = np.zeros((self._nodes, self._nodes), np.int32)
        place[later, earlier] = np.arange(len(pairs))
        rows = tf.constant(later == np.arange(self._nodes)[:, None], states.dtype)
        mixture = self._pooled(tf.einsum("np,bpk->bnk", rows, on_pairs(self._alpha)), tf.range(self._nodes)[:, None])
        theta = tf.transpose(tf.gather(on_pairs(self._theta), place, axis=1), [0, 1, 3, 2])
        if self._label is None:
            labels = tf.zeros_like(edges, states.dtype)[..., None]
        else:
            labels = tf.gather(on_pairs(self._label), place, axis=1)
        return Parameters(mixture, theta, labels, self._beta(new))

    def step(self, edges, ops, node, cache) -> Parameters:
        if self._is_causal:
            joined = tf.zeros_like(edges[:, 0, :node])
            new, _ = self._receive(tf.fill(tf.shape(ops)[:1], _NEW), edges[:, 0] * 0, joined, joined == 0, node, cache)
            old = cache[1]
        else:
            states = self._prefix(edges, ops, node)
            new, old = states[:, -1], states[:, :-1]

        def on_pairs(head: DifferenceMLP, outputs: int):
            values = head(head.project(new)[:, None] - head.project(old))
            padded = tf.pad(values, [[0, 0], [0, self._nodes - node], [0, 0]])
            return tf.ensure_shape(padded, [None, self._nodes, outputs])

        count = self._config.mixture
        mixture = self._pooled(tf.reduce_sum(on_pairs(self._alpha, count), 1), node)
        theta = tf.transpose(on_pairs(self._theta, count), [0, 2, 1])
        if self._label is None:
            labels = tf.zeros_like(edges[:, 0], new.dtype)[..., None]
        else:
            labels = on_pairs(self._label, self._labels)
        return Parameters(mixture, theta, labels, self._beta(new))

    def first_cache(self, batch) -> Any:
        # In causal form states of nodes do not change with the steps, so they are kept: their shares in the
        # messages of each round, [S, B, nodes, 2 hidden], and the last ones, [B, nodes, hidden].
        if not self._is_causal:
            return ()
        steps, hidden = self._config.steps, self._config.hidden
        return tf.zeros([steps, batch, 0, 2 * hidden], self.dtype), tf.zeros([batch, 0, hidden], self.dtype)

    def cache_shapes(self) -> Any:
        if not self._is_causal:
            return ()
        steps, hidden = self._config.steps, self._config.hidden
        return tf.TensorShape([steps, None, None, 2 * hidden]), tf.TensorShape([None, None, hidden])

    def extend(self, edges, ops, node, cache) -> Any:
        if not self._is_causal:
            return ()
        into = edges[:, node, :node]
        state, shares = self._receive(ops[:, node], edges[:, node], into, into > 0, node, cache)
        return tf.concat([cache[0], shares[:, :, None]], 2), tf.concat([cache[1], state[:, None]], 1)

    def _unrolled(self, edges, ops):
        """Returns the last states of all M nodes of the unrolling, [B, M, hidden]."""
        plan, batch, total = self._unrolling, tf.shape(ops)[0], len(self._unrolling.node)
        known = tf.constant(~plan.is_new)
        rows = tf.where(known[:, None], tf.gather(edges, plan.node, axis=1), 0)
        operators = tf.where(known, tf.gather(ops, plan.node, axis=1), _NEW)
        u = self._features(tf.reshape(rows, [-1, self._nodes]), tf.tile(plan.node, [batch]))
        messages = (self._all_messages if self.has_static_shapes else self._messages_there)(edges, batch)
        states = self._propagated(self._first(tf.reshape(operators, [-1]), u), u, *messages)
        return tf.reshape(states, [batch, total, self._config.hidden])

    def _all_messages(self, edges, batch):
        """Returns senders, receivers, kinds and weights of the messages of all edges that could be there.

        Their number follows from that of the graphs, so that XLA can compile it.
        """
        plan, values = self._unrolling, self._values(edges)
        offset = tf.range(batch)[:, None] * len(plan.node)
        senders, receivers = (
            tf.reshape(offset + np.concatenate([plan.edges[:, end], plan.joins[:, end]]), [-1]) for end in (0, 1)
        )
        joins = kind(plan.joins[:, 2], 0, self._labels)
        of_edges = kind(plan.edges[:, 2], tf.maximum(values, 1), self._labels)
        kinds = tf.concat([of_edges, tf.tile(joins[None], [batch, 1])], 1)
        weights = tf.concat([tf.cast(values > 0, self.dtype), tf.ones([batch, len(joins)], self.dtype)], 1)
        return senders, receivers, tf.reshape(kinds, [-1]), tf.reshape(weights, [-1])

    def _messages_there(self, edges, batch):
        """Returns senders, receivers and kinds of the messages that are there."""
        plan, values = self._unrolling, self._values(edges)
        offset = tf.range(batch)[:, None] * len(plan.node)
        there = tf.where(values > 0)
        graph, which = tf.cast(there[:, 0], tf.int32) * len(plan.node), there[:, 1]
        joins = [tf.reshape(offset + plan.joins[:, end], [-1]) for end in (0, 1)]
        ends = [tf.concat([graph + tf.gather(plan.edges[:, end], which), joins[end]], 0) for end in (0, 1)]
        of_edges = kind(tf.gather(plan.edges[:, 2], which), tf.gather_nd(values, there), self._labels)
        kinds = tf.concat([of_edges, tf.tile(kind(plan.joins[:, 2], 0, self._labels), [batch])], 0)
        return *ends, kinds

    def _values(self, edges):
        """Returns the edges that the messages of `Unrolling.edges` are for, int [B, E]."""
        places = self._unrolling.edges[:, 3] * self._nodes + self._unrolling.edges[:, 4]
        return tf.gather(tf.reshape(edges, [-1, self._nodes**2]), places, axis=1)

    def _prefix(self, edges, ops, node):
        """Returns the last states of the nodes up to a new one, [B, node + 1, hidden]."""
        batch, total = tf.shape(ops)[0], node + 1
        there = tf.cast(tf.where(edges[:, :node, :node] > 0), tf.int32)
        first, target, source = there[:, 0] * total, there[:, 1], there[:, 2]
        label = tf.gather_nd(edges, there)
        old = tf.reshape(tf.range(batch)[:, None] * total + tf.range(node), [-1])
        new = tf.repeat(tf.range(batch) * total + node, node)
        senders = tf.concat([first + source, first + target, old, new], 0)
        receivers = tf.concat([first + target, first + source, new, old], 0)
        kinds = [kind(way, edge, self._labels) for edge in (label, tf.zeros_like(new)) for way in (FORWARD, BACKWARD)]
        rows = tf.pad(edges[:, :node], [[0, 0], [0, 1], [0, 0]])
        operators = tf.pad(ops[:, :node], [[0, 0], [0, 1]], constant_values=_NEW)
        u = self._features(tf.reshape(rows, [-1, self._nodes]), tf.tile(tf.range(total), [batch]))
        states = self._propagated(
            self._first(tf.reshape(operators, [-1]), u), u, senders, receivers, tf.concat(kinds, 0)
        )
        return tf.reshape(states, [batch, total, self._config.hidden])

    def _receive(self, ops, row, labels, there, node, cache):
        """Passes messages to one node from all earlier ones.

        Args:
            ops: Operators, [B].
            row: Edges into the node as u has them, [B, N].
            labels: Zero, or one more than the label, of the edges from earlier nodes, [B, node].
            there: Whether they are there, bool [B, node].
            node: The node, a scalar.
            cache: Of the earlier nodes.

        Returns:
            The last state, [B, hidden], and the shares in each round, [S, B, 2 hidden].
        """
        u, found = self._features(row, tf.fill(tf.shape(ops), node)), []
        h = self._first(ops, u)
        for index in range(self._config.steps):
            layer = self._rounds[index % len(self._rounds)]
            found.append(layer.shares(h, u))
            sent = layer.messages(found[-1][:, None] - cache[0][index], kind(FORWARD, labels, self._labels))
            h = layer.update(h, tf.reduce_sum(tf.where(there[..., None], sent, tf.zeros_like(sent)), 1))
        return h, tf.stack(found)

    def _propagated(self, h, u, *messages):
        """Returns the states after S rounds, [n, hidden]."""
        graph = message_graph(h, u, *messages)
        for index in range(self._config.steps):
            graph = with_states(graph, self._rounds[index % len(self._rounds)](graph))
        return graph.node_sets["node"]["h"]

    def _first(self, ops, u):
        """Returns the first states, [n, hidden], for operators, int [n], and features, [n, 2 N]."""
        h = self._embedding(tf.one_hot(tf.minimum(ops + 1, self._symbols - 1), self._symbols, dtype=self.dtype))
        return h if self._place is None else h + self._place(u)

    def _features(self, rows, nodes):
        """Returns u. Edges into the nodes, int [n, N], and the nodes, int [n], to [n, 2 N]."""
        return tf.concat([tf.cast(rows > 0, self.dtype), tf.one_hot(nodes, self._nodes, dtype=self.dtype)], -1)

    def _pooled(self, total, count):
        """Returns equation 4's pooled logits for their sum over a number of earlier nodes."""
        return total if self._config.pooling == "sum" else total / tf.cast(tf.maximum(count, 1), total.dtype)

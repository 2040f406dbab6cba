"""`DVAENetwork`: asynchronous message passing along the order of the nodes, and a decoder that does the same."""

from __future__ import annotations

import importlib
from typing import Any

from tfnas._keras import graph_keras, tensorflow
from tfnas.models.autoencoder.graph_form import GraphForm
from tfnas.models.autoencoder.network import AutoencoderNetwork, GraphDecoder
from tfnas.models.dvae.config import DVAEConfig

tf_keras = graph_keras()
tf = tensorflow()
tfp = importlib.import_module("tensorflow_probability")
tfd = tfp.distributions
layers = tf_keras.layers


class NodeUpdate(layers.Layer):
    """The state of a node from its operator and the states of its predecessors: equations 3 to 6 of D-VAE.

    A GRU whose input is the one-hot operator and whose state is the gated sum of the predecessors' states, each with
    the one-hot number of its node.
    """

    def __init__(self, hidden: int, nodes: int, operators: int, dtype: str) -> None:
        super().__init__(dtype=dtype)
        self._nodes, self._operators = nodes, operators
        self._gate = layers.Dense(hidden, activation="sigmoid", dtype=dtype)
        self._map = layers.Dense(hidden, use_bias=False, dtype=dtype)
        self._cell = layers.GRUCell(hidden, dtype=dtype)

    def message(self, h, node):
        """Returns what a node adds to the state of each that reads it. [B, hidden] to [B, hidden]."""
        number = tf.one_hot(tf.fill([tf.shape(h)[0]], node), self._nodes, dtype=h.dtype)
        both = tf.concat([h, number], -1)
        return self._gate(both) * self._map(both)

    def call(self, ops, received):
        """Returns states. Operators, int [...], and the sum of the messages, [..., hidden], to [..., hidden]."""
        size = received.shape[-1]
        one_hot = tf.one_hot(ops, self._operators, dtype=received.dtype)
        flat = self._cell(tf.reshape(one_hot, [-1, self._operators]), [tf.reshape(received, [-1, size])])[0]
        return tf.reshape(flat, tf.shape(received))


class DVAENetwork(AutoencoderNetwork):
    """D-VAE's encoder and decoder.

    Nodes are updated one after the other, each from those before it, so there is no round of messages on all edges at
    once that TF-GNN would pool: a step is a product of states and a column of the adjacency matrix.

    Args:
        form: Of the graphs, which end with an operator.
        config: Sizes.
    """

    def __init__(self, form: GraphForm, config: DVAEConfig) -> None:
        super().__init__(form, config)
        sizes = config.hidden, form.nodes, len(form.operators), config.dtype
        self._forward, self._backward = NodeUpdate(*sizes), NodeUpdate(*sizes) if config.is_bidirectional else None
        self._unify = layers.Dense(config.hidden, dtype=config.dtype)
        self._mean, self._log_variance = (layers.Dense(config.latent, dtype=config.dtype) for _ in range(2))
        self.update = NodeUpdate(*sizes)
        self.start = layers.Dense(config.hidden, activation="tanh", dtype=config.dtype)

        def head(inner: int, outputs: int) -> Any:
            return tf_keras.Sequential(
                [layers.Dense(inner, activation="relu", dtype=config.dtype), layers.Dense(outputs, dtype=config.dtype)]
            )

        self.add_vertex = head(2 * config.hidden, len(form.operators))
        self.add_edge = head(4 * config.hidden, 1)

    @property
    def latent_shape(self) -> tuple[int, ...]:
        return (self._config.latent,)

    def posterior(self, adjacency, ops, *, training: bool) -> Any:
        last = tf.reduce_sum(tf.cast(ops >= 0, tf.int32), 1) - 1
        state = self._read(self._forward, adjacency, ops)
        read = [tf.gather(state, last, batch_dims=1)]
        if self._backward is not None:
            turned = tf.reverse(tf.transpose(adjacency, [0, 2, 1]), [1, 2])
            read.append(self._read(self._backward, turned, tf.reverse(ops, [1]))[:, -1])
        summary = self._unify(tf.concat(read, -1)) if self._backward is not None else read[0]
        scale = tf.exp(0.5 * self._log_variance(summary))
        return tfd.Independent(tfd.Normal(self._mean(summary), scale), 1)

    def _read(self, update: NodeUpdate, adjacency, ops):
        """Returns the states of all nodes, [B, N, hidden]; zero where there is no node."""
        weights = tf.cast(adjacency, self.dtype)
        states, messages = [], []
        for node in range(self.form.nodes):
            received = tf.zeros([tf.shape(ops)[0], self._config.hidden], self.dtype)
            if node:
                received = tf.einsum("bj,bjh->bh", weights[:, :node, node], tf.stack(messages, 1))
            h = update(tf.maximum(ops[:, node], 0), received)
            h = tf.where(ops[:, node, None] >= 0, h, tf.zeros_like(h))
            states.append(h)
            messages.append(update.message(h, node))
        return tf.stack(states, 1)

    def decoder(self, z, *, training: bool = False, seed: Any = None) -> GraphDecoder:
        return DVAEDecoder(self, z)


class DVAEDecoder(GraphDecoder):
    """Grows a graph node by node: its operator, then its edges from the latest node to the first.

    The first state is that of the point; each accepted edge changes the state of the new node before the next
    edge is decided. The node that ends a graph reads exactly the nodes that no other reads, and the largest graph's
    last node ends it. `objective`, the published loss, decides the edges into the end like any others.

    Args:
        network: Whose decoder it is.
        z: Points. Float, shape [B, latent].
    """

    def __init__(self, network: DVAENetwork, z: Any) -> None:
        self._network, self._z = network, z
        self._nodes, self._end = network.form.nodes, network.form.end

    def log_prob(self, adjacency, ops):
        of_ops, of_edges = self._teacher_forced(adjacency, ops)
        ends = ops == self._end
        size = tf.reduce_sum(tf.cast(ops >= 0, tf.int32), 1)
        # the last node of the largest graph has no choice
        of_ops = tf.where(tf.range(self._nodes) == self._nodes - 1, tf.zeros_like(of_ops), of_ops)
        of_edges = tf.where(ends[:, None, :], tf.zeros_like(of_edges), of_edges)
        total = tf.reduce_sum(of_ops, 1) + tf.reduce_sum(of_edges, [1, 2])
        there = tf.range(self._nodes) < size[:, None] - 1
        is_read = tf.reduce_any((adjacency > 0) & ~ends[:, None, :], 2)
        expected = there & ~is_read
        into_end = tf.reduce_any((adjacency > 0) & ends[:, None, :], 2)
        lawful = tf.reduce_any(ends, 1) & tf.reduce_all(into_end == expected, 1) & (ops[:, 0] == self._first_op())
        return tf.where(lawful, total, tf.constant(-float("inf"), total.dtype))

    def objective(self, adjacency, ops):
        of_ops, of_edges = self._teacher_forced(adjacency, ops)
        return tf.reduce_sum(of_ops, 1) + tf.reduce_sum(of_edges, [1, 2])

    def sample(self, seed):
        def draw(logits, number):
            return _drawn(logits, tf.random.experimental.stateless_fold_in(seed, number))

        return self._grow(draw)

    def mode(self):
        def choose(logits, number):
            del number
            if logits.shape[-1] == 1:
                return tf.cast(logits[:, 0] > 0, tf.int32)
            return tf.argmax(logits, -1, tf.int32)

        return self._grow(choose)

    def _first_op(self) -> int:
        """Returns the operator of the first node, which every graph has."""
        return int(self._network.form.rules.allowed[0].argmax())

    def _teacher_forced(self, adjacency, ops):
        """Returns log-probabilities of operators, [B, N], and edges, [B, N, N]; zero where there is no node."""
        network, there = self._network, ops >= 0
        weights = tf.cast(adjacency, network.dtype)
        h = network.update(tf.maximum(ops[:, 0], 0), network.start(self._z))
        states, messages = [h], [network.update.message(h, 0)]
        of_ops, of_edges = [tf.zeros_like(h[:, 0])], [tf.zeros_like(weights[:, :, 0])]
        for node in range(1, self._nodes):
            op = tf.maximum(ops[:, node], 0)
            of_ops.append(tfd.Categorical(logits=network.add_vertex(states[-1])).log_prob(op))
            # column k: what the new node has received once the k latest nodes are decided
            latest_first = tf.stack(messages[::-1], 1) * weights[:, :node, node][:, ::-1, None]
            received = tf.concat([tf.zeros_like(latest_first[:, :1]), tf.cumsum(latest_first, 1)], 1)
            new = network.update(tf.repeat(op[:, None], node + 1, 1), received)
            both = tf.concat([tf.stack(states[::-1], 1), new[:, :-1]], -1)
            logits = network.add_edge(both)[:, ::-1, 0]
            each = tfd.Bernoulli(logits=logits).log_prob(adjacency[:, :node, node])
            of_edges.append(tf.pad(each, [[0, 0], [0, self._nodes - node]]))
            h = tf.where(there[:, node, None], new[:, -1], tf.zeros_like(new[:, -1]))
            states.append(h)
            messages.append(network.update.message(h, node))
        of_ops, of_edges = tf.stack(of_ops, 1), tf.stack(of_edges, 2)
        of_ops = tf.where(there, of_ops, tf.zeros_like(of_ops))
        return of_ops, tf.where(there[:, None, :], of_edges, tf.zeros_like(of_edges))

    def _grow(self, choose):
        """Returns adjacency and operators of graphs that a function chooses, given logits and a running number."""
        network = self._network
        batch, number = tf.shape(self._z)[0], 0
        ops = [tf.fill([batch], self._first_op())]
        h = network.update(ops[0], network.start(self._z))
        states, messages, columns = [h], [network.update.message(h, 0)], [tf.zeros([batch, self._nodes], tf.int32)]
        is_read = tf.zeros([batch, self._nodes], tf.int32)
        ended = tf.zeros([batch], tf.bool)
        for node in range(1, self._nodes):
            if node == self._nodes - 1:
                op = tf.fill([batch], self._end)
            else:
                op = choose(network.add_vertex(states[-1]), number)
                number += 1
            received, edges = tf.zeros_like(h), []
            h = network.update(op, received)
            for other in reversed(range(node)):
                edge = choose(network.add_edge(tf.concat([states[other], h], -1)), number)
                number += 1
                edges.append(edge)
                received += tf.cast(edge, h.dtype)[:, None] * messages[other]
                h = network.update(op, received)
            decided = tf.stack(edges[::-1], 1)
            is_end = op == self._end
            loose = 1 - is_read[:, :node]
            row = tf.where(is_end[:, None], loose, decided)
            row = tf.where(ended[:, None], tf.zeros_like(row), row)
            column = tf.pad(row, [[0, 0], [0, self._nodes - node]])
            is_read = tf.maximum(is_read, column)
            columns.append(column)
            ops.append(tf.where(ended, tf.fill([batch], -1), op))
            ended |= is_end
            states.append(h)
            messages.append(network.update.message(h, node))
        return tf.stack(columns, 2), tf.stack(ops, 1)


def _drawn(logits, seed):
    """Draws for each row of logits a number, or zero or one where there is one logit. [B, V] to int32 [B]."""
    if logits.shape[-1] > 1:
        return tf.random.stateless_categorical(logits, 1, seed, tf.int32)[:, 0]
    uniform = tf.random.stateless_uniform(tf.shape(logits[:, 0]), seed, dtype=logits.dtype)
    return tf.cast(uniform < tf.sigmoid(logits[:, 0]), tf.int32)

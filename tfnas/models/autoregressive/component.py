"""`ComponentGenerator`: draws one component, node by node, and says how probable one is."""

from __future__ import annotations

from typing import Any

import numpy as np

from tfnas._keras import tensorflow
from tfnas.models.autoregressive.likelihood import Limits, NodeDistribution, limits
from tfnas.models.autoregressive.network import NodeNetwork
from tfnas.models.autoregressive.rules import Rules

tf = tensorflow()


class ComponentGenerator:
    """Equations 1 to 3 of GraphPNAS for one component of N nodes.

    A component of variable length ends with the first operator that ends it: what comes later has
    neither operators nor edges, and no share in the probability.

    Args:
        rules: Of the component.
        network: Of the component.
    """

    def __init__(self, rules: Rules, network: NodeNetwork) -> None:
        self.network = network
        self._nodes = rules.nodes
        self._limits = limits(rules)
        self._ends = tf.constant(rules.ends)
        self._largest = int(rules.high.max()) if rules.is_counted else None
        integers = tf.int32
        edges, ops = (
            tf.TensorSpec([None, self._nodes, self._nodes], integers),
            tf.TensorSpec([None, self._nodes], integers),
        )
        self.log_prob = tf.function(lambda edges, ops: self.log_prob_tensor(edges, ops), input_signature=[edges, ops])
        self._sample = tf.function(
            self.sample_tensor, input_signature=[tf.TensorSpec([], integers), tf.TensorSpec([2], integers)]
        )
        # Makes the variables, in one order, in either form.
        one = np.zeros((1, self._nodes, self._nodes), np.int32)
        self.network((one, one[:, 0]))

    def log_prob_tensor(self, edges, ops, shares=(1.0, 1.0, 1.0)) -> Any:
        """Returns the logarithm of the probability, shape [B].

        Args:
            edges: See `ComponentArrays`.
            ops: See `ComponentArrays`.
            shares: See `NodeDistribution.log_prob`.
        """
        edges, ops = tf.convert_to_tensor(edges, tf.int32), tf.convert_to_tensor(ops, tf.int32)
        parameters = self.network((edges, ops))
        each = NodeDistribution(parameters, self._limits, self._largest).log_prob(tf.maximum(ops, 0), edges, shares)
        return tf.reduce_sum(tf.where(ops >= 0, each, tf.zeros_like(each)), 1)

    def sample(self, n: int, seed: np.ndarray) -> tuple[Any, Any]:
        """Draws edges, int32 [n, N, N], and operators, int32 [n, N]; see `ComponentArrays`.

        Args:
            n: Number of graphs.
            seed: Two integers of 32 bits.
        """
        return self._sample(n, seed)

    def sample_tensor(self, n, seed) -> tuple[Any, Any]:
        """Does what `sample` does, as part of a ``tf.function``."""
        nodes, network = self._nodes, self.network

        def body(node, edges, ops, is_live, cache):
            parameters = network.step(edges, ops, node, cache)
            rules = Limits(*(tensor[node] for tensor in self._limits))
            drawn, row = NodeDistribution(parameters, rules, self._largest).sample(
                tf.random.experimental.stateless_fold_in(seed, node)
            )
            here = tf.one_hot(node, nodes, dtype=tf.int32)
            edges += here[:, None] * tf.where(is_live[:, None], row, 0)[:, None]
            ops = tf.where(here > 0, tf.where(is_live, drawn, -1)[:, None], ops)
            is_live &= ~tf.gather(self._ends, drawn)
            return node + 1, edges, ops, is_live, network.extend(edges, ops, node, cache)

        start = (tf.constant(0), tf.zeros([n, nodes, nodes], tf.int32), tf.fill([n, nodes], -1), tf.fill([n], True))
        _, edges, ops, _, _ = tf.while_loop(
            lambda node, *_: node < nodes,
            body,
            (*start, network.first_cache(n)),
            shape_invariants=(
                tf.TensorShape([]),
                tf.TensorShape([None, nodes, nodes]),
                tf.TensorShape([None, nodes]),
                tf.TensorShape([None]),
                network.cache_shapes(),
            ),
        )
        return edges, ops

"""`ComponentGenerator`: draws one component, node by node, and says how probable one is."""

from __future__ import annotations

from typing import Any

import numpy as np

from tfnas._keras import tensorflow
from tfnas.models.autoregressive.likelihood import Limits, NodeDistribution, limits
from tfnas.models.autoregressive.network import NodeNetwork
from tfnas.models.autoregressive.rules import Rules, Total

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
        self._totals = rules.totals
        self._largest = int(rules.high.max()) if rules.is_counted else None
        integers, totals = tf.int32, len(rules.totals)
        edges, ops, used = (
            tf.TensorSpec([None, self._nodes, self._nodes], integers),
            tf.TensorSpec([None, self._nodes], integers),
            tf.TensorSpec([None, totals], integers),
        )
        self._log_prob = tf.function(self.log_prob_tensor, input_signature=[edges, ops, used])
        self._sample = tf.function(
            self.sample_tensor,
            input_signature=[tf.TensorSpec([], integers), tf.TensorSpec([2], integers), used],
        )
        # Makes the variables, in one order, in either form.
        one = np.zeros((1, self._nodes, self._nodes), np.int32)
        self.network((one, one[:, 0]))

    def unused(self, n) -> Any:
        """Returns how many nodes of the components before the first one have the operators of each total: none.

        Int32, shape [n, T].
        """
        return tf.zeros([n, len(self._totals)], tf.int32)

    def used(self, ops, before=None) -> Any:
        """Returns how many nodes have the operators of each total, those of this component added to those before.

        Args:
            ops: See `ComponentArrays`.
            before: Int32, shape [B, T]; None for the first component.
        """
        before = self.unused(tf.shape(ops)[0]) if before is None else before
        here = [tf.reduce_sum(self._marked(total, ops), 1) for total in self._totals]
        return before + tf.stack(here, 1) if here else before

    def log_prob(self, edges, ops, used=None) -> Any:
        """Returns the logarithm of the probability, shape [B]; compiled once for all shapes.

        Args:
            edges: See `ComponentArrays`.
            ops: See `ComponentArrays`.
            used: Of the components before, see the method; None for the first component.
        """
        return self._log_prob(edges, ops, self.unused(len(ops)) if used is None else used)

    def log_prob_tensor(self, edges, ops, used=None, shares=(1.0, 1.0, 1.0)) -> Any:
        """Does what `log_prob` does, as part of a ``tf.function``.

        Args:
            edges: See `ComponentArrays`.
            ops: See `ComponentArrays`.
            used: Of the components before; see `used`.
            shares: See `NodeDistribution.log_prob`.
        """
        edges, ops = tf.convert_to_tensor(edges, tf.int32), tf.convert_to_tensor(ops, tf.int32)
        used = self.unused(tf.shape(ops)[0]) if used is None else used
        parameters = self.network((edges, ops))
        limits = self._limits
        for index, total in enumerate(self._totals):
            before = used[:, index, None] + tf.cumsum(self._marked(total, ops), 1, exclusive=True)
            limits = limits._replace(allowed=limits.allowed & _left(total, total.count - before, total.later))
        each = NodeDistribution(parameters, limits, self._largest).log_prob(tf.maximum(ops, 0), edges, shares)
        return tf.reduce_sum(tf.where(ops >= 0, each, tf.zeros_like(each)), 1)

    def sample(self, n: int, seed: np.ndarray, used: Any = None) -> tuple[Any, Any]:
        """Draws edges, int32 [n, N, N], and operators, int32 [n, N]; see `ComponentArrays`.

        Args:
            n: Number of graphs.
            seed: Two integers of 32 bits.
            used: Of the components before, see the method; None for the first component.
        """
        return self._sample(n, seed, self.unused(n) if used is None else used)

    def sample_tensor(self, n, seed, used=None) -> tuple[Any, Any]:
        """Does what `sample` does, as part of a ``tf.function``."""
        nodes, network = self._nodes, self.network
        used = self.unused(n) if used is None else used

        def body(node, edges, ops, is_live, used, cache):
            parameters = network.step(edges, ops, node, cache)
            rules = Limits(*(tensor[node] for tensor in self._limits))
            for index, total in enumerate(self._totals):
                later = tf.constant(total.later)[node]
                rules = rules._replace(allowed=rules.allowed & _left(total, total.count - used[:, index], later))
            drawn, row = NodeDistribution(parameters, rules, self._largest).sample(
                tf.random.experimental.stateless_fold_in(seed, node)
            )
            here = tf.one_hot(node, nodes, dtype=tf.int32)
            edges += here[:, None] * tf.where(is_live[:, None], row, 0)[:, None]
            ops = tf.where(here > 0, tf.where(is_live, drawn, -1)[:, None], ops)
            used = self.used(tf.where(is_live, drawn, -1)[:, None], used)
            is_live &= ~tf.gather(self._ends, drawn)
            return node + 1, edges, ops, is_live, used, network.extend(edges, ops, node, cache)

        start = tf.constant(0), tf.zeros([n, nodes, nodes], tf.int32), tf.fill([n, nodes], -1), tf.fill([n], True)
        _, edges, ops, _, _, _ = tf.while_loop(
            lambda node, *_: node < nodes,
            body,
            (*start, used, network.first_cache(n)),
            shape_invariants=(
                tf.TensorShape([]),
                tf.TensorShape([None, nodes, nodes]),
                tf.TensorShape([None, nodes]),
                tf.TensorShape([None]),
                tf.TensorShape([None, len(self._totals)]),
                network.cache_shapes(),
            ),
        )
        return edges, ops

    def _marked(self, total: Total, ops) -> Any:
        """Returns one where an operator is among those of a total, else zero. Int32, the shape of `ops`."""
        return tf.cast(tf.gather(tf.constant(total.marks), tf.maximum(ops, 0)) & (ops >= 0), tf.int32)


def _left(total: Total, left, later) -> Any:
    """Returns the operators with which a total can still be met. Bool, [..., V].

    Args:
        total: The total.
        left: Number of nodes that must still have one of its operators. Int32, shape [...].
        later: Number of later nodes that may. Int32, shape [...].
    """
    return tf.where(tf.constant(total.marks), (left > 0)[..., None], (left <= later)[..., None])

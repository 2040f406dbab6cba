"""The distribution of one node, given all earlier ones: equations 2 and 3 of GraphPNAS, with masks."""

from __future__ import annotations

import importlib
from typing import Any, NamedTuple

from tfnas._keras import graph_keras, tensorflow
from tfnas.models.autoregressive.rules import Rules

graph_keras()
tf = tensorflow()
tfp = importlib.import_module("tensorflow_probability")
tfd = tfp.distributions

_IMPOSSIBLE = -1e9
"""A logarithm of zero that keeps gradients finite."""


class Parameters(NamedTuple):
    """What the network says of a node; leading axes are a batch. Float.

    Attributes:
        mixture: Logits of the components, [..., K].
        edges: Logits of the edge from each node, [..., K, N].
        labels: Logits of the labels of the edge from each node, [..., N, L].
        ops: Logits of the operators, [..., V].
    """

    mixture: Any
    edges: Any
    labels: Any
    ops: Any


class Limits(NamedTuple):
    """The rules of a node as tensors; of N nodes, where a leading axis has them all. See `Rules`."""

    allowed: Any
    forced: Any
    free: Any
    low: Any
    high: Any


def limits(rules: Rules) -> Limits:
    """Returns the limits of all nodes of a component."""
    return Limits(*(tf.constant(getattr(rules, name)) for name in Limits._fields))


class EdgesIn(tfd.Distribution):
    """Independent Bernoullis for the free edges into a node, conditioned on how many there are.

    An event is zero or one for each of N nodes that an edge can come from; forced edges are one, all but
    the free ones zero, which `log_prob` takes for granted. The condition is exact: the probabilities of the
    numbers of ones are summed over the edges one by one (dynamic programming, O(N high)). In a mixture each
    component is conditioned by itself, so that the weights of the mixture stay as they are.

    Args:
        logits: Of the edges. Shape [..., N].
        forced: Bool, shape [..., N].
        free: Bool, shape [..., N].
        low: Smallest number of free edges that are there. Shape [...].
        high: Largest number. Shape [...].
        largest: At least the largest entry of `high`; None for no limit, where `low` and `high` are not read.
    """

    def __init__(self, logits, forced, free, low, high, largest: int | None = None, name: str = "EdgesIn") -> None:
        parameters = dict(locals())
        self._logits, self._forced, self._free = logits, forced, free
        self._low, self._high, self._largest = low, high, largest
        super().__init__(
            dtype=logits.dtype,
            reparameterization_type=tfd.NOT_REPARAMETERIZED,
            validate_args=False,
            allow_nan_stats=False,
            parameters=parameters,
            name=name,
        )

    @classmethod
    def _parameter_properties(cls, dtype, num_classes=None):
        one, none = (tfp.util.ParameterProperties(event_ndims=ndims) for ndims in (1, 0))
        return {"logits": one, "forced": one, "free": one, "low": none, "high": none}

    def _event_shape_tensor(self):
        return tf.shape(self._logits)[-1:]

    def _event_shape(self):
        return self._logits.shape[-1:]

    def _log_prob(self, value):
        each = value * self._logits - tf.nn.softplus(self._logits)
        total = tf.reduce_sum(tf.where(self._free, each, 0.0), -1)
        return total if self._largest is None else total - self._ways()[0][..., 0]

    def _sample_n(self, n, seed=None):
        shape = tf.concat([[n], self.batch_shape_tensor(), self.event_shape_tensor()], 0)
        uniform = tf.random.stateless_uniform(shape, tfp.random.sanitize_seed(seed), dtype=self.dtype)
        if self._largest is None:
            drawn = self._free & (uniform < tf.sigmoid(self._logits))
        else:
            drawn = self._draw_counted(uniform)
        return tf.cast(drawn | self._forced, self.dtype)

    def _draw_counted(self, uniform):
        ways = self._ways()
        counts = tf.zeros(tf.shape(uniform)[:-1], tf.int32)
        columns = []
        for column in range(len(ways) - 1):
            rest = tf.broadcast_to(ways[column + 1], [*tf.unstack(tf.shape(counts)), self._largest + 2])
            without = tf.gather(rest, counts, batch_dims=len(counts.shape))
            with_it = tf.gather(rest, counts + 1, batch_dims=len(counts.shape)) + self._logits[..., column]
            taken = self._free[..., column] & (uniform[..., column] < tf.sigmoid(with_it - without))
            counts += tf.cast(taken, tf.int32)
            columns.append(taken)
        return tf.stack(columns, -1)

    def _ways(self) -> list:
        """Returns the logarithm of the probability that the number of ones ends within the limits.

        One array for each j = 0 to N, of shape [..., largest + 2]: for the numbers of ones before edge j, the
        last of which is one too many.
        """
        counts = tf.range(self._largest + 2)
        inside = (counts >= self._low[..., None]) & (counts <= self._high[..., None]) & (counts <= self._largest)
        last = tf.where(inside, tf.constant(0.0, self.dtype), tf.constant(_IMPOSSIBLE, self.dtype))
        ways = [last + tf.zeros_like(self._logits[..., :1])]
        there, absent = -tf.nn.softplus(-self._logits), -tf.nn.softplus(self._logits)
        for column in reversed(range(self._logits.shape[-1])):
            after = ways[-1]
            more = tf.concat(
                [after[..., 1:], tf.fill(tf.shape(after[..., :1]), tf.constant(_IMPOSSIBLE, self.dtype))], -1
            )
            either = tfp.math.log_add_exp(absent[..., column, None] + after, there[..., column, None] + more)
            ways.append(tf.where(self._free[..., column, None], either, after))
        return ways[::-1]


class NodeDistribution:
    """The operator of a node, the edges into it, and their labels, independent but for labels on edges.

    Args:
        parameters: Of B nodes, or of B times N.
        rules: Limits of that node, or of all N.
        largest: Largest number of free edges into any node, where it is limited, else None.
    """

    def __init__(self, parameters: Parameters, rules: Limits, largest: int | None) -> None:
        masked = tf.where(rules.allowed, parameters.ops, tf.constant(_IMPOSSIBLE, parameters.ops.dtype))
        self.ops = tfd.Categorical(logits=masked)
        self.edges = tfd.MixtureSameFamily(
            tfd.Categorical(logits=parameters.mixture),
            EdgesIn(
                parameters.edges,
                *(rules.forced[..., None, :], rules.free[..., None, :], rules.low[..., None], rules.high[..., None]),
                largest,
            ),
        )
        self.labels = tfd.Categorical(logits=parameters.labels)

    def log_prob(self, ops, edges, shares=(1.0, 1.0, 1.0)):
        """Returns the logarithm of the probability. Float, shape [...].

        Args:
            ops: Operators. Int, shape [...].
            edges: Zero for no edge, else one more than the label. Int, shape [..., N].
            shares: Weights of the logarithms of operator, edges and labels; with others than one the result is no
                probability, but something to learn by.
        """
        there = tf.cast(edges > 0, self.edges.dtype)
        labels = self.labels.log_prob(tf.maximum(edges - 1, 0)) * there
        parts = self.ops.log_prob(ops), self.edges.log_prob(there), tf.reduce_sum(labels, -1)
        return tf.add_n([part if share == 1 else share * part for share, part in zip(shares, parts)])

    def sample(self, seed):
        """Draws operators, int32 [...], and edges, int32 [..., N].

        Args:
            seed: Stateless seed, shape [2].
        """
        for_ops, for_edges, for_labels = tf.unstack(tfp.random.split_seed(seed, n=3))
        there = tf.cast(self.edges.sample(seed=for_edges), tf.int32)
        return self.ops.sample(seed=for_ops), there * (1 + self.labels.sample(seed=for_labels))

"""`IndependentNetwork`: parameters of nodes that are variables, whatever was drawn before."""

from __future__ import annotations

from typing import Any

from tfnas._keras import tensorflow
from tfnas.models.autoregressive.config import GeneratorConfig
from tfnas.models.autoregressive.likelihood import Parameters
from tfnas.models.autoregressive.network import NodeNetwork
from tfnas.models.autoregressive.rules import Rules

tf = tensorflow()


class IndependentNetwork(NodeNetwork):
    """The logits of a component of N nodes, V operators and L labels, one number each.

    Logits of what the rules mask are there too and never learn.

    Args:
        rules: Of the component.
        config: Its type is that of the logits.
    """

    def __init__(self, rules: Rules, config: GeneratorConfig) -> None:
        super().__init__(dtype=config.dtype)
        self._nodes = nodes = rules.nodes
        # Flat: first weights of vectors are zero, those of matrices are drawn (`first_weights`).
        self._ops = self._zeros("ops", nodes * rules.operators)
        self._edges = self._zeros("edges", nodes**2)
        self._labels = self._zeros("labels", nodes**2 * rules.labels) if rules.labels > 1 else None

    @property
    def has_static_shapes(self) -> bool:
        return True

    def call(self, inputs) -> Parameters:
        _, ops = inputs
        return _repeated(self._parameters(), tf.shape(ops)[0])

    def step(self, edges, ops, node, cache) -> Parameters:
        return _repeated((value[node] for value in self._parameters()), tf.shape(ops)[0])

    def first_cache(self, batch) -> Any:
        return ()

    def cache_shapes(self) -> Any:
        return ()

    def extend(self, edges, ops, node, cache) -> Any:
        return ()

    def _zeros(self, name: str, size: int) -> Any:
        return self.add_weight(name=name, shape=[size], initializer="zeros")

    def _parameters(self) -> Parameters:
        """Returns the parameters of all nodes, without a batch."""
        nodes = self._nodes
        labels = tf.zeros([nodes**2], self.dtype) if self._labels is None else self._labels
        return Parameters(
            mixture=tf.zeros([nodes, 1], self.dtype),
            edges=tf.reshape(self._edges, [nodes, 1, nodes]),
            labels=tf.reshape(labels, [nodes, nodes, -1]),
            ops=tf.reshape(self._ops, [nodes, -1]),
        )


def _repeated(values, batch) -> Parameters:
    return Parameters(*(tf.repeat(value[None], batch, axis=0) for value in values))

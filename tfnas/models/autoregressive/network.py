"""`NodeNetwork`: the interface of what says how the next node is drawn."""

from __future__ import annotations

import abc
from typing import Any

from tfnas._keras import graph_keras
from tfnas.models.autoregressive.likelihood import Parameters

tf_keras = graph_keras()


class NodeNetwork(tf_keras.Model):
    """Maps a partial component of N nodes to the parameters of the distribution of its next node.

    `call` does so for all nodes of whole components at once (teacher forcing), `step` for one node of
    components that are being drawn, with what `extend` kept of the nodes before. Both agree.
    """

    @property
    @abc.abstractmethod
    def has_static_shapes(self) -> bool:
        """Whether all shapes in `call` follow from those of its inputs, so that XLA can compile it."""

    @abc.abstractmethod
    def call(self, inputs: Any) -> Parameters:
        """Returns the parameters of all nodes, each given all earlier ones. Batch axes are [B, N].

        Args:
            inputs: Edges, int [B, N, N], and operators, int [B, N]; see `ComponentArrays`.
        """

    @abc.abstractmethod
    def step(self, edges: Any, ops: Any, node: Any, cache: Any) -> Parameters:
        """Returns the parameters of one node given all earlier ones. The batch axis is [B].

        Args:
            edges: As in `call`; rows of later nodes are not read.
            ops: As in `call`.
            node: The node, a scalar.
            cache: What `first_cache` and then `extend` returned.
        """

    @abc.abstractmethod
    def first_cache(self, batch: Any) -> Any:
        """Returns what `step` needs to know of no nodes, for components of a batch."""

    @abc.abstractmethod
    def cache_shapes(self) -> Any:
        """Returns the shapes that the cache has in all steps."""

    @abc.abstractmethod
    def extend(self, edges: Any, ops: Any, node: Any, cache: Any) -> Any:
        """Returns the cache with one more node, whose row and operator are known now."""

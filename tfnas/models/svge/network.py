"""`SVGeNetwork`: encoder and two-sided decoder, equations 1 to 10 of SVGe."""

from __future__ import annotations

import importlib
from typing import Any

from tfnas._keras import graph_keras, tensorflow
from tfnas.errors import ConfigError
from tfnas.models.autoencoder.graph_form import GraphForm
from tfnas.models.autoencoder.growing_decoder import GrowingDecoder, reversed_graphs
from tfnas.models.autoencoder.growing_encoder import GrowingEncoder
from tfnas.models.autoencoder.growing_messages import APART, unconverted
from tfnas.models.autoencoder.growing_network import GrowingNetwork
from tfnas.models.autoencoder.growing_rules import growth_rules
from tfnas.models.autoencoder.network import AutoencoderNetwork, GraphDecoder
from tfnas.models.svge.config import SVGeConfig

graph_keras()
tf = tensorflow()
tfp = importlib.import_module("tensorflow_probability")


class TwoSidedDecoder(GraphDecoder):
    """The union of a graph that grows from its first node and of one that grows from its last node, or the first alone.

    The union has no probability in closed form; each of both graphs has.

    Args:
        forward: Grows graphs from the first node.
        backward: Grows graphs from the last node.
        decoded: See `SVGeConfig`.
    """

    def __init__(self, forward: GrowingDecoder, backward: GrowingDecoder, decoded: str) -> None:
        self.forward, self.backward, self._decoded = forward, backward, decoded

    def log_prob(self, adjacency, ops):
        if self._decoded == "forward":
            return self.forward.log_prob(adjacency, ops)
        raise ConfigError(
            "log_prob of a decoder from both sides",
            expected="a probability in closed form",
            received="the union of two graphs, which has none",
            remedy="Ask for that of one direction, `forward` or `backward`.",
        )

    def objective(self, adjacency, ops):
        """Returns the mean of the objectives of both directions. [B]."""
        return (self.forward.objective(adjacency, ops) + self.backward.objective(adjacency, ops)) / 2

    def sample(self, seed):
        one, other = tf.unstack(tfp.random.split_seed(seed, n=2))
        if self._decoded == "forward":
            return self.forward.grown(one)
        return united(self.forward.grown(one), self.backward.grown(other))

    def mode(self):
        if self._decoded == "forward":
            return self.forward.grown()
        return united(self.forward.grown(), self.backward.grown())


def united(forward: tuple[Any, Any], backward: tuple[Any, Any]) -> tuple[Any, Any]:
    """Returns B forward graphs with the edges of B backward graphs, whose last nodes are theirs.

    The operators are those of the forward graphs. Where the sizes differ, what a backward graph has before the first
    node of the forward one is left out; the paper does not say.

    Args:
        forward: Adjacency, int32 [B, N, N], and operators, int32 [B, N], minus one past the end.
        backward: The same of graphs in backward order.
    """
    adjacency, ops = forward
    there = tf.cast(ops >= 0, tf.int32)
    kept = backward[0] * there[:, :, None] * there[:, None, :]
    turned, _ = reversed_graphs(kept, backward[1], tf.reduce_sum(there, 1))
    return tf.maximum(adjacency, turned), ops


class SVGeNetwork(AutoencoderNetwork):
    """An encoder and two decoders with one half of each state for each direction of messages.

    Args:
        form: Of the graphs.
        config: Sizes and forms.
    """

    def __init__(self, form: GraphForm, config: SVGeConfig) -> None:
        super().__init__(form, config)
        operators = len(form.operators)
        self._encoder = GrowingEncoder(operators, config, APART)
        count = 1 if config.shared_decoder else 2
        self._growing = [GrowingNetwork(form.nodes, operators, config, APART) for _ in range(count)]
        self._growth = [growth_rules(form, backward=backward, grammar=config.grammar) for backward in (False, True)]

    @property
    def latent_shape(self) -> tuple[int, ...]:
        return (self._config.latent,)

    @unconverted
    def posterior(self, adjacency, ops, *, training: bool) -> Any:
        return self._encoder(adjacency, ops)

    def decoder(self, z, *, training: bool = False, seed: Any = None) -> TwoSidedDecoder:
        weighting = self._config.objective
        return TwoSidedDecoder(
            GrowingDecoder(self._growing[0], z, self._growth[0], backward=False, weighting=weighting),
            GrowingDecoder(self._growing[-1], z, self._growth[1], backward=True, weighting=weighting),
            self._config.decoded,
        )

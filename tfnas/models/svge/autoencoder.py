"""`SVGe`: smooth variational graph embeddings of architectures."""

from __future__ import annotations

from typing import Any

import numpy as np

from tfnas.errors import ConfigError
from tfnas.models.autoencoder.autoencoder import GraphAutoencoder
from tfnas.models.autoencoder.config import TrainingConfig
from tfnas.models.autoencoder.graph_form import GraphArrays
from tfnas.models.svge.config import SVGeConfig
from tfnas.spaces.base import SearchSpace

DIRECTIONS = ("forward", "backward")
"""The directions in which graphs grow: from the first node, or from the last one."""


class SVGe(GraphAutoencoder):
    """SVGe (Lukasik et al., IJCNN 2021): a graph neural network as encoder, and a decoder from both sides.

    One decoder grows a graph from its input, another one from its output, and what a point is decoded to is the
    union of both. Many pairs have the same union, so its probability has no closed form: there is no `log_prob`, and
    `decode` gives distributions that can only be drawn from, unless `SVGeConfig.decoded` is ``"forward"``.
    `direction_log_prob` has the probability of a graph in each direction. Training maximises the mean of both
    logarithms, which is a lower bound of the logarithm of the probability under one of the directions, taken by the
    toss of a coin.

    Args:
        space: A space of one component; of DARTS that with one cell, ``darts,shared=True``.
        config: Sizes and forms; those of the paper by default.
        seed: For the first weights.

    Raises:
        ConfigError: If an argument cannot work.
        DependencyError: If Keras is not as TF-GNN needs it, see `tfnas._keras.graph_keras`.
    """

    name = "svge"
    training = TrainingConfig(epochs=300, batch=32, rate=1e-4, patience=10)

    def __init__(self, space: SearchSpace, config: SVGeConfig | None = None, *, seed: int = 0) -> None:
        config = SVGeConfig() if config is None else config
        super().__init__(space, config, seed=seed)
        self.has_log_prob = config.decoded == "forward"

    def direction_log_prob(self, graphs: GraphArrays, z: np.ndarray, direction: str) -> np.ndarray:
        """Returns the logarithm of the probability that each of B points grows to each of B graphs. [B].

        Args:
            graphs: Of `GraphForm.encode`.
            z: Points, shape [B, latent].
            direction: ``"forward"`` or ``"backward"``.

        Raises:
            ConfigError: If there is no such direction.
        """
        if direction not in DIRECTIONS:
            raise ConfigError("direction", expected=" or ".join(map(repr, DIRECTIONS)), received=repr(direction))
        decoder = self.network.decoder(np.asarray(z, self.config.dtype))
        return getattr(decoder, direction).log_prob(*graphs).numpy()

    def _make_network(self) -> Any:
        # Imported here: TensorFlow takes seconds to load.
        from tfnas.models.svge.network import SVGeNetwork

        return SVGeNetwork(self.form, self.config)

"""`Arch2Vec`: unsupervised representations of architectures."""

from __future__ import annotations

from typing import Any

from tfnas.models.arch2vec.config import Arch2VecConfig
from tfnas.models.autoencoder.autoencoder import GraphAutoencoder
from tfnas.models.autoencoder.config import TrainingConfig
from tfnas.spaces.base import SearchSpace


class Arch2Vec(GraphAutoencoder):
    """arch2vec (Yan et al., NeurIPS 2020): a variational graph isomorphism autoencoder with a point for each node.

    Args:
        space: A space of one component; of DARTS that with one cell, ``darts,shared=True``.
        config: Sizes and forms; those of the paper by default.
        seed: For the first weights.

    Raises:
        ConfigError: If an argument cannot work.
        DependencyError: If Keras is not as TF-GNN needs it, see `tfnas._keras.graph_keras`.
    """

    name = "arch2vec"
    training = TrainingConfig(epochs=10, batch=32, rate=1e-3, clip=5.0)

    def __init__(self, space: SearchSpace, config: Arch2VecConfig | None = None, *, seed: int = 0) -> None:
        super().__init__(space, Arch2VecConfig() if config is None else config, seed=seed)

    def _make_network(self) -> Any:
        # Imported here: TensorFlow takes seconds to load.
        from tfnas.models.arch2vec.network import Arch2VecNetwork

        return Arch2VecNetwork(self.form, self.config)

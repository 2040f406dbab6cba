"""`GAE` and `VGAE`: the baselines of arch2vec."""

from __future__ import annotations

from typing import Any

from tfnas.models.autoencoder.autoencoder import GraphAutoencoder
from tfnas.models.autoencoder.config import TrainingConfig
from tfnas.models.gae.config import GAEConfig, VGAEConfig
from tfnas.spaces.base import SearchSpace

_TRAINING = TrainingConfig(epochs=10, batch=32, rate=1e-3, clip=5.0)


class GAE(GraphAutoencoder):
    """The graph autoencoder of Kipf and Welling (2016) as arch2vec compares with it: points, not distributions.

    Args:
        space: A space of one component; of DARTS that with one cell, ``darts,shared=True``.
        config: Sizes and forms.
        seed: For the first weights.

    Raises:
        ConfigError: If an argument cannot work.
        DependencyError: If Keras is not as TF-GNN needs it, see `tfnas._keras.graph_keras`.
    """

    name = "gae"
    training = _TRAINING

    def __init__(self, space: SearchSpace, config: GAEConfig | None = None, *, seed: int = 0) -> None:
        super().__init__(space, GAEConfig() if config is None else config, seed=seed)

    def _make_network(self) -> Any:
        return _network(self)


class VGAE(GraphAutoencoder):
    """The variational graph autoencoder of Kipf and Welling (2016) as arch2vec compares with it.

    Args:
        space: A space of one component; of DARTS that with one cell, ``darts,shared=True``.
        config: Sizes and forms.
        seed: For the first weights.

    Raises:
        ConfigError: If an argument cannot work.
        DependencyError: If Keras is not as TF-GNN needs it, see `tfnas._keras.graph_keras`.
    """

    name = "vgae"
    training = _TRAINING

    def __init__(self, space: SearchSpace, config: VGAEConfig | None = None, *, seed: int = 0) -> None:
        super().__init__(space, VGAEConfig() if config is None else config, seed=seed)

    def _make_network(self) -> Any:
        return _network(self)


def _network(autoencoder: GraphAutoencoder) -> Any:
    # Imported here: TensorFlow takes seconds to load.
    from tfnas.models.gae.network import ConvolutionalNetwork

    return ConvolutionalNetwork(autoencoder.form, autoencoder.config)

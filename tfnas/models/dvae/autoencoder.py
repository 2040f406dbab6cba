"""`DVAE`: the variational autoencoder for directed acyclic graphs of Zhang et al."""

from __future__ import annotations

from typing import Any

from tfnas.errors import ConfigError
from tfnas.models.autoencoder.autoencoder import GraphAutoencoder
from tfnas.models.autoencoder.config import TrainingConfig
from tfnas.models.dvae.config import DVAEConfig
from tfnas.spaces.base import SearchSpace


class DVAE(GraphAutoencoder):
    """D-VAE (Zhang et al., NeurIPS 2019), the baseline of SVGe on ENAS.

    Args:
        space: A space of one component whose members end with one operator; of DARTS that with one cell,
            ``darts,shared=True``.
        config: Sizes and forms; those of the published code by default.
        seed: For the first weights.

    Raises:
        ConfigError: If an argument cannot work.
        DependencyError: If Keras is not as TF-GNN needs it, see `tfnas._keras.graph_keras`.
    """

    name = "dvae"
    training = TrainingConfig(epochs=300, batch=32, rate=1e-4, patience=10)

    def __init__(self, space: SearchSpace, config: DVAEConfig | None = None, *, seed: int = 0) -> None:
        super().__init__(space, DVAEConfig() if config is None else config, seed=seed)

    def _make_network(self) -> Any:
        if self.form.end is None:
            raise ConfigError(
                f"D-VAE on {self.space.name}",
                expected="a space whose members end with an operator that no other node has",
                received="one where any node may be the last",
            )
        # Imported here: TensorFlow takes seconds to load.
        from tfnas.models.dvae.network import DVAENetwork

        return DVAENetwork(self.form, self.config)

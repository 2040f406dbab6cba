"""`DGMG`: the autoencoder with a decoder from one side that SVGe is compared with."""

from __future__ import annotations

from typing import Any

from tfnas.models.autoencoder.autoencoder import GraphAutoencoder
from tfnas.models.autoencoder.config import TrainingConfig
from tfnas.models.dgmg.config import DGMGConfig
from tfnas.spaces.base import SearchSpace


class DGMG(GraphAutoencoder):
    """DGMG (Li et al., 2018) as in the comparison of SVGe (Lukasik et al., IJCNN 2021, Table I).

    A graph grows from its input alone, and all of a node's state receives messages along the edges and against them
    at once. All else is as in `SVGe`. The probability of a graph has a closed form.

    Args:
        space: A space of one component; of DARTS that with one cell, ``darts,shared=True``.
        config: Sizes and forms; those of the paper by default.
        seed: For the first weights.

    Raises:
        ConfigError: If an argument cannot work.
        DependencyError: If Keras is not as TF-GNN needs it, see `tfnas._keras.graph_keras`.
    """

    name = "dgmg"
    training = TrainingConfig(epochs=300, batch=32, rate=1e-4, patience=10)

    def __init__(self, space: SearchSpace, config: DGMGConfig | None = None, *, seed: int = 0) -> None:
        super().__init__(space, DGMGConfig() if config is None else config, seed=seed)

    def _make_network(self) -> Any:
        # Imported here: TensorFlow takes seconds to load.
        from tfnas.models.dgmg.network import DGMGNetwork

        return DGMGNetwork(self.form, self.config)

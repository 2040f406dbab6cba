"""`RNNGenerator`: a recurrent network that generates architectures (the controller of ENAS)."""

from __future__ import annotations

from typing import Any

from tfnas.models.autoregressive import AutoregressiveGenerator
from tfnas.models.autoregressive.rules import Rules
from tfnas.models.rnn.config import RNNGeneratorConfig
from tfnas.spaces.base import SearchSpace


class RNNGenerator(AutoregressiveGenerator):
    """The controller of ENAS (Pham et al., 2018, section 2), for any space with a grammar.

    It is the baseline of GraphPNAS's paper (Li et al., 2022, section 4), which takes the recurrent controller of
    Zoph et al. (2018): an LSTM reads node after node and says how the next one is drawn. Views, masks,
    likelihood and sampler are those of `tfnas.models.graphpnas.GraphGenerator`; the network alone differs, see
    `RNNNetwork` for its equations and its deviations from ENAS.

    ENAS adds a penalty to its loss that pulls the share of skip connections to a target. That is part of
    training, not of a distribution, and left out.

    Args:
        space: Space to draw from.
        config: Sizes; those of the code published with GraphPNAS by default.
        seed: For the first weights.

    Raises:
        ConfigError: If an argument cannot work.
        DependencyError: If Keras is not as TF-GNN needs it, see `tfnas._keras.graph_keras`.
    """

    config: RNNGeneratorConfig

    def __init__(self, space: SearchSpace, config: RNNGeneratorConfig | None = None, *, seed: int = 0) -> None:
        super().__init__(space, RNNGeneratorConfig() if config is None else config, seed=seed)

    def _network(self, rules: Rules) -> Any:
        # Imported here: TensorFlow takes seconds to load.
        from tfnas.models.rnn.network import RNNNetwork

        return RNNNetwork(rules, self.config)

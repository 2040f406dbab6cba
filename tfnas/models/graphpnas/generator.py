"""`GraphGenerator`: the graph neural network that generates architectures (GraphPNAS)."""

from __future__ import annotations

from typing import Any

from tfnas.models.autoregressive import AutoregressiveGenerator
from tfnas.models.autoregressive.rules import Rules
from tfnas.models.graphpnas.config import GraphGeneratorConfig
from tfnas.spaces.base import SearchSpace


class GraphGenerator(AutoregressiveGenerator):
    """The generator of GraphPNAS (Li et al., 2022, section 3.1), for any space with a grammar.

    A graph neural network reads the nodes that there are, and says how the next one is drawn. Deviations from
    the paper, beside the options of `GraphGeneratorConfig`, are named in `GraphNetwork` and `MessageRound`.

    Args:
        space: Space to draw from.
        config: Sizes and forms; those of the paper by default.
        seed: For the first weights.

    Raises:
        ConfigError: If an argument cannot work.
        DependencyError: If Keras is not as TF-GNN needs it, see `tfnas._keras.graph_keras`.
    """

    config: GraphGeneratorConfig

    def __init__(self, space: SearchSpace, config: GraphGeneratorConfig | None = None, *, seed: int = 0) -> None:
        super().__init__(space, GraphGeneratorConfig() if config is None else config, seed=seed)

    def _network(self, rules: Rules) -> Any:
        # Imported here: TensorFlow takes seconds to load.
        from tfnas.models.graphpnas.network import GraphNetwork

        return GraphNetwork(rules, self.config)

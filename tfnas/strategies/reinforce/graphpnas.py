"""GraphPNAS: a graph neural network generates architectures."""

from __future__ import annotations

from tfnas.models.graphpnas import GraphGenerator, GraphGeneratorConfig
from tfnas.strategies.reinforce.strategy import Reinforce


class GraphPNAS(Reinforce):
    """Searches with a graph neural network that generates architectures (Li et al., 2022).

    See `Reinforce` for the loop, `GraphGenerator` for the model.

    Args:
        space: The space to search.
        configuration: Name of one of `CONFIGURATIONS`, which hold what paper and released code set in each
            space; by default one for any space.
        seed: Seed of all randomness.
        dedupe: What counts as the same proposal; see `Strategy`.
        **options: Other values than the configuration's, by the names of `Settings`, `LearningConfig` and
            `GraphGeneratorConfig`: ``hidden=64, epochs=100, keep=20``.

    Raises:
        UnknownNameError: If there is no such configuration or explorer.
        ConfigError: If the configuration is for another space, or an option cannot be.
        SearchError: If the explorer finds no member of the space.
    """

    name = "graphpnas"
    generator_class = GraphGenerator
    config_class = GraphGeneratorConfig

"""REINFORCE on independent choices: what remains of GraphPNAS without its network."""

from __future__ import annotations

from tfnas.models.autoregressive import GeneratorConfig
from tfnas.models.independent import IndependentGenerator
from tfnas.strategies.reinforce.strategy import Reinforce


class IndependentReinforce(Reinforce):
    """Searches with independent choices in the loop of GraphPNAS: the ablation of its network.

    Args:
        space: The space to search.
        configuration: Name of one of `CONFIGURATIONS`; by default one for any space.
        seed: Seed of all randomness.
        dedupe: What counts as the same proposal; see `Strategy`.
        **options: Other values than the configuration's, by the names of `Settings`, `LearningConfig` and
            `GeneratorConfig`.

    Raises:
        UnknownNameError: If there is no such configuration or explorer.
        ConfigError: If the configuration is for another space, or an option cannot be.
        SearchError: If the explorer finds no member of the space.
    """

    name = "independent_reinforce"
    generator_class = IndependentGenerator
    config_class = GeneratorConfig

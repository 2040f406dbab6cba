"""REINFORCE with a recurrent network, GraphPNAS's baseline."""

from __future__ import annotations

from tfnas.models.rnn import RNNGenerator, RNNGeneratorConfig
from tfnas.strategies.reinforce.strategy import Reinforce


class RNNReinforce(Reinforce):
    """Searches with an LSTM that generates architectures, in the loop of GraphPNAS (section 4).

    The baseline of GraphPNAS's tables: same loop, views, masks and sampler, another network.

    Args:
        space: The space to search.
        configuration: Name of one of `CONFIGURATIONS`; by default one for any space.
        seed: Seed of all randomness.
        dedupe: What counts as the same proposal; see `Strategy`.
        **options: Other values than the configuration's, by the names of `Settings`, `LearningConfig` and
            `RNNGeneratorConfig`.

    Raises:
        UnknownNameError: If there is no such configuration or explorer.
        ConfigError: If the configuration is for another space, or an option cannot be.
        SearchError: If the explorer finds no member of the space.
    """

    name = "rnn_reinforce"
    generator_class = RNNGenerator
    config_class = RNNGeneratorConfig

"""Search by REINFORCE: one loop, several generators."""

from tfnas.strategies.reinforce.configurations import CONFIGURATIONS, Configuration
from tfnas.strategies.reinforce.graphpnas import GraphPNAS
from tfnas.strategies.reinforce.independent import IndependentReinforce
from tfnas.strategies.reinforce.rnn import RNNReinforce
from tfnas.strategies.reinforce.settings import Settings
from tfnas.strategies.reinforce.strategy import Reinforce

__all__ = [
    "CONFIGURATIONS",
    "Configuration",
    "GraphPNAS",
    "IndependentReinforce",
    "RNNReinforce",
    "Reinforce",
    "Settings",
]

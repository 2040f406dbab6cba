"""Searches whose encoder learns from measurements, to compare those in a latent space with. Loads no TensorFlow."""

from tfnas.strategies.supervised.bayesian import SupervisedBO
from tfnas.strategies.supervised.reinforcement import SupervisedRL

__all__ = ["SupervisedBO", "SupervisedRL"]

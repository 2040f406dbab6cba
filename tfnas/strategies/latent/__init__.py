"""Searches in the latent space of an autoencoder. Importing this loads no TensorFlow."""

from tfnas.strategies.latent.bayesian import LatentBO
from tfnas.strategies.latent.reinforcement import LatentRL

__all__ = ["LatentBO", "LatentRL"]

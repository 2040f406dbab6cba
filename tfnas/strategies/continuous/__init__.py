"""Bayesian optimisation over all points of a latent space. Importing this loads no TensorFlow."""

from tfnas.strategies.continuous.bayesian import ContinuousBO

__all__ = ["ContinuousBO"]

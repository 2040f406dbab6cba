"""DNGO: Bayesian linear regression on what a network has learned. Importing this loads no TensorFlow."""

from tfnas.models.dngo.config import REFERENCE, DNGOConfig
from tfnas.models.dngo.dngo import DNGO
from tfnas.models.dngo.linear_regression import LinearRegression, linear_covariances

__all__ = ["DNGO", "REFERENCE", "DNGOConfig", "LinearRegression", "linear_covariances"]

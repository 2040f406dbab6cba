"""Distributions over latent points, made from encoded graphs. Importing this loads no TensorFlow."""

from tfnas.models.latent_priors.named import NAMES, make, restore
from tfnas.models.latent_priors.prior import LatentPrior

__all__ = ["NAMES", "LatentPrior", "make", "restore"]

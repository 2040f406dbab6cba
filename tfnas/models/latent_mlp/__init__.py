"""SVGe's performance predictor. Importing this loads no TensorFlow."""

from tfnas.models.latent_mlp.config import LatentMLPConfig
from tfnas.models.latent_mlp.latent_mlp import LatentMLP

__all__ = ["LatentMLP", "LatentMLPConfig"]

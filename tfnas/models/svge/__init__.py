"""SVGe's two-sided autoencoder. Importing this loads no TensorFlow; making an autoencoder does."""

from tfnas.models.svge.autoencoder import SVGe
from tfnas.models.svge.config import COMPACT, SVGeConfig

__all__ = ["COMPACT", "SVGe", "SVGeConfig"]

"""DGMG's autoencoder. Importing this loads no TensorFlow; making an autoencoder does."""

from tfnas.models.dgmg.autoencoder import DGMG
from tfnas.models.dgmg.config import COMPACT, DGMGConfig

__all__ = ["COMPACT", "DGMG", "DGMGConfig"]

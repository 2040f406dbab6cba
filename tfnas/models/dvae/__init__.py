"""D-VAE. Importing this loads no TensorFlow; making an autoencoder does."""

from tfnas.models.dvae.autoencoder import DVAE
from tfnas.models.dvae.config import DVAEConfig

__all__ = ["DVAE", "DVAEConfig"]

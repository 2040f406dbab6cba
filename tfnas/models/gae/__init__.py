"""The graph autoencoders of Kipf and Welling, variational or not. Importing this loads no TensorFlow."""

from tfnas.models.gae.autoencoder import GAE, VGAE
from tfnas.models.gae.config import GAEConfig, VGAEConfig

__all__ = ["GAE", "VGAE", "GAEConfig", "VGAEConfig"]

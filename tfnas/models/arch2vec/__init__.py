"""arch2vec's autoencoder. Importing this loads no TensorFlow; making an autoencoder does."""

from tfnas.models.arch2vec.autoencoder import Arch2Vec
from tfnas.models.arch2vec.config import Arch2VecConfig

__all__ = ["Arch2Vec", "Arch2VecConfig"]

"""The recurrent generator of architectures. Importing this loads no TensorFlow; making a generator does."""

from tfnas.models.rnn.config import RNNGeneratorConfig
from tfnas.models.rnn.generator import RNNGenerator

__all__ = ["RNNGenerator", "RNNGeneratorConfig"]

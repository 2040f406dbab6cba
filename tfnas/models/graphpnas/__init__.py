"""GraphPNAS's generator of architectures. Importing this loads no TensorFlow; making a generator does."""

from tfnas.models.graphpnas.config import GraphGeneratorConfig
from tfnas.models.graphpnas.generator import GraphGenerator

__all__ = ["GraphGenerator", "GraphGeneratorConfig"]

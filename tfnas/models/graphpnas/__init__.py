"""GraphPNAS's generator of architectures. Importing this loads no TensorFlow; making a generator does."""

from tfnas.models.graphpnas.config import GeneratorConfig
from tfnas.models.graphpnas.generator import GraphGenerator
from tfnas.models.graphpnas.views import ComponentArrays, View, view_of

__all__ = ["ComponentArrays", "GeneratorConfig", "GraphGenerator", "View", "view_of"]

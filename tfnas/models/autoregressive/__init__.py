"""What generators that grow graphs node by node have in common. Importing this loads no TensorFlow."""

from tfnas.models.autoregressive.config import GeneratorConfig
from tfnas.models.autoregressive.generator import AutoregressiveGenerator
from tfnas.models.autoregressive.view import ComponentArrays, View
from tfnas.models.autoregressive.views import view_of

__all__ = ["AutoregressiveGenerator", "ComponentArrays", "GeneratorConfig", "View", "view_of"]

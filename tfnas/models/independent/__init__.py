"""The generator whose choices know nothing of each other. Importing this loads no TensorFlow; making one does."""

from tfnas.models.independent.generator import IndependentGenerator

__all__ = ["IndependentGenerator"]

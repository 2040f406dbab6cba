"""Image data and benchmark tables. No TensorFlow, no pandas."""

from tfnas.data.digits import digits
from tfnas.data.images import Examples, ImageData

__all__ = ["Examples", "ImageData", "digits"]

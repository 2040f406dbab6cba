"""Image data and benchmark tables. No TensorFlow, no pandas."""

from tfnas.data.digits import digits
from tfnas.data.folder import from_folder
from tfnas.data.images import Examples, ImageData
from tfnas.data.load import load
from tfnas.data.npz import from_npz
from tfnas.data.tables import Table

__all__ = ["Examples", "ImageData", "Table", "digits", "from_folder", "from_npz", "load"]

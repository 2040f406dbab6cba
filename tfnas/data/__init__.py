"""Image data and benchmark tables. No TensorFlow, no pandas."""

from tfnas.data.digits import digits
from tfnas.data.folder import from_folder
from tfnas.data.imagenet16 import from_imagenet16
from tfnas.data.images import Examples, ImageData
from tfnas.data.keras_datasets import from_keras
from tfnas.data.load import load
from tfnas.data.npz import from_npz
from tfnas.data.pipeline import dataset
from tfnas.data.store import table
from tfnas.data.subset import class_subset
from tfnas.data.tables import Table
from tfnas.data.tfds import from_tfds

__all__ = [
    "Examples",
    "ImageData",
    "Table",
    "class_subset",
    "dataset",
    "digits",
    "from_folder",
    "from_imagenet16",
    "from_keras",
    "from_npz",
    "from_tfds",
    "load",
    "table",
]

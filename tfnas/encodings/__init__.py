"""Architectures as arrays, for any space. NumPy only."""

from tfnas.encodings.arrays import adjacency, choices, one_hot
from tfnas.encodings.paths import Path, path_counts

__all__ = ["Path", "adjacency", "choices", "one_hot", "path_counts"]

"""Architectures as arrays, for any space. NumPy only."""

from tfnas.encodings.arrays import adjacency, choices, free_edges, one_hot
from tfnas.encodings.paths import Path, most_paths, path_counts

__all__ = ["Path", "adjacency", "choices", "free_edges", "most_paths", "one_hot", "path_counts"]

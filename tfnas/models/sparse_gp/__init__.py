"""Sparse Gaussian processes over latent points. Importing this loads no TensorFlow."""

from tfnas.models.sparse_gp.config import SparseGPConfig
from tfnas.models.sparse_gp.sparse_gp import SparseGP

__all__ = ["SparseGP", "SparseGPConfig"]

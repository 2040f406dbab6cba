"""Ensembles of small feed-forward networks. NumPy; making a belief imports TensorFlow Probability."""

from tfnas.models.mlp_ensemble.config import MLPEnsembleConfig
from tfnas.models.mlp_ensemble.ensemble import MLPEnsemble

__all__ = ["MLPEnsemble", "MLPEnsembleConfig"]

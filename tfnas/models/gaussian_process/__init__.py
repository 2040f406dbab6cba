"""Exact Gaussian processes over encoded architectures. NumPy, and SciPy's triangular solves."""

from tfnas.models.gaussian_process.expected_improvement import expected_improvement
from tfnas.models.gaussian_process.fit import fit
from tfnas.models.gaussian_process.kernel import ProductRBF
from tfnas.models.gaussian_process.normal import Normal
from tfnas.models.gaussian_process.normal_scores import normal_scores
from tfnas.models.gaussian_process.process import GaussianProcess

__all__ = ["GaussianProcess", "Normal", "ProductRBF", "expected_improvement", "fit", "normal_scores"]

"""What predictors of the worth of points have in common. NumPy; making a belief imports TensorFlow Probability."""

from tfnas.models.predictors.predictor import Predictor, normal
from tfnas.models.predictors.standardization import Standardization
from tfnas.models.predictors.surrogate import Columns, Surrogate
from tfnas.models.predictors.terms import Terms

__all__ = ["Columns", "Predictor", "Standardization", "Surrogate", "Terms", "normal"]

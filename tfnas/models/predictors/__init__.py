"""What predictors of the worth of points have in common. NumPy; making a belief imports TensorFlow Probability."""

from tfnas.models.predictors.predictor import Predictor, normal
from tfnas.models.predictors.standardization import Standardization

__all__ = ["Predictor", "Standardization", "normal"]

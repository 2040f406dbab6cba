"""Encoders of graphs that learn from measurements alone. Importing this loads no TensorFlow."""

from tfnas.models.supervised_encoder.config import SupervisedEncoderConfig
from tfnas.models.supervised_encoder.regressor import SupervisedRegressor

__all__ = ["SupervisedEncoderConfig", "SupervisedRegressor"]

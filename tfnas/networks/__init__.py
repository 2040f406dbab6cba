"""Architecture to Keras 3 model. Stock Keras layers only, so a saved network loads without tfnas."""

from tfnas.networks.build import build, features_of, register_features

__all__ = ["build", "features_of", "register_features"]

"""What autoencoders of architectures have in common. Importing this loads no TensorFlow."""

from tfnas.models.autoencoder.autoencoder import GraphAutoencoder
from tfnas.models.autoencoder.config import AutoencoderConfig, TrainingConfig
from tfnas.models.autoencoder.forms import form_of
from tfnas.models.autoencoder.graph_form import GraphArrays, GraphForm

__all__ = ["AutoencoderConfig", "GraphArrays", "GraphAutoencoder", "GraphForm", "TrainingConfig", "form_of"]

"""`register_layer`: primitive layers of a user's own."""

from __future__ import annotations

from tfnas.blueprints import Layer
from tfnas.networks import functional, keras_layers


def register_layer(kind: type[Layer], make: keras_layers.Make, compute: functional.Compute) -> None:
    """Says what a `tfnas.blueprints.Layer` of yours is in Keras.

    Args:
        kind: The layer's class.
        make: ``make(layer, tensors, name)``: applies stock Keras layers to Keras tensors; the layer with
            the parameters is called `name`, and its variables as ``kind.parameters`` says.
        compute: ``compute(layer, tensors, weights, training)``: the same with ``keras.ops``, where
            `weights` has a tensor for each parameter.
    """
    keras_layers.register(kind, make)
    functional.register(kind, compute)

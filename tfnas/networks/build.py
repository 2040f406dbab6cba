"""`build`: the Keras 3 model of an architecture."""

from __future__ import annotations

from typing import Any, Callable, Sequence

import numpy as np

from tfnas import spaces
from tfnas._keras import keras3
from tfnas.architecture import Architecture
from tfnas.checks import check_image_shape, check_positive
from tfnas.errors import ConfigError
from tfnas.networks import nasbench201
from tfnas.registry import Registry

Features = Callable[..., Any]
HEADS = ("classification", "regression")

_features: Registry[Any] = Registry("network for search space", "tfnas.networks.register_features")


def register_features(space: str, features: Features) -> None:
    """Says how members of a space become networks.

    Args:
        space: Registered name of the space.
        features: A function ``features(x, arch, **skeleton)`` from a Keras tensor of images to a
            Keras tensor of pooled features.
    """
    _features.add(space, features)


def features_of(space: str) -> Features:
    """Returns the function by which members of a space become networks.

    Raises:
        UnknownNameError: If none is registered.
    """
    return _features.get(space)


def build(
    arch: Architecture,
    *,
    input_shape: Sequence[int],
    num_classes: int,
    head: str | Callable[[Any], Any] = "classification",
    normalization: tuple[Sequence[float], Sequence[float]] | None = None,
    dtype: str | None = None,
    name: str | None = None,
    **skeleton: Any,
) -> Any:
    """Builds the network of an architecture.

    Operators that reach no output are left out: the trainable parameters are
    ``space.cost(arch, ..., live_only=True).params`` for the two named heads.

    Args:
        arch: A member of a registered space.
        input_shape: ``(height, width, channels)``.
        num_classes: Number of classes, or of outputs of a regression.
        head: ``"classification"`` (class probabilities by a softmax), ``"regression"`` (linear
            outputs), a Keras layer (a copy with new weights is used), or a function from a Keras
            tensor of pooled features to a Keras tensor.
        normalization: Mean and standard deviation of each input channel, which the network
            subtracts and divides by; None for none.
        dtype: Keras dtype policy of the network between its input and its output, for example
            ``"mixed_bfloat16"``; None for Keras's default. Outputs are float32.
        name: Name of the model.
        **skeleton: Sizes of the network around the cells; see the space's module in this package.

    Returns:
        An uncompiled functional ``keras.Model`` from [B, height, width, channels] to
        [B, num_classes].

    Raises:
        InvalidArchitectureError: If the architecture is not a member of its space.
        ConfigError: If a size, the head or a skeleton argument is wrong.
    """
    keras = keras3()
    shape = check_image_shape(input_shape)
    check_positive(num_classes=num_classes)
    spaces.get(arch.space).validate(arch)
    features = features_of(arch.space)
    if not callable(head) and head not in HEADS:
        raise ConfigError(
            "head", expected=f"{' or '.join(map(repr, HEADS))}, or a function of the features", received=repr(head)
        )
    previous = keras.config.dtype_policy()
    if dtype is not None:
        keras.config.set_dtype_policy(dtype)
    try:
        inputs = keras.Input(shape, dtype="float32", name="images")
        x = inputs
        if normalization is not None:
            mean, deviation = (np.broadcast_to(np.asarray(part, "float32"), shape[-1:]) for part in normalization)
            x = keras.layers.Normalization(mean=mean, variance=deviation**2, name="normalize")(x)
        try:
            x = features(x, arch, **skeleton)
        except TypeError as error:
            if "unexpected keyword" not in str(error):
                raise
            raise ConfigError(
                f"skeleton of {arch.space}", expected="arguments that its network knows", received=str(error)
            ) from error
        if isinstance(head, keras.layers.Layer):
            outputs = type(head).from_config(head.get_config())(x)  # every network has weights of its own
        elif callable(head):
            outputs = head(x)
        else:
            outputs = keras.layers.Dense(
                num_classes,
                activation="softmax" if head == "classification" else None,
                dtype="float32",
                name="head",
            )(x)
        return keras.Model(inputs, outputs, name=name or f"{arch.space}_network")
    finally:
        if dtype is not None:
            keras.config.set_dtype_policy(previous)


register_features("nasbench201", nasbench201.features)

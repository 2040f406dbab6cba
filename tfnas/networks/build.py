"""`build`: the Keras 3 model of an architecture."""

from __future__ import annotations

from typing import Any, Callable, Mapping, Sequence

import numpy as np

from tfnas import spaces
from tfnas._keras import keras3
from tfnas.architecture import Architecture
from tfnas.blueprints import IMAGE, MAIN, Blueprint
from tfnas.checks import check_positive
from tfnas.errors import ConfigError
from tfnas.networks.keras_layers import apply

HEADS = ("classification", "regression")


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
        **skeleton: Sizes of the network around the cells; see the space's `SearchSpace.blueprint`.

    Returns:
        An uncompiled functional ``keras.Model`` from [B, height, width, channels] to [B, num_classes];
        to a dictionary of such outputs where the network has further ones (an auxiliary head, early
        exits) beside the last, ``"head"``. Its variables have the names of
        `tfnas.blueprints.Blueprint.parameters` as their paths.

    Raises:
        InvalidArchitectureError: If the architecture is not a member of its space.
        ConfigError: If a size, the head or a skeleton argument is wrong.
    """
    keras = keras3()
    check_positive(num_classes=num_classes)
    if not callable(head) and head not in HEADS:
        raise ConfigError(
            "head", expected=f"{' or '.join(map(repr, HEADS))}, or a function of the features", received=repr(head)
        )
    space = spaces.get(arch.space)
    space.validate(arch)
    blueprint = space.blueprint(arch, input_shape, **skeleton)
    shape = blueprint.input_shape
    previous = keras.config.dtype_policy()
    if dtype is not None:
        keras.config.set_dtype_policy(dtype)
    try:
        images = keras.Input(shape, dtype="float32", name="images")
        x = images
        if normalization is not None:
            mean, deviation = (np.broadcast_to(np.asarray(part, "float32"), shape[-1:]) for part in normalization)
            x = keras.layers.Normalization(mean=mean, variance=deviation**2, name="normalize")(x)
        features = _realised(blueprint, x)
        outputs = {output: _headed(features[output], output, head, num_classes) for output in features}
        return keras.Model(
            images,
            outputs if len(outputs) > 1 else outputs[MAIN],
            name=name or f"{arch.space.partition(',')[0]}_network",
        )
    finally:
        if dtype is not None:
            keras.config.set_dtype_policy(previous)


def _realised(blueprint: Blueprint, images: Any) -> dict[str, Any]:
    """Applies the operators that the outputs need; returns the features of each output."""
    needed = set().union(*(blueprint.ancestors(k) for _, k in blueprint.outputs))
    values = {IMAGE: images}
    for k, node in enumerate(blueprint.nodes):
        if k not in needed:
            continue
        tensors = [values[i] for i in node.inputs]
        for step in node.operator.steps:
            tensors.append(apply(step.layer, [tensors[i] for i in step.inputs], f"{node.name}.{step.name}"))
        values[k] = tensors[-1]
    return {output: values[k] for output, k in blueprint.outputs}


def _headed(features: Any, output: str, head: Any, num_classes: int) -> Any:
    keras = keras3()
    if isinstance(head, keras.layers.Layer):
        config = head.get_config()  # every network, and every output, has weights of its own
        if output != MAIN:
            config["name"] = f"{output}_{config['name']}"
        return type(head).from_config(config)(features)
    if callable(head):
        return head(features)
    activation = "softmax" if head == "classification" else None
    return keras.layers.Dense(num_classes, activation=activation, dtype="float32", name=output)(features)


def load_weights(model: Any, weights: Mapping[str, Any]) -> None:
    """Gives a built network weights by name, for example those of a super-network.

    Args:
        model: What `build` returned.
        weights: Values by the paths of the model's variables; variables without one keep theirs.

    Raises:
        ConfigError: If the model has no variable of a name.
    """
    variables = {variable.path: variable for variable in model.variables}
    for name, value in weights.items():
        if name not in variables:
            raise ConfigError("weights", expected=f"variables of {model.name}", received=repr(name))
        variables[name].assign(value)

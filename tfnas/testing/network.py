"""The conformance kit of a space's Keras networks."""

from __future__ import annotations

from typing import Any, Sequence

import numpy as np

from tfnas import networks
from tfnas.architecture import Architecture
from tfnas.spaces.base import SearchSpace
from tfnas.testing.expect import expect


def check_networks(
    space: SearchSpace,
    members: Sequence[Architecture],
    *,
    input_shape: tuple[int, int, int] = (8, 8, 3),
    num_classes: int = 5,
    **skeleton: Any,
) -> None:
    """Checks that built networks cost what the space says, run, and share no layer by accident.

    Args:
        space: The space.
        members: Members to build.
        input_shape: ``(height, width, channels)``.
        num_classes: Number of classes.
        **skeleton: Sizes of the network around the cells.

    Raises:
        AssertionError: Saying what is wrong and with which member.
    """
    for arch in members:
        native = space.to_native(arch)
        model = networks.build(arch, input_shape=input_shape, num_classes=num_classes, **skeleton)
        built = sum(int(np.prod(weight.shape)) for weight in model.trainable_weights)
        cost = space.cost(arch, input_shape, num_classes, live_only=True, **skeleton)
        expect(built == cost.params, f"{native} has {built} trainable parameters, cost says {cost.params}.")
        macs = count_macs(model)
        expect(macs == cost.macs, f"{native} has {macs} multiply-accumulates, cost says {cost.macs}.")
        output = np.asarray(model(np.zeros((2, *input_shape), "float32"), training=False))
        expect(
            output.shape == (2, num_classes) and np.isfinite(output).all(),
            f"{native} gives {output.shape} with finite values: {np.isfinite(output).all()}.",
        )
        shared = [layer.name for layer in model.layers if len(layer._inbound_nodes) > 1 and layer.weights]
        expect(not shared, f"{native} uses layers with weights twice: {shared}.")


def count_macs(model: Any) -> int:
    """Counts the multiply-accumulates of convolutions and linear layers from a built Keras model."""
    total = 0
    for layer in model.layers:
        kind = type(layer).__name__
        if kind in ("Conv2D", "DepthwiseConv2D"):
            height, width = layer.output.shape[1:3]
            total += int(np.prod(layer.kernel.shape)) * height * width
        elif kind == "Dense":
            total += int(np.prod(layer.kernel.shape))
    return total

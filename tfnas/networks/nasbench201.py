"""The NAS-Bench-201 network: three stages of equal cells, residual blocks between them."""

from __future__ import annotations

from typing import Any

from tfnas._keras import keras3
from tfnas.architecture import Architecture
from tfnas.checks import check_positive
from tfnas.networks.operators import add, average_pool, conv_bn, relu_conv_bn
from tfnas.spaces.nasbench201 import CONV1, CONV3, NONE, PAIRS, POOL, SKIP, NASBench201

STAGES = 3


def features(x: Any, arch: Architecture, *, cells_per_stage: int = 5, channels: int = 16) -> Any:
    """Applies stem, cells and residual blocks (NATS-Bench, section 3.1), up to the pooled features.

    Operators that reach no output are not built. A cell without any path returns zeros, written as
    a scaling by zero, so that such a network is still a function of its input.

    Args:
        x: Keras tensor of shape [B, height, width, inputs].
        arch: A member of `NASBench201`.
        cells_per_stage: Cells in each of the three stages.
        channels: Channels of the first stage; doubled with each halving of the resolution.

    Returns:
        Keras tensor of shape [B, 4 * channels].
    """
    check_positive(cells_per_stage=cells_per_stage, channels=channels)
    layers = keras3().layers
    operators = NASBench201().live_operators(arch)
    x = conv_bn(x, channels, 3, name="stem")
    for stage in range(STAGES):
        if stage:
            channels *= 2
            x = _residual_block(x, channels, name=f"stage{stage + 1}_reduce")
        for cell in range(cells_per_stage):
            x = _cell(x, operators, channels, name=f"stage{stage + 1}_cell{cell + 1}")
    x = layers.BatchNormalization(momentum=0.9, epsilon=1e-5, name="last_bn")(x)
    x = layers.ReLU(name="last_relu")(x)
    return layers.GlobalAveragePooling2D(name="pool")(x)


def _cell(x: Any, operators: tuple[str, ...], channels: int, *, name: str) -> Any:
    nodes: dict[int, Any] = {0: x}
    for node in (1, 2, 3):
        terms = [
            _operator(operator, nodes[source], channels, name=f"{name}_edge{source}{target}")
            for (source, target), operator in zip(PAIRS, operators)
            if target == node and operator != NONE
        ]
        if terms:
            nodes[node] = add(terms, name=f"{name}_node{node}")
    if 3 not in nodes:
        return keras3().layers.Rescaling(0.0, name=f"{name}_zero")(x)
    return nodes[3]


def _operator(operator: str, x: Any, channels: int, *, name: str) -> Any:
    if operator == SKIP:
        return x
    if operator == POOL:
        return average_pool(x, name=f"{name}_pool")
    return relu_conv_bn(x, channels, {CONV1: 1, CONV3: 3}[operator], name=name)


def _residual_block(x: Any, channels: int, *, name: str) -> Any:
    layers = keras3().layers
    main = relu_conv_bn(x, channels, 3, strides=2, name=f"{name}_a")
    main = relu_conv_bn(main, channels, 3, name=f"{name}_b")
    # "same" makes no difference to even sizes and lets odd ones through
    shortcut = layers.AveragePooling2D(2, strides=2, padding="same", name=f"{name}_shortcut_pool")(x)
    shortcut = layers.Conv2D(channels, 1, use_bias=False, kernel_initializer="he_normal", name=f"{name}_shortcut_conv")(
        shortcut
    )
    return add([main, shortcut], name=f"{name}_add")

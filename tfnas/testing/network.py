"""The conformance kit of a space's Keras networks."""

from __future__ import annotations

from typing import Any, Sequence

import numpy as np

from tfnas import networks
from tfnas.architecture import Architecture
from tfnas.blueprints import MAIN
from tfnas.spaces.base import SearchSpace
from tfnas.testing.expect import expect

_COMPUTED = 5  # members whose outputs are compared; the rest are built and counted


def check_networks(
    space: SearchSpace,
    members: Sequence[Architecture],
    *,
    input_shape: tuple[int, int, int] = (8, 8, 3),
    num_classes: int = 5,
    **skeleton: Any,
) -> None:
    """Checks that built networks cost what the space says, run, and share no layer by accident.

    With the same weights given from outside, the first five must also compute the same.

    Args:
        space: The space.
        members: Members to build.
        input_shape: ``(height, width, channels)``.
        num_classes: Number of classes.
        **skeleton: Sizes of the network around the cells.

    Raises:
        AssertionError: Saying what is wrong and with which member.
    """
    rng = np.random.default_rng(0)
    images = rng.normal(size=(2, *input_shape)).astype("float32")
    for number, arch in enumerate(members):
        native = space.to_native(arch)
        model = networks.build(arch, input_shape=input_shape, num_classes=num_classes, head="regression", **skeleton)
        built = sum(int(np.prod(weight.shape)) for weight in model.trainable_weights)
        cost = space.cost(arch, input_shape, num_classes, live_only=True, **skeleton)
        expect(built == cost.params, f"{native} has {built} trainable parameters, cost says {cost.params}.")
        macs = count_macs(model)
        expect(macs == cost.macs, f"{native} has {macs} multiply-accumulates, cost says {cost.macs}.")
        shared = [layer.name for layer in model.layers if len(layer._inbound_nodes) > 1 and layer.weights]
        expect(not shared, f"{native} uses layers with weights twice: {shared}.")
        if number >= _COMPUTED:
            continue
        scramble(model, rng)
        given = _outputs(model(images, training=False))
        blueprint = space.blueprint(arch, input_shape, **skeleton)
        wanted = blueprint.parameters(num_classes)
        weights = {variable.path: variable for variable in model.variables if variable.path in wanted}
        stateless = networks.stateless_call(blueprint, weights, images)
        for name, value in given.items():
            expect(
                value.shape == (2, num_classes) and np.isfinite(value).all(),
                f"{native} gives {value.shape} with finite values: {np.isfinite(value).all()}.",
            )
            expect(
                np.allclose(value, np.asarray(stateless[name]), rtol=1e-3, atol=1e-4),
                f"{native} with its weights given from outside differs from the Keras model at {name}.",
            )


def check_super_network(
    space: SearchSpace,
    members: Sequence[Architecture],
    *,
    input_shape: tuple[int, int, int] = (8, 8, 3),
    num_classes: int = 5,
    **skeleton: Any,
) -> None:
    """Checks that one traced function of a super-network computes what each member's own network does.

    Args:
        space: A space with a super-network.
        members: Members to compare.
        input_shape: ``(height, width, channels)``.
        num_classes: Number of classes.
        **skeleton: Sizes of the network around the cells.

    Raises:
        AssertionError: Saying what is wrong and with which member.
    """
    import tensorflow as tf

    rng = np.random.default_rng(0)
    images = rng.normal(size=(2, *input_shape)).astype("float32")
    whole = networks.SuperNetwork(space, input_shape=input_shape, num_classes=num_classes, **skeleton)
    scramble(whole, rng)
    traces = []

    @tf.function
    def compute(images: Any, choices: Any) -> Any:
        traces.append(1)
        return whole(images, choices)

    owners: dict[int, str] = {}
    for name, variable in whole.named_weights.items():
        expect(id(variable) not in owners, f"{name} and {owners.get(id(variable))} share a variable.")
        owners[id(variable)] = name
    for arch in members:
        native = space.to_native(arch)
        weights = whole.weights_of(arch)
        result = np.asarray(compute(images, tf.constant(space.super_choices(arch))))
        model = networks.build(arch, input_shape=input_shape, num_classes=num_classes, head="regression", **skeleton)
        networks.load_weights(model, weights)
        expect(
            np.allclose(result, np.asarray(model(images)), rtol=1e-3, atol=1e-4),
            f"{native} as a member of the super-network differs from its own network with the same weights.",
        )
        alone = networks.stateless_call(space.blueprint(arch, input_shape, **skeleton), weights, images)
        expect(np.allclose(result, np.asarray(alone["head"]), rtol=1e-3, atol=1e-4), f"{native}: stateless differs.")
    expect(len(traces) == 1, f"the super-network was traced {len(traces)} times.")


def scramble(model: Any, rng: np.random.Generator) -> None:
    """Gives every weight a value of its own, so that no two can be mistaken for each other."""
    for variable in model.variables:
        name = variable.path.rpartition("/")[2].rpartition(".")[2]
        if name == "kernel":
            value = rng.normal(size=variable.shape) / max(1.0, np.sqrt(np.prod(variable.shape[:-1])))
        elif name in ("gamma", "moving_variance"):
            value = rng.uniform(0.5, 1.5, size=variable.shape)
        elif name in ("beta", "bias", "moving_mean", "embeddings"):
            value = 0.1 * rng.normal(size=variable.shape)
        else:
            continue  # states of random generators
        variable.assign(value)


def _outputs(result: Any) -> dict[str, np.ndarray]:
    outputs = result if isinstance(result, dict) else {MAIN: result}
    return {name: np.asarray(value) for name, value in outputs.items()}


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

"""A network whose weights are given from outside, one tensor a named parameter."""

from __future__ import annotations

from typing import Any, Mapping

from tfnas.blueprints import IMAGE, Blueprint, Choice, layers
from tfnas.errors import ConfigError
from tfnas.networks.functional import apply, run


def stateless_call(
    blueprint: Blueprint, weights: Mapping[str, Any], images: Any, *, training: bool = False
) -> dict[str, Any]:
    """Computes a network with weights that are given; gradients flow into them.

    No variable is made and nothing is updated. Batch normalisation goes by the batch in training, or
    where its moving statistics are not among the weights. Dropout and drop-path do nothing.

    Args:
        blueprint: The network, without open choices.
        weights: One tensor for each of ``blueprint.parameters(num_classes)``; moving statistics may be
            left out. The names are the paths of the variables of the model that
            `tfnas.networks.build` makes.
        images: Tensor of shape [B, height, width, channels].
        training: See above.

    Returns:
        For each output its logits, of shape [B, num_classes]: no softmax is applied.

    Raises:
        ConfigError: If weights are missing, unknown or of a wrong shape, or choices are open.
    """
    for node in blueprint.nodes:
        if isinstance(node.operator, Choice):
            raise ConfigError(
                "blueprint",
                expected="a network without open choices",
                received=f"an open choice at {node.name}",
                remedy="Use SearchSpace.blueprint(arch), or tfnas.networks.SuperNetwork.",
            )
    _check(blueprint, weights)
    values = {IMAGE: images}
    for k, node in enumerate(blueprint.nodes):
        own = {
            name: weights[f"{node.name}.{name}"] for name in node.trace.parameters if f"{node.name}.{name}" in weights
        }
        values[k] = run(node.operator, [values[i] for i in node.inputs], own, training)
    return {
        name: apply(
            layers.Dense(0), [values[k]], {part: weights[f"{name}/{part}"] for part in ("kernel", "bias")}, training
        )
        for name, k in blueprint.outputs
    }


def _check(blueprint: Blueprint, weights: Mapping[str, Any]) -> None:
    main = f"{blueprint.outputs[-1][0]}/bias"
    wanted = blueprint.parameters(weights[main].shape[0] if main in weights else 1)
    missing = [name for name, parameter in wanted.items() if parameter.trainable and name not in weights]
    unknown = [name for name in weights if name not in wanted]
    if missing or unknown:
        raise ConfigError(
            "weights",
            expected=f"the {len(wanted)} parameters of the blueprint",
            received=f"{len(missing)} of them missing ({', '.join(missing[:3])}...), "
            f"{len(unknown)} unknown ({', '.join(unknown[:3])}...)",
            remedy="blueprint.parameters(num_classes) lists names and shapes.",
        )
    for name, value in weights.items():
        if tuple(value.shape) != wanted[name].shape:
            raise ConfigError(
                f"weight {name}", expected=f"shape {wanted[name].shape}", received=str(tuple(value.shape))
            )

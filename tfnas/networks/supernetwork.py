"""`SuperNetwork`: all members of a space in one Keras model; which one runs is an input."""

from __future__ import annotations

import functools
from typing import Any, Mapping, Sequence

import numpy as np

from tfnas._keras import keras3
from tfnas.architecture import Architecture
from tfnas.blueprints import IMAGE, Choice, layers
from tfnas.checks import check_positive
from tfnas.networks.functional import apply, run
from tfnas.spaces.base import SearchSpace

keras = keras3()


class SuperNetwork(keras.Model):
    """Weight sharing: every option of every choice has weights, and a member uses some of them.

    Call it as ``network(images, choices)``, where `choices` is an integer tensor with the number of the
    option that each slot takes (`SearchSpace.super_choices`). Only the chosen options are computed, and one
    traced function serves all members.

    Args:
        space: A space with a super-network.
        input_shape: ``(height, width, channels)``.
        num_classes: Number of classes.
        seed: Seed of the initial weights.
        **skeleton: Sizes of the network around the cells.

    Raises:
        ConfigError: If the space has none, or a size is wrong.
    """

    def __init__(
        self, space: SearchSpace, *, input_shape: Sequence[int], num_classes: int, seed: int = 0, **skeleton: Any
    ) -> None:
        super().__init__(name=f"{space.name.partition(',')[0]}_super_network")
        check_positive(num_classes=num_classes)
        self._space = space
        self._skeleton = skeleton
        self._blueprint = space.super_blueprint(input_shape, **skeleton)
        rng = np.random.default_rng(seed)
        self._named = {
            name: self.add_weight(
                name=name.replace("/", "."),
                shape=parameter.shape,
                initializer=_initializer(name, int(rng.integers(2**31))),
                trainable=parameter.trainable,
            )
            for name, parameter in self._blueprint.parameters(num_classes).items()
        }
        self._groups = _grouped(self._named)
        self.built = True

    @property
    def named_weights(self) -> Mapping[str, Any]:
        """All variables by the names of `tfnas.blueprints.Blueprint.parameters`."""
        return dict(self._named)

    def weights_of(self, arch: Architecture) -> dict[str, Any]:
        """Returns the variables that a member uses, named as in its own network.

        They fit `stateless_call` with the member's blueprint, and `load_weights` of its Keras model.
        """
        self._space.validate(arch)
        blueprint = self._space.blueprint(arch, self._blueprint.input_shape, **self._skeleton)
        classes = self._named["head/bias"].shape[0]
        return {name: self._named[name] for name in blueprint.parameters(classes)}

    def call(self, images: Any, choices: Any, training: bool = False) -> Any:
        """Returns the logits of a member.

        Args:
            images: [B, height, width, channels].
            choices: Integers of shape [slots].
            training: Whether normalisation goes by the batch, and moves the moving statistics.

        Returns:
            [B, num_classes].
        """
        values = {IMAGE: images}
        for k, node in enumerate(self._blueprint.nodes):
            inputs = [values[i] for i in node.inputs]
            if isinstance(node.operator, Choice):
                branches = [
                    functools.partial(self._branch, f"{node.name}.{name}", operator, training)
                    for name, operator in node.operator.options.items()
                ]
                values[k] = keras.ops.switch(choices[node.operator.slot], branches, *inputs)
            else:
                values[k] = self._branch(node.name, node.operator, training, *inputs)
        name, k = self._blueprint.outputs[-1]
        return apply(layers.Dense(0), [values[k]], self._groups[name], training)

    def _branch(self, name: str, operator: Any, training: bool, *inputs: Any) -> Any:
        return run(operator, inputs, self._groups.get(name, {}), training, update=True)


def _initializer(name: str, seed: int) -> Any:
    part = name.rpartition("/")[2]
    if part == "kernel":
        kind = keras.initializers.GlorotUniform if name.startswith("head/") else keras.initializers.HeNormal
        return kind(seed=seed)
    return "ones" if part in ("gamma", "moving_variance") else "zeros"


def _grouped(named: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Sorts ``"node.step/parameter"`` by node, and ``"head/parameter"`` by head."""
    groups: dict[str, dict[str, Any]] = {}
    for name, variable in named.items():
        owner, _, part = name.partition("/")
        node, dot, step = owner.rpartition(".")
        groups.setdefault(node if dot else owner, {})[f"{step}/{part}" if dot else part] = variable
    return groups

"""`ArchitectureModel`: builds and compiles the network of a trial."""

from __future__ import annotations

from typing import Any, Mapping, Sequence

import keras_tuner

from tfnas.evaluators.training.objects import own_copy
from tfnas.spaces.base import SearchSpace
from tfnas.tuner.hyperparameters import architecture


class ArchitectureModel(keras_tuner.HyperModel):
    """What an `ArchitectureTuner` builds; its arguments are described there."""

    def __init__(
        self,
        space: SearchSpace,
        *,
        input_shape: Sequence[int],
        num_classes: int,
        network: Mapping[str, Any],
        optimizer: Any,
        loss: Any,
        metrics: Sequence[Any],
    ) -> None:
        super().__init__()
        self.space = space
        self._network = {**network, "input_shape": input_shape, "num_classes": num_classes}
        self._optimizer = optimizer
        self._loss = loss
        self._metrics = metrics

    def build(self, hp: keras_tuner.HyperParameters) -> Any:
        from tfnas import networks

        model = networks.build(architecture(hp, self.space), **self._network)
        model.compile(
            optimizer=own_copy(self._optimizer),
            loss=own_copy(self._loss),
            metrics=[own_copy(metric) for metric in self._metrics],
        )
        return model

"""Networks with further outputs: an auxiliary head, early exits."""

from __future__ import annotations

import functools
from typing import Any

from tfnas._keras import keras3
from tfnas.blueprints import AUXILIARY, MAIN


def with_exits(model: Any, weight: float) -> Any:
    """Returns a model that trains all its outputs and is measured by the last one.

    The loss is that of the last output plus `weight` times the sum of the others' (DARTS, appendix A.2:
    weight .4 for an auxiliary head). Measuring takes the last output's loss and metrics alone.

    Args:
        model: A network from `tfnas.networks.build`; with one output it is returned as it is.
        weight: Weight of each further output.
    """
    return _model_class()(model.input, model.output, weight) if isinstance(model.output, dict) else model


def without_auxiliary(model: Any) -> Any:
    """Returns the network that is kept: without an auxiliary head, with early exits."""
    if not isinstance(model.output, dict) or AUXILIARY not in model.output:
        return model
    kept = {name: output for name, output in model.output.items() if name != AUXILIARY}
    return keras3().Model(model.input, kept if len(kept) > 1 else kept[MAIN], name=model.name)


@functools.cache
def _model_class() -> type:
    class WithExits(keras3().Model):
        """Compiled with one loss, which every output gets."""

        def __init__(self, inputs: Any, outputs: Any, weight: float) -> None:
            super().__init__(inputs, outputs)
            self._exit_weight = weight

        def compute_loss(
            self, x: Any = None, y: Any = None, y_pred: Any = None, sample_weight: Any = None, training: bool = True
        ) -> Any:
            loss = super().compute_loss(x, y, y_pred[MAIN], sample_weight, training)
            others = [prediction for name, prediction in y_pred.items() if name != MAIN] if training else []
            penalty = sum(self.losses)  # of regularizers, which is in every loss and counts once
            for prediction in others:
                other = super().compute_loss(x, y, prediction, sample_weight, training)
                loss += self._exit_weight * (other - penalty)
            return loss

        def compute_metrics(self, x: Any, y: Any, y_pred: Any, sample_weight: Any = None) -> Any:
            return super().compute_metrics(x, y, y_pred[MAIN], sample_weight)

    return WithExits

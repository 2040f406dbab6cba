"""Optimizers of the published recipes."""

from __future__ import annotations

from typing import Any

from tfnas._keras import keras3
from tfnas.evaluators.training.objects import from_spec, own_copy
from tfnas.evaluators.training.recipe import TrainingRecipe


def make_optimizer(recipe: TrainingRecipe, steps: int) -> Any:
    """Returns the optimizer of a recipe, new for every candidate.

    Args:
        recipe: The recipe.
        steps: Length of the learning rate schedule; 0 for a constant rate.

    Raises:
        ConfigError: If Keras does not know the optimizer.
    """
    optimizers = keras3().optimizers
    if not (isinstance(recipe.optimizer, str) and recipe.optimizer.lower() in ("sgd", "adam", "adamw")):
        return own_copy(from_spec(recipe.optimizer, "optimizer"))
    rate: Any = recipe.learning_rate
    if recipe.schedule == "cosine" and steps:
        rate = optimizers.schedules.CosineDecay(rate, steps)
    name = recipe.optimizer.lower()
    if name == "adamw":
        return optimizers.AdamW(rate, weight_decay=recipe.weight_decay)
    if name == "adam":
        return _with_penalty(optimizers.Adam)(rate, penalty=recipe.weight_decay)
    return _with_penalty(optimizers.SGD)(rate, momentum=0.9, nesterov=True, penalty=recipe.weight_decay)


def _with_penalty(base: type) -> type:
    """Adds the L2 penalty of published recipes to an optimizer.

    Keras's own ``weight_decay`` is decoupled: with momentum .9 it acts ten times weaker than the
    penalty that papers mean by the same number.
    """

    class Penalized(base):  # type: ignore[misc, valid-type]
        def __init__(self, learning_rate: Any, *, penalty: float, **arguments: Any) -> None:
            super().__init__(learning_rate, **arguments)
            self._penalty = penalty

        def apply(self, grads: Any, trainable_variables: Any = None) -> Any:
            variables = self._trainable_variables if trainable_variables is None else trainable_variables
            if self._penalty:
                grads = [
                    gradient
                    if gradient is None
                    else gradient + self._penalty * keras3().ops.cast(variable, gradient.dtype)
                    for gradient, variable in zip(grads, variables)
                ]
            return super().apply(grads, trainable_variables)

    return Penalized

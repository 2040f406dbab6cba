"""Evaluators: what measures architectures."""

from tfnas.evaluators.base import Evaluator, Outcome
from tfnas.evaluators.table import TableEvaluator
from tfnas.evaluators.training.evaluator import TrainingEvaluator
from tfnas.evaluators.training.recipe import TrainingRecipe

__all__ = ["Evaluator", "Outcome", "TableEvaluator", "TrainingEvaluator", "TrainingRecipe"]

"""Evaluators: what measures architectures."""

from tfnas.evaluators.base import Evaluator, Outcome

__all__ = ["Evaluator", "Outcome"]

"""Conformance kits: what any space, strategy or evaluator must do, yours included.

Each kit is a function that raises `AssertionError` with a sentence that says what is wrong. Call them
from your own tests, for example ``tfnas.testing.check_space(MySpace())``.
"""

from tfnas.testing.evaluator import check_evaluator
from tfnas.testing.network import check_networks, check_super_network
from tfnas.testing.space import check_space
from tfnas.testing.strategy import check_beats_random, check_strategy
from tfnas.testing.tiny import TinySpace

__all__ = [
    "TinySpace",
    "check_beats_random",
    "check_evaluator",
    "check_networks",
    "check_space",
    "check_strategy",
    "check_super_network",
]

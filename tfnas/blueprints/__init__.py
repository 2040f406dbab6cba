"""Networks as values: what they are made of and what they cost. NumPy is not even needed.

A `Blueprint` is the one description of a network; `tfnas.networks` makes Keras models of it.
"""

from tfnas.blueprints.blueprint import AUXILIARY, IMAGE, MAIN, Blueprint, Draft, Node
from tfnas.blueprints.layers import Layer, Parameter, Shape
from tfnas.blueprints.operator import Choice, Operator, Step, Trace, chain, merge

__all__ = [
    "AUXILIARY",
    "Blueprint",
    "Choice",
    "Draft",
    "IMAGE",
    "Layer",
    "MAIN",
    "Node",
    "Operator",
    "Parameter",
    "Shape",
    "Step",
    "Trace",
    "chain",
    "merge",
]

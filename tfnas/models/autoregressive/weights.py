"""First weights of networks, drawn by one rule."""

from __future__ import annotations

import math
from typing import Any, Callable, Mapping, Sequence

import numpy as np


def glorot(variables: Sequence[Any], rng: np.random.Generator) -> list[np.ndarray]:
    """Draws weights as Keras's layers do by default.

    Matrices are uniform within plus and minus ``sqrt(6 / (rows + columns))`` (Glorot and Bengio, 2010), those
    that are called ``recurrent_kernel`` orthogonal in rows or columns, biases and vectors zero.

    Args:
        variables: TensorFlow variables.
        rng: Source of randomness.

    Returns:
        An array for each variable, of its shape and type.
    """

    def draw(name: str, shape: tuple[int, ...]) -> np.ndarray:
        if len(shape) != 2 or _is_bias(name):  # that of a GRU has two rows
            return np.zeros(shape)
        if "recurrent_kernel" in name:
            return _orthogonal(shape, rng)
        limit = math.sqrt(6 / sum(shape))
        return rng.uniform(-limit, limit, shape)

    return _each(variables, draw)


def uniform(variables: Sequence[Any], rng: np.random.Generator) -> list[np.ndarray]:
    """Draws weights much as PyTorch's layers do by default, with which GraphPNAS was published.

    Everything is uniform within plus and minus ``1 / sqrt(size)``, where the size is the number of rows of a
    matrix and the length of a bias or vector. PyTorch takes a bias's size from the inputs of its layer, and that of all
    weights of a recurrent cell from the cell's states: the same in layers as wide as their inputs.

    Args:
        variables: TensorFlow variables.
        rng: Source of randomness.

    Returns:
        An array for each variable, of its shape and type.
    """

    def draw(name: str, shape: tuple[int, ...]) -> np.ndarray:
        limit = 1 / math.sqrt(shape[-1] if _is_bias(name) else shape[0])
        return rng.uniform(-limit, limit, shape)

    return _each(variables, draw)


WEIGHTS: Mapping[str, Callable[[Sequence[Any], np.random.Generator], list[np.ndarray]]] = {
    "glorot": glorot,
    "uniform": uniform,
}
"""The rules, by name."""


def _is_bias(name: str) -> bool:
    return name.rpartition("/")[2].startswith("bias")


def _each(variables: Sequence[Any], draw: Callable[[str, tuple[int, ...]], np.ndarray]) -> list[np.ndarray]:
    return [draw(variable.name, tuple(variable.shape)).astype(variable.dtype.as_numpy_dtype) for variable in variables]


def _orthogonal(shape: tuple[int, int], rng: np.random.Generator) -> np.ndarray:
    """Returns a matrix of the uniform distribution over those with orthonormal rows or columns."""
    q, r = np.linalg.qr(rng.standard_normal((max(shape), min(shape))))
    q *= np.sign(np.diag(r))
    return q if shape[0] >= shape[1] else q.T

"""First weights of networks, drawn by one rule."""

from __future__ import annotations

import math
from typing import Any, Sequence

import numpy as np


def first_weights(variables: Sequence[Any], rng: np.random.Generator) -> list[np.ndarray]:
    """Draws weights anew, as Keras's layers do by default.

    Matrices are uniform within plus and minus ``sqrt(6 / (rows + columns))`` (Glorot and Bengio, 2010), those
    that are called ``recurrent_kernel`` orthogonal in rows or columns, and all else is zero.

    Args:
        variables: TensorFlow variables.
        rng: Source of randomness.

    Returns:
        An array for each variable, of its shape and type.
    """
    arrays = []
    for variable in variables:
        shape = tuple(variable.shape)
        if len(shape) != 2:
            array = np.zeros(shape)
        elif "recurrent_kernel" in variable.name:
            array = _orthogonal(shape, rng)
        else:
            limit = math.sqrt(6 / sum(shape))
            array = rng.uniform(-limit, limit, shape)
        arrays.append(array.astype(variable.dtype.as_numpy_dtype))
    return arrays


def _orthogonal(shape: tuple[int, int], rng: np.random.Generator) -> np.ndarray:
    """Returns a matrix of the uniform distribution over those with orthonormal rows or columns."""
    q, r = np.linalg.qr(rng.standard_normal((max(shape), min(shape))))
    q *= np.sign(np.diag(r))
    return q if shape[0] >= shape[1] else q.T

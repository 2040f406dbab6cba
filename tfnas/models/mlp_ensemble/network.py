"""`ParallelNetworks`: M networks of one shape that are trained side by side."""

from __future__ import annotations

import math

import numpy as np

_BETA_1, _BETA_2, _EPSILON = 0.9, 0.999, 1e-7


class ParallelNetworks:
    """Layers of ReLU units and a linear one, M times; a layer of all M is one product of stacked matrices.

    Networks this small spend their time on calls and not on numbers: side by side they take about as long as one alone.

    Args:
        members: M.
        width: D, the size of a point.
        layers: Number of hidden layers.
        units: Size of a hidden layer.
        rng: Draws first weights, as Keras's layers do by default (Glorot and Bengio, 2010); biases are zero.
    """

    def __init__(self, members: int, width: int, layers: int, units: int, rng: np.random.Generator) -> None:
        sizes = [width, *[units] * layers, 1]
        shapes = [shape for pair in zip(sizes, sizes[1:]) for shape in ((members, *pair), (members, 1, pair[1]))]
        self.values = np.zeros(sum(map(math.prod, shapes)), np.float32)
        self.slopes = np.zeros_like(self.values)
        self._kernels, self._biases = _views(self.values, shapes)
        self._kernel_slopes, self._bias_slopes = _views(self.slopes, shapes)
        self._first, self._second = np.zeros_like(self.values), np.zeros_like(self.values)
        self._steps = 0
        for kernel in self._kernels:
            limit = math.sqrt(6 / sum(kernel.shape[1:]))
            kernel[:] = rng.uniform(-limit, limit, kernel.shape)

    def predict(self, x: np.ndarray) -> np.ndarray:
        """Returns what each network says of B points: [B, D], or [M, B, D] for points of their own, to [M, B]."""
        return self._forward(x)[-1][..., 0]

    def loss(self, x: np.ndarray, y: np.ndarray) -> np.ndarray:
        """Returns the mean absolute error of each network, [M], and leaves its gradient in `slopes`.

        Args:
            x: Points of each network. Float32, shape [M, B, D].
            y: Their values. Float32, shape [M, B].
        """
        outputs = self._forward(x)
        errors = outputs[-1][..., 0] - y
        slope = (np.sign(errors) / errors.shape[1])[..., None]
        for layer in reversed(range(len(self._kernels))):
            np.matmul(outputs[layer].transpose(0, 2, 1), slope, out=self._kernel_slopes[layer])
            np.sum(slope, axis=1, keepdims=True, out=self._bias_slopes[layer])
            if layer:
                slope = np.matmul(slope, self._kernels[layer].transpose(0, 2, 1))
                slope *= outputs[layer] > 0
        return np.abs(errors).mean(1)

    def step(self, x: np.ndarray, y: np.ndarray, rate: float) -> None:
        """Makes a step of Adam (Kingma and Ba, 2015) down `loss`."""
        self.loss(x, y)
        self._steps += 1
        self._first += (1 - _BETA_1) * (self.slopes - self._first)
        self._second += (1 - _BETA_2) * (self.slopes**2 - self._second)
        rate *= math.sqrt(1 - _BETA_2**self._steps) / (1 - _BETA_1**self._steps)
        self.values -= np.float32(rate) * self._first / (np.sqrt(self._second) + np.float32(_EPSILON))

    def _forward(self, x: np.ndarray) -> list[np.ndarray]:
        """Returns the points and what each layer makes of them."""
        found = [x]
        for kernel, bias in zip(self._kernels[:-1], self._biases):
            found.append(np.maximum(np.matmul(found[-1], kernel) + bias, 0))
        return [*found, np.matmul(found[-1], self._kernels[-1]) + self._biases[-1]]


def _views(flat: np.ndarray, shapes: list[tuple[int, ...]]) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Returns the kernels and the biases that a vector holds, in turns."""
    ends = np.cumsum([math.prod(shape) for shape in shapes])
    parts = [part.reshape(shape) for part, shape in zip(np.split(flat, ends[:-1]), shapes)]
    return parts[::2], parts[1::2]

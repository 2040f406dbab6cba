"""What is particular to GraphPNAS's network: its options, its forms, the paper's equations."""

from __future__ import annotations

import functools

import numpy as np
import pytest

from tests.conformance.generators import chances, component, everything, rules, some

FORMS = ("causal", "prefix")


@pytest.mark.parametrize(
    "options", [{"pooling": "mean"}, {"sees_operators": False}, {"sees_positions": True}, {"shared": False}], ids=str
)
@pytest.mark.parametrize("messages", FORMS)
def test_probabilities_add_up_with_every_option(messages, options):
    graphs = everything(rules(limited=True))
    found = chances(component(messages, True, **options).log_prob_tensor(*graphs))
    assert abs(found.sum() - 1) < 1e-9
    assert not np.allclose(np.log(found), _plain(messages), atol=1e-3)


@functools.cache
def _plain(messages: str) -> np.ndarray:
    return component(messages, True).log_prob_tensor(*everything(rules(limited=True))).numpy()


class _Paper:
    """Equations 4 to 10, one graph, one node and one message at a time, in NumPy."""

    def __init__(self, network, *, both_ways: bool, labels: int) -> None:
        self.net, self.both_ways, self.labels = network, both_ways, labels

    def mlp(self, layer, difference, kind=None):
        vector, kernel = difference, layer.project.kernel.numpy()
        if kind is not None:
            vector, kernel = np.concatenate([difference, kind]), np.concatenate([kernel, layer.kinds.kernel.numpy()])
        hidden = np.maximum(vector @ kernel + layer._bias.numpy(), 0)
        return self.last(layer._rest.layers, hidden)

    def last(self, layers, vector):
        for layer in layers[:-1]:
            vector = np.maximum(vector @ layer.kernel.numpy() + layer.bias.numpy(), 0)
        return vector @ layers[-1].kernel.numpy() + layers[-1].bias.numpy()

    def gru(self, cell, x, h):
        bias = cell.bias.numpy()
        xz, xr, xh = np.split(x @ cell.kernel.numpy() + bias[0], 3)
        hz, hr, hh = np.split(h @ cell.recurrent_kernel.numpy() + bias[1], 3)
        z, r = 1 / (1 + np.exp(-(xz + hz))), 1 / (1 + np.exp(-(xr + hr)))
        return z * h + (1 - z) * np.tanh(xh + r * hh)

    def kind(self, direction: int, label: int) -> np.ndarray:
        return np.array(
            [*(float(direction == k) for k in range(3)), *(float(label == 1 + k) for k in range(self.labels))]
        )

    def states(self, edges, ops, new: int) -> np.ndarray:
        """Last states of nodes 0 to `new`, the last of them new."""
        size, total = new + 1, len(ops)
        symbol = np.zeros((size, self.net._symbols))
        u = np.zeros((size, 2 * total))
        incoming: dict[int, list[tuple[int, int, int]]] = {node: [] for node in range(size)}
        for node in range(size):
            symbol[node, 0 if node == new else 1 + ops[node]] = 1
            u[node, total + node] = 1
            for other in range(node):
                label = 0 if node == new else edges[node, other]
                if node == new or label:
                    incoming[node].append((other, 0, label))
                    if self.both_ways:
                        incoming[other].append((node, 1, label))
                u[node, other] = node != new and label > 0
        h = symbol @ self.net._embedding.kernel.numpy()
        if self.net._place is not None:
            h = h + u @ self.net._place.kernel.numpy()
        for _ in range(self.net._config.steps):
            layer = self.net._rounds[0]
            wide = np.concatenate([h, u], 1)
            received = [
                sum(
                    self.mlp(layer._f, h[i] - h[j], self.kind(direction, label))
                    / (1 + np.exp(-self.mlp(layer._g, wide[i] - wide[j])))
                    for j, direction, label in [*incoming[i], (i, 2, 0)]
                )
                for i in range(size)
            ]
            h = np.stack([self.gru(layer._cell, received[i], h[i]) for i in range(size)])
        return h

    def parameters(self, edges, ops, node: int):
        h = self.states(edges, ops, node)
        alpha = sum((self.mlp(self.net._alpha, h[-1] - h[j]) for j in range(node)), np.zeros(self.net._config.mixture))
        theta = [self.mlp(self.net._theta, h[-1] - h[j]) for j in range(node)]
        labels = [self.mlp(self.net._label, h[-1] - h[j]) for j in range(node)]
        return alpha, theta, labels, self.last(self.net._beta.layers, h[-1])


@pytest.mark.parametrize("options", [{}, {"head_layers": 3, "sees_positions": True}], ids=str)
@pytest.mark.parametrize("few", [0, 12])
@pytest.mark.parametrize("messages", FORMS)
def test_the_network_is_the_papers(messages, few, options, monkeypatch):
    monkeypatch.setattr("tfnas.models.graphpnas.network._FEW", few)  # messages that are there, or all and weights
    network = component(messages, False, **options).network
    graphs = some(rules(limited=False), 3)
    found = network(graphs)
    paper = _Paper(network, both_ways=messages == "prefix", labels=2)
    for row, (edges, ops) in enumerate(zip(*graphs)):
        for node in range(4):
            alpha, theta, labels, beta = paper.parameters(edges, ops, node)
            assert np.allclose(found.mixture[row, node], alpha, atol=1e-10)
            assert np.allclose(found.ops[row, node], beta, atol=1e-10)
            if node:
                assert np.allclose(found.edges[row, node, :, :node].numpy().T, theta, atol=1e-10)
                assert np.allclose(found.labels[row, node, :node], labels, atol=1e-10)


def test_both_forms_have_the_same_weights():
    shapes = [[v.shape for v in component(messages, True).network.trainable_variables] for messages in FORMS]
    assert shapes[0] == shapes[1]

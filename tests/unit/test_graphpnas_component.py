"""One component: probabilities that add up, samples that follow them, the paper's equations."""

from __future__ import annotations

import dataclasses
import functools
import itertools

import numpy as np
import pytest
from scipy import stats

from tfnas.models.autoregressive import ComponentArrays
from tfnas.models.autoregressive.component import ComponentGenerator, tf
from tfnas.models.autoregressive.rules import Rules, Total
from tfnas.models.autoregressive.weights import glorot
from tfnas.models.graphpnas import GraphGeneratorConfig
from tfnas.models.graphpnas.network import GraphNetwork

FORMS = ("causal", "prefix")
SMALL = {"mixture": 3, "steps": 2, "hidden": 8, "message": 6}


def _rules(*, limited: bool) -> Rules:
    """Up to four nodes, three operators of which the last ends, two labels; masks of all kinds."""
    pairs = np.tri(4, k=-1, dtype=bool)
    forced, free = np.zeros((2, 4, 4), bool)
    forced[1, 0] = limited
    free[:] = pairs & ~forced
    free[3, 0] = not limited
    allowed = np.array([[1, 1, 0], [1, 1, 1], [1, 0, 1], [0, 0, 1]], bool) if limited else np.ones((4, 3), bool)
    low, high = np.zeros(4, np.int32), free.sum(1).astype(np.int32)
    if limited:
        low[2:], high[2:] = 1, (2, 1)
    return Rules("made_up", allowed, forced, free, low, high, 2, np.array([False, False, limited]))


@functools.cache
def _component(messages: str, limited: bool, dtype: str = "float32", **options) -> ComponentGenerator:
    config = GraphGeneratorConfig(messages=messages, dtype=dtype, **(SMALL | options))
    rng = np.random.default_rng(0)
    rules = _rules(limited=limited)
    component = ComponentGenerator(rules, GraphNetwork(rules, config))
    # Far from the uniform start, where mistakes could cancel.
    variables = component.network.trainable_variables
    for variable, array in zip(variables, glorot(variables, rng)):
        variable.assign(array + rng.normal(0, 0.3, variable.shape))
    return component


@functools.cache
def _everything(limited: bool) -> ComponentArrays:
    """All graphs that the made-up rules allow, found without the library's own check."""
    rules = _rules(limited=limited)
    partial = [((), ())]
    finished = []
    for node in range(4):
        options = [
            (op, row)
            for op in np.flatnonzero(rules.allowed[node]).tolist()
            for row in itertools.product(
                *((1, 2) if rules.forced[node, j] else (0, 1, 2) if rules.free[node, j] else (0,) for j in range(4))
            )
            if rules.low[node] <= sum(row[j] > 0 for j in range(4) if rules.free[node, j]) <= rules.high[node]
        ]
        longer = [((*ops, op), (*rows, row)) for ops, rows in partial for op, row in options]
        ended = [pair for pair in longer if rules.ends[pair[0][-1]] or node == 3]
        partial = [pair for pair in longer if not (rules.ends[pair[0][-1]] or node == 3)]
        finished += [(ops + (-1,) * (3 - node), rows + ((0,) * 4,) * (3 - node)) for ops, rows in ended]
    return ComponentArrays(
        np.array([rows for _, rows in finished], np.int32), np.array([ops for ops, _ in finished], np.int32)
    )


@pytest.mark.parametrize("limited", [False, True])
@pytest.mark.parametrize("messages", FORMS)
def test_probabilities_add_up_to_one(messages, limited):
    graphs = _everything(limited)
    assert limited or len(graphs.ops) == 3**4 * 3**6
    assert _rules(limited=limited).admit(*graphs).all()
    chances = np.exp(_component(messages, limited).log_prob(*graphs).numpy().astype(np.float64))
    assert abs(chances.sum() - 1) < 1e-5
    assert chances.max() > 3 / len(chances)  # far from uniform


@pytest.mark.parametrize(
    "options", [{"pooling": "mean"}, {"sees_operators": False}, {"sees_positions": True}, {"shared": False}], ids=str
)
@pytest.mark.parametrize("messages", FORMS)
def test_probabilities_add_up_with_every_option(messages, options):
    graphs = _everything(True)
    component = _component(messages, True, **options)
    chances = np.exp(component.log_prob(*graphs).numpy().astype(np.float64))
    assert abs(chances.sum() - 1) < 1e-5
    plain = _component(messages, True).log_prob(*graphs).numpy()
    assert not np.allclose(np.log(chances), plain, atol=1e-3)


def test_a_total_is_met_by_every_draw_and_probabilities_still_add_up():
    """Three nodes must have operator 1; one of an earlier component has it, so two of these four."""
    total = Total(np.array([False, True, False]), 3, np.array([3, 2, 1, 0], np.int32))
    rules = dataclasses.replace(_rules(limited=False), totals=(total,))
    component = ComponentGenerator(rules, GraphNetwork(rules, GraphGeneratorConfig(**SMALL)))
    graphs = _everything(False)
    used = np.ones((len(graphs.ops), 1), np.int32)
    kept = (graphs.ops == 1).sum(1) == 2
    chances = np.exp(component.log_prob(*graphs, used).numpy().astype(np.float64))
    assert abs(chances[kept].sum() - 1) < 1e-5 and chances[~kept].max() == 0
    _, ops = component.sample(500, np.array([1, 2], np.int32), np.ones((500, 1), np.int32))
    assert ((ops.numpy() == 1).sum(1) == 2).all()
    assert component.used(ops, np.ones((500, 1), np.int32)).numpy().tolist() == [[3]] * 500


@pytest.mark.parametrize("messages", FORMS)
def test_samples_follow_the_probabilities(messages):
    component, graphs = _component(messages, True), _everything(True)
    edges, ops = (array.numpy() for array in component.sample(20_000, np.array([1, 2], np.int32)))
    number = {(row.tobytes(), op.tobytes()): k for k, (row, op) in enumerate(zip(*graphs))}
    seen = np.bincount([number[row.tobytes(), op.tobytes()] for row, op in zip(edges, ops)], minlength=len(number))
    expected = 20_000 * np.exp(component.log_prob(*graphs).numpy().astype(np.float64))
    rare = expected < 10
    seen = np.append(seen[~rare], seen[rare].sum())
    expected = np.append(expected[~rare], expected[rare].sum())
    assert len(seen) > 50
    assert stats.chisquare(seen, expected * seen.sum() / expected.sum()).pvalue > 1e-3


@pytest.mark.parametrize("messages", FORMS)
def test_sampler_and_teacher_forcing_say_the_same_of_each_node(messages):
    network = _component(messages, False, "float64").network
    graphs = _everything(False)
    picked = np.random.default_rng(0).choice(len(graphs.ops), 50, replace=False)
    edges, ops = tf.constant(graphs.edges[picked]), tf.constant(graphs.ops[picked])
    together = network((edges, ops))
    cache = network.first_cache(50)
    for node in range(4):
        seen = tf.where(tf.range(4)[:, None] < node, edges, 0)  # the sampler has no later rows
        alone = network.step(seen, tf.where(tf.range(4) < node, ops, -1), tf.constant(node), cache)
        for name in ("mixture", "ops"):
            assert np.allclose(getattr(alone, name), getattr(together, name)[:, node], atol=1e-12), name
        assert np.allclose(alone.edges[..., :node], together.edges[:, node, :, :node], atol=1e-12)
        assert np.allclose(alone.labels[:, :node], together.labels[:, node, :node], atol=1e-12)
        seen = tf.where(tf.range(4)[:, None] <= node, edges, 0)
        cache = network.extend(seen, tf.where(tf.range(4) <= node, ops, -1), tf.constant(node), cache)


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
        alpha = sum((self.mlp(self.net._alpha, h[-1] - h[j]) for j in range(node)), np.zeros(SMALL["mixture"]))
        theta = [self.mlp(self.net._theta, h[-1] - h[j]) for j in range(node)]
        labels = [self.mlp(self.net._label, h[-1] - h[j]) for j in range(node)]
        return alpha, theta, labels, self.last(self.net._beta.layers, h[-1])


@pytest.mark.parametrize("options", [{}, {"head_layers": 3, "sees_positions": True}], ids=str)
@pytest.mark.parametrize("few", [0, 12])
@pytest.mark.parametrize("messages", FORMS)
def test_the_network_is_the_papers(messages, few, options, monkeypatch):
    monkeypatch.setattr("tfnas.models.graphpnas.network._FEW", few)  # messages that are there, or all and weights
    network = _component(messages, False, "float64", **options).network
    graphs = _everything(False)
    picked = np.random.default_rng(1).choice(len(graphs.ops), 3, replace=False)
    found = network((graphs.edges[picked], graphs.ops[picked]))
    paper = _Paper(network, both_ways=messages == "prefix", labels=2)
    for row, graph in enumerate(picked):
        for node in range(4):
            alpha, theta, labels, beta = paper.parameters(graphs.edges[graph], graphs.ops[graph], node)
            assert np.allclose(found.mixture[row, node], alpha, atol=1e-10)
            assert np.allclose(found.ops[row, node], beta, atol=1e-10)
            if node:
                assert np.allclose(found.edges[row, node, :, :node].numpy().T, theta, atol=1e-10)
                assert np.allclose(found.labels[row, node, :node], labels, atol=1e-10)


@pytest.mark.parametrize("limited", [False, True])
@pytest.mark.parametrize("messages", FORMS)
def test_gradients_match_finite_differences(messages, limited):
    component = _component(messages, limited, "float64")
    graphs = _everything(limited)
    picked = np.random.default_rng(2).choice(len(graphs.ops), 20, replace=False)
    arrays = graphs.edges[picked], graphs.ops[picked]
    variables = component.network.trainable_variables
    with tf.GradientTape() as tape:
        value = tf.reduce_sum(component.log_prob(*arrays))
    gradients = tape.gradient(value, variables)
    rng = np.random.default_rng(3)
    for variable, gradient in zip(variables, gradients):
        way, old = rng.normal(size=variable.shape), variable.numpy()
        sides = []
        for step in (1e-5, -1e-5):
            variable.assign(old + step * way)
            sides.append(float(tf.reduce_sum(component.log_prob(*arrays))))
        variable.assign(old)
        assert np.isclose((sides[0] - sides[1]) / 2e-5, np.sum(way * gradient.numpy()), rtol=1e-5, atol=1e-6), (
            variable.name
        )


def test_both_forms_have_the_same_weights():
    shapes = [[v.shape for v in _component(messages, True).network.trainable_variables] for messages in FORMS]
    assert shapes[0] == shapes[1]

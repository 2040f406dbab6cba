"""What is particular to `RNNGenerator`: the equations of its network one number at a time, its bounds, its options."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from tests.conformance.generators import KINDS, check_steps_agree, component, fresh, rules, some
from tfnas.errors import ConfigError
from tfnas.models.rnn import RNNGeneratorConfig


@pytest.mark.parametrize(("dtype", "tolerance"), [("float32", 1e-5), ("float64", 1e-10)])
@pytest.mark.parametrize("layers", [1, 3])
def test_sampler_and_teacher_forcing_say_the_same_of_each_node(layers, dtype, tolerance):
    network = component("rnn", False, dtype=dtype, layers=layers).network
    check_steps_agree(network, some(rules(limited=False), 50), tolerance)


def _sigmoid(value):
    return 1 / (1 + np.exp(-value))


class _Slow:
    """The controller for one graph, one node and one edge at a time, in NumPy."""

    def __init__(self, network, config: RNNGeneratorConfig) -> None:
        self.net, self.config = network, config

    def bounded(self, logit):
        logit = logit / self.config.temperature
        return logit if self.config.tanh_constant is None else self.config.tanh_constant * np.tanh(logit)

    def lstm(self, x, states):
        """Returns the states of all layers; gates are in the order input, forget, cell, output."""
        after = []
        for cell, (h, c) in zip(self.net._cells, states):
            i, f, g, o = np.split(x @ cell.kernel.numpy() + h @ cell.recurrent_kernel.numpy(), 4)
            c = _sigmoid(f) * c + _sigmoid(i) * np.tanh(g)
            x = _sigmoid(o) * np.tanh(c)
            after.append((x, c))
        return after

    def attention(self, layer, anchor, query):
        hidden = np.tanh(anchor @ layer._anchor.kernel.numpy() + query @ layer._query.kernel.numpy())
        return hidden @ layer._value.kernel.numpy()

    def log_prob(self, edges, ops) -> float:
        """Returns the logarithm of the probability of a graph that no rule limits."""
        table, rows = self.net._embedding.kernel.numpy(), self.net._row.kernel.numpy()
        states = self.lstm(table[0], [(np.zeros(self.config.hidden),) * 2] * self.config.layers)
        anchors: list[np.ndarray] = []
        total = 0.0
        for node, op in enumerate(ops):
            query = states[-1][0]
            logits = self.bounded(query @ self.net._op.kernel.numpy())
            total += logits[op] - np.log(np.exp(logits).sum())
            x = table[1 + op].copy()
            feeding = []
            for earlier, anchor in enumerate(anchors):
                pair = self.bounded(self.attention(self.net._edge, anchor, query)[0]) * np.array([-1, 1])
                total += pair[int(edges[node, earlier] > 0)] - np.log(np.exp(pair).sum())
                if edges[node, earlier]:
                    label = edges[node, earlier] - 1
                    logits = self.bounded(self.attention(self.net._label, anchor, query))
                    total += logits[label] - np.log(np.exp(logits).sum())
                    x += rows[2 * earlier + label]
                    feeding.append(anchor)
            x += sum(feeding, np.zeros_like(x)) / (1 + len(feeding))
            states = self.lstm(x, states)
            anchors.append(states[-1][0])
        return total


@pytest.mark.parametrize("options", [{}, {"layers": 1, "tanh_constant": None, "temperature": 2.0}], ids=str)
def test_the_network_is_the_controller(options):
    edges, ops = some(rules(limited=False), 20)
    part = component("rnn", False, **options)
    slow = _Slow(part.network, dataclasses.replace(KINDS["rnn"].config, **options))
    expected = [slow.log_prob(*graph) for graph in zip(edges, ops)]
    assert np.ptp(expected) > 3
    assert np.allclose(part.log_prob_tensor(edges, ops), expected, atol=1e-9)


def test_the_constant_bounds_all_logits():
    graphs = some(rules(limited=False), 20)
    bounded = component("rnn", False, tanh_constant=1.5, temperature=0.01).network(graphs)
    plain = component("rnn", False, tanh_constant=None, temperature=0.01).network(graphs)
    for name, bound in (("ops", 1.5), ("labels", 1.5), ("edges", 3.0)):
        largest = np.abs(getattr(bounded, name)).max()
        assert np.isclose(largest, bound, atol=1e-3) and largest <= bound + 1e-5, name
        assert np.abs(getattr(plain, name)).max() > 10 * bound, name


def test_first_weights_are_drawn_and_none_is_a_bias():
    generator = fresh("rnn")
    assert all(array.ndim == 2 and array.any() for array in generator.get_weights())
    orthogonal = [v.numpy() for v in generator.trainable_variables if "recurrent_kernel" in v.name]
    assert len(orthogonal) == 2
    for array in orthogonal:
        assert np.allclose(array @ array.T, np.eye(7), atol=1e-5)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("layers", 0),
        ("hidden", 1.5),
        ("tanh_constant", 0),
        ("tanh_constant", "2.5"),
        ("temperature", None),
        ("temperature", float("nan")),
        ("temperature", True),
        ("view", "rows"),
    ],
)
def test_options_that_cannot_work(name, value):
    with pytest.raises(ConfigError) as error:
        RNNGeneratorConfig(**{name: value})
    assert error.value.subject == name


def test_options_are_json():
    config = RNNGeneratorConfig(hidden=12, tanh_constant=None, in_degree=(2, 2))
    assert config.to_json()["in_degree"] == [2, 2] and config.to_json()["hidden"] == 12

"""`RNNGenerator`: probabilities, samples, gradients, and the equations of its network one number at a time."""

from __future__ import annotations

import functools
import subprocess
import sys

import numpy as np
import pytest
from scipy import stats

import tfnas
from tests.unit.test_graphpnas_component import _everything, _rules
from tfnas.errors import ConfigError
from tfnas.models.autoregressive.component import ComponentGenerator, tf
from tfnas.models.autoregressive.weights import glorot
from tfnas.models.rnn import RNNGenerator, RNNGeneratorConfig
from tfnas.models.rnn.network import RNNNetwork

SMALL = {"layers": 2, "hidden": 7}
SPACES = ("nasbench201", "nasbench101", "darts", "enas_macro", "randwire", "nasbench_macro")


@functools.cache
def _component(limited: bool, dtype: str = "float32", **options) -> ComponentGenerator:
    rules = _rules(limited=limited)
    component = ComponentGenerator(rules, RNNNetwork(rules, RNNGeneratorConfig(dtype=dtype, **(SMALL | options))))
    # Far from the uniform start, where mistakes could cancel.
    rng = np.random.default_rng(0)
    variables = component.network.trainable_variables
    for variable, array in zip(variables, glorot(variables, rng)):
        variable.assign(2 * array + rng.normal(0, 1, variable.shape))
    return component


@functools.cache
def _generator(name: str = "nasbench201", seed: int = 0, **options) -> RNNGenerator:
    return RNNGenerator(tfnas.spaces.get(name), RNNGeneratorConfig(**(SMALL | options)), seed=seed)


def _some(limited: bool, count: int):
    graphs = _everything(limited)
    picked = np.random.default_rng(1).choice(len(graphs.ops), count, replace=False)
    return graphs.edges[picked], graphs.ops[picked]


@pytest.mark.parametrize("limited", [False, True])
def test_probabilities_add_up_to_one(limited):
    graphs = _everything(limited)
    chances = np.exp(_component(limited).log_prob(*graphs).numpy().astype(np.float64))
    assert abs(chances.sum() - 1) < 1e-5
    assert chances.max() > 20 / len(chances)  # far from uniform


def test_samples_follow_the_probabilities():
    component, graphs = _component(True), _everything(True)
    edges, ops = (array.numpy() for array in component.sample(20_000, np.array([1, 2], np.int32)))
    number = {(row.tobytes(), op.tobytes()): k for k, (row, op) in enumerate(zip(*graphs))}
    seen = np.bincount([number[row.tobytes(), op.tobytes()] for row, op in zip(edges, ops)], minlength=len(number))
    expected = 20_000 * np.exp(component.log_prob(*graphs).numpy().astype(np.float64))
    rare = expected < 10
    seen = np.append(seen[~rare], seen[rare].sum())
    expected = np.append(expected[~rare], expected[rare].sum())
    assert len(seen) > 50
    assert stats.chisquare(seen, expected * seen.sum() / expected.sum()).pvalue > 1e-3


@pytest.mark.parametrize(("dtype", "tolerance"), [("float32", 1e-5), ("float64", 1e-10)])
@pytest.mark.parametrize("layers", [1, 3])
def test_sampler_and_teacher_forcing_say_the_same_of_each_node(layers, dtype, tolerance):
    network = _component(False, dtype, layers=layers).network
    edges, ops = (tf.constant(array) for array in _some(False, 50))
    together = network((edges, ops))
    cache = network.first_cache(50)
    for node in range(4):
        seen = tf.where(tf.range(4)[:, None] < node, edges, 0)  # the sampler has no later rows
        alone = network.step(seen, tf.where(tf.range(4) < node, ops, -1), tf.constant(node), cache)
        for name in ("mixture", "ops"):
            assert np.allclose(getattr(alone, name), getattr(together, name)[:, node], atol=tolerance), name
        assert np.allclose(alone.edges[..., :node], together.edges[:, node, :, :node], atol=tolerance)
        assert np.allclose(alone.labels[:, :node], together.labels[:, node, :node], atol=tolerance)
        seen = tf.where(tf.range(4)[:, None] <= node, edges, 0)
        cache = network.extend(seen, tf.where(tf.range(4) <= node, ops, -1), tf.constant(node), cache)


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
    component = _component(False, "float64", **options)
    edges, ops = _some(False, 20)
    slow = _Slow(component.network, RNNGeneratorConfig(**(SMALL | options)))
    expected = [slow.log_prob(*graph) for graph in zip(edges, ops)]
    assert np.ptp(expected) > 3
    assert np.allclose(component.log_prob(edges, ops), expected, atol=1e-9)


def test_the_constant_bounds_all_logits():
    edges, ops = _some(False, 20)
    bounded = _component(False, tanh_constant=1.5, temperature=0.01).network((edges, ops))
    plain = _component(False, tanh_constant=None, temperature=0.01).network((edges, ops))
    for name, bound in (("ops", 1.5), ("labels", 1.5), ("edges", 3.0)):
        largest = np.abs(getattr(bounded, name)).max()
        assert np.isclose(largest, bound, atol=1e-3) and largest <= bound + 1e-5, name
        assert np.abs(getattr(plain, name)).max() > 10 * bound, name


@pytest.mark.parametrize("limited", [False, True])
def test_gradients_match_finite_differences(limited):
    component = _component(limited, "float64")
    arrays = _some(limited, 20)
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
        slope = np.sum(way * gradient.numpy())
        assert slope != 0, variable.name
        assert np.isclose((sides[0] - sides[1]) / 2e-5, slope, rtol=1e-5, atol=1e-6), variable.name


def test_xla_equals_eager():
    generator = _generator("nasbench201")
    assert all(part.network.has_static_shapes for part in generator.components)
    arrays = generator.view.encode(generator.sample(10, seed=0))

    def value_and_gradients(arrays):
        with tf.GradientTape() as tape:
            logs = generator.log_prob_tensor(arrays)
        return logs, tape.gradient(logs, generator.trainable_variables)

    eager, eager_gradients = value_and_gradients(arrays)
    tensors = [tuple(map(tf.constant, part)) for part in arrays]
    compiled, gradients = tf.function(value_and_gradients, jit_compile=True)(tensors)
    assert np.allclose(eager, compiled, atol=1e-5)
    for one, other in zip(eager_gradients, gradients):
        assert np.allclose(one, other, atol=1e-4)


@pytest.mark.parametrize("name", SPACES)
def test_samples_of_spaces_are_members(name):
    generator = _generator(name)
    archs = generator.sample(20, seed=0)
    for arch in archs:
        generator.space.validate(arch)
    assert len(set(archs)) > 5  # many first draws of NAS-Bench-101 have one edge
    logs = generator.log_prob(archs)
    assert np.isfinite(logs).all() and (logs < 0).all()


def test_seeds_decide():
    generator = _generator()
    first = generator.sample(30, seed=3)
    assert first == generator.sample(30, seed=3) and first != generator.sample(30, seed=4)
    same, other = (RNNGenerator(generator.space, generator.config, seed=seed) for seed in (0, 1))
    assert all(np.array_equal(a, b) for a, b in zip(generator.get_weights(), same.get_weights()))
    assert not all(np.array_equal(a, b) for a, b in zip(generator.get_weights(), other.get_weights()))
    other.set_weights(generator.get_weights())
    assert all(a.tobytes() == b.tobytes() for a, b in zip(generator.get_weights(), other.get_weights()))
    assert other.sample(30, seed=3) == first


def test_first_weights_are_drawn_and_none_is_a_bias():
    generator = _generator()
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


def test_importing_the_generator_loads_no_tensorflow():
    code = "import tfnas.models.rnn, sys; print([m for m in ('tensorflow', 'tf_keras') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"

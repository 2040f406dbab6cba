"""`IndependentGenerator`: the probabilities of choices that know nothing of each other, in closed form."""

from __future__ import annotations

import functools
import itertools
import subprocess
import sys

import numpy as np
import pytest
from scipy import special, stats

import tfnas
from tests.unit.test_graphpnas_component import _everything, _rules
from tfnas.models.autoregressive import GeneratorConfig
from tfnas.models.autoregressive.component import ComponentGenerator, tf
from tfnas.models.independent import IndependentGenerator
from tfnas.models.independent.network import IndependentNetwork

SPACES = ("nasbench201", "nasbench101", "darts", "enas_macro", "randwire", "nasbench_macro")


@functools.cache
def _component(limited: bool, dtype: str = "float32") -> ComponentGenerator:
    rules = _rules(limited=limited)
    component = ComponentGenerator(rules, IndependentNetwork(rules, GeneratorConfig(dtype=dtype)))
    rng = np.random.default_rng(0)
    for variable in component.network.trainable_variables:
        variable.assign(rng.normal(0, 1, variable.shape))
    return component


@functools.cache
def _generator(name: str = "nasbench201") -> IndependentGenerator:
    return IndependentGenerator(tfnas.spaces.get(name))


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


@pytest.mark.parametrize("limited", [False, True])
def test_the_probability_is_a_product_of_choices(limited):
    component, rules = _component(limited, "float64"), _rules(limited=limited)
    ops, edges, labels = (variable.numpy() for variable in component.network.trainable_variables)
    ops, edges, labels = ops.reshape(4, 3), edges.reshape(4, 4), labels.reshape(4, 4, 2)
    found = []
    for graph, operators in zip(*_some(limited, 40)):
        total = 0.0
        for node in np.flatnonzero(operators >= 0):
            allowed = np.flatnonzero(rules.allowed[node])
            total += ops[node, operators[node]] - special.logsumexp(ops[node, allowed])
            free = np.flatnonzero(rules.free[node])
            weight = {
                bits: np.prod([special.expit(edges[node, j] * (2 * bit - 1)) for j, bit in zip(free, bits)])
                for bits in itertools.product((0, 1), repeat=len(free))
                if rules.low[node] <= sum(bits) <= rules.high[node]
            }
            total += np.log(weight[tuple((graph[node, free] > 0).astype(int))] / sum(weight.values()))
            for j in np.flatnonzero(graph[node]):
                total += labels[node, j, graph[node, j] - 1] - special.logsumexp(labels[node, j])
        found.append(total)
    assert np.allclose(component.log_prob(*_some(limited, 40)), found, atol=1e-9)


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


def test_sampler_and_teacher_forcing_say_the_same_of_each_node():
    network = _component(False, "float64").network
    edges, ops = (tf.constant(array) for array in _some(False, 5))
    together = network((edges, ops))
    for node in range(4):
        alone = network.step(tf.zeros_like(edges), tf.fill(ops.shape, -1), tf.constant(node), network.first_cache(5))
        for one, other in zip(alone, together):
            assert np.array_equal(one, other[:, node])


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


@pytest.mark.parametrize("name", ["nasbench201", "nasbench101,max_nodes=4"])
def test_xla_equals_eager(name):
    generator = _generator(name)
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
        assert np.allclose(one, other, atol=1e-5)


def test_the_start_is_uniform_over_each_choice():
    for name in ("nasbench201", "enas_macro", "nasbench_macro"):
        generator = _generator(name)
        assert not any(array.any() for array in generator.get_weights())
    nb201 = _generator().space
    archs = [nb201.from_operators(["none"] * k + ["skip_connect"] * (6 - k)) for k in range(7)]
    expected = [k * np.log(1 / 2) + (6 - k) * np.log(1 / 8) for k in range(7)]
    assert np.allclose(_generator().log_prob(archs), expected, atol=1e-5)
    for name in ("enas_macro", "nasbench_macro"):  # an operator a layer, and edges that are free
        generator = _generator(name)
        logs = generator.log_prob(generator.sample(5, seed=0))
        assert np.allclose(logs, -np.log(float(generator.space.size)), rtol=1e-5)


@pytest.mark.parametrize("name", SPACES)
def test_samples_of_spaces_are_members(name):
    generator = _generator(name)
    archs = generator.sample(20, seed=0)
    for arch in archs:
        generator.space.validate(arch)
    assert len(set(archs)) > 5  # many first draws of NAS-Bench-101 have one edge
    logs = generator.log_prob(archs)
    assert np.isfinite(logs).all() and (logs < 0).all()


def test_weights_come_back_and_draw_the_same():
    one, other = (IndependentGenerator(tfnas.spaces.get("nasbench201"), seed=seed) for seed in (0, 1))
    plain = one.sample(30, seed=3)
    assert plain == other.sample(30, seed=3) and plain != one.sample(30, seed=4)
    rng = np.random.default_rng(0)
    weights = [rng.normal(size=array.shape).astype(array.dtype) for array in one.get_weights()]
    one.set_weights(weights)
    other.set_weights(one.get_weights())
    assert all(a.tobytes() == b.tobytes() for a, b in zip(weights, other.get_weights()))
    assert one.sample(30, seed=3) == other.sample(30, seed=3) != plain


def test_importing_the_generator_loads_no_tensorflow():
    code = "import tfnas.models.independent, sys; print([m for m in ('tensorflow', 'tf_keras') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"

"""What is particular to `IndependentGenerator`: probabilities in closed form, and a start that is uniform."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from scipy import special

from tests.conformance.generators import component, eagerly, fresh, rules, some

SPACES = ("nasbench201", "enas_macro,layers=3", "nasbench_macro")


@pytest.mark.parametrize("limited", [False, True])
def test_the_probability_is_a_product_of_choices(limited):
    part, of = component("independent", limited), rules(limited)
    ops, edges, labels = (variable.numpy() for variable in part.network.trainable_variables)
    ops, edges, labels = ops.reshape(4, -1), edges.reshape(4, 4), labels.reshape(4, 4, 2)
    found = []
    for graph, operators in zip(*some(of, 40)):
        total = 0.0
        for node in np.flatnonzero(operators >= 0):
            allowed = np.flatnonzero(of.allowed[node])
            total += ops[node, operators[node]] - special.logsumexp(ops[node, allowed])
            free = np.flatnonzero(of.free[node])
            weight = {
                bits: np.prod([special.expit(edges[node, j] * (2 * bit - 1)) for j, bit in zip(free, bits)])
                for bits in itertools.product((0, 1), repeat=len(free))
                if of.low[node] <= sum(bits) <= of.high[node]
            }
            total += np.log(weight[tuple((graph[node, free] > 0).astype(int))] / sum(weight.values()))
            for j in np.flatnonzero(graph[node]):
                total += labels[node, j, graph[node, j] - 1] - special.logsumexp(labels[node, j])
        found.append(total)
    assert np.allclose(part.log_prob_tensor(*some(of, 40)), found, atol=1e-9)


def test_the_start_is_uniform_over_each_choice():
    """Whatever the seed."""
    nasbench201, enas, macro = (fresh("independent", name, seed=1) for name in SPACES)
    assert not any(array.any() for one in (nasbench201, enas, macro) for array in one.get_weights())
    from_operators = nasbench201.space.from_operators
    archs = [from_operators(["none"] * k + ["skip_connect"] * (6 - k)) for k in range(7)]
    expected = [k * np.log(1 / 2) + (6 - k) * np.log(1 / 8) for k in range(7)]
    with eagerly():
        assert np.allclose(nasbench201.log_prob(archs), expected, atol=1e-5)
        for one in (enas, macro):  # an operator a layer, and edges that are free
            logs = one.log_prob(one.sample(5, seed=0))
            assert np.allclose(logs, -np.log(float(one.space.size)), rtol=1e-5)

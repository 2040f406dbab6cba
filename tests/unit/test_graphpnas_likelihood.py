"""The distribution of one node, against sums over everything that can be drawn."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from scipy import stats

from tfnas.models.autoregressive.likelihood import EdgesIn, Limits, NodeDistribution, Parameters, tf

EVENTS = np.array(list(itertools.product([0.0, 1.0], repeat=5)))
LOGITS = np.random.default_rng(0).normal(0, 2, (3, 5))
FORCED = np.array([False, True, False, False, False])
FREE = np.array([True, False, True, True, False])


def _by_hand(low: int, high: int) -> np.ndarray:
    """Probabilities of all 32 events, for each row of logits: conditioned by summing over the events."""
    p = 1 / (1 + np.exp(-LOGITS))
    each = np.where(FREE, np.where(EVENTS[:, None] > 0, p, 1 - p), EVENTS[:, None] == FORCED).prod(-1)
    count = (EVENTS * FREE).sum(1)
    each = np.where(((count >= low) & (count <= high))[:, None], each, 0)
    return each / each.sum(0)


def _possible() -> np.ndarray:
    return (np.where(FREE, FORCED, EVENTS > 0) == FORCED).all(1)


@pytest.mark.parametrize(("low", "high"), [(0, 3), (1, 1), (2, 2), (0, 1), (2, 3), (3, 3), (0, 0)])
def test_edges_are_bernoullis_conditioned_on_their_number(low, high):
    limit = None if (low, high) == (0, 3) else 4
    edges = EdgesIn(LOGITS, FORCED[None], FREE[None], np.int32([low]), np.int32([high]), limit)
    found = np.exp(edges.log_prob(EVENTS[:, None]).numpy())
    expected = _by_hand(low, high)
    inside = _possible() & (expected[:, 0] > 0)
    assert np.allclose(found[inside], expected[inside], rtol=1e-9)
    assert np.allclose(found[inside].sum(0), 1)
    drawn = edges.sample(4000, seed=[0, 1]).numpy()
    assert drawn.shape == (4000, 3, 5)
    index = (drawn @ (2 ** np.arange(5)[::-1])).astype(int)
    for row in range(3):
        seen = np.bincount(index[:, row], minlength=32)
        assert not seen[~inside].any()
        if inside.sum() > 1:
            assert stats.chisquare(seen[inside], 4000 * expected[inside, row]).pvalue > 1e-3


def test_conditioning_has_finite_gradients():
    logits = tf.constant(LOGITS)
    with tf.GradientTape() as tape:
        tape.watch(logits)
        edges = EdgesIn(logits, FORCED[None], FREE[None], np.int32([1]), np.int32([1]), 1)
        value = tf.reduce_sum(edges.log_prob(np.array([0.0, 1.0, 1.0, 0.0, 0.0])))
    gradient = tape.gradient(value, logits).numpy()
    # One of three: a softmax of the logits.
    chance = np.where(FREE, np.exp(LOGITS), 0)
    chance /= chance.sum(1, keepdims=True)
    assert np.allclose(gradient, np.eye(5)[2] - chance)


def _node(rng: np.random.Generator, low: int, high: int, largest: int | None):
    parameters = Parameters(
        rng.normal(size=(1, 2)), rng.normal(size=(1, 2, 3)), rng.normal(size=(1, 3, 2)), rng.normal(size=(1, 3))
    )
    limits = Limits(
        np.array([True, False, True]),
        np.array([True, False, False]),
        np.array([False, True, True]),
        np.int32(low),
        np.int32(high),
    )
    return parameters, NodeDistribution(parameters, Limits(*map(tf.constant, limits)), largest)


@pytest.mark.parametrize(("low", "high", "largest"), [(0, 2, None), (1, 1, 1), (1, 2, 2)])
def test_a_node_sums_to_one_and_is_equations_2_and_3(low, high, largest):
    parameters, node = _node(np.random.default_rng(1), low, high, largest)
    rows = [
        row
        for row in itertools.product(range(3), repeat=3)
        if row[0] > 0 and low <= (np.array(row[1:]) > 0).sum() <= high
    ]
    cases = [(op, row) for op in (0, 2) for row in rows]
    found = np.exp(node.log_prob(np.array([op for op, _ in cases]), np.array([row for _, row in cases])).numpy())
    assert np.isclose(found.sum(), 1, atol=1e-9)

    alpha = np.exp(parameters.mixture[0]) / np.exp(parameters.mixture[0]).sum()
    theta = 1 / (1 + np.exp(-parameters.edges[0]))
    label = np.exp(parameters.labels[0]) / np.exp(parameters.labels[0]).sum(1, keepdims=True)
    beta = np.exp(parameters.ops[0, [0, 2]]) / np.exp(parameters.ops[0, [0, 2]]).sum()

    def weight(k: int, there) -> float:
        return np.prod([theta[k, j] if there[j] else 1 - theta[k, j] for j in (1, 2)])

    patterns = [(1, a, b) for a in (0, 1) for b in (0, 1) if low <= a + b <= high]
    inside = [sum(weight(k, pattern) for pattern in patterns) for k in (0, 1)]
    for value, (op, row) in zip(found, cases):
        there = [int(entry > 0) for entry in row]
        edges = sum(alpha[k] * weight(k, there) / inside[k] for k in (0, 1))
        labels = np.prod([label[j, row[j] - 1] for j in range(3) if row[j]])
        assert np.isclose(value, beta[op // 2] * edges * labels, rtol=1e-9)


def test_a_node_draws_what_it_says():
    parameters, _ = _node(np.random.default_rng(1), 1, 2, 2)
    many = Parameters(*(np.repeat(array, 20_000, 0) for array in parameters))
    _, one = _node(np.random.default_rng(1), 1, 2, 2)
    rules = Limits(
        tf.constant([True, False, True]),
        tf.constant([True, False, False]),
        tf.constant([False, True, True]),
        tf.constant(1),
        tf.constant(2),
    )
    ops, rows = (array.numpy() for array in NodeDistribution(many, rules, 2).sample([3, 4]))
    cases, seen = np.unique(np.column_stack([ops, rows]), axis=0, return_counts=True)
    chance = np.exp(one.log_prob(cases[:, 0], cases[:, 1:]).numpy())
    assert np.isclose(chance.sum(), 1)
    assert stats.chisquare(seen, 20_000 * chance).pvalue > 1e-3


def test_shares_weigh_the_parts_of_the_logarithm():
    parameters, node = _node(np.random.default_rng(1), 1, 2, 2)
    op, row = np.array([2, 0]), np.array([[1, 2, 0], [2, 1, 2]])
    parts = [node.log_prob(op, row, tuple(float(k == part) for k in range(3))).numpy() for part in range(3)]
    assert np.allclose(sum(parts), node.log_prob(op, row))
    labels = parameters.labels[0] - np.log(np.exp(parameters.labels[0]).sum(1, keepdims=True))
    assert np.allclose(parts[2], [labels[0, 0] + labels[1, 1], labels[0, 1] + labels[1, 0] + labels[2, 1]])
    assert np.allclose(node.log_prob(op, row, (2.0, 0.5, 1.0)), 2 * parts[0] + 0.5 * parts[1] + parts[2])

"""Every learned generator: probabilities that add up, samples that follow them, gradients, members, weights, seeds."""

from __future__ import annotations

import dataclasses
import itertools
import subprocess
import sys

import numpy as np
import pytest
from scipy import stats

import tfnas
from tests.conformance.generators import (
    KINDS,
    chances,
    check_steps_agree,
    component,
    eagerly,
    everything,
    fresh,
    generator,
    made,
    rules,
    some,
)
from tfnas.errors import ConfigError, InvalidArchitectureError, SearchError, StateError
from tfnas.models.autoregressive.component import tf
from tfnas.models.autoregressive.rules import Total

every_kind = pytest.mark.parametrize("kind", KINDS)


@every_kind
def test_probabilities_add_up_to_one(kind):
    graphs = everything(rules(limited=True))
    assert rules(limited=True).admit(*graphs).all()
    found = chances(component(kind, True).log_prob(*graphs))
    assert abs(found.sum() - 1) < 1e-9
    assert found.max() > KINDS[kind].peak / len(found)


@every_kind
def test_probabilities_add_up_to_one_without_limits(kind):
    graphs = everything(rules(limited=False))
    assert len(graphs.ops) == 2**4 * 3**6 and rules(limited=False).admit(*graphs).all()
    found = chances(component(kind, False).log_prob_tensor(*graphs))
    assert abs(found.sum() - 1) < 1e-9
    assert found.max() > KINDS[kind].peak / len(found)


@every_kind
def test_samples_follow_the_probabilities(kind):
    """Also in single precision, and next to double precision; and one trace whatever the number of graphs."""
    part, graphs = component(kind, True, dtype="float32"), everything(rules(limited=True))
    edges, ops = (array.numpy() for array in part.sample(20_000, np.array([1, 2], np.int32)))
    number = {(row.tobytes(), op.tobytes()): k for k, (row, op) in enumerate(zip(*graphs))}
    seen = np.bincount([number[row.tobytes(), op.tobytes()] for row, op in zip(edges, ops)], minlength=len(number))
    logs, double = part.log_prob_tensor(*graphs).numpy(), component(kind, True)
    assert logs.dtype == np.float32 and abs(chances(logs).sum() - 1) < 1e-5
    assert np.allclose(logs, double.log_prob(*graphs), atol=1e-4)
    expected = 20_000 * chances(logs)
    rare = expected < 10
    seen = np.append(seen[~rare], seen[rare].sum())
    expected = np.append(expected[~rare], expected[rare].sum())
    assert len(seen) > 50
    assert stats.chisquare(seen, expected * seen.sum() / expected.sum()).pvalue > 1e-3
    for count in (1, 3):
        assert len(part.sample(count, np.array([1, 2], np.int32))[1]) == count
        few = some(rules(limited=True), count)
        assert np.allclose(double.log_prob(*few), double.log_prob_tensor(*few))
    assert part._sample.experimental_get_tracing_count() == double._log_prob.experimental_get_tracing_count() == 1


@every_kind
def test_sampler_and_teacher_forcing_say_the_same_of_each_node(kind):
    check_steps_agree(component(kind, False).network, some(rules(limited=False), 50), 1e-12)


# Limits are no business of a network: without them one kind is enough.
@pytest.mark.parametrize(("kind", "limited"), [*((kind, True) for kind in KINDS), ("independent", False)])
def test_gradients_match_finite_differences(kind, limited):
    part, graphs = component(kind, limited), some(rules(limited), 20)
    variables = part.network.trainable_variables
    with tf.GradientTape() as tape:
        value = tf.reduce_sum(part.log_prob_tensor(*graphs))
    gradients = tape.gradient(value, variables)
    rng = np.random.default_rng(3)
    for variable, gradient in zip(variables, gradients, strict=True):
        way, old = rng.normal(size=variable.shape), variable.numpy()
        sides = []
        for step in (1e-5, -1e-5):
            variable.assign(old + step * way)
            sides.append(float(tf.reduce_sum(part.log_prob(*graphs))))
        variable.assign(old)
        slope = np.sum(way * gradient.numpy())
        assert slope != 0, variable.name
        assert np.isclose((sides[0] - sides[1]) / 2e-5, slope, rtol=1e-5, atol=1e-6), variable.name


@pytest.mark.parametrize(("kind", "limited"), [("rnn", False), ("independent", True)])
def test_xla_equals_eager(kind, limited):
    """The network of GraphPNAS is compiled by the tests of learning."""
    part = component(kind, limited)
    assert part.network.has_static_shapes

    def value_and_gradients(edges, ops):
        with tf.GradientTape() as tape:
            logs = part.log_prob_tensor(edges, ops)
        return logs, tape.gradient(logs, part.network.trainable_variables)

    tensors = [tf.constant(array) for array in some(rules(limited), 10)]
    eager, eager_gradients = value_and_gradients(*tensors)
    compiled, gradients = tf.function(value_and_gradients, jit_compile=True)(*tensors)
    assert np.allclose(eager, compiled, rtol=1e-9, atol=1e-9)
    for one, other in zip(eager_gradients, gradients, strict=True):
        assert np.allclose(one, other, rtol=1e-9, atol=1e-9)


def test_a_total_is_met_by_every_draw_and_probabilities_still_add_up():
    """Three nodes must have operator 1; one of an earlier component has it, so two of these four."""
    total = Total(np.array([False, True, False]), 3, np.array([3, 2, 1, 0], np.int32))
    allowed, ends = np.ones((4, 3), bool), np.zeros(3, bool)
    three = dataclasses.replace(rules(limited=False), allowed=allowed, ends=ends, labels=1)
    part = made("independent", dataclasses.replace(three, totals=(total,)))
    graphs = everything(three)
    kept = (graphs.ops == 1).sum(1) == 2
    found = chances(part.log_prob(*graphs, np.ones((len(graphs.ops), 1), np.int32)))
    assert abs(found[kept].sum() - 1) < 1e-9 and found[~kept].max() == 0
    _, ops = part.sample(500, np.array([1, 2], np.int32), np.ones((500, 1), np.int32))
    assert ((ops.numpy() == 1).sum(1) == 2).all()
    assert part.used(ops, np.ones((500, 1), np.int32)).numpy().tolist() == [[3]] * 500


@every_kind
def test_a_space_adds_up_to_one(kind):
    """One whose edges have no labels, in single precision."""
    owner = generator(kind)
    space = owner.space
    members = [
        space.from_layers(ops, [(), bits[:1], bits[1:]])
        for ops in itertools.product(space.op_names[1:-1], repeat=3)
        for bits in itertools.product((0, 1), repeat=3)
    ]
    assert len(set(members)) == space.size
    with eagerly():
        logs = owner.log_prob(members)
    assert logs.dtype == np.float64 and abs(np.exp(logs).sum() - 1) < 1e-5


PAIRS = [
    ("independent", "darts,shared=True"),
    *itertools.product(["causal", "rnn", "independent"], ["randwire,nodes=4", "ghn_block,nodes=2"]),
    *itertools.product(["rnn", "independent"], ["nasbench201", "nasbench101,max_nodes=4", "nasbench_macro"]),
]


@pytest.mark.parametrize(("kind", "space"), PAIRS)
def test_samples_of_spaces_are_members(kind, space):
    owner = fresh(kind, space)
    with eagerly():
        archs = owner.sample(20, seed=0)
        logs = owner.log_prob(archs)
    for arch in archs:
        owner.space.validate(arch)
    assert len(set(archs)) > 5  # many first draws of NAS-Bench-101 have one edge
    assert np.isfinite(logs).all() and (logs < 0).all()
    assert owner.rejections == 0 or space.startswith("nasbench101")  # all rules of the others are local


def test_what_is_no_member_is_rejected_and_counted():
    owner = fresh("independent", "nasbench101,max_nodes=4")
    with eagerly():
        archs = owner.sample(300, seed=0)
        logs = owner.log_prob(list(owner.space.enumerate()))
    for arch in archs:
        owner.space.validate(arch)
    # log_prob is that of the process without rejection: members have the share of draws that are kept.
    share = np.exp(logs).sum()
    assert 0 < share < 1
    assert stats.binomtest(300, 300 + owner.rejections, share).pvalue > 1e-3
    before = owner.rejections
    with eagerly():
        owner.sample(10, seed=1)
    assert owner.rejections > before


def test_sampling_gives_up_where_nothing_can_be_drawn(monkeypatch):
    owner = fresh("independent", "nasbench101,max_nodes=4")
    monkeypatch.setattr(owner.view, "decode", lambda arrays: [None] * len(arrays[0].ops))
    with pytest.raises(SearchError, match="a member among 20000 draws in a row"):
        owner.sample(1, seed=0)
    assert owner.rejections >= 20_000
    (part,) = owner.components
    assert part._sample.experimental_get_tracing_count() == 1  # of one draw, and of thousands


@pytest.mark.parametrize("kind", ["causal", "rnn", "independent"])
def test_seeds_decide(kind):
    owner = generator(kind)
    first, same, other = (fresh(kind, seed=seed) for seed in (0, 0, 1))
    weights = first.get_weights()
    assert _equal(weights, same.get_weights())
    assert _equal(weights, other.get_weights()) == (not any(array.any() for array in weights))
    other.set_weights(owner.get_weights())
    assert _equal(owner.get_weights(), other.get_weights())
    with eagerly():
        drawn = owner.sample(30, seed=3)
        assert other.sample(30, seed=4) != drawn
        assert other.sample(30, seed=3) == drawn
    assert set(map(owner.space.validate, drawn)) == {None}


def _equal(some, others) -> bool:
    return all(one.tobytes() == other.tobytes() for one, other in zip(some, others, strict=True))


@every_kind
def test_weights_that_do_not_fit_change_nothing(kind):
    owner = generator(kind)
    weights = owner.get_weights()
    for wrong in (weights[:-1], [*weights[:-1], weights[-1].astype(np.float64)], [weights[0][..., :-1], *weights[1:]]):
        with pytest.raises(StateError, match="weights of a generator for enas_macro"):
            owner.set_weights([array + 1 for array in wrong])
    assert _equal(weights, owner.get_weights())


@every_kind
def test_wrong_arguments(kind):
    owner = generator(kind)
    with pytest.raises(ConfigError, match="n: expected"):
        owner.sample(0, seed=0)
    with pytest.raises(ConfigError, match="seed: expected"):
        owner.sample(1, seed=-1)
    with pytest.raises(ConfigError, match="seed: expected"):
        type(owner)(owner.space, seed=0.5)
    with pytest.raises(InvalidArchitectureError):
        owner.log_prob([tfnas.spaces.get("enas_macro").sample(np.random.default_rng(0))])


def test_importing_generators_loads_no_tensorflow():
    code = (
        "import sys, tfnas.models.graphpnas, tfnas.models.rnn, tfnas.models.independent;"
        "print([m for m in ('tensorflow', 'tf_keras') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"

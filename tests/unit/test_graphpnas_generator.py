"""`GraphGenerator` on spaces: members, seeds, weights, training, rejections, components."""

from __future__ import annotations

import functools
import itertools

import numpy as np
import pytest
from scipy import stats

import tfnas
from tfnas.blueprints.darts import OPERATORS
from tfnas.errors import ConfigError, InvalidArchitectureError, SearchError, StateError
from tfnas.models.autoregressive import ComponentArrays
from tfnas.models.autoregressive.component import tf
from tfnas.models.graphpnas import GraphGenerator, GraphGeneratorConfig

SMALL = {"mixture": 3, "steps": 2, "hidden": 8, "message": 6}


@functools.cache
def _generator(name: str = "nasbench201", seed: int = 0, **options) -> GraphGenerator:
    return GraphGenerator(tfnas.spaces.get(name), GraphGeneratorConfig(**(SMALL | options)), seed=seed)


@pytest.mark.parametrize("options", [{}, {"messages": "prefix"}, {"view": "nodes"}], ids=str)
def test_nasbench201_adds_up_to_one(options):
    generator = _generator(**options)
    chances = np.exp(generator.log_prob(list(generator.space.enumerate())))
    assert len(chances) == 15_625 and chances.dtype == np.float64
    assert abs(chances.sum() - 1) < 1e-5


@pytest.mark.parametrize("messages", ["causal", "prefix"])
def test_enas_adds_up_to_one(messages):
    generator = _generator("enas_macro,layers=3", messages=messages)
    space = generator.space
    members = [
        space.from_layers(ops, [(), bits[:1], bits[1:]])
        for ops in itertools.product(space.op_names[1:-1], repeat=3)
        for bits in itertools.product((0, 1), repeat=3)
    ]
    assert len(set(members)) == space.size
    assert abs(np.exp(generator.log_prob(members)).sum() - 1) < 1e-5


def test_eager_equals_graph():
    generator = _generator()
    rng = np.random.default_rng(0)
    archs = [generator.space.sample(rng) for _ in range(10)]
    eager = generator.log_prob_tensor(generator.view.encode(archs)).numpy()
    assert np.allclose(eager, generator.log_prob(archs), atol=1e-5)


def test_one_trace_whatever_the_number_of_graphs():
    generator = _generator(seed=5)
    for count in (1, 3, 17):
        generator.log_prob(generator.sample(count, seed=count))
    (part,) = generator._components
    assert part._log_prob.experimental_get_tracing_count() == 1
    assert part._sample.experimental_get_tracing_count() == 1


def test_training_raises_the_probability_and_traces_once():
    generator = GraphGenerator(tfnas.spaces.get("nasbench201"), GraphGeneratorConfig(**SMALL), seed=1)
    target = next(generator.space.enumerate())
    arrays = generator.view.encode([target] * 4)

    @tf.function
    def step(arrays):
        with tf.GradientTape() as tape:
            loss = -tf.reduce_mean(generator.log_prob_tensor(arrays))
        for variable, gradient in zip(
            generator.trainable_variables, tape.gradient(loss, generator.trainable_variables)
        ):
            variable.assign_sub(0.05 * gradient)
        return loss

    losses = [float(step([ComponentArrays(*map(tf.constant, part)) for part in arrays])) for _ in range(30)]
    assert losses[-1] < losses[0] - 2
    assert step.experimental_get_tracing_count() == 1
    assert generator.log_prob([target])[0] > -losses[0] + 2
    assert generator.mode(samples=200)[0] == target


def test_seeds_decide():
    generator = _generator()
    first = generator.sample(30, seed=3)
    assert first == generator.sample(30, seed=3) and first != generator.sample(30, seed=4)
    same, other = (GraphGenerator(generator.space, GraphGeneratorConfig(**SMALL), seed=seed) for seed in (0, 1))
    assert all(np.array_equal(a, b) for a, b in zip(generator.get_weights(), same.get_weights()))
    assert not all(np.array_equal(a, b) for a, b in zip(generator.get_weights(), other.get_weights()))
    other.set_weights(generator.get_weights())
    assert all(np.array_equal(a, b) for a, b in zip(generator.get_weights(), other.get_weights()))
    assert other.sample(30, seed=3) == first


def test_weights_that_do_not_fit_change_nothing():
    generator = _generator()
    weights = generator.get_weights()
    for wrong in (weights[:-1], [*weights[:-1], weights[-1].astype(np.float64)], [weights[0][..., :-1], *weights[1:]]):
        with pytest.raises(StateError, match="weights of a generator for nasbench201"):
            generator.set_weights([array + 1 for array in wrong])
    assert all(np.array_equal(a, b) for a, b in zip(weights, generator.get_weights()))


def test_the_entropy_is_that_of_all_members():
    generator = _generator()
    logs = generator.log_prob(list(generator.space.enumerate()))
    estimate, error = generator.entropy(2000, seed=0)
    assert abs(estimate + (np.exp(logs) * logs).sum()) < 4 * error


def test_what_is_no_member_is_rejected_and_counted():
    generator = GraphGenerator(tfnas.spaces.get("nasbench101,max_nodes=4"), GraphGeneratorConfig(**SMALL), seed=0)
    archs = generator.sample(300, seed=0)
    for arch in archs:
        generator.space.validate(arch)
    # log_prob is that of the process without rejection: members have the share of draws that are kept.
    share = np.exp(generator.log_prob(list(generator.space.enumerate()))).sum()
    assert 0 < share < 1
    assert stats.binomtest(300, 300 + generator.rejections, share).pvalue > 1e-3
    before = generator.rejections
    generator.sample(10, seed=1)
    assert generator.rejections > before


def test_local_rules_need_no_rejection():
    for name in ("randwire,nodes=4", "ghn_block,nodes=3", "darts,shared=True"):
        generator = _generator(name)
        for arch in generator.sample(50, seed=0):
            generator.space.validate(arch)
        assert generator.rejections == 0


def test_darts_cells_are_independent_components():
    generator = _generator("darts", labels=OPERATORS[1:], in_degree=(2, 2))
    space = generator.space
    archs = generator.sample(20, seed=0)
    for arch in archs:
        space.validate(arch)
    assert generator.rejections == 0 and len(set(archs)) == 20
    (a, b), (c, d) = space.cells(archs[0]), space.cells(archs[1])
    logs = generator.log_prob([space.from_cells(*pair) for pair in ((a, b), (c, d), (a, d), (c, b))])
    assert np.isclose(logs[0] + logs[1], logs[2] + logs[3], atol=1e-3)
    normal, reduction = space.from_cells(a, a), space.from_cells(b, b)
    assert not np.isclose(*generator.log_prob([normal, reduction]))


def test_members_that_cannot_be_drawn_have_probability_zero():
    generator = _generator("darts", labels=OPERATORS[1:], in_degree=(2, 2))
    space = generator.space
    usual = generator.sample(1, seed=0)[0]
    normal, reduction = space.cells(usual)
    odd = space.from_cells((("none", 0), *normal[1:]), reduction)
    logs = generator.log_prob([odd, usual])
    assert logs[0] == -np.inf and np.isfinite(logs[1])
    assert generator.log_prob([odd]).tolist() == [-np.inf]
    assert generator.log_prob([]).shape == (0,)


def test_sampling_gives_up_where_nothing_can_be_drawn(monkeypatch):
    generator = GraphGenerator(tfnas.spaces.get("nasbench101"), GraphGeneratorConfig(**SMALL), seed=0)
    monkeypatch.setattr(generator.view, "decode", lambda arrays: [None] * len(arrays[0].ops))
    with pytest.raises(SearchError, match="a member among 20000 draws in a row"):
        generator.sample(1, seed=0)
    assert generator.rejections >= 20_000


def test_wrong_arguments():
    generator = _generator()
    with pytest.raises(ConfigError, match="n: expected"):
        generator.sample(0, seed=0)
    with pytest.raises(ConfigError, match="seed: expected"):
        generator.sample(1, seed=-1)
    with pytest.raises(ConfigError, match="seed: expected"):
        GraphGenerator(generator.space, seed=0.5)
    with pytest.raises(InvalidArchitectureError):
        generator.log_prob([tfnas.spaces.get("enas_macro").sample(np.random.default_rng(0))])


def test_totals_over_all_components_are_kept_and_add_up():
    """Exits of `ghn_anytime`: so many in all cells together, whoever has them."""
    space = tfnas.spaces.get("ghn_anytime,nodes1=3,nodes2=2,nodes3=2,exits=3")
    generator = GraphGenerator(space, GraphGeneratorConfig(mixture=2, steps=1, hidden=4, message=4), seed=0)
    drawn = generator.sample(300, seed=1)
    for arch in drawn:
        space.validate(arch)
    assert generator.rejections == 0
    assert len({dict(arch.attrs)["exit"] for arch in drawn}) > 10
    # one by one and all together, teacher forcing says the same
    one_by_one = [generator.log_prob([arch])[0] for arch in drawn[:5]]
    assert np.allclose(generator.log_prob(drawn[:5]), one_by_one, atol=1e-4) and np.isfinite(one_by_one).all()

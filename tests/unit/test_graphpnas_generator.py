"""`GraphGenerator` on spaces: views and options of the edge-labelled one, training, components, totals."""

from __future__ import annotations

import functools

import numpy as np
import pytest

import tfnas
from tests.conformance.generators import eagerly
from tfnas.blueprints.darts import OPERATORS
from tfnas.models.autoregressive import ComponentArrays
from tfnas.models.autoregressive.component import tf
from tfnas.models.graphpnas import GraphGenerator, GraphGeneratorConfig

SMALL = {"mixture": 3, "steps": 2, "hidden": 8, "message": 6}


@functools.cache
def _generator(name: str = "nasbench201", seed: int = 0, **options) -> GraphGenerator:
    return GraphGenerator(tfnas.spaces.get(name), GraphGeneratorConfig(**(SMALL | options)), seed=seed)


@pytest.mark.parametrize("options", [{}, {"view": "nodes"}], ids=str)
def test_nasbench201_adds_up_to_one_and_has_the_entropy_of_all_members(options):
    generator = _generator(**options)
    logs = generator.log_prob(list(generator.space.enumerate()))
    assert len(logs) == 15_625 and logs.dtype == np.float64
    assert abs(np.exp(logs).sum() - 1) < 1e-5
    (part,) = generator.components
    assert part._log_prob.experimental_get_tracing_count() == 1  # of chunks of any size
    if not options:
        with eagerly():
            estimate, error = generator.entropy(2000, seed=0)
        assert abs(estimate + (np.exp(logs) * logs).sum()) < 4 * error


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
    with eagerly():
        assert generator.log_prob([target])[0] > -losses[0] + 2
        assert generator.mode(samples=200)[0] == target


def test_darts_cells_are_independent_components_and_what_cannot_be_drawn_has_probability_zero():
    generator = _generator("darts", labels=OPERATORS[1:], in_degree=(2, 2))
    space = generator.space
    with eagerly():
        archs = generator.sample(20, seed=0)
    for arch in archs:
        space.validate(arch)
    assert generator.rejections == 0 and len(set(archs)) == 20
    (a, b), (c, d) = space.cells(archs[0]), space.cells(archs[1])
    crossed = [space.from_cells(*pair) for pair in ((a, b), (c, d), (a, d), (c, b))]
    normal, reduction = space.from_cells(a, a), space.from_cells(b, b)
    odd = space.from_cells((("none", 0), *a[1:]), b)
    with eagerly():
        logs = generator.log_prob([*crossed, normal, reduction, odd])
        alone, none = generator.log_prob([odd]), generator.log_prob([])
    assert np.isclose(logs[0] + logs[1], logs[2] + logs[3], atol=1e-3)
    assert not np.isclose(logs[4], logs[5])
    # a member that cannot be drawn
    assert np.isfinite(logs[:-1]).all() and logs[-1] == -np.inf
    assert alone.tolist() == [-np.inf] and none.shape == (0,)


def test_totals_over_all_components_are_kept_and_add_up():
    """Exits of `ghn_anytime`: so many in all cells together, whoever has them."""
    space = tfnas.spaces.get("ghn_anytime,nodes1=3,nodes2=2,nodes3=2,exits=3")
    generator = GraphGenerator(space, GraphGeneratorConfig(mixture=2, steps=1, hidden=4, message=4), seed=0)
    with eagerly():
        drawn = generator.sample(300, seed=1)
        # one by one and all together, teacher forcing says the same
        one_by_one, together = [generator.log_prob([arch])[0] for arch in drawn[:2]], generator.log_prob(drawn[:2])
    for arch in drawn:
        space.validate(arch)
    assert generator.rejections == 0
    assert len({dict(arch.attrs)["exit"] for arch in drawn}) > 10
    assert np.allclose(together, one_by_one, atol=1e-4) and np.isfinite(one_by_one).all()

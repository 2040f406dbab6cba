"""Learning: one step against NumPy's Adam, a bandit, and every way in which a fit can have nothing to learn."""

from __future__ import annotations

import dataclasses
import functools
import itertools

import numpy as np
import pytest

from tests.conformance.generators import eagerly
from tests.unit.test_reinforce_replay import networks
from tfnas import spaces
from tfnas.blueprints.darts import OPERATORS
from tfnas.errors import ConfigError, InvalidArchitectureError, StateError
from tfnas.models.autoregressive import GeneratorConfig
from tfnas.models.graphpnas import GraphGenerator, GraphGeneratorConfig
from tfnas.models.independent import IndependentGenerator
from tfnas.models.reinforce import LearningConfig
from tfnas.models.reinforce.learner import Learner, _batches
from tfnas.models.reinforce.rewards import standardised

SPACE = spaces.get("nasbench201")
SMALL = {"mixture": 2, "steps": 1, "hidden": 8, "message": 8}


def _learner(**options) -> Learner:
    """The one learner of most tests: what it traced serves all options of when to begin anew, and for how long."""
    learner = _shared()
    learner.config = dataclasses.replace(learner.config, **{"batch": 2, "restart": True, **options})
    return learner


@functools.cache
def _shared() -> Learner:
    return Learner(GraphGenerator(SPACE, GraphGeneratorConfig(**SMALL)), LearningConfig(rate=1e-2, xla=False))


def _bits(learner: Learner) -> bytes:
    state = learner.get_state()
    return b"".join(array.tobytes() for array in (*state["weights"], *state["optimizer"]))


def test_one_step_is_adams():
    """Against gradients by finite differences of the objective, computed in NumPy from log-probabilities."""
    config = LearningConfig(rate=1e-2, epochs=1, batch=8, beta=0.3, restart=False, xla=False)
    learner = Learner(GraphGenerator(SPACE, GraphGeneratorConfig(**SMALL, dtype="float64")), config)
    generator = learner.generator
    archs, values = networks(3), [0.2, 0.5, 0.9]
    rewards = standardised(values)
    rng = np.random.default_rng(0)  # away from biases of zero, where ReLU has no slope
    generator.set_weights([array + rng.normal(0, 0.1, array.shape) for array in generator.get_weights()])
    before = generator.get_weights()

    def objective() -> float:
        log_prob = generator.log_prob(archs)
        decisions = generator.view.decisions(generator.view.encode(archs))
        bad = 0.3 * np.abs(rewards) * np.log1p(-np.exp(log_prob / decisions))
        return float(np.mean(np.where(rewards >= 0, rewards * log_prob, bad)))

    variables = list(generator.trainable_variables)
    gradients = [np.zeros(variable.shape) for variable in variables]
    for variable, gradient in zip(variables, gradients):
        for place in itertools.product(*map(range, variable.shape)):
            if np.random.default_rng(sum(place)).random() > 0.02 and variable.shape.num_elements() > 20:
                continue
            value, sides = variable.numpy(), []
            for sign in (1, -1):
                moved = value.copy()
                moved[place] += sign * 1e-6
                variable.assign(moved)
                sides.append(objective())
            variable.assign(value)
            gradient[place] = (sides[0] - sides[1]) / 2e-6
    fit = learner.fit(archs, values, seed=0)
    assert fit.steps == 1 and fit.learned == 3
    assert abs(fit.objective - _value_at(generator, before, objective)) < 1e-9
    after = generator.get_weights()
    checked = 0
    for old, new, gradient in zip(before, after, gradients):
        # Adam's first step: rate times g / (|g| + epsilon)
        known = np.abs(gradient) > 1e-3
        assert np.allclose((new - old)[known], 1e-2 * np.sign(gradient[known]), rtol=1e-2)
        checked += int(known.sum())
    assert checked > 30


def _value_at(generator, weights, function) -> float:
    now = generator.get_weights()
    generator.set_weights(weights)
    value = function()
    generator.set_weights(now)
    return value


def test_clipping_scales_all_gradients_by_one_factor():
    """Adam hides a scale from the first step; its moments show it."""
    norms = []
    for clip in (None, 0.05):
        learner = Learner(
            IndependentGenerator(SPACE),
            LearningConfig(epochs=1, batch=8, clip=clip, restart=False, xla=False),
        )
        learner.fit(networks(4), [0.1, 0.2, 0.3, 0.4], seed=0)
        moments = [array for array in learner.get_state()["optimizer"] if array.ndim]
        # m = .1 g after one step, v = .001 g^2
        norms.append(sum((array.astype(np.float64) ** 2).sum() for array in moments[::2]) ** 0.5 / 0.1)
    assert norms[0] > 0.1 and abs(norms[1] - 0.05) < 1e-4


def test_every_epoch_has_all_rows():
    batches = _batches(5, 2, 3, np.random.default_rng(0))
    assert [len(batch) for batch in batches] == [2, 2, 1] * 3
    epochs = [np.concatenate(batches[k : k + 3]).tolist() for k in (0, 3, 6)]
    assert all(sorted(epoch) == [0, 1, 2, 3, 4] for epoch in epochs) and epochs[0] != epochs[1]


def test_a_bandit_is_learned_and_shuffled_rewards_are_not():
    """The best cell is known: each operator that agrees with it is worth one. Rewards of random cells lead there."""
    best = SPACE.from_native("|nor_conv_3x3~0|+|skip_connect~0|nor_conv_1x1~1|+|avg_pool_3x3~0|none~1|nor_conv_3x3~2|")
    archs = networks(60)
    values = np.array([sum(a == b for a, b in zip(arch.ops, best.ops)) for arch in archs], float)
    learner = _learner(epochs=60, batch=10)

    def worth(rewards, seed: int) -> float:
        learner.fit(archs, rewards, seed=seed)
        drawn = learner.generator.sample(200, seed)
        return float(np.mean([sum(a == b for a, b in zip(arch.ops, best.ops)) for arch in drawn]))

    rng = np.random.default_rng(0)
    learned = np.array([worth(values, seed) for seed in range(4)])
    shuffled = np.array([worth(rng.permutation(values), seed) for seed in range(4)])
    assert learned.min() > values.mean() + 0.5, (learned, shuffled, values.mean())
    assert learned.min() > shuffled.max() + 0.3, (learned, shuffled, values.mean())
    assert abs(shuffled.mean() - values.mean()) < 0.6, (learned, shuffled, values.mean())


def test_fits_repeat_bit_for_bit_and_states_travel():
    learner = _learner(restart=False, epochs=3)
    archs, values = networks(6), [0.3, 0.1, 0.5, 0.2, 0.9, 0.4]
    learner.reset(1)
    learner.fit(archs, values, seed=2)
    middle = learner.get_state()
    learner.fit(archs, values, seed=3)
    end = _bits(learner)
    learner.set_state(middle)
    learner.fit(archs, values, seed=3)
    assert _bits(learner) == end
    learner.fit(archs, values, seed=3)
    assert _bits(learner) != end  # fine-tuning goes on


def test_starting_anew_forgets_everything():
    learner = _learner(epochs=3)
    archs, values = networks(6), [0.3, 0.1, 0.5, 0.2, 0.9, 0.4]
    learner.fit(archs, values, seed=2)
    first = _bits(learner)
    learner.fit(archs[::-1], values, seed=7)
    learner.fit(archs, values, seed=2)
    assert _bits(learner) == first


def test_the_size_of_the_buffer_does_not_show():
    """Padding must weigh nothing: nine rows padded to sixteen learn as in one batch without padding."""
    archs, values = networks(9), list(np.linspace(0, 1, 9))
    found = []
    for batch in (9, 16):  # each is one batch, whose places are nine, and sixteen
        learner = Learner(
            IndependentGenerator(SPACE, GeneratorConfig(dtype="float64")),
            LearningConfig(rate=0.1, epochs=2, batch=batch, restart=False, xla=False),
        )
        learner.fit(archs, values, seed=0)
        found.append(learner.generator.log_prob(archs))
    assert np.allclose(*found, atol=1e-9)


def test_compiled_and_plain_steps_agree(monkeypatch):
    archs, values = networks(9), list(np.linspace(0, 1, 9))
    found = []
    for few, xla in ((12, True), (12, False), (0, True)):  # without static shapes there is nothing to compile
        monkeypatch.setattr("tfnas.models.graphpnas.network._FEW", few)
        learner = Learner(
            GraphGenerator(SPACE, GraphGeneratorConfig(**SMALL, dtype="float64"), seed=1),
            LearningConfig(epochs=2, batch=4, restart=False, xla=xla),
        )
        assert learner._is_compiled == (few > 0 and xla)
        learner.fit(archs, values, seed=0)
        with eagerly():
            found.append(learner.generator.log_prob(archs))
    assert np.allclose(found[0], found[1], atol=1e-7) and np.allclose(found[0], found[2], atol=1e-7)


def test_one_trace_for_each_class_of_sizes():
    learner = Learner(IndependentGenerator(SPACE), LearningConfig(epochs=1, xla=False))
    values = np.linspace(0, 1, 17)
    archs = networks(17)
    for count in (2, 5, 8):
        learner.fit(archs[:count], values[:count], seed=0)
    assert learner._run.experimental_get_tracing_count() == 1
    for count in (9, 16, 12, 3):
        learner.fit(archs[:count], values[:count], seed=0)
    assert learner._run.experimental_get_tracing_count() == 2


def test_progress_is_told():
    told = []
    _learner(epochs=3).fit(
        networks(6), [0.3, 0.1, 0.5, 0.2, 0.9, 0.4], seed=2, on_progress=lambda *pair: told.append(pair)
    )
    assert told[-1] == (9, 9)


@pytest.mark.parametrize("restart", [True, False])
def test_equal_rewards_teach_nothing(restart):
    learner = _learner(epochs=3, restart=restart)
    learner.reset(4)
    before = _bits(learner)
    fit = learner.fit(networks(5), [0.7] * 5, seed=2)
    assert fit.steps == 0 and np.isnan(fit.objective)
    assert (_bits(learner) == before) != restart


def test_a_buffer_smaller_than_a_batch_is_one_batch():
    fit = _learner(epochs=60, batch=16).fit(networks(3), [0.1, 0.2, 0.3], seed=0)
    assert fit.steps == 60 and fit.learned == 3


def test_rewards_of_one_sign_are_fine():
    for values in ([-0.1, -0.2, -0.3], [0.1, 0.2, 0.3]):
        learner = _learner(epochs=3, batch=16)
        fit = learner.fit(networks(3), values, seed=0)
        assert np.isfinite(fit.objective) and all(np.isfinite(a).all() for a in learner.generator.get_weights())


def test_what_cannot_be_drawn_is_left_out():
    space = spaces.get("darts")
    config = GeneratorConfig(labels=OPERATORS[1:], in_degree=(2, 2))
    learner = Learner(IndependentGenerator(space, config), LearningConfig(epochs=1, xla=False))
    rng = np.random.default_rng(0)
    good = [space.sample(rng) for _ in range(2)]
    cells = [list(cell) for cell in space.cells(good[0])]
    cells[0][0] = ("none", cells[0][0][1])
    fit = learner.fit([*good, space.from_cells(*cells)], [0.1, 0.2, 0.9], seed=0)
    assert fit.learned == 2 and fit.steps == 1


def test_bad_input_changes_nothing():
    learner = _learner(epochs=3)
    learner.reset(5)
    before = _bits(learner)
    archs = networks(3)
    with pytest.raises(ConfigError, match="all finite"):
        learner.fit(archs, [0.1, float("nan"), 0.3], seed=0)
    with pytest.raises(ConfigError, match="objectives: expected 3"):
        learner.fit(archs, [0.1, 0.3], seed=0)
    with pytest.raises(ConfigError, match="at least one"):
        learner.fit([], [], seed=0)
    with pytest.raises(ConfigError, match="seed"):
        learner.fit(archs, [0.1, 0.2, 0.3], seed=-1)
    with pytest.raises(InvalidArchitectureError):
        learner.fit([*archs[:2], spaces.get("randwire").sample(np.random.default_rng(0))], [0.1, 0.2, 0.3], seed=0)
    state = learner.get_state()
    with pytest.raises(StateError, match="optimiser"):
        learner.set_state({**state, "optimizer": state["optimizer"][:-1]})
    assert _bits(learner) == before

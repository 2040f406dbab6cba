"""BANANAS and its ensemble."""

from __future__ import annotations

import numpy as np
import pytest

from tfnas import spaces, strategies
from tfnas.errors import ConfigError
from tfnas.models.mlp_ensemble import MLPEnsemble, MLPEnsembleConfig
from tfnas.models.mlp_ensemble.network import ParallelNetworks
from tfnas.strategies import Bananas
from tfnas.testing.tiny import TinySpace
from tfnas.trial import Failure, Measurement, Trial

MACRO, CELLS = spaces.get("nasbench_macro"), spaces.get("nasbench201")
SMALL = {"initial": 6, "batch": 4, "candidates": 30, "epochs": 20}


def _value(arch) -> float:
    return float(sum(op in ("mb_e6_k5", "nor_conv_3x3") for op in arch.ops))


def _run(strategy, trials: int, start: int = 0) -> list:
    found = []
    for number in range(start, start + trials):
        (proposal,) = strategy.ask(1)
        outcome = Failure("made to fail") if number == 4 else Measurement(_value(proposal.architecture))
        strategy.tell([Trial(number + 1, proposal, outcome)])
        found.append(proposal)
    return found


def _said(values: list[np.ndarray], x: np.ndarray) -> np.ndarray:
    """One network by hand: kernels and biases in turns, points [B, D]."""
    for kernel, bias in zip(values[:-2:2], values[1:-2:2]):
        x = np.maximum(x @ kernel + bias, 0)
    return (x @ values[-2] + values[-1])[:, 0]


def test_networks_side_by_side_are_networks_alone():
    rng = np.random.default_rng(0)
    networks = ParallelNetworks(3, 6, 2, 5, rng)
    networks.values += rng.normal(size=networks.values.shape).astype(np.float32) * 0.1
    x = rng.normal(size=(7, 6)).astype(np.float32)
    sizes = [(6, 5), (1, 5), (5, 5), (1, 5), (5, 1), (1, 1)]
    parts = np.split(networks.values, np.cumsum([3 * a * b for a, b in sizes])[:-1])
    for member in range(3):
        alone = [part.reshape(3, *size)[member] for part, size in zip(parts, sizes)]
        np.testing.assert_allclose(networks.predict(x)[member], _said(alone, x), rtol=1e-4, atol=1e-5)


def test_slopes_are_those_of_the_absolute_error():
    rng = np.random.default_rng(1)
    networks = ParallelNetworks(2, 4, 2, 3, rng)
    x, y = rng.normal(size=(2, 9, 4)).astype(np.float32), rng.normal(size=(2, 9)).astype(np.float32)
    np.testing.assert_allclose(networks.loss(x, y), np.abs(networks.predict(x) - y).mean(1), rtol=1e-5)
    slopes = networks.slopes.copy()
    checked = rng.permutation(len(slopes))[:25]
    for index in checked:
        there = networks.values[index]
        differences = []
        for step in (1e-3, -1e-3):
            networks.values[index] = there + np.float32(step)
            differences.append(networks.loss(x, y).sum())
        networks.values[index] = there
        assert slopes[index] == pytest.approx((differences[0] - differences[1]) / 2e-3, abs=0.02)
    assert np.abs(slopes[checked]).max() > 0.05


def test_a_step_is_adams():
    networks = ParallelNetworks(2, 3, 1, 4, np.random.default_rng(2))
    rng = np.random.default_rng(3)
    first = second = np.zeros(len(networks.values))
    values = networks.values.astype(float)
    for step in range(1, 4):
        x, y = rng.normal(size=(2, 5, 3)).astype(np.float32), rng.normal(size=(2, 5)).astype(np.float32)
        networks.step(x, y, 0.1)
        first = 0.9 * first + 0.1 * networks.slopes
        second = 0.999 * second + 0.001 * networks.slopes.astype(float) ** 2
        # as Keras has it, with epsilon beside the root that is not yet corrected
        values -= 0.1 * np.sqrt(1 - 0.999**step) / (1 - 0.9**step) * first / (np.sqrt(second) + 1e-7)
        np.testing.assert_allclose(networks.values, values, atol=1e-5)


def test_the_ensemble_learns_and_is_unsure_away_from_what_it_knows():
    rng = np.random.default_rng(0)
    x = rng.integers(0, 2, (60, 12)).astype(float)
    y = 90 + x[:, :4].sum(1)
    ensemble = MLPEnsemble()
    ensemble.fit(x, y, seed=0)
    fresh = rng.integers(0, 2, (200, 12)).astype(float)
    belief = ensemble.predict(fresh)
    assert np.corrcoef(np.asarray(belief.mean()), fresh[:, :4].sum(1))[0, 1] > 0.8
    assert np.asarray(ensemble.predict(x).stddev()).mean() < 0.6 * np.asarray(belief.stddev()).mean()
    again = MLPEnsemble()
    again.fit(x, y, seed=0)
    np.testing.assert_array_equal(np.asarray(again.predict(fresh).mean()), np.asarray(belief.mean()))
    said = ensemble._networks.predict(fresh.astype(np.float32)).astype(float)
    np.testing.assert_allclose(np.asarray(belief.stddev()), said.std(0, ddof=1) * y.std(), rtol=1e-6)


@pytest.mark.parametrize("space, encoding", [(CELLS, "paths"), (MACRO, "choices")])
def test_states_go_on_bit_for_bit(space, encoding):
    whole, first, second = (Bananas(space, seed=3, **SMALL) for _ in range(3))
    assert whole.encoding == encoding
    expected = _run(whole, 21)
    found = _run(first, 12)
    second.set_state(first.get_state())
    assert found + _run(second, 9, start=12) == expected
    assert [one.source for one in expected] == ["random"] * 6 + ["thompson_sampling"] * 15
    assert len({space.canonical_key(one.architecture) for one in expected}) == 21


def test_rounds_are_mutations_of_the_best():
    strategy = Bananas(MACRO, seed=0, initial=8, batch=5, parents=2, epochs=20)
    known = sorted(_run(strategy, 8), key=lambda one: -_value(one.architecture))
    # the fifth failed, so that it is no parent
    values = sorted(strategy._values, reverse=True)
    parents = [arch for arch in strategy._observed if _value(arch) >= values[1]]
    children = strategy.ask(5)
    near = {MACRO.canonical_key(arch) for parent in parents for arch in MACRO.neighbors(parent)}
    assert known and all(MACRO.canonical_key(one.architecture) in near for one in children)


def test_paths_are_the_shortest_of_measured_networks():
    strategy = Bananas(CELLS, seed=0, paths=7, **SMALL)
    _run(strategy, 6)
    others = [CELLS.sample(np.random.default_rng(k)) for k in range(5)]
    points = strategy._points([*strategy._observed, *others])
    assert points.shape[1] <= 8 and set(np.unique(points)) <= {0.0, 1.0}

    def paths(arch) -> set:
        """All ways through the cell, by hand: nodes 0 to 3, operators in the order of the published string."""
        ops = dict(zip([(0, 1), (0, 2), (1, 2), (0, 3), (1, 3), (2, 3)], _operators(arch)))
        ways = [[(0, 3)], [(0, 1), (1, 3)], [(0, 2), (2, 3)], [(0, 1), (1, 2), (2, 3)]]
        found = [tuple(ops[edge] for edge in way) for way in ways]
        return {tuple(op for op in way if op != "skip_connect") for way in found if "none" not in way}

    def name(path: tuple) -> tuple:
        return len(path), path

    shortest = sorted({path for arch in strategy._observed for path in paths(arch)}, key=name)[:7]
    expected = [[1.0] + [float(path in paths(arch)) for path in shortest] for arch in (*strategy._observed, *others)]
    np.testing.assert_array_equal(points, expected)


def _operators(arch) -> list[str]:
    text = CELLS.to_native(arch)
    by_edge = [part.split("~")[0] for part in text.replace("+", "").split("|") if part]
    # the string goes by targets: 1 from 0; 2 from 0, 1; 3 from 0, 1, 2
    return by_edge


def test_draws_decide_and_not_means_alone():
    first = [Bananas(CELLS, seed=seed, **SMALL) for seed in (5, 5)]
    for strategy in first:
        _run(strategy, 6)
    first[1].rng = np.random.default_rng(99)
    assert first[0].ask(4) != first[1].ask(4)


def test_it_finds_better_networks():
    for seed in (0, 1):
        values = [_value(one.architecture) for one in _run(Bananas(MACRO, seed=seed), 40)]
        assert np.mean(values[20:]) > np.mean(values[:10]) + 2


def test_a_space_smaller_than_its_start_is_exhausted():
    space = TinySpace()
    strategy = Bananas(space, seed=0)
    proposals = strategy.ask(20)
    assert len(proposals) == 9 and strategy.ask(1) == []
    strategy.tell([Trial(k + 1, one, Measurement(float(k))) for k, one in enumerate(proposals)])
    assert strategy.ask(1) == []


def test_repeats_where_they_are_allowed():
    strategy = Bananas(TinySpace(), seed=0, dedupe="none", initial=3, batch=2, epochs=5)
    assert [one.source for one in _run(strategy, 30)].count("thompson_sampling") == 27


def test_wrong_options_are_refused():
    for options in (
        {"initial": 0}, {"batch": 0}, {"candidates": 0}, {"parents": 0}, {"paths": 0}, {"members": 1},
        {"layers": 0}, {"units": 0}, {"epochs": 0}, {"rate": 0.0}, {"encoding": "trees"},
    ):  # fmt: skip
        with pytest.raises(ConfigError):
            Bananas(MACRO, **options)
    with pytest.raises(ConfigError):
        MLPEnsembleConfig(batch=0)
    with pytest.raises(ConfigError, match="paths"):
        Bananas(spaces.get("enas_macro"), encoding="paths")
    assert Bananas(spaces.get("enas_macro")).encoding == "choices"


def test_it_is_registered_and_made_again():
    made = strategies.get("bananas")(CELLS, seed=2, batch=3)
    assert strategies.from_config(made.config()).config() == made.config()

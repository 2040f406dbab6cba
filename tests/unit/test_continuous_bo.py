"""Bayesian optimisation over all points of a latent space."""

from __future__ import annotations

import json
import subprocess
import sys

import numpy as np
import pytest

from tfnas import spaces
from tfnas.errors import ConfigError, StateError
from tfnas.models.arch2vec import Arch2Vec, Arch2VecConfig
from tfnas.models.autoencoder import TrainingConfig
from tfnas.models.dngo import DNGO, DNGOConfig
from tfnas.models.gaussian_process import Normal, expected_improvement
from tfnas.models.sparse_gp import SparseGP, SparseGPConfig
from tfnas.strategies.continuous import ContinuousBO
from tfnas.strategies.continuous.maximum import most_improving
from tfnas.strategies.continuous.process import Process
from tfnas.trial import Failure, Measurement, Proposal, Split, Trial

SPACE = spaces.get("nasbench_macro")
SMALL = {
    "initial": 8,
    "batch": 6,
    "starts": 200,
    "iterations": 20,
    "attempts": 20,
    "surrogate_options": {"epochs": 3, "inducing": 5},
}

PREDICTORS = {
    "adam": SparseGP(SparseGPConfig(epochs=2, inducing=20, includes_noise=False)),
    "optimal": SparseGP(SparseGPConfig(method="optimal_variational_posterior", includes_noise=False)),
    "dngo": DNGO(DNGOConfig(epochs=20, standardizes_values=True, includes_noise=False)),
}


def _data(count: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    x = rng.uniform(-2, 2, (count, 2))
    return x, 90 + 3 * np.sin(2 * x[:, 0]) - x[:, 1] ** 2 + 0.1 * rng.normal(size=count)


@pytest.fixture(scope="module", params=PREDICTORS)
def fitted(request):
    process = Process(PREDICTORS[request.param])
    process.fit(*_data(40), 0)
    return process, process._terms


@pytest.fixture
def process(fitted):
    """One that nothing was taken in by."""
    process, process._terms = fitted
    return process


def _units(process) -> tuple[float, float]:
    units = process.surrogate.units
    return float(units.mean), float(units.deviation)


def test_it_believes_what_the_surrogate_does(process):
    x, _ = _data(30, seed=1)
    mean, deviation = process.belief(x)
    centre, unit = _units(process)
    expected = process.surrogate.predict(x)
    np.testing.assert_allclose(centre + unit * mean, expected.mean(), atol=1e-5)
    np.testing.assert_allclose(unit * deviation, expected.stddev(), atol=1e-4)


@pytest.mark.parametrize("best", [-1.0, 1.0, 4.0])
def test_logarithms_of_expected_improvements(process, best):
    x, _ = _data(30, seed=1)
    expected = expected_improvement(Normal(*process.belief(x)), best)
    found = process.log_improvement(x, best)
    np.testing.assert_allclose(found[expected > 0], np.log(expected[expected > 0]), rtol=1e-9)
    assert np.isfinite(found).all()


def test_improvements_far_below_what_numbers_can_hold(process):
    x, _ = _data(30, seed=1)
    mean, deviation = process.belief(x)
    z = (mean - 1e6) / deviation
    # where the normal density vanishes, E[max(g, 0)] is s phi(z) / z^2
    expected = np.log(deviation) - 0.5 * z**2 - 0.5 * np.log(2 * np.pi) - 2 * np.log(-z)
    np.testing.assert_allclose(process.log_improvement(x, 1e6), expected, rtol=1e-6)


def test_slopes_are_those_of_differences(process):
    step = 1e-2 if isinstance(process.surrogate, DNGO) else 1e-5  # the network of DNGO is float32
    for point in _data(5, seed=1)[0]:
        for best in (-1.0, 1.0):
            gain, slope = process.log_improvement_and_slope(point, best)
            assert gain == pytest.approx(process.log_improvement(point[None], best)[0], rel=1e-9)
            moved = [point + sign * step * axis for axis in np.eye(2) for sign in (1, -1)]
            gains = process.log_improvement(np.array(moved), best)
            np.testing.assert_allclose(slope, (gains[::2] - gains[1::2]) / (2 * step), rtol=0.03, atol=0.03)


def test_what_is_taken_in_is_an_observation_more():
    """All points are inducing, so an exact process with the same hyper-parameters is the judge."""
    x, y = _data(40)
    queries, _ = _data(15, seed=1)
    process = Process(PREDICTORS["optimal"])
    process.fit(x, y, 0)
    centre, unit = _units(process)
    scales, signal, noise = (np.exp(part.numpy()) for part in process.surrogate._process.hyperparameters)
    before, _ = process.belief(queries)
    points = np.array([[0.3, 0.4], [0.35, 0.4], [3.5, -3.0]])
    values = [None, None, centre + 2.5 * unit]
    targets = [float(process.belief(point[None])[0][0]) for point in points[:2]] + [2.5]
    for count, (point, value) in enumerate(zip(points, values), start=1):
        process.take_in(point, value)
        mean, deviation = process.belief(queries)
        known = np.concatenate([x, points[:count]])
        observed = np.concatenate([(y - centre) / unit, targets[:count]])

        def covariance(a, b):
            return signal * np.exp(-0.5 * (((a[:, None] - b[None]) / scales) ** 2).sum(-1))

        exact = np.diag([noise] * 40 + [0.0] * count) + covariance(known, known)
        cross = covariance(queries, known)
        np.testing.assert_allclose(mean, cross @ np.linalg.solve(exact, observed), atol=3e-3)
        variance = signal - np.einsum("bn,nb->b", cross, np.linalg.solve(exact, cross.T))
        np.testing.assert_allclose(deviation, np.sqrt(variance), atol=3e-3)
        if value is None:
            np.testing.assert_allclose(mean, before, atol=1e-9)


def test_nothing_is_to_be_gained_where_all_is_known(process):
    """Else the points of a batch would be one and the same; in `adam` the noise is as large as the signal."""
    box = np.array([[-2.0, -2.0], [2.0, 2.0]])
    known = _data(40)[0]
    rng = np.random.default_rng(0)
    points: list[np.ndarray] = []
    for _ in range(6):
        best = process.belief(known)[0].max()
        points.append(most_improving(process, best, box, rng, starts=300, iterations=50))
        gain = process.log_improvement(points[-1][None], best)[0]
        process.take_in(points[-1])
        known = np.concatenate([known, points[-1:]])
        again = process.log_improvement(points[-1][None], process.belief(known)[0].max())[0]
        assert again < min(gain, -9.0)
    distances = np.linalg.norm(np.array(points)[:, None] - np.array(points), axis=-1)
    # what is learned well may have its largest values close together, but what is vague is looked at all over
    assert distances[np.triu_indices(6, 1)].min() > (0.1 if process.surrogate is PREDICTORS["adam"] else 0.0)


def test_the_most_improving_point_of_a_grid(process):
    box = np.array([[-1.5, -1.0], [1.0, 2.0]])
    best = process.belief(_data(40)[0])[0].max()
    found = most_improving(process, best, box, np.random.default_rng(0), starts=500, iterations=100)
    assert (box[0] <= found).all() and (found <= box[1]).all()
    grid = np.stack(np.meshgrid(*np.linspace(*box, 60).T), -1).reshape(-1, 2)
    assert process.log_improvement(found[None], best)[0] >= process.log_improvement(grid, best).max() - 1e-2


@pytest.fixture(scope="module")
def autoencoder() -> Arch2Vec:
    model = Arch2Vec(SPACE, Arch2VecConfig(hidden=(16, 16), latent=4, beta=1e-3, grammar=True, dropout=0.0))
    rng = np.random.default_rng(0)
    graphs = model.form.encode([SPACE.sample(rng) for _ in range(500)])
    model.fit(graphs, TrainingConfig(epochs=20, batch=50, rate=1e-2))
    return model


def _value(arch) -> float:
    """How many of the largest operators a network has."""
    return float(sum(op == "mb_e6_k5" for op in arch.ops))


def _trial(number: int, proposal: Proposal, sign: float = 1.0) -> Trial:
    outcome = Measurement(sign * _value(proposal.architecture), {}, Split.VALIDATION, None, 1.0)
    return Trial(number, proposal, Failure("made to fail", 0.0) if number == 5 else outcome)


def _run(strategy, trials: int, start: int = 0, sign: float = 1.0) -> list[Proposal]:
    found = []
    for number in range(start, start + trials):
        (proposal,) = strategy.ask(1)
        strategy.tell([_trial(number, proposal, sign)])
        found.append(proposal)
    return found


OPTIONS = {"sparse_gp": SMALL["surrogate_options"], "dngo": {"epochs": 3}}


@pytest.mark.parametrize("surrogate", OPTIONS)
def test_states_go_on_bit_for_bit(autoencoder, surrogate):
    options = {**SMALL, "surrogate": surrogate, "surrogate_options": OPTIONS[surrogate], "seed": 3}
    whole, first, second = (ContinuousBO(SPACE, autoencoder, **options) for _ in range(3))
    expected = _run(whole, 17)
    found = _run(first, 10)  # in the middle of a batch
    state = first.get_state()
    second.set_state(state)
    found += _run(second, 7, start=10)
    assert found == expected and len({SPACE.canonical_key(one.architecture) for one in found}) == 17
    assert [one.source for one in found[:8]] == ["random"] * 8
    assert {one.source for one in found[8:]} == {"expected_improvement"}
    assert json.loads(json.dumps(second.get_state())) == json.loads(json.dumps(whole.get_state()))
    with pytest.raises(StateError):
        ContinuousBO(SPACE, autoencoder, **{**options, "seed": 4}).set_state(state)


def test_objectives_are_maximised(autoencoder):
    """The script published for NAS-Bench-101 minimises them."""
    rng = np.random.default_rng(0)
    known = [Proposal(SPACE.sample(rng), "table") for _ in range(120)]
    found = []
    for sign in (1.0, -1.0):
        options = {"batch": 12, "surrogate_options": {"method": "optimal_variational_posterior", "inducing": 60}}
        strategy = ContinuousBO(SPACE, autoencoder, **{**SMALL, **options})
        strategy.tell([_trial(k, proposal, sign) for k, proposal in enumerate(known)])
        found.append(np.mean([_value(one.architecture) for one in strategy.ask(12)]))
    mean = np.mean([_value(one.architecture) for one in known])
    assert found[0] > mean > found[1] and found[0] - found[1] > 2, (found, mean)


def test_the_most_frequent_network_that_is_new_is_proposed(autoencoder, monkeypatch):
    rng = np.random.default_rng(7)
    archs = [SPACE.sample(rng) for _ in range(4)]
    drawn = autoencoder.form.encode([archs[k] for k in (0, 1, 1, 1, 2, 2, 2, 2, 3, 3)])
    drawn.ops[0, 0] = autoencoder.form.end  # the first is no member
    monkeypatch.setattr(autoencoder, "decode_draws", lambda z, seed: drawn)
    strategy = ContinuousBO(SPACE, autoencoder, **SMALL, seed=1)
    strategy.tell([_trial(k, Proposal(SPACE.sample(rng), "other")) for k in range(10, 20)])
    found = strategy.ask(6)
    assert [one.architecture for one in found[:3]] == [archs[2], archs[1], archs[3]]
    assert [one.source for one in found] == ["expected_improvement"] * 3 + ["random"] * 3
    assert strategy._barren == []


def test_a_point_without_members_counts_as_the_worst_value(autoencoder, monkeypatch):
    graphs = autoencoder.form.encode([SPACE.sample(np.random.default_rng(0))])
    graphs.ops[:] = -1
    monkeypatch.setattr(autoencoder, "decode_draws", lambda z, seed: graphs)
    strategy = ContinuousBO(SPACE, autoencoder, **SMALL)
    fitted = []
    fit = strategy._predictor.fit
    monkeypatch.setattr(strategy._predictor, "fit", lambda x, y, seed: fitted.append((x, y)) or fit(x, y, seed=seed))
    _run(strategy, 8)
    found = strategy.ask(7)
    assert [one.source for one in found] == ["random"] * 7
    # a batch of six looks at eighteen points, and costs no queries for them; the seventh begins another batch
    assert len(strategy._barren) == 36
    (_, y), (x, y_again) = fitted
    assert len(y) == 7 and len(y_again) == 25  # one of eight trials failed
    assert (y_again[7:] == y.min()).all() and np.array_equal(x[7:], strategy._barren[:18])
    box = x[:7].min(0), x[:7].max(0)
    assert ((box[0] <= x[7:]) & (x[7:] <= box[1])).all() and len(np.unique(x[7:], axis=0)) == 18


def test_trials_told_beforehand_are_the_beginning(autoencoder):
    strategy = ContinuousBO(SPACE, autoencoder, **SMALL)
    rng = np.random.default_rng(0)
    known = [SPACE.sample(rng) for _ in range(8)]
    strategy.tell([_trial(k, Proposal(arch, "table")) for k, arch in enumerate(known)])
    found = strategy.ask(8)
    assert {one.source for one in found} == {"expected_improvement"}
    keys = {SPACE.canonical_key(one.architecture) for one in found}
    assert len(keys) == 8 and not keys & {SPACE.canonical_key(arch) for arch in known}


def test_values_that_are_all_equal_teach_nothing(autoencoder):
    strategy = ContinuousBO(SPACE, autoencoder, **SMALL)
    for number in range(10):
        (proposal,) = strategy.ask(1)
        assert proposal.source == "random"
        strategy.tell([Trial(number, proposal, Measurement(1.0, {}, Split.VALIDATION, None, 1.0))])


def test_wrong_options_are_refused(autoencoder):
    for options in (
        {"surrogate": "gp"},
        {"surrogate_options": {"layers": 3}},
        {"surrogate_options": {"inducing": 0}},
        {"batch": 0},
        {"starts": 0},
        {"attempts": 0},
        {"initial": 0},
    ):
        with pytest.raises(ConfigError):
            ContinuousBO(SPACE, autoencoder, **options)
    with pytest.raises(ConfigError, match="one for nasbench201"):
        ContinuousBO(spaces.get("nasbench201"), autoencoder)
    config = ContinuousBO(SPACE, autoencoder, surrogate="dngo", surrogate_options={"hidden": [8, 8]}).config()
    assert json.loads(json.dumps(config)) == config


def test_importing_it_is_light():
    script = "import tfnas.strategies.continuous, sys; print({'tensorflow', 'scipy', 'pandas'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"

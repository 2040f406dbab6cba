"""Every strategy, encoding and tuner value works on every space."""

import pytest

from tests.conformance.quick import LEARNED, few_trials, maker
from tests.own import SPACES as OWN
from tfnas import Architecture, encodings, spaces, strategies
from tfnas.testing import check_strategy

SPACES = [name for name in OWN if name != "nasbench201"]  # which has tests of its own


PAIRS = [
    # tracing takes most of the time, and the generators have tests of their own on every space
    pytest.param(
        name,
        space,
        marks=pytest.mark.slow if name in LEARNED and (space != "enas_macro" or name == "continuous_bo") else (),
    )
    for name in strategies.names()
    for space in SPACES
]


@pytest.mark.parametrize(("strategy", "space"), PAIRS)
def test_strategy_on_space(strategy, space):
    check_strategy(maker(strategy, **few_trials(strategy)), spaces.get(space), trials=14)


@pytest.mark.parametrize("space", SPACES)
def test_encodings_of_space(space):
    import numpy as np

    owner = spaces.get(space)
    rng = np.random.default_rng(0)
    members = [owner.sample(rng) for _ in range(20)]
    assert encodings.one_hot(owner, members).sum() == sum(len(arch.ops) for arch in members)
    assert encodings.choices(owner, members).shape[0] == 20
    edges = encodings.free_edges(owner, members)
    assert ((edges == 0) | (edges == 1)).all() and edges.shape[1] == sum(len(c.free) for c in owner.grammar.components)
    if encodings.most_paths(owner) <= 100:
        counts, _ = encodings.path_counts(owner, members)
        assert counts.sum(1).max() <= encodings.most_paths(owner)


@pytest.mark.parametrize("space", SPACES)
def test_a_member_travels_through_the_tuners_hyperparameters(space, tmp_path):
    import keras_tuner
    import numpy as np

    from tfnas import tuner

    owner = spaces.get(space)
    oracle = tuner.StrategyOracle(
        strategies.RandomSearch(owner, seed=0), keras_tuner.Objective("val_accuracy", "max"), max_trials=2
    )
    oracle._set_project_dir(tmp_path, "oracle")
    proposed = oracle.populate_space("0")
    assert proposed["status"] == "RUNNING"
    hp = keras_tuner.HyperParameters()
    hp.values = dict(proposed["values"])
    arch = tuner.architecture(hp)
    assert isinstance(arch, Architecture)
    owner.validate(arch)
    assert arch == strategies.RandomSearch(owner, seed=0).ask(1)[0].architecture
    assert np.isfinite(owner.cost(arch).macs)

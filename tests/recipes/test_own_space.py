"""The README's example of a space of one's own works with everything there is."""

import pathlib

import numpy as np
import pytest

from recipes.own_space.skip_net import LAYERS, SKIPS, SkipNet
from tests.conformance.quick import few_trials, maker
from tfnas import plotting, spaces, strategies
from tfnas.errors import InvalidArchitectureError
from tfnas.testing import check_networks, check_space, check_strategy
from tfnas.trial import Measurement, Proposal

SPACE = SkipNet()


def test_it_is_short():
    source = pathlib.Path(__import__("recipes.own_space.skip_net", fromlist=["x"]).__file__)
    assert len(source.read_text("utf-8").splitlines()) < 100


def test_it_keeps_the_contracts():
    check_space(SPACE)
    rng = np.random.default_rng(0)
    check_networks(SPACE, [SPACE.sample(rng) for _ in range(5)], channels=3)


@pytest.mark.parametrize(
    "name",
    # its decodings take a minute, and two other spaces have tests of it
    [pytest.param(name, marks=pytest.mark.slow if name == "continuous_bo" else ()) for name in strategies.names()],
)
def test_strategies_search_it(name):
    check_strategy(maker(name, **few_trials(name)), SPACE, trials=20)


def test_it_is_drawn():
    assert plotting.draw(SPACE.sample(np.random.default_rng(0)))


def test_it_trains_in_processes_and_in_the_tuner(tmp_path):
    import keras_tuner

    from tfnas import data, tuner
    from tfnas.evaluators import TrainingEvaluator

    digits = data.digits()
    arch = SPACE.sample(np.random.default_rng(0))
    with TrainingEvaluator(
        SPACE, digits.train, digits.validation, epochs=1, skeleton={"channels": 2}, workers=1, isolation="subprocess"
    ) as evaluator:
        (outcome,) = evaluator.evaluate([Proposal(arch)], seeds=[1])
    assert isinstance(outcome, Measurement), outcome
    made = tuner.ArchitectureTuner(
        strategies.RandomSearch(SPACE, seed=0),
        input_shape=(8, 8, 1),
        num_classes=10,
        max_trials=1,
        network={"channels": 2},
        objective=keras_tuner.Objective("val_accuracy", "max"),
        directory=tmp_path,
        project_name="own",
    )
    made.search(
        digits.train.x, digits.train.y, epochs=1, verbose=0, validation_data=(digits.validation.x, digits.validation.y)
    )
    assert tuner.architecture(made.get_best_hyperparameters()[0]).space == "skip_net"


@pytest.mark.parametrize(
    "native", ["", "[]", '[["conv3x3"], []]', '[["x", "x", "x", "x", "x"], []]', '[["conv3x3"], [[3, 1]]]']
)
def test_what_is_no_member_is_refused(native):
    with pytest.raises(InvalidArchitectureError):
        SPACE.from_native(native)


def test_its_size_is_what_it_says():
    assert SPACE.size == 3**LAYERS * 2 ** len(SKIPS) and spaces.get("skip_net").size == SPACE.size

"""architecture(hp), with and without an oracle that sets it."""

from __future__ import annotations

import keras_tuner
import numpy as np
import pytest

from tests.unit.test_tuner_oracle import SPACE, ScoreTuner, Scripted, search
from tfnas.architecture import Architecture
from tfnas.errors import ConfigError, UnknownNameError
from tfnas.trial import Proposal
from tfnas.tuner import StrategyOracle, architecture


def drawn(seed):
    return SPACE.sample(np.random.default_rng(seed))


def under_an_oracle(arch):
    hp = StrategyOracle(Scripted()).get_space()
    hp.values["architecture"] = arch.to_json()
    return hp


def test_it_is_what_the_oracle_set():
    for seed in range(5):
        hp = under_an_oracle(drawn(seed))
        assert architecture(hp) == architecture(hp, "nasbench201") == architecture(hp, SPACE) == drawn(seed)


def test_without_an_oracle_it_is_one_valid_member():
    hp = keras_tuner.HyperParameters()
    arch = architecture(hp, "nasbench201")
    SPACE.validate(arch)
    assert architecture(hp) == arch == architecture(keras_tuner.HyperParameters(), SPACE)
    assert [type(p).__name__ for p in hp.space] == ["Fixed"]


def test_scopes_make_no_difference():
    hp = under_an_oracle(drawn(3))
    hp.Choice("kind", ["a", "b"])
    with hp.name_scope("inner"):
        assert architecture(hp) == drawn(3)
    with hp.conditional_scope("kind", ["b"]):  # not active
        assert architecture(hp) == drawn(3)


def test_a_condition_that_does_not_hold_still_gives_a_member():
    hp = keras_tuner.HyperParameters()
    hp.Choice("kind", ["a", "b"])
    with hp.conditional_scope("kind", ["b"]):
        SPACE.validate(architecture(hp, SPACE))


def test_a_plain_tuner_works_and_stays_with_one_architecture(tmp_path):
    built = []

    class Plain(keras_tuner.RandomSearch):
        def run_trial(self, trial, **kwargs):
            built.append(architecture(trial.hyperparameters, "nasbench201"))
            return trial.hyperparameters.Float("x", 0.0, 1.0)

    tuner = Plain(objective=keras_tuner.Objective("y", "max"), max_trials=3, directory=str(tmp_path), overwrite=True)
    tuner.search(verbose=0)
    assert len(built) == 3 and len(set(built)) == 1


def test_no_space_and_no_oracle_is_an_error():
    with pytest.raises(ConfigError, match="no StrategyOracle"):
        architecture(keras_tuner.HyperParameters())


def test_an_unknown_space_is_named():
    with pytest.raises(UnknownNameError, match="nasbench999"):
        architecture(keras_tuner.HyperParameters(), "nasbench999")


def test_another_space_than_the_oracle_s_is_an_error():
    foreign = Architecture("elsewhere", ("input", "output"), ((0, 1),))
    with pytest.raises(ConfigError, match="'elsewhere'.*'nasbench201'"):
        architecture(under_an_oracle(foreign), "nasbench201")


@pytest.mark.parametrize(
    "text",
    ["not json", '{"space": "nasbench201"}', drawn(0).to_json().replace("input", "entrance")],
    ids=["no JSON", "fields missing", "not a member"],
)
def test_an_invalid_architecture_fails_the_trial(text):
    hp = under_an_oracle(drawn(0))
    hp.values["architecture"] = text
    with pytest.raises(keras_tuner.errors.FailedTrialError, match="Invalid architecture"):
        architecture(hp)


def test_an_invalid_proposal_is_run_once_and_told_as_a_failure(tmp_path):
    class Wrong(Scripted):
        def _propose(self, n):
            arch = super()._propose(n)[0].architecture
            return [Proposal(Architecture(arch.space, ("entrance", *arch.ops[1:]), arch.edges))]

    strategy = Wrong()
    runs = []

    class Counting(ScoreTuner):
        def run_trial(self, trial, **kwargs):
            runs.append(trial.trial_id)
            return super().run_trial(trial)

    search(StrategyOracle(strategy, max_trials=2, max_retries_per_trial=3), tmp_path, Counting)
    assert runs == ["0", "1"]
    assert "Invalid architecture" in strategy.told[0].outcome.reason

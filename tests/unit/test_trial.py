"""What a search exchanges."""

from __future__ import annotations

import copy
import json
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tfnas import Architecture, Failure, Measurement, Proposal, Split, Trial
from tfnas.errors import ConfigError

ARCH = Architecture("toy", ("a", "b"), ((0, 1),))
_FINITE = st.floats(allow_nan=False, allow_infinity=False)


def _through_json(value):
    return json.loads(json.dumps(value, allow_nan=False))


@settings(deadline=None)
@given(
    objective=_FINITE,
    metrics=st.dictionaries(st.text(), st.floats(allow_nan=False)),
    split=st.sampled_from(Split),
    fidelity=st.none() | st.integers(1),
    cost_s=st.floats(0, 1e9),
)
def test_measurement_round_trip(objective, metrics, split, fidelity, cost_s):
    measurement = Measurement(objective, metrics, split, fidelity, cost_s)
    assert Measurement.from_dict(_through_json(measurement.to_dict())) == measurement


def test_metrics_need_not_be_finite():
    metrics = {"loss": math.nan, "norm": math.inf, "low": -math.inf}
    again = Measurement.from_dict(_through_json(Measurement(0.5, metrics).to_dict()))
    assert math.isnan(again.metrics["loss"]) and again.metrics["norm"] == math.inf and again.metrics["low"] == -math.inf


def test_numpy_scalars_are_welcome():
    measurement = Measurement(np.float32(0.25), {"loss": np.float64(2), "params": np.int64(3)})
    assert type(measurement.objective) is float
    assert _through_json(measurement.to_dict())["metrics"] == {"loss": 2.0, "params": 3.0}


@pytest.mark.parametrize("objective", [math.nan, math.inf, -math.inf, np.float32("nan"), None, "0.5", [0.5]])
def test_objectives_that_are_no_finite_number(objective):
    with pytest.raises(ConfigError, match="objective: expected a finite number.*Failure"):
        Measurement(objective)


def test_metrics_cannot_be_changed_from_outside():
    metrics = {"loss": 1.0}
    measurement = Measurement(0.5, metrics)
    metrics["loss"] = 2.0
    assert measurement.metrics["loss"] == 1.0
    with pytest.raises(TypeError):
        measurement.metrics["loss"] = 3.0
    with pytest.raises(AttributeError):
        measurement.objective = 1.0


def test_measurements_can_be_copied():
    measurement = Measurement(0.5, {"loss": 1.0}, Split.TEST, 12, 3.5)
    assert copy.copy(measurement) == copy.deepcopy(measurement) == measurement


@pytest.mark.parametrize("failure", [Failure("out of memory"), Failure("", 2.5), Failure("zwölf \"quotes\"\n", 1e9)])
def test_failure_round_trip(failure):
    assert Failure.from_dict(_through_json(failure.to_dict())) == failure


@pytest.mark.parametrize("proposal", [Proposal(ARCH), Proposal(ARCH, "mutation", 12)])
def test_proposal_round_trip(proposal):
    assert Proposal.from_dict(_through_json(proposal.to_dict())) == proposal


def test_trial_shows_its_outcome():
    proposal = Proposal(ARCH)
    assert Trial(3, proposal).objective is None and Trial(3, proposal).architecture is ARCH
    assert Trial(3, proposal, Failure("no")).objective is None
    assert Trial(3, proposal, Measurement(-1)).objective == -1.0


def test_splits_are_their_names():
    assert [split.value for split in Split] == ["train", "validation", "test"]
    assert Split("test") is Split.TEST and Split.TEST == "test"

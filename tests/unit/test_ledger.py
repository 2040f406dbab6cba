"""What a ledger counts."""

import numpy as np

from tfnas.ledger import Ledger
from tfnas.runlog import RunRecord
from tfnas.spaces import NASBench201
from tfnas.trial import Failure, Measurement, Proposal, Split, Trial

SPACE = NASBench201()
ARCH = SPACE.sample(np.random.default_rng(0))


def record(**fields):
    empty = {
        **{name: {} for name in ("start", "rechecks", "samples")},
        **{name: () for name in ("trials", "keys", "natives", "seeds", "finals")},
        **{name: None for name in ("choice", "distribution", "finished")},
        **{name: 0 for name in ("resumes", "last_time")},
    }
    return RunRecord(**{**empty, **fields})


def test_nothing_costs_nothing():
    assert Ledger.of(record()) == Ledger(
        queries=0, networks=0, failures=0, final_reads=0, cost_s=0.0, samples=0, samples_cost_s=0.0
    )


def test_queries_failures_and_seconds_are_counted():
    outcomes = (Measurement(0.5, cost_s=1.0), Failure("hung", cost_s=10.0), None, Measurement(0.5, cost_s=1.5))
    trials = tuple(Trial(k, Proposal(ARCH), outcome) for k, outcome in enumerate(outcomes, 1))
    again = {1: (Measurement(0.4, cost_s=2.0), Failure("hung", cost_s=20.0))}
    finals = (Failure("hung", cost_s=100.0), Measurement(0.6, split=Split.TEST, cost_s=200.0))
    found = Ledger.of(record(trials=trials, keys=("a", "b", "c", "a"), rechecks=again, finals=finals))
    assert found == Ledger(
        queries=5, networks=3, failures=2, final_reads=1, cost_s=334.5, samples=0, samples_cost_s=0.0
    )


def test_samples_of_the_distribution_count_apart():
    trials = (Trial(1, Proposal(ARCH), Measurement(0.5, cost_s=1.0)),)
    samples = {1: Measurement(0.5, cost_s=7.0), 2: Failure("hung", cost_s=30.0)}
    found = Ledger.of(record(trials=trials, keys=("a",), samples=samples))
    assert found == Ledger(queries=1, networks=1, failures=0, final_reads=0, cost_s=1.0, samples=2, samples_cost_s=37.0)

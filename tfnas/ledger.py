"""`Ledger`: what a run asked for and what that took."""

from __future__ import annotations

import math
from dataclasses import dataclass

from tfnas.runlog import RunRecord
from tfnas.trial import Failure, Measurement


@dataclass(frozen=True, slots=True)
class Ledger:
    """Counts of a run.

    Attributes:
        queries: Measurements that were asked for, failed and repeated ones too, but for the final one and
            samples of the distribution.
        networks: Distinct networks among the trials.
        failures: Queries that failed.
        final_reads: Final measurements that gave values: one, once the run is over.
        cost_s: Seconds that all of this took, failed final measurements included, or would have taken
            (tables).
        samples: Measurements of samples of the distribution that was learned, failed ones too. The search
            is over by then and learns nothing from them, so they count apart.
        samples_cost_s: Seconds that these took, or would have taken.
    """

    queries: int
    networks: int
    failures: int
    final_reads: int
    cost_s: float
    samples: int
    samples_cost_s: float

    @classmethod
    def of(cls, record: RunRecord) -> "Ledger":
        """Counts what a log says."""
        asked = [trial.outcome for trial in record.trials if trial.outcome is not None]
        asked += [outcome for outcomes in record.rechecks.values() for outcome in outcomes]
        return cls(
            queries=len(asked),
            networks=len(set(record.keys)),
            failures=sum(isinstance(outcome, Failure) for outcome in asked),
            final_reads=sum(isinstance(outcome, Measurement) for outcome in record.finals),
            cost_s=math.fsum(outcome.cost_s for outcome in (*asked, *record.finals)),
            samples=len(record.samples),
            samples_cost_s=math.fsum(outcome.cost_s for outcome in record.samples.values()),
        )

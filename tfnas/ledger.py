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
        queries: Measurements that were asked for, failed and repeated ones too, but for the final one.
        networks: Distinct networks among the trials.
        failures: Queries that failed.
        final_reads: Final measurements that gave values: one, once the run is over.
        cost_s: Seconds that all of this took, failed final measurements included, or would have taken
            (tables).
    """

    queries: int
    networks: int
    failures: int
    final_reads: int
    cost_s: float

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
        )

"""`Driver`: asks and tells a strategy, and never raises."""

from __future__ import annotations

from tfnas.strategies.base import Strategy
from tfnas.trial import Proposal, Trial
from tfnas.tuner.error_log import ErrorLog

FALLBACK = "fallback"
"""``Proposal.source`` of an architecture drawn at random because the strategy raised."""


class Driver:
    """A strategy behind a wall.

    keras-tuner holds a lock while it calls an oracle and, over gRPC, loses the worker if the call
    raises. So errors of the strategy are logged and kept, the search goes on with random
    architectures that were not proposed yet, and whoever owns the search raises afterwards.

    Args:
        strategy: The strategy; its ``start`` is called here, once.
        budget: Number of trials of the search.
        errors: Where errors are kept.

    Attributes:
        strategy: The strategy.
        changed: Whether the strategy was called since its state was last saved.
    """

    def __init__(self, strategy: Strategy, budget: int, errors: ErrorLog) -> None:
        strategy.start(budget)
        self.strategy = strategy
        self.changed = True
        self._errors = errors
        self._exhausted = False

    def propose(self, trial_id: str) -> Proposal | None:
        """Returns the next proposal; None when the space is exhausted, or not even a random draw works."""
        if self._exhausted:
            return None
        self.changed = True
        proposal = None
        try:
            proposals = self.strategy.ask(1)
            if proposals:
                # what cannot be written as JSON cannot travel to a trial
                proposals[0].architecture.to_json()
                proposal = proposals[0]
        except Exception:
            self._errors.note(f"strategy, asked for trial {trial_id}")
            proposal = self._fallback(trial_id)
        self._exhausted = proposal is None
        return proposal

    def tell(self, trial: Trial) -> None:
        """Tells a finished trial."""
        self.changed = True
        try:
            self.strategy.tell([trial])
        except Exception:
            self._errors.note(f"strategy, told trial {trial.id}")

    def _fallback(self, trial_id: str) -> Proposal | None:
        try:
            arch = self.strategy.seen.draw(self.strategy.rng)
        except Exception:
            self._errors.note(f"random draw for trial {trial_id}")
            return None
        return None if arch is None else Proposal(arch, FALLBACK)

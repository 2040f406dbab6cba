"""`Driver`: asks and tells a strategy, and never raises."""

from __future__ import annotations

from concurrent import futures

from tfnas.strategies.base import Strategy
from tfnas.trial import Proposal, Trial
from tfnas.tuner.background import in_background, settle
from tfnas.tuner.error_log import ErrorLog

FALLBACK = "fallback"
"""``Proposal.source`` of an architecture drawn at random because the strategy raised."""


class Driver:
    """A strategy behind a wall.

    keras-tuner holds a lock while it calls an oracle and, over gRPC, loses the worker if the call
    raises. So errors of the strategy are logged and kept, the search goes on with random
    architectures that were not proposed yet, and whoever owns the search raises afterwards.

    An ask has two halves: `ask` begins it and `take` gets its proposal. Between them a slow
    strategy is at work in a thread of its own, one at a time, which has nothing but the strategy.
    Until `take`, the strategy may be neither told nor looked at.

    Args:
        strategy: The strategy; its ``start`` is called here, once.
        budget: Number of trials of the search.
        errors: Where errors are kept.

    Attributes:
        strategy: The strategy.
        changed: Whether the strategy was called since its state was last saved.
        exhausted: Whether there are no more proposals.
    """

    def __init__(self, strategy: Strategy, budget: int, errors: ErrorLog) -> None:
        strategy.start(budget)
        self.strategy = strategy
        self.changed = True
        self.exhausted = False
        self._errors = errors
        self._answer: futures.Future[list[Proposal]] | None = None

    @property
    def asked(self) -> bool:
        """Whether an ask began whose proposal was not taken."""
        return self._answer is not None

    @property
    def busy(self) -> bool:
        """Whether the strategy is at work on an ask."""
        return self._answer is not None and not self._answer.done()

    def ask(self) -> None:
        """Begins an ask. If the strategy is not slow, it is over on return."""
        self.changed = True
        if self.strategy.is_slow:
            self._answer = in_background(lambda: self.strategy.ask(1))
        else:
            self._answer = futures.Future()
            settle(self._answer, lambda: self.strategy.ask(1))

    def wait(self, seconds: float | None = None) -> bool:
        """Waits for the end of an ask, for so long at most; returns at once, False, if there is none."""
        answer = self._answer
        if answer is None:
            return False
        futures.wait([answer], seconds)
        return True

    def take(self, trial_id: str) -> Proposal | None:
        """Returns the proposal of an ask that is over; None if the space is exhausted, or not even a draw works."""
        answer, self._answer = self._answer, None
        proposal = None
        try:
            proposals = answer.result()
            if proposals:
                # what cannot be written as JSON cannot travel to a trial
                proposals[0].architecture.to_json()
                proposal = proposals[0]
        except Exception:
            self._errors.note(f"strategy, asked for trial {trial_id}")
            proposal = self._fallback(trial_id)
        self.exhausted = proposal is None
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

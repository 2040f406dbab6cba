"""`run`: the search loop."""

from __future__ import annotations

import dataclasses
import pathlib
import time
import warnings
from typing import Any, Sequence

import tfnas
from tfnas import export, report
from tfnas.architecture import Architecture
from tfnas.checks import check_positive, check_seed
from tfnas.errors import ConfigError, RunFolderError, SearchError
from tfnas.evaluators.base import Evaluator, Outcome
from tfnas.leaderboard import Row, leaderboard
from tfnas.ledger import Ledger
from tfnas.models.distribution import ArchitectureDistribution
from tfnas.runlog import FORMAT, RunRecord, outcome_fields
from tfnas.search import checkpoint
from tfnas.search.distribution_files import save_distribution
from tfnas.search.folder import derived_seed, difference, environment, json_like, prepare
from tfnas.search.journal import Journal, Observer
from tfnas.search.learned import FIELDS, describe
from tfnas.search.measuring import measure
from tfnas.search.result import SearchResult
from tfnas.strategies.base import Strategy
from tfnas.trial import Failure, Proposal, Trial

FINALISTS = 3
SAMPLES, SAMPLES_REPEATABLE = 4, 100
"""Samples of a learned distribution that are measured: trained (GraphPNAS, section 4.1, has four), or looked up."""

_CHECKPOINT_EVERY_S = 5.0
# numbers that keep the seeds of trials, fresh measurements, the last training, draws and samples apart
_TRIAL, _FRESH, _FINAL, _DRAW, _SAMPLE = range(5)


def run(
    strategy: Strategy,
    evaluator: Evaluator,
    *,
    budget: int,
    directory: str | pathlib.Path | None = None,
    seed: int = 0,
    batch_size: int | None = None,
    finalists: int | None = None,
    finalist_seeds: int = 2,
    finalize: bool | None = None,
    distribution_samples: int | None = None,
    resume: bool = False,
    observer: Observer | None = None,
) -> SearchResult:
    """Searches until the budget is used up or the space is exhausted.

    The budget counts proposals that the strategy's `dedupe` tells apart (by default networks),
    failures included. Afterwards the best few are measured again with fresh seeds, the winner is
    chosen by those alone, and it is measured once on what the search never saw.

    Where the strategy has learned a distribution, networks are drawn from it at the end and measured by the
    search's own signal, each distinct one once, with a seed of its own. Nothing is chosen by them and they are no
    trials: they say how good what the distribution gives is on average.

    With a directory everything is logged there and the run can be resumed after any kind of end:
    no measurement is lost or made twice, and with an evaluator that is deterministic the log of the
    continued run equals that of an uninterrupted one in all but times and resume events. Ctrl-C ends
    the search with a result and a report of what there is.

    Args:
        strategy: What proposes; fresh, not used before.
        evaluator: What measures; it stays open.
        budget: Number of trials.
        directory: The run folder; made if it is missing.
        seed: Seed of all measurements (a strategy has its own).
        batch_size: Proposals that are asked for at once; default: ``evaluator.parallelism``.
        finalists: Trials that are measured again; default: 3, and 0 where measuring again tells
            nothing new (tables).
        finalist_seeds: Fresh measurements of each of them.
        finalize: Whether to measure the winner on held-back examples and save it; default: if there
            is a directory.
        distribution_samples: Networks to draw from what the strategy has learned; 0 for none. Default: 100
            where measuring again tells nothing new (tables), else 4, as in GraphPNAS.
        resume: Whether to go on with the run in `directory`.
        observer: Called with every event as it is logged.

    Raises:
        ConfigError: If an argument cannot work.
        RunFolderError: If the directory holds a run already (and `resume` is false) or another one
            than these arguments describe (and it is true), or cannot be written.
    """
    check_positive(budget=budget, finalist_seeds=finalist_seeds)
    batch_size = evaluator.parallelism if batch_size is None else batch_size
    check_positive(batch_size=batch_size)
    if finalists is None:
        finalists = 0 if evaluator.is_repeatable else FINALISTS
    if distribution_samples is None:
        distribution_samples = SAMPLES_REPEATABLE if evaluator.is_repeatable else SAMPLES
    for name, value in (("seed", seed), ("finalists", finalists), ("distribution_samples", distribution_samples)):
        check_seed(value, name)
    if strategy.space.name != evaluator.space.name:
        raise ConfigError(
            "strategy and evaluator",
            expected="the same search space",
            received=f"{strategy.space.name!r} and {evaluator.space.name!r}",
        )
    if len(strategy.seen):
        raise ConfigError(
            "strategy",
            expected="a fresh one",
            received=f"one that has proposed or been told {len(strategy.seen)} networks",
            remedy="Build a new one, also to resume a run: the log brings it to where it was.",
        )
    evaluator.check()
    folder = None if directory is None else prepare(pathlib.Path(directory), resume)
    journal = Journal(folder, observer, resume=resume)
    search = _Search(strategy, evaluator, journal, seed)
    try:
        fields = {
            "format": FORMAT,
            "space": strategy.space.name,
            "strategy": strategy.config(),
            "evaluator": evaluator.config(),
            "budget": budget,
            "seed": seed,
            "batch_size": batch_size,
            "finalists": finalists,
            "finalist_seeds": finalist_seeds,
            "distribution_samples": distribution_samples,
        }
        search.begin(fields)
        finished = "interrupted"
        final: Outcome | None = None
        try:
            finished = search.explore(budget, batch_size)
            search.recheck(finalists, finalist_seeds)
            search.sample(distribution_samples)
            if finalize or (finalize is None and folder is not None):
                final = search.finalize()
            journal.record("ledger", **dataclasses.asdict(Ledger.of(RunRecord.from_events(tuple(journal.events)))))
        except KeyboardInterrupt:
            finished = "interrupted"
            journal.interrupted()
            search.take_over(RunRecord.from_events(tuple(journal.events)))
    finally:
        journal.close()
    reasons = [trial.outcome.reason for trial in search.trials if isinstance(trial.outcome, Failure)]
    if reasons and len(reasons) == len(search.trials):
        warnings.warn(f"Every trial failed, the last one with: {reasons[-1]}", stacklevel=2)
    if folder is not None:
        report.write(folder)
    return SearchResult(
        tuple(search.trials),
        search.rows(),
        final,
        finished,
        folder,
        evaluator,
        derived_seed(seed, _FINAL),
        search.distribution,
    )


class _Search:
    """The state of one run."""

    def __init__(self, strategy: Strategy, evaluator: Evaluator, journal: Journal, seed: int) -> None:
        self._strategy, self._evaluator, self._journal, self._seed = strategy, evaluator, journal, seed
        self.trials: list[Trial] = []
        self.distribution: ArchitectureDistribution | None = None
        self._rechecks: dict[int, list[Outcome]] = {}
        self._keys: set[str] = set()
        self._saved_at = time.monotonic()

    def begin(self, fields: dict[str, Any]) -> None:
        """Writes the start event, or checks the one that is there."""
        old = self._journal.next_old
        if old is None:
            self._journal.record("start", **fields, **environment())
            self._strategy.start(fields["budget"])
            return
        wrong = [name for name in fields if old.get(name) != json_like(fields[name])]
        if old["event"] != "start" or wrong:
            raise RunFolderError(
                f"run folder {self._journal.directory}",
                expected=f"a run with {difference(fields, old, wrong)}",
                received=f"one with {difference(old, fields, wrong)}",
                remedy="Resume with the arguments of the run and the data or table as it was, or start a new run in "
                "another folder.",
            )
        if old["versions"]["tfnas"] != tfnas.__version__:
            raise RunFolderError(
                f"run folder {self._journal.directory}",
                expected=f"a run of tfnas {tfnas.__version__}",
                received=f"one of tfnas {old['versions']['tfnas']}",
                remedy="Resume it with that version, or start a new run in another folder.",
            )
        self._journal.record("resume", **environment())
        self._journal.skip(1)
        self._strategy.start(fields["budget"])
        self.trials, self._keys = checkpoint.load(self._journal, self._strategy)

    def take_over(self, record: RunRecord) -> None:
        """Takes trials and fresh measurements from the log, which has more than the batches that are whole."""
        self.trials = [trial for trial in record.trials if trial.outcome is not None]
        self._rechecks = {trial: list(outcomes) for trial, outcomes in record.rechecks.items()}

    def explore(self, budget: int, batch_size: int) -> str:
        """Asks, evaluates and tells until an end; returns which."""
        while len(self.trials) < budget:
            wanted = min(batch_size, budget - len(self.trials))
            proposals = self._strategy.ask(wanted)
            if not proposals:
                self._journal.record("finish", reason="exhausted", trials=len(self.trials))
                return "exhausted"
            batch = [Trial(len(self.trials) + k, proposal) for k, proposal in enumerate(proposals, start=1)]
            seeds = [derived_seed(self._seed, _TRIAL, trial.id) for trial in batch]
            for trial, seed in zip(batch, seeds):
                self._propose(trial, seed)
            outcomes = self._measure("result", proposals, seeds, [{"trial": trial.id} for trial in batch])
            batch = [Trial(trial.id, trial.proposal, outcome) for trial, outcome in zip(batch, outcomes)]
            self._strategy.tell(batch)
            self.trials.extend(batch)
            if not self._journal.replaying and time.monotonic() - self._saved_at > _CHECKPOINT_EVERY_S:
                checkpoint.save(self._journal, self._strategy, len(self.trials))
                self._saved_at = time.monotonic()
        self._journal.record("finish", reason="budget", trials=len(self.trials))
        return "budget"

    def recheck(self, finalists: int, repeats: int) -> None:
        """Measures the best trials again with fresh seeds and records the choice."""
        chosen = [row.trial for row in leaderboard(self.trials, {}, None)[:finalists]]
        again = [(trial, repeat) for trial in sorted(chosen, key=lambda trial: trial.id) for repeat in range(repeats)]
        seeds = [derived_seed(self._seed, _FRESH, trial.id, repeat) for trial, repeat in again]
        fields = [{"trial": trial.id, "repeat": repeat, "seed": seed} for (trial, repeat), seed in zip(again, seeds)]
        outcomes = self._measure("recheck", [trial.proposal for trial, _ in again], seeds, fields)
        for (trial, _), outcome in zip(again, outcomes):
            self._rechecks.setdefault(trial.id, []).append(outcome)
        rows = self.rows()
        if rows:
            self._journal.record(
                "choice",
                trial=rows[0].trial.id,
                value=rows[0].value,
                interval=rows[0].interval,
                tied=[row.trial.id for row in rows[1:] if row.tied],
            )

    def sample(self, count: int) -> None:
        """Keeps what the strategy has learned, and measures `count` draws of it."""
        self.distribution = self._strategy.distribution()
        if self.distribution is None:
            return
        if self._journal.directory is not None:
            save_distribution(self._journal.directory, self._strategy, self.distribution)
        event = self._journal.next_old
        if event is None or event["event"] != "distribution":
            seed = derived_seed(self._seed, _DRAW)
            event = describe(self.distribution, count, seed, self._strategy.learning_curve())
        # what the log has drawn stands, also where another machine would draw otherwise by a last bit
        event = self._journal.record("distribution", **{name: event[name] for name in FIELDS})
        proposals = [Proposal(Architecture.from_dict(drawn["architecture"]), "sample") for drawn in event["samples"]]
        seeds = [derived_seed(self._seed, _SAMPLE, drawn["sample"]) for drawn in event["samples"]]
        fields = [{"sample": drawn["sample"], "seed": seed} for drawn, seed in zip(event["samples"], seeds)]
        self._measure("sample", proposals, seeds, fields)

    def finalize(self) -> Outcome | None:
        """Measures the winner on what the search never saw, once."""
        rows = self.rows()
        if not rows:
            return None
        winner, seed = rows[0].trial, derived_seed(self._seed, _FINAL)
        outcome = self._journal.old_outcome("final")
        while isinstance(outcome, Failure):  # a last training that failed is tried again on resuming
            self._journal.record("final", trial=winner.id, seed=seed, **outcome_fields(outcome))
            outcome = self._journal.old_outcome("final")
        if outcome is None:
            outcome = self._evaluator.finalize(winner.architecture, seed=seed, directory=self._journal.directory)
        if self._journal.directory is not None:
            export.write_architecture(self._journal.directory, winner.architecture, self._evaluator.space)
        if outcome is not None:
            self._journal.record("final", trial=winner.id, seed=seed, **outcome_fields(outcome))
        return outcome

    def rows(self) -> tuple[Row, ...]:
        """The leaderboard."""
        return leaderboard(self.trials, self._rechecks, self._evaluator.validation_size)

    def _propose(self, trial: Trial, seed: int) -> None:
        space = self._strategy.space
        key = space.canonical_key(trial.architecture)
        if self._strategy.dedupe == "canonical" and key in self._keys:
            raise SearchError(
                f"strategy {self._strategy.name!r}",
                expected="a network it has not proposed yet, since dedupe is 'canonical'",
                received=space.to_native(trial.architecture),
                remedy="Mark proposals in self.seen, or build the strategy with dedupe='none'.",
            )
        self._keys.add(key)
        self._journal.record(
            "proposal",
            trial=trial.id,
            seed=seed,
            key=key,
            native=space.to_native(trial.architecture),
            proposal=trial.proposal.to_dict(),
        )

    def _measure(
        self, event: str, proposals: Sequence[Proposal], seeds: Sequence[int], fields: Sequence[dict[str, Any]]
    ) -> list[Outcome]:
        return measure(self._journal, self._evaluator, event, proposals, seeds, fields)

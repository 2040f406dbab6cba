"""`run`: the search loop."""

from __future__ import annotations

import contextlib
import dataclasses
import pathlib
import time
import warnings
from typing import Any, Sequence

import tfnas
from tfnas import export, report
from tfnas.checks import check_positive
from tfnas.errors import ConfigError, RunFolderError, SearchError, StateError
from tfnas.evaluators.base import Evaluator, Outcome
from tfnas.leaderboard import Row, leaderboard
from tfnas.ledger import Ledger
from tfnas.runlog import FORMAT, RunRecord, outcome_fields, outcome_of
from tfnas.search.folder import derived_seed, difference, environment, json_like, prepare
from tfnas.search.journal import Journal, Observer
from tfnas.search.result import SearchResult
from tfnas.state import load_state, save_state
from tfnas.strategies.base import Strategy
from tfnas.trial import Failure, Proposal, Trial

FINALISTS = 3
_CHECKPOINT = pathlib.Path("checkpoint") / "state.json"
_CHECKPOINT_EVERY_S = 5.0
# numbers that keep the seeds of trials, fresh measurements and the last training apart
_TRIAL, _FRESH, _FINAL = 0, 1, 2


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
    resume: bool = False,
    observer: Observer | None = None,
) -> SearchResult:
    """Searches until the budget is used up or the space is exhausted.

    The budget counts proposals that the strategy's `dedupe` tells apart (by default networks),
    failures included. Afterwards the best few are measured again with fresh seeds, the winner is
    chosen by those alone, and it is measured once on what the search never saw.

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
    if isinstance(seed, bool) or not isinstance(seed, int) or seed < 0:
        raise ConfigError("seed", expected="zero or a positive integer", received=repr(seed))
    if finalists < 0:
        raise ConfigError("finalists", expected="zero or a positive number", received=repr(finalists))
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
        }
        search.begin(fields)
        finished = "interrupted"
        final: Outcome | None = None
        try:
            finished = search.explore(budget, batch_size)
            search.recheck(finalists, finalist_seeds)
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
        tuple(search.trials), search.rows(), final, finished, folder, evaluator, derived_seed(seed, _FINAL)
    )


class _Search:
    """The state of one run."""

    def __init__(self, strategy: Strategy, evaluator: Evaluator, journal: Journal, seed: int) -> None:
        self._strategy, self._evaluator, self._journal, self._seed = strategy, evaluator, journal, seed
        self.trials: list[Trial] = []
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
        self._load_checkpoint()

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
            outcomes = self._measure("result", batch, seeds, [{"trial": trial.id} for trial in batch])
            batch = [Trial(trial.id, trial.proposal, outcome) for trial, outcome in zip(batch, outcomes)]
            self._strategy.tell(batch)
            self.trials.extend(batch)
            if not self._journal.replaying and time.monotonic() - self._saved_at > _CHECKPOINT_EVERY_S:
                self.save_checkpoint()
        self._journal.record("finish", reason="budget", trials=len(self.trials))
        return "budget"

    def recheck(self, finalists: int, repeats: int) -> None:
        """Measures the best trials again with fresh seeds and records the choice."""
        chosen = [row.trial for row in leaderboard(self.trials, {}, None)[:finalists]]
        again = [(trial, repeat) for trial in sorted(chosen, key=lambda trial: trial.id) for repeat in range(repeats)]
        seeds = [derived_seed(self._seed, _FRESH, trial.id, repeat) for trial, repeat in again]
        fields = [{"trial": trial.id, "repeat": repeat, "seed": seed} for (trial, repeat), seed in zip(again, seeds)]
        outcomes = self._measure("recheck", [trial for trial, _ in again], seeds, fields)
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

    def finalize(self) -> Outcome | None:
        """Measures the winner on what the search never saw, once."""
        rows = self.rows()
        if not rows:
            return None
        winner, seed = rows[0].trial, derived_seed(self._seed, _FINAL)
        outcome = self._journal.old_outcome("final", winner.id)
        while isinstance(outcome, Failure):  # a last training that failed is tried again on resuming
            self._journal.record("final", trial=winner.id, seed=seed, **outcome_fields(outcome))
            outcome = self._journal.old_outcome("final", winner.id)
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

    def save_checkpoint(self) -> None:
        """Saves the strategy's state, so that resuming need not repeat its work."""
        if self._journal.directory is None:
            return
        saved = {
            "trials": len(self.trials),
            "chain": self._journal.events[-1]["chain"],
            "strategy": self._strategy.get_state(),
        }
        with contextlib.suppress(OSError):  # the log has all there is, and says best what is wrong with the disk
            save_state(self._journal.directory / _CHECKPOINT, saved)
        self._saved_at = time.monotonic()

    def _load_checkpoint(self) -> None:
        """Takes over a checkpoint and the trials before it. Without one, all steps are repeated."""
        path = self._journal.directory / _CHECKPOINT  # type: ignore[operator]
        if not path.exists():
            return
        try:
            saved = load_state(path)
        except StateError:
            return  # the log has all there is
        if saved["chain"] not in {event["chain"] for event in self._journal.events}:
            return  # the log was cut back since: repeat what it has
        count = saved["trials"]
        done: dict[int, Trial] = {}
        passed = 0
        for number, event in enumerate(self._journal.upcoming()):
            if event["event"] == "proposal":
                if event["trial"] > count:
                    break
                done[event["trial"]] = Trial(event["trial"], Proposal.from_dict(event["proposal"]))
                self._keys.add(event["key"])
            elif event["event"] == "result":
                trial = done[event["trial"]]
                done[trial.id] = Trial(trial.id, trial.proposal, outcome_of(event))
            else:
                break
            passed = number + 1
        self._strategy.set_state(saved["strategy"])
        self._journal.skip(passed)
        self.trials = list(done.values())

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
        self, event: str, trials: Sequence[Trial], seeds: Sequence[int], fields: Sequence[dict[str, Any]]
    ) -> list[Outcome]:
        """Measures what the log does not hold yet, and records outcomes in order.

        Outcomes that come before their turn are set aside on disk until it is theirs.
        """
        names = ["-".join([event, *(str(value) for value in field.values())]) for field in fields]
        outcomes: dict[int, Outcome] = {}
        turn = 0

        def measured(index: int) -> dict[str, Any]:
            return {"seed": seeds[index], **trials[index].proposal.to_dict()}

        def settle() -> None:
            nonlocal turn
            while turn in outcomes:
                self._journal.record(event, **fields[turn], **outcome_fields(outcomes[turn]))
                self._journal.drop_aside(names[turn])
                turn += 1

        while turn < len(trials):
            old = self._journal.old_outcome(event, trials[turn].id)
            if old is None:
                break
            outcomes[turn] = old
            settle()
        for index in range(turn, len(trials)):
            kept = self._journal.take_aside(names[index], measured(index))
            if kept is not None:
                outcomes[index] = kept
        settle()
        missing = [index for index in range(turn, len(trials)) if index not in outcomes]
        if missing:
            stream = self._evaluator.stream(
                [trials[index].proposal for index in missing], seeds=[seeds[index] for index in missing]
            )
            for position, outcome in stream:
                index = missing[position]
                outcomes[index] = outcome
                if index != turn:
                    self._journal.set_aside(names[index], measured(index), outcome)
                settle()
        return [outcomes[index] for index in range(len(trials))]

"""Checkpoints: the state of a strategy on disk, so that resuming need not repeat its work."""

from __future__ import annotations

import contextlib
import pathlib

from tfnas.errors import StateError
from tfnas.runlog import outcome_of
from tfnas.search.journal import Journal
from tfnas.state import load_state, save_state
from tfnas.strategies.base import Strategy
from tfnas.trial import Proposal, Trial

_PATH = pathlib.Path("checkpoint") / "state.json"


def save(journal: Journal, strategy: Strategy, trials: int) -> None:
    """Saves a strategy that was told so many trials; without a run folder nothing."""
    if journal.directory is None:
        return
    saved = {"trials": trials, "chain": journal.events[-1]["chain"], "strategy": strategy.get_state()}
    with contextlib.suppress(OSError):  # the log has all there is, and says best what is wrong with the disk
        save_state(journal.directory / _PATH, saved)


def load(journal: Journal, strategy: Strategy) -> tuple[list[Trial], set[str]]:
    """Takes over a checkpoint and passes over what the log has before it.

    Returns:
        The trials before it and the keys of their networks; none without a checkpoint that fits the log: then all
        steps are repeated.
    """
    path = journal.directory / _PATH  # type: ignore[operator]
    try:
        saved = load_state(path)
    except StateError:
        return [], set()  # the log has all there is
    if saved["chain"] not in {event["chain"] for event in journal.events}:
        return [], set()  # the log was cut back since: repeat what it has
    done: dict[int, Trial] = {}
    keys: set[str] = set()
    passed = 0
    for number, event in enumerate(journal.upcoming()):
        if event["event"] == "proposal":
            if event["trial"] > saved["trials"]:
                break
            done[event["trial"]] = Trial(event["trial"], Proposal.from_dict(event["proposal"]))
            keys.add(event["key"])
        elif event["event"] == "result":
            trial = done[event["trial"]]
            done[trial.id] = Trial(trial.id, trial.proposal, outcome_of(event))
        else:
            break
        passed = number + 1
    strategy.set_state(saved["strategy"])
    journal.skip(passed)
    return list(done.values()), keys

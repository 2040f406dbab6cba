"""`Journal`: an event log that a resumed run reads before it goes on writing."""

from __future__ import annotations

import contextlib
import json
import os
import pathlib
import time
from collections import deque
from typing import Any, Callable

from tfnas.errors import RunFolderError
from tfnas.runlog import (
    FILE_NAME,
    WRITTEN_ANEW,
    Event,
    EventLog,
    comparable,
    has_run,
    lock,
    outcome_fields,
    outcome_of,
    read_events,
)
from tfnas.state import write_text
from tfnas.trial import Failure, Measurement

Observer = Callable[[Event], None]


class Journal:
    """Records the events of a run, in a folder or only in memory.

    A resumed run does all its steps again. As long as the log still has events, a step takes its
    outcome from there; where it has none left, the run goes on. So there is one code path for both,
    and a log that does not belong to this search is noticed at the first event that differs.

    Args:
        directory: The run folder; None to keep events in memory only.
        observer: Called with every event, replayed ones too.
        resume: Whether to go on with the log that is there.
    """

    def __init__(self, directory: pathlib.Path | None, observer: Observer | None, *, resume: bool) -> None:
        self.directory = directory
        self._observer = observer
        self._old: deque[Event] = deque()
        self._log: EventLog | None = None
        self.events: list[Event] = []
        self._lock: int | None = None
        if directory is not None:
            self._lock = lock(directory)
            log = directory / FILE_NAME
            never_began = log.exists() and not has_run(directory)
            if never_began:
                log.unlink()  # its process was killed before the first event was whole
            written = read_events(directory, repair=True) if resume and not never_began else ()
            self.events = list(written)
            self._old = deque(event for event in written if event["event"] not in WRITTEN_ANEW)
            self._log = EventLog(directory, written)

    @property
    def replaying(self) -> bool:
        """Whether the next event is in the log already."""
        return bool(self._old)

    @property
    def next_old(self) -> Event | None:
        """The next event of the log that was not met yet."""
        return self._old[0] if self._old else None

    def upcoming(self) -> tuple[Event, ...]:
        """All old events that were not met yet."""
        return tuple(self._old)

    def skip(self, count: int) -> list[Event]:
        """Passes over the next `count` old events, which a checkpoint covers, and returns them."""
        passed = [self._old.popleft() for _ in range(count)]
        for event in passed:
            self._observe(event)
        return passed

    def record(self, event: str, **fields: Any) -> Event:
        """Writes an event, or finds it as the next one in the log.

        Raises:
            RunFolderError: If the log has another event there, or cannot be written.
        """
        if self._old and event not in WRITTEN_ANEW:
            old = self._old.popleft()
            new = {"n": old["n"], "event": event, **json.loads(json.dumps(fields))}
            if next(comparable((old,))) != next(comparable((new,))):
                raise RunFolderError(
                    f"event {old['n']} of {self.directory}",
                    expected=f"what this search does next, {_short(new)}",
                    received=_short(old),
                    remedy="The log belongs to another search or version: resume it with the same arguments, "
                    "or start a new run in another folder.",
                )
            self._observe(old)
            return old
        if self._log is not None:
            record = self._log.append(event, **fields)
        else:
            record = {"n": len(self.events), "event": event, "time": time.time(), "chain": 0, **fields}
        self.events.append(record)
        self._observe(record)
        return record

    def old_outcome(self, event: str) -> Measurement | Failure | None:
        """Returns the outcome in the next event of the log if it is of this kind, None if it has to be measured."""
        old = self.next_old
        return outcome_of(old) if old is not None and old["event"] == event else None

    def set_aside(self, name: str, of: dict[str, Any], outcome: Measurement | Failure) -> None:
        """Keeps an outcome that came before its turn in the log, so that a kill does not lose it.

        Args:
            name: Name of the file.
            of: What was measured; `take_aside` gives the outcome for equal values only.
            outcome: The outcome.
        """
        if self.directory is not None:
            folder = self.directory / "pending"
            with contextlib.suppress(OSError):  # the next event says best what is wrong with the disk
                folder.mkdir(exist_ok=True)
                write_text(folder / f"{name}.json", json.dumps({"of": of, **outcome_fields(outcome)}))

    def take_aside(self, name: str, of: dict[str, Any]) -> Measurement | Failure | None:
        """Returns what `set_aside` kept under this name for the same thing measured, None if nothing."""
        if self.directory is None:
            return None
        try:
            kept = json.loads((self.directory / "pending" / f"{name}.json").read_text("utf-8"))
            return outcome_of(kept) if kept["of"] == of else None
        except (OSError, ValueError, KeyError):  # none, or a damaged one: it is measured again
            return None

    def drop_aside(self, name: str) -> None:
        """Forgets an outcome that is in the log now."""
        if self.directory is not None:
            (self.directory / "pending" / f"{name}.json").unlink(missing_ok=True)

    def interrupted(self) -> None:
        """Records that the user ended the run.

        The interrupt may have come while an event was being written, so the log is read again
        before it is written to.
        """
        if self._log is not None and self.directory is not None:
            self._log.close()
            self._log = EventLog(self.directory, read_events(self.directory, repair=True))
        self.record("interrupt", reason="keyboard")

    def close(self) -> None:
        """Closes the log file."""
        if self._log is not None and self.directory is not None:
            self._log.close()
            folder = self.directory / "pending"
            if folder.exists() and not any(folder.iterdir()):
                folder.rmdir()
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def _observe(self, event: Event) -> None:
        if self._observer is not None:
            self._observer(event)


def _short(event: Event) -> str:
    shown = {name: value for name, value in event.items() if name not in ("n", "time", "chain")}
    text = json.dumps(shown)
    return text if len(text) <= 300 else text[:297] + "..."

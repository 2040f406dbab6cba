"""The event log of a run: append-only JSON lines, each sealed by a checksum over all before it."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import pathlib
import time
import zlib
from dataclasses import dataclass
from typing import Any, BinaryIO, Iterator, Mapping

from tfnas.errors import RunFolderError
from tfnas.trial import Failure, Measurement, Proposal, Trial

FORMAT = 1
FILE_NAME = "events.jsonl"
TIME_FIELDS = ("time", "cost_s", "chain")
"""Fields in which two logs of the same run may differ."""

WRITTEN_ANEW = ("resume", "interrupt", "ledger")
"""Events that say nothing of what is searched: each run and each resumption writes its own."""

Event = dict[str, Any]


class EventLog:
    """Appends events to ``events.jsonl``.

    A line is one JSON object with ``n`` (its number), ``event`` (its kind), ``time`` (seconds since
    1970) and, last, ``chain``: the CRC-32 of the line up to there, continued from the line before.
    So a line that was changed, removed or inserted later is noticed, unless it is the last lines
    that were removed, and a half-written last line is told from a damaged one.

    Args:
        directory: The run folder; it must exist.
        events: The events that are already in the log, as `read_events` returned them.

    Raises:
        RunFolderError: If the file cannot be written.
    """

    def __init__(self, directory: pathlib.Path, events: tuple[Event, ...] = ()) -> None:
        self._path = pathlib.Path(directory) / FILE_NAME
        self._n = len(events)
        self._chain = events[-1]["chain"] if events else 0
        try:
            # unbuffered: a line is with the operating system when `append` returns, whatever happens then
            self._file: BinaryIO = open(self._path, "ab", buffering=0)
        except OSError as error:
            raise self._failed(error) from error

    def __len__(self) -> int:
        return self._n

    def append(self, event: str, **fields: Any) -> Event:
        """Writes one event and hands it to the operating system before returning.

        Raises:
            RunFolderError: If it cannot be written, for example because the disk is full. All
                earlier events stay readable.
        """
        record = {"n": self._n, "event": event, "time": round(time.time(), 3), **fields}
        body = json.dumps(record, separators=(",", ":"), allow_nan=False)
        chain = _seal(body, self._chain)
        try:
            self._write(f'{body[:-1]},"chain":{chain}}}\n'.encode("utf-8"))
        except OSError as error:
            raise self._failed(error) from error
        self._n, self._chain = self._n + 1, chain
        return {**record, "chain": chain}

    def close(self) -> None:
        """Closes the file."""
        self._file.close()

    def _write(self, line: bytes) -> None:
        end = self._file.tell()
        try:
            while line:  # a nearly full disk takes a part first and refuses the rest
                line = line[self._file.write(line) :]
        except OSError:
            with contextlib.suppress(OSError):
                self._file.truncate(end)  # or the next event would stand behind half a line
            raise

    def _failed(self, error: OSError) -> RunFolderError:
        full = error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
        return RunFolderError(
            f"event log {self._path}",
            expected="a place with free space" if full else "a file that can be written",
            received=f"{error.strerror or error}",
            remedy=f"The first {self._n} events are safe. "
            + ("Free some space" if full else "Mend that")
            + ", then go on with `tfnas resume`.",
        )


def _seal(body: str, chain: int) -> int:
    return zlib.crc32(body.encode("utf-8"), chain)


def has_run(directory: pathlib.Path) -> bool:
    """Whether a folder holds a run: a log with at least one complete line."""
    try:
        with open(pathlib.Path(directory) / FILE_NAME, "rb") as file:
            return file.readline().endswith(b"\n")
    except OSError:
        return False


def lock(directory: pathlib.Path) -> int | None:
    """Takes the one lock of a run folder, which ends with this process or by closing what is returned.

    Returns:
        A file descriptor, or None on systems without such locks.

    Raises:
        RunFolderError: If another run has it.
    """
    try:
        import fcntl
    except ImportError:  # not on this system
        return None
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(descriptor)
        raise RunFolderError(
            f"run folder {directory}",
            expected="a folder that no other run is using",
            received="one whose search is going on",
            remedy="Wait for it, or end it first.",
        ) from error
    return descriptor


def read_events(directory: pathlib.Path, *, repair: bool = False) -> tuple[Event, ...]:
    """Reads and checks the log of a run folder.

    Args:
        directory: The run folder.
        repair: Cut off a half-written last line, which a killed process can leave behind. Without
            it such a line is only passed over.

    Returns:
        All complete events, in order.

    Raises:
        RunFolderError: If there is no log, a line is not JSON, or a line was changed, removed or
            inserted after it was written.
    """
    path = pathlib.Path(directory) / FILE_NAME
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        raise RunFolderError(
            f"run folder {directory}",
            expected=f"a folder with {FILE_NAME}",
            received="no such file",
            remedy="Name the folder that `tfnas search` printed at its end.",
        ) from None
    except OSError as error:
        raise RunFolderError(str(path), expected="a readable file", received=str(error.strerror or error)) from error
    whole = data.rfind(b"\n") + 1
    events: list[Event] = []
    chain = 0
    for number, line in enumerate(data[:whole].splitlines(), start=1):
        body, separator, tail = line.decode("utf-8", "replace").rpartition(',"chain":')
        sealed = _seal(body + "}", chain)
        if not separator or tail != f"{sealed}}}":
            raise RunFolderError(
                f"{path}, line {number}",
                expected="the line as this library wrote it",
                received="a line that was changed, removed or inserted later"
                if line.startswith(b"{")
                else f"{line[:60]!r}",
                remedy="Put the original file back, or start a new run in another folder. "
                f"The first {number - 1} lines are intact.",
            )
        events.append(json.loads(line))
        chain = sealed
    if not events:
        raise RunFolderError(
            str(path),
            expected="at least the start event",
            received=f"{len(data)} bytes and no complete line",
            remedy="The run never began: delete the folder and start again.",
        )
    if repair and whole < len(data):
        with open(path, "r+b") as file:
            file.truncate(whole)
            file.flush()
            os.fsync(file.fileno())
    return tuple(events)


def comparable(events: tuple[Event, ...]) -> Iterator[Event]:
    """Yields the events without what differs between two runs of one search.

    That is: times, costs in seconds, checksums and numbers, and the events of `WRITTEN_ANEW`. Two runs
    are the same search exactly when these sequences are equal.
    """

    def strip(value: Any) -> Any:
        if isinstance(value, Mapping):
            return {name: strip(item) for name, item in value.items() if name not in TIME_FIELDS}
        if isinstance(value, list):
            return [strip(item) for item in value]
        return value

    for event in events:
        if event["event"] not in WRITTEN_ANEW:
            stripped = strip(event)
            del stripped["n"]
            yield stripped


@dataclass(frozen=True)
class RunRecord:
    """What a log says, in typed form.

    Attributes:
        start: Fields of the start event: versions, configurations, budget, seed, threads.
        trials: Every proposed trial, in order; the outcome is None where the run was cut short.
        keys: Canonical key of each trial.
        natives: Published form of each trial's architecture.
        seeds: Seed of each trial.
        rechecks: Outcomes of measuring finalists again with fresh seeds, by trial id.
        choice: Fields of the choice event (the winner and its ties), or None.
        distribution: Fields of the distribution event (what was drawn from what the strategy learned), or None.
        samples: Outcomes of measuring what was drawn, by its number in the distribution event.
        finals: Outcomes of the final measurement of the winner (test values); one that failed is tried again
            when the run is resumed.
        finished: Why the search ended (``"budget"``, ``"exhausted"``), or None.
        resumes: How often the run was resumed.
        last_time: Time of the last event, seconds since 1970.
    """

    start: Mapping[str, Any]
    trials: tuple[Trial, ...]
    keys: tuple[str, ...]
    natives: tuple[str, ...]
    seeds: tuple[int, ...]
    rechecks: Mapping[int, tuple[Measurement | Failure, ...]]
    choice: Mapping[str, Any] | None
    distribution: Mapping[str, Any] | None
    samples: Mapping[int, Measurement | Failure]
    finals: tuple[Measurement | Failure, ...]
    finished: str | None
    resumes: int
    last_time: float

    @property
    def final(self) -> Measurement | Failure | None:
        """The last outcome of the final measurement, None where there is none."""
        return self.finals[-1] if self.finals else None

    @classmethod
    def read(cls, directory: pathlib.Path) -> "RunRecord":
        """Reads a run folder; see `read_events` for the errors."""
        return cls.from_events(read_events(directory))

    @classmethod
    def from_events(cls, events: tuple[Event, ...]) -> "RunRecord":
        """Interprets checked events.

        Raises:
            RunFolderError: If the first event is not a start event of this format.
        """
        start = events[0]
        if start["event"] != "start" or start.get("format") != FORMAT:
            writer = start.get("versions", {}).get("tfnas", "unknown")
            raise RunFolderError(
                "event log",
                expected=f"a start event of format {FORMAT}",
                received=f"{start['event']!r} of format {start.get('format')!r}",
                remedy=f"The log was written by tfnas {writer}: use that version.",
            )
        proposals = [event for event in events if event["event"] == "proposal"]
        outcomes: dict[int, Measurement | Failure] = {}
        rechecks: dict[int, list[Measurement | Failure]] = {}
        choice: Event | None = None
        distribution: Event | None = None
        samples: dict[int, Measurement | Failure] = {}
        finals: list[Measurement | Failure] = []
        finished: str | None = None
        for event in events:
            kind = event["event"]
            if kind == "result":
                outcomes[event["trial"]] = outcome_of(event)
            elif kind == "recheck":
                rechecks.setdefault(event["trial"], []).append(outcome_of(event))
            elif kind == "choice":
                choice = event
            elif kind == "distribution":
                distribution = event
            elif kind == "sample":
                samples[event["sample"]] = outcome_of(event)
            elif kind == "final":
                finals.append(outcome_of(event))
            elif kind == "finish":
                finished = event["reason"]
        return cls(
            start=start,
            trials=tuple(
                Trial(event["trial"], Proposal.from_dict(event["proposal"]), outcomes.get(event["trial"]))
                for event in proposals
            ),
            keys=tuple(event["key"] for event in proposals),
            natives=tuple(event["native"] for event in proposals),
            seeds=tuple(event["seed"] for event in proposals),
            rechecks={trial: tuple(values) for trial, values in rechecks.items()},
            choice=choice,
            distribution=distribution,
            samples=samples,
            finals=tuple(finals),
            finished=finished,
            resumes=sum(event["event"] == "resume" for event in events),
            last_time=events[-1]["time"],
        )


def outcome_fields(outcome: Measurement | Failure) -> dict[str, Any]:
    """Returns the fields by which an event carries an outcome; `outcome_of` reads them."""
    kind = "measurement" if isinstance(outcome, Measurement) else "failure"
    return {kind: outcome.to_dict()}


def outcome_of(event: Mapping[str, Any]) -> Measurement | Failure:
    """Returns the outcome that an event carries."""
    if "measurement" in event:
        return Measurement.from_dict(event["measurement"])
    return Failure.from_dict(event["failure"])

"""A pool of training processes that are replaced when they crash, hang or grow old."""

from __future__ import annotations

import concurrent.futures
import json
import os
import queue
import selectors
import signal
import subprocess
import sys
import tempfile
import time
from typing import Any, Iterator, Mapping, Sequence

from tfnas import errors

_GRACE_S = 30.0  # past a candidate's own time limit, which the process checks between two steps
_START_S = 300.0


class ProcessDied(Exception):
    """A training process ended without an answer, or had to be ended; the message says how."""

    seconds: float = 0.0
    """How long the job had taken."""


class Worker:
    """One training process.

    Args:
        setup: Its first line; see `tfnas.evaluators.training.worker`.
    """

    def __init__(self, setup: Mapping[str, Any]) -> None:
        self._errors = tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace")
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tfnas.evaluators.training.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
            start_new_session=True,  # Ctrl-C is for the search, which ends its processes itself
        )
        self.jobs = 0
        self._send(setup)

    @property
    def pid(self) -> int:
        """Process number."""
        return self._process.pid

    def call(self, job: Mapping[str, Any], limit_s: float | None) -> dict[str, Any]:
        """Sends a job and waits for its answer.

        Raises:
            ProcessDied: If the process ends, or is ended because `limit_s` has passed.
            TfnasError: If the job cannot be carried out with any candidate.
        """
        self.jobs += 1
        self._send(job)
        line = self._read_line(limit_s)
        reply = json.loads(line)
        if "error" in reply:
            subject, expected, received, remedy = reply["fields"]
            kind = getattr(errors, reply["error"])
            raise kind(subject, expected=expected, received=received, remedy=remedy)
        return reply

    def _send(self, value: Mapping[str, Any]) -> None:
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(json.dumps(value).encode("utf-8") + b"\n")
            self._process.stdin.flush()
        except OSError:
            pass  # the process is dead; reading its answer says how it died

    def _read_line(self, limit_s: float | None) -> bytes:
        assert self._process.stdout is not None
        deadline = None if limit_s is None else time.monotonic() + limit_s
        line = b""
        with selectors.DefaultSelector() as selector:
            selector.register(self._process.stdout, selectors.EVENT_READ)
            while not line.endswith(b"\n"):
                left = None if deadline is None else deadline - time.monotonic()
                if left is not None and left <= 0 or not selector.select(left):
                    self.kill()
                    raise ProcessDied(f"time limit: no answer in {limit_s:.0f} s, process ended")
                part = os.read(self._process.stdout.fileno(), 1 << 16)
                if not part:
                    raise ProcessDied(self._last_words())
                line += part
        return line

    def _last_words(self) -> str:
        code = self._process.wait()
        self._errors.seek(0)
        lines = [line.strip() for line in self._errors.read()[-4000:].splitlines() if line.strip()]
        how = f"exit code {code}"
        if code < 0:
            how = f"signal {signal.Signals(-code).name}"
            if -code == signal.SIGKILL:
                how += ", as the system does when memory runs out"
        return f"training process died ({how})" + (f": {lines[-1][:200]}" if lines else "")

    def kill(self) -> None:
        """Ends the process at once."""
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()
        self._errors.close()
        for stream in (self._process.stdin, self._process.stdout):
            try:
                stream.close()  # type: ignore[union-attr]
            except OSError:
                pass


class WorkerPool:
    """Runs jobs in `count` processes at once.

    Args:
        setup: First line for every process.
        count: Number of processes.
        recycle_after: Jobs after which a process is replaced, since TensorFlow's memory grows with
            every network.
    """

    def __init__(self, setup: Mapping[str, Any], *, count: int, recycle_after: int) -> None:
        self._setup, self._recycle_after = setup, recycle_after
        self._slots: queue.SimpleQueue[Worker | None] = queue.SimpleQueue()
        self._alive: set[Worker] = set()
        for _ in range(count):  # all at once: they take seconds to start
            self._slots.put(self._start())
        self._threads = concurrent.futures.ThreadPoolExecutor(count, thread_name_prefix="tfnas-worker")

    def run(
        self, jobs: Sequence[Mapping[str, Any]], *, limit_s: float | None = None
    ) -> Iterator[tuple[int, dict[str, Any] | ProcessDied]]:
        """Yields ``(index, answer)`` as jobs are done; an answer may be how the process died.

        Raises:
            TfnasError: If a job cannot be carried out with any candidate.
        """
        futures = {self._threads.submit(self._one, job, limit_s): index for index, job in enumerate(jobs)}
        try:
            for future in concurrent.futures.as_completed(futures):
                yield futures[future], future.result()
        finally:
            for future in futures:
                future.cancel()

    def _one(self, job: Mapping[str, Any], limit_s: float | None) -> dict[str, Any] | ProcessDied:
        worker = self._slots.get()
        started = time.monotonic()
        try:
            if worker is None:
                worker = self._start()
            wait = None if limit_s is None else limit_s + _GRACE_S + (0 if worker.jobs else _START_S)
            reply: dict[str, Any] | ProcessDied = worker.call(job, wait)
            if worker.jobs >= self._recycle_after:
                worker = self._end(worker)
            return reply
        except ProcessDied as death:
            worker = self._end(worker)
            death.seconds = time.monotonic() - started
            return death
        finally:
            self._slots.put(worker)

    def _start(self) -> Worker:
        worker = Worker(self._setup)
        self._alive.add(worker)
        return worker

    def _end(self, worker: Worker | None) -> None:
        if worker is not None:
            worker.kill()
            self._alive.discard(worker)

    def close(self) -> None:
        """Ends all processes at once."""
        for worker in list(self._alive):
            self._end(worker)
        self._threads.shutdown(wait=False, cancel_futures=True)

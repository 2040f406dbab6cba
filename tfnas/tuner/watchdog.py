"""Dead workers: `Watchdog` on the chief listens, `heartbeat` in a worker makes itself heard."""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from typing import Callable, Iterable, Iterator

from tfnas.errors import ConfigError

_log = logging.getLogger("tfnas.tuner")


class Watchdog:
    """Remembers when each worker was last heard of.

    Args:
        timeout: Seconds of silence after which a worker counts as dead; None for never.
        clock: Seconds that only grow.

    Raises:
        ConfigError: If the timeout is not positive.
    """

    def __init__(self, timeout: float | None, clock: Callable[[], float] = time.monotonic) -> None:
        if timeout is not None and not timeout > 0:
            raise ConfigError("worker_timeout", expected="seconds, or None", received=repr(timeout))
        self.timeout = timeout
        self._clock = clock
        self._heard: dict[str, float] = {}

    def heard(self, tuner_id: str) -> None:
        """Notes a sign of life."""
        self._heard[tuner_id] = self._clock()

    @contextlib.contextmanager
    def deaf(self) -> Iterator[None]:
        """Does not count the time inside as silence: the chief's one thread is busy, so signs of life queue up."""
        started = self._clock()
        try:
            yield
        finally:
            elapsed = self._clock() - started
            self._heard = {tuner_id: heard + elapsed for tuner_id, heard in self._heard.items()}

    def silent(self, tuner_ids: Iterable[str]) -> list[str]:
        """Returns those that were heard of once, but not for longer than the timeout."""
        if self.timeout is None:
            return []
        now = self._clock()
        return [tuner_id for tuner_id in tuner_ids if now - self._heard.get(tuner_id, now) > self.timeout]

    @property
    def alone(self) -> bool:
        """Whether there were workers and all of them are silent."""
        return bool(self._heard) and len(self.silent(self._heard)) == len(self._heard)


@contextlib.contextmanager
def heartbeat(call: Callable[[], object], interval: float | None) -> Iterator[None]:
    """Calls `call` every `interval` seconds from a thread of its own, as long as the context lasts.

    The thread dies with the process, which is what a watchdog wants to know; while the chief
    cannot be reached, it goes on trying.

    Args:
        call: A sign of life.
        interval: Seconds; None for no signs of life.
    """
    if interval is None:
        yield
        return
    over = threading.Event()

    def beat() -> None:
        while not over.wait(interval):
            try:
                call()
            except Exception as error:  # the trial's own report will tell whether the chief is gone
                _log.debug("no sign of life: %s", error)

    threading.Thread(target=beat, name=f"tfnas-heartbeat-{id(over)}", daemon=True).start()
    try:
        yield
    finally:
        over.set()  # without joining: a call may be waiting for a chief that has left

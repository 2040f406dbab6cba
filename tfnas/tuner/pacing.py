"""`Pacer`: a worker that is told to ask again does so at once, and must be slowed down."""

from __future__ import annotations

import time
from typing import Callable

_PAUSE_S = 0.2


class Pacer:
    """Makes a worker wait between two answers IDLE, and only then.

    The first IDLE goes out at once. What has passed since a worker's last one counts, so many
    workers that wait in a chief's one thread take no longer together than one of them alone.

    Args:
        wait: Waits so many seconds, or less where waiting further is of no use.
        clock: Seconds that only grow.
    """

    def __init__(self, wait: Callable[[float], object], clock: Callable[[], float] = time.monotonic) -> None:
        self._wait = wait
        self._clock = clock
        self._answered: dict[str, float] = {}

    def pause(self, tuner_id: str) -> None:
        """Returns when the worker may be told IDLE."""
        last = self._answered.get(tuner_id)
        if last is not None:
            left = last + _PAUSE_S - self._clock()
            if left > 0:
                self._wait(left)
        self._answered[tuner_id] = self._clock()

"""Live progress of a search, as an observer of its events."""

from __future__ import annotations

import time
from types import TracebackType
from typing import Any

from tfnas.runlog import Event

_FEW_SAMPLES = 10
"""Largest number of samples of a learned distribution of which each is news."""


class SearchProgress:
    """Shows trial x of y, the best value so far and the time left.

    On a terminal it is one live bar; elsewhere one line a trial. Use it as a context manager and
    pass it as ``observer`` to `tfnas.search.run`.

    Args:
        total: Number of measurements there will be, fresh ones and the last training included.
        label: What is searched, for the start of the line.
        percent: Whether objectives are proportions.
        sign: -1 where the user's objective is minimised (objectives in events are negated then).
        console: A ``rich`` console; by default one on standard error.
    """

    def __init__(
        self, total: int, *, label: str = "search", percent: bool = True, sign: int = 1, console: Any = None
    ) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

        self._console = console or Console(stderr=True, highlight=False)
        self._label, self._percent, self._sign = label, percent, sign
        self._budget = self._samples = 0
        self._done = self._fresh = 0
        self._total = total
        self._best: float | None = None
        self._started = time.time()
        self._bar = Progress(
            SpinnerColumn(),
            BarColumn(bar_width=10),
            TimeElapsedColumn(),
            TextColumn("{task.description}"),  # last: a narrow terminal may cut it
            console=self._console,
            transient=True,
            disable=not self._console.is_terminal,
        )
        self._task = self._bar.add_task(label, total=total)

    def __enter__(self) -> "SearchProgress":
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.stop()

    def __call__(self, event: Event) -> None:
        kind = event["event"]
        if kind == "start":
            self._budget = event["budget"]
            self._say("starting the training processes", live_only=True)
        elif kind == "distribution":
            self._samples = len(event["samples"])
            self._total += self._samples
            self._bar.update(self._task, total=self._total)
        elif kind in ("result", "recheck", "sample", "final"):
            self._outcome(kind, event)
        elif kind == "finish" and event["reason"] == "exhausted":
            self._say(f"no network is left after {event['trials']} trials")

    def _outcome(self, kind: str, event: Event) -> None:
        measurement = event.get("measurement")
        if kind == "result" and measurement is not None:
            value = measurement["objective"]
            self._best = value if self._best is None else max(self._best, value)
        if event["time"] < self._started - 1:  # from the log of a run that is resumed
            self._total -= 1
            self._bar.update(self._task, total=self._total)
            return
        self._done += 1
        if measurement is None:
            text = f"failed: {event['failure']['reason']}"
        else:
            text = self._value(measurement["objective"])
        if kind == "result":
            what = f"trial {event['trial']} of {self._budget}"
            if self._best is not None:
                text += f", best {self._value(self._best)}"
        elif kind == "recheck":
            what = f"trial {event['trial']} again with a fresh seed"
        elif kind == "sample":
            what = f"sample of what was learned, one of {self._samples}"
        else:
            trained = "epochs" in (measurement or {}).get("metrics", {})
            what = f"last {'training' if trained else 'measurement'} of the winner done"
            text = ""
        left = (time.time() - self._started) / self._done * (self._total - self._done)
        if self._total > self._done:
            text += f"{', ' if text else ''}{_duration(left)} left"
        # looked up by the hundred, samples are no news
        self._say(f"{what}: {text}" if text else what, live_only=kind == "sample" and self._samples > _FEW_SAMPLES)

    def _value(self, objective: float) -> str:
        value = self._sign * objective
        return f"{100 * value:.1f} %" if self._percent else f"{value:.4g}"

    def _say(self, text: str, *, live_only: bool = False) -> None:
        if self._console.is_terminal:
            self._bar.update(self._task, completed=self._done, description=text)
        elif not live_only:
            self._console.print(f"{self._label}  {text}", soft_wrap=True)


def _duration(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.0f} min"

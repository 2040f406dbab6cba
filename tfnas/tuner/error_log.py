"""The log of errors that could not be raised when they happened."""

from __future__ import annotations

import logging
import traceback

from tfnas.errors import SearchError

_log = logging.getLogger("tfnas.tuner")


class ErrorLog:
    """Keeps exceptions that must not pass, as text: a line that says where, then the traceback."""

    def __init__(self) -> None:
        self.texts: list[str] = []

    def note(self, where: str) -> None:
        """Keeps the exception that is being handled, and logs it."""
        text = traceback.format_exc()
        error = last_line(text)
        self.texts.append(f"{where}: {error}\n{text}")
        _log.warning("%s failed: %s", where, error)

    def raise_first(self) -> None:
        """Raises `SearchError` if anything was kept."""
        if self.texts:
            first = self.texts[0].partition("\n")[0]
            raise SearchError(
                "keras-tuner search",
                expected="no error outside the trials",
                received=f"{len(self.texts)}, the first in {first}",
                remedy="Its trials are kept. Where the strategy failed, they went on with random "
                "architectures; the tracebacks are in oracle.errors.",
            )


def last_line(text: str | None) -> str:
    """Returns the last line of a traceback: the error itself."""
    return (text or "no message").rstrip().rpartition("\n")[2]

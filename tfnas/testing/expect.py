"""The one assertion of the conformance kits."""

from __future__ import annotations

import contextlib
from typing import Iterator


def expect(holds: object, sentence: str) -> None:
    """Raises `AssertionError` with `sentence` unless `holds` is true."""
    if not holds:
        raise AssertionError(sentence)


@contextlib.contextmanager
def refused(kind: type[Exception], what: str) -> Iterator[None]:
    """Expects an error of `kind` inside the block; `what` says what was done."""
    try:
        yield
    except kind:
        return
    except Exception as error:
        raise AssertionError(f"{what} should raise {kind.__name__}, not {type(error).__name__}: {error}") from error
    raise AssertionError(f"{what} should raise {kind.__name__}, but nothing happened.")

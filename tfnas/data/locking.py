"""`alone`: one process at a time works on a file."""

from __future__ import annotations

import contextlib
import os
import pathlib
from typing import Iterator


@contextlib.contextmanager
def alone(target: pathlib.Path) -> Iterator[None]:
    """Waits until nobody else, on this machine, fetches to the same place, and keeps others waiting meanwhile."""
    try:
        import fcntl
    except ImportError:  # not on this system
        yield
        return
    lock = target.with_name(f"{target.name}.lock")
    while True:
        with open(lock, "ab") as file:
            with contextlib.suppress(OSError):  # a disk of the network that knows no locks
                fcntl.flock(file, fcntl.LOCK_EX)
            try:
                if not os.path.samestat(os.fstat(file.fileno()), lock.stat()):
                    continue
            except FileNotFoundError:  # those before us have removed it, and others may make a new one
                continue
            try:
                yield
            finally:
                lock.unlink(missing_ok=True)
            return

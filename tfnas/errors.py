"""The errors that this library raises on purpose.

Every message says what was expected, what came, and what to do about it, so the constructor asks for
the three parts instead of a sentence.
"""

from __future__ import annotations


class TfnasError(Exception):
    """Base of all errors raised on purpose.

    Args:
        subject: What the error is about, for example ``"labels"`` or a file name.
        expected: What would have been right.
        received: What came instead.
        remedy: What the reader can do now, as a sentence.
    """

    def __init__(self, subject: str, *, expected: str, received: str, remedy: str = "") -> None:
        self.subject = subject
        self.expected = expected
        self.received = received
        self.remedy = remedy
        message = f"{subject}: expected {expected}; received {received}."
        super().__init__(f"{message} {remedy}".rstrip())


class InvalidArchitectureError(TfnasError, ValueError):
    """An architecture, or its published form, breaks a rule of its space."""


class UnknownNameError(TfnasError, LookupError):
    """A space, strategy, operator, column or other name that is not registered."""


class ConfigError(TfnasError, ValueError):
    """An argument or option that cannot work, alone or together with another one."""


class DataError(TfnasError, ValueError):
    """Images, labels or a folder that cannot be trained on."""


class TableError(DataError):
    """A benchmark table with missing, duplicate or unreadable entries."""


class SearchError(TfnasError, RuntimeError):
    """A search that cannot give what it is asked for, for example because no trial succeeded."""


class RunFolderError(TfnasError, RuntimeError):
    """A run folder, or the event log in it, that cannot be used."""


class StateError(TfnasError, ValueError):
    """A saved state that does not belong to the object it is given to."""


class DependencyError(TfnasError, ImportError):
    """A package that is missing, or two that cannot live in one process."""

"""Protocols of published studies: searches that are compared, networks trained again, tables and figures.

A `Study` says what to do; ``python -m recipes.<space>.graphpnas`` does it. Every step is kept in files, so that
it may be ended at any moment, goes on where it was, and can be spread over machines by rows.
"""

from tfnas.protocol.command_line import command
from tfnas.protocol.results import Results
from tfnas.protocol.retraining import Retraining
from tfnas.protocol.study import Row, Study
from tfnas.protocol.tables import Line, Table

__all__ = ["Line", "Results", "Retraining", "Row", "Study", "Table", "command"]

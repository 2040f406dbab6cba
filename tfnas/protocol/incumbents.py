"""`incumbents`: what a table says of the best network so far, after each query."""

from __future__ import annotations

import functools
import math

from tfnas import spaces
from tfnas.data import Table
from tfnas.job import SearchConfig, with_table
from tfnas.job.tables import open_table
from tfnas.runlog import RunRecord
from tfnas.trial import Measurement


def incumbents(record: RunRecord, search: SearchConfig, column: str, *, error: bool = False) -> list[float]:
    """Returns a column of the table for the incumbent after 1, 2, ... queries; nan before anything succeeded.

    The incumbent has the best value that the search saw, and is not chosen by this column.

    Args:
        record: The run.
        search: Its configuration; only the table matters.
        column: Name of the column; repeats are averaged.
        error: Whether what is missing to 1 is returned.

    Raises:
        UnknownNameError: If the table has no such column.
        DataError: If there is no such table here.
    """
    search = with_table(search)
    table = _opened(search.table, search.space)
    known = table.mean(column)
    curve: list[float] = []
    best, shown = -math.inf, math.nan
    for trial in record.trials:
        if isinstance(trial.outcome, Measurement) and trial.outcome.objective > best:
            best, shown = trial.outcome.objective, float(known[table.find(trial.architecture)])
        curve.append(1 - shown if error else shown)
    return curve


@functools.lru_cache(maxsize=2)
def _opened(table: str, space: str) -> Table:
    return open_table(SearchConfig(space=space, evaluator="table", table=table), spaces.get(space))

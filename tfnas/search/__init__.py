"""Running a search: ask, evaluate, tell, log, checkpoint; resumable at any moment."""

from tfnas.search.loop import run
from tfnas.search.result import SearchResult

__all__ = ["SearchResult", "run"]

"""Running a search: ask, evaluate, tell, log, checkpoint; resumable at any moment."""

from tfnas.search.result import SearchResult
from tfnas.search.loop import run

__all__ = ["SearchResult", "run"]

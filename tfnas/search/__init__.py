"""Running a search: ask, evaluate, tell, log, checkpoint; resumable at any moment."""

from tfnas.search.distribution_files import load_distribution
from tfnas.search.loop import run
from tfnas.search.result import SearchResult

__all__ = ["SearchResult", "load_distribution", "run"]

"""Reports of runs: ``report.md``, ``report.html`` and the last screen. Written from the event log alone."""

from tfnas.report.screen import summary
from tfnas.report.writing import ReportPaths, write

__all__ = ["ReportPaths", "summary", "write"]

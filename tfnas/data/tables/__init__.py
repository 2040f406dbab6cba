"""Benchmark tables: what was measured, how it is found, where it is kept."""

from tfnas.data.tables.rows import Rows, TextRows
from tfnas.data.tables.table import Table

__all__ = ["Rows", "Table", "TextRows"]

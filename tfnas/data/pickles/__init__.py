"""Pickles of plain values, arrays and known records, read without executing anything."""

from tfnas.data.pickles.reading import load, loads
from tfnas.data.pickles.showing import shown
from tfnas.data.pickles.values import Record

__all__ = ["Record", "load", "loads", "shown"]
